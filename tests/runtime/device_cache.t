#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# davit-oci: device programs are shared by containers with equal lists, and only by those.
# shellcheck disable=SC2154 # run sets out, err, status
# shellcheck source=tests/harness/lib.sh
. "$(dirname "$0")/../harness/lib.sh"
# shellcheck source=tests/runtime/oci.sh
. "$(dirname "$0")/oci.sh"
davit_env "$@"
# LeakSanitizer cannot look while somebody traces
! has_sanitizers || sanitizer_options detect_leaks=0
oci_env
pins=$DAVIT_BPFFS/davit-oci

pinned() { find "$pins" -type f 2>/dev/null | wc -l; }
kmsg() { printf '.linux.devices = [{path: "/dev/kmsg", type: "c", major: 1, minor: 11}] |
	.linux.resources.devices = [{allow: false, access: "rwm"}, %s] |
	.process.capabilities |= with_entries(.value += ["CAP_SYSLOG"]) | sh("(exec 3%s/dev/kmsg) 2>/dev/null && echo yes || echo no")' "$1" "$2"; }
# loads FILTER: how many programs a run of it loads
loads() {
	bundle t "$1"
	strace -f -qq -e trace=bpf -o "$TEST_DIR/trace" "$DAVIT_OUT/bin/davit-oci" --root "$oci_root" run -b "$bundles/t" t >/dev/null
	grep -c BPF_PROG_LOAD "$TEST_DIR/trace"
	rm "$TEST_DIR/trace"
}
write='{allow: true, type: "c", major: 1, minor: 11, access: "w"}'
read='{allow: true, type: "c", major: 1, minor: 11, access: "r"}'

is "$(pinned)" 0 'at first there is none'
is "$(loads "$(kmsg "$write" '>')")" 1 'the first start loads a program'
is "$(pinned)" 1 'it is kept'
is "$(stat -c '%a %u' "$pins")" '700 0' 'where nobody else writes'
is "$(loads "$(kmsg "$write" '>')")" 0 'the second start loads none'
is "$(pinned)" 1 'and adds none'
shows 'it grants what its list says' yes "$(kmsg "$write" '>')"
shows 'and no more' no "$(kmsg "$write" '<')"
shows 'another list has another one' yes "$(kmsg "$read" '<')"
shows 'which grants no more either' no "$(kmsg "$read" '>')"
is "$(pinned)" 2 'two are kept'
shows 'a list in another order is another list' no "$(kmsg "$write, {allow: false, access: \"rwm\"}" '>')"

# update takes the one of the other list, and back
bundle u "$(kmsg "$write" '>') | args([\"sleep\", \"1000\"])"
create u && oci start u
can() { oci exec u sh -c "(exec 3$1/dev/kmsg) 2>/dev/null && echo yes || echo no"; }
is "$(can '>') $(can '<')" 'yes no' 'a running one'
ok 'update' oci update --resources - u <<<"{\"devices\": [{\"allow\": false, \"access\": \"rwm\"}, $(jq -nc "$read")]}"
is "$(can '>') $(can '<')" 'no yes' 'has the other list'
ok 'update to the same' oci update --resources - u <<<"{\"devices\": [{\"allow\": false, \"access\": \"rwm\"}, $(jq -nc "$read")]}"
is "$(can '>') $(can '<')" 'no yes' 'keeps it'
oci delete -f u
rm "$TMPDIR/u.out"

# no more than a host can spare
for ((i = 0; i < 40; i++)); do
	bundle t ".linux.resources.devices = [{allow: false, access: \"rwm\"}, {allow: true, type: \"c\", major: 7, minor: $i, access: \"r\"}] | args([\"true\"])"
	oci run -b "$bundles/t" t || fail "run with list $i"
done
is "$(pinned)" 32 'of many lists 32 are kept'
shows 'further ones are in force all the same' no \
	'.linux.devices = [{path: "/dev/kmsg", type: "c", major: 1, minor: 11}] | .linux.resources.devices = [{allow: false, access: "rwm"},
	{allow: true, type: "c", major: 77, minor: 7, access: "r"}] | sh("(exec 3</dev/kmsg) 2>/dev/null && echo yes || echo no")'
shows 'a list that no name can hold' yes "$(kmsg "$(for ((i = 0; i < 60; i++)); do printf '{allow: true, type: "c", major: %d, access: "r"}, ' $((2000 + i)); done)$write" '>')"
is "$(pinned)" 32 'is not kept'

# what others can write to is not trusted
chmod 777 "$pins"
is "$(loads "$(kmsg "$write" '>')")" 1 'where others may write, nothing is taken'
chmod 700 "$pins"
is "$(loads "$(kmsg "$write" '>')")" 0 'otherwise it is'
find "$pins" -type f -delete
rmdir "$pins"
mkdir "$TEST_DIR/none"
DAVIT_BPFFS=$TEST_DIR/none shows 'without a bpf file system' yes "$(kmsg "$write" '>')"
is "$(find "$TEST_DIR/none" -mindepth 1)" '' 'nothing is written'
rmdir "$TEST_DIR/none"
done_testing
