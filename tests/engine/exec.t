#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# davit exec: in every kind of container, with the container's isolation.
. "$(dirname "$0")/../harness/lib.sh"
davit_env "$@"
demo_image
tar=$(demo_rootfs)
davit import -c 'ENV A=image' -c 'WORKDIR /work' -c 'USER demo' -c 'ENTRYPOINT ["/bin/sh","-c"]' -c 'CMD ["sleep 60"]' "$tar" cfg >/dev/null

up() { # NAME OPTION...
	local name=$1
	shift
	davit run -d --name "$name" "$@" >/dev/null || bail "cannot run $name"
}

up cc -e B=opt -h web -l x davit/demo sleep 60
run davit exec cc sh -c 'echo out; echo err >&2; exit 4'
is "$status" 4 'exit status'
is "$out" out 'output'
is "$err" err 'errors'
fails 'not found' 127 davit exec cc nothing-here
fails 'not executable' 126 davit exec cc /etc/passwd
fails 'a signal' 137 davit exec cc sh -c 'kill -9 $$'
is "$(echo in | davit exec -i cc cat)" in '-i'
is "$(echo in | davit exec cc cat)" '' 'without'
is "$(head -c 1000000 /dev/zero | davit exec -i cc wc -c)" 1000000 'a megabyte'
is "$(davit exec cc hostname)" web 'the host name'
is "$(davit exec cc sh -c 'echo $B')" opt 'the environment of the container'
is "$(davit exec -e B=new -e C=c cc sh -c 'echo $B $C')" 'new c' '-e'
printf 'F=file\n' >"$TMPDIR/env"
is "$(davit exec --env-file "$TMPDIR/env" cc sh -c 'echo $F')" file '--env-file'
rm "$TMPDIR/env"
is "$(davit exec -w /tmp cc pwd)" /tmp '-w'
fails '-w that is missing' 125 davit exec -w /not/there cc true
ok 'is not made' sh -c '! davit exec cc ls /not'
fails 'a relative -w' 125 davit exec -w tmp cc true
is "$(davit exec -u demo cc sh -c 'echo $(id -u) $(id -G) $HOME')" '1000 1000 2000 /home/demo' '-u'
is "$(davit exec -u 7:8 cc sh -c 'echo $(id -u) $(id -g)')" '7 8' '-u numbers'
fails 'an unknown user' 125 davit exec -u nobody-here cc true
is "$(davit exec cc sed -n 's/^CapEff:\t//p;s/^CapBnd:\t//p;s/^Seccomp:\t//p;s/^NoNewPrivs:\t//p' /proc/self/status | xargs)" \
	'00000000a80425fb 00000000a80425fb 0 2' 'the capabilities and the filter of the container'
own=$(sed -n 's/^CapPrm:\t//p' /proc/self/status)
is "$(davit exec --privileged cc sed -n 's/^CapEff:\t//p;s/^Seccomp:\t//p' /proc/self/status | xargs)" "$own 0" '--privileged'
pid=$(davit inspect cc | jq '.[0].State.Pid')
for ns in pid net mnt ipc uts cgroup user time; do
	is "$(davit exec cc readlink /proc/self/ns/$ns)" "$(readlink "/proc/$pid/ns/$ns")" "its $ns namespace"
done
is "$(davit exec cc cat /proc/self/cgroup)" "$(davit exec cc cat /proc/1/cgroup)" 'its cgroups'
is "$(davit exec cc sh -c 'ls /proc/self/fd | xargs')" '0 1 2 3' 'no descriptor of the host'
ok '-d' davit exec -d cc sh -c 'echo x >/tmp/mark; sleep 60'
ok 'runs in the background' wait_until 5 davit exec cc test -e /tmp/mark
run script -qec 'davit exec -it cc sh -c "tty; exit 6"' /dev/null
is "$status" 6 '-it'
like "$out" '/dev/pts/[0-9]' 'has a terminal of the container'
fails '-it without one' 125 davit exec -it cc true </dev/null
fails 'no such container' 125 davit exec nobody true
davit stop -t 0 cc >/dev/null
fails 'one that does not run' 125 davit exec cc true
like "$err" 'not running|has ended' 'is said'
davit rm cc >/dev/null

up ii cfg
is "$(davit exec ii sh -c 'echo $A $PWD $(id -un)')" 'image /work demo' 'Env, WorkingDir and User of the image'
is "$(davit exec -u 0 ii id -u)" 0 'another user'
davit rm -f ii >/dev/null

# the profile of a container stays with it when its file goes
cat >"$TMPDIR/deny.json" <<-JSON
	{ "defaultAction": "SCMP_ACT_ALLOW", "syscalls": [ { "names": [ "mkdir", "mkdirat" ], "action": "SCMP_ACT_ERRNO" } ] }
JSON
up ss --security-opt "seccomp=$TMPDIR/deny.json" --security-opt no-new-privileges davit/demo sleep 60
rm "$TMPDIR/deny.json"
fails 'the seccomp profile of the container' 1 davit exec ss mkdir /tmp/x
is "$(davit exec ss sed -n 's/^NoNewPrivs:\t//p' /proc/self/status)" 1 'no-new-privileges'
davit rm -f ss >/dev/null

# every kind: name, options, what exec sees
while IFS='|' read -r name options script want; do
	read -ra o <<<"$options"
	up kk "${o[@]}" davit/demo sleep 60
	run davit exec kk sh -c "$script"
	is "$out" "$want" "in a container with $name"
	davit rm -f kk >/dev/null
done <<EOT
--read-only|--read-only|touch /x 2>/dev/null; echo \$?|1
--userns auto|--userns auto|touch /x && stat -c %u /x|0
--cap-drop ALL|--cap-drop ALL|sed -n 's/^CapEff:\t//p' /proc/self/status|0000000000000000
--privileged|--privileged|sed -n 's/^Seccomp:\t//p' /proc/self/status|0
--network host|--network host|readlink /proc/self/ns/net|$(readlink /proc/self/ns/net)
--network none|--network none|ls /sys/class/net|lo
--ipc host|--ipc host|readlink /proc/self/ns/ipc|$(readlink /proc/self/ns/ipc)
--uts host|--uts host|hostname|$(uname -n)
--mntns host|--mntns host|readlink /proc/self/ns/mnt|$(readlink /proc/self/ns/mnt)
--pid host|--pid host|[ -d /proc/$$ ] && echo yes|yes
--cgroupns host|--cgroupns host|readlink /proc/self/ns/cgroup|$(readlink /proc/self/ns/cgroup)
--timens private|--timens private|[ "\$(readlink /proc/self/ns/time)" = "\$(readlink /proc/1/ns/time)" ] && echo same|same
--init|--init|cat /proc/1/comm|docker-init
--ulimit|--ulimit nofile=99:99|ulimit -n|99
--shm-size|--shm-size 1m|stat -f -c %b /dev/shm|256
--tmpfs|--tmpfs /m:size=64k|grep -c ' /m ' /proc/self/mountinfo|1
--group-add|--group-add 77|for g in \$(id -G); do [ \$g = 77 ] && echo yes; done|yes
-u|-u demo|id -u|1000
-h|-h abc|hostname|abc
-w|-w /w|pwd|/w
--sysctl|--sysctl net.core.somaxconn=77|cat /proc/sys/net/core/somaxconn|77
--device|--device /dev/fuse|[ -c /dev/fuse ] && echo yes|yes
EOT
done_testing
