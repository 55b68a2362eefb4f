# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# How the lab speaks: errors with hints, and one line per step on standard error.

LAB_FAILED=125 # exit status when the lab, not the command, failed

lab_error() { printf '%s: %s\n' "${LAB_NAME:-vm}" "$*" >&2; }
lab_hint() { printf 'hint: %s\n' "$*" >&2; }
lab_say() { printf '  %-8s %s\n' "$1" "$2" >&2; }

# lab_die ERROR [HINT]
lab_die() {
	lab_error "$1"
	[ $# -lt 2 ] || lab_hint "$2"
	exit $LAB_FAILED
}

# lab_need PROGRAM PACKAGE
lab_need() {
	command -v "$1" >/dev/null ||
		lab_die "'$1' is not installed" "apt-get install $2, or make deps-test for all of them"
}

# lab_mkdir DIR NAME...: with their parents below DIR, which is never made anew when a signal has had it removed
lab_mkdir() {
	local dir=$1
	shift
	lab_wait env -C "$dir" mkdir -p -- "$@" 2>/dev/null || lab_die "cannot make a directory in '$dir'" 'is there space on the disk?'
}

# lab_wait COMMAND...: run it so that a signal to this shell ends both at once, SIGKILL too
lab_wait() {
	setpriv --pdeathsig TERM "$@" &
	wait $!
}

# lab_wait_all COMMAND...: the same of one whose children outlive it, and no terminal
lab_wait_all() { lab_wait setsid "$@"; }

# lab_at_exit COMMAND: adds to what runs at the end, also after a signal
_lab_at_exit=()
lab_at_exit() { _lab_at_exit=("$1" "${_lab_at_exit[@]}"); }
_lab_exit() {
	local c p i
	trap '' HUP INT QUIT PIPE TERM USR1
	trap - EXIT
	# what runs, known before $! is; of lab_wait_all its group
	for p in $(jobs -p); do
		kill "$p"
		kill -- "-$p"
		wait "$p"
		for ((i = 0; i < 300; i++)); do
			kill -0 -- "-$p" || break
			sleep 0.01
		done
		kill -KILL -- "-$p"
	done 2>/dev/null
	for c in "${_lab_at_exit[@]}"; do $c; done
	# no exit here: the status is that of before, or the signal that ends this shell
}
# Signals have no traps of their own, except those that bash does not end itself by: it parses the commands of a
# trap in the midst of parsing a $(...), and stumbles. Before that of EXIT it resets its parser.
trap _lab_exit EXIT
trap 'exit 131' QUIT
trap 'exit $LAB_FAILED' USR1 # of lab_relay
