# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034
# A container that counts in its memory and tells in /v, for tests of checkpoints by engines; after davit_env:
#
#	sh -c "$program"        # with $TEST_DIR/v on /v
#	count, counts_on, stands

mkdir -p "$TEST_DIR/v"
program='n=0; while :; do n=$((n + 1)); echo $n; echo $n >/v/new; mv /v/new /v/n; sleep 0.1; done'
count() { cat "$TEST_DIR/v/n"; }
counts_on() {
	local n
	n=$(count)
	wait_until 60 eval "[ \"\$(count)\" -gt $n ]"
}
stands() {
	local n
	n=$(count)
	sleep 1
	[ "$(count)" = "$n" ]
}
