# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Shared by the scripts beside. They are started again in a mount namespace of their own: crun refuses hybrid hosts,
# so everybody gets one with cgroup2 at /sys/fs/cgroup.
#
#	bench_options "$@"         # -n ROUNDS: $rounds; root, and the second start
#	bench_enter                # $dir with root/, run/ (tmpfs), bpf/, tree/ (a static `true`); $parent: a cgroup; $floor
#	bench_disk DIR             # mount a file system of its own on it
#	bench_bundle NAME FILTER   # a bundle of `runc spec` with `true`, changed by the jq filter
#	bench_add NAME COMMAND...  # one contender
#	bench_run JSON             # versions, table, JSON
# shellcheck disable=SC2034 # used by who includes this

top=$(cd "$(dirname "$0")/../.." && pwd)
export DAVIT_OUT=${DAVIT_OUT:-$top/out}
rounds=200
contenders=()

have() {
	command -v "$1" >/dev/null || { echo "not measured: no $1" >&2; return 1; }
}

bench_options() {
	local opt name=${0##*/}
	while getopts n: opt; do
		case $opt in
		n) rounds=$OPTARG ;;
		*) echo "usage: $name [-n ROUNDS]" >&2; exit 2 ;;
		esac
	done
	[ "$(id -u)" -eq 0 ] || { echo "$name: needs root" >&2; exit 1; }
	[ -z "${_BENCH_INSIDE:-}" ] || return 0
	export _BENCH_INSIDE=1 BENCH_DIR=/var/tmp/davit-bench$$ DAVIT_SLICE=davit-bench$$
	trap 'rm -rf --one-file-system "$BENCH_DIR"' EXIT
	unshare --mount --propagation private "$0" -n "$rounds"
	exit
}

_bench_clean_up() {
	local p
	cd /
	while read -r p; do
		kill -KILL "$p" 2>/dev/null || true # of a trap, too, the first error is the end
	done < <(find /sys/fs/cgroup -path "*/$DAVIT_SLICE*" -name cgroup.procs -exec cat {} + 2>/dev/null)
	# innermost first; the kernel takes a moment after the last process
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		find /sys/fs/cgroup -mindepth 1 -depth -type d -path "*/$DAVIT_SLICE*" \
			-exec rmdir {} \; 2>/dev/null || true
		[ -n "$(find /sys/fs/cgroup -mindepth 1 -type d -path "*/$DAVIT_SLICE*")" ] || break
		sleep 0.2
	done
}

# What was removed from the host's disk would be measured as well: before ext4 without a journal makes an inode, it looks at each
# that was removed in the last five minutes, and after an apt-get that is ten times the price of the making.
bench_disk() {
	mkdir -p "$1"
	truncate -s 2G "$1.img"
	mkfs.ext4 -q -O has_journal -E lazy_itable_init=0,lazy_journal_init=0 "$1.img"
	mount -o loop "$1.img" "$1"
	rm "$1.img" # stays until it is unmounted, which is when this mount namespace ends
}

bench_enter() {
	dir=$BENCH_DIR/disk
	floor=$DAVIT_OUT/bench/floor
	bench_disk "$dir"
	mkdir -p "$dir"/{root,run,bpf,tree,overlay/upper,overlay/work}
	mount -t tmpfs -o mode=0755 davit-bench "$dir/run"
	mount -t bpf davit-bench "$dir/bpf"
	umount -R /sys/fs/cgroup
	mount -t cgroup2 cgroup2 /sys/fs/cgroup
	parent=/sys/fs/cgroup/$DAVIT_SLICE.floor
	mkdir "$parent"
	trap _bench_clean_up EXIT
	# one tree for all: a static `true` and the directories that the mounts need
	mkdir -p "$dir"/tree/{bin,dev,etc,proc,sys,tmp}
	cp "$DAVIT_OUT/tests/true" "$dir/tree/bin/true"
	export DAVIT_ROOT=$dir/root DAVIT_STATE=$dir/run DAVIT_BPFFS=$dir/bpf
	export PATH=$DAVIT_OUT/bin:$PATH
}

bench_bundle() {
	mkdir "$dir/$1"
	(cd "$dir/$1" && runc spec)
	jq -c --arg root "$dir/tree" --slurpfile profile <(jq .linux.seccomp "$top/tests/data/oci/docker-run.json") \
		".process.terminal = false | .process.args = [\"/bin/true\"] |
		.root.path = \$root | $2" "$dir/$1/config.json" >"$dir/$1/new"
	mv "$dir/$1/new" "$dir/$1/config.json"
}

bench_add() { contenders+=(-- "$@"); }

bench_run() {
	local p
	for p in davit davit-oci crun runc; do
		command -v $p >/dev/null && echo "$p: $($p --version 2>/dev/null | head -n 1)"
	done
	echo "kernel: $(uname -r), $(nproc) CPUs"
	"$DAVIT_OUT/bench/bench" -n "$rounds" -o "$1" "${contenders[@]}"
}
