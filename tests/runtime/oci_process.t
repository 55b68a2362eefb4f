#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# davit-oci: namespaces, ids, limits, capabilities, filters, scheduling, cgroup resources: set in config.json, seen inside.
# shellcheck source=tests/harness/lib.sh
. "$(dirname "$0")/../harness/lib.sh"
# shellcheck source=tests/runtime/oci.sh
. "$(dirname "$0")/oci.sh"
davit_env "$@"
oci_env
v2_mount=$(awk '{ for (i = 7; i < NF; i++) if ($i == "-" && $(i + 1) == "cgroup2") { print $5; exit } }' /proc/self/mountinfo)

### namespaces

for ns in pid network ipc uts mount cgroup; do
	case $ns in network) file=net ;; mount) file=mnt ;; *) file=$ns ;; esac
	inside t 'ns($n) | sh("readlink /proc/self/ns/'$file'")' --arg n "$ns"
	like "$out" "^$file:\\[[0-9]+\\]$" "$ns"
	isnt "$out" "$(readlink /proc/self/ns/$file)" 'is a new one'
	[ "$ns" != mount ] || continue
	shows "$ns left out is the caller's" "$(readlink /proc/self/ns/$file)" 'no_ns($n) | del(.hostname) | sh("readlink /proc/self/ns/'$file'")' --arg n "$ns"
done
bundle a 'args(["sleep", "1000"])'
create a && oci start a
pid=$(pid_of a)
for ns in pid network ipc uts cgroup; do
	case $ns in network) file=net ;; *) file=$ns ;; esac
	shows "$ns by path" "$(readlink "/proc/$pid/ns/$file")" 'ns($n; $p) | del(.hostname) | sh("readlink /proc/self/ns/'$file'")' --arg n "$ns" --arg p "/proc/$pid/ns/$file"
done
oci exec a mount -t tmpfs is-a /tmp 2>/dev/null
oci exec a sh -c 'echo a >/tmp/is-a'
shows 'mount by path' a 'ns("mount"; $p) | sh("cat /tmp/is-a")' --arg p "/proc/$pid/ns/mnt"
denies 'a path of another kind' 'linux.namespaces.*no network namespace' 'ns("network"; $p)' --arg p "/proc/$pid/ns/uts"
denies 'a path that is none' 'linux.namespaces.*no namespace' 'ns("network"; "/etc/passwd")' 
denies 'a path that is missing' 'linux.namespaces.*/nonexistent' 'ns("network"; "/nonexistent")'
oci delete -f a
shows 'the loopback is up' 127.0.0.1 'sh("ip -o addr show lo | grep -o 127.0.0.1")'
shows 'host and domain name' 'box example' '.hostname = "box" | .domainname = "example" | sh("hostname; cat /proc/sys/kernel/domainname" + "| xargs") | sh("echo $(hostname) $(cat /proc/sys/kernel/domainname)")'
shows 'sysctls' '12345 1' '.linux.sysctl = {"net.core.somaxconn": "12345", "net.ipv4.ip_forward": "1"} | sh("cat /proc/sys/net/core/somaxconn /proc/sys/net/ipv4/ip_forward | xargs")'
denies "a sysctl of the host" 'linux.sysctl' '.linux.sysctl = {"kernel.panic": "1"}'
if [ -e /proc/self/ns/time ]; then
	shows 'a time namespace' 'monotonic 1000 0|boottime 2000 0' 'ns("time") | .linux.timeOffsets = {monotonic: {secs: 1000}, boottime: {secs: 2000}}
		| sh("tr -s \" \" </proc/self/timens_offsets | paste -s -d \"|\"")'
fi

### user namespaces

shows 'maps' '0 100000 65536 0' 'userns | sh("echo $(xargs </proc/self/uid_map) $(id -u)")'
shows 'devices in one' ok 'userns | sh("echo x >/dev/null && head -c 1 /dev/zero >/dev/null && echo ok")'
chmod 755 "$TEST_DIR" "$bundles" "$rootfs"
bundle u 'userns | args(["sleep", "1000"])'
ok 'create in one' create u
ok 'start' oci start u
is "$(awk '/^Uid/ { print $2 }' "/proc/$(pid_of u)/status")" 100000 'root is not root outside'
is "$(oci exec u sh -c 'xargs </proc/self/uid_map; id -u' | xargs)" '0 100000 65536 0' 'exec'
is "$(oci exec -u 1000:1000 u id -u)" 1000 'exec as a user'
shows 'by path' "$(readlink "/proc/$(pid_of u)/ns/user")" 'ns("user"; $p + "user") | ns("network"; $p + "net") | del(.linux.uidMappings) | args(["readlink", "/proc/self/ns/user"])' --arg p "/proc/$(pid_of u)/ns/"
# namespaces of the host, which the root of a user namespace has no right to enter
unshare -n -i -u -C sleep 1000 &
host=$!
wait_until 5 eval '[ "$(readlink /proc/$host/ns/net)" != "$(readlink /proc/self/ns/net)" ]'
for type in network:net ipc:ipc uts:uts cgroup:cgroup; do
	shows "a user namespace of its own, ${type%:*} of the host" "$(readlink "/proc/$host/ns/${type#*:}")" \
		'userns | ns($t; $p) | del(.hostname) | .mounts |= map(select(.destination | test("^/(sys|dev/mqueue)") | not)) | args(["readlink", "/proc/self/ns/" + $f])' \
		--arg t "${type%:*}" --arg f "${type#*:}" --arg p "/proc/$host/ns/${type#*:}"
done
shows 'both by path' "$(readlink "/proc/$(pid_of u)/ns/user") $(readlink "/proc/$host/ns/net")" \
	'ns("user"; $p) | ns("network"; $n) | del(.linux.uidMappings) | .mounts |= map(select(.destination | startswith("/sys") | not)) | sh("echo $(readlink /proc/self/ns/user) $(readlink /proc/self/ns/net)")' \
	--arg p "/proc/$(pid_of u)/ns/user" --arg n "/proc/$host/ns/net"
kill "$host"
mkfifo "$TEST_DIR/fifo"
denies 'what is no namespace does not make it wait' "'$TEST_DIR/fifo' is no namespace" 'ns("network"; $p)' --arg p "$TEST_DIR/fifo"
rm "$TEST_DIR/fifo"
oci delete -f u

### the process

shows 'ids and groups' '5 6 6 7 8' '.process.user = {uid: 5, gid: 6, additionalGids: [7, 8]} | sh("echo $(id -u) $(id -g) 6 $(id -G | tr \" \" \"\\n\" | grep -v ^6 | xargs)")'
shows 'umask' 0077 '.process.user.umask = 63 | sh("umask")'
shows 'working directory, made when missing' /a/b/c '.process.cwd = "/a/b/c" | sh("pwd")'
denies 'one that leads out by a descriptor' 'process.cwd|working directory' '.process.cwd = "/proc/self/fd/7/../.."'
shows 'rlimits' '64 128' '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 64, hard: 128}] | sh("echo $(ulimit -Sn) $(ulimit -Hn)")'
shows 'of a user' '64 128' '.process.user = {uid: 5, gid: 6} | .process.rlimits = [{type: "RLIMIT_NOFILE", soft: 64, hard: 128}] | sh("echo $(ulimit -Sn) $(ulimit -Hn)")'
shows 'in a user namespace' '64 128' 'userns | .process.rlimits = [{type: "RLIMIT_NOFILE", soft: 64, hard: 128}] | sh("echo $(ulimit -Sn) $(ulimit -Hn)")'
shows 'capabilities' '0000000000000000 0000000000000021 0000000000000021 0000000000000021 0000000000000000' \
	'.process.capabilities = {bounding: ["CAP_CHOWN", "CAP_KILL"], effective: ["CAP_CHOWN", "CAP_KILL"], permitted: ["CAP_CHOWN", "CAP_KILL"]}
	| sh("sed -n \"s/^Cap....*\\t//p\" /proc/self/status | xargs")'
shows 'ambient ones of a user' '0000000000000400 0000000000000400' '.process.user = {uid: 5, gid: 6}
	| .process.capabilities |= with_entries(.value = ["CAP_NET_BIND_SERVICE"]) | .process.capabilities |= (.ambient = .bounding | .inheritable = .bounding)
	| sh("sed -n \"s/^Cap[AE][mf][bf]:\\t//p\" /proc/self/status | xargs")'
shows 'no new privileges' 1 '.process.noNewPrivileges = true | sh("sed -n \"s/^NoNewPrivs:\\t//p\" /proc/self/status")'
shows 'oomScoreAdj' 100 '.process.oomScoreAdj = 100 | sh("cat /proc/self/oom_score_adj")'
shows 'of a user namespace' 100 'userns | .process.oomScoreAdj = 100 | sh("cat /proc/self/oom_score_adj")'
shows 'personality' i686 '.linux.personality = {domain: "LINUX32"} | sh("uname -m")'
cp "$DAVIT_OUT/tests/true" "$rootfs/bin/static-true" 2>/dev/null
shows 'scheduler' 3 '.process.scheduler = {policy: "SCHED_BATCH", nice: 5} | sh("awk \"{ print \\$41 }\" /proc/self/stat")'
shows 'ioPriority' 'best-effort: prio 6' '.process.ioPriority = {class: "IOPRIO_CLASS_BE", priority: 6} | sh("ionice -p $$")'

bundle x '.process.execCPUAffinity = {initial: "0", final: "0"} | args(["sleep", "1000"])'
ok 'execCPUAffinity is no matter of create' create x
oci start x
is "$(oci exec x sed -n 's/^Cpus_allowed_list:\t//p' /proc/self/status)" 0 'but of exec'
jq '.process | .args = ["true"] | .execCPUAffinity.final = "9000"' "$bundles/x/config.json" >"$TMPDIR/x.json"
fails 'a processor that cannot be' 255 oci exec --process "$TMPDIR/x.json" x
like "$err" 'process.execCPUAffinity' 'is named'
oci delete -f x

### filters

shows 'a filter with an argument' '1 ok' '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", architectures: ["SCMP_ARCH_X86_64"],
	syscalls: [{names: ["kill"], action: "SCMP_ACT_ERRNO", errnoRet: 1, args: [{index: 1, value: 10, op: "SCMP_CMP_EQ"}]}]}
	| sh("kill -0 $$ || echo broken; kill -USR1 $$ 2>/dev/null; echo $? ok")'
shows 'with the errno that is asked for' 'Function not implemented' '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW",
	syscalls: [{names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO", errnoRet: 38}]} | sh("mkdir /d 2>&1 | sed \"s/.*: //\"")'
shows 'exec has it, too' 2 '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["mkdir"], action: "SCMP_ACT_ERRNO"}]} | sh("sed -n \"s/^Seccomp:\\t//p\" /proc/self/status")'

### cgroup

bundle r '.linux.resources += {memory: {limit: 33554432, swap: 67108864, reservation: 16777216}, cpu: {shares: 512, quota: 50000, period: 100000, cpus: "0", mems: "0"}, pids: {limit: 17}, blockIO: {weight: 0}}
	| args(["sleep", "1000"])'
ok 'resources' create r
oci start r
# file CONTROLLER V1-FILE V2-FILE
file() {
	local path
	path=$(awk -F: -v c="$1" '{ n = split($2, l, ","); for (i = 1; i <= n; i++) if (l[i] == c) print $3 }' "/proc/$(pid_of r)/cgroup")
	if [ -n "$path" ]; then
		cat "/sys/fs/cgroup/$1$path/$2"
	else
		cat "$v2_mount$(sed -n 's/^0:://p' "/proc/$(pid_of r)/cgroup")/$3"
	fi
}
is "$(file memory memory.limit_in_bytes memory.max)" 33554432 'memory.limit'
is "$(file pids pids.max pids.max)" 17 'pids.limit'
like "$(file cpu cpu.cfs_quota_us cpu.max)" '^50000' 'cpu.quota'
like "$(file cpu cpu.shares cpu.weight)" '^(512|20|59)$' 'cpu.shares'
is "$(file cpuset cpuset.cpus cpuset.cpus)" 0 'cpu.cpus'
ok 'update' oci update --resources - r <<<'{"memory": {"limit": 67108864, "swap": 134217728}, "pids": {"limit": 21}, "cpu": {"quota": 20000, "period": 100000}}'
is "$(file memory memory.limit_in_bytes memory.max) $(file pids pids.max pids.max)" '67108864 21' 'takes effect'
echo '{"pids": {"limit": 22}}' >"$TMPDIR/r.json"
ok '--resources=-' oci update --resources=- r <"$TMPDIR/r.json"
ok '--resources FILE' oci update --resources "$TMPDIR/r.json" r
is "$(file pids pids.max pids.max)" 22 'takes effect'
fails 'an update of what is none' 1 oci update --resources - r <<<'{"memory": {"limit": "much"}}'
like "$err" 'memory.limit' 'names it'
oci delete -f r
shows 'the limit of processes holds' no '.linux.resources.pids.limit = 4 | sh("for i in 1 2 3 4 5 6; do sleep 5 & done 2>/dev/null; echo yes") | .process.args = ["sh", "-c", "(for i in 1 2 3 4 5 6; do sleep 1 & done; wait; echo yes) 2>/dev/null || echo no"]'
denies 'a memory limit below zero' 'linux.resources.memory' '.linux.resources.memory = {limit: -5}'
# limits under which not even the error fits into a pipe; where it is another process' memory, only the container's ends
denies 'a memory limit too small for a start' '(Cannot allocate memory|killed before it was ready).*hint: .*memory limit' '.linux.resources.memory = {limit: 1}'
inside t '.linux.resources.memory = {limit: 1} | args(["true"])'
isnt "$status" 0 'nor does run begin'
like "$err" 'memory limit' 'and it says why'
for limit in 1 4096; do
	inside t "userns | .linux.resources.memory = {limit: $limit} | args([\"true\"])"
	isnt "$status" 0 "nor with a user namespace and a limit of $limit"
	[ "$status" = 137 ] || like "$err" 'memory limit' 'and it says why'
	fails 'which leaves nothing' 1 oci state t
done
shows 'a limit of 0 is none' ok '.linux.resources.memory = {limit: 0, swap: 0, reservation: 0} | .linux.resources.cpu = {shares: 0, quota: 0, period: 0} | sh("echo ok")'

# exec --process: what it says nothing of is as in the container
bundle x '.process.rlimits = [{type: "RLIMIT_NOFILE", hard: 77, soft: 66}] | .process.capabilities[] = ["CAP_KILL", "CAP_CHOWN"] | args(["sleep", "1000"])'
create x && oci start x
jq '.process | del(.capabilities, .rlimits) | .args = ["sh", "-c", "grep -c CapEff:.*0021$ /proc/self/status; ulimit -n"]' "$bundles/x/config.json" >"$TMPDIR/p"
is "$(oci exec --process "$TMPDIR/p" x | xargs)" '1 66' 'exec --process without capabilities and limits has those of the container'
jq '.capabilities = {} | .rlimits = []' "$TMPDIR/p" >"$TMPDIR/p2"
is "$(oci exec --process "$TMPDIR/p2" x | sed -n 1p)" 0 'with empty ones it has none'
is_alone() { [ "$(oci ps -f json x | jq length)" = 1 ]; }
for how in pid-file pidfd-socket; do
	fails "--$how that cannot be" 255 alone oci exec -d --$how "$TMPDIR/none/x" x sleep 998
	ok 'leaves no process' wait_until 5 is_alone
done
# in a user namespace, too
oci delete --force x
for u in 0 1000; do
	bundle x 'userns | .process.user.uid = $u | sh("echo ok $(cat /dev/stdin) >/dev/stdout")' --argjson u "$u"
	is "$(echo in | oci run --bundle "$bundles/x" x | cat)" 'ok in' "user namespace: a pipe can be opened again by user $u"
done

bundle x 'args(["sleep", "1000"])'
create x && oci start x
# another user's: a pipe becomes its own, to be opened again, and a file that somebody is at work with does not
is "$(oci exec --user 1000 x sh -c 'echo ok >/dev/stdout' | cat)" ok 'a pipe can be opened again by a user'
oci exec --user 1000 x echo ok >"$TMPDIR/file"
is "$(cat "$TMPDIR/file") $(stat -c %u "$TMPDIR/file")" 'ok 0' 'a file of the caller keeps its owner: exec'
oci delete --force x
bundle x '.process.user.uid = 1000 | args(["echo", "ok"])'
oci run --bundle "$bundles/x" x >"$TMPDIR/file"
is "$(cat "$TMPDIR/file") $(stat -c %u "$TMPDIR/file")" 'ok 0' 'run'
oci run --detach --bundle "$bundles/x" x >"$TMPDIR/file"
is "$(stat -c %u "$TMPDIR/file")" 1000 'handed over for good, it is the user'"'"'s'
wait_until 5 is_status x stopped
oci delete x
shows 'the default place of a cgroup' "/davit-oci/t" 'del(.linux.cgroupsPath) | no_ns("cgroup") | sh("sed -n \"s/^0:://p\" /proc/self/cgroup")'
for m in $(_list_cgroup_mounts); do rmdir "$m/davit-oci" 2>/dev/null; done
rm -rf "${TMPDIR:?}"/*
done_testing
