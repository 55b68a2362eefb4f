#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Images made by umoci, skopeo, buildah and podman from Debian's files unpack to what their own tools
# unpack, file by file.
# shellcheck source=tests/harness/lib.sh
. "$(dirname "$0")/../harness/lib.sh"
# shellcheck source=tests/image/image.sh
. "$(dirname "$0")/image.sh"
davit_env "$@"
for tool in umoci skopeo buildah podman setfattr setcap python3 zstd; do
	command -v "$tool" >/dev/null || plan skip_all "needs $tool"
done
work=$TEST_DIR/work
mkdir "$work"
cd "$work" || bail 'no work directory'

### five layers by umoci: files, then whiteouts, opaque directories, flips of type

repack() { umoci repack --refresh-bundle --image layout:base bundle >/dev/null 2>&1; }

umoci init --layout layout >/dev/null && umoci new --image layout:base >/dev/null &&
	umoci unpack --image layout:base bundle >/dev/null 2>&1 || bail 'umoci does not work'
root=$work/bundle/rootfs
debian_tree "$root" 10500
special_files "$root"
mkdir -p "$root"/dir/{a,b/c} "$root"/gone/{x,y}
touch "$root"/dir/{a,b/c}/{1,2,3} "$root"/gone/{x,y}/{1,2}
repack || bail 'umoci repack'
(cd "$root" && rm -rf gone dir/a && mkdir dir/a && echo new >dir/a/new && rm -f usr/share/doc/bash/copyright special/setuid)
repack || bail 'umoci repack'
(cd "$root" && rm -rf dir/b && ln -s a dir/b && mkdir gone && chmod 700 special && setcap -r special/caps)
repack || bail 'umoci repack'
(cd "$root" && rm dir/b && echo file >dir/b && rm -rf gone && echo file >gone && rm -rf usr/include)
repack || bail 'umoci repack'
(cd "$root" && mkdir -p usr/include/again && echo 1 >usr/include/again/1 && rm dir/b && mkdir dir/b && mv special renamed)
repack || bail 'umoci repack'
umoci config --image layout:base --config.cmd sh --config.env A=b --config.user 7:8 \
	--config.workingdir /dir --config.stopsignal SIGINT --config.exposedports 80/tcp \
	--config.volume /data --config.label k=v
umoci unpack --image layout:base reference >/dev/null 2>&1 || bail 'umoci unpack'

ok 'load an OCI layout directory' davit load -i layout
is "$out" 'Loaded image: base:latest' 'and its name is told'
like "$(find reference/rootfs | wc -l)" '^[1-9][0-9]{4}$' 'the tree has at least 10,000 files'
is "$(image_links base | wc -l)" 5 'the image has five layers'
same_tree 'its tree is the one umoci unpacks' base reference/rootfs
config=$(davit inspect base | python3 -c 'import json,sys; print(json.dumps(json.load(sys.stdin)[0]["Config"], sort_keys=True))')
is "$config" '{"Cmd": ["sh"], "Env": ["A=b"], "ExposedPorts": {"80/tcp": {}}, "Labels": {"k": "v"}, "StopSignal": "SIGINT", "User": "7:8", "Volumes": {"/data": {}}, "WorkingDir": "/dir"}' \
	'its configuration is read'

### the same image in every form that skopeo writes shares every layer

ids() { davit images -q --no-trunc | sort -u; }
id=$(ids)
layers=$(cd "$DAVIT_ROOT" && ls layers l)
skopeo copy -q oci:layout:base oci-archive:oci.tar:team/app:1
skopeo copy -q oci:layout:base docker-archive:docker.tar:team/app:2
gzip -1k oci.tar && zstd -q docker.tar
for form in 'oci.tar:1' 'docker.tar:2' 'oci.tar.gz:1' 'docker.tar.zst:2'; do
	ok "load ${form%:*}" davit load -i "${form%:*}"
	is "$out" "Loaded image: team/app:${form##*:}" 'and its name is told'
done
is "$(ids)" "$id" 'all are the same image'
is "$(cd "$DAVIT_ROOT" && ls layers l)" "$layers" 'no layer was unpacked again'
run davit load <oci.tar
is "$status $out" '0 Loaded image: team/app:1' 'load from standard input'
run bash -c 'cat docker.tar | davit load'
is "$status $out" '0 Loaded image: team/app:2' 'load from a pipe'
for form in oci.tar docker.tar; do
	fails "$form: another platform" 1 davit load --platform linux/s390x -i $form
	like "$err" "it has no image for 'linux/s390x', but one for 'linux/" 'is told with what is there'
	fails 'and what is no platform' 1 davit load --platform bogus -i $form
	like "$err" "'bogus' is not of the form OS/ARCH" 'as such'
done
is "$(ids)" "$id" 'nothing came of it'
ok 'the right one is asked for' davit load --platform "linux/$(dpkg --print-architecture)" -i oci.tar
ok 'take a name of our own' davit load --tag mine:3 -q -i docker.tar
is "$(davit images --format json | grep -c .)" 4 'four names, one image'

# from nothing, out of each form
for form in oci.tar docker.tar docker.tar.zst; do
	davit rmi -f "$(davit images -q | head -n 1)" >/dev/null
	is "$(find "$DAVIT_ROOT"/{layers,l,blobs/sha256,images,refs,trash,tmp} -mindepth 1)" '' 'rmi leaves nothing'
	ok "load $form into the empty store" davit load --tag app -i "$form"
	same_tree "the tree of $form is the same" app reference/rootfs
done

### others read what we store

ok 'skopeo reads the store' skopeo copy -q "oci:$DAVIT_ROOT:app:latest" oci:again:x
ok 'umoci reads the store' umoci unpack --image "$DAVIT_ROOT:app:latest" again-bundle
is "$(diff <("$IMAGE_TESTS/tree_list.py" again-bundle/rootfs) <("$IMAGE_TESTS/tree_list.py" reference/rootfs))" '' \
	'and unpacks the same tree from it'
ok 'the store is sound' davit system check
is "$out" 'nothing left behind' 'and has no leftovers'

### zstd layers

if umoci_layer=$(skopeo copy -q --dest-compress-format zstd --dest-compress oci:layout:base oci:zstd:base 2>&1) &&
	grep -q zstd zstd/blobs/sha256/* 2>/dev/null; then
	ok 'load zstd layers' davit load --tag zstd -i zstd
else
	skip "this skopeo does not write zstd: ${umoci_layer:-}"
fi

### buildah and podman, with storage of their own

mkdir ctx && cp -a "$(find reference/rootfs/usr/share -mindepth 1 -maxdepth 1 -type d | head -n 1)" ctx/doc
special_files ctx
chmod 0755 ctx/special
mount -t tmpfs davit-test /dev/shm # podman keeps its locks there
store=(--root "$work/cs" --runroot "$work/cr" --storage-driver vfs)
if c=$(buildah "${store[@]}" from scratch 2>&1) &&
	buildah "${store[@]}" copy -q "$c" ctx/doc /one/doc >/dev/null 2>&1 &&
	buildah "${store[@]}" commit -q "$c" first >/dev/null 2>&1 &&
	c=$(buildah "${store[@]}" from first 2>&1) &&
	buildah "${store[@]}" copy -q "$c" ctx/special /two >/dev/null 2>&1 &&
	buildah "${store[@]}" config --cmd /two/x --env E=f "$c" &&
	buildah "${store[@]}" commit -q "$c" second >/dev/null 2>&1 &&
	buildah "${store[@]}" push -q second oci-archive:buildah.tar:bud >/dev/null 2>&1; then
	ok 'load what buildah made' davit load -i buildah.tar
	skopeo copy -q oci-archive:buildah.tar oci:buildah:bud
	umoci unpack --image buildah:bud buildah-ref >/dev/null 2>&1
	same_tree 'the tree of buildah is the same' bud buildah-ref/rootfs
else
	skip 'buildah does not work here' 2
fi
tar -C ctx --xattrs --xattrs-include='*' -cf ctx.tar special
if podman "${store[@]}" import -q ctx.tar pod:1 >/dev/null 2>&1 &&
	podman "${store[@]}" save -q -o podman.tar pod:1 >/dev/null 2>&1; then
	ok 'load what podman saved' davit load -i podman.tar
	skopeo copy -q docker-archive:podman.tar oci:podman:pod
	umoci unpack --image podman:pod podman-ref >/dev/null 2>&1
	same_tree 'the tree of podman is the same' localhost/pod:1 podman-ref/rootfs
else
	skip 'podman does not work here' 2
fi
umount "$work"/cs/* /dev/shm 2>/dev/null

### import

for kind in plain:cat gzip:gzip zstd:zstd xz:xz bzip2:bzip2; do
	tool=${kind#*:}
	command -v "$tool" >/dev/null || { skip "no $tool" 2; continue; }
	"$tool" <ctx.tar >ctx.packed
	ok "import a tar, ${kind%:*}" davit import -c 'CMD ["a","b"]' ctx.packed "imp:${kind%:*}"
	like "$out" '^sha256:[0-9a-f]{64}$' 'and the id is told'
done
mkdir imp-ref && tar -C imp-ref --xattrs --xattrs-include='*' -xpf ctx.tar 2>/dev/null
same_tree 'the tree is the one tar unpacks' imp:xz imp-ref
is "$(find "$DAVIT_ROOT/layers" -maxdepth 1 -name "$(sha256sum <ctx.tar | cut -c1-64)" | wc -l)" 1 \
	'however it was packed, the layer is one'
ok 'import a directory' davit import ctx dir:1
list_image dir:1 >"$TEST_DIR/lib/got"
"$IMAGE_TESTS/tree_list.py" ctx >"$TEST_DIR/lib/want"
is "$(diff "$TEST_DIR/lib/want" "$TEST_DIR/lib/got" | head -n 8)" '' 'the tree is that of the directory'
ok 'skopeo reads an imported image' skopeo inspect "oci:$DAVIT_ROOT:dir:1"

for name in $(davit images -q | sort -u); do davit rmi -f "$name" >/dev/null; done
is "$(find "$DAVIT_ROOT"/{layers,l,blobs/sha256,images,refs,trash,tmp} -mindepth 1)" '' 'nothing is left of any image'
done_testing
