/* SPDX-License-Identifier: Apache-2.0 */
/* What an image arrives in: a directory, a tar file, or a tar stream; files by name. */
#ifndef DAVIT_IMAGE_PACKAGE_H
#define DAVIT_IMAGE_PACKAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;

/* struct package_member - @spool: number of its file in the spool directory, or -1 */
struct package_member {
	char *name;
	char *link; /* NULL for a regular file, else a name in the package */
	uint64_t offset, size;
	int spool;
};

/**
 * struct package - an open package
 * @dir:   the directory, or the spool directory of a stream; -1
 * @tar:   an uncompressed tar file, read in place; -1
 */
struct package {
	int dir, tar;
	bool is_dir;
	struct package_member *v;
	size_t n, cap;
};

#define PACKAGE_INIT { .dir = -1, .tar = -1 }

/* struct package_file - one open file of it: @size bytes of @fd from @offset; @fd is the caller's */
struct package_file {
	int fd;
	uint64_t offset, size;
};

/**
 * package_open() - open a directory, a tar file of any compression, or ("-") standard input
 * @tmp:    a compressed tar or a stream is laid out below this directory, in "spool"
 * @budget: bytes that may be written there; more is -EFBIG
 */
int package_open(const char *path, int tmp, uint64_t *budget, struct package *ret, struct err *e);
void package_done(struct package *b);

/* package_has() - is there such a file? */
bool package_has(const struct package *b, const char *name);

/* package_file() - open a file. Return: 0; -ENOENT (also for links that lead nowhere). */
int package_file(const struct package *b, const char *name, struct package_file *ret, struct err *e);

/* package_read() - a whole file of at most @max bytes, NUL-terminated; caller frees */
int package_read(const struct package *b, const char *name, size_t max, char **ret, size_t *ret_len,
		struct err *e);

#endif
