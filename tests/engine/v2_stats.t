#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# `davit stats` on cgroup v2 tells what the kernel's files tell; block I/O is slowed and counted.
. "$(dirname "$0")/../harness/lib.sh"
. "$(dirname "$0")/v2.sh"
need_v2 memory cpu pids io
davit_env "$@"
demo_image

### the same numbers: of a paused container they do not change

background busy -m 64m --cpus 0.5 --pids-limit 50 -- sh -c 'dd if=/dev/zero of=/tmp/file bs=1M count=5 2>/dev/null; dd if=/dev/zero of=/dev/null bs=8M count=100000 & sleep 1000 & wait'
wait_until 60 sh -c "[ \$(cat $dir/memory.current) -gt 8000000 ]"
davit pause busy >/dev/null
# what another processor has charged ahead comes back a moment later
for _ in 1 2 3; do
	run davit stats --no-stream --format json busy
	got=$(jq -c '[.memory.usage, .memory.limit, .memory.peak, .memory.anon, .memory.file, .memory.inactive_file, .memory.swap, .pids.current, .pids.limit]' <<<"$out")
	want="[$(<"$dir/memory.current"),$(<"$dir/memory.max"),$(<"$dir/memory.peak"),$(value "$dir/memory.stat" anon),$(value "$dir/memory.stat" file),$(value "$dir/memory.stat" inactive_file),$(<"$dir/memory.swap.current"),$(<"$dir/pids.current"),$(<"$dir/pids.max")]"
	[ "$got" != "$want" ] || break
	sleep 1
done
is "$got" "$want" 'memory and processes: what memory.*, memory.stat and pids.* have'
is "$(jq -c '[.cpu.usage_ns, .cpu.user_ns, .cpu.system_ns, .cpu.throttled_periods, .cpu.throttled_ns]' <<<"$out")" \
	"[$(value "$dir/cpu.stat" usage_usec)000,$(value "$dir/cpu.stat" user_usec)000,$(value "$dir/cpu.stat" system_usec)000,$(value "$dir/cpu.stat" nr_throttled),$(value "$dir/cpu.stat" throttled_usec)000]" 'CPU: what cpu.stat has'
is "$(jq '.cpu.percent' <<<"$out")" 0 'a paused one uses none'
is "$(jq '.memory.used == .memory.usage - .memory.inactive_file' <<<"$out")" true 'what is used is without cache that can go'
davit unpause busy >/dev/null
davit rm -f busy >/dev/null

background plain -- sleep 1000
run davit stats --no-stream --format json plain
is "$(jq -c '[.memory.limit, .pids.current, .pids.limit]' <<<"$out")" '[null,1,null]' 'without limits it is counted too'
is "$(jq '.memory.usage > 0' <<<"$out")" true 'memory as well'
davit rm -f plain >/dev/null

### block I/O

if ! use_loop 8M; then
	skip 'no loop device' 21
	done_testing
fi
background disk --device "$loop" --device-write-bps "$loop:1m" --device-read-iops "$loop:200" -- sleep 1000
is "$(io_value "$dir/io.max" "$dev" wbps) $(io_value "$dir/io.max" "$dev" riops) $(io_value "$dir/io.max" "$dev" rbps)" '1048576 200 max' 'two limits of one device: written'
# time by the kernel's clock, inside
start=$(date +%s%N)
run davit exec disk dd if=/dev/zero of="$loop" bs=64k count=48 oflag=direct
took=$((($(date +%s%N) - start) / 1000000))
is "$status" 0 'writes'
diag "3 MiB at 1 MiB/s took $took ms"
ok 'not faster than the limit' [ "$took" -gt 1800 ]
is "$(io_value "$dir/io.stat" "$dev" wbytes) $(io_value "$dir/io.stat" "$dev" wios)" "$((48 * 65536)) 48" 'io.stat has each write'
run davit exec disk dd if="$loop" of=/dev/null bs=4k count=100 iflag=direct
is "$status" 0 'reads'
sum() { awk -v key="$1=" '{ for (i = 2; i <= NF; i++) if (index($i, key) == 1) s += substr($i, length(key) + 1) } END { print s + 0 }' "$dir/io.stat"; }
sums() { echo "[$(sum rbytes),$(sum wbytes),$(sum rios),$(sum wios)]"; }
# the loop device's file is written back when the kernel likes
for _ in 1 2 3 4 5; do
	before=$(sums)
	run davit stats --no-stream --format json disk
	[ "$before" != "$(sums)" ] || break
done
is "$(jq -c '[.io.read_bytes, .io.write_bytes, .io.reads, .io.writes]' <<<"$out")" "$before" 'stats: the sums of io.stat'
is "$(jq '.io.write_bytes >= 3145728 and .io.read_bytes >= 409600' <<<"$out")" true 'with these'
davit rm -f disk >/dev/null
background fast --device "$loop" -- sleep 1000
davit exec fast dd if=/dev/zero of="$loop" bs=64k count=16 oflag=direct 2>/dev/null
is "$([ -s "$dir/io.max" ] && cat "$dir/io.max")" '' 'without a limit there is none'
davit rm -f fast >/dev/null
if in_lab && modprobe -q bfq && echo bfq >"/sys/block/${loop##*/}/queue/scheduler"; then
	background weighed --blkio-weight 200 -- sleep 1000
	is "$(cat "$dir/io.bfq.weight")" 'default 200' '--blkio-weight where a device uses bfq'
	davit rm -f weighed >/dev/null
	echo none >"/sys/block/${loop##*/}/queue/scheduler"
	fails 'and refused where none does' 125 davit run --rm --blkio-weight 200 davit/demo true
	echo "$dev enable=1" >"$V2_ROOT/io.cost.qos"
	background weighed --blkio-weight 1000 -- sleep 1000
	is "$(cat "$dir/io.weight")" 'default 10000' 'by io.cost it is another scale'
	davit rm -f weighed >/dev/null
	echo "$dev enable=0" >"$V2_ROOT/io.cost.qos"
else
	skip 'schedulers of this machine are not ours' 3
fi
drop_loop

# one partition: a disk label, 1 MiB from 64 KiB on
truncate -s 8M "$TMPDIR/disk"
printf '\0\0\0\0\203\0\0\0\200\0\0\0\0\010\0\0' | dd of="$TMPDIR/disk" bs=1 seek=446 conv=notrunc 2>/dev/null
printf '\125\252' | dd of="$TMPDIR/disk" bs=1 seek=510 conv=notrunc 2>/dev/null
loop=$(losetup --find --show --partscan "$TMPDIR/disk")
if wait_until 5 [ -b "${loop}p1" ]; then
	fails 'a partition is refused' 125 davit run --rm --device-write-bps "${loop}p1:1m" davit/demo true
	like "$err" "option '--device-write-bps': write .* to 'io.max': No such device" 'saying on what'
	like "$err" 'hint: limits are of whole disks' 'with a hint'
else
	skip 'no partitions of loop devices' 3
fi
drop_loop
while IFS='|' read -r device says; do
	fails "refused: --device-write-bps $device:1m" 125 davit run --rm --device-write-bps "$device:1m" davit/demo true
	like "$err" "option '--device-write-bps': .*$says" 'saying why'
done <<'ROWS'
/dev/nosuch|'/dev/nosuch': No such file
/dev/null|'/dev/null' is not a block device
ROWS
done_testing
