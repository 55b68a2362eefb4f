#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Does a start cost more beside idle containers? usage: crowd.sh [-n ROUNDS] [-c CONTAINERS]
# The cost must not grow with their number: neither the start's, nor the host's mount table.
set -eu -o pipefail
# shellcheck source=tests/bench/lib.sh
. "$(dirname "$0")/lib.sh"
crowd=1000
while getopts n:c: opt; do
	case $opt in
	n) rounds=$OPTARG ;;
	c) crowd=$OPTARG ;;
	*) echo "usage: crowd.sh [-n ROUNDS] [-c CONTAINERS]" >&2; exit 2 ;;
	esac
done
[ "$(id -u)" -eq 0 ] || { echo "crowd.sh: needs root" >&2; exit 1; }
if [ -z "${_CROWD_INSIDE:-}" ]; then
	export _CROWD_INSIDE=1 CROWD_DIR=/var/tmp/davit-crowd$$
	trap 'rm -rf --one-file-system "$CROWD_DIR"' EXIT
	unshare --mount --propagation private "$0" -n "$rounds" -c "$crowd"
	exit
fi

dir=$CROWD_DIR/disk
bench_disk "$dir"
export PATH=$DAVIT_OUT/bin:$PATH DAVIT_ROOT=$dir/root DAVIT_STATE=$dir/run DAVIT_BPFFS=$dir/bpf \
	DAVIT_SLICE=davit-crowd$$
mkdir -p "$dir"/{root,run,bpf} "$dir"/overlay/{upper,work} "$dir"/tree/{bin,dev,etc,proc,sys}
cp "$DAVIT_OUT/tests/true" "$dir/tree/bin/true"
cp /bin/busybox "$dir/tree/bin/sleep"
mount -t tmpfs davit-crowd "$dir/run"
mount -t bpf davit-crowd "$dir/bpf"
cgroup=$(findmnt -n -o TARGET -t cgroup2 | head -n 1)/davit-crowd$$.floor
mkdir "$cgroup"
clean_up() {
	davit system reset --force --quiet >/dev/null || true
	find "$cgroup" -depth -type d -exec rmdir {} \; 2>/dev/null || true
}
trap clean_up EXIT

# measure FILE: starts, and the floor in turn with them, which tells how fast the machine is just now
measure() {
	"$DAVIT_OUT/bench/bench" -s -n "$rounds" -o "$1" \
		-- floor "$DAVIT_OUT/bench/floor" -g "$cgroup" -u "$dir/overlay" "$dir/tree" /bin/true \
		-- davit davit run --rm true /bin/true
}
davit import "$dir/tree" true >/dev/null
davit run --rm true /bin/true
echo "with no other container:"
measure "$dir/alone.json"
mounts=$(wc -l </proc/self/mountinfo)
for ((i = 0; i < crowd; i++)); do
	davit run -d true /bin/sleep 100000 >/dev/null
done
running=$(davit ps -q | wc -l)
added=$(($(wc -l </proc/self/mountinfo) - mounts))
echo "with $running idle containers, which added $added entries to the host's mount table:"
measure "$dir/crowd.json"
jq -n --slurpfile a "$dir/alone.json" --slurpfile b "$dir/crowd.json" --argjson n "$running" '
	def cost: .rows[] | select(.name == "davit") | .cpu_ratio.floor;
	{containers: $n, start_per_floor: {alone: ($a[0] | cost), crowd: ($b[0] | cost)},
	 ratio: (($b[0] | cost) / ($a[0] | cost))}' | tee "$DAVIT_OUT/crowd.json"
[ "$running" -eq "$crowd" ] && [ "$added" -eq 0 ]
