/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 while streaming. */
#ifndef DAVIT_IMAGE_DIGEST_H
#define DAVIT_IMAGE_DIGEST_H

#include <stddef.h>

#include "spec/image_ref.h"

struct err;
struct evp_md_ctx_st;

/* struct digest - zero-initialised is empty; digest_done() is always safe */
struct digest {
	struct evp_md_ctx_st *ctx;
};

int digest_init(struct digest *d, struct err *e);
void digest_add(struct digest *d, const void *p, size_t n);
/* digest_finish() - hex of all that was added; the digest is over */
int digest_finish(struct digest *d, char ret[static DIGEST_HEX_LEN + 1], struct err *e);
void digest_done(struct digest *d);

/* digest_of() - hex of one buffer */
int digest_of(const void *p, size_t n, char ret[static DIGEST_HEX_LEN + 1], struct err *e);

#endif
