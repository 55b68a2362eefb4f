#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# create, start, stop, kill, wait, rm, ps, inspect, logs: a container's states.
. "$(dirname "$0")/../harness/lib.sh"
davit_env "$@"
demo_image
tar=$(demo_rootfs)
state() { davit inspect "$1" | jq -r ".[0].State.$2"; }

### created, running, exited, and again
ok 'create' davit create --name cc -l k=v davit/demo sh -c 'echo run; cat /count 2>/dev/null; echo x >>/count; sleep 60'
like "$out" '^[0-9a-f]{64}$' 'prints the id'
id=$out
is "$(state cc Status)" created 'is created'
is "$(davit ps -q)" '' 'ps does not list it'
is "$(davit ps -aq --no-trunc)" "$id" 'ps -a does'
fails 'exec does not' 125 davit exec cc true
fails 'kill neither' 1 davit kill cc
ok 'start' davit start cc
is "$out" cc 'prints its name'
is "$(state cc Status):$(state cc Running)" running:true 'is running'
isnt "$(state cc Pid)" 0 'has a pid'
run davit start cc
is "$status" 0 'start of a running one does nothing'
like "$(davit ps --format json | jq -r '.Status')" '^Up ' 'ps says Up'
fails 'rm of a running one is refused' 1 davit rm cc
like "$err" 'running' 'and says so'
like "$err" 'hint: ' 'with a hint'
time=$SECONDS
ok 'stop' davit stop -t 1 cc
ok 'kills after the timeout' [ $((SECONDS - time)) -lt 5 ]
is "$(state cc Status):$(state cc ExitCode):$(state cc Pid)" exited:137:0 'is exited'
like "$(davit ps -a --format json | jq -r .Status)" '^Exited \(137\)' 'ps -a says so'
run davit stop cc
is "$status" 0 'stop of a stopped one does nothing'
is "$(davit wait cc)" 137 'wait tells the status at once'
ok 'start again' davit start cc
wait_until 5 sh -c '[ "$(davit logs cc | wc -l)" = 3 ]'
is "$(davit logs cc | xargs)" 'run run x' 'the writable layer was kept, and the log'
isnt "$(state cc StartedAt)" "$(davit inspect cc | jq -r '.[0].Created')" 'started is not created'
ok 'rm -f' davit rm -f cc
fails 'is gone' 1 davit inspect --type container cc
fails 'rm of one that is not there' 1 davit rm cc
is "$(find "$DAVIT_ROOT/containers" -mindepth 1 | wc -l)" 0 'nothing of it is left'

### create --rm: kept until its first run has ended
gone() { [ -z "$(davit ps -aq)" ] && [ -z "$(find "$DAVIT_ROOT"/{containers,names} "$DAVIT_STATE/containers" -mindepth 1)" ]; }
ok 'create --rm' davit create --rm --name cr davit/demo sh -c 'echo out; exit 5'
is "$(state cr Status)" created 'is created'
ok 'system check' davit system check
is "$(state cr Status)" created 'leaves it alone'
fails 'start -a has its status' 5 davit start -a cr
is "$out" out 'and its output'
ok 'then it is gone' wait_until 10 gone
ok 'rm of one that never ran' sh -c 'davit create --rm --name cr davit/demo true && davit rm cr'
ok 'removes it' gone
for end in 'stop -t 0 cr' 'kill cr' 'rm -f cr'; do
	davit create --rm --name cr davit/demo sleep 1000 >/dev/null
	ok 'start' davit start cr
	is "$(state cr Status)" running 'is running'
	# shellcheck disable=SC2086 # words
	ok "$end" davit $end
	ok 'removes it' gone
done
davit create --rm --name cr davit/demo /no/such/program >/dev/null
fails 'start of one that cannot run' 1 davit start cr
ok 'removes it, as with Docker' gone
davit create --rm --name cr davit/demo sleep 1000 >/dev/null
davit start cr >/dev/null
kill -KILL "$(pgrep -x davit-monitor)"
ok 'without its monitor it runs on' wait_until 5 sh -c 'davit ps | grep "no monitor"'
ok 'stop' davit stop -t 0 cr
ok 'removes it' gone
fails 'an id that cannot be written' 125 davit create --rm --cidfile /no/such/dir/id davit/demo true
ok 'leaves nothing' gone

### beside a monitor that is stopped
monitored() {
	davit run -d --name mm "$@" >/dev/null
	monitor=$(pgrep -x davit-monitor)
	kill -STOP "$monitor"
}
for end in 'stop -t 0 mm' 'kill mm'; do
	monitored davit/demo sleep 1000
	# shellcheck disable=SC2086 # words
	ok "$end beside a stopped monitor" timeout 25 davit $end
	is "$(state mm Status):$(state mm ExitCode)" exited:137 'how it ended is known'
	davit rm mm >/dev/null
done
monitored davit/demo sh -c 'trap "exit 3" TERM; while :; do sleep 0.1; done'
ok 'stop of one that obeys' timeout 25 davit stop mm
is "$(state mm ExitCode)" 3 'how it ended is known'
davit rm mm >/dev/null
monitored davit/demo sleep 1000
ok 'rm -f' timeout 25 davit rm -f mm
ok 'removes it' gone
davit run -d --name mm davit/demo sleep 1000 >/dev/null
monitor=$(pgrep -x davit-monitor)
python3 -c 'import ctypes, sys, time
libc = ctypes.CDLL(None, use_errno=True)
assert libc.ptrace(16, int(sys.argv[1]), 0, 0) == 0
time.sleep(1000)' "$monitor" &
tracer=$!
ok 'a tracer holds the monitor' wait_until 5 grep -q '^State:.t' "/proc/$monitor/status"
ok 'stop of one whose monitor cannot go on' timeout 25 davit stop -t 0 mm
like "$(davit ps -a)" 'Exited \(unknown\)' 'how it ended is unknown'
kill "$tracer"
wait "$tracer" 2>/dev/null
davit rm mm >/dev/null
davit run --rm --name mm davit/demo sleep 1000 </dev/null >/dev/null 2>&1 & # nothing to relay: no monitor
wait_until 5 sh -c 'davit ps | grep -w mm'
kill -STOP $!
ok 'rm -f beside a stopped davit run' timeout 25 davit rm -f mm
wait $!
is $? 137 'which ends with its container'
ok 'nothing is left of it' gone

### ids and names
a=$(davit create --name aa davit/demo true)
b=$(davit create davit/demo true)
is "$(state "${a:0:12}" Status)" created 'a short id'
is "$(state "$a" Status)" created 'a long one'
is "$(davit inspect "$b" | jq -r '.[0].Name' | grep -cE '^[a-z]+-[a-z]+-[0-9a-f]+$')" 1 'one without a name is given one'
is "$(state "$(davit inspect "$b" | jq -r '.[0].Name')" Status)" created 'by which it is found'
is "$(davit ps -lq --no-trunc)" "$b" 'ps -l tells the latest'
is "$(davit ps -aq | wc -l)" 2 'ps -aq'
ok 'rm of two' davit rm aa "$b"
is "$(xargs <<<"$out")" "aa $b" 'prints what it was given'
run davit rm nobody
is "$status" 1 'one of none'
davit create --name bb davit/demo true >/dev/null
run davit rm nobody bb
is "$status:$out" 1:bb 'the others are still removed'

### stop: signal and timeout
for row in 'default|||TERM' '--stop-signal|--stop-signal SIGUSR1||USR1' 'number|--stop-signal 10||USR1' 'name without SIG|--stop-signal HUP||HUP' 'stop -s|--stop-signal HUP|-s INT|INT'; do
	IFS='|' read -r name create stop want <<<"$row"
	davit run -d --name ss $create davit/demo sh -c 'for s in TERM USR1 HUP INT; do trap "echo $s; exit 5" $s; done; echo ready; while :; do sleep 0.05; done' >/dev/null
	wait_until 5 sh -c 'davit logs ss | grep -q ready'
	davit stop $stop ss >/dev/null
	is "$(davit logs ss | tail -1):$(state ss ExitCode)" "$want:5" "stop signal: $name"
	davit rm ss >/dev/null
done
davit import -c 'STOPSIGNAL SIGUSR1' "$tar" stopsig >/dev/null
davit run -d --name ss stopsig sh -c 'trap "exit 6" USR1; echo ready; while :; do sleep 0.05; done' >/dev/null
wait_until 5 sh -c 'davit logs ss | grep -q ready'
davit stop ss >/dev/null
is "$(state ss ExitCode)" 6 'that of the image'
davit rm ss >/dev/null
davit run -d --name ss --stop-timeout 1 davit/demo sh -c 'trap "" TERM; echo ready; while :; do sleep 0.1; done' >/dev/null
wait_until 5 sh -c 'davit logs ss | grep -q ready'
time=$SECONDS
davit stop ss >/dev/null
ok '--stop-timeout' [ $((SECONDS - time)) -lt 4 ]
is "$(state ss ExitCode)" 137 'then SIGKILL'
davit rm ss >/dev/null

### kill
davit run -d --name kk davit/demo sh -c 'trap "echo usr1" USR1; echo ready; while :; do sleep 0.05; done' >/dev/null
wait_until 5 sh -c 'davit logs kk | grep -q ready'
ok 'kill -s' davit kill -s USR1 kk
ok 'arrives' wait_until 5 sh -c 'davit logs kk | grep -q usr1'
is "$(state kk Running)" true 'and nothing else'
fails 'a signal that is none' 125 davit kill -s NONE kk
ok 'kill' davit kill kk
is "$(davit wait kk)" 137 'is SIGKILL'
davit rm kk >/dev/null

### wait
davit run -d --name ww davit/demo sh -c 'sleep 0.5; exit 8' >/dev/null
is "$(davit wait ww)" 8 'wait for a monitored one'
davit rm ww >/dev/null
davit run --rm --name ww davit/demo sh -c 'sleep 1; exit 9' >/dev/null 2>&1 &
wait_until 5 eval 'davit ps | grep -q " ww$"' # from its record alone it cannot be waited for yet
is "$(davit wait ww)" 9 'wait for a direct one'
wait
davit run -d --name w1 davit/demo sh -c 'exit 1' >/dev/null
davit run -d --name w2 davit/demo sh -c 'exit 2' >/dev/null
is "$(davit wait w1 w2 | xargs)" '1 2' 'wait for two'
davit rm w1 w2 >/dev/null
fails 'wait for none' 1 davit wait nobody

### direct containers are as good as others
davit run --rm --name dd davit/demo sleep 60 &
pid=$!
wait_until 5 sh -c '[ "$(davit inspect dd | jq -r ".[0].State.Status")" = running ]'
is "$(davit ps --format json | jq -r .Names)" dd 'ps lists it'
is "$(davit exec dd echo hi)" hi 'exec'
ok 'stop' davit stop -t 0 dd
wait $pid
is $? 137 'the caller gets the status'
fails 'it is gone' 1 davit inspect --type container dd
davit run --rm --name dd davit/demo sleep 60 &
pid=$!
wait_until 5 sh -c '[ "$(davit inspect dd | jq -r ".[0].State.Status")" = running ]'
ok 'rm -f' davit rm -f dd
wait $pid 2>/dev/null
fails 'is gone' 1 davit inspect --type container dd

### formats
davit run -d --name ff -e E=1 -m 64m davit/demo sh -c 'echo "a	b"; sleep 60' >/dev/null
run davit ps
like "$(head -1 <<<"$out")" '^CONTAINER ID +IMAGE +COMMAND +CREATED +STATUS +NAMES' "ps has Docker's columns"
like "$out" 'davit/demo +sh -c .* ago +Up .* +ff$' 'and a row'
is "$(davit ps --format json | jq -r '[.Names, .Image, .State] | join(" ")')" 'ff davit/demo running' 'ps as JSON'
fails 'a format that is none' 125 davit ps --format xml
is "$(davit inspect ff | jq -r '.[0] | [.Name, .ImageName, .State.Status, .Options.memory, .Options.env[0]] | join(" ")')" 'ff davit/demo running 67108864 E=1' 'inspect'
like "$(davit inspect ff | jq -r '.[0].Image')" '^sha256:[0-9a-f]{64}$' 'tells the image'
like "$(state ff StartedAt)" '^20[0-9]{2}-[0-9]{2}-[0-9]{2}T' 'times'
run davit inspect ff davit/demo
is "$(jq length <<<"$out")" 2 'containers and images together'
run davit inspect ff nobody
is "$status:$(jq length <<<"$out")" 1:1 'one that is not there'
is "$(davit logs ff)" 'a	b' 'logs'
like "$(davit logs -t ff)" '^20[0-9]{2}-.*Z a	b$' 'logs -t'
davit rm -f ff >/dev/null
davit run --name ll davit/demo sh -c 'for i in $(seq 10); do echo $i; done; echo e >&2' >/dev/null 2>&1
is "$(davit logs ll 2>/dev/null | xargs)" '1 2 3 4 5 6 7 8 9 10' 'logs: output'
is "$(davit logs ll 2>&1 >/dev/null)" e 'logs: errors'
is "$(davit logs -n 2 ll 2>&1 | xargs)" '10 e' 'logs -n'
davit rm ll >/dev/null
fails 'logs of none' 1 davit logs nobody

### what a terminal would obey, and characters of several bytes, in a command
davit create --name uu davit/demo $'x\x7fa\xc2\x9bb\x1bc\xff\x9bd' >/dev/null
is "$(davit ps -a | sed -n 's/^.*davit.demo  *\(.*d\)  *Less than.*/\1/p')" 'x a b c??d' 'no control character reaches the terminal'
davit rm uu >/dev/null
while IFS='|' read -r command want; do
	davit create --name uu davit/demo "$command" >/dev/null
	is "$(davit ps -a | awk 'NR == 2 { print $3 }')" "$want" "a command of ${#command} bytes"
	is "$(davit ps -a --no-trunc | awk 'NR == 2 { print $3 }')" "$command" 'is whole with --no-trunc'
	davit rm uu >/dev/null
done <<-EOT
	12345678901234567890|12345678901234567890
	123456789012345678901|1234567890123456789…
	ääääääääääääääääääää|ääääääääääääääääääää
	äääääääääääääääääääää|äääääääääääääääääää…
	1234567890123456789€|1234567890123456789€
	123456789012345678€€€|123456789012345678€…
EOT

### the record is what it was made with
davit create --name rr -e A=1 --cap-drop ALL -v /tmp:/t:ro --tmpfs /x:size=1m -u demo -w /w davit/demo sh -c 'echo $A $(id -u) $PWD; sed -n "s/^CapBnd:\t//p" /proc/self/status; grep -c " /[tx] " /proc/self/mountinfo' >/dev/null
for _ in 1 2; do
	davit start rr >/dev/null
	davit wait rr >/dev/null
done
is "$(davit logs rr | xargs)" '1 1000 /w 0000000000000000 2 1 1000 /w 0000000000000000 2' 'both starts alike'
davit rm rr >/dev/null

### a start that fails leaves it startable
mkdir "$TMPDIR/src"
davit create --name again --mount "type=bind,src=$TMPDIR/src,dst=/m" davit/demo true >/dev/null
rmdir "$TMPDIR/src"
fails 'a source that has gone' 1 davit start again
mkdir "$TMPDIR/src"
ok 'and has come back' davit start again
davit wait again >/dev/null
davit rm again >/dev/null
rmdir "$TMPDIR/src"

### the image may lose its name
davit import "$tar" temp >/dev/null
davit create --name tt temp echo still >/dev/null
run davit rmi temp
davit start tt >/dev/null 2>&1
davit wait tt >/dev/null
is "$(davit logs tt)" still 'a container keeps its image'
davit rm tt >/dev/null

# whoever starts it first, it has been started
davit create --name many davit/demo sleep 1000 >/dev/null
ok 'thirty starts at once all say that it runs' eval 'seq 30 | xargs -P30 -I{} davit start many >/dev/null'
davit rm -f many >/dev/null
fails 'rm of what there is not' 1 davit rm nothing
ok 'rm -f of what there is not is no failure, as with Docker' davit rm -f nothing
like "$err" 'no container .nothing' 'but is told'
ok 'nor is rmi -f' davit rmi -f nothing

# the running state goes with the boot: what ran has ended, and nobody saw how
davit system check >/dev/null
id=$(davit run -d --name booted davit/demo sleep 1000)
davit create --name unborn davit/demo true >/dev/null
started=$(davit inspect booted | jq -r '.[0].State.StartedAt')
monitor=$(pgrep -f "davit-monitor.*$id")
init=$(davit inspect booted | jq '.[0].State.Pid')
kill -9 "$monitor" "$init"
wait_until 10 eval '! kill -0 "$init" 2>/dev/null'
for cgroup in $(_list_cgroups | grep "$id"); do wait_until 5 rmdir "$cgroup"; done
rm -r "${DAVIT_STATE:?}/containers/$id"
like "$(davit ps -a)" 'Exited \(unknown\).* booted' 'after a boot without a shutdown it is not as if it had never run'
is "$(davit inspect booted | jq -r '.[0].State | .Status, .StartedAt' | xargs)" "exited $started" 'it has the time of its start'
fails 'how it ended' 1 davit wait booted
like "$err" 'nobody saw how' 'is unknown'
like "$(davit ps -a)" 'Created.* unborn' 'what never ran still never did'
ok 'it can be started' davit start booted
davit rm -f booted unborn >/dev/null
davit system check >/dev/null # the row of the policy that nobody took away
is "$(davit system check)" 'nothing left behind' 'nothing is left behind'
done_testing
