/* SPDX-License-Identifier: Apache-2.0 */
/* Images in the store: find one, list them, name them. */
#ifndef DAVIT_STORE_IMAGE_H
#define DAVIT_STORE_IMAGE_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "spec/image_config.h"
#include "spec/image_ref.h"

struct err;
struct store;

/**
 * struct image - record of an image; zero-initialised is empty
 * @id:	      hex sha256 of the configuration blob: the image id as Docker shows it
 * @manifest: hex digest of the manifest
 * @layers:   link names below <root>/l/, TOP layer first (overlay's order): "a1"
 * @diff_ids: hex digests of the unpacked layers, in the order of @layers
 * @names:    short names ("web:1.2"): all of them from image_list(); from image_find() the one that
 *	      was asked for, none when found by id or digest
 * @size:     bytes of regular files in all layers
 */
struct image {
	char id[DIGEST_HEX_LEN + 1];
	char manifest[DIGEST_HEX_LEN + 1];
	struct image_config config;
	struct strv layers, diff_ids, names;
	uint64_t size;
	int64_t created_ns;
};

/**
 * image_find() - by NAME[:TAG], NAME@sha256:DIGEST, id, "sha256:ID" or unique id prefix (4 or more)
 *
 * For a name this is one readlink and one file read. A digest names a manifest; the NAME before it
 * is not compared, since the digest says all.
 *
 * Return: 0; -ENOENT with a hint; -EINVAL for a bad name; -ENOTUNIQ for an ambiguous prefix;
 * -EBADMSG for a damaged record.
 */
int image_find(const struct store *st, const char *ref, struct image *ret, struct err *e);
void image_done(struct image *im);

#define IMAGE_ID_PREFIX_MIN 4u

#endif
