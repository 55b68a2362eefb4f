# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034 # dir, loop and dev are for the tests
# For tests of what only a host with cgroup v2 alone can show: limits in force, measured inside and
# by the kernel's own files. `scripts/vm run --kernel 6.1 -- tests/engine/v2_limits.t` has one.

V2_ROOT=/sys/fs/cgroup

# need_v2 [CONTROLLER...]: skips the whole file on hosts without
need_v2() {
	local c
	[ "$(stat -f -c %T "$V2_ROOT")" = cgroup2fs ] || plan skip_all 'the host does not have cgroup v2 alone'
	for c in "$@"; do
		grep -qw "$c" "$V2_ROOT/cgroup.controllers" ||
			plan skip_all "cgroup v2 of this host has no $c controller"
	done
}

# in_lab: on a machine that nobody else uses, whose devices and swap a test may change
in_lab() { [ -n "${DAVIT_LAB_KERNEL:-}" ]; }

# cgroup_of NAME: the container's directory
cgroup_of() { echo "$V2_ROOT/$DAVIT_SLICE.slice/$(davit inspect "$1" | jq -r '.[0].Id')"; }

# value FILE KEY: of a flat-keyed file
value() { awk -v key="$2" '$1 == key { print $2 }' "$1"; }

# io_value FILE MAJOR:MINOR KEY: of io.stat and io.max
io_value() { awk -v dev="$2" -v key="$3=" '$1 == dev { for (i = 2; i <= NF; i++) if (index($i, key) == 1) print substr($i, length(key) + 1) }' "$1"; }

# oom_kills DIR
oom_kills() { value "$1/memory.events" oom_kill; }

# background NAME OPTION... -- COMMAND...: runs a container and sets $dir to its cgroup
background() {
	local name=$1 options=()
	shift
	while [ "$1" != -- ]; do options+=("$1"); shift; done
	shift
	run davit run -d --name "$name" "${options[@]}" davit/demo "$@"
	[ "$status" -eq 0 ] || bail "cannot run '$name': $err"
	dir=$(cgroup_of "$name")
}

# use_loop SIZE: a loop device over a file of SIZE bytes; sets $loop and $dev (MAJOR:MINOR), or fails
use_loop() {
	modprobe -q loop 2>/dev/null
	truncate -s "$1" "$TMPDIR/disk" && loop=$(losetup --find --show --direct-io=off "$TMPDIR/disk" 2>/dev/null) || return
	dev=$(stat -c '%Hr:%Lr' "$loop")
}
drop_loop() {
	losetup -d "$loop"
	rm -f "$TMPDIR/disk"
}
