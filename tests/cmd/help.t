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

like "$(davit logs --help)" 'Exit status: 0, 1 if it failed' 'help tells the exit status'
like "$(davit run --help)" 'Exit status: 125 if davit failed' 'which run shares with its command'

is "$(davit help help)" "$(davit help)" 'help of help is the help'
for words in 'statz' 'help statz'; do
	# shellcheck disable=SC2086 # words
	fails "davit $words" 125 davit $words
	like "$err" "unknown command 'statz'" 'is an unknown command'
	like "$err" "nearest is 'stats'" 'and the nearest is named'
done
for words in 'insp:inspect' 'rum:run' 'atach:attach' 'PS:' 'nonsense:' 'x:' 'rep:' 'wiat:wait' "$(printf 'a%.0s' {1..40}):"; do
	fails "davit ${words%:*}" 125 davit "${words%:*}"
	[[ $err =~ nearest\ is\ \'([a-z]*)\' ]] && got=${BASH_REMATCH[1]} || got=
	is "$got" "${words#*:}" "the nearest is '${words#*:}'"
done

# a command that failed is 1, a wrong command line 125, as with Docker
for words in 'attach no' 'exec no true' 'images no' 'inspect no' 'kill no' 'logs no' 'man no' 'rm no' \
	'rmi no' 'start no' 'start -a no' 'stats --no-stream no' 'stop no' 'tag no new' 'wait no' 'load -i no' \
	'import no new' 'ps --format xml' 'logs --since no no' 'create no true' 'run no true'; do
	read -ra argv <<<"$words"
	case $words in
	images* | ps* | 'logs --since'*) fails "davit $words" 125 davit "${argv[@]}" ;; # no such name, format, time
	exec* | create* | run*) fails "davit $words" 125 davit "${argv[@]}" ;;
	*) fails "davit $words" 1 davit "${argv[@]}" ;;
	esac
	like "$err" '^davit: ' 'says why'
	fails "davit ${argv[0]} --nonsense" 125 davit "${argv[0]}" --nonsense
done
fails 'too few arguments' 125 davit rm
fails 'an unknown verb' 125 davit system sing
fails 'no command' 125 davit
fails 'an unknown option of davit' 125 davit --nonsense ps
done_testing
