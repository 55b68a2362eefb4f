#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# davit-oci --systemd-cgroup with a systemd of its own: limits and devices in unit and cgroup, and after a reload.
# shellcheck source=tests/harness/lib.sh
. "$(dirname "$0")/../harness/lib.sh"
# shellcheck source=tests/runtime/scope.sh
. "$(dirname "$0")/scope.sh"
davit_env "$@"
oci_env

# what config.json wants, in unit and cgroup
limits='.linux.resources += {
	memory: {limit: 67108864, swap: 100663296, reservation: 33554432},
	cpu: {shares: 512, quota: 33333, period: 50000, cpus: "0", mems: "0"}, pids: {limit: 7} }'

check_limits() {
	is "$(value memory.max memory memory.limit_in_bytes)" 67108864 "$1: memory"
	is "$(value cpu.max cpu cpu.cfs_quota_us)" "$([ "$mode" = v2 ] && echo 33333 50000 || echo 33333)" "$1: quota, to the microsecond"
	is "$(value pids.max pids pids.max)" 7 "$1: processes"
	is "$(value cpu.weight cpu cpu.shares)" "$([ "$mode" = v2 ] && echo 59 || echo 512)" "$1: shares"
	is "$(value cpuset.cpus cpuset cpuset.cpus)" 0 "$1: processors"
	[ "$mode" = hybrid ] || {
		is "$(value memory.swap.max)" 33554432 "$1: swap"
		is "$(value memory.low)" 33554432 "$1: reservation"
	}
}

resources() {
	made 'args(["sleep", "1000"]) | '"$limits"
	is "$(properties MemoryMax TasksMax)" '67108864 7' 'systemd knows memory and processes'
	is "$(properties CPUQuotaPerSecUSec CPUQuotaPeriodUSec)" '670ms 50ms' 'and the quota, in its grain'
	if [ "$mode" = v2 ]; then
		is "$(properties CPUWeight MemorySwapMax MemoryLow)" '59 33554432 33554432' 'weight, swap, reservation'
		is "$(properties AllowedCPUs AllowedMemoryNodes)" '0 0' 'processors and nodes'
	else
		is "$(property CPUShares)" 512 'shares'
	fi
	check_limits 'the cgroup'
	ok 'systemd reloads' sd systemctl daemon-reload
	# what systemd thinks that it must be is what it was: but for what it rounds up
	is "$(value memory.max memory memory.limit_in_bytes) $(value pids.max pids pids.max)" '67108864 7' 'and changes nothing'
	echo '{"memory": {"limit": 134217728, "swap": 134217728}, "pids": {"limit": 9}, "cpu": {"quota": 20000, "period": 100000}}' >"$TMPDIR/r.json"
	ok 'update' oci update --resources "$TMPDIR/r.json" c
	is "$(properties MemoryMax TasksMax CPUQuotaPerSecUSec)" '134217728 9 200ms' 'changes the unit'
	is "$(value memory.max memory memory.limit_in_bytes) $(value pids.max pids pids.max)" '134217728 9' 'and the cgroup'
	sd systemctl daemon-reload
	is "$(value memory.max memory memory.limit_in_bytes) $(value pids.max pids pids.max)" '134217728 9' 'for good'
	echo '{"memory": {"limit": -1, "swap": -1}, "pids": {"limit": -1}}' >"$TMPDIR/r.json"
	ok 'update to no limit' oci update --resources "$TMPDIR/r.json" c
	is "$(properties MemoryMax TasksMax) $(value pids.max pids pids.max)" 'infinity infinity max' 'lifts them'
	rm "$TMPDIR/r.json"
	oci delete -f c

	# davit-scope is no process of the container
	bundle c 'args(["true"]) | '"$placed"' | .linux.resources.pids.limit = 1'
	ok 'one process and no more' oci run -b "$bundles/c" c
	# the limit comes when davit-scope has gone: the container waits for it, however short it is
	failed=0
	for _ in 1 2 3 4 5 6 7 8 9 10; do oci run -b "$bundles/c" c </dev/null || failed=$((failed + 1)); done
	is "$failed" 0 'ten times'
	made 'args(["sleep", "1000"]) | .linux.resources.pids.limit = 1'
	is "$(value pids.max pids pids.max) $(value pids.current pids pids.current)" '1 1' 'in force when it runs'
	oci delete -f c

	bundle c 'args(["true"]) | '"$placed"' | .linux.resources.memory = {limit: 1000000, swap: 10}'
	fails 'limits that cannot be' 1 oci create -b "$bundles/c" c
	like "$err" 'linux.resources.memory' 'are told by their property'
	ok 'and leave nothing' is_gone

	made 'args(["sleep", "1000"]) | '"$limits"' | .annotations = {"run.oci.systemd.subgroup": "inner"}'
	is "$(property MemoryMax) $(path+=/inner; value memory.max memory memory.limit_in_bytes)" '67108864 67108864' \
		'with a sub-cgroup: limits of both'
	oci delete -f c
	[ "$mode" = v2 ] || return 0
	made 'args(["sleep", "1000"]) | .linux.resources.unified = {"memory.high": "50331648", "memory.max": "67108864",
		"pids.max": "5", "cpu.max": "max 20000", "cpu.weight": "42", "cpuset.cpus": "0", "memory.oom.group": "1"}'
	is "$(properties MemoryHigh MemoryMax TasksMax CPUWeight AllowedCPUs)" \
		'50331648 67108864 5 42 0' 'unified: what systemd knows'
	is "$(value memory.high) $(value pids.max) $(value memory.oom.group) $(value cpu.max)" '50331648 5 1 max 20000' 'and what it does not'
	sd systemctl daemon-reload
	is "$(value memory.high) $(value pids.max) $(value memory.oom.group)" '50331648 5 1' 'after a reload, too'
	oci delete -f c
}

devices() {
	made 'args(["sleep", "1000"]) | .linux.devices = [{path: "/k", type: "c", major: 1, minor: 11, fileMode: 438}]'
	run oci exec c sh -c ': </k'
	like "$err" 'not permitted' 'devices that the list does not have'
	sd systemctl daemon-reload
	run oci exec c sh -c ': </dev/null && : </k'
	like "$err" '/k.*not permitted' 'cannot be opened after a reload either'
	oci delete -f c
	rm "$rootfs/k"
}

# where the controllers are: with v1 on a hybrid host, else with v2
mode=$(systemd_modes | tail -1)
booted "$mode"
if is "$?" 0 "systemd starts with cgroups: $mode"; then
	devices
	resources
fi
halted
rm -f "$TMPDIR"/*
done_testing
