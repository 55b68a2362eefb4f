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

#endif
