#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# kill -9 of a load at many moments, and a full disk: the next command finds a sound store, nothing
# is left, and the same load works.
# shellcheck source=tests/harness/lib.sh
. "$(dirname "$0")/../harness/lib.sh"
# shellcheck source=tests/image/image.sh
. "$(dirname "$0")/image.sh"
davit_env "$@"
# LeakSanitizer cannot look while somebody traces
! has_sanitizers || sanitizer_options detect_leaks=0
for tool in strace umoci python3; do
	command -v "$tool" >/dev/null || plan skip_all "needs $tool"
done
mkdir "$TEST_DIR/work" && cd "$TEST_DIR/work" || bail 'no work directory'
umoci init --layout layout >/dev/null && umoci new --image layout:a >/dev/null &&
	umoci unpack --image layout:a bundle >/dev/null 2>&1 || bail 'umoci does not work'
for n in 1 2 3; do
	mkdir -p bundle/rootfs/dir$n/{a,b} && echo $n | tee bundle/rootfs/dir$n/{a,b}/{1,2,3} >/dev/null
	[ $n = 1 ] || rm -rf bundle/rootfs/dir1/a
	umoci repack --refresh-bundle --image layout:a bundle >/dev/null 2>&1 || bail 'umoci repack'
done
umoci unpack --image layout:a reference >/dev/null 2>&1 || bail 'umoci unpack'
mkdir other && echo other >other/file
davit import other other >/dev/null || bail 'davit import'

store_names() { (cd "$DAVIT_ROOT" && find . -mindepth 1 -printf '%p %y %l\n' | sort); }
clean=$(store_names)

# what a load does, system call by system call, from the first that changes the store
strace -f -o calls davit-image load -i layout >/dev/null || bail 'strace does not work'
davit rmi a >/dev/null
is "$(store_names)" "$clean" 'rmi takes the store back to where it was'

# kill_at SYSCALL N: the load is killed as it enters its Nth SYSCALL
kill_at() {
	strace -f -qq -o /dev/null -e "trace=$1" -e "inject=$1:signal=KILL:when=$2" \
		davit-image load -i layout >/dev/null 2>&1
} 2>/dev/null # the shell's own word of the kill

bad=0 points=0
for call in mkdirat openat renameat symlinkat unlinkat syncfs fsync futex utimensat mknodat write flock fchmod; do
	total=$(grep -c " $call(" calls)
	step=$((total / 12 + 1))
	for ((n = 1; n <= total; n += step)); do
		kill_at "$call" "$n"
		points=$((points + 1))
		run davit system check
		# either the image is not there and nothing is, or it is there and whole
		if davit inspect a >/dev/null 2>&1; then
			list_image a >"$TEST_DIR/lib/got" || bad=$((bad + 1))
			"$IMAGE_TESTS/tree_list.py" reference/rootfs >"$TEST_DIR/lib/want"
			if [ -n "$(diff "$TEST_DIR/lib/want" "$TEST_DIR/lib/got")" ]; then
				diag "image differs after a kill at $call $n"
				bad=$((bad + 1))
			fi
			davit rmi a >/dev/null || bad=$((bad + 1))
		fi
		if [ "$status" -ne 0 ] || [ "$(store_names)" != "$clean" ]; then
			diag "after a kill at $call $n: status $status" "$out" "$err"
			diff <(echo "$clean") <(store_names) | head -n 5 | sed 's/^/# /'
			bad=$((bad + 1))
		fi
		run davit system check
		[ "$out" = 'nothing left behind' ] || { diag "a second check found: $out"; bad=$((bad + 1)); }
	done
done
is "$bad" 0 "after each of $points kills a check leaves a sound store"

# without a check in between: the next load cleans up by itself
bad=0
for call in renameat symlinkat fsync mkdirat; do
	total=$(grep -c " $call(" calls)
	for ((n = 1; n <= total; n += total / 6 + 1)); do
		kill_at "$call" "$n"
		davit load -i layout >/dev/null || bad=$((bad + 1))
		davit rmi a >/dev/null || bad=$((bad + 1))
		if [ "$(store_names)" != "$clean" ]; then
			diag "after a kill at $call $n:"
			diff <(echo "$clean") <(store_names) | head -n 5 | sed 's/^/# /'
			bad=$((bad + 1))
			davit system check >/dev/null
		fi
	done
done
is "$bad" 0 'the next load removes what a killed one left'

# rmi killed
bad=0
for call in renameat unlinkat fsync symlinkat; do
	for n in 1 2 3 4 5 6 8 10 14 20; do
		davit load -i layout >/dev/null || bad=$((bad + 1))
		strace -f -qq -o /dev/null -e "trace=$call" -e "inject=$call:signal=KILL:when=$n" \
			davit rmi a >/dev/null 2>&1
		davit system check >/dev/null || bad=$((bad + 1))
		if davit inspect a >/dev/null 2>&1; then davit rmi a >/dev/null || bad=$((bad + 1)); fi
		# a killed rmi may have removed the name and not the image
		for id in $(davit images -q); do
			[ "$(davit images | grep "$id" | cut -d' ' -f1)" != '<none>' ] || davit rmi "$id" >/dev/null
		done
		[ "$(store_names)" = "$clean" ] || { diag "after rmi killed at $call $n:"; diff <(echo "$clean") <(store_names) | head -n 5 | sed 's/^/# /'; bad=$((bad + 1)); }
	done
done
is "$bad" 0 'a killed rmi leaves a sound store'

### 8 loads of the same image at once, and rmi in between

pids=()
for n in 1 2 3 4 5 6 7 8; do
	davit load --tag "same:$n" -i layout >/dev/null 2>&1 & pids+=($!)
done
failed=0
for pid in "${pids[@]}"; do wait "$pid" || failed=$((failed + 1)); done
is "$failed" 0 'eight loads at once'
is "$(davit images --format json | grep -c '"same"')" 8 'each gave its name'
is "$(find "$DAVIT_ROOT/layers" -mindepth 1 -maxdepth 1 | wc -l)" 4 'and the layers are there once'
pids=()
for n in 1 2 3 4 5 6 7 8; do
	davit rmi "same:$n" >/dev/null 2>&1 & pids+=($!)
	davit load --tag "again:$n" -i layout >/dev/null 2>&1 & pids+=($!)
done
for pid in "${pids[@]}"; do wait "$pid" || failed=$((failed + 1)); done
is "$failed" 0 'eight loads beside eight removals'
list_image again:3 >"$TEST_DIR/lib/got"
"$IMAGE_TESTS/tree_list.py" reference/rootfs >"$TEST_DIR/lib/want"
is "$(diff "$TEST_DIR/lib/want" "$TEST_DIR/lib/got")" '' 'and the image is whole'
for n in 1 2 3 4 5 6 7 8; do davit rmi "again:$n" >/dev/null 2>&1; done
is "$(store_names)" "$clean" 'all removed'

### no space

head -c 3000000 /dev/urandom >bundle/rootfs/big
umoci repack --refresh-bundle --image layout:b bundle >/dev/null 2>&1 && umoci rm --image layout:a
mkdir small && mount -t tmpfs -o size=2m small small || bail 'no tmpfs'
DAVIT_ROOT=$PWD/small/root davit import other other >/dev/null || bail 'import into a small store'
before=$(cd small && find . -printf '%p %l %s\n' | sort)
fails 'a full disk is an error' 1 env DAVIT_ROOT="$PWD/small/root" davit load -i layout
like "$err" 'No space left on device' 'that says so'
is "$(cd small && find . -printf '%p %l %s\n' | sort)" "$before" 'and nothing is left on it'
umount small
fails 'a store that cannot be written is an error' 1 env DAVIT_ROOT=/proc/davit davit load -i layout

# a signal to davit is one to what imports
mkfifo "$TMPDIR/fifo"
exec 7<>"$TMPDIR/fifo"
davit import - fifo-image:1 <"$TMPDIR/fifo" 2>/dev/null &
import=$!
wait_until 5 eval '[ "$(find "$DAVIT_ROOT/tmp" -mindepth 1 | wc -l)" -gt 0 ]'
kill "$import"
wait "$import"
is "$?" 143 'import ends of SIGTERM'
is "$(pgrep -f 'davit-image import.*fifo-image')" '' 'as a whole'
exec 7>&-
rm "$TMPDIR/fifo"
davit system check >/dev/null
is "$(davit images | grep -c fifo-image)" 0 'without an image'
done_testing
