#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Limits bite, on whatever hierarchy has their controller; those that cannot are refused.
. "$(dirname "$0")/../harness/lib.sh"
davit_env "$@"
demo_image

# has CONTROLLER [V2-NAME]
has() { mountpoint -q "/sys/fs/cgroup/$1" || grep -qw "${2:-$1}" /sys/fs/cgroup/cgroup.controllers 2>/dev/null; }
is_v1() { mountpoint -q "/sys/fs/cgroup/$1"; }
in_demo() { run davit run --rm "$@"; }

### memory

if has memory; then
	run davit run --name hog -m 16m davit/demo dd if=/dev/zero of=/dev/null bs=64M count=1
	is "$status" 137 'more memory than --memory: killed'
	is "$(davit inspect hog | jq '.[0].State.OOMKilled')" true 'and its state says by whom'
	run davit rm hog
	run davit run --name modest -m 16m davit/demo dd if=/dev/zero of=/dev/null bs=2M count=1
	is "$status" 0 'less than --memory: fine'
	is "$(davit inspect modest | jq '.[0].State.OOMKilled')" false 'and says so too'
	run davit run --rm --name child -m 16m davit/demo sh -c 'dd if=/dev/zero of=/dev/null bs=64M count=1; echo $?'
	is "$out" 137 'a child is killed, its parent lives'
	run davit rm modest
	in_demo -m 512k -v "$DAVIT_OUT/tests/true:/true:ro" davit/demo /true
	is "$status" 0 'a static program starts in 512 KiB'
	in_demo -m 16m --memory-swap 16m --memory-reservation 8m davit/demo true
	is "$status" 0 'all three memory options'
else
	skip 'no memory controller' 7
fi

### pids

if has pids; then
	in_demo --pids-limit 4 davit/demo sh -c 'for i in 1 2 3 4 5 6; do sleep 20 & done'
	isnt "$status" 0 'forking past --pids-limit fails'
	like "$err" "can't fork" 'for want of a process'
	in_demo --pids-limit 4 davit/demo sh -c 'sleep 0 & sleep 0 & wait'
	is "$status" 0 'forking below it does not'
else
	skip 'no pids controller' 3
fi

### exec, and processes in the background

if has pids && has memory; then
	davit run -d --name lid -m 16m --pids-limit 6 davit/demo sh -c 'sleep 100 & sleep 100 & wait' >/dev/null
	run davit exec lid dd if=/dev/zero of=/dev/null bs=64M count=1
	is "$status" 137 'exec is inside the memory limit'
	run davit exec lid sh -c 'for i in 1 2 3 4 5 6; do sleep 20 & done'
	isnt "$status" 0 'and inside the pids limit'
	is "$(davit inspect lid | jq -r '.[0].State.Status')" running 'which does not harm the container'
	is "$(davit inspect lid | jq '.[0].State.OOMKilled')" true 'but is told'
	run davit rm -f lid
	is "$status" 0 'that goes with all of them'
else
	skip 'no pids or memory controller' 5
fi

### cpu

# CPU seconds that a second of spinning gets
spin() { in_demo "$@" davit/demo time -f '%U %S' timeout 1 sh -c 'while :; do :; done'; }
if has cpu; then
	spin --cpus 0.2
	got=$(awk '{ print ($1 + $2 > 0.05 && $1 + $2 < 0.45) ? "throttled" : $0 }' <<<"${err##*$'\n'}")
	is "$got" throttled '--cpus 0.2 leaves a fifth of a second'
	in_demo --cpu-shares 512 davit/demo true
	is "$status" 0 '--cpu-shares is taken'
else
	skip 'no cpu controller' 2
fi
if has cpuset && [ "$(nproc)" -gt 1 ]; then
	in_demo --cpuset-cpus 1 davit/demo grep Cpus_allowed_list /proc/self/status
	is "${out##*[[:space:]]}" 1 '--cpuset-cpus pins'
	in_demo --cpuset-cpus 1 --cpuset-mems 0 davit/demo nproc
	is "$out" 1 'and nproc sees it'
	in_demo --cpuset-cpus 700 davit/demo true
	is "$status" 125 'a processor that is not there is refused'
	like "$err" "option '--cpuset-cpus'" 'by name'
else
	skip 'no cpuset controller, or one processor' 4
fi

### block I/O

truncate -s 8M "$TMPDIR/disk"
if has blkio io && loop=$(losetup --find --show "$TMPDIR/disk" 2>/dev/null); then
	start=$(date +%s%N)
	in_demo --device "$loop" --device-write-bps "$loop:1m" davit/demo \
		dd if=/dev/zero of="$loop" bs=64k count=24 oflag=direct
	took=$((($(date +%s%N) - start) / 1000000))
	is "$status" 0 'writes through --device-write-bps'
	if [ "$took" -gt 1000 ]; then pass 'slowly'; else fail 'slowly' "took $took ms"; fi
	in_demo --device-read-iops "$loop:0" davit/demo true
	is "$status" 125 'a limit of 0 is refused'
	losetup -d "$loop"
else
	skip 'no io controller, or no loop device' 3
fi
rm -f "$TMPDIR/disk"
if ! grep -qs '\[bfq\]' /sys/block/*/queue/scheduler; then
	in_demo --blkio-weight 200 davit/demo true
	is "$status" 125 'a weight that no device obeys is refused'
	like "$err" 'hint: choose the bfq scheduler' 'with a hint'
else
	skip 'a device uses bfq' 2
fi

### values that make no sense

while IFS='|' read -r options says; do
	# shellcheck disable=SC2086
	in_demo $options davit/demo true
	is "$status" 125 "refused: $options"
	like "$err" "$says" 'saying why'
done <<'ROWS'
-m 4k|'--memory': 4096 bytes is below the minimum
-m 16m --memory-swap 8m|is less than '--memory'
--memory-swap 8m|'--memory-swap' needs '--memory'
-m 16m --memory-reservation 32m|is more than '--memory'
--cpus 0.001|'--cpus'
--cpus 4096|this host has
--cpu-shares 1|'--cpu-shares'
--pids-limit -2|'--pids-limit'
--cpuset-cpus 1;2|is not a list
--blkio-weight 5|'--blkio-weight'
--cgroup-conf cgroup.kill=1|'--cgroup-conf'
--cgroup-conf memory.high|'--cgroup-conf'
ROWS

### controllers that are not there: hidden in a mount namespace of its own

without() {
	local controller=$1
	shift
	# shellcheck disable=SC2016
	run unshare --mount --propagation private sh -c \
		'umount /sys/fs/cgroup/$0 && exec davit run --rm "$@" davit/demo true' "$controller" "$@"
}
while read -r controller option value; do
	if ! is_v1 "$controller"; then
		skip "$controller is not a v1 hierarchy" 3
		continue
	fi
	without "$controller" "$option" "$value"
	is "$status" 125 "$option without the $controller controller is refused"
	like "$err" "option '$option': the '$controller' controller is not available on this host" 'naming both'
	like "$err" 'hint: mount it' 'with a hint'
done <<'ROWS'
memory --memory 64m
memory --memory-reservation 64m
cpu --cpus 0.5
cpu --cpu-shares 512
cpuset --cpuset-cpus 0
cpuset --cpuset-mems 0
pids --pids-limit 20
blkio --blkio-weight 200
blkio --device-read-bps /dev/loop0:1m
blkio --device-write-bps /dev/loop0:1m
blkio --device-read-iops /dev/loop0:100
blkio --device-write-iops /dev/loop0:100
ROWS
if is_v1 memory; then
	without memory --name plain
	is "$status" 0 'without the controller a container without the limit runs'
	in_demo --cgroup-conf memory.high=64M davit/demo true
	is "$status" 125 '--cgroup-conf of a controller on v1 is refused'
	like "$err" "'memory.high' needs the 'memory' controller on cgroup v2" 'saying so'
else
	in_demo --cgroup-conf memory.high=64M davit/demo true
	is "$status" 0 '--cgroup-conf writes'
	skip 'memory is on v2' 2
fi
done_testing
