# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash

# oci_image FILE NAME [COMMAND...]: the demo tree as a tar of an OCI image layout; its command is sh
oci_image() {
	local layout layer config manifest tar

	[ $# -gt 2 ] || set -- "$@" sh
	tar=$(demo_rootfs) || return 1
	layout=$(mktemp -d "$TEST_DIR/layout.XXXXXX")
	mkdir -p "$layout/blobs/sha256"
	layer=$(_add_blob "$layout" <"$tar")
	config=$(jq -n --arg l "$layer" '{architecture: "amd64", os: "linux", config: {Cmd: $ARGS.positional,
		Env: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]},
		rootfs: {type: "layers", diff_ids: ["sha256:" + $l]}}' --args -- "${@:3}" | _add_blob "$layout")
	manifest=$(jq -n --arg c "$config" --arg l "$layer" --argjson cs "$(stat -c %s "$layout/blobs/sha256/$config")" \
		--argjson ls "$(stat -c %s "$tar")" '{schemaVersion: 2, mediaType: "application/vnd.oci.image.manifest.v1+json",
		config: {mediaType: "application/vnd.oci.image.config.v1+json", digest: ("sha256:" + $c), size: $cs},
		layers: [{mediaType: "application/vnd.oci.image.layer.v1.tar", digest: ("sha256:" + $l), size: $ls}]}' |
		_add_blob "$layout")
	jq -n --arg m "$manifest" --argjson ms "$(stat -c %s "$layout/blobs/sha256/$manifest")" --arg name "$2" \
		'{schemaVersion: 2, manifests: [{mediaType: "application/vnd.oci.image.manifest.v1+json",
		digest: ("sha256:" + $m), size: $ms, annotations: {"io.containerd.image.name": $name,
		"org.opencontainers.image.ref.name": $name}}]}' >"$layout/index.json"
	echo '{"imageLayoutVersion": "1.0.0"}' >"$layout/oci-layout"
	tar -C "$layout" -cf "$1" oci-layout index.json blobs && rm -rf "$layout"
}

_add_blob() {
	local digest
	cat >"$1/new"
	digest=$(sha256sum <"$1/new" | cut -d' ' -f1)
	mv "$1/new" "$1/blobs/sha256/$digest"
	echo "$digest"
}
