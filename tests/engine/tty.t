#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# run -t and exec -t on a real terminal: size, job control, detach keys, restored on every way out.
. "$(dirname "$0")/../harness/lib.sh"
davit_env "$@"
# its own handlers of fatal signals would be seen instead of ours
! has_sanitizers || sanitizer_options handle_segv=0:handle_sigbus=0:handle_abort=0
demo_image
on_terminal=$(dirname "$(readlink -f "$0")")/on-terminal

# Each call checks that the terminal is as it was (status 98 if not).
run "$on_terminal" 'expect:# ' raw 'send:tty; test -t 0 && test -t 1 && echo all\r' 'expect:/dev/' \
	'expect:all' 'send:exit 6\r' -- davit run --rm -it davit/demo sh
is "$status" 6 'a shell on a terminal' || diag "$out" "$err"
run "$on_terminal" 'expect:# ' 'send:stty size\r' 'expect:24 80' size:40x111 'wait:0.3' \
	'send:stty size\r' 'expect:40 111' 'send:exit\r' -- davit run --rm -it davit/demo sh
is "$status" 0 'its size is ours, and follows' || diag "$out" "$err"
run "$on_terminal" 'expect:# ' 'send:sleep 100\r' 'wait:0.3' 'send:\x03' 'expect:# ' \
	'send:echo int=$?\r' 'expect:int=130' 'send:exit\r' -- davit run --rm -it davit/demo sh
is "$status" 0 'ctrl-c ends a command inside' || diag "$out" "$err"
run "$on_terminal" 'expect:# ' 'send:sleep 100\r' 'wait:0.3' 'send:\x1a' 'expect:Stopped' \
	'send:kill %1; fg; echo fg=$?\r' 'expect:fg=' 'send:exit\r' -- davit run --rm -it davit/demo sh
is "$status" 0 'ctrl-z stops a command inside: job control' || diag "$out" "$err"
run "$on_terminal" 'expect:# ' 'send:\x04' -- davit run --rm -it davit/demo sh
is "$status" 0 'ctrl-d ends the shell' || diag "$out" "$err"
for i in 1 2 3 4 5; do
	run "$on_terminal" -- davit run --rm -it davit/demo stty size
	like "$status $out" '^0 .*24 80' "a program that asks for the size at once ($i)"
done
run "$on_terminal" -- davit run --rm -t davit/demo sh -c 'sleep 0.3; stty size </dev/tty; exit 3'
is "$status" 3 'a terminal without input' || diag "$out" "$err"
like "$out" '24 80' 'has the size'

run "$on_terminal" 'expect:# ' 'send:echo before\r' 'expect:before\r' 'send:\x10\x11' -- \
	davit run -it --name dd davit/demo sh
is "$status" 0 'detached by the keys' || diag "$out" "$err"
like "$(davit ps)" ' dd' 'it runs'
run "$on_terminal" 'send:\r' 'expect:# ' 'send:echo after; exit 9\r' 'expect:after\r' -- davit attach dd
is "$status" 9 'attached again, up to its end' || diag "$out" "$err"
like "$(davit logs dd)" 'before.*after' 'the log has both'
davit rm dd >/dev/null
run "$on_terminal" 'expect:# ' 'send:\x01x' -- davit run --rm -it --name d2 --detach-keys ctrl-a,x davit/demo sh
is "$status" 0 'other detach keys' || diag "$out" "$err"
ok 'it runs' davit kill d2
wait_until 10 eval '[ -z "$(davit ps -aq)" ]'

# signals go to the container, as with Docker's run; attach's are its own
for sig in TERM HUP INT QUIT USR1; do
	for flags in -it -t '--rm -it'; do
		# shellcheck disable=SC2086 # words
		run "$on_terminal" 'expect:up' "kill:$sig" -- davit run $flags --name "k-$sig" davit/demo \
			sh -c "trap 'exit 42' $sig; echo up; while :; do sleep 0.05; done"
		is "$status" 42 "SIG$sig of run $flags ends what traps it, and the terminal is restored" || diag "$out" "$err"
		davit rm -f "k-$sig" >/dev/null 2>&1
	done
	davit run -dit --name "k-$sig" davit/demo sh >/dev/null
	run "$on_terminal" 'send:\r' 'expect:# ' raw "kill:$sig" -- davit attach "k-$sig"
	is "$status" $((128 + $(kill -l $sig))) "restored after SIG$sig of attach" || diag "$out" "$err"
done
run "$on_terminal" 'expect:# ' raw kill:SEGV -- davit run -it --name k-SEGV davit/demo sh
is "$status" 139 'restored after SIGSEGV' || diag "$out" "$err"
is "$(davit ps -q | wc -l)" 6 'the containers live on'
davit rm -f k-TERM k-HUP k-INT k-QUIT k-USR1 k-SEGV >/dev/null
ok 'a terminal without input: ctrl-c ends the container' eval "run '$on_terminal' 'expect:up' 'send:\x03' -- davit run --rm -t davit/demo \
	sh -c 'trap \"exit 41\" INT; echo up; while :; do sleep 0.05; done'; [ \$status = 41 ]"
run "$on_terminal" 'expect:# ' hang-up -- davit run -it --name gone davit/demo sh
is "$status" 0 'who loses the terminal detaches' || diag "$out" "$err"
is "$(davit inspect gone | jq -r '.[0].State.Status')" running 'from a shell that ignores the hang-up'
davit rm -f gone >/dev/null
run "$on_terminal" 'expect:# ' raw kill:TSTP stopped cooked kill:CONT raw 'send:exit 4\r' -- \
	davit run --rm -it davit/demo sh
is "$status" 4 'restored while stopped, raw again after' || diag "$out" "$err"
run "$on_terminal" -- davit run --rm -it davit/demo /nonexistent
is "$status" 127 'restored after a failed start' || diag "$out" "$err"

fails 'a terminal is not made of a pipe' 125 davit run --rm -it davit/demo sh </dev/null

ok 'a container to exec in' davit run -d --name ee davit/demo sleep 1000
run "$on_terminal" 'expect:# ' raw 'send:stty size\r' 'expect:24 80' size:33x99 'wait:0.3' \
	'send:stty size\r' 'expect:33 99' 'send:exit 8\r' -- davit exec -it ee sh
is "$status" 8 'exec on a terminal' || diag "$out" "$err"
run "$on_terminal" 'expect:# ' kill:TERM -- davit exec -it ee sh
is "$status" 143 'exec restores the terminal as well' || diag "$out" "$err"

# a process that was detached from lives on: its terminal is kept and read
is_gone() { [ -z "$(pgrep -f "davit exec.*$1")" ]; }
run "$on_terminal" 'expect:up' 'send:\x10\x11' -- davit exec -it ee sh -c \
	'echo up; sleep 0.5; seq 1 20000; test -t 1 && echo >/mark; sleep 301'
is "$status" 0 'detached from exec by the keys' || diag "$out" "$err"
ok 'the process lives on, and can write' wait_until 10 davit exec ee test -e /mark
is "$(davit exec ee ps | grep -c '[d]avit')" 0 'nothing of davit is in the container'
like "$(pgrep -f 'davit exec.*mark')" '^[0-9]+$' 'one process of ours keeps the terminal'
is "$(find "/proc/$(pgrep -f 'davit exec.*mark')/fd" -type l | wc -l)" 5 'which has nothing else open'
davit exec ee killall sleep
ok 'and ends with it' wait_until 10 is_gone mark
run "$on_terminal" 'expect:# ' 'send:\x10\x11' -- davit exec -it ee sh
is "$status" 0 'detached from a shell' || diag "$out" "$err"
ok 'removed' davit rm -f ee
ok 'with what kept the terminal' wait_until 10 is_gone ee

done_testing
