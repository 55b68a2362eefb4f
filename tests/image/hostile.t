#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Each hostile or damaged archive: one clear error, nothing outside the store is touched, nothing in
# it changes; what is only odd loads as tar and Docker have it.
# shellcheck source=tests/harness/lib.sh
. "$(dirname "$0")/../harness/lib.sh"
# shellcheck source=tests/image/image.sh
. "$(dirname "$0")/image.sh"
davit_env "$@"
command -v python3 >/dev/null || plan skip_all 'needs python3'
mkdir -p "$TEST_DIR"/{work,bad}
cd "$TEST_DIR/work" || bail 'no work directory'
mkdir tree && echo canary >tree/canary && davit import tree canary >/dev/null || bail 'davit import'
"$IMAGE_TESTS/hostile.py" "$TEST_DIR/bad" >cases || bail 'hostile.py'
before=$(store_digest)
outside=$(outside_digest)
while IFS=$'\t' read -r name want; do
	run timeout 60 davit load --max-size=64m -i "$TEST_DIR/bad/$name.tar"
	lines=$(grep -c . <<<"$err")
	if [ "$status" -ne 1 ] || [[ ! $err =~ $want ]] || [ -n "$out" ] || [ "$lines" -gt 2 ] ||
		[[ $err != 'davit: cannot load'* ]]; then
		fail "$name is refused with one clear error" "status $status, wanted: $want" "$out" "$err"
	elif LC_ALL=C grep -q $'[\001-\010\013-\037\177]' <<<"$err"; then
		fail "$name does not reach the terminal" "$(cat -v <<<"$err")"
	else
		pass "$name is refused"
	fi
	after=$(store_digest)
	is "$after" "$before" "and the store is unchanged ($name)"
	before=$after # one failure is one failure
done <cases
is "$(outside_digest)" "$outside" 'nothing outside was touched'
# wherever an archive points: two directories by name, and by .. each one above the store
above=()
for ((up = ${#DAVIT_ROOT}; up > 0; up = ${#dir})); do
	dir=${DAVIT_ROOT:0:up}
	dir=${dir%/*}
	above+=("$dir/")
	[ ! -d "$dir/tmp" ] || above+=("$dir/tmp")
done
# and beside what is read, and where tar would have been run
is "$(find /etc "$TMPDIR" "$TEST_DIR"/{work,bad} "${above[@]}" -maxdepth 1 -name escaped)" '' 'no file escaped'
is "${above[-2]} ${above[-1]}" '/ /tmp' 'looked for up to the root'
like "$(wc -l <cases)" '^[6-9][0-9]$' 'more than sixty cases were tried'

# the same from a stream: laid out first, then refused
while IFS=$'\t' read -r name want; do
	run bash -c 'cat "$1" | timeout 60 davit load --max-size=64m' - "$TEST_DIR/bad/$name.tar"
	[ "$status" -eq 1 ] && [ -z "$out" ] || fail "$name is refused from a pipe" "status $status $out $err"
done < <(grep -E '^(dotdot|symlink|hardlink|bomb|outer|cut|gzip)' cases)
is "$(store_digest)" "$before" 'from a pipe they leave the store unchanged too'

# the same layers as a plain tar to import
for f in dotdot symlink-up hardlink-dotdot whiteout-dotdot deep-2000; do
	digest=$(tar -xOf "$TEST_DIR/bad/$f.tar" index.json | grep -o 'sha256:[0-9a-f]*' | head -n 1)
	digest=$(tar -xOf "$TEST_DIR/bad/$f.tar" "blobs/sha256/${digest#sha256:}" | grep -o '"layers": \[{[^]]*' | grep -o 'sha256:[0-9a-f]*' | head -n 1)
	tar -xOf "$TEST_DIR/bad/$f.tar" "blobs/sha256/${digest#sha256:}" >layer.tgz
	fails "import refuses $f" 1 davit import layer.tgz bad
done
is "$(store_digest)" "$before" 'refused imports leave the store unchanged'

### odd, but what tar does

python3 - <<'PY' || bail 'python'
import io, tarfile
T = tarfile
def e(tar, name, kind=T.REGTYPE, data=b"", link="", mode=0o644, **k):
    t = T.TarInfo(name); t.type, t.size, t.linkname, t.mode = kind, len(data), link, mode
    for a, v in k.items(): setattr(t, a, v)
    tar.addfile(t, io.BytesIO(data))
with T.open("odd.tar", "w", format=T.PAX_FORMAT) as tar:
    e(tar, "/absolute/file", data=b"abs")              # counts from the layer's root
    e(tar, "./././dots//file", data=b"dots")
    e(tar, "twice", data=b"one"); e(tar, "twice", data=b"two", mode=0o600)
    e(tar, "flip-fd", data=b"f"); e(tar, "flip-fd", T.DIRTYPE, mode=0o755); e(tar, "flip-fd/in", data=b"in")
    e(tar, "flip-df", T.DIRTYPE, mode=0o755); e(tar, "flip-df/x", data=b"x"); e(tar, "flip-df", data=b"file")
    e(tar, "flip-dl", T.DIRTYPE, mode=0o755); e(tar, "flip-dl/x", data=b"x"); e(tar, "flip-dl", T.SYMTYPE, link="dots")
    e(tar, "flip-ls", T.SYMTYPE, link="/etc/passwd"); e(tar, "flip-ls", data=b"not passwd")
    e(tar, "in-link", T.SYMTYPE, link="dots"); e(tar, "in-link/through", data=b"through")
    e(tar, "self", data=b"self"); e(tar, "self", T.LNKTYPE, link="./self"); e(tar, "abs-link", T.LNKTYPE, link="/self")
    e(tar, "dir-late/file", data=b"1"); e(tar, "dir-late", T.DIRTYPE, mode=0o2711, uid=5, gid=6, mtime=12345)
    e(tar, "suid", data=b"s", mode=0o6755, uid=5, gid=6)
    e(tar, "setgid", T.DIRTYPE, mode=0o2775, gid=77); e(tar, "setgid/file", data=b"x"); e(tar, "setgid/dir", T.DIRTYPE, mode=0o755)
    e(tar, "evil", pax_headers={"SCHILY.xattr.trusted.overlay.redirect": "/etc", "SCHILY.xattr.trusted.overlay.opaque": "y"})
    e(tar, "locked", T.DIRTYPE, mode=0); e(tar, "locked/in", data=b"x")
    e(tar, "far/target", T.SYMTYPE, link="../../../../../../etc/passwd")
PY
outside=$(outside_digest)
ok 'odd but harmless entries are imported' davit import odd.tar odd
fs=$DAVIT_ROOT/l/$(image_links odd)
is "$(cat "$fs/absolute/file")" abs 'an absolute name counts from the root of the layer'
is "$(cat "$fs/dots/file")" dots 'dots and double slashes mean nothing'
is "$(stat -c '%a %s' "$fs/twice") $(cat "$fs/twice")" '600 3 two' 'of two entries the later wins'
is "$(cat "$fs/flip-fd/in")" in 'a file may become a directory'
is "$(cat "$fs/flip-df")" file 'a directory may become a file'
is "$(readlink "$fs/flip-dl")" dots 'a directory may become a link'
is "$(stat -c %F "$fs/flip-ls") $(cat "$fs/flip-ls")" 'regular file not passwd' 'a link is replaced, not written through'
is "$(cat "$fs/dots/through")" through 'a link that stays inside is followed'
is "$(stat -c %h "$fs/self")" 2 'hard links to itself and from the root'
is "$(stat -c '%a %u:%g %Y' "$fs/dir-late")" '2711 5:6 12345' 'a directory named after its content'
is "$(stat -c '%a %u:%g' "$fs/suid")" '6755 5:6' 'setuid survives the change of owner'
is "$(stat -c '%a %g' "$fs/setgid/file" "$fs/setgid/dir" | tr '\n' ' ')" '644 0 755 0 ' 'nothing is inherited from a setgid directory'
is "$(getfattr -d -m 'trusted.overlay' --only-values "$fs/evil" 2>/dev/null | head -c 9)$(getfattr --only-values -n trusted.overlay.redirect "$fs/evil" 2>/dev/null)" \
	'y/etc' 'attributes of overlay are kept out of its way'
is "$(stat -c %a "$fs/locked") $(cat "$fs/locked/in")" '0 x' 'a directory without permissions holds files'
is "$(outside_digest)" "$outside" 'nothing outside was touched'
done_testing
