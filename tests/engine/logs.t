#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# davit logs: streams, tails, times, following, rotation, the end.
. "$(dirname "$0")/../harness/lib.sh"
davit_env "$@"
demo_image

ok 'a detached container starts' \
	davit run -d --name web davit/demo sh -c 'echo one; echo two >&2; printf part; while [ ! -e /go ]; do sleep 0.1; done; echo; echo late; exit 3'
wait_until 5 eval 'davit logs web 2>&1 | grep -q two'
run davit logs web
is "$out" one 'what it wrote to stdout goes to stdout'
is "$err" two 'and stderr to stderr'
(sleep 1 && davit exec web touch /go) &
run timeout 20 davit logs -f web
wait
is "$status" 0 'following ends with the container'
is "$out" $'one\npart\nlate' 'with all it wrote, also in parts of a line'
is "$(davit wait web)" 3 'its exit status is recorded'
run davit logs web
is "$out" $'one\npart\nlate' 'the log outlives it'
run davit logs -f web
is "$status $out" $'0 one\npart\nlate' 'following an ended one does not wait'

for to in '&-' /dev/full; do
	fails "what cannot be written to >$to is an error" 1 sh -c "exec davit logs web >$to"
	like "$err" '^davit: print log: write to standard output: ' 'of the log'
done
is "$(sh -c 'davit logs web 2>&-; echo $?')" $'one\n1' 'and what cannot be written to a closed standard error'
is "$(sh -c 'davit logs web 2>/dev/full; echo $?')" $'one\n1' 'or a full one'
run davit logs -n 1 web
is "$out" late 'the last line'
run davit logs --tail 0 web
is "$out$err" '' 'no line at all'
run davit logs --tail all -t web
like "$out" '^20[0-9-]+T[0-9:.]+Z one' 'lines with their times'
run davit logs --since 1h web
is "$out" $'one\npart\nlate' 'since an hour'
run davit logs --until 1h web
is "$out$err" '' 'up to an hour ago'
run davit logs --since 2100-01-01 web
is "$out$err" '' 'since later'

fails 'no such container' 1 davit logs nobody
fails 'a bad tail' 125 davit logs --tail x web
fails 'a bad time' 125 davit logs --since yesterday web
like "$err" 'hint:' 'which is told with a hint'

run bash -c 'davit logs web | true'
unlike "$err" davit 'a reader that went away is no drama'

# 40 MB through three files of 1 MB, read while they rotate
ok 'much output' davit run -d --name big --log-max-size 1m --log-max-files 3 davit/demo seq 1 3000000
run timeout 60 davit logs -f -n 0 big
is "$status" 0 'following over rotations ends'
last=$(davit logs -n 1 big)
is "$last" 3000000 'the last line is there'
run bash -c "davit logs big | awk 'NR > 1 && \$1 != p + 1 { bad++ } { p = \$1 } END { print (NR > 10000), bad + 0 }'"
is "$out" '1 0' 'what is kept has no gap'
size=$(du -cb "$DAVIT_ROOT"/containers/*/log* | tail -1 | cut -f1)
ok 'and is bounded' test "$size" -le $((3 * 1048576 + 4096))

ok 'a container that is killed' davit run -d --name kk davit/demo sh -c 'echo up; exec sleep 100'
wait_until 5 eval 'davit logs kk | grep -q up'
davit logs -f kk >"$TMPDIR/k" &
follower=$!
sleep 0.2
davit kill kk >/dev/null
wait "$follower"
is "$?" 0 'following ends'
is "$(<"$TMPDIR/k")" up 'with its output'
rm -f "$TMPDIR/k"

# the monitor dies: the container stays, its log ends
ok 'a container whose monitor is killed' davit run -d --name mm davit/demo sh -c 'echo up; exec sleep 100'
wait_until 5 eval 'davit logs mm | grep -q up'
monitor=$(pgrep -f "davit-monitor.*$(davit inspect mm | grep -o '[0-9a-f]\{64\}' | head -1)")
kill -9 "$monitor"
run davit logs mm
is "$out" up 'has its log'
run davit ps
like "$out" ' mm' 'still runs'
fails 'cannot be attached to' 1 davit attach mm
like "$err" 'hint: .*monitor' 'and the reason is told'
ok 'can be removed' davit rm -f mm

ok 'removed' davit rm -f web big kk
done_testing
