#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What a user or a host can get wrong: one line that says it, a hint where there is one, the right exit
# status, and nothing left.
# shellcheck source=tests/harness/lib.sh
. "$(dirname "$0")/../harness/lib.sh"
davit_env "$@"
demo_image
shopt -s nullglob
run davit run --rm davit/demo true
is "$status" 0 'a container runs'

# told STATUS REGEX NAME: what the last command said was one line, perhaps with a hint, and left nothing
told() {
	local lines left
	mapfile -t lines <<<"$err"
	left=$(davit ps -aq; find "$DAVIT_ROOT"/{containers,names,trash,tmp} "$DAVIT_STATE"/containers -mindepth 1)
	if [ "$status" != "$1" ]; then
		fail "$3" "status $status, wanted $1" "$err"
	elif [ "${#lines[@]}" -gt 2 ] || [[ ${lines[0]} != 'davit: '* ]] ||
		[[ ${lines[1]:-hint: } != 'hint: '* ]]; then
		fail "$3" 'more than one line and a hint:' "$err"
	elif ! [[ $err =~ $2 ]]; then
		fail "$3" "wanted: $2" "got: $err"
	elif [ -n "$left" ]; then
		fail "$3" "left: $left"
	else
		pass "$3"
	fi
}

### the command line: STATUS|REGEX|ARGUMENTS of davit; twice, with --rm and without

davit create --name taken davit/demo true >/dev/null
davit rm taken >/dev/null
while IFS='|' read -r want says args; do
	# shellcheck disable=SC2086
	run davit run --rm $args </dev/null
	told "$want" "$says" "run --rm $args"
	# shellcheck disable=SC2086
	run davit run $args </dev/null
	told "$want" "$says" "run $args"
done <<'ROWS'
125|no such image|no-such-image true
125|image|UPPER/Case true
127|execute 'no-such-command': No such file|davit/demo no-such-command
127|execute '/no/such/command': No such file|davit/demo /no/such/command
126|execute '/etc/passwd': Permission denied|davit/demo /etc/passwd
126|execute '/etc'|davit/demo /etc
125|'nobody-such'|-u nobody-such davit/demo true
125|no group 'no-group'|-u root:no-group davit/demo true
125|--memory|-m 4k davit/demo true
125|--memory-swap|-m 16m --memory-swap 8m davit/demo true
125|unknown option|--no-such-option davit/demo true
125|the nearest is '--memory'|--memroy 1g davit/demo true
125|the nearest is '--hostname'|--hostnmae=x davit/demo true
125|'99999999999g' is not below 8 EiB|-m 99999999999g davit/demo true
125|--network|--network bridge davit/demo true
125|--cap-add|--cap-add NO_SUCH davit/demo true
125|ulimit 'nofile=x'|--ulimit nofile=x davit/demo true
125|sysctl 'kernel.hostname=x'|--sysctl kernel.hostname=x davit/demo true
125|user namespace 'nonsense'|--userns nonsense davit/demo true
125|no name for a container|--name -x davit/demo true
125|no name for a container|--name x davit/demo true
125|no name for a container|--name a/b davit/demo true
125|working directory|-w relative davit/demo true
125|no/such/file|--env-file /no/such/file davit/demo true
125|/etc/passwd|--cidfile /etc/passwd davit/demo true
125|/no/such/dir|--cidfile /no/such/dir/id davit/demo true
125|/no/such/profile|--security-opt seccomp=/no/such/profile davit/demo true
125|/dev/no-such|--device /dev/no-such davit/demo true
125|-v|-v relative/path:/x davit/demo true
125|contradicts --ipc host|--ipc host --shm-size 1m davit/demo true
125|--log-max-size|--log-max-size 1k davit/demo true
125|--log-max-files|--log-max-files 65 davit/demo true
125|--log-max-files.*minimum of 1|--log-max-files 0 davit/demo true
125|takes IMAGE|
ROWS

run davit run -d --rm --log-max-size 1m davit/demo true
told 125 'contradicts --rm' 'no size of a log that is not kept'
# shellcheck disable=SC2046
run davit create davit/demo true $(seq 65536)
told 125 '65537 arguments, at most 65536' 'a record that could not be read again is not written'
is "$(setpriv --regid 6 --clear-groups davit run --rm davit/demo id)" 'uid=0(root) gid=0(root) groups=0(root)' \
	'the group of who starts it stays outside'

long=$(printf 'n%.0s' {1..128})
run davit run --rm --name "$long" davit/demo true
is "$status" 0 'a name of 128 characters'
run davit run --rm --name "${long}n" davit/demo true
told 125 'no name for a container' 'a name of 129 characters'
host=$(printf 'h%.0s' {1..65})
run davit run --rm -h "$host" davit/demo true
told 125 'host ?name' 'a host name of 65 characters'
printf 'GOOD=1\n=bad\n' >"$TMPDIR/env"
run davit run --rm --env-file "$TMPDIR/env" davit/demo true
told 125 "$TMPDIR/env" 'a bad line in an env file'
rm "$TMPDIR/env"
run davit run --cidfile "$TMPDIR/id" davit/demo no-such-command
told 127 'No such file' 'a start that fails'
ok 'leaves no file with an id' test ! -e "$TMPDIR/id"
mapfile -t many < <(seq 100000)
run davit run --rm davit/demo sh -c 'echo $#' "${many[@]}"
if [ "$status" = 0 ]; then is "$out" 99999 '100,000 arguments'; else told 125 'arguments|too long' '100,000 arguments'; fi

### names and containers

davit create --name taken davit/demo true >/dev/null
run davit run --rm --name taken davit/demo true
is "$status" 125 'a name in use'
like "$err" "^davit: .*name 'taken' is in use by container '[0-9a-f]{12}'"$'\n'"hint: remove it with 'davit rm taken'" 'is told'
davit rm taken >/dev/null
for command in start stop kill rm exec wait inspect logs; do
	# shellcheck disable=SC2046
	run davit "$command" no-such-container $([ "$command" != exec ] || echo true)
	isnt "$status" 0 "$command of no container fails"
	like "$err" "no (container|such|image).*'no-such-container'" 'saying so'
done

run davit rm $'x\e[2J\x7f\xc2\x9b\nd\xc3\xa9j\xc3\xa0'
is "${err%%$'\n'*}" $'davit: no container \'x?[2J????d\xc3\xa9j\xc3\xa0\'' 'control characters do not reach the terminal'

### wrong architecture

printf '\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0\xf7\0\x01\0\0\0' >"$TMPDIR/alien"
head -c 200 /dev/zero >>"$TMPDIR/alien"
chmod 755 "$TMPDIR/alien"
run davit run --rm -v "$TMPDIR/alien:/alien:ro" davit/demo /alien
told 126 'hint: wrong architecture' 'a program of another architecture'
rm "$TMPDIR/alien"

### permissions

run setpriv --reuid 1000 --regid 1000 --clear-groups davit run --rm davit/demo true
is "$status" 125 'not root'
like "$err" 'Permission denied|Operation not permitted' 'is told'
is "$(wc -l <<<"$err")" "$(grep -c '^davit: \|^hint: ' <<<"$err")" 'in one line and a hint'

### no space, read-only

# other FILE-SYSTEM-OPTIONS VARIABLE: davit with another directory there
mkdir "$TMPDIR/small"
mount -t tmpfs -o size=16k,nr_inodes=12 small "$TMPDIR/small"
run env DAVIT_ROOT="$TMPDIR/small/root" davit import "$(demo_rootfs)" davit/demo
isnt "$status" 0 'an import without space fails'
like "$err" 'No space left' 'saying so'
run env DAVIT_STATE="$TMPDIR/small/state" davit run --rm davit/demo true
isnt "$status" 0 'a run without space for its state fails'
like "$err" 'No space left' 'saying so'
umount "$TMPDIR/small"
mount -t tmpfs -o size=600k,nr_inodes=60 small "$TMPDIR/small"
run env DAVIT_ROOT="$TMPDIR/small/root" davit run --rm davit/demo true
told 125 'cannot import .*No space left' 'no room for the image that comes with davit'
umount "$TMPDIR/small"
mount -t tmpfs -o ro small "$TMPDIR/small"
run env DAVIT_ROOT="$TMPDIR/small/root" davit run --rm davit/demo true
told 125 'Read-only file system' 'a read-only root directory'
run env DAVIT_STATE="$TMPDIR/small/state" davit run --rm davit/demo true
told 125 'Read-only file system' 'a read-only state directory'
umount "$TMPDIR/small"
# the container's own layer is full
mount -t tmpfs -o size=24m small "$TMPDIR/small"
export DAVIT_ROOT=$TMPDIR/small
run davit import "$(demo_rootfs)" davit/demo
is "$status" 0 'an image fits'
run davit run --rm davit/demo dd if=/dev/zero of=/fill bs=1M
isnt "$status" 0 'a container that fills its disk fails'
like "$err" 'No space left' 'and hears why'
dd if=/dev/zero of="$TMPDIR/small/fill" bs=4k 2>/dev/null
run davit run --rm davit/demo true
case $status in
0) pass 'a full disk does not hinder who writes nothing' ;;
*) told 125 'No space left' 'a full disk is told' ;;
esac
run davit create --name full davit/demo true
if [ "$status" = 0 ]; then
	davit rm full >/dev/null
	pass 'a record still fitted'
else
	told 125 'No space left' 'no space for a record is told'
fi
rm "$TMPDIR/small/fill"
davit create --name before davit/demo true >/dev/null
# full NAME: what it wrote fills the disk to the last byte, and its end is nowhere but in the running state
full() {
	dd if=/dev/zero of="$TMPDIR/small/fill" bs=4k 2>/dev/null
	dd if=/dev/zero of="$TMPDIR/small/fill2" bs=4k 2>/dev/null
	[ -d "$DAVIT_STATE/containers/$(davit inspect "$1" | jq -r '.[0].Id')" ]
}
is "$(davit run --name filler davit/demo sh -c 'cat /dev/zero >/x 2>/dev/null; exit 7' >/dev/null 2>&1; echo $?)" 7 'a kept container fills the disk'
ok 'its end fits nowhere' full filler
like "$(davit ps -a)" 'Exited \(7\).* filler' 'ps has it'
is "$(davit inspect filler | jq -c '.[0].State | [.Status, .ExitCode]')" '["exited",7]' 'inspect, too'
is "$(davit wait filler)" 7 'and wait'
is "$(davit system check)" 'nothing left behind' 'system check has nothing to say'
is "$(davit start filler && davit wait filler)" $'filler\n7' 'it can be started again'
ok 'with the same end' full filler
run davit run -d --name another davit/demo true
is "$status" 125 'a second one does not fit'
is "$(davit ps -aq | wc -l)" 2 'and leaves nothing'
ok 'what fills the disk can be removed' davit rm filler
is "$(davit ps -a --format json | jq -r .Names)" before 'it is gone'
rm "$TMPDIR"/small/fill*
davit rm before >/dev/null
davit run -d --name running davit/demo sh -c 'cat /dev/zero >/x 2>/dev/null; sleep 1000' >/dev/null
wait_until 20 eval '! dd if=/dev/zero of="$TMPDIR/small/fill" bs=4k count=1 2>/dev/null'
ok 'also while it runs' davit rm -f running
is "$(davit ps -aq)" '' 'and it is gone'
# the record of an end is there again once there is room
davit run --name later davit/demo sh -c 'cat /dev/zero >/x 2>/dev/null; exit 7' >/dev/null 2>&1
ok 'one more that fills it' full later
id=$(davit inspect later | jq -r '.[0].Id')
: >"$DAVIT_ROOT/containers/$id/upper/x"
rm "$TMPDIR"/small/fill*
is "$(davit wait later; [ -e "$DAVIT_STATE/containers/$id" ] || echo recorded)" $'7\nrecorded' 'with room it is recorded'
davit rm later >/dev/null
dd if=/dev/zero of="$TMPDIR/small/fill" bs=4k 2>/dev/null
run davit tag davit/demo other/name
is "$status" 1 'a name does not fit'
like "$err" 'No space left' 'which is told'
is "$(davit images | sed 1d | cut -d' ' -f1)" davit/demo 'and there is none'
ok 'an image can be removed from a full disk' davit rmi davit/demo
is "$out" "$(printf 'Untagged: davit/demo:latest\nDeleted: ')$(grep -o 'sha256:[0-9a-f]*$' <<<"$out")" 'it is gone'
is "$(jq '.manifests | length' "$DAVIT_ROOT/index.json")" 0 'from index.json, too'
is "$(davit system check)" 'nothing left behind' 'and nothing is left to do'
export DAVIT_ROOT=$TEST_DIR/root
umount "$TMPDIR/small"
rmdir "$TMPDIR/small"

### helpers that are missing

mkdir -p "$TMPDIR/lib"
cp "$DAVIT_OUT/bin/davit" "$TMPDIR/lib/davit"
for helper in davit-init davit-monitor; do
	rm -f "$TMPDIR"/lib/davit-*
	cp "$DAVIT_OUT"/bin/davit-* "$TMPDIR/lib/"
	rm "$TMPDIR/lib/$helper"
	run env DAVIT_LIBDIR="$TMPDIR/lib" PATH=/usr/bin:/bin "$TMPDIR/lib/davit" run -d --name xx davit/demo sleep 100
	told 125 "$helper" "without $helper"
done
rm -r "${TMPDIR:?}/lib"

### descriptors

run bash -c 'davit run --rm davit/demo true <&- >&- 2>&-'
is "$status" 0 'all of 0, 1, 2 closed'
run bash -c 'davit run --rm davit/demo sh -c "echo out; echo err >&2; exit 3" <&-'
is "$status $out $err" '3 out err' '0 closed'
run bash -c 'davit run --rm davit/demo sh -c "echo err >&2; exit 4" >&-'
is "$status $err" '4 err' '1 closed'
run bash -c 'davit run --rm davit/demo sh -c "echo out; exit 5" 2>&-'
is "$status $out" '5 out' '2 closed'
run bash -c 'davit run -d --name xx davit/demo sleep 100 <&- >&- 2>&-; davit exec xx true <&- >&- 2>&-; echo $?; davit rm -f xx <&- >&-'
is "$out" 0 'run -d, exec and rm with all closed'
run bash -c 'davit ps -a >/dev/full'
is "$status" 1 'standard output is full'
like "$err" 'write to standard output: No space left' 'and that is told'
run bash -c 'davit run --rm davit/demo sh -c "yes; exit \$?" | head -n 1; echo "${PIPESTATUS[0]}"'
is "$out" $'y\n141' 'who reads goes away: SIGPIPE ends who writes'
run bash -c 'davit run --rm davit/demo sh -c "head -c 100000000 /dev/zero" | wc -c'
is "$out" 100000000 '100 MB of output arrive'
run bash -c 'head -c 10000000 /dev/zero | davit run --rm -i davit/demo wc -c'
is "$out" 10000000 '10 MB of input arrive'

### signals and exit codes

for row in TERM:143 INT:130 HUP:129 ABRT:134 USR1:138 KILL:137; do
	run davit run --rm --init davit/demo sh -c "kill -${row%:*} \$\$; sleep 5"
	is "$status" "${row#*:}" "SIG${row%:*} of itself gives ${row#*:}"
done
for signal in TERM INT HUP USR1; do
	: >"$TMPDIR/out" # of the signal before
	davit run --rm --name xx davit/demo sh -c "trap 'exit 7' $signal; echo ready; while :; do sleep 0.05; done" >"$TMPDIR/out" &
	pid=$!
	wait_until 10 grep -q ready "$TMPDIR/out"
	kill "-$signal" "$pid"
	wait "$pid"
	is "$?" 7 "SIG$signal to davit reaches the container"
done
rm -f "$TMPDIR/out"
run davit run --rm davit/demo sh -c 'exit 255'
is "$status" 255 'exit status 255'
done_testing
