#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# davit policy watch and learn: denials as they happen, and the rules that fit what was seen.
# shellcheck source=tests/harness/lib.sh
. "$(dirname "$0")/../harness/lib.sh"
davit_env "$@"
demo_image

serve='for p in 80 81; do while :; do nc -l -p $p -e true; done & done; wait'
reach() { davit exec "$1" nc -w 2 127.0.0.1 "$2" </dev/null >/dev/null 2>&1; }
watch() { # OUT ARG...
	davit policy watch "${@:2}" >"$1" &
	watcher=$!
	wait_until 10 has_watcher
}
has_watcher() { [ "$(bpftool -j map dump pinned "$(find "$DAVIT_BPFFS/$DAVIT_SLICE" -name watchers)" 2>/dev/null | jq length)" -gt 0 ]; }
unwatch() {
	kill "$watcher"
	wait "$watcher" 2>/dev/null
}

davit run -d --name web --net-deny tcp:127.0.0.1:81 davit/demo sh -c "$serve" >/dev/null
davit run -d --name other --net-default deny davit/demo sleep 1000 >/dev/null
ok 'they run' wait_until 5 reach web 80

watch "$TMPDIR/all"
watch_all=$watcher
watch "$TMPDIR/json" --format json web
reach web 81
davit exec other nc -w 2 10.1.2.3 443 </dev/null >/dev/null 2>&1
wait_until 5 grep -q other "$TMPDIR/all"
like "$(cat "$TMPDIR/all")" 'web denied tcp:127.0.0.1:81 by --net-deny tcp:127.0.0.1:81 \(nc, pid [0-9]+\)' 'a denial is told with its rule and who it was'
like "$(cat "$TMPDIR/all")" 'other denied tcp:10.1.2.3:443 by --net-default deny' 'of each container'
is "$(jq -c '[.container, .verdict, .flow, .by, .comm, .suppressed]' "$TMPDIR/json" | sort -u)" '["web","denied","tcp:127.0.0.1:81","--net-deny tcp:127.0.0.1:81","nc",0]' 'as JSON, of one container alone'
is "$(jq -r .time "$TMPDIR/json" | head -1 | cut -c1-13)" "$(date -u +%Y-%m-%dT%H)" 'with the time of the wall'
unlike "$(cat "$TMPDIR/all")" allowed 'what is allowed is nothing to tell'
unwatch
watcher=$watch_all
unwatch
ok 'readers that were killed' wait_until 5 has_watcher
watch "$TMPDIR/again"
is "$(bpftool -j map dump pinned "$(find "$DAVIT_BPFFS/$DAVIT_SLICE" -name watchers)" | jq length)" 2 'make room for the next'
# a flood is told in part
# shellcheck disable=SC2016 # the container's shell expands
davit exec other sh -c 'i=0; while [ $i -lt 400 ]; do nc -w 1 10.1.2.3 443; i=$((i + 1)); done' </dev/null >/dev/null 2>&1
davit exec other sleep 1.2
davit exec other nc -w 1 10.1.2.3 443 </dev/null >/dev/null 2>&1
wait_until 5 grep -q 'were not told' "$TMPDIR/again"
like "$(cat "$TMPDIR/again")" 'other: [0-9]+ events were not told' 'a flood is told in part, and how much was not'
unwatch
many=()
for _ in 1 2 3 4 5 6 7 8; do
	davit policy watch >/dev/null &
	many+=($!)
done
wait_until 10 eval '[ "$(bpftool -j map dump pinned "$(find "$DAVIT_BPFFS/$DAVIT_SLICE" -name watchers)" | jq length)" = 8 ]'
fails 'a ninth reader' 125 davit policy watch
like "$err" 'there are 8 readers of events' 'is told why'
kill "${many[@]}"
wait "${many[@]}" 2>/dev/null

### learn

fails 'learn without --net-audit' 125 davit policy learn web
like "$err" 'is not kept' 'says so'
ok 'from here on' davit policy add --net-audit web
watch "$TMPDIR/new" web
reach web 80
reach web 80
reach web 81
davit exec web sh -c 'for a in 127.0.0.2 127.0.0.3; do nc -w 1 $a 80; done; nc -w 1 127.0.0.9 82; nc -w 1 127.0.0.9 83' </dev/null >/dev/null 2>&1
run davit policy learn web
is "$out" "--net-allow tcp:127.0.0.1:80
--net-allow tcp:127.0.0.2/31:80
--net-allow tcp:127.0.0.9:82-83
--net-allow in:tcp:127.0.0.1:80
--net-allow bind:tcp:[::]:80" 'the rules for what it talked with'
is "$(davit policy learn --format json web | jq -c length)" 5 'as JSON'
like "$(cat "$TMPDIR/new")" 'web allowed tcp:127.0.0.1:80 by --net-default allow' 'the first of a kind is told'
is "$(grep -c 'allowed tcp:127.0.0.1:80' "$TMPDIR/new")" 1 'once'
unwatch
mapfile -t words < <(davit policy learn web | tr ' ' '\n')
ok 'they are a policy' davit policy set --net-audit "${words[@]}" web
ok 'which allows that' reach web 80
run davit policy test web tcp:127.0.0.4:80
is "$status" 1 'and nothing else'
ok 'no longer' davit policy rm --net-audit web
fails 'learn' 125 davit policy learn web
davit stop -t 0 web >/dev/null
davit policy add --net-audit web
fails 'of one that does not run' 125 davit policy learn web
like "$err" 'is not running' 'says so'
davit rm -f web other >/dev/null
is "$(bpftool -j map dump pinned "$(find "$DAVIT_BPFFS/$DAVIT_SLICE" -name flows)" | jq length)" 0 'what was kept goes with the container'

for bad in "watch --net-audit" "learn --net-deny tcp x" "watch none" "learn none"; do
	# shellcheck disable=SC2086 # words
	fails "davit policy $bad" 125 davit policy $bad
done
rm -rf "${TMPDIR:?}"/*
done_testing
