/* SPDX-License-Identifier: Apache-2.0 */
/* Names of images: symlinks below <root>/refs whose target is an image id. */
#ifndef DAVIT_STORE_REF_H
#define DAVIT_STORE_REF_H

#include "spec/image_ref.h"

struct err;
struct store;

/* ref_read() - id that @ref stands for; its digest decides when it has one.
 * Return: 0; -ENOENT without touching @e; -EBADMSG. */
int ref_read(const struct store *st, const struct image_ref *ref, char ret_id[DIGEST_HEX_LEN + 1],
	     struct err *e);

/* ref_set() - make @ref (its digest if it has one) stand for @id, atomically, by way of the
 * directory @tmp. Caller holds the store lock. */
int ref_set(const struct store *st, int tmp, const struct image_ref *ref, const char *id,
	    struct err *e);

/* ref_remove() - forget a name; one that is not there is fine. Caller holds the store lock. */
int ref_remove(const struct store *st, const struct image_ref *ref, struct err *e);

/**
 * ref_each() - call @fn for every name and digest there is
 * @fn: @ref is NULL for a file that is no reference (@file tells its name); a negative return ends
 *	the walk and is returned
 */
int ref_each(const struct store *st,
	     int (*fn)(const struct image_ref *ref, const char *id, const char *file, void *data,
		       struct err *e),
	     void *data, struct err *e);

#endif
