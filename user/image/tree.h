/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The directory tree of a layer while it is being filled: the path of open directories from its
 * root to where the current entry goes. Leaving a directory gives it back the times that it had
 * when it was entered, so that no list of directories is kept for the end.
 */
#ifndef DAVIT_IMAGE_TREE_H
#define DAVIT_IMAGE_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

struct err;

#define TREE_PATH_MAX 4096u

/**
 * struct tree_level - one open directory
 * @times:     atime and mtime it gets when left
 * @path_len:  its path is the first @path_len bytes of the tree's @path
 * @is_setgid, @has_default_acl: what is made in it inherits something that must be undone
 */
struct tree_level {
	int fd;
	struct timespec times[2];
	size_t path_len;
	bool is_setgid, has_default_acl;
};

/**
 * struct tree - a layer being filled
 * @lower, @n_lower: roots of the layers below, top first, borrowed: a directory that the layer
 *		     mentions only as part of a path looks as it does there
 * @path:	     of the innermost open directory, "" for the root
 * @has_implicit:    such a directory was made; the layer is not a function of its tar alone
 * @has_acl:	     a default ACL was set somewhere
 */
struct tree {
	struct tree_level *levels;
	size_t n, cap;
	char path[TREE_PATH_MAX];
	const int *lower;
	size_t n_lower;
	bool has_implicit, has_acl;
};

/* tree_open() - make the directory @name in @dirfd and begin there */
int tree_open(struct tree *t, int dirfd, const char *name, const int *lower, size_t n_lower,
	      struct err *e);

/**
 * tree_enter() - make @dir the innermost open directory
 * @dir: relative to the layer's root, normalised: no empty, "." or ".." components; "" = root
 *
 * Missing directories are made. A symbolic link on the way is followed only if its target is
 * relative and stays in the layer. Return: 0 with *@ret borrowed until the next call; -EXDEV for a
 * link that leads out; -ENOTDIR.
 */
int tree_enter(struct tree *t, const char *dir, struct tree_level **ret, struct err *e);

/* tree_hides() - is there something on the way to @dir in this layer that is no directory? Then the
 * layer has nothing there and hides what is below. */
bool tree_hides(const struct tree *t, const char *dir);

/* tree_close() - leave all directories; reports what tree_done() would not */
int tree_close(struct tree *t, struct err *e);
void tree_done(struct tree *t);

/* tree_set_opaque() - hide what the layers below have in directory @fd */
int tree_set_opaque(int fd, struct err *e);

#endif
