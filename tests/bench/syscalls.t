#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The noise-free gate: system calls of one `davit run --rm`, at most 1.5 times the floor's, and of `davit-oci run`.
# shellcheck source=tests/harness/lib.sh
. "$(dirname "$0")/../harness/lib.sh"
davit_env "$@"

floor=$DAVIT_OUT/bench/floor
command -v strace >/dev/null || plan skip_all 'no strace'
! has_sanitizers || plan skip_all 'sanitizers make system calls of their own'
[ -x "$floor" ] || bail "no $floor: run 'make test' or 'make $floor'"

# a tree with one static program that exits 0
mkdir -p "$TEST_DIR"/tree/{bin,dev,etc,proc,sys,tmp} "$TEST_DIR"/overlay/{upper,work}
cp "$DAVIT_OUT/tests/true" "$TEST_DIR/tree/bin/true"
tar -C "$TEST_DIR/tree" -cf "$TEST_DIR/tree.tar" .
ok 'import' davit import "$TEST_DIR/tree.tar" davit/true

# count COMMAND [ARG...]: sets $calls; the command runs once before, so that caches are warm
in_place=()
count() {
	"${in_place[@]}" "$@" >/dev/null 2>&1 </dev/null || true
	# into a file, davit would copy by a monitor
	status=0
	"${in_place[@]}" strace -f -qq -c -o "$TEST_DIR/strace" "$@" </dev/null >/dev/null 2>&1 || status=$?
	# one table per personality that a process has had
	calls=$(awk '$NF == "total" { n += $4 } END { print n + 0 }' "$TEST_DIR/strace")
}

cgroup2=$(findmnt -nt cgroup2 -o TARGET | head -n 1)
mkdir "$cgroup2/$DAVIT_SLICE.slice" 2>/dev/null
count "$floor" -g "$cgroup2/$DAVIT_SLICE.slice" -u "$TEST_DIR/overlay" "$TEST_DIR/tree" /bin/true
is "$status" 0 'the floor runs'
floor_calls=$calls

for network in private host; do
	flags=()
	[ $network = private ] || flags=(-H)
	count "$floor" "${flags[@]}" -g "$cgroup2/$DAVIT_SLICE.slice" -u "$TEST_DIR/overlay" \
		"$TEST_DIR/tree" /bin/true
	floor_calls=$calls
	count davit run --rm --network $network davit/true /bin/true
	is "$status" 0 "davit runs, network $network"
	most=$((floor_calls * 3 / 2))
	diag "network $network: davit $calls, floor $floor_calls, limit $most"
	ok "at most 1.5 times the floor's system calls, network $network" [ "$calls" -le "$most" ]
done

# an OCI runtime is told its mounts and devices one by one; hierarchies of v1 would each be joined
# shellcheck disable=SC2016 # the inner shell's
in_place=(unshare --mount --propagation private sh -c
	'umount -R /sys/fs/cgroup && mount -t cgroup2 cgroup2 /sys/fs/cgroup && exec "$@"' sh)
mkdir "$TEST_DIR/bundle"
(cd "$TEST_DIR/bundle" && davit-oci spec)
jq --arg root "$TEST_DIR/tree" --arg path "/$DAVIT_SLICE.slice/b" '.process.terminal = false | .process.args = ["/bin/true"] |
	.root.path = $root | .linux.cgroupsPath = $path' "$TEST_DIR/bundle/config.json" >"$TEST_DIR/config"
mv "$TEST_DIR/config" "$TEST_DIR/bundle/config.json"
count "$floor" -g "/sys/fs/cgroup/$DAVIT_SLICE.slice" "$TEST_DIR/tree" /bin/true
floor_calls=$calls
most=$((floor_calls * 2))
count davit-oci --root "$DAVIT_STATE/oci" run -b "$TEST_DIR/bundle" b
is "$status" 0 'davit-oci runs'
diag "davit-oci $calls, floor $floor_calls, limit $most"
ok "davit-oci: at most twice the floor's system calls" [ "$calls" -le "$most" ]
done_testing
