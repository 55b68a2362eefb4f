/* SPDX-License-Identifier: Apache-2.0 */
/* What an image arrives in: a directory, a tar file, or a tar stream; files by name. */
#ifndef DAVIT_IMAGE_BUNDLE_H
#define DAVIT_IMAGE_BUNDLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;

/* struct bundle_member - @spool: number of its file in the spool directory, or -1 */
struct bundle_member {
	char *name;
	char *link; /* NULL for a regular file, else a name in the bundle */
	uint64_t offset, size;
	int spool;
};

/**
 * struct bundle - an open bundle
 * @dir:   the directory, or the spool directory of a stream; -1
 * @tar:   an uncompressed tar file, read in place; -1
 */
struct bundle {
	int dir, tar;
	bool is_dir;
	struct bundle_member *v;
	size_t n, cap;
};

#define BUNDLE_INIT { .dir = -1, .tar = -1 }

/* struct bundle_file - one open file of it: @size bytes of @fd from @offset; @fd is the caller's */
struct bundle_file {
	int fd;
	uint64_t offset, size;
};

/**
 * bundle_open() - open a directory, a tar file of any compression, or ("-") standard input
 * @tmp:    a compressed tar or a stream is laid out below this directory, in "spool"
 * @budget: bytes that may be written there; more is -EFBIG
 */
int bundle_open(const char *path, int tmp, uint64_t *budget, struct bundle *ret, struct err *e);
void bundle_done(struct bundle *b);

/* bundle_has() - is there such a file? */
bool bundle_has(const struct bundle *b, const char *name);

/* bundle_file() - open a file. Return: 0; -ENOENT (also for links that lead nowhere). */
int bundle_file(const struct bundle *b, const char *name, struct bundle_file *ret, struct err *e);

/* bundle_read() - a whole file of at most @max bytes, NUL-terminated; caller frees */
int bundle_read(const struct bundle *b, const char *name, size_t max, char **ret, size_t *ret_len,
		struct err *e);

#endif
