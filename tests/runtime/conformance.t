#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# davit-oci: every property of the runtime specification 1.3 for Linux: what is set in config.json is seen inside.
#
# A row is a property, what is wanted, a filter of the default document and its arguments (tests/runtime/oci.sh):
#	row    PROPERTY WANTED FILTER...     "TEXT" is printed inside, "~REGEX" matches what is printed,
#	                                     "!REGEX" matches the error of create, which leaves nothing
#	when   CONDITION MISSING row ...     only where CONDITION is true; else skipped for want of MISSING
# The last tests compare what `features` lists with the rows there were. What a property does in depth is in oci*.t.
# shellcheck disable=SC2016,SC2317 # filters are jq's; rows are evaluated as commands
# shellcheck source=tests/harness/lib.sh
. "$(dirname "$0")/../harness/lib.sh"
# shellcheck source=tests/runtime/oci.sh
. "$(dirname "$0")/oci.sh"
davit_env "$@"
oci_env
chmod 755 "$TEST_DIR" "$bundles" "$rootfs"
h=$TEST_DIR/host
mkdir -p "$h/dir/sub" "$rootfs/m" "$rootfs/o" "$rootfs/old"
echo host >"$h/dir/file"
ln -s file "$h/dir/link"
touch "$h/dir/mine" && chown 1000:1001 "$h/dir/mine"
declare -A seen=()

row() {
	local property=$1 want=$2 filter=$3
	shift 3
	set -- "$filter" --arg h "$h" --arg rootfs_ "$rootfs" "$@"
	case $want in
	!*) denies "$property: ${want:0:60}" "${want:1}" "$@" ;;
	~*)
		inside t "$@"
		like "$out" "${want:1}" "$property" || { diag "$filter: $err"; oci delete -f t; } ;;
	*) shows "$property" "$want" "$@" ;;
	esac
}
when() {
	local condition=$1 missing=$2
	shift 2
	if eval "$condition"; then "$@"; else skip "$2: no $missing"; fi
}
field() { printf 'sed -n "s/^%s:\\t//p" /proc/self/status' "$1"; }
has() { [ -e "$1" ]; }
quoted() { local text=${1//[/\\[}; echo "${text//]/\\]}"; }

### ociVersion, root, hostname, domainname, annotations

row ociVersion ok '.ociVersion = "1.0.2-dev" | sh("echo ok")'
row ociVersion '!ociVersion: .* only 1.x' '.ociVersion = "2.0.0"'
row ociVersion '!ociVersion: it is missing' 'del(.ociVersion)'
row root.path ok '.root.path = "../rootfs" | sh("echo ok")'
row root.path '!root.path.*/nonexistent' '.root.path = "/nonexistent"'
row root.path '!root.path: it is missing' 'del(.root.path)'
row root.readonly no '.root.readonly = true | sh("touch /x 2>/dev/null || echo no")'
row root.readonly yes '.root.readonly = false | sh("touch /x && echo yes")'
row hostname box '.hostname = "box" | sh("hostname")'
row hostname '!hostname: it needs the uts namespace' 'no_ns("uts")'
row domainname example '.domainname = "example" | sh("cat /proc/sys/kernel/domainname")'
row domainname '!domainname: it needs the uts namespace' '.domainname = "x" | del(.hostname) | no_ns("uts")'
bundle t '.annotations = {"org.x/y": "z", "empty": ""} | args(["sleep", "100"])'
create t
is "$(oci state t | jq -c .annotations)" '{"org.x/y":"z","empty":""}' annotations
oci delete -f t
row annotations '!annotations' '.annotations = {"a": 1}'

### process

row process.args 'a b' 'args(["echo", "a b"])'
row process.args '!process.args' 'args([])'
row process.args '!/nonexistent' 'args(["/nonexistent"])'
row process.env 'v' '.process.env += ["A=v"] | sh("echo $A")'
row process.env '!process.env\[0\]: .* is not NAME=VALUE' '.process.env = ["A"]'
row process.cwd /tmp '.process.cwd = "/tmp" | sh("pwd")'
row process.cwd '!process.cwd' '.process.cwd = "tmp"'
row process.user.uid '5' '.process.user.uid = 5 | args(["id", "-u"])'
row process.user.gid '6' '.process.user.gid = 6 | args(["id", "-g"])'
row process.user.umask 0027 '.process.user.umask = 23 | sh("umask")'
row process.user.additionalGids '7 8' '.process.user.additionalGids = [7, 8] | args(["sed", "-n", "s/^Groups:\t\\(.*[0-9]\\).*/\\1/p", "/proc/self/status"])'
row process.user.uid '!process.user.uid' '.process.user.uid = -1'
row process.noNewPrivileges 1 '.process.noNewPrivileges = true | sh($c)' --arg c "$(field NoNewPrivs)"
row process.noNewPrivileges 0 '.process.noNewPrivileges = false | sh($c)' --arg c "$(field NoNewPrivs)"
row process.oomScoreAdj 77 '.process.oomScoreAdj = 77 | sh("cat /proc/self/oom_score_adj")'
row process.oomScoreAdj '!process.oomScoreAdj' '.process.oomScoreAdj = 1001'
row process.terminal '!process.terminal: needs --console-socket' '.process.terminal = true'
when '[ -e /sys/module/apparmor/parameters/enabled ]' AppArmor row process.apparmorProfile '~^unconfined' '.process.apparmorProfile = "unconfined" | sh("cat /proc/self/attr/current")'
when '[ ! -e /sys/module/apparmor/parameters/enabled ]' 'host without AppArmor' row process.apparmorProfile '!process.apparmorProfile: AppArmor is not enabled' '.process.apparmorProfile = "x"'
when '[ ! -e /sys/fs/selinux/enforce ]' 'host without SELinux' row process.selinuxLabel '!process.selinuxLabel: SELinux is not enabled' '.process.selinuxLabel = "a:b:c:s0"'
when '[ ! -e /sys/fs/selinux/enforce ]' 'host without SELinux' row linux.mountLabel '!linux.mountLabel: SELinux is not enabled' '.linux.mountLabel = "a:b:c:s0"'

# KILL is bit 5, CHOWN 0, NET_BIND_SERVICE 10
row process.capabilities.bounding 0000000000000021 '.process.capabilities.bounding = ["CAP_CHOWN", "CAP_KILL"] | .process.capabilities |= with_entries(if .key == "bounding" then . else .value = [] end) | sh($c)' --arg c "$(field CapBnd)"
row process.capabilities.permitted 0000000000000020 '.process.capabilities |= {bounding: ["CAP_KILL"], permitted: ["CAP_KILL"]} | sh($c)' --arg c "$(field CapPrm)"
row process.capabilities.effective 0000000000000020 '.process.capabilities |= {bounding: ["CAP_KILL"], permitted: ["CAP_KILL"], effective: ["CAP_KILL"]} | sh($c)' --arg c "$(field CapEff)"
row process.capabilities.inheritable 0000000000000001 '.process.capabilities |= {bounding: ["CAP_CHOWN"], permitted: ["CAP_CHOWN"], inheritable: ["CAP_CHOWN"]} | sh($c)' --arg c "$(field CapInh)"
row process.capabilities.ambient '0000000000000400 0000000000000400' '.process.user.uid = 5 | .process.capabilities |= (["bounding", "permitted", "effective", "inheritable", "ambient"] | map({key: ., value: ["CAP_NET_BIND_SERVICE"]}) | from_entries) | sh($c + ";" + $d + "|xargs") | .process.args[2] = "echo $(" + $c + ") $(" + $d + ")"' --arg c "$(field CapAmb)" --arg d "$(field CapEff)"
row process.capabilities 0000000000000000 '.process.user.uid = 5 | del(.process.capabilities) | sh($c)' --arg c "$(field CapEff)"
row process.capabilities ok '.process.capabilities.bounding += ["CAP_OF_TOMORROW"] | sh("echo ok")'
row process.capabilities '!process.capabilities.bounding' '.process.capabilities.bounding = "CAP_KILL"'

# limits: type, name in /proc/PID/limits, value (not above the hard limit of the host)
while read -r type value name; do
	hard=$(awk -v n="$name" 'index($0, n) == 1 { $0 = substr($0, length(n) + 1); print $2 }' /proc/self/limits)
	[ "$hard" = unlimited ] || [ "$value" -le "$hard" ] || value=$hard
	row "process.rlimits RLIMIT_$type" "~^$name +$value +$value " '.process.rlimits = [{type: ("RLIMIT_" + $t), soft: $v, hard: $v}] | args(["grep", "^" + $n, "/proc/self/limits"])' --arg t "$type" --argjson v "$value" --arg n "$name"
done <<-END
	AS 4294967296 Max address space
	CORE 4096 Max core file size
	CPU 1000 Max cpu time
	DATA 1073741824 Max data size
	FSIZE 1073741824 Max file size
	LOCKS 100 Max file locks
	MEMLOCK 65536 Max locked memory
	MSGQUEUE 8192 Max msgqueue size
	NICE 5 Max nice priority
	NOFILE 64 Max open files
	NPROC 500 Max processes
	RSS 1073741824 Max resident set
	RTPRIO 5 Max realtime priority
	RTTIME 1000000 Max realtime timeout
	SIGPENDING 500 Max pending signals
	STACK 4194304 Max stack size
END
row process.rlimits '!process.rlimits\[0\].type' '.process.rlimits = [{type: "RLIMIT_FOO", soft: 1, hard: 1}]'
row process.rlimits '!process.rlimits\[0\].soft' '.process.rlimits = [{type: "RLIMIT_CPU", soft: 2, hard: 1}]'
row process.rlimits '!process.rlimits\[1\].type' '.process.rlimits = [{type: "RLIMIT_CPU", soft: 1, hard: 1}, {type: "RLIMIT_CPU", soft: 1, hard: 1}]'

# nice, policy of /proc/PID/stat
sched='awk "{ print \$19, \$41 }" /proc/self/stat'
row process.scheduler.policy '5 0' '.process.scheduler = {policy: "SCHED_OTHER", nice: 5} | sh($c)' --arg c "$sched"
row process.scheduler.policy '3 3' '.process.scheduler = {policy: "SCHED_BATCH", nice: 3} | sh($c)' --arg c "$sched"
row process.scheduler.policy 5 '.process.scheduler = {policy: "SCHED_IDLE"} | args(["awk", "{ print $41 }", "/proc/self/stat"])'
# a v1 group has no time for them unless it is given some
realtime() { chrt -f 1 true 2>/dev/null; }
fifo() { realtime && [ ! -e /sys/fs/cgroup/cpu/cpu.rt_runtime_us ]; }
when fifo 'realtime of new groups' row process.scheduler.priority '7 1' '.process.scheduler = {policy: "SCHED_FIFO", priority: 7} | sh("awk \"{ print \\$40, \\$41 }\" /proc/self/stat")'
when fifo 'realtime of new groups' row process.scheduler.policy '8 2' '.process.scheduler = {policy: "SCHED_RR", priority: 8} | sh("awk \"{ print \\$40, \\$41 }\" /proc/self/stat")'
when realtime 'right to realtime scheduling' row 'process.scheduler.runtime, deadline, period' 6 '.process.scheduler = {policy: "SCHED_DEADLINE", runtime: 10000000, deadline: 20000000, period: 30000000} | args(["awk", "{ print $41 }", "/proc/self/stat"])'
row process.scheduler.flags '0 -4' '.process.scheduler = {policy: "SCHED_OTHER", nice: -4, flags: ["SCHED_FLAG_RESET_ON_FORK"]} | sh("echo $(cut -d\" \" -f19 /proc/self/stat; cut -d\" \" -f19 /proc/$$/stat)")'
row process.scheduler '!process.scheduler.policy' '.process.scheduler = {policy: "SCHED_FAIR"}'
row process.scheduler '!process.scheduler.priority' '.process.scheduler = {policy: "SCHED_FIFO"}'
for class in 'RT realtime: prio 3' 'BE best-effort: prio 3'; do
	row process.ioPriority "${class#* }" '.process.ioPriority = {class: ("IOPRIO_CLASS_" + $k), priority: 3} | sh("ionice -p $$")' --arg k "${class%% *}"
done
row process.ioPriority '~^idle' '.process.ioPriority = {class: "IOPRIO_CLASS_IDLE"} | sh("ionice -p $$")'
row process.ioPriority '!process.ioPriority.priority' '.process.ioPriority = {class: "IOPRIO_CLASS_BE", priority: 8}'
bundle t 'args(["sleep", "100"])'
create t && oci start t
jq '.process | .args = ["sed", "-n", "s/^Cpus_allowed_list:\t//p", "/proc/self/status"]' "$bundles/t/config.json" >"$TMPDIR/p.json"
for property in initial final; do
	jq --arg p $property '.execCPUAffinity[$p] = "0"' "$TMPDIR/p.json" >"$TMPDIR/q.json"
	want=0
	# before Linux 6.2 a process that enters a cpuset may use all of it again
	[ $property = final ] || want="0|$(oci exec --process "$TMPDIR/p.json" t)"
	like "$(oci exec --process "$TMPDIR/q.json" t)" "^($want)\$" "process.execCPUAffinity.$property"
	jq --arg p $property '.execCPUAffinity[$p] = "9000"' "$TMPDIR/p.json" >"$TMPDIR/q.json"
	run oci exec --process "$TMPDIR/q.json" t
	like "$err" "process.execCPUAffinity.$property" 'a processor that cannot be'
done
oci delete -f t
row linux.personality i686 '.linux.personality = {domain: "LINUX32"} | args(["uname", "-m"])'
row linux.personality "$(uname -m)" '.linux.personality = {domain: "LINUX"} | args(["uname", "-m"])'
row linux.personality '!linux.personality.domain' '.linux.personality = {domain: "SUNOS"}'

# a terminal of a size
receive "$TMPDIR/tty"
bundle t '.process.terminal = true | .process.consoleSize = {height: 33, width: 99} | sh("stty size; sleep 0.2")'
ok process.terminal alone oci create --bundle "$bundles/t" --console-socket "$TMPDIR/tty" t
oci start t && received
is "$(tr -d '\r' <"$TMPDIR/tty.out" | xargs)" 'ready 33 99' process.consoleSize
wait_until 10 is_status t stopped
oci delete t

### descriptors

exec 3</dev/null 4</dev/null
bundle t 'sh("echo $LISTEN_FDS $LISTEN_PID; ls /proc/self/fd | xargs")'
is "$(oci run -b "$bundles/t" t)" $'\n0 1 2 3' 'no descriptor of the caller' # 3 is that of ls
is "$(oci run --preserve-fds 2 -b "$bundles/t" t)" $'\n0 1 2 3 4 5' --preserve-fds
is "$(LISTEN_FDS=2 LISTEN_PID=$$ oci run -b "$bundles/t" t)" $'2 1\n0 1 2 3 4 5' LISTEN_FDS
exec 3<&- 4<&-

### hooks

log=$TEST_DIR/hooks
cat >"$rootfs/bin/start-hook" <<<$'#!/bin/sh\necho startContainer >>/log; cat >/dev/null'
chmod 755 "$rootfs/bin/start-hook"
bundle t 'reduce ["prestart", "createRuntime", "createContainer", "poststart", "poststop"][] as $p (.; .hooks[$p] = [{path: "/bin/sh", args: ["sh", "-c", "echo \($p) >>\($l); cat >/dev/null"], env: ["PATH=/bin"]}])
	| .hooks.startContainer = [{path: "/bin/start-hook"}] | args(["true"])' --arg l "$log"
oci run -b "$bundles/t" t
is "$(sed 's/$/ /' "$log" | tr -d '\n')$(cat "$rootfs/log")" 'prestart createRuntime createContainer poststart poststop startContainer' 'hooks run at six points'
seen[hooks]='prestart createRuntime createContainer startContainer poststart poststop'
for point in prestart createRuntime createContainer; do
	row "hooks.$point" "!hooks.$point\\[0\\]" 'hook($p; "/bin/false"; [])' --arg p "$point"
	row "hooks.$point timeout" "!hooks.$point\\[0\\]" '.hooks[$p] = [{path: "/bin/sleep", args: ["sleep", "20"], timeout: 1}]' --arg p "$point"
done
bundle t '.hooks.startContainer = [{path: "/bin/sleep", args: ["sleep", "20"], timeout: 1}] | args(["true"])'
create t
run oci start t
like "$status $err" '^1 .*hooks.startContainer\[0\]' 'hooks.startContainer timeout'
oci delete -f t
row hooks '!hooks.poststop\[0\].path' '.hooks.poststop = [{path: "relative"}]'
row hooks '!hooks.prestart\[0\].timeout' '.hooks.prestart = [{path: "/bin/true", timeout: -1}]'

### namespaces

bundle a 'userns | ns("time") | ns("cgroup") | args(["sleep", "1000"])'
bundle b 'ns("time") | args(["sleep", "1000"])'
for c in a b; do create $c; oci start $c; done
pid_a=$(pid_of a) pid_b=$(pid_of b)
for ns in pid network mount ipc uts user cgroup time; do
	seen[namespaces]+=" $ns"
	case $ns in network) file=net ;; mount) file=mnt ;; *) file=$ns ;; esac
	filter='ns($n)'
	[ $ns != user ] || filter=userns
	inside t "$filter"' | args(["readlink", "/proc/self/ns/" + $f])' --arg n $ns --arg f $file
	if [[ $out =~ ^$file:\[[0-9]+\]$ ]] && [ "$out" != "$(readlink /proc/self/ns/$file)" ]; then
		pass "linux.namespaces: a new $ns namespace"
	else
		fail "linux.namespaces: a new $ns namespace" "$out $err"
	fi
	if [ $ns = user ]; then
		row 'linux.namespaces: user by path' "$(readlink "/proc/$pid_a/ns/user")" 'ns("user"; $p + "user") | ns("network"; $p + "net") | args(["readlink", "/proc/self/ns/user"])' --arg p "/proc/$pid_a/ns/"
	elif [ $ns = mount ]; then
		row 'linux.namespaces: mount by path' "$(readlink "/proc/$pid_b/ns/mnt")" 'ns("mount"; $p + "mnt") | ns("pid"; $p + "pid") | args(["readlink", "/proc/self/ns/mnt"])' --arg p "/proc/$pid_b/ns/"
	else
		row "linux.namespaces: $ns by path" "$(readlink "/proc/$pid_b/ns/$file")" 'ns($n; $p) | del(.hostname) | args(["readlink", "/proc/self/ns/" + $f])' --arg n $ns --arg f $file --arg p "/proc/$pid_b/ns/$file"
	fi
	row "linux.namespaces: $ns by a path of another kind" '!linux.namespaces' 'del(.hostname) | ns($n; "/etc/passwd")' --arg n $ns
done
is "$(oci exec b readlink /proc/self/ns/time)" "$(readlink "/proc/$pid_b/ns/time")" 'exec enters a time namespace'
oci delete -f a
oci delete -f b
row 'linux.namespaces: none, all are inherited' "$(readlink /proc/self/ns/{pid,net,mnt,ipc,uts,user,cgroup,time} | xargs)" \
	'.linux.namespaces = [] | del(.hostname) | sh("for n in pid net mnt ipc uts user cgroup time; do readlink /proc/self/ns/$n; done | xargs")'
row linux.namespaces '!linux.namespaces\[[0-9]+\].type' '.linux.namespaces += [{type: "disk"}]'
row linux.namespaces '!linux.namespaces\[[0-9]+\].type: .*twice' '.linux.namespaces += [{type: "pid"}]'
row 'linux.uidMappings, gidMappings' '0 100000 10 10 200000 5' 'userns | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 10}, {containerID: 10, hostID: 200000, size: 5}] | sh("xargs </proc/self/uid_map")'
row linux.uidMappings '!linux.uidMappings: it is missing' 'ns("user")'
row linux.uidMappings '!linux.uidMappings\[1\].containerID' 'userns | .linux.uidMappings += [{containerID: 5, hostID: 9, size: 1}]'
row linux.timeOffsets 'monotonic 1000 5|boottime -2 0' 'ns("time") | .linux.timeOffsets = {monotonic: {secs: 1000, nanosecs: 5}, boottime: {secs: -2}} | sh("tr -s \" \" </proc/self/timens_offsets | paste -s -d \"|\"")'
row linux.timeOffsets '!linux.timeOffsets: it needs a new time' '.linux.timeOffsets = {boottime: {secs: 1}}'
row linux.timeOffsets '!linux.timeOffsets\["realtime"\]' 'ns("time") | .linux.timeOffsets = {realtime: {secs: 1}}'
row linux.sysctl '12345' '.linux.sysctl = {"net.core.somaxconn": "12345"} | sh("cat /proc/sys/net/core/somaxconn")'
row linux.sysctl '777' '.linux.sysctl = {"kernel/msgmax": "777"} | sh("cat /proc/sys/kernel/msgmax")'
row linux.sysctl '!linux.sysctl\["kernel.panic"\]' '.linux.sysctl = {"kernel.panic": "1"}'
row linux.sysctl '!linux.sysctl\["net.core.somaxconn"\]: it needs the network' 'no_ns("network") | .linux.sysctl = {"net.core.somaxconn": "1"}'

### network devices

network() {
	ip link add "$1" type veth peer name "$1-peer" 2>/dev/null && ip addr add 10.11.12.13/24 dev "$1" && ip addr add fd00:1::2/64 dev "$1" nodad
}
if network dvt0; then
	row linux.netDevices 'up 10.11.12.13/24 fd00:1::2/64' '.linux.netDevices = {dvt0: {name: "eth%d"}} | sh("echo $(ip link show eth0 | grep -o \"[<,]UP[,>]\" | tr -cd UP | tr UP up) $(ip -o addr show eth0 | grep -v \"scope link\" | grep -o \"inet6* [^ ]*\" | cut -d\" \" -f2)")'
	wait_until 10 eval '! ip link show dvt0-peer 2>/dev/null'
	network dvt1
	row linux.netDevices '!linux.netDevices\["nope"\]: there is no such device' '.linux.netDevices = {dvt1: {}, nope: {}}'
	is "$(ip -o addr show dvt1 | grep -o 'inet6* [0-9.:a-f]*1[^ ]*' | xargs)" 'inet 10.11.12.13/24 inet6 fd00:1::2/64' 'a create that fails gives devices back'
	row linux.netDevices '!linux.netDevices\["dvt1"\]: there is a device .lo.' '.linux.netDevices = {dvt1: {name: "lo"}}'
	ip link del dvt1
else
	skip 'linux.netDevices: no veth devices' 4
fi
row linux.netDevices '!linux.netDevices\["lo"\]' '.linux.netDevices = {lo: {name: "lo2"}}'
row linux.netDevices '!linux.netDevices: it needs the network' 'no_ns("network") | .linux.netDevices = {lo: {}}'
row linux.netDevices '!linux.netDevices\["a"\].name' '.linux.netDevices = {a: {name: "a/b"}}'

### mounts: options of mountinfo, all in one container

targets=() mounts='[]'
# option WHERE WANTED OPTIONS...: a bind of $h/dir (WHERE "bind", ".../sub" is looked at for "below") or a tmpfs ("tmpfs", "super");
# WANTED is a regular expression of what mountinfo says of it, "!..." of what it does not
option() {
	local where=$1 want=$2 path=/o/${#targets[@]}
	shift 2
	seen[mountOptions]+=" $*"
	mkdir "$rootfs$path"
	case $where in
	bind) mounts=$(jq --arg d "$path" --arg s "$h/dir" '. += [{destination: $d, type: "bind", source: $s, options: (["rbind"] + $ARGS.positional)}]' --args "$@" <<<"$mounts") ;;
	below) mounts=$(jq --arg d "$path" --arg s "$h/dir" '. += [{destination: $d, type: "bind", source: $s, options: (["rbind"] + $ARGS.positional)}]' --args "$@" <<<"$mounts") path+=/sub ;;
	*) mounts=$(jq --arg d "$path" '. += [{destination: $d, type: "tmpfs", source: "tmpfs", options: $ARGS.positional}]' --args "$@" <<<"$mounts") ;;
	esac
	targets+=("$where $path $want $*")
}
mount -t tmpfs -o nosuid,nodev,noexec,nodiratime below "$h/dir/sub"
for o in ro nosuid nodev noexec noatime nodiratime relatime nosymfollow; do option bind "$o" "$o"; done
for o in 'ro rw' 'nosuid suid' 'nodev dev' 'noexec exec' 'noatime atime' 'nodiratime diratime' 'nosymfollow symfollow' 'relatime strictatime'; do
	# shellcheck disable=SC2086
	option bind "!${o% *}" $o
done
option bind relatime strictatime nostrictatime
option bind relatime norelatime
option bind relatime defaults
for o in ro nosymfollow noatime relatime; do option below "$o" "r$o"; done
option below '!ro' rrw
for o in suid dev exec diratime; do option below "!no$o" "r$o"; done
option below nosuid rnosuid; option below nodev rnodev; option below noexec rnoexec; option below nodiratime rnodiratime
option below '!ro' ro; option below '!ro' rro rrw; option below '!nosymfollow' rnosymfollow rsymfollow
option below '!relatime' rstrictatime; option below relatime rstrictatime rnostrictatime; option below relatime rnorelatime
option below relatime rnoatime ratime; option below relatime rrelatime
option super sync sync; option super '!sync' sync async; option super dirsync dirsync; option super lazytime lazytime
option super '!lazytime' lazytime nolazytime; option super rw silent; option super rw silent loud
option super size=64k size=64k; option super mode=711 mode=711; option super '!mand' mand nomand
option super rw iversion noiversion; option super rw acl noacl; option tmpfs nosuid nosuid
option bind shared: shared; option bind shared: rshared; option below shared: rshared; option below '!shared:' shared
option bind '!shared:' private; option bind '!shared:' rprivate; option bind '!shared:|master:' slave; option bind '!shared:|master:' rslave
option bind unbindable unbindable; option bind unbindable runbindable; option below unbindable runbindable
inside t '.mounts += $m | args(["cat", "/proc/self/mountinfo"])' --argjson m "$mounts"
[ "$status" -eq 0 ] || diag "$err"
for target in "${targets[@]}"; do
	read -r where path want options <<<"$target"
	# of one mounted over another the last counts: per-mount options, propagation; of a super block, its own
	is_of=$(awk -v p="$path" -v super="$([ "$where" != super ] || echo 1)" '$5 == p { n = $6; t = ""; for (i = 7; $i != "-"; i++) t = t "," $i; l = super ? $NF : n t } END { print l }' <<<"$out")
	wanted=yes found=no
	[ "${want:0:1}" != ! ] || wanted=no
	[[ ,$is_of, =~ ,(${want#!})[^,]*, ]] && found=yes
	if [ -n "$is_of" ] && [ $found = $wanted ]; then
		pass "mounts.options ($where): $options"
	else
		fail "mounts.options ($where): $options" "wanted: $want" "got: $is_of"
	fi
done
umount "$h/dir/sub"
seen[mountOptions]+=' bind rbind remount tmpcopyup idmap ridmap copy-symlink src-nofollow dest-nofollow'
row mounts.options '!mounts\[[0-9]+\].*super block' 'mount("/m"; "tmpfs"; "tmpfs"; ["acl"])'
row mounts.options '!mounts\[[0-9]+\].*super block' 'mount("/m"; "tmpfs"; "tmpfs"; ["iversion"])'
row mounts.options '!mounts\[[0-9]+\].*nosuchoption' 'mount("/m"; "tmpfs"; "tmpfs"; ["nosuchoption"])'
row 'mounts.options: bind' host 'mount("/m"; "none"; $h + "/dir"; ["bind"]) | sh("cat /m/file")'
row 'mounts.options: rbind' host 'mount("/m"; "none"; $h + "/dir"; ["rbind"]) | sh("cat /m/file")'
row 'mounts.options: remount' no 'bind($h + "/dir"; "/m"; []) | mount("/m"; "bind"; $h + "/dir"; ["remount", "bind", "ro"]) | sh("touch /m/x 2>/dev/null || echo no")'
echo old >"$rootfs/old/f"
row 'mounts.options: tmpcopyup' 'tmpfs old' 'mount("/old"; "tmpfs"; "tmpfs"; ["tmpcopyup"]) | sh("echo $(stat -f -c %T /old) $(cat /old/f)")'
row 'mounts.options: copy-symlink' file 'bind($h + "/dir/link"; "/new/link"; ["copy-symlink"]) | sh("readlink /new/link")'
row 'mounts.options: copy-symlink of what is none' host 'bind($h + "/dir/file"; "/new/file"; ["copy-symlink"]) | sh("cat /new/file")'
row 'mounts.options: copy-symlink over another' '!mounts\[[0-9]+\].*/old/f.*File exists' 'bind($h + "/dir/link"; "/old/f"; ["copy-symlink"])'
ln -s f "$rootfs/old/link"
row 'mounts.options: dest-nofollow' 'host old' 'bind($h + "/dir/file"; "/old/link"; ["dest-nofollow"]) | sh("echo $(cat /old/link /old/f)")'
row 'mounts.options: src-nofollow' file 'bind($h + "/dir/link"; "/old/link"; ["src-nofollow", "dest-nofollow"]) | sh("readlink /old/link")'
# id-mapped mounts need a file system that can, and Linux 6.3 for a tmpfs
idmapped() { inside t 'bind($h + "/dir"; "/m"; ["idmap=uids=1000-5-1;gids=1001-6-1"]) | args(["true"])' --arg h "$h"; [ "$status" -eq 0 ]; }
if idmapped; then can_idmap=1; else can_idmap=0; fi
ids='args(["stat", "-c", "%u:%g", "/m/mine"])'
id() { when "[ $can_idmap = 1 ]" 'id-mapped mounts of this file system' row "$@"; }
id 'mounts.uidMappings, gidMappings' 5:6 "bind(\$h + \"/dir\"; \"/m\"; []) | .mounts[-1] += {uidMappings: [{containerID: 1000, hostID: 5, size: 1}], gidMappings: [{containerID: 1001, hostID: 6, size: 1}]} | $ids"
id 'mounts.options: idmap' 1000:1001 "userns | bind(\$h + \"/dir\"; \"/m\"; [\"idmap\"]) | $ids"
id 'mounts.options: idmap=' 5:6 "bind(\$h + \"/dir\"; \"/m\"; [\"idmap=uids=1000-5-1;gids=1001-6-1\"]) | $ids"
id 'mounts.options: idmap=uids=@' 7:8 "userns | bind(\$h + \"/dir\"; \"/m\"; [\"idmap=uids=@1000-7-1;gids=@1001-8-1\"]) | $ids"
id 'mounts.options: idmap=uids=@ of two ranges' 7:8 "userns | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 6}, {containerID: 6, hostID: 200000, size: 100}] | bind(\$h + \"/dir\"; \"/m\"; [\"idmap=uids=@996-3-10;gids=@1001-8-1\"]) | $ids"
id 'mounts.options: idmap=uids=@ of no id' '!mounts\[[0-9]+\].*id 70000 .*not mapped' 'userns | bind($h + "/dir"; "/m"; ["idmap=uids=@0-70000-1;gids=@0-0-1"])'
mount -t tmpfs below "$h/dir/sub"
chown 1000:1001 "$h/dir/sub"
when "[ $can_idmap = 1 ] && ! printf '6.3\n%s\n' \"$(uname -r)\" | sort -VC; [ \$? = 1 ]" 'id-mapped tmpfs before Linux 6.3' row 'mounts.options: ridmap=' 5:6 'mount("/m"; "bind"; $h + "/dir"; ["rbind", "ridmap=uids=1000-5-1;gids=1001-6-1"]) | args(["stat", "-c", "%u:%g", "/m/sub"])'
umount "$h/dir/sub"
row mounts.options '!mounts\[[0-9]+\].*user namespace' 'bind($h + "/dir"; "/m"; ["idmap"])'
row mounts.destination host 'bind($h + "/dir"; "rel/ative"; []) | sh("cat /rel/ative/file")'
row mounts.destination '!mounts\[[0-9]+\].destination: it is missing' '.mounts += [{type: "tmpfs"}]'
row mounts.source '!mounts\[[0-9]+\].*source.*/nonexistent' 'bind("/nonexistent"; "/m"; [])'
row mounts.type '!mounts\[[0-9]+\].*nosuchfs' 'mount("/m"; "nosuchfs"; "x"; [])'
for type in proc sysfs tmpfs devpts mqueue; do
	row "mounts.type $type" $type 'mount("/m"; $t; $t; []) | sh($c)' --arg t $type --arg c "awk '\$5 == \"/m\" { print \$(NF - 2) }' /proc/self/mountinfo"
done
row 'mounts.type cgroup' yes 'mount("/sys/fs/cgroup"; "cgroup"; "cgroup"; ["ro"]) | sh("ls /sys/fs/cgroup | grep -q . && echo yes")'
for p in private slave shared unbindable; do
	case $p in shared) want='~shared:' ;; slave) want='~^-$|master:' ;; private) want='~^-$' ;; unbindable) want='~^unbindable$' ;; esac
	for r in '' r; do
		row "linux.rootfsPropagation $r$p" "$want" '.linux.rootfsPropagation = $p | sh($c)' --arg p "$r$p" --arg c "awk '\$5 == \"/\" { print \$7 }' /proc/self/mountinfo"
	done
done
row linux.rootfsPropagation '!linux.rootfsPropagation' '.linux.rootfsPropagation = "public"'
row linux.maskedPaths '0 0' '.linux.maskedPaths = ["/etc", "/proc/keys", "/nope"] | sh("echo $(ls /etc | wc -l) $(wc -c </proc/keys)")'
row linux.maskedPaths '!linux.maskedPaths\[0\]' '.linux.maskedPaths = ["etc"]'
row linux.readonlyPaths no '.linux.readonlyPaths = ["/etc", "/nope"] | sh("touch /etc/x 2>/dev/null || echo no")'
row linux.readonlyPaths '!linux.readonlyPaths\[0\]' '.linux.readonlyPaths = [""]'

### devices

row 'linux.devices c' 'crw-r----- 5 6 1, 3' '.linux.devices = [{path: "/dev/mine", type: "c", major: 1, minor: 3, fileMode: 416, uid: 5, gid: 6}] | sh("ls -ln /dev/mine | awk \"{ print \\$1, \\$3, \\$4, \\$5, \\$6 }\"")'
row 'linux.devices u' 'character special file 1:5' '.linux.devices = [{path: "/dev/mine", type: "u", major: 1, minor: 5}] | args(["stat", "-c", "%F %t:%T", "/dev/mine"])'
row 'linux.devices b' 'block special file 7:1' '.linux.devices = [{path: "/dev/mine", type: "b", major: 7, minor: 1}] | args(["stat", "-c", "%F %t:%T", "/dev/mine"])'
row 'linux.devices p' fifo '.linux.devices = [{path: "/dev/mine", type: "p"}] | args(["stat", "-c", "%F", "/dev/mine"])'
row linux.devices '!linux.devices\[0\].type' '.linux.devices = [{path: "/dev/x", type: "x", major: 1, minor: 3}]'
row linux.devices '!linux.devices\[0\].(major|minor)' '.linux.devices = [{path: "/dev/x", type: "c"}]'
kmsg='.process.capabilities |= with_entries(.value += ["CAP_SYSLOG"]) | .linux.devices = [{path: "/dev/kmsg", type: "c", major: 1, minor: 11}] | .linux.resources.devices = [{allow: false, access: "rwm"}] + $r | sh("(exec 3</dev/kmsg) 2>/dev/null && printf r; (exec 3>/dev/kmsg) 2>/dev/null && printf w; echo .")'
when 'has /sys/fs/cgroup/unified || has /sys/fs/cgroup/cgroup.controllers' 'cgroup v2' row 'linux.resources.devices: denied' . "$kmsg" --argjson r '[]'
when 'has /sys/fs/cgroup/unified || has /sys/fs/cgroup/cgroup.controllers' 'cgroup v2' row 'linux.resources.devices: w' w. "$kmsg" --argjson r '[{"allow": true, "type": "c", "major": 1, "minor": 11, "access": "w"}]'
when 'has /sys/fs/cgroup/unified || has /sys/fs/cgroup/cgroup.controllers' 'cgroup v2' row 'linux.resources.devices: all of a major number, then one less' r. "$kmsg" --argjson r '[{"allow": true, "type": "c", "major": 1, "access": "rw"}, {"allow": false, "type": "c", "major": 1, "minor": 11, "access": "w"}]'
row linux.resources.devices '!linux.resources.devices\[0\]' '.linux.resources.devices = [{allow: true, type: "c", access: "x"}]'

### seccomp: numbers and signals of amd64

action() { # ACTION WANTED-STATUS WANTED-ERROR ERRNO
	seen[actions]+=" $1"
	inside t '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["mkdir"], action: $a} + $e]} | args(["mkdir", "/tmp/made"])' --arg a "$1" --argjson e "${4:-{\}}"
	rm -rf "$rootfs/tmp/made"
	like "$status $err" "^$2 .*$3" "linux.seccomp action $1"
}
operator() { # OPERATOR VALUE VALUE-TWO WANTED: which of chmod 1, 2, 3 pass
	seen[operators]+=" $1"
	row "linux.seccomp operator $1" "$4" '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["chmod"], action: "SCMP_ACT_ERRNO",
		args: [{index: 1, value: $v, valueTwo: $w, op: $o}]}]} | sh("touch /tmp/f; for m in 1 2 3; do chmod $m /tmp/f 2>/dev/null && printf y || printf n; done")' --arg o "$1" --argjson v "$2" --argjson w "$3"
}
if [ "$(uname -m)" = x86_64 ]; then
	action SCMP_ACT_ALLOW 0 ''
	action SCMP_ACT_ERRNO 1 'Operation not permitted'
	action SCMP_ACT_ERRNO 1 'No message of desired type' '{"errnoRet": 42}'
	action SCMP_ACT_KILL 159 ''
	action SCMP_ACT_KILL_THREAD 159 ''
	action SCMP_ACT_KILL_PROCESS 159 ''
	action SCMP_ACT_TRAP 159 ''
	action SCMP_ACT_LOG 0 ''
	action SCMP_ACT_TRACE 1 'Function not implemented'
	operator SCMP_CMP_EQ 2 0 yny
	operator SCMP_CMP_NE 2 0 nyn
	operator SCMP_CMP_LT 2 0 nyy
	operator SCMP_CMP_LE 2 0 nny
	operator SCMP_CMP_GE 2 0 ynn
	operator SCMP_CMP_GT 2 0 yyn
	operator SCMP_CMP_MASKED_EQ 1 1 nyn
	row 'linux.seccomp.syscalls.args: all must hold' yny '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["chmod"], action: "SCMP_ACT_ERRNO",
		args: [{index: 1, value: 2, op: "SCMP_CMP_EQ"}, {index: 0, value: 0, op: "SCMP_CMP_NE"}]}]} | sh("touch /tmp/f; for m in 1 2 3; do chmod $m /tmp/f 2>/dev/null && printf y || printf n; done")'
	row linux.seccomp.defaultErrnoRet '~No message' '.linux.seccomp = {defaultAction: "SCMP_ACT_ERRNO", defaultErrnoRet: 42, syscalls: [{names: $n, action: "SCMP_ACT_ALLOW"}]} | sh("mkdir /tmp/made 2>&1")' \
		--argjson n '["read","write","open","openat","close","stat","newfstatat","fstat","lstat","mmap","mprotect","munmap","brk","rt_sigaction","rt_sigprocmask","rt_sigreturn","ioctl","access","dup2","dup3","fcntl","getpid","getppid","getuid","geteuid","getgid","getegid","clone","clone3","fork","vfork","execve","execveat","exit","exit_group","wait4","arch_prctl","set_tid_address","set_robust_list","rseq","prlimit64","readlink","readlinkat","getrandom","futex","uname","getcwd","umask","poll","capset","prctl","close_range","readv","writev","lseek","sysinfo","seccomp"]'
	python3 "$TEST_TOP/tests/harness/seccomp_agent.py" "$TEST_DIR/agent" 83=42 >"$TEST_DIR/agent.out" 2>&1 & agent=$!
	wait_until 10 grep -q ready "$TEST_DIR/agent.out"
	seen[actions]+=' SCMP_ACT_NOTIFY'
	for flags in '[]' '["SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"]'; do
		row "linux.seccomp.listenerPath, listenerMetadata $flags" '~No message' '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", listenerPath: $s, listenerMetadata: "m", flags: $f, syscalls: [{names: ["mkdir"], action: "SCMP_ACT_NOTIFY"}]} | sh("mkdir /tmp/made 2>&1")' --arg s "$TEST_DIR/agent" --argjson f "$flags"
	done
	is "$(grep '^{' "$TEST_DIR/agent.out" | tail -n 1 | jq -r .metadata)" m 'the agent gets the metadata'
	kill "$agent"
	wait "$agent" 2>/dev/null
else
	skip 'linux.seccomp: written for amd64' 21
fi
row linux.seccomp.listenerPath '!linux.seccomp.listenerPath: it is missing' '.linux.seccomp = {defaultAction: "SCMP_ACT_NOTIFY"}'
for flag in LOG SPEC_ALLOW TSYNC WAIT_KILLABLE_RECV; do
	seen[flags]+=" SECCOMP_FILTER_FLAG_$flag"
	row "linux.seccomp.flags $flag" 2 '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", flags: ["SECCOMP_FILTER_FLAG_" + $f], syscalls: [{names: ["mkdir"], action: "SCMP_ACT_ERRNO"}]} | sh($c)' --arg f $flag --arg c "$(field Seccomp)"
done
row linux.seccomp.architectures 2 '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32", "SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"], syscalls: [{names: ["mkdir"], action: "SCMP_ACT_ERRNO"}]} | sh($c)' --arg c "$(field Seccomp)"
row linux.seccomp.architectures '!linux.seccomp.architectures\[0\]' '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", architectures: ["SCMP_ARCH_Z80"]}'
row linux.seccomp.defaultAction '!linux.seccomp.defaultAction' '.linux.seccomp = {defaultAction: "SCMP_ACT_MAYBE"}'
row linux.seccomp.syscalls '!linux.seccomp.syscalls\[0\].args\[0\].index' '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["read"], action: "SCMP_ACT_ERRNO", args: [{index: 6, value: 0, op: "SCMP_CMP_EQ"}]}]}'

### memory policy, resctrl

policy() { # MODE NODES FLAGS WANTED
	when 'has /proc/self/numa_maps' 'NUMA in this kernel' row "linux.memoryPolicy $1 $2 $3" "$4" '.linux.memoryPolicy = ({mode: $m} + (if $n == "" then {} else {nodes: $n} end) + (if $f == "" then {} else {flags: [$f]} end))
		| sh("head -n 1 /proc/self/numa_maps | cut -d\" \" -f2")' --arg m "$1" --arg n "$2" --arg f "$3"
}
policy MPOL_DEFAULT '' '' default
policy MPOL_BIND 0 '' bind:0
policy MPOL_BIND 0 MPOL_F_STATIC_NODES bind=static:0
policy MPOL_BIND 0 MPOL_F_RELATIVE_NODES bind=relative:0
policy MPOL_INTERLEAVE 0 '' interleave:0
policy MPOL_PREFERRED 0 '' prefer:0
policy MPOL_PREFERRED_MANY 0 '' prefer
policy MPOL_LOCAL '' '' local
weighted() { printf '6.9\n%s\n' "$(uname -r)" | sort -VC; }
when weighted 'MPOL_WEIGHTED_INTERLEAVE before Linux 6.9' policy MPOL_WEIGHTED_INTERLEAVE 0 '' '~^weighted'
when '! weighted' 'kernel before 6.9' row linux.memoryPolicy '!linux.memoryPolicy' '.linux.memoryPolicy = {mode: "MPOL_WEIGHTED_INTERLEAVE", nodes: "0"}'
row linux.memoryPolicy.mode '!linux.memoryPolicy.mode' '.linux.memoryPolicy = {mode: "MPOL_BEST"}'
row linux.memoryPolicy.nodes '!linux.memoryPolicy' '.linux.memoryPolicy = {mode: "MPOL_BIND", nodes: "1000"}'
row linux.memoryPolicy.flags '!linux.memoryPolicy.flags' '.linux.memoryPolicy = {mode: "MPOL_BIND", nodes: "0", flags: ["MPOL_F_STATIC_NODES", "MPOL_F_RELATIVE_NODES"]}'
for rdt in '{}' '{"closID": "x"}' '{"l3CacheSchema": "L3:0=f"}' '{"memBwSchema": "MB:0=50"}' '{"schemata": ["L3:0=f"]}' '{"enableMonitoring": true}' '{"enableCMT": true, "enableMBM": true}'; do
	when '[ ! -e /sys/fs/resctrl/schemata ]' 'host without resctrl' row "linux.intelRdt $rdt" '!linux.intelRdt: resctrl is not mounted' '.linux.intelRdt = $r' --argjson r "$rdt"
done
when 'has /sys/fs/resctrl/schemata' resctrl row linux.intelRdt '~t$' '.linux.intelRdt = {} | args(["grep", "^res:", "/proc/self/cpu_resctrl_groups"])'
row linux.intelRdt.closID '!linux.intelRdt.closID' '.linux.intelRdt = {closID: "a/b"}'
row linux.intelRdt.memBwSchema '!linux.intelRdt.memBwSchema' '.linux.intelRdt = {memBwSchema: "L3:0=f"}'
row linux.intelRdt.schemata '!linux.intelRdt.schemata\[0\]' '.linux.intelRdt = {schemata: ["x"]}'

### cgroups

v2_mount=$(awk '{ for (i = 7; i < NF; i++) if ($i == "-" && $(i + 1) == "cgroup2") { print $5; exit } }' /proc/self/mountinfo)
# where CONTROLLER V2-NAME: "v1", "v2" or nothing
where() {
	if mountpoint -q "/sys/fs/cgroup/$1"; then
		echo v1
	elif [ -n "$v2_mount" ] && grep -qw "$2" "$v2_mount/cgroup.controllers"; then
		echo v2
	fi
}
# limit PROPERTY CONTROLLER V2-NAME V1-FILE V1-WANTED V2-FILE V2-WANTED RESOURCES: what the files say; a file "-" = that version
# has it not, and WANTED is how the error starts; a file that this kernel lacks is skipped
limit() {
	local property=linux.resources.$1 file want place dir
	place=$(where "$2" "$3")
	case $place in
	v1) file=$4 want=$5 dir=/sys/fs/cgroup/$2 ;;
	v2) file=$6 want=$7 dir=$v2_mount ;;
	*) row "$property without its controller" "!$(quoted "$property").*(controller is not available|has no such setting)" '.linux.resources += $r' --argjson r "$8"; return ;;
	esac
	if [ "$file" = - ]; then
		row "$property on cgroup $place" "!$want" '.linux.resources += $r' --argjson r "$8"
		return
	fi
	bundle t '.linux.resources += $r | args(["sleep", "100"])' --argjson r "$8"
	create t
	if [ -e "$oci_root/t" ]; then
		# shellcheck disable=SC2086 # "io.*weight": bfq's own file comes first
		like "$(cat "$dir/$DAVIT_SLICE/t"/$file 2>&1)" "^($want)" "$property on cgroup $place"
	elif grep -q "$(quoted "$property").*kernel has no" "$TMPDIR/t.out"; then
		skip "$property: no $file in this kernel"
	else
		fail "$property on cgroup $place" "$(cat "$TMPDIR/t.out")"
	fi
	oci delete --force t
}
disk=$(lsblk -dnro MAJ:MIN,TYPE 2>/dev/null | awk '$2 == "disk" { print $1; exit }')
disk=${disk:-7:0}
device="\"major\": ${disk%:*}, \"minor\": ${disk#*:}"
m=1048576
limit memory.limit memory memory memory.limit_in_bytes $((64 * m)) memory.max $((64 * m)) '{"memory": {"limit": 67108864}}'
limit memory.reservation memory memory memory.soft_limit_in_bytes $((32 * m)) memory.low $((32 * m)) '{"memory": {"reservation": 33554432}}'
limit memory.swap memory memory memory.memsw.limit_in_bytes $((96 * m)) memory.swap.max $((32 * m)) '{"memory": {"limit": 67108864, "swap": 100663296}}'
limit memory.swappiness memory memory memory.swappiness 30 - linux.resources.memory.swappiness '{"memory": {"swappiness": 30}}'
limit memory.disableOOMKiller memory memory memory.oom_control 'oom_kill_disable 1' - 'linux.resources.memory.disableOOMKiller' '{"memory": {"disableOOMKiller": true}}'
limit memory.kernelTCP memory memory memory.kmem.tcp.limit_in_bytes $((64 * m)) - 'linux.resources.memory.kernelTCP' '{"memory": {"kernelTCP": 67108864}}'
limit memory.kernel memory memory - 'linux.resources.memory.kernel' - 'linux.resources.memory.kernel' '{"memory": {"kernel": 67108864}}'
limit memory.useHierarchy memory memory - linux.resources.memory.useHierarchy - linux.resources.memory.useHierarchy '{"memory": {"useHierarchy": false}}'
limit cpu.shares cpu cpu cpu.shares 512 cpu.weight '20|59' '{"cpu": {"shares": 512}}'
limit cpu.quota cpu cpu cpu.cfs_quota_us 50000 cpu.max '50000 100000' '{"cpu": {"quota": 50000}}'
limit cpu.period cpu cpu cpu.cfs_period_us 50000 cpu.max '20000 50000' '{"cpu": {"quota": 20000, "period": 50000}}'
limit cpu.burst cpu cpu cpu.cfs_burst_us 10000 cpu.max.burst 10000 '{"cpu": {"quota": 50000, "burst": 10000}}'
limit cpu.idle cpu cpu cpu.idle 1 cpu.idle 1 '{"cpu": {"idle": 1}}'
limit cpu.cpus cpuset cpuset cpuset.cpus 0 cpuset.cpus 0 '{"cpu": {"cpus": "0"}}'
limit cpu.mems cpuset cpuset cpuset.mems 0 cpuset.mems 0 '{"cpu": {"mems": "0"}}'
limit cpu.realtimePeriod cpu cpu cpu.rt_period_us 500000 - linux.resources.cpu.realtime '{"cpu": {"realtimePeriod": 500000}}'
limit pids.limit pids pids pids.max 17 pids.max 17 '{"pids": {"limit": 17}}'
limit blockIO.weight blkio io 'blkio.*weight' 200 'io.*weight' 'default 200|200|default 1920' '{"blockIO": {"weight": 200}}'
limit blockIO.leafWeight blkio io - linux.resources.blockIO.leafWeight - linux.resources.blockIO.leafWeight '{"blockIO": {"leafWeight": 200}}'
limit 'blockIO.weightDevice[0].leafWeight' blkio io - 'linux.resources.blockIO.weightDevice\[0\].leafWeight' - 'linux.resources.blockIO.weightDevice\[0\].leafWeight' "{\"blockIO\": {\"weightDevice\": [{$device, \"leafWeight\": 200}]}}"
for t in ReadBps:read_bps:rbps WriteBps:write_bps:wbps ReadIOPS:read_iops:riops WriteIOPS:write_iops:wiops; do
	IFS=: read -r name v1 v2 <<<"$t"
	limit "blockIO.throttle${name}Device" blkio io "blkio.throttle.${v1}_device" "$disk 1048576" io.max "$disk .*$v2=1048576" "{\"blockIO\": {\"throttle${name}Device\": [{$device, \"rate\": 1048576}]}}"
done
limit 'hugepageLimits[0]' hugetlb hugetlb hugetlb.2MB.limit_in_bytes 4194304 hugetlb.2MB.max 4194304 '{"hugepageLimits": [{"pageSize": "2MB", "limit": 4194304}]}'
limit 'rdma["mlx5_1"]' rdma rdma - linux.resources.rdma - linux.resources.rdma '{"rdma": {"mlx5_1": {"hcaHandles": 3, "hcaObjects": 10}}}'
limit 'network.classID' net_cls net_cls net_cls.classid 1048577 - linux.resources.network '{"network": {"classID": 1048577}}'
limit 'network.priorities[0]' net_prio net_prio net_prio.ifpriomap 'lo 5' - linux.resources.network '{"network": {"priorities": [{"name": "lo", "priority": 5}]}}'
when '[ -n "$v2_mount" ]' 'cgroup v2' row 'linux.resources.unified' '!linux.resources.unified\["nosuch.max"\]' '.linux.resources.unified = {"nosuch.max": "1"}'
unified() { # FILE VALUE
	bundle t '.linux.resources.unified = {($f): $v} | args(["sleep", "100"])' --arg f "$1" --arg v "$2"
	create t
	is "$(cat "$v2_mount/$DAVIT_SLICE/t/$1")" "$2" "linux.resources.unified $1"
	oci delete --force t
}
when '[ -n "$v2_mount" ]' 'cgroup v2' unified cgroup.max.depth 3
when '[ "$(where - pids)" = v2 ]' 'pids controller on cgroup v2' unified pids.max 19
when '[ "$(where - memory)" = v2 ]' 'memory controller on cgroup v2' unified memory.high 67108864
for r in '{"memory": {"limit": "x"}}:memory.limit' '{"memory": {"limit": 2, "swap": 1}}:memory.swap' '{"cpu": {"cpus": "a"}}:cpu.cpus' '{"blockIO": {"weight": 5}}:blockIO.weight' \
	'{"hugepageLimits": [{"pageSize": "2", "limit": 1}]}:hugepageLimits' '{"rdma": {"a": {}}}:rdma' '{"network": {"priorities": [{"name": "a b", "priority": 1}]}}:network' '{"unified": {"a/b": "1"}}:unified'; do
	row "linux.resources.${r##*:}" "!linux.resources.${r##*:}" '.linux.resources += $r' --argjson r "${r%:*}"
done
bundle t 'args(["sh", "-c", "dd if=/dev/zero of=/dev/null bs=16M count=1 2>/dev/null; sleep 100"]) | .linux.resources.memory = {limit: 67108864}'
if [ -n "$(where memory memory)" ]; then
	create t && oci start t
	wait_until 10 is_status t running
	run oci update --resources - t <<<'{"memory": {"limit": 4096, "checkBeforeUpdate": true}}'
	like "$status $err" '^1 .*linux.resources.memory.limit' linux.resources.memory.checkBeforeUpdate
	oci delete -f t
else
	skip 'linux.resources.memory.checkBeforeUpdate: no memory controller'
fi
row linux.cgroupsPath "/$DAVIT_SLICE/t" 'no_ns("cgroup") | args(["sed", "-n", "s/^0:://p;1s/^[0-9]*:pids:none//p", "/proc/self/cgroup"])'
row 'linux.cgroupsPath relative' "/davit-oci/$DAVIT_SLICE-r/t" '.linux.cgroupsPath = $p | no_ns("cgroup") | args(["sed", "-n", "s/^0:://p", "/proc/self/cgroup"])' --arg p "$DAVIT_SLICE-r/t"
row linux.cgroupsPath '!linux.cgroupsPath' '.linux.cgroupsPath = "/a/../b"'
for d in $(_list_cgroup_mounts); do rmdir "$d/davit-oci/$DAVIT_SLICE-r" "$d/davit-oci" 2>/dev/null; done

### all there is has had a row

listed() { davit-oci features | jq -r "$1 | .[]" | sort -u; }
missing() { comm -23 <(listed "$1") <(tr ' ' '\n' <<<"${seen[$2]-}" | sort -u) | xargs; }
is "$(missing .mountOptions mountOptions)" '' 'every mount option that is listed has a row'
is "$(missing .hooks hooks)" '' 'every hook point'
is "$(missing .linux.namespaces namespaces)" '' 'every namespace'
is "$(missing .linux.seccomp.supportedFlags flags)" '' 'every flag of filters'
if [ "$(uname -m)" = x86_64 ]; then
	is "$(missing .linux.seccomp.actions actions)" '' 'every action'
	is "$(missing .linux.seccomp.operators operators)" '' 'every operator'
fi
rm -rf "${TMPDIR:?}"/*
done_testing
