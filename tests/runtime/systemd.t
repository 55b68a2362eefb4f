#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# davit-oci --systemd-cgroup with a systemd of its own: scopes and their lives; --cgroup-manager=disabled.
# shellcheck source=tests/harness/lib.sh
. "$(dirname "$0")/../harness/lib.sh"
# shellcheck source=tests/runtime/scope.sh
. "$(dirname "$0")/scope.sh"
davit_env "$@"
# LeakSanitizer cannot look while somebody traces
! has_sanitizers || sanitizer_options detect_leaks=0
oci_env

life() {
	bundle c 'sh("sleep 1000 & sleep 1000 & wait") | no_ns("cgroup") | '"$placed"
	ok 'create' create c
	is "$(property ActiveState)" active 'there is a scope'
	is "$(properties ControlGroup Slice)" "$path a-b.slice" 'in its slice'
	is "$(properties Delegate DefaultDependencies CollectMode)" 'yes no inactive-or-failed' 'as asked for'
	is "$(property Description)" 'davit container c' 'described'
	is "$(cgroup_of c)" "$path" 'the container is in it'
	is "$(oci ps --format json c)" "[$(pid_of c)]" 'and nobody else'
	is "$(oci state c | jq -r '.["systemd-scope"]')" p-c.scope 'state tells it'
	fails 'another container with its path' 1 oci create -b "$bundles/c" d
	like "$err" "start unit 'p-c.scope': there is one of this name" 'is refused'
	ok 'without a trace' [ ! -e "$oci_root/d" ]
	is "$(status_of c) $(property ActiveState)" 'created active' 'and the first one lives'
	ok 'start' oci start c
	ok 'ps' wait_until 10 eval '[ "$(oci ps --format json c | jq length)" = 3 ]'
	is "$(oci exec c sed -n 's/^0:://p' /proc/self/cgroup)" "$path" 'exec enters the scope'
	[ "$mode" = v2 ] ||
		is "$(oci exec c cat /proc/self/cgroup | grep -vc "$path\$")" 0 'in every hierarchy'
	ok 'pause' oci pause c
	is "$(status_of c)" paused 'it is paused'
	ok 'resume' oci resume c
	is "$(oci events --stats c | jq -r '.type, (.data.pids.current >= 3)' | xargs)" 'stats true' 'events'
	ok 'kill -a' oci kill -a c KILL
	ok 'ends it' wait_until 10 is_status c stopped
	ok 'and systemd forgets it' wait_until 10 is_unloaded
	ok 'delete' oci delete c
	ok 'nothing is left of it' is_gone
	local i
	for i in 1 2 3; do # at once: systemd must be done with the name
		made 'args(["sleep", "1000"])' && oci delete -f c || break
	done
	is "$i $?" '3 0' 'made and deleted again and again'

	made 'sh("trap exit TERM; sleep 1000 & wait")'
	ok 'systemctl stop' sd systemctl stop p-c.scope
	ok 'ends the container' wait_until 10 is_status c stopped
	ok 'which can be deleted' oci delete c
	ok 'and is gone' is_gone

	# a scope of the name that somebody else has by now is not ours to stop
	made 'args(["true"])'
	wait_until 10 is_unloaded
	sd systemd-run --quiet --scope --slice a-b.slice --unit p-c.scope sleep 1000 </dev/null >/dev/null 2>&1 &
	wait_until 10 eval '[ "$(property ActiveState)" = active ]'
	ok 'delete of one whose name is taken' oci delete c
	is "$(property ActiveState)" active 'leaves the other alone'
	sd systemctl stop p-c.scope

	bundle c 'args(["sleep", "1000"]) | del(.linux.cgroupsPath) | no_ns("cgroup")'
	create c
	is "$(cgroup_of c)" /system.slice/davit-c.scope 'without a path: system.slice'
	oci delete -f c
	bundle c 'args(["true"]) | .linux.cgroupsPath = "/a/b"'
	fails 'a path of cgroupfs' 1 oci create -b "$bundles/c" c
	like "$err" "linux.cgroupsPath: '/a/b' is not SLICE:PREFIX:NAME" 'is refused'
	bundle c "$placed"' | args(["true"]) | hook("createRuntime"; "/bin/false"; [])'
	fails 'a create that fails later' 1 oci create -b "$bundles/c" c
	ok 'leaves nothing' is_gone
	bundle c "$placed"' | args(["true"])'
	run oci run -b "$bundles/c" c
	is "$status" 0 'run'
	ok 'leaves nothing' is_gone
}

annotations() {
	bundle c 'args(["sleep", "1000"]) | no_ns("cgroup") | '"$placed"' | .annotations = {
		"org.systemd.property.TimeoutStopSec": "uint64 7", "org.systemd.property.Description": "'\''my text'\''",
		"org.systemd.property.Before": "['\''x.service'\'', '\''y.service'\'']", "org.systemd.property.SendSIGHUP": "true",
		"other.property.X": "no value at all" }'
	ok 'properties by annotation' create c
	is "$(properties TimeoutStopUSec Description SendSIGHUP)" '7s my text yes' 'are the unit'\''s'
	like "$(property Before)" 'x.service.*y.service|y.service.*x.service' 'lists, too'
	oci delete -f c
	bundle c 'args(["true"]) | '"$placed"' | .annotations = {"org.systemd.property.TimeoutStopSec": "soon"}'
	fails 'a value that is none' 1 oci create -b "$bundles/c" c
	like "$err" 'annotations."org.systemd.property.TimeoutStopSec".: .soon. is no value' 'is refused'
	bundle c 'args(["true"]) | '"$placed"' | .annotations = {"org.systemd.property.NoSuchThing": "true"}'
	fails 'a property that systemd does not know' 1 oci create -b "$bundles/c" c
	like "$err" "start unit 'p-c.scope': systemd: .*NoSuchThing" 'is refused, in its words'
	ok 'nothing is left of them' is_gone

	bundle c 'sh("sleep 1000 & sleep 1000 & wait") | no_ns("cgroup") | '"$placed"' | .annotations = {"run.oci.systemd.subgroup": "inner"}'
	ok 'with a sub-cgroup' create c
	is "$(cgroup_of c)" "$path/inner" 'the container is in that'
	is "$(<"$(hierarchy)$path/cgroup.procs")" '' 'and nobody in the scope itself'
	oci start c
	is "$(oci exec c sed -n 's/^0:://p' /proc/self/cgroup)" "$path/inner" 'exec, too'
	ok 'pause' oci pause c
	is "$(status_of c)" paused 'works'
	ok 'delete -f' oci delete -f c
	ok 'leaves nothing' is_gone
	bundle c 'args(["true"]) | '"$placed"' | .annotations = {"run.oci.systemd.subgroup": "a/../.."}'
	fails 'a sub-cgroup elsewhere' 1 oci create -b "$bundles/c" c
	like "$err" 'run.oci.systemd.subgroup' 'is refused'
}

# one call in so many: a scope each takes time
crash() {
	local step n call program bad=0 begin=$SECONDS
	bundle c "$placed"' | args(["sleep", "1000"]) | .linux.resources.pids.limit = 10'
	for ((step = 1; step < 5000; step += ${CRASH_STRIDE:-23})); do
		sd timeout -k 1 30 "$DAVIT_OUT/tests/stepper" -m -r "$TEST_DIR/step" "$step" davit-oci --root "$oci_root" --systemd-cgroup \
			create --bundle "$bundles/c" c </dev/null >"$TEST_DIR/said" 2>&1
		read -r n call program <"$TEST_DIR/step"
		sd davit-oci --root "$oci_root" delete --force c >"$TEST_DIR/said" 2>&1 || { bad=$((bad + 1)); diag "$n $call: $(<"$TEST_DIR/said")"; }
		wait_until 5 is_gone || { bad=$((bad + 1)); diag "killed at $call (number $n): $(sd systemctl status p-c.scope)"; sd systemctl stop p-c.scope; }
		[ "$program" != - ] || break
	done
	diag "$n calls, $((SECONDS - begin)) s"
	is "$bad" 0 'kill -9 of create: delete --force leaves nothing'
}

# podman passes the driver to create alone
without_option() {
	made 'args(["sleep", "1000"])'
	driver=()
	is "$(oci exec c echo hi)" hi 'later commands need no option'
	ok 'not even delete' oci delete -f c
	ok 'for all of it' is_gone
	driver=(--systemd-cgroup)
}

no_bus() {
	sd mv /run/systemd/private /run/systemd/hidden
	bundle c "$placed"' | args(["true"])'
	fails 'without a bus' 1 oci create -b "$bundles/c" c
	like "$err" "connect to systemd.*hint: is systemd the first process" 'create says so'
	ok 'nothing is left' [ ! -e "$oci_root/c" ]
	sd mv /run/systemd/hidden /run/systemd/private
}

for mode in $(systemd_modes); do
	booted "$mode"
	is "$?" 0 "systemd starts with cgroups: $mode" || break
	life
	annotations
	without_option
	[ "$mode" != v2 ] || { no_bus; crash; }
	halted
done

### without it

oci() { davit-oci --root "$oci_root" "${driver[@]}" "$@"; }
mkdir -p "$TEST_DIR/empty"
mount --bind "$TEST_DIR/empty" /run/systemd 2>/dev/null
bundle c 'args(["true"])'
fails 'where systemd is not in charge' 1 oci create -b "$bundles/c" c
like "$err" "needs systemd in charge of the host.*hint: " 'is an error with a hint'
umount /run/systemd 2>/dev/null
driver=(--systemd-cgroup --cgroup-manager cgroupfs)
fails 'two drivers' 1 oci list
like "$err" 'exclude each other' 'are refused'
driver=(--cgroup-manager=none)
fails 'an unknown one' 1 oci list
like "$err" "'none' is not cgroupfs, systemd or disabled" 'is refused'

### no cgroup at all

driver=(--cgroup-manager=disabled)
bundle c 'sh("cat /proc/self/cgroup; exec sleep 1000") | no_ns("cgroup")'
ok 'disabled: create' create c
oci start c
wait_until 10 grep -q 0:: "$TMPDIR/c.out"
is "$(<"$TMPDIR/c.out")" "$(</proc/self/cgroup)" 'the container is where its maker is'
is "$(_list_cgroups | grep -c '/c$')" 0 'no cgroup is made'
driver=()
is "$(oci exec c cat /proc/self/cgroup)" "$(</proc/self/cgroup)" 'exec, too'
fails 'pause is refused' 1 oci pause c
like "$err" "has no cgroup.*hint: .*disabled" 'with the reason'
fails 'and update' 1 oci update --resources - c <<<'{"pids": {"limit": 5}}'
fails 'and ps' 1 oci ps c
like "$err" 'which has no cgroup' 'with the reason'
fails 'and a signal for all' 1 oci kill --all c TERM
like "$err" 'which has no cgroup' 'with the reason'
ok 'but for KILL of a pid namespace' oci kill --all c KILL
ok 'ends it' wait_until 10 is_status c stopped
ok 'delete' oci delete c
driver=(--cgroup-manager disabled)
for limit in memory.limit=1000000 cpu.shares=100 pids.limit=5 blockIO.weight=100 unified='{"pids.max": "5"}'; do
	denies "disabled: ${limit%%=*} is refused" "linux.resources.${limit%%[.=]*}: cannot set limits without cgroups" \
		"args([\"true\"]) | .linux.resources.${limit%%=*} = ${limit#*=}"
done
denies 'disabled: rules for a part of the access are refused' 'linux.resources.devices: cannot set limits' \
	'args(["true"]) | .linux.resources.devices += [{allow: true, type: "c", major: 10, minor: 200, access: "rw"}]'
rm -f "$TMPDIR"/*
done_testing
