// SPDX-License-Identifier: Apache-2.0
/* SHA-256 while streaming: OpenSSL, which uses the CPU's instructions. */
#include "image/digest.h"

#include <errno.h>
#include <openssl/evp.h>

#include "base/cleanup.h"
#include "base/err.h"

int digest_init(struct digest *d, struct err *e)
{
	d->ctx = EVP_MD_CTX_new();
	if (!d->ctx || EVP_DigestInit_ex(d->ctx, EVP_sha256(), NULL) != 1) {
		digest_done(d);
		return err_set(e, ENOMEM, "start sha256");
	}
	return 0;
}

void digest_add(struct digest *d, const void *p, size_t n)
{
	(void)EVP_DigestUpdate(d->ctx, p, n); /* cannot fail for a started software digest */
}

int digest_finish(struct digest *d, char ret[static DIGEST_HEX_LEN + 1], struct err *e)
{
	static const char hex[] = "0123456789abcdef";
	unsigned char md[EVP_MAX_MD_SIZE];
	unsigned int n = 0;

	if (EVP_DigestFinal_ex(d->ctx, md, &n) != 1 || n * 2 != DIGEST_HEX_LEN)
		return err_set(e, EIO, "finish sha256");
	for (unsigned int i = 0; i < n; i++) {
		ret[i * 2] = hex[md[i] >> 4];
		ret[i * 2 + 1] = hex[md[i] & 15];
	}
	ret[DIGEST_HEX_LEN] = '\0';
	digest_done(d);
	return 0;
}

void digest_done(struct digest *d)
{
	EVP_MD_CTX_free(d->ctx);
	d->ctx = NULL;
}

int digest_of(const void *p, size_t n, char ret[static DIGEST_HEX_LEN + 1], struct err *e)
{
	_cleanup_(digest_done) struct digest d = { .ctx = NULL };
	int r = digest_init(&d, e);

	if (r < 0)
		return r;
	digest_add(&d, p, n);
	return digest_finish(&d, ret, e);
}
