#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# From nothing to a reaped container: davit, crun, runc and the floor, all running the same static
# `true`. usage: start.sh [-n ROUNDS]. Prints a table, writes $DAVIT_OUT/bench.json.
set -eu -o pipefail

top=$(cd "$(dirname "$0")/../.." && pwd)
export DAVIT_OUT=${DAVIT_OUT:-$top/out}
rounds=200
while getopts n: opt; do
	case $opt in
	n) rounds=$OPTARG ;;
	*) echo "usage: start.sh [-n ROUNDS]" >&2; exit 2 ;;
	esac
done
[ "$(id -u)" -eq 0 ] || { echo "start.sh: needs root" >&2; exit 1; }

if [ -z "${_BENCH_INSIDE:-}" ]; then
	# crun refuses hybrid hosts: everybody gets a mount namespace with cgroup2 at /sys/fs/cgroup
	export _BENCH_INSIDE=1 BENCH_DIR=/var/tmp/davit-bench$$ DAVIT_SLICE=davit-bench$$
	trap 'rm -rf --one-file-system "$BENCH_DIR"' EXIT
	unshare --mount --propagation private "$0" -n "$rounds"
	exit
fi

floor=$DAVIT_OUT/bench/floor
dir=$BENCH_DIR
mkdir -p "$dir"/{root,run,bpf,tree,overlay/upper,overlay/work}
mount -t tmpfs -o mode=0755 davit-bench "$dir/run"
mount -t bpf davit-bench "$dir/bpf"
umount -R /sys/fs/cgroup
mount -t cgroup2 cgroup2 /sys/fs/cgroup
parent=/sys/fs/cgroup/$DAVIT_SLICE.floor
mkdir "$parent"

clean_up() {
	cd /
	# innermost first; the kernel takes a moment after the last process
	for _ in 1 2 3 4 5; do
		find /sys/fs/cgroup -mindepth 1 -depth -type d -path "*/$DAVIT_SLICE*" \
			-exec rmdir {} \; 2>/dev/null || true
		[ -n "$(find /sys/fs/cgroup -mindepth 1 -type d -path "*/$DAVIT_SLICE*")" ] || break
		sleep 0.1
	done
}
trap clean_up EXIT

# one tree for all: a static `true` and the directories that the mounts need
mkdir -p "$dir"/tree/{bin,dev,etc,proc,sys,tmp}
cp "$DAVIT_OUT/tests/true" "$dir/tree/bin/true"

export DAVIT_ROOT=$dir/root DAVIT_STATE=$dir/run DAVIT_BPFFS=$dir/bpf
export PATH=$DAVIT_OUT/bin:$PATH

contenders=()
add() { contenders+=(-- "$@"); }
have() {
	command -v "$1" >/dev/null || { echo "not measured: no $1" >&2; return 1; }
}

# bundle NAME JQ-FILTER: what `runc spec` writes, with `true` and without a terminal
bundle() {
	mkdir "$dir/$1"
	(cd "$dir/$1" && runc spec)
	jq --arg root "$dir/tree" ".process.terminal = false | .process.args = [\"/bin/true\"] |
		.root.path = \$root | $2" "$dir/$1/config.json" >"$dir/$1/new"
	mv "$dir/$1/new" "$dir/$1/config.json"
}

add 'floor, overlay' "$floor" -g "$parent" -u "$dir/overlay" "$dir/tree" /bin/true
add 'floor' "$floor" -g "$parent" "$dir/tree" /bin/true
add 'floor, host net' "$floor" -H -g "$parent" "$dir/tree" /bin/true
if have davit; then
	if tar -C "$dir/tree" -cf "$dir/tree.tar" . && davit import "$dir/tree.tar" davit/true >/dev/null &&
		davit run --rm --network private davit/true /bin/true; then
		add 'davit' davit run --rm --network private davit/true /bin/true
		add 'davit, host net' davit run --rm --network host davit/true /bin/true
	else
		echo 'not measured: davit cannot run the image' >&2
	fi
fi
if have runc && have jq; then
	bundle private .
	bundle host '.linux.namespaces |= map(select(.type != "network"))'
	if have crun; then
		crun=(crun --root "$dir/run/crun" --cgroup-manager=disabled)
		add 'crun' "${crun[@]}" run -b "$dir/private" "bench$$"
		add 'crun, host net' "${crun[@]}" run -b "$dir/host" "bench$$"
	fi
	runc=(runc --root "$dir/run/runc")
	jq --arg p "/$DAVIT_SLICE.floor/runc" '.linux.cgroupsPath = $p' "$dir/private/config.json" >"$dir/new"
	mkdir "$dir/runc"
	mv "$dir/new" "$dir/runc/config.json"
	add 'runc' "${runc[@]}" run -b "$dir/runc" "bench$$"
fi

for p in davit crun runc; do
	command -v $p >/dev/null && echo "$p: $($p --version 2>/dev/null | head -n 1)"
done
echo "kernel: $(uname -r), $(nproc) CPUs"
"$DAVIT_OUT/bench/bench" -n "$rounds" -o "$DAVIT_OUT/bench.json" "${contenders[@]}"
