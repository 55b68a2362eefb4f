/* SPDX-License-Identifier: Apache-2.0 */
/* Name and remove images. */
#ifndef DAVIT_STORE_REMOVE_H
#define DAVIT_STORE_REMOVE_H

#include <stdbool.h>

#include "base/str.h"

struct err;
struct image_ref;
struct store;

/* image_tag() - give the image @source one more name, taking it from another image if need be */
int image_tag(const struct store *st, const char *source, const struct image_ref *name,
	      struct err *e);

/**
 * image_remove() - remove a name, and with its last name the image, its layers and blobs
 * @what:  as image_find(); an id removes all names, and needs @force if there is more than one
 * @force: also remove names of an image that containers use; the image itself stays then
 * @ret:   "Untagged: …" and "Deleted: sha256:…" are added
 *
 * Return: 0; -ENOENT; -EBUSY: a container uses it; -EEXIST: it has several names.
 */
int image_remove(const struct store *st, const char *what, bool force, struct strv *ret,
		 struct err *e);

#endif
