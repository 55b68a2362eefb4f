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

# lab_wait COMMAND...: run it so that a signal to this shell ends both at once, SIGKILL too
lab_wait() {
	local r
	setpriv --pdeathsig TERM "$@" &
	_lab_child=$!
	wait "$_lab_child"
	r=$?
	_lab_child=
	return $r
}
_lab_child=

# lab_at_exit COMMAND: adds to what runs at the end, also after a signal
_lab_at_exit=()
lab_at_exit() { _lab_at_exit=("$1" "${_lab_at_exit[@]}"); }
_lab_exit() {
	local c
	trap '' HUP INT QUIT PIPE TERM USR1
	trap - EXIT
	[ -z "$_lab_child" ] || { kill "$_lab_child" && wait "$_lab_child"; } 2>/dev/null
	for c in "${_lab_at_exit[@]}"; do $c; done
	# no exit here: the status is that of before, or the signal that ends this shell
}
# Signals have no traps of their own, except those that bash does not end itself by: it parses the commands of a
# trap in the midst of parsing a $(...), and stumbles. Before that of EXIT it resets its parser.
trap _lab_exit EXIT
trap 'exit 131' QUIT
trap 'exit $LAB_FAILED' USR1 # of lab_relay
