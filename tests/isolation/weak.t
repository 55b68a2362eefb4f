#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The probes can fail: containers that are weaker than asked for in one property, each caught by exactly its
# probe. weak-runtime is runc behind a change of config.json, of the caller, or of runc's options.
# shellcheck source=tests/harness/lib.sh
. "$(dirname "$0")/../harness/lib.sh"
DAVIT_TEST_TIMEOUT=${DAVIT_TEST_TIMEOUT:-1200} # many containers
davit_env "$@"
here=$TEST_TOP/tests/isolation
probe=$DAVIT_OUT/bin/davit-probe
command -v runc >/dev/null || plan skip_all 'no runc'

failed_in() { awk '/^not ok/ { print $4 }' "$1" | sort; }

# baseline OPTION...: what the container is tried with from here on, and what it is without any weakness
baseline() {
	local rc
	options=("$@")
	"$probe" host "${options[@]}" >"$TEST_DIR/base" 2>"$TEST_DIR/err"
	rc=$?
	failed_in "$TEST_DIR/base" >"$TEST_DIR/base.failed"
	diag "$*: $(tail -n 1 "$TEST_DIR/base"); failed: $(xargs <"$TEST_DIR/base.failed")"
	[ $rc -le 1 ]
}
baseline --runtime "$here/weak-runtime" ||
	plan skip_all "runc does not run here: $(head -n 1 "$TEST_DIR/err")"

# why a probe says nothing here without any weakness; empty if it passes
silent() {
	awk -v n="$1" '$1 == "ok" && $3 == n { f = 1; if (sub(/.*# SKIP /, "")) print; exit }
		$1 == "not" && $4 == n { f = 1; print "fails without it, too"; exit }
		END { if (!f) print "there is no such probe" }' "$TEST_DIR/base"
}

rows=0 again=0
# what fails in the container that is changed; sets $got, $rc
weakened() {
	"$probe" host "${options[@]}" >"$TEST_DIR/weak" 2>"$TEST_DIR/err"
	rc=$?
	got=$(failed_in "$TEST_DIR/weak" | comm -23 - "$TEST_DIR/base.failed" | xargs)
}

tell_weakened() {
	diag "failed: $got"
	diag "wanted: $want, status $rc"
	diag "$(awk 'NR == FNR { base[$1]; next } tell { print } { tell = /^not ok/ && !($4 in base) } tell { print }' \
		"$TEST_DIR/base.failed" "$TEST_DIR/weak")"
	[ ! -s "$TEST_DIR/err" ] || diag "$(<"$TEST_DIR/err")"
}

# weak NAME PROBES JQ [SH [RUN]]: the container that is changed by JQ, SH, RUN fails in PROBES, in nothing else.
# Of 80,000 probes in all one may run out of time on a busy machine: such a row is tried once more.
# WEAK_ONLY is a regular expression of the names to try.
weak() {
	local want got why name rc
	[[ $1 =~ ${WEAK_ONLY:-} ]] || return 0
	for name in $2; do
		why=$(silent "$name")
		[ -z "$why" ] || { skip "$1: $name: $why"; return; }
	done
	rows=$((rows + 1))
	local -x WEAK_JQ=$3 WEAK_SED=$3 WEAK_SH=${4:-} WEAK_RUN=${5:-}
	want=$(tr ' ' '\n' <<<"$2" | sort | xargs)
	weakened
	if [[ $2 == seccomp/* ]] && grep -qxF "# tried: call ${2#*/}(2); seen: ENOSYS, by the filter or the kernel" "$TEST_DIR/weak"; then
		skip "$1: the kernel has no such call"
		rows=$((rows - 1))
		return
	fi
	if [ "$rc" -ne 1 ] || [ "$got" != "$want" ]; then
		again=$((again + 1))
		diag "again: $1"
		tell_weakened
		weakened
	fi
	if [ "$rc" -eq 1 ] && [ "$got" = "$want" ]; then
		pass "$1: $2"
	else
		fail "$1"
		tell_weakened
	fi
}
weak_sh() { weak "$1" "$2" . "$3" "${4:-}"; }
# what the start of runc is replaced by
start='runc --root "$state" run --bundle "$bundle" "$id"'
perl_start() { echo "exec perl -MPOSIX -e '$1; exec @ARGV' $start"; }

### namespaces
without() { echo ".linux.namespaces |= map(select(.type != \"$1\"))"; }
of_sibling() { echo "(.linux.namespaces[] | select(.type == \"$1\")).path = \"/proc/\(\$sibling)/ns/${2:-$1}\""; }
weak 'no pid namespace' 'pid/new-namespace cgroup/init-root' "$(without pid)"
weak 'no network namespace' net/new-namespace "$(without network)"
weak 'no ipc namespace' ipc/new-namespace "$(without ipc)"
weak 'no cgroup namespace' cgroup/new-namespace "$(without cgroup)"
weak 'no uts namespace' uts/new-namespace "$(without uts) | del(.hostname)"
weak 'another host name' uts/hostname '.hostname = "other"'
weak 'ipc of the sibling' sibling/namespaces "$(of_sibling ipc)"
weak 'host name of the sibling' sibling/namespaces "$(of_sibling uts)"
weak 'processes of the sibling' \
	'sibling/namespaces processes/sibling-arguments cgroup/init-root cgroup/sibling-path' "$(of_sibling pid)"
weak 'network of the sibling' 'sibling/namespaces ipc/sibling-socket' "$(of_sibling network net)"

### capabilities
caps() { echo ".process.capabilities.$1 $2 [\"$3\"]"; }
for cap in SYS_ADMIN SYS_PTRACE NET_ADMIN SYS_MODULE DAC_READ_SEARCH; do
	weak "CAP_$cap in the bounding set" caps/bounding "$(caps bounding += CAP_$cap)"
done
weak 'less than asked for is permitted' caps/permitted \
	"$(caps permitted -= CAP_AUDIT_WRITE) | $(caps effective -= CAP_AUDIT_WRITE)"
weak 'an inheritable capability' caps/inheritable "$(caps inheritable += CAP_CHOWN)"
weak 'new privileges' caps/no-new-privs '.process.noNewPrivileges = false'

### seccomp: a rule each
weak 'no filter' seccomp/filter 'del(.linux.seccomp)'
while read -r call; do
	weak "no rule for $call" "seccomp/$call" ".linux.seccomp.syscalls[0].names -= [\"$call\"]"
done < <("$probe" list --format json |
	jq -r '.[] | select(.group == "seccomp" and .tried == "call \(.name | sub(".*/"; ""))(2)") | .name | sub(".*/"; "")')
rule_of() { echo ".linux.seccomp.syscalls |= map(select(.names != [\"$1\"] ${2:-}))"; }
weak 'no rule for clone3' seccomp/clone3 "$(rule_of clone3)"
weak 'no rule for namespaces by clone' seccomp/clone-namespaces "$(rule_of clone)"
for bit in 0x20000 0x2000000 0x4000000 0x8000000 0x10000000 0x20000000 0x40000000; do
	weak "no rule for clone($bit)" seccomp/clone-namespaces "$(rule_of clone "or .args[0].value != $((bit))")"
done
weak 'no rule for personality' seccomp/personality "$(rule_of personality)"
weak 'no rule for vsock' seccomp/socket-vsock "$(rule_of socket 'or .args[0].value != 40')"
weak 'no rule for AF_ALG' seccomp/socket-alg "$(rule_of socket 'or .args[0].value != 38')"

### devices
root_disk=$(stat -c '%Hd:%Ld' /)
while read -r name type major minor; do
	# one of them may be what the host lives on
	[ "$type $major:$minor" != "b $root_disk" ] || name+=' devices/no-host-disk'
	weak "device $type $major:$minor is allowed" "$name" ".linux.resources.devices +=
		[{ allow: true, type: \"$type\", major: $major, minor: $minor, access: \"rwm\" }]"
done < <("$probe" list --format json | jq -r '.[] | select(.group == "devices") |
	select(.tried | test("device [bc] [0-9]+:[0-9]+$")) | .name + " " + (.tried | sub(".*device "; "") | sub(":"; " "))')
weak 'all devices are allowed' devices/policy \
	'.linux.resources.devices = [{ allow: true, access: "rwm" }]'
weak '/dev of the host' "devices/console devices/no-block-nodes devices/no-other-nodes \
mounts/pts-flags mounts/shm-flags mounts/dev-is-own mounts/terminals-own ipc/posix-shared-memory" \
	'.mounts += [{ destination: "/dev", type: "bind", source: "/dev", options: ["rbind", "nosuid"] }]'

### mounts
option() { echo "(.mounts[] | select(.destination == \"$1\")).options -= [\"$2\"]"; }
for o in nosuid nodev noexec; do
	weak "/proc without $o" mounts/proc-flags "$(option /proc $o)"
	weak "/sys without $o" mounts/sys-flags "$(option /sys $o)"
	weak "/dev/mqueue without $o" mounts/mqueue-flags "$(option /dev/mqueue $o)"
done
for o in nosuid nodev; do weak "/dev/shm without $o" mounts/shm-flags "$(option /dev/shm $o)"; done
for o in nosuid noexec; do weak "/dev/pts without $o" mounts/pts-flags "$(option /dev/pts $o)"; done
weak '/dev without nosuid' mounts/dev-flags "$(option /dev nosuid)"
weak 'a writable root' mounts/root-readonly '.root.readonly = false'
weak 'a writable bind' mounts/bind-readonly "$(option /.davit-probe ro)"
bind() { echo ".mounts += [{ destination: \"$1\", type: \"bind\", source: \"$2\", options: [\"rbind\", \"${3:-ro}\"] }]"; }
weak 'a directory of the host' mounts/none-unasked "$(bind /mnt /etc)"
weak 'a file of the host' mounts/none-unasked "$(bind /etc/group /etc/hostname)"
weak '/proc of the host elsewhere' mounts/none-unasked "$(bind /mnt /proc)"
weak 'a mounted namespace' mounts/no-namespace "$(bind /tmp/ns /proc/self/ns/net)"
weak 'terminals of the host' mounts/terminals-own "$(bind /dev/pts /dev/pts noexec\",\"nosuid)"
weak 'shared memory of the host' ipc/posix-shared-memory \
	"$(bind /dev/shm /dev/shm nodev\",\"nosuid)"
weak 'mounts go to the host' outside/no-mounts-to-host '.linux.rootfsPropagation = "rshared"'
weak 'mounts come from the host' outside/no-mounts-from-host '.linux.rootfsPropagation = "rslave"'
weak 'no pivot_root' 'outside/no-mounts-from-host outside/old-root-gone' '.linux.rootfsPropagation = "rslave"' '' --no-pivot

# these happen in the copy of the mount namespace that davit-probe has
mkdir "$TEST_DIR/left" "$TEST_DIR/strangers"
left="mount --bind \"\$(jq -r .root.path \"\$bundle/config.json\")\" '$TEST_DIR/left' && mount --make-private '$TEST_DIR/left'"
weak_sh 'its root is left on the host' outside/mount-table-unchanged "$left"
weak_sh 'a mount of its name is left on the host' outside/mount-table-unchanged \
	"mkdir '$TEST_DIR/'\"\$id\" && mount -t tmpfs left '$TEST_DIR/'\"\$id\""
weak_sh 'and a mount on it' outside/mount-table-unchanged "$left && mount -t tmpfs on-it '$TEST_DIR/left/tmp'"
[[ ! 'and a mount on it' =~ ${WEAK_ONLY:-} ]] || like "$(<"$TEST_DIR/weak")" "seen: 2 mounts of the container .*/left/tmp'" 'which is found by its parent'
WEAK_JQ=. WEAK_SH="mount -t tmpfs stranger '$TEST_DIR/strangers'" "$probe" host "${options[@]}" >"$TEST_DIR/weak" 2>"$TEST_DIR/err"
is "$(failed_in "$TEST_DIR/weak")" "$(<"$TEST_DIR/base.failed")" 'what others mount is none of its'

### /proc and /sys
for p in acpi interrupts keys timer_list kcore latency_stats sched_debug scsi timer_stats asound; do
	weak "/proc/$p is not masked" "proc-sys/${p//_/-}-masked" ".linux.maskedPaths -= [\"/proc/$p\"]"
done
weak '/sys/firmware is not masked' proc-sys/firmware-masked '.linux.maskedPaths -= ["/sys/firmware"]'
weak 'powercap is not masked' proc-sys/powercap-masked \
	'.linux.maskedPaths -= ["/sys/devices/virtual/powercap"]'
for p in bus fs irq; do
	weak "/proc/$p is writable" "proc-sys/$p-readonly" ".linux.readonlyPaths -= [\"/proc/$p\"]"
done
weak '/proc/sys is writable' proc-sys/sysctl-readonly '.linux.readonlyPaths -= ["/proc/sys"]'
weak 'sysrq-trigger is writable' proc-sys/sysrq-trigger-readonly '.linux.readonlyPaths -= ["/proc/sysrq-trigger"]'
weak '/sys is writable' proc-sys/sys-readonly "$(option /sys ro)"
filesystem() { echo ".mounts += [{ destination: \"$2\", type: \"$1\", source: \"$1\", options: [\"nosuid\", \"nodev\", \"noexec\"] }]"; }
weak 'another /sys is writable' proc-sys/no-writable-sysfs "$(filesystem sysfs /mnt)"
while read -r type at name; do
	if ! grep -qw "$type" /proc/filesystems || [ ! -d "$at" ]; then
		skip "the kernel has no $type"
		continue
	fi
	caught=proc-sys/no-$name
	# there is one of it in the system, but for bpf: where the host has it mounted, it is the host's
	[ "$type" = bpf ] || ! grep -q " - $type " /proc/self/mountinfo || caught+=' mounts/none-unasked'
	weak "$type is mounted" "$caught" "$(filesystem "$type" "$at")"
done <<'END'
debugfs /sys/kernel/debug debugfs
tracefs /sys/kernel/tracing tracefs
securityfs /sys/kernel/security securityfs
bpf /sys/fs/bpf bpffs
END

### what the caller was
weak_sh 'an open file' descriptors/none-inherited 'exec 3</etc/passwd' '--preserve-fds 1'
weak 'umask' inherited/umask '.process.user.umask = 0'
weak_sh 'priority' inherited/nice 'renice -n -5 $$ >/dev/null'
weak_sh 'priority of I/O' inherited/io-priority "exec ionice -c 1 -n 0 $start"
weak_sh 'blocked signals' inherited/blocked-signals \
	"$(perl_start 'sigprocmask(SIG_BLOCK, POSIX::SigSet->new(SIGUSR1))')"
weak_sh 'personality' inherited/personality "exec setarch -R $start"
weak_sh 'timer slack' inherited/timer-slack "$(perl_start 'syscall(157, 29, 1, 0, 0, 0)')"
weak_sh 'huge pages' inherited/thp-disable "$(perl_start 'syscall(157, 41, 1, 0, 0, 0)')"
weak_sh 'machine checks' inherited/mce-policy "$(perl_start 'syscall(157, 33, 1, 0, 0, 0)')"
weak_sh 'core filter' inherited/core-filter 'echo 0x1 >/proc/self/coredump_filter'
weak 'environment' inherited/environment \
	'.process.env += ["DAVIT_PROBE_CANARY=" + env.DAVIT_PROBE_CANARY]'
# the filter hides a keyring, too
weak 'keyring' 'seccomp/keyctl inherited/keyring' \
	'.linux.seccomp.syscalls[0].names -= ["keyctl"]' '' --no-new-keyring
# only the node that davit-probe made
weak_sh 'the owner of standard input' outside/null-device-unchanged \
	'[ "$(stat -c %d /proc/self/fd/0)" = "$(stat -c %d /dev)" ] || chown 100000:100000 /proc/self/fd/0'
weak 'a group' users/groups '.process.user.additionalGids = [10]'

### limits and cgroups
weak 'no limit of memory' limits/memory 'del(.linux.resources.memory)'
weak 'a larger limit of memory' limits/memory-value '.linux.resources.memory.limit = 100000000'
weak 'no limit of processes' limits/pids 'del(.linux.resources.pids)'
weak 'a larger limit of processes' limits/pids '.linux.resources.pids.limit = 100'
weak 'no limit of processor time' limits/cpu-value 'del(.linux.resources.cpu)'
weak 'a larger limit of processor time' limits/cpu-value '.linux.resources.cpu.quota = 60000'
weak 'no limit of open files' limits/nofile '.process.rlimits = []'
weak 'a larger limit of open files' limits/nofile '.process.rlimits[0].hard = 4096'
weak 'writable cgroups' cgroup/read-only "$(option /sys/fs/cgroup ro)"
weak 'cgroups of the host' 'cgroup/not-the-top mounts/cgroup-flags' \
	"$(bind /sys/fs/cgroup /sys/fs/cgroup 'ro", "nosuid", "nodev", "noexec')"
weak 'the cgroup of the sibling' outside/cgroup-not-siblings '.linux.cgroupsPath |= sub("-i$"; "-h")'

### a network with more than lo
unshare --net bash -c 'ip link set lo up && ip link add v0 type veth peer v1 && exec sleep 600' >/dev/null 2>&1 &
links=$!
if wait_until 5 grep -q v0 "/proc/$links/net/dev"; then
	weak 'links' network/links "(.linux.namespaces[] | select(.type == \"network\")).path = \"/proc/$links/ns/net\""
else
	skip 'no veth'
fi
kill "$links" 2>/dev/null
wait "$links" 2>/dev/null

### with a user namespace
if baseline --runtime "$here/weak-runtime" --with user; then
	weak 'no user namespace' user/new-namespace "$(without user) | del(.linux.uidMappings, .linux.gidMappings)"
	weak 'the users of the host' users/uid-map '.linux.uidMappings[0].hostID = 0'
	weak 'more users' users/uid-map '.linux.uidMappings[0].size = 65537'
	weak 'other groups' users/gid-map '.linux.gidMappings[0].hostID = 200000'
else
	skip "runc makes no user namespace here: $(head -n 1 "$TEST_DIR/err")" 4
fi

### what runc cannot do, by davit
if baseline --program "$here/weak-davit" --with time; then
	weak 'no time namespace' 'time/new-namespace time/monotonic time/boottime' '/^--timens/d; /^--time-offset/d'
	weak 'no offsets' 'time/monotonic time/boottime' '/^--time-offset/d'
	weak 'another monotonic clock' time/monotonic 's/monotonic=[0-9]*/monotonic=1/'
	weak 'another clock since boot' time/boottime 's/boottime=[0-9]*/boottime=1/'
	weak 'a writable root of davit' mounts/root-readonly '/^--read-only/d'
	weak 'new privileges by davit' caps/no-new-privs '/^--security-opt=no-new-privileges/d'
	weak 'no limit of processes by davit' limits/pids '/^--pids-limit/d'
	weak 'no limit of memory by davit' limits/memory '/^--memory/d'
	weak 'a capability more by davit' caps/bounding 's/^--cap-drop=ALL$/&\n--cap-add=WAKE_ALARM/'
	weak 'no filter by davit' seccomp/filter 's/^--rm$/--rm\n--security-opt=seccomp=unconfined/'
fi

### every capability and no filter: what a capability decides on must fail
# (each of these needs caps/effective, which would be the one to fail: they are tried without it)
mkdir "$TEST_DIR/naked"
cp "$probe" "$TEST_DIR/naked/"
: >"$TEST_DIR/naked/go"
printf '%s\n' want.caps.{effective,permitted,bounding,inheritable,ambient}=0x0 >"$TEST_DIR/naked/facts"
mapfile -t names < <("$probe" list --format json | jq -r '.[] | select(.group == ("capabilities", "kernel", "network-changes")).name' |
	grep -vE '^caps/(bounding|permitted|effective|inheritable|ambient|securebits|no-new-privs.*|set-user-id|file-capabilities)$')
unshare --mount --pid --net --ipc --uts --fork --mount-proc \
	"$probe" alone "$TEST_DIR/naked" token "${names[@]}" cgroup/mount-v2 cgroup/mount-v1 >"$TEST_DIR/naked/told"
# what passes nevertheless: the kernel tells of processes in the first namespaces only, it has not all calls, does not
# suspend, or we have not all capabilities
may='kernel/process-events:|.*: ENOSYS$'
[ -e /sys/power/wakeup_count ] || may+='|caps/block-suspend:'
[ $((0x$(awk '/^CapEff/ { print $2 }' /proc/self/status) >> 24 & 1)) -eq 1 ] || may+='|caps/sys-resource:'
is "$(awk -F '\t' '$1 == "probe" && $3 == 0 { print $2 ": " $4 }' "$TEST_DIR/naked/told" | grep -vE "^($may)")" '' \
	'all capabilities and no filter: no probe of them passes'
ok 'nearly all were tried' [ "$(awk -F '\t' '$3 == 1' "$TEST_DIR/naked/told" | wc -l)" -ge 35 ]

diag "$rows weakened containers"
[ -n "${WEAK_ONLY:-}" ] || ok 'at least 100 of them' [ "$rows" -ge 100 ]
ok "$again rows were tried twice, at most 2" [ "$again" -le 2 ]
done_testing
