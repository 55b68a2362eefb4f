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
 * @manifest: hex digest of the manifest; @manifest_size, @manifest_type: for index.json
 * @layers:   link names below <root>/l/, TOP layer first (overlay's order): "a1"
 * @keys:     names of the same layers below <root>/layers/
 * @names:    short names ("web:1.2"): all of them from image_list(); from image_find() the one that
 *	      was asked for, none when found by id or digest
 * @size:     bytes of regular files in all layers
 */
struct image {
	char id[DIGEST_HEX_LEN + 1];
	char manifest[DIGEST_HEX_LEN + 1];
	uint64_t manifest_size;
	const char *manifest_type; /* one of MEDIA_*_MANIFEST */
	struct image_config config;
	struct strv layers, keys, names;
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

struct image_list {
	struct image *v;
	size_t n;
};

/**
 * image_list() - all images with all their names, newest first
 * @ret_damaged: ids whose record cannot be read are added here; NULL = the first is an error
 */
int image_list(const struct store *st, struct image_list *ret, struct strv *ret_damaged,
	       struct err *e);
void image_list_done(struct image_list *l);

/* image_users() - add the ids of all containers made from image @id to @ret */
int image_users(const struct store *st, const char *id, struct strv *ret, struct err *e);

#endif
