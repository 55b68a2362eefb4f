/* SPDX-License-Identifier: Apache-2.0 */
/* One image, from wherever it comes, into the store. */
#ifndef DAVIT_IMAGE_INSTALL_H
#define DAVIT_IMAGE_INSTALL_H

#include <stdint.h>

#include "base/str.h"
#include "image/stream.h"
#include "spec/image_manifest.h"
#include "spec/image_ref.h"
#include "store/commit.h"
#include "store/image.h"
#include "store/staging.h"

struct err;

/**
 * struct install_progress - called often while bytes arrive; may be all zero
 * @total: 0 = not known
 */
struct install_progress {
	void (*fn)(void *data, const char *what, uint64_t done, uint64_t total);
	void *data;
};

/**
 * struct install_layer - where a layer's bytes are
 * @open:  fills @ret, whose fd the caller closes
 * @blob:  digest they must have, with @size; "" = any
 * @diff_id: digest they must have decompressed; "" = any
 */
struct install_layer {
	int (*open)(void *data, const char *name, struct stream_source *ret, struct err *e);
	void *data;
	const char *name;
	char blob[DIGEST_HEX_LEN + 1], diff_id[DIGEST_HEX_LEN + 1];
	uint64_t size;
};

/**
 * struct install - an image being installed; install_init() and install_done()
 * @budget:   decompressed bytes that may still come, shared by all images of a package
 * @manifest: grows by one layer with each install_layer(); replaced if the image brought its own
 * @pins:     descriptors that keep layers from being collected
 */
struct install {
	const struct store *store;
	struct staging *staging;
	uint64_t *budget;
	struct install_progress progress;
	struct image image;
	struct commit commit;
	struct manifest manifest;
	char chain[DIGEST_HEX_LEN + 1];
	int *pins, *roots;
	size_t n_pins, n_roots;
};

void install_init(struct install *in, const struct store *store, struct staging *staging,
		  uint64_t *budget);
void install_done(struct install *in);

/**
 * install_layer() - add the next layer, bottom first
 *
 * A layer that the store has is not unpacked again, and if its blob is there too, not even read.
 * Everything else is verified while it streams through: size and digest of the blob, diffid.
 */
int install_layer(struct install *in, const struct install_layer *from, struct err *e);

/**
 * install_commit() - the configuration, the manifest, the names; then make it all visible
 * @manifest: as the image brought it, or NULL to have one written
 * @refs:     names, borrowed
 */
int install_commit(struct install *in, const char *config, size_t config_len, const char *manifest,
		   size_t manifest_len, const struct image_ref *refs, size_t n_refs, struct err *e);

#endif
