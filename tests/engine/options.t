#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Every option of `davit run`, by what the container sees of it, with Docker's meaning.
. "$(dirname "$0")/../harness/lib.sh"
davit_env "$@"
demo_image

tar=$(demo_rootfs)
image() { # NAME CHANGE...
	local name=$1 args=()
	shift
	for c in "$@"; do args+=(-c "$c"); done
	run davit import "${args[@]}" "$tar" "$name"
	[ "$status" -eq 0 ] || bail "import $name: $err"
}

### configuration of the image
image cfg 'ENTRYPOINT ["/bin/echo","e1"]' 'CMD ["c1","c2"]' 'ENV A=image B=image' 'WORKDIR /work/dir' \
	'USER demo' 'STOPSIGNAL SIGUSR1' 'LABEL from=image'
image cmdonly 'CMD ["/bin/echo","c1"]'
image nothing
image envs 'ENV A=image B=image' 'WORKDIR /made/by/davit'
image users 'USER demo'
image groups 'USER demo:extra'
image numbers 'USER 1000'
image vols 'VOLUME /data /home/demo'

sees 'Entrypoint and Cmd' 'e1 c1 c2' cfg
sees 'a command replaces Cmd' 'e1 x' cfg x
sees '--entrypoint drops Cmd' '' --entrypoint /bin/echo cfg
sees '--entrypoint with a command' 'x y' --entrypoint echo cfg x y
sees 'an empty value is as none, as with Docker' '0:0 / private' --name '' -h '' --domainname '' -u '' -w '' --cidfile '' --pidfile '' --stop-signal '' \
	--cpuset-cpus '' --cpuset-mems '' --userns '' --pid '' --mntns '' --ipc '' --uts '' --cgroupns '' --timens '' --network '' --log-driver '' --detach-keys '' davit/demo \
	sh -c 'echo $(id -u):$(id -g) $(pwd) $([ $$ -lt 3 ] && [ "$(hostname)" != '"$(hostname)"' ] && echo private)'
refuses 'but a policy is none by accident' "'' is not" --net-default '' davit/demo true
sees '--entrypoint "" drops both' 'x' --entrypoint '' cfg echo x
sees 'Cmd alone' 'c1' cmdonly
refuses 'no command at all' 'no command' nothing
sees 'Env of the image' 'image' envs sh -c 'echo $A'
sees 'WorkingDir is made' '/made/by/davit' envs pwd
run davit run --rm --read-only davit/demo sh -c 'for f in hosts hostname; do echo x 2>/dev/null >>/etc/$f && echo $f; done'
is "$out" '' '--read-only: /etc/hosts and /etc/hostname too'
sees 'WorkingDir is made below a read-only root' '/made/by/davit' --read-only envs pwd
sees 'User by name' '1000:1000:/home/demo' users sh -c 'echo $(id -u):$(id -g):$HOME'
sees 'with its supplementary groups' '1000 2000' users id -G
sees 'User by name and group' '1000:2000' groups sh -c 'echo $(id -u):$(id -g)'
sees 'a group given drops the others' '2000' groups id -G
sees 'User by number has an entry' '1000:/home/demo' numbers sh -c 'echo $(id -g):$HOME'

### environment
printf '# comment\nA=file\nF=file\n\nQ="kept"\nHOST\nUNSET_HERE\n' >"$TMPDIR/env"
export HOST=fromhost
unset UNSET_HERE
sees '-e beats the image' 'opt image' -e A=opt envs sh -c 'echo $A $B'
sees '-e beats --env-file, which beats the image' 'opt file' -e A=opt --env-file "$TMPDIR/env" envs sh -c 'echo $A $F'
sees '--env-file beats the image' 'file image' --env-file "$TMPDIR/env" envs sh -c 'echo $A $B'
sees '--env-file keeps quotes' '"kept"' --env-file "$TMPDIR/env" envs sh -c 'echo $Q'
sees 'a name alone takes the value of here' 'fromhost' --env-file "$TMPDIR/env" davit/demo sh -c 'echo $HOST'
sees '-e NAME takes the value of here' 'fromhost' -e HOST davit/demo sh -c 'echo $HOST'
sees '-e NAME that is not set here sets nothing' 'unset' -e UNSET_HERE davit/demo sh -c 'echo ${UNSET_HERE-unset}'
sees '-e NAME= is empty' 'set:' -e A= envs sh -c 'echo ${A+set}:$A'
sees 'the last -e counts' '2' -e A=1 -e A=2 davit/demo sh -c 'echo $A'
sees 'PATH has its default' /usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin davit/demo sh -c 'echo $PATH'
sees 'HOME is that of the user' /root davit/demo sh -c 'echo $HOME'
sees '-e HOME counts' /h -e HOME=/h davit/demo sh -c 'echo $HOME'
sees 'nothing else is in the environment' 'HOME HOSTNAME PATH' -h h --entrypoint env davit/demo \
	sh -c 'env | grep -v -e ^SHLVL -e ^PWD | cut -d= -f1 | sort | xargs'
refuses 'an env file that is not there' "'/nonexistent'" --env-file /nonexistent davit/demo true
echo 'A B=c' >"$TMPDIR/env2"
refuses 'a name with blanks in an env file' "line 1 of '$TMPDIR/env2'" --env-file "$TMPDIR/env2" davit/demo true
refuses 'an empty name' "-e|env|variable" -e =x davit/demo true
rm "$TMPDIR"/env*

### working directory, user, groups
sees '-w beats the image' /tmp -w /tmp envs pwd
sees '-w makes the directory' '/new/dir 0:0 755' -w /new/dir davit/demo sh -c 'echo $PWD $(stat -c "%u:%g %a" .)'
sees '-w through a symlink of the image stays inside' /tmp/x -w /tmp/../tmp/x davit/demo pwd
refuses '-w must be absolute' 'absolute' -w rel davit/demo true
refuses '-w on a file' "'/etc/passwd'.*Not a directory" -w /etc/passwd davit/demo true
sees '-u number' '42:0:/' -u 42 davit/demo sh -c 'echo $(id -u):$(id -g):$HOME'
sees '-u number:number' '42:43' -u 42:43 davit/demo sh -c 'echo $(id -u):$(id -g)'
sees '-u name' '1000:1000' -u demo davit/demo sh -c 'echo $(id -u):$(id -g)'
sees '-u name:group' '1000:2000' -u demo:extra davit/demo sh -c 'echo $(id -u):$(id -g)'
sees '-u 0 on an image with a user' '0:/root' -u 0 users sh -c 'echo $(id -u):$HOME'
sees 'groups of a user' '1000 2000' -u demo davit/demo id -G
sees '--group-add by name and number' '0 77 2000' --group-add extra --group-add 77 davit/demo sh -c 'id -G | xargs -n1 | sort -n | xargs'
sees '--group-add to a user' '77 1000 2000' -u demo --group-add 77 davit/demo sh -c 'id -G | xargs -n1 | sort -n | xargs'
refuses 'an unknown user' "'who'" -u who davit/demo true
refuses 'an unknown group' "'what'" -u demo:what davit/demo true
refuses 'an unknown --group-add' "'what'" --group-add what davit/demo true
refuses 'a number above the range' '4294967296' -u 4294967296 davit/demo true
refuses 'a negative number' "'-'" -u -1 davit/demo true

### names
sees '-h sets the host name' web -h web davit/demo hostname
sees 'and /etc/hostname' web -h web davit/demo cat /etc/hostname
sees 'and /etc/hosts' yes -h web davit/demo sh -c 'grep -qw web /etc/hosts && grep -q "^127.0.0.1.*localhost" /etc/hosts && echo yes'
sees 'and $HOSTNAME' web -h web davit/demo sh -c 'echo $HOSTNAME'
sees 'the short id is the default' 'same' davit/demo sh -c \
	'[ "$(hostname | wc -c)" = 13 ] && [ "$(hostname)" = "$(cat /etc/hostname)" ] && [ "$HOSTNAME" = "$(hostname)" ] && echo same'
sees '--domainname' example.org --domainname example.org davit/demo cat /proc/sys/kernel/domainname
refuses 'a bad host name' 'a_b!' -h 'a_b!' davit/demo true
refuses 'a host name that is too long' 'host name|hostname' -h "$(printf 'a%.0s' {1..65})" davit/demo true

### capabilities: all five sets
caps='sed -n "s/^Cap...:\t//p" /proc/self/status | xargs'
default=00000000a80425fb
none=0000000000000000
sees 'capabilities by default' "$none $default $default $default $none" davit/demo sh -c "$caps"
sees '--cap-drop' "$none 00000000a80425da 00000000a80425da 00000000a80425da $none" --cap-drop CHOWN --cap-drop cap_kill davit/demo sh -c "$caps"
sees '--cap-drop ALL' "$none $none $none $none $none" --cap-drop ALL davit/demo sh -c "$caps"
sees '--cap-drop all --cap-add' "$none 0000000000000001 0000000000000001 0000000000000001 $none" --cap-drop all --cap-add CAP_CHOWN davit/demo sh -c "$caps"
sees '--cap-add' "$none 00000000a80435fb 00000000a80435fb 00000000a80435fb $none" --cap-add NET_ADMIN davit/demo sh -c "$caps"
sees 'a user has them in the bounding set alone' "$none $none $none $default $none" -u demo davit/demo sh -c "$caps"
sees 'also with --cap-add' "$none $none $none 00000000a80435fb $none" -u demo --cap-add net_admin davit/demo sh -c "$caps"
own=$(sed -n 's/^CapPrm:\t//p' /proc/self/status)
sees '--cap-add ALL is all that davit has' "$none $own $own $own $none" --cap-add ALL davit/demo sh -c "$caps"
less=$(printf '%016x' $((0x$own & ~0x1000)))
sees '--cap-add ALL --cap-drop' "$none $less $less $less $none" --cap-add ALL --cap-drop NET_ADMIN davit/demo sh -c "$caps"
refuses 'an unknown capability' 'FLY' --cap-add FLY davit/demo true
if ((0x$own & 1 << 24)); then
	skip 'davit has CAP_SYS_RESOURCE'
else
	refuses 'a capability that davit lacks is an error' 'SYS_RESOURCE|sys_resource' --cap-add SYS_RESOURCE davit/demo true
fi
sees 'a dropped capability is refused by the kernel' denied --cap-drop CHOWN davit/demo \
	sh -c 'touch /tmp/f; chown 1 /tmp/f 2>/dev/null || echo denied'

### --privileged
sees '--privileged: all capabilities' "$none $own $own $own $none" --privileged davit/demo sh -c "$caps"
sees 'no filter' 0 --privileged davit/demo sed -n 's/^Seccomp:\t//p' /proc/self/status
sees 'nothing masked' rw --privileged davit/demo sh -c \
	'grep -q "[0-9]" /proc/timer_list && ! grep -q " /proc/sys " /proc/self/mountinfo && echo rw'
sees '/sys is writable' rw --privileged davit/demo sh -c 'awk "\$5 == \"/sys\" { print \$6 }" /proc/self/mountinfo | cut -d, -f1'
sees 'cgroup is writable' rw --privileged davit/demo sh -c 'awk "\$5 == \"/sys/fs/cgroup\" { print \$6 }" /proc/self/mountinfo | cut -d, -f1'
sees 'devices can be made' made --privileged davit/demo sh -c 'mknod /tmp/kmsg c 1 11 && dd if=/tmp/kmsg of=/dev/null bs=8192 count=1 2>/dev/null; [ -c /tmp/kmsg ] && echo made'
sees 'devices of the host are there' yes --privileged davit/demo sh -c '[ -c /dev/kmsg ] || [ -c /dev/fuse ] && echo yes'
sees '--privileged --cap-drop' "$none $less $less $less $none" --privileged --cap-drop NET_ADMIN davit/demo sh -c "$caps"

### --security-opt
cat >"$TMPDIR/deny.json" <<-JSON
	{ "defaultAction": "SCMP_ACT_ALLOW",
	  "syscalls": [ { "names": [ "mkdir", "mkdirat" ], "action": "SCMP_ACT_ERRNO", "errnoRet": 95 } ] }
JSON
sees 'seccomp=FILE denies what it names' 'Operation not supported' --security-opt "seccomp=$TMPDIR/deny.json" davit/demo \
	sh -c 'mkdir /tmp/x 2>&1 | sed "s/.*: //"'
sees 'and allows the rest' 2 --security-opt "seccomp=$TMPDIR/deny.json" davit/demo sed -n 's/^Seccomp:\t//p' /proc/self/status
sees 'also for a user' 'Operation not supported' -u demo --security-opt "seccomp=$TMPDIR/deny.json" davit/demo \
	sh -c 'mkdir /tmp/x 2>&1 | sed "s/.*: //"'
cat >"$TMPDIR/kill.json" <<-JSON
	{ "defaultAction": "SCMP_ACT_ALLOW",
	  "syscalls": [ { "names": [ "mkdir", "mkdirat" ], "action": "SCMP_ACT_KILL_PROCESS" } ] }
JSON
fails 'SCMP_ACT_KILL_PROCESS kills' 159 davit run --rm --security-opt "seccomp=$TMPDIR/kill.json" davit/demo mkdir /tmp/x
cat >"$TMPDIR/strict.json" <<-JSON
	{ "defaultAction": "SCMP_ACT_ERRNO", "syscalls": [ { "names": [ "execve", "execveat", "exit_group", "write", "fcntl" ],
	  "action": "SCMP_ACT_ALLOW" } ] }
JSON
# as in runc, capset(2) comes after the filter, unless there are no new privileges to be had
refuses 'a filter that forbids what is before the command' 'set capabilities|seccomp' --security-opt "seccomp=$TMPDIR/strict.json" davit/demo true
run davit run --rm --security-opt no-new-privileges --security-opt "seccomp=$TMPDIR/strict.json" davit/demo true
isnt "$status" 125 'is no problem with no-new-privileges'
denied='"names": [ "execve", "execveat" ], "action": "SCMP_ACT_ERRNO"'
for profile in '"SCMP_ACT_ALLOW", "syscalls": [ { '"$denied"' } ]' '"SCMP_ACT_ALLOW", "syscalls": [ { '"$denied"', "errnoRet": 38 } ]' '"SCMP_ACT_ERRNO"'; do
	echo "{ \"defaultAction\": $profile }" >"$TMPDIR/mute.json"
	for flag in --rm -d '--userns auto --rm' '--timens private --rm' '--security-opt no-new-privileges --rm'; do
		# shellcheck disable=SC2086 # words
		run davit run $flag --name mute --security-opt "seccomp=$TMPDIR/mute.json" davit/demo true
		case $profile in
		*execve*) want=126 what='denies to execute the command' ;;
		*) want=125 what='denies every system call' ;;
		esac
		case $flag in *no-new*) want=126 ;; esac # it comes after the capabilities
		is "$status" $want "$flag: a filter that $what"
		like "$err" '(Operation not permitted|Function not implemented).*hint: a seccomp filter must allow' "is told of"
		is "$(davit ps -aq)" '' 'and leaves no container'
	done
done
sees 'seccomp=unconfined' 0 --security-opt seccomp=unconfined davit/demo sed -n 's/^Seccomp:\t//p' /proc/self/status
refuses 'a profile that is not there' "'/nonexistent'" --security-opt seccomp=/nonexistent davit/demo true
echo '{' >"$TMPDIR/bad.json"
refuses 'a profile that is no JSON' 'bad.json' --security-opt "seccomp=$TMPDIR/bad.json" davit/demo true
rm "$TMPDIR"/*.json
for o in no-new-privileges no-new-privileges:true no-new-privileges=true; do
	sees "$o" 1 --security-opt $o davit/demo sed -n 's/^NoNewPrivs:\t//p' /proc/self/status
done
sees 'also for a user' 1 -u demo --security-opt no-new-privileges davit/demo sed -n 's/^NoNewPrivs:\t//p' /proc/self/status
sees 'no-new-privileges=false' 0 --security-opt no-new-privileges=false davit/demo sed -n 's/^NoNewPrivs:\t//p' /proc/self/status
sees 'systempaths=unconfined' '' --security-opt systempaths=unconfined davit/demo sh -c 'awk "\$5 ~ \"^/proc/\"" /proc/self/mountinfo'
refuses 'an unknown option' 'flying' --security-opt flying davit/demo true
refuses 'apparmor=PROFILE is not ignored' 'AppArmor' --security-opt apparmor=x davit/demo true

### --ulimit
sees '--ulimit nofile=SOFT:HARD' '512 600' --ulimit nofile=512:600 davit/demo sh -c 'echo $(ulimit -Sn) $(ulimit -Hn)'
sees '--ulimit with one value' '77 77' --ulimit nproc=77 davit/demo sh -c \
	'awk "/Max processes/ { print \$3, \$4 }" /proc/self/limits'
sees '--ulimit core=0' '0 0' --ulimit core=0 davit/demo sh -c 'awk "/Max core/ { print \$5, \$6 }" /proc/self/limits'
sees 'several' '3 4' --ulimit cpu=3 --ulimit nofile=4 davit/demo sh -c \
	'awk "/Max cpu/ { c = \$4 } /Max open/ { print c, \$4 }" /proc/self/limits'
refuses 'an unknown limit' 'wings' --ulimit wings=2 davit/demo true
refuses 'soft above hard' 'nofile' --ulimit nofile=20:10 davit/demo true
if ! ((0x$own & 1 << 24)); then
	refuses 'a hard limit that davit may not raise' 'Operation not permitted' --ulimit nofile=1073741816 davit/demo true
else
	skip 'davit has CAP_SYS_RESOURCE'
fi

### --sysctl
sees '--sysctl net.*' 4321 --sysctl net.core.somaxconn=4321 davit/demo cat /proc/sys/net/core/somaxconn
sees '--sysctl kernel.*' 99999 --sysctl kernel.msgmax=99999 davit/demo cat /proc/sys/kernel/msgmax
sees '--sysctl fs.mqueue.*' 7 --sysctl fs.mqueue.queues_max=7 davit/demo cat /proc/sys/fs/mqueue/queues_max
sees 'with several words' "2000 60999" --sysctl 'net.ipv4.ip_local_port_range=2000 60999' davit/demo \
	sh -c 'xargs </proc/sys/net/ipv4/ip_local_port_range'
sees 'the host keeps its own' "$(cat /proc/sys/net/core/somaxconn)" --network host davit/demo cat /proc/sys/net/core/somaxconn
refuses 'a parameter of the host' 'vm/swappiness|vm.swappiness' --sysctl vm.swappiness=1 davit/demo true
refuses 'a parameter that leaves /proc/sys/net' '\.\.' --sysctl net/../vm/swappiness=1 davit/demo true
refuses 'net.* with --network host' 'network' --network host --sysctl net.core.somaxconn=1 davit/demo true
refuses 'kernel.msg* with --ipc host' 'IPC' --ipc host --sysctl kernel.msgmax=1 davit/demo true
refuses 'a parameter that is not there' 'net/nothing' --sysctl net.nothing=1 davit/demo true

### --device
# a node of any device can be made, as in Docker: only using it is what a rule allows
try='(: </dev/fuse) 2>/dev/null && o=r; (: >/dev/fuse) 2>/dev/null && o=${o}w; echo $o'
if [ -c /dev/fuse ]; then
	sees '--device is not there by default' '' davit/demo sh -c '[ -e /dev/fuse ] && echo there; mknod /tmp/n c 10 229; (: </tmp/n) 2>/dev/null && echo readable; true'
	sees '--device' rw --device /dev/fuse davit/demo sh -c "$try"
	sees '--device :r' r --device /dev/fuse:/dev/fuse:r davit/demo sh -c "$try"
	sees '--device :w' w --device /dev/fuse:/dev/fuse:w davit/demo sh -c "$try"
	sees '--device :rw' rw --device /dev/fuse:/dev/fuse:rw davit/demo sh -c "$try"
	sees '--device :m' '' --device /dev/fuse:/dev/fuse:m davit/demo sh -c "$try"
	sees '--device with another name' '10:229' --device /dev/fuse:/dev/a/b davit/demo sh -c 'stat -c %t:%T /dev/a/b | { IFS=: read a b; echo $((0x$a)):$((0x$b)); }'
	sees '--device outside of /dev' ok --device /dev/fuse:/fuse:rw davit/demo sh -c '(: </fuse) && echo ok'
	sees 'as the host has it for a user' '' -u demo --device /dev/fuse davit/demo sh -c '[ -c /dev/fuse ] || echo none'
else
	skip 'no /dev/fuse' 9
fi
mkdir -p "$TMPDIR/dev/in/ner"
refuses 'a directory without devices' 'holds none' --device "$TMPDIR/dev" davit/demo true
mknod "$TMPDIR/dev/zero" c 1 5
mknod "$TMPDIR/dev/in/ner/full" c 1 7
ln -s /dev/kmsg "$TMPDIR/dev/in/link"
: >"$TMPDIR/dev/file"
sees '--device DIR: its devices, not its files and links' '/dev/d/in/ner/full /dev/d/zero 4' --device "$TMPDIR/dev:/dev/d:r" davit/demo \
	sh -c 'echo $(find /dev/d ! -type d | sort) $(head -c 4 /dev/d/zero | wc -c)'
rm -r "${TMPDIR:?}/dev"
refuses 'a device that is not there' "'/dev/nothing'" --device /dev/nothing davit/demo true
refuses 'a file is no device' "'/etc/passwd'" --device /etc/passwd davit/demo true
refuses 'an access that is none' 'x' --device /dev/null:/dev/null:x davit/demo true

### --init
sees '--init: pid 1 is an init' 'docker-init' --init davit/demo cat /proc/1/comm
sees 'the command is not' no --init davit/demo sh -c '[ $$ = 1 ] || echo no'
# an orphan that ends while pid 1 does not wait
orphan='(sh -c "exec sleep 0.2" & exit); exec sh -c "sleep 0.6 & wait \$!; grep -l ^State:.Z /proc/[0-9]*/status 2>/dev/null | wc -l"'
sees 'it reaps orphans' 0 --init davit/demo sh -c "$orphan"
fails '--init passes the exit status on' 7 davit run --rm --init davit/demo sh -c 'exit 7'
fails '--init: command not found' 127 davit run --rm --init davit/demo nothing-here

### namespaces: the same inode as the host's or another
for row in 'mntns mnt' 'pid pid' 'ipc ipc' 'uts uts' 'cgroupns cgroup' 'timens time' 'network net'; do
	read -r option ns <<<"$row"
	host=$(readlink /proc/self/ns/$ns)
	sees "--$option host" "$host" --$option host davit/demo readlink /proc/self/ns/$ns
	run davit run --rm --$option private davit/demo readlink /proc/self/ns/$ns
	like "$out" "^$ns:" "--$option private"
	isnt "$out" "$host" 'is another one'
	run davit run --rm davit/demo readlink /proc/self/ns/$ns
	if [ $ns = time ]; then
		is "$out" "$host" 'host is the default'
	else
		isnt "$out" "$host" 'private is the default'
	fi
	refuses "--$option of nothing" "$option" --$option nonsense davit/demo true
done
is "$(davit run --rm davit/demo readlink /proc/self/ns/user)" "$(readlink /proc/self/ns/user)" 'the user namespace is not'
isnt "$(davit run --rm --network none davit/demo readlink /proc/self/ns/net)" "$(readlink /proc/self/ns/net)" '--network none is another'
sees 'lo is up' '127.0.0.1/8' davit/demo sh -c 'ip -4 addr show lo | awk "/inet/ { print \$2 }"'
sees 'and all there is' 'lo' --network none davit/demo sh -c 'ls /sys/class/net'
sees '--pid host sees the host' yes --pid host davit/demo sh -c "[ -d /proc/$$ ] && echo yes"
sees '--uts host has its name' "$(uname -n)" --uts host davit/demo hostname
refuses '--uts host and -h contradict' 'hostname' --uts host -h x davit/demo true
sees '--ipc host shares /dev/shm' "$(stat -f -c %i /dev/shm)" --ipc host davit/demo stat -f -c %i /dev/shm
sees '--cgroupns private hides the path' / davit/demo sh -c 'sed -n "s/^0:://p" /proc/self/cgroup'
run davit run --rm --cgroupns host davit/demo sh -c 'sed -n "s/^0:://p" /proc/self/cgroup'
like "$out" "/$DAVIT_SLICE.slice/[0-9a-f]{64}$" '--cgroupns host shows it'
refuses 'a network that is not there' "'web'" --network web davit/demo true

### time
up=$(cut -d. -f1 /proc/uptime)
run davit run --rm --time-offset monotonic=100000,boottime=200000 davit/demo sh -c 'cut -d. -f1 /proc/uptime; cat /proc/self/timens_offsets'
ok '--time-offset moves the boot time' [ "$(head -1 <<<"$out")" -ge $((up + 200000)) ]
run davit run --rm --time-offset monotonic=100000,boottime=-5 davit/demo cat /proc/self/timens_offsets
like "$(xargs <<<"$out")" 'monotonic 100000 0 boottime -5 0' 'and monotonic time'
refuses '--time-offset of a clock that is none' 'realtime' --time-offset realtime=1 davit/demo true
refuses '--time-offset without a number' 'time-offset' --time-offset monotonic=x davit/demo true
refuses '--time-offset with --timens host' 'time namespace' --timens host --time-offset monotonic=1 davit/demo true
refuses 'a clock before its beginning' 'offset' --time-offset boottime=-99999999999 davit/demo true

### sizes, files, labels
sees '--shm-size' $((16 << 20)) --shm-size 16m davit/demo sh -c 'stat -f -c "%S %b" /dev/shm | { read s b; echo $((s * b)); }'
sees '/dev/shm has 64m' $((64 << 20)) davit/demo sh -c 'stat -f -c "%S %b" /dev/shm | { read s b; echo $((s * b)); }'
refuses '--shm-size of nothing' 'shm-size' --shm-size lots davit/demo true
ok '--cidfile' davit run -d --name cid --cidfile "$TMPDIR/cid" --pidfile "$TMPDIR/pid" -l a=b -l lone --label x=y=z davit/demo sleep 60
is "$(cat "$TMPDIR/cid")" "$out" 'has the id'
is "$(cat "$TMPDIR/pid")" "$(davit inspect cid | jq '.[0].State.Pid')" '--pidfile has the pid'
is "$(davit inspect cid | jq -c '.[0].Options.label')" '["a=b","lone","x=y=z"]' 'labels are kept'
fails 'an existing --cidfile is an error' 125 davit run --name cid2 --cidfile "$TMPDIR/cid" davit/demo true
like "$err" "$TMPDIR/cid" 'naming it'
fails 'and makes no container' 1 davit rm cid2
ok 'rm -f' davit rm -f cid
ok '--pidfile in the foreground' davit run --rm --pidfile "$TMPDIR/pid" davit/demo true
for i in 1 2 3 4 5 6 7 8 9 10; do
	davit run --rm --pidfile "$TMPDIR/pid" davit/demo true
	grep -qxE '[1-9][0-9]*' "$TMPDIR/pid" || break
done
is "$i" 10 'it has the pid also of what has ended'
# what fails after the start is not told as a failure of the start
ok 'an id that cannot be told' eval '! davit run -d --name full davit/demo sleep 60 >/dev/full 2>"$TMPDIR/said"'
like "$(<"$TMPDIR/said")" "'full' was started, but: write to standard output: No space left" 'says that it runs'
like "$(davit ps)" ' full' 'as it does'
davit rm -f full >/dev/null
ok 'output that cannot be written' eval '! davit run --name full davit/demo echo x >/dev/full 2>"$TMPDIR/said"'
like "$(<"$TMPDIR/said")" "'full' was started, but: write to standard output: No space left" 'says so, too'
davit rm -f full >/dev/null
rm -f "$TMPDIR/said"
for time in abc 5s '' 99999999999999 -2; do
	refuses "--stop-timeout '$time'" "option '--stop-timeout': '$time' is no time in seconds" --stop-timeout "$time" davit/demo true
done
rm -f "$TMPDIR/pid" "$TMPDIR/cid"
refuses 'an unknown option' 'frobnicate' --frobnicate davit/demo true
refuses 'an option without its value' "'-m' requires an argument" -m
refuses 'a bad stop signal' 'SIGNONE' --stop-signal SIGNONE davit/demo true
refuses 'an image that is not there' "'no/such'" no/such true
refuses 'no image' 'IMAGE'
fails 'a bad name' 125 davit run --rm --name 'a b' davit/demo true
fails 'the command is not there' 127 davit run --rm davit/demo nothing-here
fails 'the command is a directory' 126 davit run --rm davit/demo /tmp
fails 'the command is not executable' 126 davit run --rm davit/demo /etc/passwd
done_testing
