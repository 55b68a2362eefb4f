#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# cgroup v2 whose controllers are not all turned on, or not passed on: davit turns on what it may, and
# says what is missing where it may not.
. "$(dirname "$0")/../harness/lib.sh"
. "$(dirname "$0")/v2.sh"
need_v2 memory cpu pids
davit_env "$@"
demo_image

slice=$V2_ROOT/$DAVIT_SLICE.slice
has_on() { grep -qw "$2" "$1/cgroup.subtree_control"; }

### controllers that nobody has turned on

# of the whole host only where the host is ours
if in_lab; then
	for c in cpu memory pids; do echo "-$c" >"$V2_ROOT/cgroup.subtree_control"; done
fi
background bare -- sleep 1000
is "$([ -e "$dir/cpu.max" ] && echo on)" "" 'without a limit, cpu is not turned on'
ok 'memory and pids are, for statistics' [ -e "$dir/memory.current" ] && [ -e "$dir/pids.current" ]
bare=$dir
background limited -m 32m --cpus 0.5 --pids-limit 20 -- sleep 1000
is "$(<"$dir/memory.max") $(<"$dir/cpu.max") $(<"$dir/pids.max")" "$((32 << 20)) 50000 100000 20" 'a limit turns on what it needs'
is "$(<"$bare/cpu.max")" 'max 100000' 'also for those that run, who get none'
davit rm -f bare limited >/dev/null

# turned off behind our back, with the slice there
for c in cpu memory pids; do echo "-$c" >"$slice/cgroup.subtree_control"; done
background limited -m 32m --cpus 0.5 --pids-limit 20 -- sleep 1000
is "$(<"$dir/memory.max") $(<"$dir/cpu.max") $(<"$dir/pids.max")" "$((32 << 20)) 50000 100000 20" 'turned off in the slice: turned on again'
davit rm -f limited >/dev/null
for c in cpu memory pids; do echo "-$c" >"$slice/cgroup.subtree_control"; done
background bare -- sh -c 'sleep 1000 & wait'
ok 'without the pids controller' wait_until 30 sh -c 'davit stats --no-stream --format json bare | jq -e ".pids == {current: 2, limit: null}"'
is "$(jq -c '[.memory, .cpu.usage_ns > 0]' < <(davit stats --no-stream --format json bare))" '[null,true]' 'statistics count what can be counted'
davit rm -f bare >/dev/null

### a slice that cannot have controllers

rmdir "$slice"
mkdir "$slice"
echo threaded >"$slice/cgroup.type"
fails 'a threaded slice is refused' 125 davit run --rm davit/demo true
like "$err" "cgroup '$slice' is of type 'threaded'" 'saying so'
like "$err" 'hint: ' 'with a hint'
fails 'with a limit too' 125 davit run --rm -m 64m davit/demo true
like "$err" "'$slice' is of type 'threaded'" 'saying so'
is "$(find "$slice" -mindepth 1 -type d)" '' 'nothing is left in it'
rmdir "$slice"

### inside of a cgroup: not the root of the host, as in a container

outer=$V2_ROOT/$DAVIT_SLICE-outer
# nested SCRIPT: a shell with a cgroup namespace, in $outer, that sees nothing above it
nested() {
	printf '%s\n' 'umount -l /sys/fs/cgroup; mount -t cgroup2 cgroup2 /sys/fs/cgroup || exit 99' "$1" >"$TMPDIR/nested"
	# shellcheck disable=SC2016
	run bash -c 'echo $BASHPID >"$0/cgroup.procs" && exec unshare --cgroup --mount --propagation private bash "$1"' "$outer" "$TMPDIR/nested"
	rm "$TMPDIR/nested"
}
clean_outer() {
	local i
	for ((i = 0; i < 50; i++)); do
		find "$outer" -mindepth 1 -depth -type d -exec rmdir {} + 2>/dev/null
		rmdir "$outer" 2>/dev/null && return
		sleep 0.1
	done
	fail "nothing is left in $outer" "$(find "$outer" -type d)"
}

# pass only memory and pids on
pass_on() {
	local c
	mkdir "$outer"
	for c in memory pids; do echo "+$c" >"$V2_ROOT/cgroup.subtree_control"; done
	! in_lab || echo -cpu >"$V2_ROOT/cgroup.subtree_control"
}
pass_on
nested 'davit run --rm davit/demo sh -c "cat /proc/self/cgroup; echo inside"'
is "$status:$out" $'0:0::/\ninside' 'a container without limits runs'
is "$(<"$outer/cgroup.type")" domain 'and leaves it a domain'
nested 'davit run --rm --pids-limit 20 davit/demo true'
is "$status $(<"$outer/cgroup.type")" '125 domain' 'a limit of threads would not: refused'
like "$err" "option '--pids-limit': write '\+pids' to .*: Device or resource busy" 'by name'
nested 'davit run --rm -m 64m davit/demo true'
is "$status" 125 'a cgroup with processes in it cannot pass controllers on: a limit is refused'
like "$err" "option '--memory': write '\+memory' to '/sys/fs/cgroup/cgroup.subtree_control': Device or resource busy" 'naming the controller'
like "$err" 'hint: .* holds processes: move them' 'with what to do'
# shellcheck disable=SC2016
init='mkdir /sys/fs/cgroup/init
	for p in $(cat /sys/fs/cgroup/cgroup.procs); do echo $p >/sys/fs/cgroup/init/cgroup.procs; done
'
# shellcheck disable=SC2016
nested "$init"'
	davit run -d --name in -m 64m --pids-limit 20 davit/demo sh -c "sleep 1000 & wait" >/dev/null
	(cd /sys/fs/cgroup/$DAVIT_SLICE.slice/*/ && cat memory.max pids.max)
	davit exec in true
	echo exec $?
	davit pause in
	davit ps --format json | jq -r .State
	davit unpause in
	davit rm -f in
	rmdir /sys/fs/cgroup/$DAVIT_SLICE.slice'
is "$status:$(xargs <<<"$out")" "0:$((64 << 20)) 20 exec 0 in paused in in" 'when they have moved, limits, exec, pause and rm work'
[ "$status" -eq 0 ] || diag "$err"
# as it was, to be entered again
for c in memory pids; do echo "-$c" >"$outer/cgroup.subtree_control"; done
rmdir "$outer/init"
if ! has_on "$V2_ROOT" cpu; then
	nested 'davit run --rm --cpus 0.5 davit/demo true'
	is "$status" 125 'a controller that is not passed on is missing'
	like "$err" "option '--cpus': the 'cpu' controller is not available on this host" 'by name'
	like "$err" "hint: .* is not the root of the host: the cgroup above it must pass 'cpu' on" 'with what to do'
	nested 'davit doctor --format json | jq -c "[.cgroups, (.features[] | select(.name == \"cpu controller\" or .name == \"memory controller\").present)]"'
	is "$out" '["v2",true,false]' 'doctor tells which it has'
else
	skip 'cpu is passed on here' 4
fi
clean_outer

# the namespace's root is part of a threaded subtree
mkdir "$outer" "$outer/t"
echo threaded >"$outer/t/cgroup.type"
outer=$outer/t
nested 'davit run --rm davit/demo true'
is "$status" 125 'in a threaded part, a container is refused'
like "$err" "cgroup '/sys/fs/cgroup/$DAVIT_SLICE.slice' is of type 'domain invalid'" 'saying why'
outer=${outer%/t}
clean_outer
done_testing
