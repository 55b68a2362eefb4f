#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# davit-oci: records that cannot be read, and answers that cannot be written.
# shellcheck source=tests/harness/lib.sh
. "$(dirname "$0")/../harness/lib.sh"
# shellcheck source=tests/runtime/oci.sh
. "$(dirname "$0")/oci.sh"
davit_env "$@"
oci_env

for id in whole damaged; do
	bundle $id 'args(["sleep", "1000"])'
	create $id && oci start $id || bail "container $id"
done
record=$oci_root/damaged/state.json

### a record that is cut
cp "$record" "$TMPDIR/record"
head -c 100 "$TMPDIR/record" >"$record"
run oci list
like "$out" whole 'list has the others'
unlike "$out" damaged 'not the damaged one'
like "$err" "warning: state of container 'damaged'" 'and names it'
is "$status" 0 'which is no failure'
oci --log "$TMPDIR/log" --log-format json list >/dev/null 2>&1
is "$(jq -r .level "$TMPDIR/log")" warning 'also in the log'
is "$(oci list -q | sort | xargs)" 'damaged whole' 'list --quiet has its name'
for command in state 'kill' delete 'delete --force' pause 'exec damaged'; do
	# shellcheck disable=SC2086 # words
	run oci $command damaged
	[ "$status" -ne 0 ] && [[ $err == *"state of container 'damaged'"* ]] && pass "$command fails" || fail "$command fails" "$status $err"
done
run oci delete --force damaged
like "$err" "hint: .*end its processes, remove its cgroup, then '$oci_root/damaged'" 'and tells what is to be done'
cp "$TMPDIR/record" "$record"
is "$(oci state damaged | jq -r .status)" running 'nothing was done to it'

### what is not damaged
jq -c '.version = 99' "$TMPDIR/record" >"$record"
run oci delete --force damaged
like "$err" "written by another version of davit-oci \(99\)"$'\n'"hint: use the davit-oci that wrote it" 'of another version'
cp "$TMPDIR/record" "$record"
run strace -f -qq -e trace=openat -P state.json -e inject=openat:error=EMFILE -o /dev/null "$oci_runtime" --root "$oci_root" delete damaged
like "$err" 'Too many open files' 'a moment of want'
unlike "$err" 'hint:.*end its processes' 'is no damage'

### what is no file, and what is no container
mv "$record" "$record.kept" && mkdir "$record" && : >"$oci_root/stray"
run oci list -f json
is "$(grep . <<<"$err")" "davit-oci: warning: state of container 'damaged': read 'damaged/state.json': Is a directory" 'the warning says why'
run oci delete --force damaged
like "$err" "Is a directory"$'\n'"hint: .*end its processes" 'delete tells what is to be done'
rmdir "$record" && mv "$record.kept" "$record" && rm "$oci_root/stray"
ok 'with its record it can be deleted' oci delete --force damaged

### create was killed before there was one
mkdir -m 700 "$oci_root/begun"
is "$(oci list -q)" whole 'one that was not made whole is not listed'
fails 'it has no state' 1 oci state begun
like "$err" "'begun' was never created whole"$'\n'"hint: .davit-oci delete --force begun. removes" 'what can be done'
ok 'it can be removed' oci delete --force begun

### standard output
for command in features list 'list -q' 'state whole' 'ps whole' 'events --stats whole'; do
	# shellcheck disable=SC2086
	oci $command >&- 2>"$TMPDIR/err"
	is "$?:$(<"$TMPDIR/err")" '1:davit-oci: write to standard output: Bad file descriptor' "$command: closed"
	# shellcheck disable=SC2086
	oci $command >/dev/full 2>"$TMPDIR/err"
	is "$?:$(head -n 1 "$TMPDIR/err")" '1:davit-oci: write to standard output: No space left on device' "$command: full"
done
bundle t 'sh("echo x; echo y >&2")'
oci run --bundle "$bundles/t" t >&- 2>"$TMPDIR/err"
is "$?:$(<"$TMPDIR/err")" 0:y 'a container has /dev/null for what is closed'
ok 'delete' oci delete --force whole
rm -rf "${TMPDIR:?}"/*
done_testing
