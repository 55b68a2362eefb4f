/* SPDX-License-Identifier: Apache-2.0 */
/* Decompression of a stream whose format is told by its first bytes. */
#ifndef DAVIT_IMAGE_INFLATE_H
#define DAVIT_IMAGE_INFLATE_H

#include <stddef.h>
#include <sys/types.h>

struct err;
struct inflate;

/**
 * struct inflate_source - where compressed bytes come from
 * @next: points *@ret at the next bytes, which stay valid until the next call.
 *	  Return: their number, 0 at the end, -errno with @e filled
 */
struct inflate_source {
	ssize_t (*next)(void *data, const void **ret, struct err *e);
	void *data;
};

/**
 * inflate_open() - look at the first bytes and choose a decoder
 * @source: borrowed until inflate_free()
 *
 * Formats: none, gzip (several members too), zstd, bzip2, xz, lzma. Bytes that are none of these
 * are passed through as they are.
 */
int inflate_open(struct inflate_source source, struct inflate **ret, struct err *e);
void inflate_freep(struct inflate **i);

/**
 * inflate_read() - decompress up to @n bytes
 *
 * Truncated and damaged input is -EBADMSG. Return: bytes, at least 1; 0 at the end of all input.
 */
ssize_t inflate_read(struct inflate *i, void *p, size_t n, struct err *e);

/* inflate_format() - "" (none), "gzip", "zstd", "bzip2", "xz", "lzma" */
const char *inflate_format(const struct inflate *i);

#endif
