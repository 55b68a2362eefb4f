#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Directories of ended --rm containers are used again, and nobody can tell.
# shellcheck source=tests/harness/lib.sh
. "$(dirname "$0")/../harness/lib.sh"
davit_env "$@"
demo_image
shopt -s nullglob

spares() {
	local found=("$DAVIT_ROOT"/spare/*)
	echo "${#found[@]}"
}
# with no spare one to begin with; COMMAND for the container
after() {
	rm -rf "$DAVIT_ROOT"/spare/*
	run davit run --rm "${opts[@]}" davit/demo sh -c "$1"
	spares
}
opts=()

is "$(after :)" 1 'a container that wrote nothing leaves a spare directory'
is "$(find "$DAVIT_ROOT/spare/0" -mindepth 1 -printf '%P %y %m %U:%G\n' | sort | tr '\n' ' ')" \
	'upper d 755 0:0 work d 700 0:0 ' 'of two empty directories'
inode=$(stat -c %i "$DAVIT_ROOT/spare/0")
is "$(davit run --rm davit/demo sh -c 'stat -c "%a %u:%g" /; ls -A / | wc -l')" \
	"$(davit run --rm davit/demo sh -c 'stat -c "%a %u:%g" /; ls -A / | wc -l')" 'the next ones see the same'
is "$(stat -c %i "$DAVIT_ROOT/spare/0")" "$inode" 'it is used again'
touch -d '2001-01-01' "$DAVIT_ROOT/spare/0/upper"
since=$(date +%s)
ok 'the times of "/" are those of the start' test "$(davit run --rm davit/demo stat -c %Y /)" -ge $((since - 1))
is "$(spares)" 1 'there are not more than were used at once'

is "$(after 'touch /file')" 0 'not with a file'
is "$(after 'rm /bin/sh')" 0 'not with a file removed'
is "$(after 'chmod 777 /')" 0 'not with another mode of "/"'
is "$(after 'chown 1000 /')" 0 'not with another owner'
is "$(after 'touch /a; rm /a')" 1 'a file made and removed leaves none'
rm -rf "$DAVIT_ROOT"/spare/*
id=$(davit run --rm -d davit/demo sleep 60)
setfattr -n user.note -v 1 "$DAVIT_ROOT/containers/$id/upper" 2>/dev/null ||
	setfattr -n trusted.note -v 1 "$DAVIT_ROOT/containers/$id/upper"
davit kill "$id" >/dev/null
wait_until 10 test ! -e "$DAVIT_ROOT/containers/$id"
is "$(spares)" 0 'not with an attribute'
if chattr +d "$TMPDIR" 2>/dev/null; then
	chattr -d "$TMPDIR"
	id=$(davit run --rm -d davit/demo sleep 60)
	chattr +d "$DAVIT_ROOT/containers/$id/upper"
	davit kill "$id" >/dev/null
	wait_until 10 test ! -e "$DAVIT_ROOT/containers/$id"
	is "$(spares)" 0 'not with a flag'
else
	skip 'no inode flags here'
fi
# a directory may have been passed to somebody else: with it, nobody gets at the next container
for how in '--network host' '--ipc host' '--pid host' '--mntns host' '--privileged' "-v $TMPDIR:/tmp" "--mount type=bind,src=$TMPDIR,dst=/tmp" '--device /dev/full'; do
	read -ra opts <<<"$how"
	is "$(after :)" 1 "$how: its directories are used again"
	rm -rf "$DAVIT_ROOT"/spare/*
	id=$(davit run --rm -d "${opts[@]}" davit/demo sleep 60)
	exec 9<"/proc/$(davit inspect "$id" | jq '.[0].State.Pid')/root"
	davit kill "$id" >/dev/null
	wait_until 10 test ! -e "$DAVIT_ROOT/containers/$id"
	is "$(spares)" 1 'also while somebody is in its root'
	davit run --rm -d --name next davit/demo sleep 60 >/dev/null
	is "$(spares)" 0 'by the next container'
	fails 'where he makes nothing' 1 touch /proc/self/fd/9/stale
	davit exec next touch /secret
	fails 'and sees nothing' 1 test -e /proc/self/fd/9/secret
	exec 9<&-
	davit kill next >/dev/null
	wait_until 10 sh -c '! davit inspect next'
done
opts=(--userns auto)
is "$(after :)" 1 'a user namespace changes nothing about it'
opts=()

for _ in 1 2 3 4 5 6 7 8; do
	davit run --rm davit/demo sleep 1 &
done
wait
is "$(spares)" 4 'no more than four are kept'
left=("$DAVIT_ROOT"/containers/*)
is "${#left[@]}" 0 'the others are removed'

: >"$DAVIT_ROOT/spare/0/upper/stale" # as a boot may leave it
rm -rf "${DAVIT_STATE:?}"/*
is "$(davit run --rm davit/demo sh -c 'ls /stale 2>&1 >/dev/null | wc -l')" 1 'those of the last boot are not used'
is "$(spares)" 1 'but removed'
done_testing
