/* SPDX-License-Identifier: Apache-2.0 */
/* Make a staged image part of the store. */
#ifndef DAVIT_STORE_COMMIT_H
#define DAVIT_STORE_COMMIT_H

#include <stddef.h>

#include "base/str.h"
#include "store/layer.h"

struct err;
struct image;
struct image_ref;
struct staging;

/**
 * struct commit_layer - one layer
 * @staged: its directory in the staging directory; NULL if it was in the store already, which must
 *	    be pinned then
 */
struct commit_layer {
	struct layer layer;
	char *staged;
};

/**
 * struct commit - all that an image needs
 * @image:  id, manifest*, config, size, created_ns are set; layers and keys are filled here
 * @layers: bottom first; the same key may occur more than once
 * @blobs:  digests of files "blobs/<hex>" in the staging directory
 * @refs:   names it gets, taken from other images if need be
 */
struct commit {
	struct image *image;
	struct commit_layer *layers;
	size_t n_layers;
	struct strv blobs;
	const struct image_ref *refs;
	size_t n_refs;
};

/**
 * store_commit() - sync what is staged and rename it into place
 *
 * Takes the store lock exclusively. An image with the same id is replaced. Once this returns 0 the
 * image survives a power cut; before, a crash leaves garbage that store_check() removes.
 */
int store_commit(const struct staging *s, struct commit *c, struct err *e);

#endif
