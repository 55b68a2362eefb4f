// SPDX-License-Identifier: Apache-2.0
/* Decompression: ISA-L for gzip, libzstd, libarchive's filters for the rest. */
#include "image/inflate.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <isa-l/igzip_lib.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "base/cleanup.h"
#include "base/err.h"

/* how much libzstd may allocate for a window: 128 MiB, its own default limit */
#define ZSTD_WINDOW_LOG 27

struct decoder {
	const char *name;
	const char *magic;
	size_t magic_len;
	int (*open)(struct inflate *i, struct err *e);
	ssize_t (*read)(struct inflate *i, void *p, size_t n, struct err *e);
	void (*done)(struct inflate *i);
};

/**
 * struct inflate - one stream
 * @in, @in_len: compressed bytes at hand
 * @is_end: the source has no more
 * @in_frame: inside a gzip member or zstd frame: the end of input would be a truncation
 */
struct inflate {
	struct inflate_source source;
	const struct decoder *decoder;
	const unsigned char *in;
	size_t in_len;
	bool is_end, in_frame;
	struct err source_err;
	union {
		struct inflate_state *gzip;
		ZSTD_DStream *zstd;
		struct archive *archive;
	};
};

static int fill(struct inflate *i, struct err *e)
{
	const void *p;
	ssize_t n;

	if (i->in_len || i->is_end)
		return 0;
	n = i->source.next(i->source.data, &p, e);
	if (n < 0)
		return (int)n;
	i->in = p;
	i->in_len = (size_t)n;
	i->is_end = n == 0;
	return 0;
}

static int truncated(const struct inflate *i, struct err *e)
{
	return err_plain(e, -EBADMSG, "the %s data is truncated", i->decoder->name);
}

static int damaged(const struct inflate *i, struct err *e)
{
	return err_plain(e, -EBADMSG, "the %s data is damaged", i->decoder->name);
}

static ssize_t plain_read(struct inflate *i, void *p, size_t n, struct err *e)
{
	int r = fill(i, e);

	if (r < 0)
		return r;
	if (n > i->in_len)
		n = i->in_len;
	memcpy(p, i->in, n);
	i->in += n;
	i->in_len -= n;
	return (ssize_t)n;
}

static int gzip_open(struct inflate *i, struct err *e)
{
	i->gzip = calloc(1, sizeof(*i->gzip));
	return i->gzip ? 0 : err_set(e, ENOMEM, "start gzip");
}

static void gzip_done(struct inflate *i)
{
	free(i->gzip);
}

/* Between members: the next one begins, or zeros up to the end, as tape-minded tools write. */
static int gzip_next_member(struct inflate *i, struct err *e)
{
	int r;

	while ((r = fill(i, e)) == 0 && i->in_len && *i->in == 0) {
		i->in++;
		i->in_len--;
	}
	if (r < 0 || i->is_end)
		return r;
	if (*i->in != 0x1f)
		return err_plain(e, -EBADMSG, "the gzip data is followed by something else");
	isal_inflate_init(i->gzip);
	i->gzip->crc_flag = ISAL_GZIP;
	i->in_frame = true;
	return 0;
}

static ssize_t gzip_read(struct inflate *i, void *p, size_t n, struct err *e)
{
	struct inflate_state *s = i->gzip;
	uint32_t want = n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;

	for (;;) {
		int r = i->in_frame ? fill(i, e) : gzip_next_member(i, e);

		if (r < 0)
			return r;
		if (!i->in_frame)
			return 0;
		s->next_in = (uint8_t *)(uintptr_t)i->in; /* ISA-L only reads it */
		s->avail_in = i->in_len > UINT32_MAX ? UINT32_MAX : (uint32_t)i->in_len;
		s->next_out = p;
		s->avail_out = want;
		r = isal_inflate(s);
		if (r < 0)
			return damaged(i, e);
		i->in_len -= (size_t)(s->next_in - i->in);
		i->in = s->next_in;
		if (s->block_state == ISAL_BLOCK_FINISH)
			i->in_frame = false;
		if (s->avail_out < want)
			return want - s->avail_out;
		if (i->is_end && i->in_frame)
			return truncated(i, e);
	}
}

static int zstd_open(struct inflate *i, struct err *e)
{
	i->zstd = ZSTD_createDStream();
	if (!i->zstd ||
	    ZSTD_isError(ZSTD_DCtx_setParameter(i->zstd, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG)))
		return err_set(e, ENOMEM, "start zstd");
	return 0;
}

static void zstd_done(struct inflate *i)
{
	(void)ZSTD_freeDStream(i->zstd);
}

static ssize_t zstd_read(struct inflate *i, void *p, size_t n, struct err *e)
{
	ZSTD_outBuffer out = { .dst = p, .size = n };

	for (;;) {
		ZSTD_inBuffer in;
		size_t left;
		int r = fill(i, e);

		if (r < 0)
			return r;
		if (i->is_end && !i->in_frame)
			return 0;
		in = (ZSTD_inBuffer){ .src = i->in, .size = i->in_len };
		left = ZSTD_decompressStream(i->zstd, &out, &in);
		if (ZSTD_isError(left))
			return damaged(i, e);
		i->in += in.pos;
		i->in_len -= in.pos;
		i->in_frame = left != 0;
		if (out.pos)
			return (ssize_t)out.pos;
		if (i->is_end && i->in_frame)
			return truncated(i, e);
	}
}

static la_ssize_t archive_next(struct archive *a, void *data, const void **ret)
{
	struct inflate *i = data;
	int r = fill(i, &i->source_err);

	if (r < 0) {
		archive_set_error(a, EIO, "%s", i->source_err.msg);
		return ARCHIVE_FATAL;
	}
	*ret = i->in;
	r = (int)i->in_len;
	i->in_len = 0;
	return r;
}

static int archive_fail(struct inflate *i, struct err *e)
{
	const char *why = archive_error_string(i->archive);

	if (i->source_err.code) {
		if (e)
			*e = i->source_err;
		return i->source_err.code;
	}
	return err_plain(e, -EBADMSG, "the %s data is damaged: %s", i->decoder->name,
			 why ? why : "unknown error");
}

static int archive_open(struct inflate *i, struct err *e)
{
	struct archive_entry *entry;
	struct archive *a = archive_read_new();

	i->archive = a;
	if (!a)
		return err_set(e, ENOMEM, "start decompression");
	if (archive_read_support_filter_bzip2(a) != ARCHIVE_OK ||
	    archive_read_support_filter_xz(a) != ARCHIVE_OK ||
	    archive_read_support_filter_lzma(a) != ARCHIVE_OK ||
	    archive_read_support_format_raw(a) != ARCHIVE_OK ||
	    archive_read_support_format_empty(a) != ARCHIVE_OK ||
	    archive_read_open(a, i, NULL, archive_next, NULL) != ARCHIVE_OK)
		return archive_fail(i, e);
	switch (archive_read_next_header(a, &entry)) {
	case ARCHIVE_OK:
	case ARCHIVE_EOF:
		return 0;
	default:
		return archive_fail(i, e);
	}
}

static ssize_t archive_read(struct inflate *i, void *p, size_t n, struct err *e)
{
	la_ssize_t r = archive_read_data(i->archive, p, n);

	return r < 0 ? archive_fail(i, e) : (ssize_t)r;
}

static void archive_done(struct inflate *i)
{
	(void)archive_read_free(i->archive); /* only reads memory: nothing to lose */
}

/* clang-format off */
static const struct decoder decoders[] = {
	{ "gzip",  "\x1f\x8b",                 2, gzip_open,    gzip_read,    gzip_done },
	{ "zstd",  "\x28\xb5\x2f\xfd",         4, zstd_open,    zstd_read,    zstd_done },
	{ "bzip2", "BZh",                      3, archive_open, archive_read, archive_done },
	{ "xz",    "\xfd" "7zXZ\0",            6, archive_open, archive_read, archive_done },
	{ "lzma",  "\x5d\0\0",                 3, archive_open, archive_read, archive_done },
	{ "",      "",                         0, NULL,         plain_read,   NULL },
};
/* clang-format on */

int inflate_open(struct inflate_source source, struct inflate **ret, struct err *e)
{
	_cleanup_(inflate_freep) struct inflate *i = calloc(1, sizeof(*i));
	int r;

	if (!i)
		return err_set(e, ENOMEM, "start decompression");
	i->source = source;
	i->decoder = &decoders[ARRAY_SIZE(decoders) - 1];
	r = fill(i, e);
	if (r < 0)
		return r;
	for (size_t d = 0; d < ARRAY_SIZE(decoders); d++) {
		if (i->in_len < decoders[d].magic_len ||
		    memcmp(i->in, decoders[d].magic, decoders[d].magic_len) != 0)
			continue;
		i->decoder = &decoders[d];
		break;
	}
	r = i->decoder->open ? i->decoder->open(i, e) : 0;
	if (r < 0)
		return r;
	*ret = TAKE_PTR(i);
	return 0;
}

void inflate_freep(struct inflate **i)
{
	if (*i && (*i)->decoder->done)
		(*i)->decoder->done(*i);
	free(*i);
	*i = NULL;
}

ssize_t inflate_read(struct inflate *i, void *p, size_t n, struct err *e)
{
	return i->decoder->read(i, p, n, e);
}

const char *inflate_format(const struct inflate *i)
{
	return i->decoder->name;
}
