/* SPDX-License-Identifier: Apache-2.0 */
/* What `davit inspect` shows of an image, with Docker's member names. */
#ifndef DAVIT_STORE_IMAGE_INSPECT_H
#define DAVIT_STORE_IMAGE_INSPECT_H

struct err;
struct json_t;
struct store;

/* image_inspect_json() - @ref as image_find() takes it. Return: 0, *@ret is a new reference. */
int image_inspect_json(const struct store *st, const char *ref, struct json_t **ret,
		       struct err *e);

#endif
