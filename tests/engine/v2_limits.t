#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Limits of memory, processors and processes on cgroup v2: what is written, and that it bites.
. "$(dirname "$0")/../harness/lib.sh"
. "$(dirname "$0")/v2.sh"
need_v2 memory cpu cpuset pids
davit_env "$@"
demo_image

### memory: files, by Docker's rules

MIB=$((1 << 20))
while IFS='|' read -r options max swap low; do
	# shellcheck disable=SC2086
	background files $options -- sleep 1000
	is "$(<"$dir/memory.max") $(<"$dir/memory.swap.max") $(<"$dir/memory.low")" "$max $swap $low" "written: $options"
	davit rm -f files >/dev/null
done <<ROWS
-m 32m|$((32 * MIB))|$((32 * MIB))|0
-m 32m --memory-swap 48m|$((32 * MIB))|$((16 * MIB))|0
-m 32m --memory-swap 32m|$((32 * MIB))|0|0
-m 32m --memory-swap -1|$((32 * MIB))|max|0
-m -1|max|max|0
-m 32m --memory-reservation 16m|$((32 * MIB))|$((32 * MIB))|$((16 * MIB))
--memory-reservation 16m|max|max|$((16 * MIB))
--pids-limit 9|max|max|0
ROWS

### memory: the OOM killer

background hog -m 16m -- sh -c 'sleep 1000 & dd if=/dev/zero of=/dev/null bs=64M count=1; echo child $?; wait'
ok 'a child over the limit is killed' wait_until 60 sh -c '[ "$(davit logs hog 2>/dev/null)" = "child 137" ]'
isnt "$(oom_kills "$dir")" 0 'by the OOM killer'
is "$(davit inspect hog | jq -r '.[0].State | "\(.Status) \(.OOMKilled)"')" 'running true' 'inspect tells while the rest runs'
is "$(<"$dir/pids.current")" 2 'and nobody else was killed'
ok 'what is left can be stopped' davit stop -t 0 hog
is "$(davit inspect hog | jq -r '.[0].State | "\(.Status) \(.OOMKilled)"')" 'exited true' 'afterwards it is told too'
davit rm hog >/dev/null
run davit run --name hog -m 16m davit/demo dd if=/dev/zero of=/dev/null bs=64M count=1
is "$status" 137 'as process 1 it takes the container with it'
is "$(davit inspect hog | jq -r '.[0].State | "\(.Status) \(.OOMKilled)"')" 'exited true' 'OOMKilled, says inspect'
like "$(davit ps -a --format json | jq -r .Status)" '^Exited \(137\).*, OOM$' 'and ps'
davit rm hog >/dev/null
background other -m 64m -- dd if=/dev/zero of=/dev/null bs=32M count=100000
davit run --name hog -m 16m davit/demo dd if=/dev/zero of=/dev/null bs=64M count=1 >/dev/null 2>&1
is "$(oom_kills "$dir"):$(davit inspect other | jq -r '.[0].State | "\(.Status) \(.OOMKilled)"')" '0:running false' 'a neighbour is not'
davit rm -f hog other >/dev/null
davit run --name group -m 24m --cgroup-conf memory.oom.group=1 davit/demo sh -c 'sleep 1000 & dd if=/dev/zero of=/dev/null bs=64M count=1; echo survived' >"$TMPDIR/out" 2>&1
is "$(cat "$TMPDIR/out"):$(davit inspect group | jq -r '.[0].State | "\(.ExitCode) \(.OOMKilled)"')" ':137 true' 'memory.oom.group kills all'
rm "$TMPDIR/out"
davit rm group >/dev/null

### swap, on a machine whose swap we may change

if in_lab && modprobe -q zram num_devices=1 && echo 128M >/sys/block/zram0/disksize &&
	mkswap -q /dev/zram0 && swapon /dev/zram0; then
	# shellcheck disable=SC2016
	hog='dd if=/dev/urandom of=/dev/null bs=32M count=1 2>/dev/null; echo $?'
	for row in '-m 16m --memory-swap 16m|137|no swap' '-m 16m --memory-swap 24m|137|too little' '-m 16m --memory-swap 80m|0|enough' '-m 24m|0|twice the memory when not given'; do
		IFS='|' read -r options want name <<<"$row"
		# shellcheck disable=SC2086
		is "$(davit run --rm $options davit/demo sh -c "$hog")" "$want" "32 MiB with $options: $name"
	done
	background swapped -m 16m --memory-swap 80m -- sh -c 'dd if=/dev/urandom of=/dev/null bs=32M count=100000'
	ok 'swap is used' wait_until 60 sh -c "[ \"\$(cat $dir/memory.swap.current)\" -gt 8000000 ]"
	is "$(davit stats --no-stream --format json swapped | jq '.memory.swap > 8000000')" true 'and counted'
	davit rm -f swapped >/dev/null
	swapoff /dev/zram0
	echo 1 >/sys/block/zram0/reset
	modprobe -r zram
else
	skip 'swap of this machine is not ours' 6
fi

### processors

# used DIR: microseconds of CPU time and periods of the quota so far
used() { awk '$1 == "usage_usec" { u = $2 } $1 == "nr_periods" { p = $2 } END { print u, p }' "$1/cpu.stat"; }
# per_period DIR: what it got of a period in this window of 40 of them, in microseconds
per_period() {
	local u0 p0 u1 p1
	read -r u0 p0 < <(used "$1")
	wait_until 60 sh -c "[ \$(awk '\$1 == \"nr_periods\" { print \$2 }' $1/cpu.stat) -ge $((p0 + 40)) ]"
	read -r u1 p1 < <(used "$1")
	echo $(((u1 - u0) / (p1 - p0)))
}
while read -r cpus spinners quota; do
	background spin --cpus "$cpus" -- sh -c "for i in \$(seq $spinners); do while :; do :; done & done; wait"
	is "$(<"$dir/cpu.max")" "$quota 100000" "--cpus $cpus: written"
	# a period that a busy machine sleeps through is lost: the best of five windows counts
	for ((i = 0, high = 0; i < 5; i++)); do
		got=$(per_period "$dir")
		[ "$got" -le "$high" ] || high=$got
		[ "$got" -lt $((quota * 9 / 10)) ] || break
	done
	diag "--cpus $cpus: $high us of $quota in a period"
	ok "--cpus $cpus with $spinners spinning: not more than 10 % above" [ "$high" -le $((quota * 11 / 10)) ]
	ok 'and not more than 10 % below' [ "$high" -ge $((quota * 9 / 10)) ]
	isnt "$(value "$dir/cpu.stat" nr_throttled)" 0 'by throttling'
	davit rm -f spin >/dev/null
done <<'ROWS'
0.2 1 20000
0.5 2 50000
ROWS
background idle --cpus 0.5 -- sleep 1000
sleep 1 # its start may have been
before=$(value "$dir/cpu.stat" nr_throttled)
sleep 1
is "$(value "$dir/cpu.stat" nr_throttled)" "$before" 'what sleeps is not throttled'
davit rm -f idle >/dev/null

while read -r shares weight; do
	background shares --cpu-shares "$shares" -- sleep 1000
	is "$(<"$dir/cpu.weight")" "$weight" "--cpu-shares $shares is cpu.weight $weight"
	davit rm -f shares >/dev/null
done <<'ROWS'
2 1
256 35
1024 100
262144 10000
ROWS
background big --cpu-shares 1024 --cpuset-cpus 0 -- sh -c 'while :; do :; done'
big=$dir
background small --cpu-shares 256 --cpuset-cpus 0 -- sh -c 'while :; do :; done'
usage() { value "$1/cpu.stat" usage_usec; }
# a virtual processor that stands still now and then: one window of five has to be undisturbed
for ((i = 0; i < 5; i++)); do
	sleep 0.5
	b0=$(usage "$big") s0=$(usage "$dir")
	wait_until 60 sh -c "[ \$(awk '\$1 == \"usage_usec\" { print \$2 }' $dir/cpu.stat) -ge $((s0 + 600000)) ]"
	b1=$(usage "$big") s1=$(usage "$dir")
	ratio=$((100 * (b1 - b0) / (s1 - s0)))
	diag "time of 1024 to that of 256 shares: $ratio %, by weight 286 %"
	[ $((ratio > 230 && ratio < 350)) = 0 ] || break
done
ok 'they share a processor by weight' [ $((ratio > 230 && ratio < 350)) = 1 ]
davit rm -f big small >/dev/null

if [ "$(nproc)" -gt 1 ]; then
	background pinned --cpuset-cpus 1 --cpuset-mems 0 -- sleep 1000
	is "$(<"$dir/cpuset.cpus.effective"):$(<"$dir/cpuset.mems.effective")" 1:0 '--cpuset-cpus, --cpuset-mems: in effect'
	is "$(davit exec pinned nproc):$(davit exec pinned sed -n 's/^Cpus_allowed_list:\t//p' /proc/self/status)" 1:1 'seen inside, by sched_getaffinity(2)'
	is "$(sed -n 's/^Cpus_allowed_list:\t//p' "/proc/$(davit inspect pinned | jq '.[0].State.Pid')/status")" 1 'and outside'
	davit rm -f pinned >/dev/null
else
	skip 'one processor' 3
fi
fails 'a processor that cannot be there is refused' 125 davit run --rm --cpuset-cpus 700 davit/demo true
like "$err" "option '--cpuset-cpus'" 'by name'
fails 'a memory node that is not there' 125 davit run --rm --cpuset-mems 5 davit/demo true
like "$err" "option '--cpuset-mems'" 'by name'
if in_lab && [ -w /sys/devices/system/cpu/cpu1/online ]; then
	echo 0 >/sys/devices/system/cpu/cpu1/online
	fails 'a processor that is off is refused' 125 davit run --rm --cpuset-cpus 1 davit/demo true
	like "$err" "option '--cpuset-cpus': processors '1' .* '0'" 'saying which there are'
	echo 1 >/sys/devices/system/cpu/cpu1/online
else
	skip 'processors of this machine are not ours to turn off' 2
fi

### processes

# the shell that is refused ends
background forks --pids-limit 4 -- sh -c 'sh -c "for i in 1 2 3 4 5 6; do sleep 1000 & done" & wait; sleep 1000'
is "$(<"$dir/pids.max")" 4 '--pids-limit: written'
ok 'the fork past it is refused' wait_until 30 sh -c "grep -q '^max [1-9]' $dir/pids.events"
ok 'for want of a process' wait_until 30 sh -c "davit logs forks 2>&1 | grep -q \"can't fork\""
davit rm -f forks >/dev/null
background forks --pids-limit -1 -- sleep 1000
is "$(<"$dir/pids.max")" max '--pids-limit -1 is none'
davit rm -f forks >/dev/null

### raw files

background raw --cgroup-conf memory.high=64M --cgroup-conf cpu.idle=1 --cgroup-conf memory.min=1M -- sleep 1000
is "$(<"$dir/memory.high") $(<"$dir/cpu.idle") $(<"$dir/memory.min")" "$((64 * MIB)) 1 $MIB" '--cgroup-conf writes'
davit rm -f raw >/dev/null
if grep -qw hugetlb "$V2_ROOT/cgroup.controllers"; then
	background raw --cgroup-conf hugetlb.2MB.max=4M -- sleep 1000
	is "$(<"$dir/hugetlb.2MB.max")" $((4 * MIB)) 'of a controller that no option needs'
	davit rm -f raw >/dev/null
else
	skip 'no hugetlb controller'
fi
while IFS='|' read -r conf says; do
	fails "refused: --cgroup-conf $conf" 125 davit run --rm --cgroup-conf "$conf" davit/demo true
	like "$err" "$says" 'saying why'
done <<'ROWS'
memory.high=much|option '--cgroup-conf': write 'much' to 'memory.high': Invalid argument
memory.nosuch=1|this kernel has no 'memory.nosuch' in its 'memory' controller
nosuch.max=1|the 'nosuch' controller is not available on this host
memory.current=1|option '--cgroup-conf': write '1' to 'memory.current'
ROWS
done_testing
