#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# scripts/peers: what is refused, that damaged and missing packages are told, and that nothing is left.
# shellcheck disable=SC2154 # run sets out, err, status
. "$(dirname "$0")/../harness/lib.sh"

peers=$TEST_TOP/scripts/peers
dir=$(mktemp -d -p "${DAVIT_TEST_BASE:-/var/tmp}" davit-peers-test.XXXXXX)
trap 'rc=$?; rm -rf --one-file-system "$dir"; (exit $rc); _tap_end' EXIT
mkdir "$dir"/{tmp,lab}
export TMPDIR=$dir/tmp DAVIT_LAB=$dir/lab

refused() { # NAME REGEX ARG...
	local name=$1 regex=$2
	shift 2
	run "$peers" "$@" </dev/null
	like "$status $err" "^125 (.*"$'\n'")?peers: $regex.*"$'\n''hint: ' "$name"
}
nothing_left() { # NAME
	is "$(ls -A "$TMPDIR"; find "$DAVIT_LAB" -type f ! -name .lock)" '' "$1"
}

run "$peers" --help
like "$status $out" '^0 usage: scripts/peers fetch' 'help'
run "$peers"
like "$status $err" '^125 usage: ' 'no command is an error'
refused 'an unknown command' "unknown command 'frob'" frob
refused 'an unknown name' "unknown name 'frob'" fetch frob
like "$err" 'hint: known: containerd-1.7 containerd-2 ' 'those that there are'
refused 'a name that is a pattern' "unknown name '\\.\\*'" path '.*'
refused 'path of two' 'path takes one name' path containerd-2 docker-28
run "$peers" path containerd-2
is "$status:$out$err" 1: 'path of what is not fetched'
run "$peers" list
is "$(awk '{ print NF, $NF }' <<<"$out" | sort -u)" '5 -' 'list: five columns, nothing is fetched'
is "$(awk '{ print $1 }' <<<"$out")" "$(awk '!/^#/ { print $1 }' "$TEST_TOP/tests/peers.txt")" 'all of the table'
DAVIT_LAB=$dir/file
: >"$DAVIT_LAB"
refused 'a cache that cannot be made' "cannot write to the cache '$DAVIT_LAB'" fetch containerd-2
DAVIT_LAB=$dir/lab
run unshare --net "$peers" fetch containerd-2
like "$status $err" "^125 .*cannot fetch the package lists of 'sid'"$'\n''hint: is there a network' 'no network'
nothing_left 'which leaves nothing'

# a tree with another table
mkdir -p "$dir/tree/tests"
cp -r "$TEST_TOP/scripts" "$dir/tree/"
peers=$dir/tree/scripts/peers
table=$dir/tree/tests/peers.txt
package=$(apt-cache show --no-all-versions hostname 2>/dev/null | awk '/^Version:/ { v = $2 } /^SHA256:/ { s = $2 } END { print v "\t" s }')
printf 'small\tbookworm\thostname\t%s\n' "$package" >"$table"
run "$peers" fetch small
if [[ $err == *'package lists'* && $status = 125 ]]; then
	skip 'no network' 9
else
	is "$status" 0 'a package is fetched'
	like "$("$peers" list)" 'hostname .* fetched$' 'list says so'
	ok 'it is unpacked where path tells' test -x "$("$peers" path small)/bin/hostname"
	printf 'small\tbookworm\thostname\t%s\t%064d\n' "${package%$'\t'*}" 0 >"$table"
	fails 'one that the table has otherwise now is not there' 1 "$peers" path small
	refused 'another digest' "package 'hostname' .* has another digest than in tests/peers.txt" fetch small
	printf 'small\tbookworm\thostname\t0.1\t%064d\n' 0 >"$table"
	run "$peers" fetch small
	like "$status $err" '^0 .*0.1 is gone from bookworm, taking ' 'a version that is gone gives way'
	run "$peers" update
	is "$status $(<"$table")" $'0 small\tbookworm\thostname\t'"$package" 'update pins the current one'
	printf 'small\tbookworm\tdavit-none\t1\t%064d\n' 0 >"$table"
	refused 'a package that is not there' "suite 'bookworm' has no package 'davit-none'" fetch small
	fails 'a signal ends it with that' 143 bash -c '"$0" fetch small & sleep 0.3; kill -TERM $!; wait $!' "$peers"
fi
rm -rf "$DAVIT_LAB/peers/small"
nothing_left 'and nothing is left'
done_testing
