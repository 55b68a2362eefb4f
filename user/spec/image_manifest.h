/* SPDX-License-Identifier: Apache-2.0 */
/* OCI manifests and indexes, Docker's schema 2 of both, and the manifest.json of `docker save`. */
#ifndef DAVIT_SPEC_IMAGE_MANIFEST_H
#define DAVIT_SPEC_IMAGE_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "spec/image_ref.h"

struct err;
struct json_t;

#define MANIFEST_LAYERS_MAX  500u /* OVL_MAX_STACK of Linux */
#define MANIFEST_ENTRIES_MAX 4096u /* of an index */
#define MANIFEST_BLOB_MAX    (1ull << 42) /* size a descriptor may claim: 4 TiB */

#define MEDIA_OCI_MANIFEST    "application/vnd.oci.image.manifest.v1+json"
#define MEDIA_OCI_INDEX	      "application/vnd.oci.image.index.v1+json"
#define MEDIA_OCI_CONFIG      "application/vnd.oci.image.config.v1+json"
#define MEDIA_OCI_LAYER	      "application/vnd.oci.image.layer.v1.tar"
#define MEDIA_DOCKER_MANIFEST "application/vnd.docker.distribution.manifest.v2+json"
#define MEDIA_DOCKER_INDEX    "application/vnd.docker.distribution.manifest.list.v2+json"
#define MEDIA_DOCKER_CONFIG   "application/vnd.docker.container.image.v1+json"

/**
 * struct descriptor - what a manifest says of a blob; strings owned, never NULL once parsed
 * @digest: 64 hex digits
 * @name:   image name from the annotations (io.containerd.image.name, else
 *	    org.opencontainers.image.ref.name), or ""
 * @os, @architecture, @variant: platform, "" when not stated
 * @is_attestation: BuildKit's provenance data, no image
 */
struct descriptor {
	char digest[DIGEST_HEX_LEN + 1];
	uint64_t size;
	char *media_type, *name, *os, *architecture, *variant;
	bool is_attestation;
};

/* struct manifest - @layers bottom first; zero-initialised is empty */
struct manifest {
	char *media_type;
	struct descriptor config;
	struct descriptor *layers;
	size_t n_layers;
};

struct manifest_index {
	struct descriptor *entries;
	size_t n;
};

/* One image of a `docker save` archive: paths in the archive, names. */
struct docker_image {
	char *config;
	struct strv tags, layers;
};

struct docker_archive {
	struct docker_image *images;
	size_t n;
};

/**
 * manifest_parse() - read an image manifest
 *
 * Refused (-EBADMSG): documents that are both manifest and index, digests other than sha256,
 * configurations that are not of a container image, encrypted or unknown layer types, more than
 * MANIFEST_LAYERS_MAX layers.
 */
int manifest_parse(const struct json_t *json, struct manifest *ret, struct err *e);
void manifest_done(struct manifest *m);

/* manifest_to_json() - an OCI manifest of the same blobs; NULL = out of memory */
struct json_t *manifest_to_json(const struct manifest *m);

/* manifest_index_parse() - an index of manifests. -EBADMSG: one that could be a manifest, too. */
int manifest_index_parse(const struct json_t *json, struct manifest_index *ret, struct err *e);
void manifest_index_done(struct manifest_index *x);

/* docker_archive_parse() - manifest.json of an archive of `docker save`. -EBADMSG: it is none, or too long. */
int docker_archive_parse(const struct json_t *json, struct docker_archive *ret, struct err *e);
void docker_archive_done(struct docker_archive *a);

/* Does a descriptor's media type say index, or manifest? */
bool media_is_index(const char *media_type);
bool media_is_manifest(const char *media_type);

#endif
