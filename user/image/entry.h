/* SPDX-License-Identifier: Apache-2.0 */
/* One entry of a layer's tar: name, checks, and making it. */
#ifndef DAVIT_IMAGE_ENTRY_H
#define DAVIT_IMAGE_ENTRY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "image/tree.h"

struct archive;
struct archive_entry;
struct err;

/**
 * struct entry - one entry, checked
 * @path: normalised, relative to the layer's root; "" is the root itself
 * @base: last component, points into @path
 * @dir:  @path without @base
 */
struct entry {
	struct archive *archive;
	struct archive_entry *tar;
	struct tree *tree;
	struct tree_level *parent;
	char path[TREE_PATH_MAX], dir[TREE_PATH_MAX];
	const char *base;
	mode_t type, mode; /* S_IFREG …; permission bits */
	uid_t uid;
	gid_t gid;
	int64_t size;
	struct timespec times[2];
};

/**
 * entry_path() - normalise a name of a tar: no leading "/", no "." and empty components
 *
 * Return: 0; -EBADMSG for ".." and NULL; -ENAMETOOLONG.
 */
int entry_path(const char *raw, char ret[static TREE_PATH_MAX], struct err *e);

/* entry_read() - take what @tar says into @en, checked */
int entry_read(struct entry *en, struct archive *a, struct archive_entry *tar, struct err *e);

/* entry_make() - create it in its directory. Return: bytes written to a regular file; -errno. */
int64_t entry_make(struct entry *en, struct err *e);

/* entry_whiteout() - hide @name, in @parent, of the layers below */
int entry_whiteout(struct tree_level *parent, const char *name, struct err *e);

#endif
