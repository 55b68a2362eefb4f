/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Unpacked layers: <root>/layers/<key>/{fs/,layer.json,link}.
 *
 * The key is the diffid, so that all images share the layer. A layer whose tar mentions directories
 * only as parts of paths looks different on different lower layers: its key is the chain id (OCI
 * image specification, "Layer ChainID"), which for the bottom layer equals the diffid.
 */
#ifndef DAVIT_STORE_LAYER_H
#define DAVIT_STORE_LAYER_H

#include <stdbool.h>
#include <stdint.h>

#include "spec/image_ref.h"

struct err;
struct store;
struct str;

#define LAYER_LINK_MAX 4u /* characters below l/ */

/**
 * struct layer - what layer.json says, and its link
 * @blob:   digest of the blob it was unpacked from, known to decompress to @diff_id
 * @link:   name below l/; not in layer.json, because it is chosen when the layer is put in place
 * @has_implicit, @is_opaque_root: see struct unpack_result
 */
struct layer {
	char key[DIGEST_HEX_LEN + 1], diff_id[DIGEST_HEX_LEN + 1], blob[DIGEST_HEX_LEN + 1];
	char link[LAYER_LINK_MAX + 1];
	uint64_t entries, bytes;
	bool has_implicit, is_opaque_root;
};

/* layer_read() - Return: 0; -ENOENT without touching @e; -EBADMSG */
int layer_read(const struct store *st, const char *key, struct layer *ret, struct err *e);

/* layer_text() - content of layer.json */
void layer_text(const struct layer *l, struct str *out);

/* layer_pin() - keep the layer from being collected as long as the descriptor is open.
 * Return: descriptor; -ENOENT without touching @e. */
int layer_pin(const struct store *st, const char *key, struct err *e);

/**
 * layer_place() - put the staged directory @staged (in @tmp) in place as @l->key and give it a link
 *
 * If the layer is there already the staged one is left alone. Fills @l->link. Caller holds the
 * store lock exclusively.
 */
int layer_place(const struct store *st, int tmp, const char *staged, struct layer *l,
		struct err *e);

#endif
