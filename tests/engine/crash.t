#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# kill -9 at every system call of a command (CRASH_ALL=1), or at every k-th: whatever is left is found
# and removed by the next command, and the name can be used again.
# CRASH_ONLY=REGEX picks sweeps, CRASH_FROM=N and CRASH_TO=M bound the calls.
# shellcheck source=tests/harness/lib.sh
. "$(dirname "$0")/../harness/lib.sh"
davit_env "$@"
# LeakSanitizer cannot look while somebody traces
! has_sanitizers || sanitizer_options detect_leaks=0
demo_image
shopt -s nullglob

stepper=$DAVIT_OUT/tests/stepper
[ -x "$stepper" ] || bail "no $stepper: run 'make test'"
tar=$(demo_rootfs)
mapfile -t cgroup_mounts < <(_list_cgroup_mounts)
total=0

davit run --rm davit/demo true || bail 'a container does not run'
mapfile -t mounts_before </proc/self/mountinfo

# sets $left to what is there although no container is
find_left() {
	local m
	left=("$DAVIT_ROOT"/{containers,names,trash,tmp}/* "$DAVIT_STATE"/{containers,userns,~roots}/*)
	for m in "${cgroup_mounts[@]}"; do
		left+=("$m/$DAVIT_SLICE".slice/*/ "$m/$DAVIT_SLICE"/*/)
	done
	mapfile -t mounts </proc/self/mountinfo
	[ "${#mounts[@]}" -eq "${#mounts_before[@]}" ] || left+=("${#mounts[@]} mounts")
}

quiet() {
	local said
	said=$(timeout 30 "$@" 2>&1) && return 0
	problem="'$*' failed: $said"
	return 1
}

count_policies() {
	local map n=0
	for map in "$DAVIT_BPFFS/$DAVIT_SLICE"/*/rows; do
		n=$((n + $(bpftool -j map dump pinned "$map" | jq length)))
	done
	echo "$n"
}

# remove_all: every container that is listed can be stopped and removed
remove_all() {
	local id listed

	listed=$(timeout 30 davit ps -a --no-trunc -q 2>&1) || { problem="ps -a: $listed"; return 1; }
	for id in $listed; do
		timeout 30 davit rm -f "$id" >"$TMPDIR/said" 2>&1 && continue
		grep -q 'no container' "$TMPDIR/said" && continue # it was about to end
		problem="rm -f: $(<"$TMPDIR/said")"
		return 1
	done
}

# recover: what is done after a crash; 1 with $problem when something is left
recover() {
	local try

	problem=
	case $((step % 4)) in
	0) quiet davit ps -a || return 1 ;;
	1) remove_all || return 1 ;;
	*) quiet davit system check || return 1 ;;
	esac
	remove_all || return 1
	# a container without its parent may still be on its way into its program
	for ((try = 0; try < 100; try++)); do
		quiet davit system check || return 1
		remove_all || return 1
		find_left
		[ "${#left[@]}" -gt 0 ] || break
		sleep 0.03
	done
	[ "${#left[@]}" -eq 0 ] || { problem="left: ${left[*]}"; return 1; }
	if [ $((step % 8)) -eq 0 ]; then
		_find_processes
		[ -z "$_processes" ] || { problem="processes: $_processes"; return 1; }
	fi
	quiet davit run --rm --name xx davit/demo true
}

# sweep NAME STRIDE SETUP STEPPER-OPTIONS COMMAND [ARG...]
sweep() {
	local name=$1 stride=$2 setup=$3 options=$4 step bad=0 killed=0 said rc first
	shift 4
	[ -z "${CRASH_ONLY:-}" ] || [[ $name =~ $CRASH_ONLY ]] || return 0
	# a program with sanitizers makes twice the calls, and each of them takes longer
	! has_sanitizers || stride=$((stride * 7))
	# so does an emulated processor: other kernels than the host's are sampled
	[ -z "${DAVIT_LAB_KERNEL:-}" ] || stride=$((stride * 10))
	[ -z "${CRASH_ALL:-}" ] || stride=1
	first=${CRASH_FROM:-1}
	begin=$SECONDS
	for ((step = first; step < ${CRASH_TO:-20000}; step += stride)); do
		$setup || { fail "$name: setup"; return; }
		# shellcheck disable=SC2086
		said=$(timeout -k 1 30 "$stepper" $options -r "$TMPDIR/step" "$step" "$@" 2>&1 </dev/null)
		rc=$?
		read -r n call program <"$TMPDIR/step"
		[ "$program" = - ] || killed=$((killed + 1))
		if [ "$rc" = 124 ]; then
			problem='hangs'
		elif [ "$program" = - ] && [ "$rc" != 0 ]; then
			problem="fails undisturbed with $rc: $said"
		elif recover; then
			problem=
		fi
		if [ -n "$problem" ]; then
			bad=$((bad + 1))
			[ "$bad" -gt "${CRASH_SHOW:-10}" ] || diag "killed $program at call $n (number $call): $problem"
			remove_all
			davit system check >/dev/null 2>&1
		fi
		[ "$program" != - ] || break
	done
	rm -f "$TMPDIR"/{step,said}
	diag "$name: $killed of $n calls, $((SECONDS - begin)) s"
	total=$((total + killed))
	is "$bad" 0 "$name"
	[ -z "$(count_policies)" ] || is "$(count_policies)" 0 'and no policy row is left'
}

running() { quiet davit run -d --name xx davit/demo sleep 1000; }
created() { quiet davit create --name xx davit/demo sleep 1000; }
created_rm() { quiet davit create --rm --name xx davit/demo sleep 1000; }
ended() { quiet davit run --name xx davit/demo true; }

# as on a host that has just booted
fresh() {
	davit system reset >/dev/null 2>&1
	rm -rf --one-file-system "${DAVIT_STATE:?}"/* "$DAVIT_ROOT/skel"
}
# a killed rmi may have taken the name alone
no_image() {
	local id
	for id in $(davit images -q); do
		[ "$id" = "$demo" ] || quiet davit rmi -f "$id" || return 1
	done
	[ "$(davit images -q)" = "$demo" ]
}
other_image() { no_image && quiet davit import "$tar" other; }
demo=$(davit images -q)

sweep 'run --rm' 1 : '' davit run --rm --name xx davit/demo true
sweep 'rm' 1 ended '' davit rm xx
sweep 'run --rm, everybody killed' 3 : -a davit run --rm davit/demo true
sweep 'run --rm --userns auto' 3 : '' davit run --rm --userns auto --name xx davit/demo true
sweep 'run --rm --mntns host' 3 : '' davit run --rm --mntns host --name xx davit/demo true
sweep 'run -d --mntns host, everybody killed' 9 : -a davit run -d --mntns host --name xx davit/demo true
sweep 'run --rm, first of all' 9 fresh '' davit run --rm --name xx davit/demo true
sweep 'run -d' 5 : '' davit run -d --name xx davit/demo true
sweep 'run -d, everybody killed' 5 : -a davit run -d --name xx davit/demo true
sweep 'run -d sleep' 5 : -m davit run -d --name xx davit/demo sleep 1000
sweep 'run -d --rm' 7 : '' davit run -d --rm --name xx davit/demo true
sweep 'rm -f' 2 running '' davit rm -f xx
sweep 'create' 3 : '' davit create --name xx davit/demo true
sweep 'start' 7 created -m davit start xx
sweep 'start of create --rm' 11 created_rm -m davit start xx
sweep 'stop' 3 running '' davit stop -t 0 xx
sweep 'import' 17 no_image '' davit import "$tar" other
sweep 'rmi' 3 other_image '' davit rmi other
no_image

### a container whose monitor was killed runs on

running
kill -KILL "$(pgrep -x davit-monitor)"
ok 'without its monitor it is listed' wait_until 10 sh -c 'davit ps | grep " Up .*(no monitor)"'
ok 'and can be entered' davit exec xx true
ok 'and stopped' davit stop -t 0 xx
like "$(davit ps -a)" 'Exited \(unknown\)' 'how it ended is unknown'
run davit wait xx
isnt "$status" 0 'wait fails'
like "$err" 'nobody saw how' 'and says why'
ok 'it can be started again' davit start xx
ok 'and removed' davit rm -f xx
diag "$total kills in $SECONDS s"
done_testing
