/* SPDX-License-Identifier: Apache-2.0 */
/* A layer's tar stream into a directory, in overlay's form. */
#ifndef DAVIT_IMAGE_UNPACK_H
#define DAVIT_IMAGE_UNPACK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct err;

/**
 * struct unpack_source - decompressed tar bytes
 * @next: as stream_next(): the next bytes, valid until the next call; 0 at the end; -errno
 */
struct unpack_source {
	ssize_t (*next)(void *data, const void **ret);
	void *data;
};

/**
 * struct unpack_result - what came of it
 * @bytes:	    of regular files
 * @is_opaque_root: nothing of the layers below is visible (".wh..wh..opq" at the top)
 * @has_implicit:   directories were made that only paths mention: the tree depends on the layers
 *		    below, not on the tar alone
 */
struct unpack_result {
	uint64_t entries, bytes;
	bool is_opaque_root, has_implicit;
};

/**
 * unpack() - fill the new directory @name in @dirfd
 * @lower, @n_lower: roots of the layers below, top first
 *
 * Nothing outside the directory is touched, whatever the archive says: every step is relative to an
 * open directory of the layer and does not follow symbolic links, see image/tree.h. Entries named
 * twice: the later one wins. Absolute names and hard-link targets count from the layer's root.
 *
 * Refused: "..", whiteouts of "." and "..", hard links to what is not in the layer or is a
 * directory, names, paths, attributes and counts beyond store/limits.h, unknown entry types.
 *
 * Return: 0; -EBADMSG for damaged or hostile input, -ENOSPC …; what was made stays for the caller
 * to remove.
 */
int unpack(struct unpack_source source, int dirfd, const char *name, const int *lower,
	   size_t n_lower, struct unpack_result *ret, struct err *e);

#endif
