#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A container's standard streams: opened by their names, by any user, and kept after a detach.
. "$(dirname "$0")/../harness/lib.sh"
davit_env "$@"
demo_image
null_owner=$(stat -c %u /dev/null)

# whoever the process is, /dev/stdin, /dev/stdout and /dev/stderr are its own
again='echo out >/dev/stdout; echo err >/dev/stderr; id -u >/dev/null'
while IFS='|' read -r name options; do
	read -ra o <<<"$options"
	davit run -d --name dd "${o[@]}" davit/demo sh -c "$again" >/dev/null
	is "$(davit wait dd; davit logs dd 2>&1 | sort | xargs)" $'0\nerr out' "$name, in the background"
	davit rm dd >/dev/null
	run davit run --rm "${o[@]}" davit/demo sh -c "$again" </dev/null 2> >(cat >&2)
	is "$status $out" '0 out' "$name, on pipes"
	is "$(davit run --rm "${o[@]}" davit/demo sh -c "$again" >"$TMPDIR/o" 2>"$TMPDIR/e"; cat "$TMPDIR/o" "$TMPDIR/e" | xargs)" \
		'out err' "$name, with files around it"
	is "$(echo in | davit run --rm -i "${o[@]}" davit/demo sh -c 'cat /dev/stdin')" in "$name, its input"
	davit run -d --name dd "${o[@]}" davit/demo sleep 60 >/dev/null
	is "$(davit exec dd sh -c "$again" 2>&1 | sort | xargs)" 'err out' "$name, exec on pipes"
	davit exec dd sh -c "$again" >"$TMPDIR/o" 2>"$TMPDIR/e"
	is "$(cat "$TMPDIR/o" "$TMPDIR/e" | xargs)" 'out err' "$name, exec with files around it"
	davit rm -f dd >/dev/null
done <<-EOT
	root|
	a user|-u 1000
	root of a user namespace|--userns auto
	a user in a user namespace|--userns auto -u 1000
EOT
is "$(stat -c '%u %a' "$TMPDIR/o")" "0 644" 'a file of the host keeps its owner'
mkfifo -m 600 "$TMPDIR/fifo"
cat "$TMPDIR/fifo" >/dev/null &
davit run --rm -u 1000 davit/demo echo x >"$TMPDIR/fifo"
wait
is "$(stat -c '%u %a' "$TMPDIR/fifo")" "0 600" 'so does a pipe with a name'
is "$(stat -c %u /dev/null)" "$null_owner" 'and the null device'
rm "$TMPDIR"/{o,e,fifo}

# a reader that goes: what has a log goes on and has all in it, what has none ends
# (it goes on once its reader has gone)
script='echo 1; while [ ! -e /go ]; do sleep 0.05; done; for i in 2 3 4 5; do echo $i || exit 9; sleep 0.1; done; exit 5'
go() { wait_until 20 eval '! pgrep -f "[h]ead -n 1 davit-reader" >/dev/null'; davit exec "$1" touch /go; }
reader() { bash -c 'exec -a "head -n 1 davit-reader" head -n 1'; }
(wait_until 20 davit exec logged true && go logged) &
is "$(davit run --name logged davit/demo sh -c "$script" | reader; echo "${PIPESTATUS[0]}")" $'1\n141' 'the reader of a logged container goes'
wait
is "$(davit wait logged; davit logs logged 2>&1)" $'5\n1\n2\n3\n4\n5' 'which hears nothing of it, and logs all'
for flags in '--name unlogged --log-driver none' '--rm -i --name unlogged'; do
	(wait_until 20 davit exec unlogged true && go unlogged) &
	# shellcheck disable=SC2086 # words
	is "$(davit run $flags davit/demo sh -c "trap '' PIPE; $script" 2>/dev/null </dev/null | reader; echo "${PIPESTATUS[0]}")" $'1\n9' \
		"one without a log hears of it: $flags"
	wait
	davit rm -f unlogged >/dev/null 2>&1
done
davit rm logged >/dev/null
done_testing
