#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# davit-oci features, events, spec.
# shellcheck source=tests/harness/lib.sh
. "$(dirname "$0")/../harness/lib.sh"
# shellcheck source=tests/runtime/oci.sh
. "$(dirname "$0")/oci.sh"
davit_env "$@"
oci_env

### features

run davit-oci features
is "$status" 0 'features'
f() { jq -r "$@" <<<"$out"; }
is "$(f '.ociVersionMin, .ociVersionMax' | xargs)" '1.0.0 1.3.0' 'versions'
is "$(f '.hooks | join(" ")')" 'prestart createRuntime createContainer startContainer poststart poststop' 'hooks'
is "$(f '.mountOptions | (index("rro") and index("tmpcopyup") and index("idmap") and index("copy-symlink") and true)')" true 'mount options'
is "$(f '.linux.namespaces | sort | join(" ")')" 'cgroup ipc mount network pid time user uts' 'namespaces'
is "$(f '.linux.capabilities | length')" "$(($(</proc/sys/kernel/cap_last_cap) + 1))" 'capabilities of this kernel'
is "$(f '.linux.seccomp.enabled, .linux.cgroup.v1, .linux.cgroup.v2, .linux.cgroup.systemd, .linux.mountExtensions.idmap.enabled, .linux.netDevices.enabled, .linux.intelRdt.monitoring' | xargs)" \
	'true true true true true true true' 'the rest'
# what is told is so: every action and option is taken
for action in $(f '.linux.seccomp.actions[] | select(. != "SCMP_ACT_NOTIFY")'); do # which needs an agent: oci_notify.t
	inside t '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["swapon"], action: $a}]} | args(["true"])' --arg a "$action"
	is "$status" 0 "$action" || diag "$err"
	run davit-oci features
done
for option in $(f '.mountOptions[] | select(test("^(remount|tmpcopyup|bind|rbind|acl|noacl|mand|nomand|iversion|noiversion|src-nofollow|copy-symlink|idmap|ridmap)$") | not)'); do
	inside t 'mount("/m"; "tmpfs"; "tmpfs"; [$o]) | args(["true"])' --arg o "$option"
	is "$status" 0 "mount option $option" || diag "$err"
	run davit-oci features
done

### events

bundle e '.linux.resources.pids.limit = 30 | .linux.resources.memory.limit = 67108864 | args(["sleep", "1000"])'
create e
oci start e
run oci events --stats e
is "$status" 0 'events --stats'
is "$(f '.type, .id, .data.pids.current, .data.pids.limit' | xargs)" 'stats e 1 30' 'type, id, processes'
is "$(f '.data.memory.usage.limit')" 67108864 'memory limit'
is "$(f '(.data.memory.usage.usage > 0) and (.data.cpu.usage.total > 0)')" true 'memory and CPU time'
is "$(f '.data | [has("blkio"), has("hugetlb"), has("intel_rdt"), has("network_interfaces"), has("cpuset")] | unique | join(" ")')" true 'all sections are there'
# processors: of the set, and each one's time, which cgroup v2 does not count
set_of() { # CGROUP-FILE: "0-2,7" as JSON's list
	python3 -c 'import sys; print([n for part in sys.argv[1].split(",") for a, _, b in [part.partition("-")] for n in range(int(a), int(b or a) + 1)])' "$1" | jq -c .
}
cgroup_of() { awk -F: -v c="$1" '{ n = split($2, l, ","); for (i = 1; i <= n; i++) if (l[i] == c) print $3 }' "/proc/$(pid_of e)/cgroup"; }
v2_of() { # the directory of e below the mount of v2
	local at
	at=$(awk '{ for (i = 7; i < NF; i++) if ($i == "-" && $(i + 1) == "cgroup2") { print $5; exit } }' /proc/self/mountinfo)
	[ -n "$at" ] && echo "$at$(sed -n 's/^0:://p' "/proc/$(pid_of e)/cgroup")"
}
v2_dir=$(v2_of)
if [ -n "$(cgroup_of cpuset)" ]; then
	cpuset=/sys/fs/cgroup/cpuset$(cgroup_of cpuset)
	is "$(f '.data.cpuset | del(.cpus, .mems, .memory_pressure) | to_entries | map("\(.key)=\(.value)") | sort | join(" ")')" \
		"$(cd "$cpuset" && for file in cpu_exclusive mem_exclusive mem_hardwall memory_migrate memory_spread_page memory_spread_slab \
			sched_load_balance sched_relax_domain_level; do echo "$file=$(<"cpuset.$file")"; done | xargs)" 'flags of the cpuset'
	is "$(f -c .data.cpuset.cpus)" "$(set_of "$(<"$cpuset/cpuset.cpus")")" 'its processors'
	is "$(f -c .data.cpuset.mems)" "$(set_of "$(<"$cpuset/cpuset.mems")")" 'its nodes'
elif [ -f "$v2_dir/cpuset.cpus.effective" ]; then
	is "$(f -c .data.cpuset.cpus)" "$(set_of "$(<"$v2_dir/cpuset.cpus.effective")")" 'processors of the cpuset'
	is "$(f -c .data.cpuset.mems)" "$(set_of "$(<"$v2_dir/cpuset.mems.effective")")" 'its nodes'
else
	is "$(f -c .data.cpuset)" '{}' 'no cpuset where there is no controller'
fi
# memory: what the files say, under the names of runc's
if [ -n "$(cgroup_of memory)" ]; then
	memory=/sys/fs/cgroup/memory$(cgroup_of memory)
	entry() { echo "$(<"$memory/memory.$1limit_in_bytes") $(<"$memory/memory.$1failcnt")"; }
	is "$(f '.data.memory | (.usage, .swap, .kernel, .kernelTCP) | .limit, .failcnt' | xargs)" "$({ entry ''; entry memsw.; entry kmem.; entry kmem.tcp.; } | jq . | xargs)" 'limits of memory, of swap and of the kernel'
	is "$(f '.data.memory | .kernel.usage < .usage.usage and .kernel.usage > 0 and .swap.max >= .swap.usage')" true 'memory of the kernel is a part'
	is "$(f '.data.memory | .swap.usage >= .usage.usage and .usage.max >= .usage.usage and .cache == .raw.cache')" true 'swap counts memory, too'
	is "$(f '.data.memory.raw | keys_unsorted | join(" ")')" "$(cut -d' ' -f1 "$memory/memory.stat" | xargs)" 'all numbers of memory.stat'
else
	swap_max=$(cat "$v2_dir/memory.swap.max" 2>/dev/null || echo 0)
	[ "$swap_max" = max ] && swap_max=18446744073709551615 || swap_max=$((67108864 + swap_max))
	is "$(f '.data.memory | .usage.limit, .swap.limit' | xargs)" "$(jq . <<<"67108864 $swap_max" | xargs)" 'limits of memory and of swap with it'
	is "$(f '.data.memory | .swap.usage >= .usage.usage and .cache == .raw.file')" true 'swap counts memory, too'
	is "$(f '.data.memory | .kernel.usage > 0 and .kernel.usage == .raw.kernel and .kernelTCP.usage == .raw.sock')" true 'memory of the kernel is a part'
	is "$(f '.data.memory.raw | keys_unsorted | join(" ")')" "$(cut -d' ' -f1 "$v2_dir/memory.stat" | xargs)" 'all numbers of memory.stat'
fi
bundle l 'args(["sleep", "1000"]) | del(.linux.resources.pids, .linux.resources.memory)'
create l && oci start l
is "$(oci events --stats l | jq -c '.data.pids')" '{"current":1}' 'no limit of processes where there is none'
oci delete --force l
if [ -n "$(cgroup_of cpuacct)" ]; then
	is "$(f '.data.cpu.usage | [.percpu, .percpu_kernel, .percpu_user | length] | unique | join(" ")')" \
		"$(wc -w <"/sys/fs/cgroup/cpuacct$(cgroup_of cpuacct)/cpuacct.usage_percpu")" 'a number for each processor'
	is "$(f '.data.cpu.usage | .percpu | add > 0')" true 'which counts'
	# the container sleeps
	is "$(f '.data.cpu.usage | [.percpu_user, .percpu_kernel] | transpose[] | join(" ")')" \
		"$(sed 1d "/sys/fs/cgroup/cpuacct$(cgroup_of cpuacct)/cpuacct.usage_all" | cut -d' ' -f2-)" "in each one's user and kernel mode"
else
	is "$(f '.data.cpu.usage | has("percpu")')" false 'no time by processor on cgroup v2'
fi
for row in cpu:cpu memory:memory blkio:io; do
	if [ -r "$v2_dir/${row#*:}.pressure" ] && grep -q some "$v2_dir/${row#*:}.pressure" 2>/dev/null; then
		is "$(f ".data.${row%:*}.psi.some | [.avg10, .avg60, .avg300, .total] | map(type) | unique | join(\" \")")" number "pressure of ${row#*:}"
	else
		is "$(f ".data.${row%:*} | has(\"psi\")")" false "no pressure of ${row#*:} here"
	fi
done
# what it writes to a disk past the cache is counted by device
io_file=$(df --output=source "$bundles" | tail -1)
# on v1 the kernel counts nothing of a disk before somebody has had a limit of it; of a partition, of the whole
if [ -b "$io_file" ] && [ -d /sys/fs/cgroup/blkio ]; then
	io_disk=/sys/class/block/$(basename "$(realpath "$io_file")")
	[ ! -e "$io_disk/partition" ] || io_disk=$io_disk/..
	IFS=: read -r major minor <"$io_disk/dev"
	ok 'a limit that is never reached' oci update --resources - e <<<"{\"blockIO\": {\"throttleWriteBpsDevice\": [{\"major\": $major, \"minor\": $minor, \"rate\": 1099511627776}]}}"
fi
if [ -b "$io_file" ] && oci exec e dd if=/dev/zero of=/io-test bs=4096 count=16 oflag=direct 2>/dev/null; then
	run oci events --stats e
	is "$(f '[.data.blkio.ioServiceBytesRecursive[] | select(.op == "Write" and .major > 0)] | map(.value) | max >= 65536')" true 'bytes written, by device'
	is "$(f '[.data.blkio.ioServicedRecursive[] | select(.op == "Write" and .major > 0)] | map(.value) | max >= 1')" true 'and operations'
else
	skip 'no disk below, or no direct I/O'
fi
rm -f "$rootfs/io-test"
page=$(cd /sys/kernel/mm/hugepages 2>/dev/null && echo hugepages-*)
cg_hugetlb=$(grep -c '^hugetlb' /proc/cgroups)
if [[ $page == *2048kB* ]] && [ "$cg_hugetlb" = 1 ]; then
	is "$(f '.data.hugetlb["2MB"] | [.usage, .failcnt] | join(" ")')" '0 0' 'huge pages, by size'
else
	skip 'no huge pages here'
fi
oci events --interval 200ms e >"$TMPDIR/events" 2>&1 &
follower=$!
ok 'events come' wait_until 10 eval '[ "$(jq -s "map(select(.type == \"stats\")) | length" "$TMPDIR/events")" -ge 2 ]'
ok 'and hold nobody up' oci state e
oci kill e KILL
ok 'they end with the container' timeout 10 tail --pid="$follower" -f /dev/null
wait "$follower"
is "$?" 0 'without an error'
wait_until 10 is_status e stopped
bundle m '.linux.resources.memory = {limit: 20000000} | args(["sleep", "1000"])'
create m && oci start m
watches() { readlink "/proc/$follower/fd"/* | grep -q 'memory.events\|eventfd'; }
"$oci_runtime" --root "$oci_root" events --interval 1h m >"$TMPDIR/events" 2>&1 &
follower=$!
wait_until 10 watches
# shellcheck disable=SC2016 # of the container's shell
alone oci exec m sh -c 'x=$(head -c 60000000 /dev/zero | tr "\0" x)'
ok 'the OOM killer is told of at once' wait_until 10 grep -q '"type":"oom"' "$TMPDIR/events"
sleep 0.3
is "$(grep -vc '"type":"oom"' "$TMPDIR/events")" 0 'and of nothing else'
oci kill m KILL
wait "$follower"
is $? 0 'events end with the container'
wait_until 10 is_status m stopped
oci delete m
fails 'events of a stopped one fail' 1 oci events --stats e
fails 'an interval that is none is refused' 1 oci events --interval 5x e
oci delete e

### spec

mkdir "$TMPDIR/s"
ok 'spec' davit-oci spec --bundle "$TMPDIR/s"
is "$(jq -r '.process.args[0], .linux.namespaces[0].type' "$TMPDIR/s/config.json" | xargs)" 'sh pid' 'is a config.json'
fails 'one that is there is not overwritten' 1 davit-oci spec --bundle "$TMPDIR/s"
if command -v runc >/dev/null; then
	mkdir "$TMPDIR/r"
	runc spec --bundle "$TMPDIR/r"
	is "$(jq -S '.linux.maskedPaths, .linux.readonlyPaths, .mounts, .process.capabilities.bounding' "$TMPDIR/s/config.json" | sha256sum)" \
		"$(jq -S '.linux.maskedPaths, .linux.readonlyPaths, .mounts, .process.capabilities.bounding' "$TMPDIR/r/config.json" | sha256sum)" \
		'mounts, paths and capabilities are those of runc spec'
else
	skip 'runc is not installed'
fi
! has_sanitizers || sanitizer_options detect_leaks=0 # not possible below strace
# what ends while exec is on its way: said so, whichever step finds it; the error of a step in what goes on is that step's
bundle e 'args(["sleep", "1000"])'
create e && oci start e
strace -f -qq -e trace=setns -e inject=setns:delay_enter=2000000:when=1 -o "$TEST_DIR/trace" \
	"$oci_runtime" --root "$oci_root" exec e /bin/true >"$TEST_DIR/out" 2>&1 </dev/null &
wait_until 10 pgrep -P $!
sleep 0.3
kill -KILL "$(oci state e | jq .pid)"
wait $!
is "$? $(<"$TEST_DIR/out")" "255 davit-oci: cannot exec in container 'e': it has ended" 'exec in what ends meanwhile'
oci delete --force e
create e && oci start e
run strace -f -qq -e trace=setns -e inject=setns:error=ENOMEM:when=1 -o "$TEST_DIR/trace" "$oci_runtime" --root "$oci_root" exec e /bin/true
like "$err" 'Cannot allocate memory' 'an error in what has not ended stays'
unlike "$err" 'has ended' 'as it is'
oci delete --force e
rm "$TEST_DIR"/{trace,out}
rm -rf "${TMPDIR:?}"/*
done_testing
