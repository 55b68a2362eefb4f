#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# scripts/vm build-module: a module for each kernel, built by its suite's compiler, loaded and unloaded there.
# What is not in the cache is fetched with DAVIT_LAB_FETCH=1 only: it takes minutes.
# shellcheck disable=SC2154 # run sets out, err, status
. "$(dirname "$0")/../harness/lib.sh"

vm=$TEST_TOP/scripts/vm
lab=${DAVIT_LAB:-$TEST_TOP/out/lab}
dir=$(mktemp -d -p "${DAVIT_TEST_BASE:-/var/tmp}" davit-lab.XXXXXX)
trap 'rm -rf "$dir"; _tap_end' EXIT

module() { # DIR
	mkdir -p "$1"
	echo 'obj-m := davit_hello.o' >"$1/Makefile"
	cat >"$1/davit_hello.c" <<-'EOF'
		// SPDX-License-Identifier: GPL-2.0-only
		#include <linux/module.h>

		static int __init hello_init(void)
		{
			pr_info("hello from a module\n");
			return 0;
		}

		static void __exit hello_exit(void)
		{
			pr_info("the module leaves\n");
		}

		module_init(hello_init);
		module_exit(hello_exit);
		MODULE_DESCRIPTION("a module of the lab's tests");
		MODULE_LICENSE("GPL");
	EOF
}

# what nobody can build
module "$dir/ok"
mkdir "$dir/empty"
fails 'no kernel is an error' 125 "$vm" build-module "$dir/ok"
fails 'no directory is an error' 125 "$vm" build-module --kernel 6.1
fails 'a directory that is not there is an error' 125 "$vm" build-module --kernel 6.1 "$dir/none"
fails 'a directory without a Makefile is an error' 125 "$vm" build-module --kernel 6.1 "$dir/empty"
like "$err" 'hint: .*obj-m' 'that says what belongs there'
fails 'an unknown kernel is an error' 125 "$vm" build-module --kernel 5.99 "$dir/ok"
like "$err" 'known: 6.1 6.12 7.2' 'that names the known'
fails 'an image is an error' 125 "$vm" build-module --kernel "$dir/bzImage" "$dir/ok"
fails 'a directory that the suite hides is an error' 125 "$vm" build-module --kernel 6.1 /usr/lib
fails 'a share that is not there is an error' 125 "$vm" build-module --kernel 6.1 --share "$dir/none" "$dir/ok"
fails 'a bad number of jobs is an error' 125 "$vm" build-module --kernel 6.1 --jobs x "$dir/ok"

# a compiler that is being fetched, when the end comes: by a debootstrap that never ends
mkdir -p "$dir/fake" "$dir/tmp" "$dir/lab/kernels/6.1/headers"
awk '$1 == 6.1 && $3 == "image" { print "pinned", $5 }' "$TEST_TOP/tests/kernels.txt" >"$dir/lab/kernels/6.1/about"
cat >"$dir/fake/debootstrap" <<'EOF'
#!/bin/bash
mkdir -p "${@: -2:1}/deep"
cd "${@: -2:1}/deep" || exit
(while :; do mkdir -p a/b; : >a/b/$RANDOM; done) &
setsid -f sleep 1000
: >"$DAVIT_TEST_STARTED"
[ -z "${DAVIT_TEST_FAIL:-}" ] || exit 1
wait
EOF
chmod +x "$dir/fake/debootstrap"
fetch_compiler() { # SIGNAL
	rm -f "$dir/started"
	PATH=$dir/fake:$PATH TMPDIR=$dir/tmp DAVIT_LAB=$dir/lab DAVIT_TEST_STARTED=$dir/started \
		env --default-signal=INT,TERM "$vm" fetch --headers 6.1 2>"$dir/err" &
	pid=$!
	wait_until 60 test -e "$dir/started"
	kill -s "$1" $pid
	wait $pid 2>/dev/null
	status=$?
}
# what is running there
workers() {
	local p
	for p in /proc/[0-9]*; do
		[[ $(readlink "$p/cwd") != "$dir/lab/"* ]] || echo "${p#/proc/} $(tr '\0' ' ' <"$p/cmdline")"
	done 2>/dev/null
}
if ! command -v debootstrap >/dev/null || [[ $(apt-get indextargets --format '$(SITE)' 2>/dev/null) != *debian* ]]; then
	skip 'no debootstrap, or no mirror' 11
else
	for s in INT:130 TERM:143; do
		fetch_compiler ${s%:*}
		is "$status" ${s#*:} "SIG${s%:*} ends the fetch of a compiler"
		is "$(workers)" '' 'nobody works on'
		is "$(find "$dir/lab/kernels" "$dir/tmp" -mindepth 1 -maxdepth 1 -printf '%f\n' | sort | xargs)" '.lock 6.1' 'and nothing is left'
	done
	fetch_compiler KILL
	is "$status" 137 'so does SIGKILL'
	wait_until 10 eval '[ -z "$(workers)" ]'
	is "$(workers)" '' 'nobody works on'
	touch -d '2 minutes ago' "$dir"/tmp/*/.lock
	fails 'the next one, which fails' 125 env PATH="$dir/fake:$PATH" TMPDIR="$dir/tmp" DAVIT_LAB="$dir/lab" \
		DAVIT_TEST_STARTED="$dir/started" DAVIT_TEST_FAIL=1 "$vm" fetch --headers 6.1
	is "$(find "$dir/lab/kernels" "$dir/tmp" -mindepth 1 -maxdepth 1 -printf '%f\n' | sort | xargs)" '.lock 6.1' 'removes what it left'
	is "$(workers)" '' 'and leaves nothing itself'
fi

has_build_root() {
	[ -d "$lab/kernels/$1/headers" ] && [ -d "$lab/kernels/$1/build" ]
}

# below the cache or our directory; other tests mount, too
mounts() { grep -F -e " $(readlink -f "$lab")" -e " $dir" /proc/self/mountinfo; }
before=$(mounts)
for kernel in 6.1 6.12 7.2; do
	if ! has_build_root $kernel && [ -z "${DAVIT_LAB_FETCH:-}" ]; then
		skip "$kernel: headers and compiler are not in the cache (scripts/vm fetch --headers $kernel)" 5
		continue
	fi
	module "$dir/$kernel"
	ok "$kernel: a module is built" "$vm" build-module --kernel $kernel "$dir/$kernel"
	# shellcheck disable=SC2016 # for the guest
	run "$vm" run --kernel $kernel --share "$dir" -- sh -ec 'insmod "$1"; grep davit_hello /proc/modules; rmmod davit_hello
		! grep davit_hello /proc/modules; dmesg | tail -n 20' sh "$dir/$kernel/davit_hello.ko"
	is "$status" 0 'it is loaded and unloaded'
	like "$out" 'davit_hello .* Live' 'it was there'
	like "$out" 'hello from a module(.|[[:space:]])*the module leaves' 'and has run'

	echo 'int x = nothing;' >>"$dir/$kernel/davit_hello.c"
	fails 'a module that does not compile fails as make does' 2 "$vm" build-module --kernel $kernel "$dir/$kernel"
done
is "$(mounts)" "$before" 'no mount is left'

# the debug kernel has its headers with it, and this machine's compiler
if ! "$vm" build-kernel --debug --print-path >/dev/null 2>&1; then
	skip 'no debug kernel is built (scripts/vm build-kernel --debug)' 1
else
	module "$dir/debug"
	ok 'debug: a module is built' "$vm" build-module --kernel debug "$dir/debug"
fi
done_testing
