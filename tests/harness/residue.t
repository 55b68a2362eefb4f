#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The library's own test: what a test leaves behind fails it and is removed all the same.
# shellcheck source=tests/harness/lib.sh
. "$(dirname "$0")/lib.sh"

if [ "${1:-}" = --leave ]; then
	davit_env "$@"
	# shellcheck disable=SC2034 # for the commands in $2
	cgroup2=$(findmnt -nt cgroup2 -o TARGET | head -n 1)
	pass "in $DAVIT_SLICE"
	eval "$2"
	done_testing
fi

[ "$(id -u)" -eq 0 ] || plan skip_all 'needs root'
export RESIDUE_WAIT_DS=1 # nobody cleans up behind the inner test
work=$(mktemp -d)
trap 'rm -rf "$work"; _tap_end' EXIT

# leaves KIND COMMANDS: the inner test must fail and name KIND
leaves() {
	run "$0" --leave "$2"
	is "$status" 1 "a left $1 fails the test"
	like "$out" "not ok [0-9]+ - nothing is left"$'\n'"# $1: " "and the $1 is named"
	slice=$(sed -n 's/^ok 1 - in //p' <<<"$out")
	gone "$slice" "$1"
}

# gone SLICE WHAT: nothing of the inner test is on the machine
gone() {
	is "$(find /sys/fs/cgroup /var/tmp /tmp /run -maxdepth 3 -name "*$1*" 2>/dev/null)" '' \
		"and removed ($2)"
}

run "$0" --leave ':'
is "$status" 0 'a clean test passes'
gone "$(sed -n 's/^ok 1 - in //p' <<<"$out")" 'clean'

# shellcheck disable=SC2016 # expanded by the inner test
{
	leaves process 'setsid sleep 300 >/dev/null 2>&1 &'
	leaves mount 'mount -t tmpfs left /mnt'
	leaves cgroup 'mkdir -p "$cgroup2/$DAVIT_SLICE.slice/left"'
	leaves pin 'mkdir -p "$DAVIT_BPFFS/$DAVIT_SLICE/0123456789abcdef"'
	leaves record 'mkdir -p "$DAVIT_ROOT/containers/x"'
	leaves file 'touch "$TMPDIR/left"'
}

run "$0" --leave 'ip link add left0 type veth peer name left1 || exit 77'
if [[ $out == *'status 77'* ]]; then
	skip 'this kernel has no veth' 2
else
	is "$status" 1 'a left link fails the test'
	like "$out" '# link: left0' 'and is named'
fi

run "$0" --leave 'fail "on purpose"'
is "$status" 1 'a failed test gives status 1'
like "$out" 'not ok 2 - on purpose' 'and says which'
run "$0" --leave 'exit 0'
is "$status" 1 'a file that stops early fails'
# shellcheck disable=SC2016
run "$0" --leave 'echo "$_unset_on_purpose"'
is "$status" 1 'a file that dies fails'
run "$0" --leave 'bail stop'
is "$status" 255 'bail gives status 255'

# killed from outside in the middle
"$0" --leave 'sleep 300 & echo ready; wait' >"$work/out" 2>&1 &
pid=$!
wait_until 10 grep -q ready "$work/out"
kill "$pid"
wait "$pid" 2>/dev/null
slice=$(sed -n 's/^ok 1 - in //p' "$work/out")
like "$slice" '^davit-t[0-9]+$' 'the killed test had begun'
gone "$slice" 'killed test'
done_testing
