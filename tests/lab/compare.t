#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# scripts/vm compare: what differs between two streams of TAP, and between two kernels.
# shellcheck disable=SC2154 # run sets out, err, status
. "$(dirname "$0")/../harness/lib.sh"

dir=$(mktemp -d)
trap 'rm -rf "$dir"; _tap_end' EXIT
vm=$TEST_TOP/scripts/vm

a() { cat >"$dir/a"; }
b() { cat >"$dir/b"; }
compare() { run "$vm" compare "$@" --tap "$dir/a" "$dir/b"; }

# the same, in another order and with other numbers
a <<-'EOF'
	TAP version 13
	1..3
	ok 1 - pid/new-namespace
	not ok 2 - net/no-route
	ok 3 - time/offset # SKIP no time namespace
EOF
b <<-'EOF'
	ok 1 - time/offset # SKIP another reason
	# a diagnostic: not ok 7 - nothing
	ok 2 pid/new-namespace # saw inode 4026531837
	not ok 3 - net/no-route
	1..3
EOF
compare
is "$status" 0 'order, numbers and what is behind # do not matter'
is "$out" $'a: 3 tests: 1 ok, 1 not ok, 1 skipped\nb: 3 tests: 1 ok, 1 not ok, 1 skipped\nno difference' \
	'the same is told with totals'

# every kind of difference
a <<-'EOF'
	1..6
	ok 1 - one
	not ok 2 - two
	ok 3 - three # SKIP needs a "thing"
	ok 4 - four
	not ok 5 - five # TODO later
	ok 6 - only\#a
EOF
b <<-'EOF'
	1..6
	not ok 1 - one
	ok 2 - two
	ok 3 - three
	ok 4 - four
	not ok 5 - five
	ok 6 - only b
EOF
compare
is "$status" 1 'differences have status 1'
is "$out" 'a       b       test
ok      not ok  one
not ok  ok      two
skip    ok      three  # a: needs a "thing"
todo    not ok  five  # a: later
ok      -       only#a
-       ok      only b

a: 6 tests: 3 ok, 1 not ok, 1 skipped, 1 todo
b: 6 tests: 4 ok, 2 not ok, 0 skipped
6 of 7 tests differ (1 only in a, 1 only in b)' 'each difference is a line'

compare --format json
is "$status" 1 'json: the same status'
is "$(jq -c '[.a.tests, .a.ok, .a.not_ok, .a.skip, .a.todo, .b.kernel]' <<<"$out")" '[6,3,1,1,1,"b"]' 'json: totals'
is "$(jq -c '.differences[2]' <<<"$out")" \
	'{"test":"three","a":"skip","b":"ok","a_note":"needs a \"thing\"","b_note":""}' 'json: a difference'
is "$(jq -c '.differences[-1]|[.test,.a,.b]' <<<"$out")" '["only b",null,"ok"]' 'json: a missing test is null'

printf 'ok 1 - a\t"quoted" \\ \x01 \xff \xc3\xa4\n' >"$dir/a"
printf 'not ok 1 - a\t"quoted" \\ \x01 \xff \xc3\xa4\r\n' >"$dir/b"
compare --format json
is "$(jq -c '.differences[0].test' <<<"$out")" "$(jq -nc '"a\t\"quoted\" \\ \u0001  ä"')" 'json: any name is UTF-8 and quoted'

# two of one name
a <<<$'ok 1 - same\nok 2 - same'
b <<<$'ok 1 - same\nnot ok 2 - same'
compare
like "$out" 'ok      not ok  same \(2\)' 'the second test of a name is told apart'

# nested: by indentation, and as the comments of kselftest
a <<-'EOF'
	KTAP version 1
	1..1
	  KTAP version 1
	  1..2
	    1..1
	    ok 1 deep
	  ok 1 inner
	  not ok 2 other
	ok 1 outer
EOF
b <<-'EOF'
	TAP version 13
	1..1
	# selftests: outer
	# TAP version 13
	# 1..2
	# ok 1 inner
	# ok 2 other
	# # ok 3 a diagnostic
	ok 1 outer
EOF
compare
is "$(sed -n 2,3p <<<"$out")" $'ok      -       outer: inner: deep\nnot ok  ok      outer: other' 'nested tests have the names of their parents'
like "$out" $'b: 3 tests: 3 ok.*\n2 of 4 tests differ' 'nested tests count, diagnostics do not'

# what probes saw
a <<-'EOF'
	ok 1 uts/new-namespace
	# tried: readlink /proc/self/ns/uts; seen: 4026532741
EOF
b <<-'EOF'
	not ok 1 uts/new-namespace
	# tried: readlink /proc/self/ns/uts; seen: that of the host
EOF
compare
is "$(sed -n 2p <<<"$out")" 'ok      not ok  uts/new-namespace  # a: 4026532741  # b: that of the host' 'what was seen is told'

# YAML and missing descriptions
a <<-'EOF'
	ok 1
	  ---
	  ok: yes
	  ok 9 not a test
	  ...
	ok 2
EOF
b <<<$'ok 1\nnot ok 2'
compare
is "$(sed -n '2p;$p' <<<"$out")" $'ok      not ok  test 2\n1 of 2 tests differ' 'YAML is no test, a test without a name has its number'

# a stream that ends early
a <<<$'1..2\nok 1 - one\nok 2 - two'
b <<<$'1..2\nok 1 - one\nBail out! no space'
compare
is "$status" 1 'an early end is a difference'
like "$out" 'b: 1 test: 1 ok.*; bailed out: no space' 'and is told'
a <<<$'1..3\nok 1 - one'
b <<<$'1..1\nok 1 - one'
compare
is "$status" 1 'so is a plan that is not kept'
like "$out" 'a: 1 test: .*; of a plan of 3' 'with the plan'
a <<<$'1..3\nok 1 - one'
b <<<$'1..3\nok 1 - one\nBail out! no space'
compare
is "$status" 125 'two streams that end early and are the same so far are no result'
like "$out" 'no difference so far' 'and it is told'
like "$err" 'both streams ended before their plan' 'as an error'
compare --format json
is "$status $(jq -c '[.a.complete, .b.complete]' <<<"$out")" '125 [false,false]' 'json: the same status'
b <<<$'1..3\nnot ok 1 - one'
compare
is "$status" 1 'what differs nevertheless is a difference'
a <<<'1..0 # SKIP needs root'
b <<<'1..0 # skip needs root'
compare
is "$status" 0 'two streams that skip everything are the same'

# bad input
a </dev/null
fails 'an empty stream is an error' 125 "$vm" compare --tap "$dir/a" "$dir/b"
like "$err" "no TAP in what 'a' printed" 'that names the stream'
fails 'a missing file is an error' 125 "$vm" compare --tap "$dir/none" "$dir/b"
fails 'one kernel is too few' 125 "$vm" compare 6.1 -- true
like "$err" 'takes two kernels' 'and that is said'
fails 'no command is an error' 125 "$vm" compare 6.1 7.2
fails 'an unknown format is an error' 125 "$vm" compare --format xml --tap "$dir/b" "$dir/b"
fails 'an unknown option is an error' 125 "$vm" compare --frob --tap "$dir/b" "$dir/b"
fails 'an unknown kernel is an error' 125 "$vm" compare 0.1 6.1 -- true
like "$err" "unknown kernel '0.1'" 'that names the kernel'
fails 'also as the second one' 125 "$vm" compare 6.1 0.1 -- true
is "$(head -n 1 <<<"$err")" "vm: unknown kernel '0.1'" 'before anything runs'

# the real thing, when its kernels are here
for k in 6.1 6.12; do
	[ -e "${DAVIT_LAB:-$TEST_TOP/out/lab}/kernels/$k/about" ] || no_lab="kernel $k is not fetched (scripts/vm fetch $k)"
done
command -v qemu-system-x86_64 >/dev/null || no_lab='no qemu'
if [ -n "${no_lab:-}" ]; then
	skip "$no_lab" 3
else
	run "$vm" compare --save "$dir/saved" 6.1 6.12 -- bash -c \
		'echo 1..2; ok=ok; case $(uname -r) in 6.1.*) ok="not ok";; esac; echo "$ok 1 - is new"; echo ok 2 - boots'
	is "$status" 1 'two kernels differ' || diag "$err"
	like "$out" $'6.1     6.12    test\nnot ok  ok      is new\n' 'by their versions'
	is "$(grep -c '^ok 2 - boots' "$dir"/saved/[ab].tap | cut -d: -f2 | paste -sd' ')" '1 1' '--save keeps what they printed'
fi
done_testing
