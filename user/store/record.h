/* SPDX-License-Identifier: Apache-2.0 */
/* <root>/images/<id>/image.json: all that a start needs to know of an image. */
#ifndef DAVIT_STORE_RECORD_H
#define DAVIT_STORE_RECORD_H

#include "base/str.h"

struct err;
struct image;
struct store;

/* record_read() - Return: 0; -ENOENT without touching @e; -EBADMSG */
int record_read(const struct store *st, const char *id, struct image *ret, struct err *e);

/* record_text() - the file's content; str_failed() when out of memory */
void record_text(const struct image *im, struct str *out);

#endif
