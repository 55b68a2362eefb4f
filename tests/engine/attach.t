#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# davit attach, and run -i: pipes, half-close, signals, several clients, clients that go.
. "$(dirname "$0")/../harness/lib.sh"
davit_env "$@"
demo_image

# a container that has a monitor although no terminal is involved: without --rm
run davit run -i --name cat davit/demo cat <<<'through pipes'
is "$status $out" '0 through pipes' 'input arrives, its end too'
run davit logs cat
is "$out" 'through pipes' 'and is logged'
run davit run -i --name code davit/demo sh -c 'cat >/dev/null; echo err >&2; exit 42' </dev/null
is "$status $err" '42 err' 'exit status and stderr'
run davit run --name noin davit/demo cat <<<'not passed'
is "$status$out" 0 'without -i there is no input'
sum=$(seq 1 300000 | sha256sum)
is "$(seq 1 300000 | davit run -i --name sum davit/demo sha256sum)" "$sum" 'two megabytes in'
is "$(davit run --name out davit/demo seq 1 300000 | sha256sum)" "$sum" 'two megabytes out'
is "$(davit run --name slow davit/demo seq 1 300000 | (sleep 1; sha256sum))" "$sum" \
	'also to a reader that is late'
ok 'removed' davit rm cat code noin sum out slow

# a reader that goes ends the pipeline, and with it the input of the container, which logs on
run bash -c 'yes | davit run -i --name head davit/demo sh -c "cat; exit 5" | head -n 1'
is "$out" y 'a pipeline ends with its reader'
is "$(davit wait head)" 5 'and the container with its input'
run bash -c 'yes | davit run -i --log-driver none --name head2 davit/demo sh -c "cat; exit 5" | head -n 1; exit ${PIPESTATUS[1]}'
is "$status $out" '5 y' 'without a log it hears of the reader'
davit rm head2 >/dev/null
davit rm head >/dev/null

trap_script='trap "echo usr1" USR1; trap "echo term; exit 7" TERM; echo up; while :; do sleep 0.05; done'
davit run --name sig davit/demo sh -c "$trap_script" >"$TMPDIR/out" &
client=$!
wait_until 10 grep -q up "$TMPDIR/out"
kill -USR1 "$client"
wait_until 10 grep -q usr1 "$TMPDIR/out"
kill -TERM "$client"
wait "$client"
is "$?" 7 'signals are forwarded'
is "$(tr '\n' ' ' <"$TMPDIR/out")" 'up usr1 term ' 'and handled inside'
davit rm sig >/dev/null

ok 'a detached container' davit run -d -i --name two davit/demo sh -c 'echo up; while read l; do echo "<$l>"; done; echo eof'
wait_until 10 bash -c 'davit logs two | grep -q up' # that the clients do not get it
davit attach --no-stdin two >"$TMPDIR/a" &
a=$!
davit attach two >"$TMPDIR/b" < <(sleep 0.5; echo hello; sleep 0.5) &
b=$!
wait_until 10 grep -q hello "$TMPDIR/a"
wait_until 10 grep -q hello "$TMPDIR/b"
is "$(<"$TMPDIR/a")" '<hello>' 'a client that only looks'
is "$(<"$TMPDIR/b")" '<hello>' 'and one that types'
sleep 0.3
ok 'the end of input of a later client is not that of the container' kill -0 "$b"
kill -9 "$a"
run bash -c '(sleep 0.2; echo again; sleep 1) | timeout -s KILL 1 davit attach two'
like "$(davit logs two)" 'again' 'a killed client changes nothing'
davit kill two >/dev/null
wait "$b"
is "$?" 137 'attach ends with the status of the container'
ok 'removed' davit rm two

ok 'a container that runs already' davit run -d -i --name two davit/demo sh -c 'while read l; do echo "<$l>"; done'
run timeout 20 davit start -ai two < <(sleep 0.3; echo hello; sleep 0.3; davit kill two >/dev/null)
is "$status $out" '137 <hello>' 'start -ai attaches to it, until its end'
ok 'it starts again when it has been taken down' wait_until 10 davit start two
timeout 20 davit start -a two >"$TMPDIR/a" </dev/null &
a=$!
sleep 0.3
kill -TERM "$a" # goes to the container, which ends of it only when killed
kill -0 "$a"
is "$?" 0 'start -a passes signals on'
(davit attach two >/dev/null) < <(echo seen; sleep 0.3)  &
wait_until 10 grep -q seen "$TMPDIR/a"
is "$(<"$TMPDIR/a")" '<seen>' 'and shows its output'
davit kill two >/dev/null
wait "$a"
is "$?" 137 'with its exit status'
wait
wait_until 10 davit start two
is "$(davit start two)" two 'without -a it is only named'
davit rm -f two >/dev/null

fails 'an ended container cannot be attached to' 1 davit attach two
davit run --name ended davit/demo true
fails 'nor one that is done' 1 davit attach ended
like "$err" 'not running' 'which is told'
fails 'bad detach keys' 125 davit attach --detach-keys ctrl-1 ended
ok 'removed' davit rm ended

# kill -9 of the initial client: the container goes on; with -i its input ends
ok 'reading' bash -c "mkfifo $TMPDIR/in"
davit run -i --name orphan davit/demo sh -c 'echo up; cat; echo eof; sleep 100' <"$TMPDIR/in" >"$TMPDIR/out" &
client=$!
exec 7>"$TMPDIR/in"
ok 'and shows what it reads' wait_until 30 grep -q up "$TMPDIR/out"
kill -9 "$client"
exec 7>&-
ok 'its input ends' wait_until 10 eval 'davit logs orphan | grep -q eof'
like "$(davit ps)" 'orphan' 'it runs'
ok 'and is removed' davit rm -f orphan

# --rm: nothing is there when run returns, also with a monitor in between
run "$(dirname "$(readlink -f "$0")")/on-terminal" -- davit run --rm davit/demo echo hi
like "$out" hi 'with a terminal around it'
is "$(davit ps -aq)" '' 'gone when run returns'
ok 'a detached container with --rm' davit run -d --rm --name bare davit/demo sh -c 'echo hello; sleep 100'
wait_until 10 eval '[ "$(davit logs bare)" = hello ]'
is "$(davit logs bare)" hello 'its log is readable'
davit kill bare >/dev/null
wait_until 10 eval '[ -z "$(davit ps -aq)" ]'

rm -f "$TMPDIR"/{in,out,a,b}
done_testing
