# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# TAP and a private davit for flow tests. A test file:
#
#	#!/bin/bash
#	# SPDX-License-Identifier: Apache-2.0
#	# One line of purpose.
#	. "$(dirname "$0")/../harness/lib.sh"
#	davit_env "$@"                 # own namespaces, DAVIT_*, PATH; needs root
#	demo_image                     # makes the image davit/demo
#	ok 'true runs' davit run --rm davit/demo true
#	run davit run --rm davit/demo sh -c 'echo hi; exit 3'
#	is "$status" 3 'exit status is that of the command'
#	is "$out" hi 'output arrives'
#	done_testing                   # last line; prints the plan
#
# After davit_env, the end of the file counts one more test: nothing is left (residue_check); with SAN=1
# another: sanitizers are silent.

set -u -o pipefail
# a failed `mount | grep` in a test must not depend on the caller's language
export LC_ALL=C

_tap_n=0
_tap_failed=0
_tap_plan=
_tap_done=
TEST_TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
DAVIT_OUT=${DAVIT_OUT:-$TEST_TOP/out}
export DAVIT_OUT
status=0
out=
err=

### TAP

# plan N | plan skip_all REASON
plan() {
	if [ "$1" = skip_all ]; then
		shift
		echo "1..0 # SKIP $*"
		_tap_done=skip_all
		exit 0
	fi
	_tap_plan=$1
}

diag() { printf '%s\n' "$*" | sed 's/^/# /'; }
note() { diag "$@"; }

pass() {
	_tap_n=$((_tap_n + 1))
	printf 'ok %d - %s\n' "$_tap_n" "${1//#/\\#}"
}

# fail NAME [DIAGNOSTICS...]; returns 1, so that `ok ... || bail ...` reads well
fail() {
	local name=$1
	shift
	_tap_n=$((_tap_n + 1))
	_tap_failed=$((_tap_failed + 1))
	printf 'not ok %d - %s\n' "$_tap_n" "${name//#/\\#}"
	[ $# -eq 0 ] || diag "$@"
	return 1
}

# run COMMAND [ARG...]: sets $status, $out, $err; standard input is the caller's
run() {
	local err_file

	err_file=$(mktemp "${_tap_tmp:-${TMPDIR:-/tmp}}/err.XXXXXX")
	# what the shell itself says of it, of NUL bytes that it leaves out, is no word of the command
	{ out=$("$@" 2>"$err_file"); } 2>/dev/null
	status=$?
	{ err=$(<"$err_file"); } 2>/dev/null
	rm -f "$err_file"
	return 0
}

_tell() {
	diag "command: $1" "status:  $status"
	[ -z "$out" ] || diag "stdout:  $out"
	[ -z "$err" ] || diag "stderr:  $err"
}

# ok NAME COMMAND [ARG...]: passes when the command succeeds
ok() {
	local name=$1
	shift
	run "$@"
	if [ "$status" -eq 0 ]; then
		pass "$name"
	else
		fail "$name"
		_tell "$*"
		return 1
	fi
}

# fails NAME STATUS COMMAND [ARG...]: passes when it exits with STATUS ("any" = not 0)
fails() {
	local name=$1 want=$2
	shift 2
	run "$@"
	if [ "$status" = "$want" ] || { [ "$want" = any ] && [ "$status" -ne 0 ]; }; then
		pass "$name"
	else
		fail "$name" "wanted status $want"
		_tell "$*"
		return 1
	fi
}

# sees NAME WANTED [OPTION...] IMAGE COMMAND...: passes when a container prints WANTED and exits with 0
sees() {
	local name=$1 want=$2
	shift 2
	run davit run --rm "$@"
	if [ "$status" -eq 0 ] && [ "$out" = "$want" ]; then
		pass "$name"
	else
		fail "$name" "wanted: $want"
		_tell "davit run --rm $*"
	fi
}

# refuses NAME REGEX [OPTION...] IMAGE COMMAND...: passes when davit refuses, in one line, with status 125
refuses() {
	local name=$1 want=$2
	shift 2
	run davit run --rm "$@"
	if [ "$status" -eq 125 ] && [ -z "$out" ] && [[ $err =~ $want ]] &&
		[ "$(grep -vc '^hint: ' <<<"$err")" = 1 ]; then
		pass "$name"
	else
		fail "$name" "wanted: status 125 and one line like /$want/"
		_tell "davit run --rm $*"
	fi
}

# is GOT WANT NAME; isnt; like GOT EXTENDED-REGEX NAME; unlike
is() {
	if [ "$1" = "$2" ]; then pass "$3"; else fail "$3" "got:    $1" "wanted: $2"; fi
}
isnt() {
	if [ "$1" != "$2" ]; then pass "$3"; else fail "$3" "got: $1, wanted anything else"; fi
}
like() {
	if [[ $1 =~ $2 ]]; then pass "$3"; else fail "$3" "got:    $1" "wanted: /$2/"; fi
}
unlike() {
	if [[ $1 =~ $2 ]]; then fail "$3" "got:      $1" "unwanted: /$2/"; else pass "$3"; fi
}

# skip REASON [COUNT]: counts tests as skipped; the caller jumps over them
skip() {
	local i
	for ((i = 0; i < ${2:-1}; i++)); do
		_tap_n=$((_tap_n + 1))
		echo "ok $_tap_n # SKIP $1"
	done
}

bail() {
	echo "Bail out!  $*"
	_tap_done=bail
	exit 255
}

# patience SECONDS: those of a machine with little else to do, six times for programs with sanitizers and in the lab
patience() { if [ -n "${DAVIT_LAB_KERNEL:-}" ] || has_sanitizers; then echo $((6 * $1)); else echo "$1"; fi; }

# wait_until SECONDS COMMAND [ARG...]: succeeds as soon as the command does, within its patience
wait_until() {
	local end
	end=$((SECONDS + $(patience "$1")))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$SECONDS" -lt "$end" ] || return 1
		sleep 0.05
	done
}

done_testing() {
	[ -n "$_tap_done" ] || _tap_done=yes
	exit 0
}

# the EXIT trap of every test file
_tap_end() {
	local rc=$?

	trap - EXIT INT TERM HUP
	case $_tap_done in
	skip_all) _env_cleanup; exit 0 ;;
	bail) _env_cleanup; exit 255 ;;
	esac
	if [ -n "$_tap_plan" ]; then
		[ "$_tap_n" -eq "$_tap_plan" ] ||
			fail "planned $_tap_plan tests, ran $_tap_n (status $rc)"
	elif [ "$_tap_done" != yes ]; then
		fail "the file reaches its last line (status $rc)"
	fi
	if [ -n "${_env_is_inside:-}" ]; then
		residue_check
		sanitizer_check
		_env_cleanup
	fi
	echo "1..$_tap_n"
	exit $((_tap_failed != 0))
}
trap _tap_end EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

### a private davit

# davit_env [ARG...]: run this file, with these arguments, again, from its beginning, in mount, pid, net and ipc namespaces of its
# own, with private values of DAVIT_*, an empty $TMPDIR, and the built programs first in PATH.
# It is killed after $DAVIT_TEST_TIMEOUT seconds (600; 1800 with sanitizers; 5400 in the lab, on an emulated processor).
# Everything is below $TEST_DIR (on disk: overlay does not stack on every file system).
davit_env() {
	if [ -n "${_DAVIT_TEST_INSIDE:-}" ]; then
		_env_enter
		return
	fi
	[ "$(id -u)" -eq 0 ] || plan skip_all 'needs root'

	local pid rc
	export DAVIT_SLICE=davit-t$$
	export TEST_DIR=${DAVIT_TEST_BASE:-/var/tmp}/$DAVIT_SLICE
	export _DAVIT_TEST_INSIDE=1
	[ -z "${DAVIT_LAB_KERNEL:-}" ] || : "${DAVIT_TEST_TIMEOUT:=5400}"
	! has_sanitizers || : "${DAVIT_TEST_TIMEOUT:=1800}"
	: "${DAVIT_TEST_TIMEOUT:=600}"
	trap - EXIT
	timeout --foreground --signal KILL "$DAVIT_TEST_TIMEOUT" \
		unshare --mount --pid --net --ipc --fork --kill-child --propagation private \
		bash "$0" "$@" &
	pid=$!
	# unshare blocks SIGTERM; killing it kills its pid namespace (--kill-child)
	trap 'pkill -KILL -P "$pid" 2>/dev/null' INT TERM HUP
	wait "$pid"
	rc=$?
	wait "$pid" 2>/dev/null # the first wait ends early when a trap ran
	[ "$rc" -ne 137 ] || echo "not ok - killed after $DAVIT_TEST_TIMEOUT s at most"
	# when the test was killed its own clean-up did not run
	_sweep_cgroups
	rm -rf --one-file-system "$TEST_DIR"
	exit "$rc"
}

_env_enter() {
	_env_is_inside=1
	unset _DAVIT_TEST_INSIDE
	mkdir -p "$TEST_DIR"/{root,run,bpf,tmp,lib}
	mount -t proc proc /proc || bail "cannot mount /proc"
	mount -t tmpfs -o mode=0755 davit-test "$TEST_DIR/run" || bail "cannot mount a tmpfs"
	mount -t bpf davit-test "$TEST_DIR/bpf" || bail "cannot mount a bpffs"
	# for programs that are started without our environment, too
	! mountpoint -q /sys/fs/bpf || mount --bind "$TEST_DIR/bpf" /sys/fs/bpf || bail "cannot hide the bpffs of the host"
	ip link set lo up 2>/dev/null || true
	export DAVIT_ROOT=$TEST_DIR/root
	export DAVIT_STATE=$TEST_DIR/run
	export DAVIT_BPFFS=$TEST_DIR/bpf
	export TMPDIR=$TEST_DIR/tmp
	export PATH=$DAVIT_OUT/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
	_tap_tmp=$TEST_DIR/lib
	if has_sanitizers; then
		sanitizer_options "log_path=$TEST_DIR/lib/sanitizer"
	fi
	_env_mounts=$(_list_mounts)
	_env_links=$(_list_links)
}

# has_sanitizers: the programs are those of SAN=1
has_sanitizers() {
	[ -n "${_has_sanitizers:-}" ] ||
		_has_sanitizers=$(grep -qs __asan_init "$DAVIT_OUT/bin/davit" && echo yes || echo no)
	[ "$_has_sanitizers" = yes ]
}

# sanitizer_options KEY=VALUE[:...]: in addition to those that are set
sanitizer_options() {
	export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}$1
	export UBSAN_OPTIONS=${UBSAN_OPTIONS:+$UBSAN_OPTIONS:}$1
}

# one counted test: what sanitizers say of programs whose standard error nobody reads
sanitizer_check() {
	local reports
	has_sanitizers || return 0
	reports=$(cat "$TEST_DIR"/lib/sanitizer.* 2>/dev/null)
	if [ -z "$reports" ]; then pass 'sanitizers are silent'; else fail 'sanitizers are silent' "$reports"; fi
}

_list_mounts() { awk '{ print $5 }' /proc/self/mountinfo | sort; }
_list_links() { ls -1 /proc/self/net/dev_snmp6 2>/dev/null || awk -F: 'NR > 2 { print $1 }' /proc/net/dev; }

# every cgroup mount point: the v2 one and each v1 controller
_list_cgroup_mounts() {
	awk '{ for (i = 7; i < NF; i++) if ($i == "-" && $(i + 1) ~ /^cgroup2?$/) { print $5; next } }' \
		/proc/self/mountinfo
}

# cgroups of this test, deepest first
_list_cgroups() {
	local m
	for m in $(_list_cgroup_mounts); do
		find "$m" -mindepth 1 -depth -type d \
			\( -path "$m/$DAVIT_SLICE" -o -path "$m/$DAVIT_SLICE/*" \
			-o -path "$m/$DAVIT_SLICE.slice" -o -path "$m/$DAVIT_SLICE.slice/*" \) 2>/dev/null
	done
}

_sweep_cgroups() {
	local dir i
	for ((i = 0; i < 20; i++)); do
		while read -r dir; do
			[ ! -e "$dir/cgroup.kill" ] || echo 1 >"$dir/cgroup.kill" 2>/dev/null
			rmdir "$dir" 2>/dev/null
		done < <(_list_cgroups)
		# killed processes leave their cgroup a moment after the kill
		[ -n "$(_list_cgroups)" ] || break
		sleep 0.1
	done
}

# _find_processes: sets $_processes, "PID COMMAND" a line, to what runs in this pid namespace beside
# this shell. Forks nothing, so as not to find itself.
_find_processes() {
	local p stat argv
	_processes=
	for p in /proc/[0-9]*; do
		p=${p#/proc/}
		if [ "$p" = 1 ] || [ "$p" = "$BASHPID" ]; then continue; fi
		{ read -r stat <"/proc/$p/stat"; } 2>/dev/null || continue
		stat=${stat##*) }
		[ "${stat:0:1}" != Z ] || continue
		argv=()
		{ mapfile -d '' argv <"/proc/$p/cmdline"; } 2>/dev/null
		_processes+="$p ${argv[*]:-${stat:0:1}}"$'\n'
	done
}

# what a test leaves behind, one "kind: thing" a line. The shared parts stay by design and are no
# residue: the slice's own empty cgroup, the pinned programs and maps, which have no container
# id in their names, and on a host with many mounts the pinned bare mount namespace.
residue_list() {
	printf '%s' "$_processes" | sed 's/^/process: /'
	comm -13 <(echo "$_env_mounts") <(_list_mounts) | grep -Ev '/~bare(/ns)?$' | sed 's/^/mount: /'
	comm -13 <(echo "$_env_links") <(_list_links) | sed 's/^/link: /'
	_list_cgroups | grep -Ev "/$DAVIT_SLICE(\.slice)?\$" | sed 's/^/cgroup: /'
	find /run/netns /run/davit -name "*$DAVIT_SLICE*" 2>/dev/null | sed 's/^/netns: /'
	find "$DAVIT_BPFFS" -regextype posix-extended -regex '.*[0-9a-f]{12,}.*' 2>/dev/null | sed 's/^/pin: /'
	find "$DAVIT_STATE/containers" "$DAVIT_ROOT/containers" "$DAVIT_ROOT/names" \
		"$DAVIT_ROOT/trash" "$DAVIT_ROOT/tmp" -mindepth 1 -maxdepth 1 2>/dev/null | sed 's/^/record: /'
	find "$TMPDIR" -mindepth 1 2>/dev/null | sed 's/^/file: /'
	find /tmp /var/tmp /dev/shm /run -maxdepth 1 -name "*$DAVIT_SLICE*" ! -path "$TEST_DIR" 2>/dev/null |
		sed 's/^/file: /'
}

# one counted test; background removal may take a moment ($RESIDUE_WAIT_DS tenths of a second)
residue_check() {
	local left i
	for ((i = 0; i <= ${RESIDUE_WAIT_DS:-30}; i++)); do
		_find_processes
		left=$(residue_list)
		[ -n "$left" ] || break
		sleep 0.1
	done
	if [ -z "$left" ]; then pass 'nothing is left'; else fail 'nothing is left' "$left"; fi
}

_env_cleanup() {
	local p m
	[ -n "${_env_is_inside:-}" ] || return 0
	exec 2>/dev/null # the shell tells of every child that we kill
	_find_processes
	while read -r p m; do
		[ -z "$p" ] || kill -KILL "$p" 2>/dev/null
	done <<<"$_processes"
	_sweep_cgroups
	while read -r m; do
		umount -l "$m" 2>/dev/null
	done < <(comm -13 <(echo "$_env_mounts") <(_list_mounts) | sort -r)
	cd /
	umount -l "$TEST_DIR/run" "$TEST_DIR/bpf" 2>/dev/null
	rm -rf --one-file-system "$TEST_DIR"
}

# demo_rootfs: path of a tar of a small tree made of Debian's busybox-static; built once into out/
demo_rootfs() {
	"$TEST_TOP/scripts/demo-rootfs" "$DAVIT_OUT/tests/demo.tar" >&2 || return 1
	echo "$DAVIT_OUT/tests/demo.tar"
}

# demo_image [NAME]: the image davit/demo (or NAME) in $DAVIT_ROOT
demo_image() {
	local tar
	tar=$(demo_rootfs) || bail 'cannot build the demo tree: is busybox-static installed?'
	run davit import "$tar" "${1:-davit/demo}"
	[ "$status" -eq 0 ] || bail "davit import $tar: $err"
}
