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
	'work d 700 0:0 ' 'with an empty work directory'
inode=$(stat -c %i "$DAVIT_ROOT/spare/0")
is "$(davit run --rm davit/demo sh -c 'stat -c "%a %u:%g" /; ls -A / | wc -l')" \
	"$(davit run --rm davit/demo sh -c 'stat -c "%a %u:%g" /; ls -A / | wc -l')" 'the next ones see the same'
is "$(stat -c %i "$DAVIT_ROOT/spare/0")" "$inode" 'it is used again'
touch -d '2001-01-01' "$DAVIT_ROOT/spare/0" "$DAVIT_ROOT/spare/0/work"
since=$(date +%s)
ok 'the times of "/" are those of the start' test "$(davit run --rm davit/demo stat -c %Y /)" -ge $((since - 1))
is "$(spares)" 1 'there are not more than were used at once'

is "$(after 'touch /file')" 0 'not with a file'
is "$(after 'rm /bin/sh')" 0 'not with a file removed'
is "$(after 'chmod 777 /; chown 1000 /')" 1 'another mode and owner of "/" do not stay'
is "$(davit run --rm davit/demo stat -c '%a %u' /)" '755 0' 'with the directory'
is "$(after 'touch /a; rm /a')" 1 'a file made and removed leaves none'
rm -rf "$DAVIT_ROOT"/spare/*
id=$(davit run --rm -d davit/demo sleep 60)
setfattr -n user.note -v 1 "$DAVIT_ROOT/containers/$id/upper" 2>/dev/null ||
	setfattr -n trusted.note -v 1 "$DAVIT_ROOT/containers/$id/upper"
like "$(getfattr -m - "$DAVIT_ROOT/containers/$id/upper" 2>/dev/null)" note 'an attribute is set on the directory'
chattr +d "$DAVIT_ROOT/containers/$id/upper" 2>/dev/null
davit kill "$id" >/dev/null
wait_until 10 test ! -e "$DAVIT_ROOT/containers/$id"
is "$(spares)" 1 'nor does what was set on it from outside keep it from being used again'
id=$(davit run --rm -d davit/demo sleep 60)
unlike "$(getfattr -m - "$DAVIT_ROOT/containers/$id/upper" 2>/dev/null)" note 'without the attribute'
unlike "$(lsattr -d "$DAVIT_ROOT/containers/$id/upper" 2>/dev/null)" '^[^ ]*d' 'or the flag'
davit kill "$id" >/dev/null
wait_until 10 test ! -e "$DAVIT_ROOT/containers/$id"

# somebody is still in the root of one that has ended: root of the host, a user with the id of its process
chmod 755 "$TEST_DIR"
mkfifo "$TEST_DIR/go"
for how in '' '-u 1000:1000' '--network host' '--mntns host' "-v $TMPDIR:/tmp"; do
	read -ra opts <<<"$how"
	rm -rf "$DAVIT_ROOT"/spare/*
	id=$(davit run --rm -d "${opts[@]}" davit/demo sleep 60)
	root=/proc/$(davit inspect "$id" | jq '.[0].State.Pid')/root
	exec 9<"$root"
	as=()
	[[ $how != -u* ]] || as=(setpriv --reuid 1000 --regid 1000 --clear-groups)
	"${as[@]}" sh -c 'exec 9<"$1"; echo ready; read -r _; touch /proc/self/fd/9/tmp/stale; cat /proc/self/fd/9/secret' - "$root" \
		<"$TEST_DIR/go" >"$TEST_DIR/seen" 2>&1 &
	looker=$!
	exec 8>"$TEST_DIR/go"
	wait_until 10 grep -q ready "$TEST_DIR/seen"
	davit kill "$id" >/dev/null
	wait_until 10 test ! -e "$DAVIT_ROOT/containers/$id"
	is "$(spares)" 1 "${how:-no option}: its directories are used again while somebody is in its root"
	davit run --rm -d --name next davit/demo sleep 60 >/dev/null
	is "$(spares)" 0 'by the next container'
	davit exec next sh -c 'echo topsecret >/secret'
	fails 'where root makes nothing' 1 touch /proc/self/fd/9/stale
	fails 'and sees nothing' 1 test -e /proc/self/fd/9/secret
	echo >&8
	exec 8>&- 9<&-
	wait $looker
	unlike "$(<"$TEST_DIR/seen")" topsecret 'nor the user'
	fails 'who leaves nothing' 1 davit exec next test -e /tmp/stale
	davit kill next >/dev/null
	wait_until 10 sh -c '! davit inspect next'
done
rm -f "$TEST_DIR/go" "$TEST_DIR/seen" "$TMPDIR/stale" # of the volume, which is his to write
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

mkdir "$DAVIT_ROOT/spare/0/upper"
: >"$DAVIT_ROOT/spare/0/upper/stale" # as a boot may leave it
rm -rf "${DAVIT_STATE:?}"/*
is "$(davit run --rm davit/demo sh -c 'ls /stale 2>&1 >/dev/null | wc -l')" 1 'those of the last boot are not used'
is "$(spares)" 1 'but removed'

# as an older davit left it
mkdir -m 0700 "$DAVIT_ROOT/spare/0/upper"
touch -d '2001-01-01' "$DAVIT_ROOT/spare/0/upper"
exec 9<"$DAVIT_ROOT/spare/0/upper"
since=$(date +%s)
seen=$(davit run --rm davit/demo stat -c '%a %Y' /)
is "${seen% *}" 755 'an upper layer that is there already is not used'
ok 'but replaced by a new one' test "${seen#* }" -ge $((since - 1))
is "$(stat -L -c %h /proc/self/fd/9)" 0 'and is removed'
exec 9<&-
mkdir "$DAVIT_ROOT/spare/0/upper"
: >"$DAVIT_ROOT/spare/0/upper/file"
fails 'one with a file is refused' 125 davit run --rm davit/demo true
like "$err" "make '.*/upper': Directory not empty" 'and said to be'

# a host whose overlays keep an index by default, which ties a work directory to its upper one
index=/sys/module/overlay/parameters/index
if [ -n "${DAVIT_LAB_KERNEL:-}" ] && [ -w $index ]; then
	default=$(<$index)
	echo Y >$index
	rm -rf "$DAVIT_ROOT"/spare/*
	is "$(davit run --rm davit/demo echo 1; davit run --rm davit/demo echo 2; spares)" $'1\n2\n1' 'an index by default changes nothing'
	echo "$default" >$index
else
	skip 'an index by default changes nothing: only in the lab'
fi

# a start that was killed while it wrote its record
rm -rf "$DAVIT_ROOT"/spare/*
mkdir -m 0700 "$DAVIT_ROOT/containers/${id//?/a}"
: >"$DAVIT_ROOT/containers/${id//?/a}/config.json.tmp1"
davit system check >/dev/null
left=("$DAVIT_ROOT"/containers/*)
is "${#left[@]} $(spares)" '0 0' 'what is no work directory makes no spare one'
is "$(davit run --rm davit/demo echo runs)" runs 'and stops nobody'
done_testing
