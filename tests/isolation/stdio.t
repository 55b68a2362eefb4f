#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What a container can do to the host through its standard input and output.
# shellcheck source=tests/harness/lib.sh disable=SC2016
. "$(dirname "$0")/../harness/lib.sh"
davit_env "$@"
demo_image davit/demo

null_before=$(stat -c '%a %z' /dev/null)
file=$TMPDIR/file
davit run -d --name up davit/demo sleep 1000 >/dev/null
davit run -d --name mapped --userns auto davit/demo sleep 1000 >/dev/null

# RUN COMMAND...: the ways into a container, each with a file of the host as input, output, errors
for way in 'run --rm -i davit/demo' 'run -i --name kept davit/demo' 'exec -i up' 'exec -i mapped'; do
	echo before >"$file"
	chmod 600 "$file"
	# shellcheck disable=SC2086
	davit $way sh -c 'chmod 4755 /proc/self/fd/0; echo after >/proc/self/fd/0' <"$file" 2>/dev/null | cat
	is "$(stat -c %a "$file") $(<"$file")" '600 before' "$way: a file as input"
	davit rm kept >/dev/null 2>&1
	# shellcheck disable=SC2086
	davit $way sh -c 'chmod 4755 /proc/self/fd/1; echo told' >>"$file" 2>/dev/null </dev/null
	is "$(stat -c %a "$file") $(xargs <"$file")" '600 before told' "$way: a file as output, which arrives"
	davit rm kept >/dev/null 2>&1
	# shellcheck disable=SC2086
	davit $way sh -c 'chmod 4755 /proc/$$/fd/2 2>/dev/null; echo told >&2' 2>>"$file" </dev/null | cat
	is "$(stat -c %a "$file") $(xargs <"$file")" '600 before told told' "$way: as errors"
	davit rm kept >/dev/null 2>&1
	for fd in 0 1 2; do
		# shellcheck disable=SC2086
		davit $way chmod 0666 /proc/self/fd/$fd </dev/null >/dev/null 2>&1
		davit rm kept >/dev/null 2>&1
		# shellcheck disable=SC2086
		davit ${way/ -i/} chmod 0666 /proc/self/fd/$fd </dev/null >/dev/null 2>&1
		davit rm kept >/dev/null 2>&1
	done
	is "$(stat -c '%a %z' /dev/null)" "$null_before" "$way: /dev/null of the host is as it was"
done
davit run --rm davit/demo sh -c 'chmod 0666 /proc/kcore /proc/keys /proc/timer_list' 2>/dev/null
is "$(stat -c '%a %z' /dev/null)" "$null_before" 'also behind the masks of /proc'

# a parent that ignores SIGCHLD has the kernel reap its children; ours are ours
# shellcheck disable=SC2016
ignoring='$SIG{CHLD} = "IGNORE"; exec @ARGV'
for way in 'run --rm davit/demo' 'run --name kept davit/demo' 'exec up'; do
	# shellcheck disable=SC2086
	run perl -e "$ignoring" davit $way sh -c 'exit 7'
	is "$status" 7 "$way: the exit status, SIGCHLD ignored by who started us"
done
ok 'removed' davit rm -f up mapped kept
rm -f "$file"
done_testing
