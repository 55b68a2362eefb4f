#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# kill -9 of davit-oci at system calls of create, start, run, exec and delete (CRASH_ALL=1: at every one of them):
# `delete --force` leaves nothing, and the id can be used again.
# shellcheck source=tests/harness/lib.sh
. "$(dirname "$0")/../harness/lib.sh"
# shellcheck source=tests/runtime/oci.sh
. "$(dirname "$0")/oci.sh"
davit_env "$@"
oci_env
! has_sanitizers || sanitizer_options detect_leaks=0
stepper=$DAVIT_OUT/tests/stepper
[ -x "$stepper" ] || bail "no $stepper: run 'make test'"
shopt -s nullglob
mapfile -t mounts_before </proc/self/mountinfo
mapfile -t cgroup_mounts < <(_list_cgroup_mounts)

bundle t 'args(["sleep", "1000"]) | hook("createRuntime"; "/bin/true"; []) | .linux.resources.pids.limit = 10'
bundle ended 'args(["true"])'
total=0

find_left() {
	local m
	left=("$oci_root"/[!~]*)
	for m in "${cgroup_mounts[@]}"; do
		left+=("$m/$DAVIT_SLICE"/*/)
	done
	mapfile -t mounts </proc/self/mountinfo
	[ "${#mounts[@]}" -eq "${#mounts_before[@]}" ] || left+=("${#mounts[@]} mounts")
}

# sweep NAME STRIDE SETUP COMMAND...
sweep() {
	local name=$1 stride=$2 setup=$3 step bad=0 killed=0 begin=$SECONDS n call program problem try
	shift 3
	! has_sanitizers || stride=$((stride * 7))
	[ -z "${CRASH_ALL:-}" ] || stride=1
	for ((step = 1; step < 5000; step += stride)); do
		$setup || { fail "$name: setup"; return; }
		timeout -k 1 30 "$stepper" -m -r "$TEST_DIR/step" "$step" davit-oci --root "$oci_root" "$@" </dev/null >"$TEST_DIR/said" 2>&1
		rc=$?
		read -r n call program <"$TEST_DIR/step"
		[ "$program" = - ] || killed=$((killed + 1))
		problem=
		[ "$rc" != 124 ] || problem=hangs
		[ "$program" != - ] || [ "$rc" = 0 ] || problem="fails undisturbed: $(<"$TEST_DIR/said")"
		timeout 20 davit-oci --root "$oci_root" list >/dev/null 2>&1 || problem='list fails'
		timeout 20 davit-oci --root "$oci_root" delete --force t >"$TEST_DIR/said" 2>&1 ||
			problem="delete --force: $(<"$TEST_DIR/said")"
		# a process whose parent was killed may still be about to see it
		for ((try = 0; try < 100; try++)); do
			find_left
			[ "${#left[@]}" -gt 0 ] || break
			sleep 0.02
		done
		[ "${#left[@]}" -eq 0 ] || problem="left: ${left[*]} $problem"
		_find_processes
		[ -z "$_processes" ] || { sleep 0.2; _find_processes; }
		[ -z "$_processes" ] || problem="processes: $_processes $problem"
		if [ -n "$problem" ]; then
			bad=$((bad + 1))
			[ "$bad" -gt "${CRASH_SHOW:-10}" ] || diag "killed at call $n (number $call): $problem"
			for pid in $(awk '{ print $1 }' <<<"$_processes"); do kill -KILL "$pid"; done
			davit-oci --root "$oci_root" delete --force t >/dev/null 2>&1
			rm -rf "${oci_root:?}"/*
			_sweep_cgroups
		fi
		[ "$program" != - ] || break
	done
	diag "$name: $killed of $n calls, $((SECONDS - begin)) s"
	total=$((total + killed))
	is "$bad" 0 "$name"
	ok 'and it can be made again' alone oci create -b "$bundles/t" t
	oci delete --force t
}
created() { create t; }
running() { create t && oci start t; }
stopped() { oci create -b "$bundles/ended" t </dev/null >/dev/null 2>&1 && oci start t && wait_until 10 is_status t stopped; }

sweep create "${CRASH_STRIDE:-3}" : create --bundle "$bundles/t" --pid-file "$TEST_DIR/pid" t
sweep start 2 created start t
sweep 'delete --force' 3 running delete --force t
sweep delete 3 stopped delete t
sweep exec 5 running exec -d t sleep 1000
sweep run 11 : run --bundle "$bundles/ended" t
diag "$total kills in $SECONDS s"
rm -rf "${TMPDIR:?}"/*
done_testing
