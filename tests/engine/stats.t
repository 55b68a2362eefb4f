#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# davit stats tells what containers use, and "-" for what it does not know.
. "$(dirname "$0")/../harness/lib.sh"
davit_env "$@"
demo_image

# row NAME FILTER: of the JSON in $out
row() { jq -c --arg name "$1" "select(.name == \$name) | $2" <<<"$out"; }

ok 'nothing runs: a head and no rows' davit stats --no-stream
is "$(wc -l <<<"$out")" 1 'one line'
ok 'nothing runs: no JSON' davit stats --no-stream --format json
is "$out" '' 'at all'
fails 'an unknown container is an error' 1 davit stats --no-stream nobody
like "$err" nobody 'naming it'

davit run -d --name busy -m 64m --pids-limit 50 davit/demo sh -c 'while :; do :; done' >/dev/null ||
	bail 'cannot run a container'
davit run -d --name idle davit/demo sh -c 'ping -c 3 127.0.0.1 >/dev/null; sleep 60 & sleep 60 & wait' >/dev/null
davit create --name asleep davit/demo true >/dev/null
wait_until 5 sh -c 'davit stats --no-stream --format json idle | jq -e ".pids.current == 3"'

ok 'prints a table' davit stats --no-stream
like "$out" '^CONTAINER ID +NAME +CPU % +MEM USAGE / LIMIT +MEM % +NET I/O +BLOCK I/O +PIDS' "with Docker's columns"
like "$out" 'busy +[0-9.]+% ' 'a row for what runs'
unlike "$out" asleep 'none for what does not'

ok 'prints JSON' davit stats --no-stream --format json
is "$(row busy '.status')" '"running"' 'with the status'
# how much it gets is up to what else runs
is "$(row busy '.cpu.percent > 0 and .cpu.percent < 130')" true 'a spinning container uses CPU'
is "$(jq -s 'map({(.name): .cpu.percent}) | add | .busy > .idle' <<<"$out")" true 'more than a sleeping one'
is "$(row busy '.cpu.usage_ns >= .cpu.user_ns')" true 'user time is part of it'
is "$(row idle '.cpu.percent < 20')" true 'a sleeping one does not'
is "$(row idle '.pids.current')" 3 'processes are counted without a limit'
is "$(row idle '.pids.limit')" null 'of which there is none'
is "$(row busy '.pids')" '{"current":1,"limit":50}' 'and with one'
if mountpoint -q /sys/fs/cgroup/memory || grep -qw memory /sys/fs/cgroup/cgroup.controllers; then
	is "$(row busy '.memory.limit')" 67108864 'the memory limit is told'
	is "$(row busy '.memory.used > 0 and .memory.used < 67108864')" true 'and what is used of it'
else
	skip 'no memory controller' 2
fi
if mountpoint -q /sys/fs/cgroup/memory; then
	is "$(row idle '.memory')" null 'on v1, memory is not known without a limit'
	run davit run --rm -d --name counted -m -1 davit/demo sleep 60
	run davit stats --no-stream --format json counted
	is "$(row counted '.memory.limit')" null 'but counted with --memory -1'
	is "$(row counted '.memory.usage > 0')" true 'for what it is'
	run davit rm -f counted
else
	skip 'memory is not on v1' 3
fi
run davit stats --no-stream --format json idle
is "$(row idle '.network.out.packets >= 3 and .network.in.bytes >= 252')" true 'packets of a ping are counted'

ok 'a stopped container can be asked for' davit stats --no-stream asleep
like "$out" 'asleep +- +- +- +- +- +-' 'and uses nothing'
ok 'all of them' davit stats --no-stream -a
like "$out" 'asleep' 'with -a'

run timeout 3.5 davit stats --format json busy
is "$(wc -l <<<"$out")" 3 'streams a sample a second'
is "$(jq -s '[.[].cpu.usage_ns] | . == sort and .[0] < .[-1]' <<<"$out")" true 'that grow'
fails 'a full disk is an error' 1 sh -c 'davit stats --no-stream >/dev/full'

run davit rm -f busy idle asleep
done_testing
