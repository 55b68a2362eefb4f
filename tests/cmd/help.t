#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Help: of davit, of every command by either way of asking, and behind a verb.
. "$(dirname "$0")/../harness/lib.sh"
davit_env "$@"

ok 'help' davit help
like "$out" "^usage: davit .* COMMAND" 'is that of davit'
is "$(davit --help)" "$out" 'as --help'
mapfile -t commands < <(sed -n 's/^  \([a-z]\{1,\}\)  *[a-z].*/\1/p' <<<"$out")
for c in "${commands[@]}"; do
	ok "help $c" davit help "$c"
	like "$out" "^usage: davit $c" 'is that of the command'
	is "$(davit "$c" --help)" "$out" 'as --help behind it'
done
for verb in check reset; do
	ok "system $verb --help" davit system $verb --help
	like "$out" '^usage: davit system' 'is the help'
done
is "$(find "$DAVIT_ROOT" -mindepth 1)" '' 'and nothing is done'
fails 'another option behind a verb' 125 davit system check --nothing
like "$err" '--nothing' 'is named'
done_testing
