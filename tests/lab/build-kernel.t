#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# scripts/vm build-kernel: what it refuses, what it leaves, and that the kernel finds what it is for.
# Nothing is built here: that takes too long. The kernel is used when it is there.
# shellcheck disable=SC2154 # run sets out, err, status
. "$(dirname "$0")/../harness/lib.sh"

vm=$TEST_TOP/scripts/vm
dir=$(mktemp -d -p "${DAVIT_TEST_BASE:-/var/tmp}" davit-lab.XXXXXX)
trap 'rm -rf "$dir"; _tap_end' EXIT
build() { env DAVIT_LAB="$dir/lab" "$@"; }

# arguments
fails 'another flavour is an error' 125 "$vm" build-kernel
like "$err" 'debug kernels only' 'that says what there is'
fails 'an unknown option is an error' 125 "$vm" build-kernel --debug --frob
fails 'a bad number of jobs is an error' 125 "$vm" build-kernel --debug --jobs 0
fails 'an option without its value is an error' 125 "$vm" build-kernel --debug --jobs
fails 'a source that is not there is an error' 125 "$vm" build-kernel --debug --source "$dir/none.tar.xz"
like "$err" "cannot read '$dir/none.tar.xz'" 'that names it'

# what is missing is named, with what to install
mkdir "$dir/bin"
for p in bash cat cpio dirname env find gcc grep head ld nproc realpath sed sha256sum sort tail tar xz; do
	ln -s "$(command -v $p)" "$dir/bin/$p"
done
tar -C "$dir" -cJf "$dir/empty.tar.xz" bin/bash
fails 'missing packages are an error' 125 env PATH="$dir/bin" "$vm" build-kernel --debug --source "$dir/empty.tar.xz"
like "$err" 'missing:.* flex bison bc .*dwarves' 'that names them all'
like "$err" 'hint: apt-get install .*flex' 'and says how to get them'

needs=
for p in flex:flex bison:bison bc:bc pahole:dwarves depmod:kmod; do
	command -v "${p%:*}" >/dev/null || needs+=" ${p#*:}"
done
source=$(find /usr/src -maxdepth 1 -name 'linux-source-*.tar.xz' | sort -V | tail -n 1)
if [ -n "$needs" ] || [ -z "$source" ]; then
	skip "not installed:${needs:- linux-source}" 12
else
	# bad sources
	fails 'a tarball without a kernel is an error' 125 build "$vm" build-kernel --debug --source "$dir/empty.tar.xz"
	like "$err" 'holds no kernel' 'that says so'
	head -c 1000000 "$source" >"$dir/cut.tar.xz"
	fails 'a truncated tarball is an error' 125 build "$vm" build-kernel --debug --source "$dir/cut.tar.xz"
	like "$err" "cannot unpack '$dir/cut.tar.xz'" 'that names it'

	# no space
	run unshare --mount bash -c 'mkdir -p "$1" && mount -t tmpfs -o size=64m none "$1" && exec env DAVIT_LAB="$1" "$2" build-kernel --debug' \
		bash "$dir/small" "$vm"
	is "$status" 125 'too little space is an error'
	like "$err" "needs [0-9]+ MB, '$dir/small' has 64" 'that says how much is needed'

	# a kernel that is not built
	fails '--print-path of what is not built is an error' 125 build "$vm" build-kernel --debug --print-path

	# a signal, as soon as the tree grows; both builds at once: the second waits
	DAVIT_LAB=$dir/lab setsid bash -c 'echo $$ >"$1"; exec "$2" build-kernel --debug' bash "$dir/pid" "$vm" 2>"$dir/err" &
	wait_until 60 grep -q UNPACK "$dir/err"
	DAVIT_LAB=$dir/lab "$vm" build-kernel --debug 2>"$dir/err2" &
	second=$!
	wait_until 60 grep -q WAIT "$dir/err2"
	is $? 0 'a second build waits for the first'
	kill -TERM "$second"
	wait "$second"
	wait_until 60 test -e "$dir"/lab/build/debug-*/unpack/Kconfig
	kill -TERM -- "-$(<"$dir/pid")"
	wait
	is "$(find "$dir/lab/build" "$dir/lab/kernels" -mindepth 1 ! -name .lock)" '' 'SIGTERM leaves no tree'
	is "$(pgrep -s "$(<"$dir/pid")")" '' 'and no process'
	rm -rf "$dir/lab"

	# options that a kernel does not take are found; the fragment is that of a broken configuration
	lost() {
		bash -c 'LAB_LIB=$1/scripts/lab; . "$LAB_LIB/build-kernel.sh"; build_kernel_lost "$2" "$3"' \
			bash "$TEST_TOP" "$dir/fragment" "$dir/config"
	}
	printf '%s\n' '# a comment' CONFIG_A=y CONFIG_B=y 'CONFIG_C="x y"' CONFIG_D=16 '# CONFIG_E is not set' \
		'# CONFIG_F is not set' CONFIG_G=y >"$dir/fragment"
	printf '%s\n' CONFIG_A=y '# CONFIG_B is not set' 'CONFIG_C="x y"' CONFIG_D=12 CONFIG_E=y CONFIG_GG=y >"$dir/config"
	is "$(lost)" $'CONFIG_B=y\nCONFIG_D=16\nCONFIG_E=n\nCONFIG_G=y' 'options that did not survive are named'
	cp "$dir/fragment" "$dir/config"
	is "$(lost)" '' 'those that did are not'
fi

# the kernel
if ! path=$("$vm" build-kernel --debug --print-path 2>/dev/null); then
	skip 'no debug kernel is built (scripts/vm build-kernel --debug)' 10
	done_testing
fi
run "$vm" build-kernel --debug
is "$status" 0 'what is built is not built again'
like "$err" '^ +CACHED +kernel debug is [0-9.]+-davit-debug' 'and that is said'
ok '--print-path has a bzImage' test -s "$path/bzImage"
ok 'and what modules are built against' test -s "$path/modules/build/Module.symvers"

# a module that is built against it; and what it was built for is there
mkdir "$dir/module"
echo 'obj-m := davit_hello.o' >"$dir/module/Makefile"
printf '%s\n' '#include <linux/module.h>' 'MODULE_DESCRIPTION("of a test");' 'MODULE_LICENSE("GPL");' >"$dir/module/davit_hello.c"
ok 'a module is built' make -s -C "$path/modules/build" M="$dir/module" modules
# shellcheck disable=SC2016 # for the guest
run "$vm" run --kernel debug --share "$dir" -- sh -ec 'uname -r
	insmod "$1" && rmmod davit_hello && echo loaded
	for f in /sys/kernel/btf/vmlinux /proc/lockdep_stats /sys/kernel/debug/kmemleak /sys/kernel/debug/failslab \
		/sys/kernel/debug/fail_page_alloc /sys/kernel/debug/fail_usercopy /sys/kernel/debug/fail_function; do
		test -e $f || echo "no $f"
	done
	zcat /proc/config.gz | grep -xE "CONFIG_(KASAN|PROVE_LOCKING|DEBUG_ATOMIC_SLEEP)=y" | sort' sh "$dir/module/davit_hello.ko"
is "$status" 0 'it runs a command'
is "$out" "$(awk '$1 == "release" { print $2 }' "$path/about")
loaded
CONFIG_DEBUG_ATOMIC_SLEEP=y
CONFIG_KASAN=y
CONFIG_PROVE_LOCKING=y" 'with BTF, lockdep, kmemleak, fault injection and KASAN; the module is loaded and unloaded'

# the lab sees what KASAN sees
run "$vm" run --kernel debug --console "$dir/console" -- sh -c 'echo READ_AFTER_FREE >/sys/kernel/debug/provoke-crash/DIRECT; echo done'
is "$status" 125 'a read of freed memory is a failure of the run'
like "$err" 'kernel debug is broken: .*KASAN: use-after-free' 'that KASAN names'
ok 'with the console' grep -q 'Freed by task' "$dir/console"
done_testing
