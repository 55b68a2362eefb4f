/* SPDX-License-Identifier: Apache-2.0 */
/* A private directory below <root>/tmp in which a change is built before it is renamed into place. */
#ifndef DAVIT_STORE_STAGING_H
#define DAVIT_STORE_STAGING_H

#include <stdbool.h>

#include "base/str.h"

struct err;
struct store;

/**
 * struct staging - @fd is the directory, and holds a lock on it as long as its owner lives: what
 * is not locked is a leftover
 */
struct staging {
	const struct store *store;
	int fd;
	unsigned int serial; /* for the owner: names that are used once */
	char name[24];
};

#define STAGING_INIT { .fd = -1 }

/* link in a staging directory: id of an image whose commit has begun and not ended */
#define STAGING_NEW_IMAGE "new-image"

/* staging_open() - a new one, locked as long as the descriptor is open */
int staging_open(const struct store *st, struct staging *ret, struct err *e);

/* staging_done() - remove it with all that is still in it */
void staging_done(struct staging *s);

/* staging_sweep() - remove what dead owners left, or only count it. Return: number; -errno. */
int staging_sweep(const struct store *st, bool only_count, struct err *e);

/* staging_unfinished() - add the ids of images whose commit died half-way to @ret */
int staging_unfinished(const struct store *st, struct strv *ret, struct err *e);

/**
 * trash_put() - rename @path (below <root>) into trash/ under a fresh name
 *
 * O(1); trash_empty() does the work. Return: 0, also when there is no such path.
 */
int trash_put(const struct store *st, const char *path, struct err *e);

/* trash_empty() - delete what is in trash/ and not being deleted by somebody else.
 * Return: number of things deleted; -errno. */
int trash_empty(const struct store *st, struct err *e);

#endif
