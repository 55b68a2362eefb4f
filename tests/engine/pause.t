#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# pause and unpause: what stops, what still works, and that the kernel alone is believed.
. "$(dirname "$0")/../harness/lib.sh"
davit_env "$@"
demo_image

state() { davit inspect "$1" | jq -r ".[0].State.$2"; }
id_of() { davit inspect "$1" | jq -r '.[0].Id'; }
# the file that the freezer of container $1 is in
freezer_file() {
	local dir
	for dir in /sys/fs/cgroup /sys/fs/cgroup/unified; do
		[ ! -e "$dir/$DAVIT_SLICE.slice/$(id_of "$1")/cgroup.freeze" ] ||
			{ echo "$dir/$DAVIT_SLICE.slice/$(id_of "$1")/cgroup.freeze"; return; }
	done
	echo "/sys/fs/cgroup/freezer/$DAVIT_SLICE/$(id_of "$1")/freezer.state"
}
# counter NAME [OPTION...]: one that counts in /n, as fast as a tenth of a second allows
counter() {
	local name=$1
	shift
	davit run -d --name "$name" "$@" davit/demo sh -c \
		'trap "echo term; exit 5" TERM; trap "echo usr1" USR1; i=0; while :; do i=$((i + 1)); echo $i >/n; sleep 0.05; done' >/dev/null ||
		bail "cannot run '$name'"
	wait_until 20 davit exec "$name" test -s /n
}
# of a paused one, which cannot be asked
count() { cat "/proc/$(state "$1" Pid)/root/n"; }

### a pause, and its end

counter pp
pid=$(state pp Pid)
ok 'pause' davit pause pp
is "$out" pp 'prints its name'
is "$(state pp Status):$(state pp Running):$(state pp Paused)" paused:true:true 'inspect says so'
is "$(state pp Pid)" "$pid" 'it still is the same process'
like "$(davit ps --format json | jq -r '.State + " " + .Status')" '^paused Up .* \(Paused\)$' 'ps says so'
like "$(davit ps)" 'Up .* \(Paused\)' 'in the table too'
before=$(count pp)
sleep 0.5
is "$(count pp)" "$before" 'it does nothing'
fails 'a reset is refused' 1 davit system reset
like "$err" "container 'pp' is paused" 'saying why'
fails 'a second pause is refused' 1 davit pause pp
is "$err" "davit: container 'pp' is already paused" 'saying why'
fails 'exec is refused' 125 davit exec pp true
is "$err" "davit: container 'pp' is paused, unpause it before exec
hint: davit unpause pp" 'with a hint'
run davit attach pp
isnt "$status" 0 'attach is refused'
like "$err" 'paused, unpause it before attach' 'too'
run davit start pp
isnt "$status" 0 'start is refused'
like "$err" 'paused, unpause it before start' 'too'
fails 'rm is refused' 1 davit rm pp
like "$err" "container 'pp' is paused" 'saying why'
ok 'logs can be read' davit logs pp
ok 'stats too' davit stats --no-stream --format json pp
is "$(jq -r '.status + " " + (.cpu.percent == 0 | tostring)' <<<"$out")" 'paused true' 'it uses no CPU'
ok 'system check leaves it alone' davit system check
is "$(state pp Status)" paused 'paused'
ok 'unpause' davit unpause pp
is "$out" pp 'prints its name'
is "$(state pp Status):$(state pp Running):$(state pp Paused)" running:true:false 'it is running'
ok 'goes on' wait_until 20 sh -c "[ \"\$(davit exec pp cat /n)\" -gt $before ]"
fails 'a second unpause is refused' 1 davit unpause pp
is "$err" "davit: container 'pp' is not paused" 'saying why'

### signals, and the ways to end

davit pause pp >/dev/null
ok 'a signal can be sent' davit kill -s USR1 pp
is "$(state pp Status)" paused 'which does not wake it'
is "$(davit logs pp)" '' 'nor is it handled'
davit unpause pp >/dev/null
ok 'until it goes on' wait_until 20 sh -c '[ "$(davit logs pp)" = usr1 ]'
davit pause pp >/dev/null
davit wait pp >"$TMPDIR/waited" &
waiter=$!
sleep 0.3
ok 'wait waits' kill -0 $waiter
ok 'stop' davit stop -t 60 pp
wait $waiter
is "$(cat "$TMPDIR/waited"):$(state pp ExitCode):$(state pp Status)" 5:5:exited 'lets it obey, and go'
is "$(davit logs pp | tail -n 1)" term 'by its own handler'
rm "$TMPDIR/waited"
fails 'pause of one that has ended is refused' 1 davit pause pp
is "$err" "davit: container 'pp' is not running" 'saying why'
fails 'unpause too' 1 davit unpause pp
is "$err" "davit: container 'pp' is not running" 'saying why'
davit rm pp >/dev/null

counter pp
davit pause pp >/dev/null
ok 'kill with the stop signal' davit kill -s TERM pp
is "$(davit wait pp)" 5 'lets it obey'
davit start pp >/dev/null
davit pause pp >/dev/null
ok 'kill' davit kill pp
is "$(state pp Status):$(state pp ExitCode)" exited:137 'ends a paused one at once'
davit start pp >/dev/null
davit pause pp >/dev/null
ok 'stop -t 0' davit stop -t 0 pp
like "$(state pp Status):$(state pp ExitCode)" '^exited:(5|137)$' 'too'
davit start pp >/dev/null
davit pause pp >/dev/null
ok 'rm -f' davit rm -f pp
fails 'removes a paused one' 1 davit inspect --type container pp

# all of a shared pid namespace's processes, which die with nobody
davit run -d --name pp --pid host davit/demo sh -c 'sleep 1000 & sleep 1000 & wait' >/dev/null
wait_until 20 sh -c '[ "$(davit stats --no-stream --format json pp | jq .pids.current)" = 3 ]'
davit pause pp >/dev/null
ok 'rm -f with --pid host' davit rm -f pp

### several, and those that cannot be

counter p1
davit create --name p2 davit/demo true >/dev/null
counter p3
run davit pause p1 p2 nobody p3
is "$status:$(xargs <<<"$out")" '1:p1 p3' 'of several, those that run are paused'
like "$err" "container 'p2' is not running" 'the others are told'
like "$err" "no container 'nobody'" 'by name'
run davit unpause p3 p2 p1
is "$status:$(xargs <<<"$out")" '1:p3 p1' 'and unpaused'
davit rm -f p1 p2 p3 >/dev/null
fails 'pause needs an argument' 125 davit pause

# in the foreground: davit itself is the parent
davit run --rm --name pf davit/demo sleep 1000 &
direct=$!
wait_until 20 sh -c '[ "$(davit inspect pf 2>/dev/null | jq -r ".[0].State.Status")" = running ]'
ok 'pause of one in the foreground' davit pause pf
is "$(state pf Status)" paused 'holds it'
davit kill pf >/dev/null
wait $direct
is $? 137 'and its parent sees it die'

# --rm, with a monitor
davit run -d --rm --name pr davit/demo sleep 1000 >/dev/null
davit pause pr >/dev/null
ok 'rm -f of a paused --rm' davit rm -f pr
fails 'nothing is left of it' 1 davit inspect --type container pr

### the kernel alone is believed

counter kk
file=$(freezer_file kk)
on=1 off=0
[ "${file##*/}" = cgroup.freeze ] || on=FROZEN off=THAWED
# as davit killed right after its write: whoever froze it left no other trace
echo $on >"$file"
ok 'frozen by a writer that was killed' wait_until 10 sh -c '[ "$(davit inspect kk | jq -r ".[0].State.Status")" = paused ]'
ok 'it can be unpaused' davit unpause kk
is "$(cat "$file"):$(state kk Status)" "$off:running" 'and is'
davit pause kk >/dev/null
echo $off >"$file"
ok 'thawed by somebody else' wait_until 10 sh -c '[ "$(davit inspect kk | jq -r ".[0].State.Status")" = running ]'
wrong=
first=1
# what comes before main() with sanitizers; LeakSanitizer cannot look while somebody traces
! has_sanitizers || { first=250; sanitizer_options detect_leaks=0; }
for ((n = first; n < 1000; n++)); do
	"$DAVIT_OUT/tests/stepper" "$n" davit pause kk >/dev/null 2>&1
	[ $? -eq 137 ] || { n=0; break; }
	[ "$(cat "$file")" != $on ] || break
	[[ $(davit ps --format json) == *'"State":"running"'* ]] || wrong+=" $n"
done
is "$wrong" '' 'davit pause killed before the freeze, at each system call: running'
isnt "$n" 0 'killed later, it has frozen it'
wait_until 10 sh -c '[ "$(davit inspect kk | jq -r ".[0].State.Status")" = paused ]'
is "$(state kk Status)" paused 'which is told: paused'
ok 'and can go on' davit unpause kk
monitor=$(awk '/^PPid:/ { print $2 }' "/proc/$(state kk Pid)/status")
davit pause kk >/dev/null
kill -KILL "$monitor"
ok 'without its monitor' wait_until 10 sh -c '[ "$(davit inspect kk | jq .[0].State.HasMonitor)" = false ]'
is "$(state kk Status)" paused 'it is paused all the same'
ok 'goes on' davit unpause kk
davit pause kk >/dev/null
ok 'and is removed' davit rm -f kk

### cgroup v1 alone: its freezer holds even what is killed

if ! mountpoint -q /sys/fs/cgroup/unified || ! mountpoint -q /sys/fs/cgroup/freezer; then
	skip 'the host has no freezer hierarchy of cgroup v1' 10
	done_testing
fi
umount /sys/fs/cgroup/unified
counter v1
ok 'v1: pause' davit pause v1
before=$(count v1)
sleep 0.3
is "$(count v1):$(state v1 Status)" "$before:paused" 'holds it'
ok 'v1: unpause' davit unpause v1
is "$(state v1 Status)" running 'lets it go'
davit pause v1 >/dev/null
ok 'v1: stop' davit stop -t 60 v1
is "$(state v1 ExitCode)" 5 'lets it obey'
davit start v1 >/dev/null
davit pause v1 >/dev/null
ok 'v1: kill' davit kill v1
is "$(state v1 ExitCode)" 137 'ends it at once'
davit rm v1 >/dev/null
umount /sys/fs/cgroup/freezer
davit run -d --name v1 davit/demo sleep 1000 >/dev/null
fails 'without the freezer, pause is refused' 1 davit pause v1
like "$err" "the 'freezer' controller is not available" 'by name'
davit rm -f v1 >/dev/null
done_testing
