#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What users ran into: each was wrong once.
# shellcheck source=tests/harness/lib.sh
. "$(dirname "$0")/../harness/lib.sh"
davit_env "$@"
demo_image

# arguments and environment are bytes, not UTF-8
bytes=$(printf 'a\377b')
is "$(davit run --rm davit/demo echo "$bytes")" "$bytes" 'an argument that is not UTF-8'
is "$(davit run --name raw -e "X=$bytes" davit/demo sh -c 'echo "$X"')" "$bytes" '… in the environment of a kept container'
is "$(davit start -a raw)" "$bytes" '… and again from its record'
ok 'which can be listed as JSON' eval 'davit ps -a --format json | jq -e . >/dev/null'
ok 'and inspected' eval 'davit inspect raw | jq -e . >/dev/null'
davit rm raw >/dev/null

# a container that was killed is gone for who comes next
for _ in 1 2 3 4 5; do
	davit run -d --name next davit/demo sleep 100 >/dev/null
	davit kill next >/dev/null && davit rm next >/dev/null || break
done
is "$(davit ps -aq)" '' 'rm right after kill'

# two instances: neither takes the other's containers for leftovers
# (the slice of the test is for the test; theirs are made from their directories)
one=(env -u DAVIT_SLICE davit)
other=(env -u DAVIT_SLICE davit --root "$TEST_DIR/root2" --state "$TEST_DIR/state2")
"${other[@]}" import "$(demo_rootfs)" davit/demo >/dev/null
first=$("${one[@]}" run -d davit/demo sleep 100)
second=$("${other[@]}" run -d davit/demo sleep 100)
like "$("${one[@]}" system check)" 'nothing left' 'check of one instance'
like "$("${other[@]}" system check)" 'nothing left' 'check of the other'
is "$("${one[@]}" ps -q --no-trunc)" "$first" 'its container runs on'
is "$("${other[@]}" ps -q --no-trunc)" "$second" 'and the other'\''s'
fails 'a root with another state directory' 1 "${one[@]}" --state "$TEST_DIR/state3" rm "$first"
like "$err" 'belongs to the state directory' 'is refused, since what runs would not be seen'
for command in 'ps -a' "stop $first" "inspect $first" 'stats --no-stream' 'system check'; do
	# shellcheck disable=SC2086 # words
	fails "nor does it say anything of it: $command" 1 "${one[@]}" --state "$TEST_DIR/state3" $command
	like "$err" 'belongs to the state directory' 'for that reason'
done
is "$("${one[@]}" ps -q --no-trunc)" "$first" 'it runs on'
# with the same cgroups it would have ended it
davit run -d --name alive davit/demo sleep 100 >/dev/null
fails 'check with another state directory and the same cgroups' 1 davit --state "$TEST_DIR/state3" system check
like "$(davit ps)" ' Up .* alive' 'ends nothing'
davit rm -f alive >/dev/null
"${other[@]}" create --name kept davit/demo true >/dev/null
fails 'a reset while a container runs' 1 "${other[@]}" system reset
like "$err" 'is running' 'is refused'
is "$("${other[@]}" ps -aq | wc -l)" 2 'and removes none, not the one that does not run either'
wanted=$("${other[@]}" ps -a --format json | jq -r '"removed: container \(.ID[:12]) (\(.Names))"' | sort)
is "$("${other[@]}" system reset -f -q)" "$wanted" 'forced, it tells what it removes'
fails 'check, which forces nothing' 125 "${other[@]}" system check -f
"${one[@]}" system reset -f -q >/dev/null
davit run -d --name unheard davit/demo sleep 100 >/dev/null
fails 'a reset that cannot say what it removes' any sh -c 'exec davit system reset -f >/dev/full'
is "$(davit ps -aq; find "${DAVIT_BPFFS:-/sys/fs/bpf}/$DAVIT_SLICE" 2>/dev/null)" '' 'removes all the same'
# phases of a start: all of them where davit is the parent, the start where a monitor is
phases='plan cgroup policy rootfs clone steps exec exit teardown'
is "$(davit run --rm --timings davit/demo true 2>&1 | awk '$2 > 0 { print $1 }' | xargs)" "$phases" 'phases of a start in the foreground'
for flag in '' --rm -i '--rm -i --log-driver none'; do
	# shellcheck disable=SC2086 # words
	is "$(davit run $flag --timings davit/demo true 2>&1 </dev/null | awk '$2 > 0 { print $1 }' | xargs)" "$phases" "… with a monitor in between: $flag"
done
is "$(script -qec 'davit run --rm -it --timings davit/demo true' /dev/null </dev/null | tr -d '\r' | sed 's/^\(\^[@D]\)*//' | awk '$2 > 0 { print $1 }' | xargs)" "$phases" '… and with a terminal'
davit ps -aq | xargs davit rm >/dev/null
is "$(davit run -d --rm --timings davit/demo true 2>&1 | awk '$3 == "ns" && $2 > 0 { print $1 }' | xargs)" "${phases% exit teardown}" 'and of one in the background'

# words that help
fails 'an option behind the image' 127 davit run --rm davit/demo --rm
like "$err" 'options of davit stand before the image' 'is explained'
fails 'an empty --root' 125 davit --root= images
like "$err" "'--root' is empty" 'is not the default'
run setpriv --reuid 65534 --regid 65534 --clear-groups davit images
like "$err" 'davit needs root' 'who is not root is told'

# who attached may rely on the end; rm of what has ended waits for it to be written down
bad=
for i in $(seq 12); do
	davit run -d --name "end$i" davit/demo sh -c 'sleep .1; exit 6' >/dev/null
	davit attach "end$i" || [ $? = 6 ] || bad+=" attach:$?"
	davit ps -a >/dev/null
	davit rm "end$i" >/dev/null 2>&1 || bad+=" rm"
	davit run -d --rm --name same davit/demo sleep .1 >/dev/null 2>&1 || bad+=" same"
	davit attach same 2>/dev/null || bad+=" attach-rm"
done
is "$bad" '' 'attach returns when the container can be removed'

# what can be known before the start
refuses 'a pidfile in no directory' "create '/nonexistent/p': No such file" --pidfile /nonexistent/p davit/demo true
refuses 'a pidfile that is a directory' "create '$TMPDIR': Is a directory" --pidfile "$TMPDIR" davit/demo true
refuses 'id and pid in one file' 'name the same file' --cidfile "$TMPDIR/x" --pidfile "$TMPDIR/x" davit/demo true
ok 'which is not made' test ! -e "$TMPDIR/x"
for f in 1 2 3; do
	for i in {1..14}; do printf "A${f}_$i=%060000d\n" 0; done >"$TMPDIR/env$f"
done
run davit run --rm --env-file "$TMPDIR/env1" --env-file "$TMPDIR/env2" --env-file "$TMPDIR/env3" davit/demo true
rm "$TMPDIR"/env[123]
is "$status" 126 'an environment of 2.5 MB'
like "$err" $'\nhint: an argument or environment variable may have 128 KiB' 'is explained'
fails 'a digest as a name' 1 davit tag davit/demo sha256:abc
like "$err" "'sha256' stands before digests" 'is explained'
done_testing
