#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# davit-oci: compiled filters are taken for containers with the same profile, and only for those.
# shellcheck disable=SC2154 # run sets out, err, status
# shellcheck source=tests/harness/lib.sh
. "$(dirname "$0")/../harness/lib.sh"
# shellcheck source=tests/runtime/oci.sh
. "$(dirname "$0")/oci.sh"
davit_env "$@"
# LeakSanitizer cannot look while somebody traces
! has_sanitizers || sanitizer_options detect_leaks=0
oci_env
kept=$oci_root/~seccomp

count() { find "$kept" -type f 2>/dev/null | wc -l; }
# a profile that is long enough to be kept: denies CALL with the error number ERRNO
deny() { printf '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", architectures: ["SCMP_ARCH_X86_64"],
	syscalls: [{names: ["%s"], action: "SCMP_ACT_ERRNO", errnoRet: %s}, {names: [range(30) | "swapon_" + tostring], action: "SCMP_ACT_LOG"}]} |
	sh("mkdir /tmp/d 2>&1 | sed \\"s/.*: //\\"; rmdir /tmp/d 2>/dev/null; true")' "$1" "$2"; }
# taken FILTER: yes when a run takes a filter from there
taken() {
	bundle t "$1"
	strace -f -qq -e trace=openat -o "$TEST_DIR/trace" "$DAVIT_OUT/bin/davit-oci" --root "$oci_root" run -b "$bundles/t" t >/dev/null
	if grep -q '~seccomp/[0-9a-f]*", O_RDONLY.*= [0-9]' "$TEST_DIR/trace"; then echo yes; else echo no; fi
	rm "$TEST_DIR/trace"
}

is "$(count)" 0 'at first there is none'
shows 'the first start' 'Invalid cross-device link' "$(deny mkdir 18)"
is "$(count)" 1 'is kept'
is "$(stat -c '%a %u' "$kept") $(stat -c '%a %u' "$kept"/*)" '700 0 600 0' 'for nobody else'
is "$(taken "$(deny mkdir 18)")" yes 'the second takes it'
shows 'and is denied the same' 'Invalid cross-device link' "$(deny mkdir 18)"
shows 'another profile is another one' 'No space left on device' "$(deny mkdir 28)"
shows 'and another' '' "$(deny rmdir 28)"
is "$(count)" 3 'three are kept'
bundle c "$(deny mkdir 18) | args([\"sleep\", \"1000\"])"
create c && oci start c
is "$(oci exec c mkdir /tmp/e 2>&1 | sed 's/.*: //')" 'Invalid cross-device link' 'exec has it'
oci delete --force c
is "$(oci list -q)" '' 'it is no container'
fails 'and cannot be one' 1 oci state '~seccomp'

# the text is taken out: what is wrong behind it is still told at its place
bundle t "$(deny mkdir 18)"
(jq 'del(.linux.seccomp) | .linux = {seccomp: 0} + .linux' "$bundles/t/config.json" | sed '/"seccomp": 0/d; s/"linux": {/&\n"seccomp": @,/' >"$TEST_DIR/rest"
	profile=$(jq .linux.seccomp "$bundles/t/config.json")
	rest=$(<"$TEST_DIR/rest")
	printf '%s' "${rest/@/$profile}" >"$bundles/t/config.json")
oci run -b "$bundles/t" t >/dev/null 2>&1 </dev/null
last=$(wc -l <"$bundles/t/config.json")
sed -i '$s/}$/, }/' "$bundles/t/config.json"
run oci run -b "$bundles/t" t </dev/null
like "$err" "line $((last + 1)) column" 'by its line'

# a document that is replaced between the reading that fails and the one that tells why: it has its own profile
bundle t "$(deny mkdir 28)"
sed '$s/}$/, }/' "$bundles/t/config.json" >"$TEST_DIR/bad"
bundle t "$(deny mkdir 18)"
mv "$bundles/t/config.json" "$TEST_DIR/good"
cp "$TEST_DIR/bad" "$bundles/t/config.json"
strace -f -qq -e trace=openat -P config.json -e inject=openat:delay_enter=1000000:when=2 -o "$TEST_DIR/trace" \
	"$DAVIT_OUT/bin/davit-oci" --root "$oci_root" run -b "$bundles/t" t >"$TEST_DIR/out" 2>&1 </dev/null &
wait_until 10 test -s "$TEST_DIR/trace"
mv "$TEST_DIR/good" "$bundles/t/config.json"
wait $!
is "$(<"$TEST_DIR/out")" 'Invalid cross-device link' 'of two documents the second one has its own filter'
rm "$TEST_DIR"/{bad,out,trace}

# what is not the text alone, or needs more than a program
shows 'a notification is passed on' no "$(deny mkdir 18) | .linux.seccomp.listenerPath = \"/nonexistent\" | sh(\"echo no\")"
before=$(count)
shows 'a short one is not worth it' ok '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW"} | sh("echo ok")'
is "$(count)" "$before" 'and not kept'
denies 'an error is told each time' 'linux.seccomp.syscalls\[0\].action' "$(deny mkdir 18) | .linux.seccomp.syscalls[0].action = \"SCMP_ACT_NONE\""
denies 'the same again' 'linux.seccomp.syscalls\[0\].action' "$(deny mkdir 18) | .linux.seccomp.syscalls[0].action = \"SCMP_ACT_NONE\""
is "$(count)" "$before" 'nothing is kept of it'

# files that are not what was written
file=$(grep -l -a '"errnoRet": 18' "$kept"/* | head -n 1)
cp -p "$file" "$TEST_DIR/copy"
damaged() {
	shows "$1" 'Invalid cross-device link' "$(deny mkdir 18)"
	cp -p "$TEST_DIR/copy" "$file"
}
: >"$file"
damaged 'an empty file'
truncate -s -1 "$file"
damaged 'a short one'
printf x >>"$file"
damaged 'a long one'
# the error number of the filter, 18, becomes 28: so it is seen whether it is taken
LC_ALL=C sed 's/\x12\x00\x05\x00/\x1c\x00\x05\x00/' <"$TEST_DIR/copy" >"$file"
shows 'one that only root could have changed is taken' 'No space left on device' "$(deny mkdir 18)"
chmod 666 "$file"
damaged 'one that others may write is not'
LC_ALL=C sed 's/\x12\x00\x05\x00/\x1c\x00\x05\x00/' <"$TEST_DIR/copy" >"$file"
chown 1 "$file"
damaged "another user's"
cp "$DAVIT_OUT/bin/davit-init" "$TEST_DIR/"
id=$(readelf -n "$DAVIT_OUT/bin/davit-oci" | sed -n 's/.*Build ID: //p')
like "$id" '^[0-9a-f]{40}$' 'the program has an id'
perl -0777 -pe "s/$(sed 's/../\\x&/g' <<<"$id")/'A' x 20/e" "$DAVIT_OUT/bin/davit-oci" >"$TEST_DIR/davit-oci"
chmod +x "$TEST_DIR/davit-oci"
bundle t "$(deny mkdir 18)"
strace -f -qq -e trace=renameat,rename -o "$TEST_DIR/trace" "$TEST_DIR/davit-oci" --root "$oci_root" run -b "$bundles/t" t >/dev/null
like "$(<"$TEST_DIR/trace")" '~seccomp' 'another program compiles for itself'
rm "$TEST_DIR/trace" "$TEST_DIR/davit-oci" "$TEST_DIR/davit-init" "$TEST_DIR/copy"

# no more than a host can spare
for ((i = 1; i <= 40; i++)); do
	bundle t "$(deny mkdir $((i + 40)))"
	oci run -b "$bundles/t" t >/dev/null || fail "run with profile $i"
done
is "$(count)" 32 'of many profiles 32 are kept'
shows 'further ones are in force all the same' 'No space left on device' "$(deny mkdir 28) | .linux.seccomp.syscalls[1].names += [\"more\"]"
rm -rf "$kept" "${TMPDIR:?}"/*
done_testing
