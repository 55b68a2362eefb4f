/* SPDX-License-Identifier: Apache-2.0 */
/*
 * <root>/containers/<id> of a container that runs: upper/ and work/ of its root file system. Those of
 * --rm containers that wrote nothing are kept for the next one, as <root>/spare/<n>, without upper/:
 * to make and remove all of it costs more.
 */
#ifndef DAVIT_ENGINE_DISK_H
#define DAVIT_ENGINE_DISK_H

#include <stdbool.h>

struct container;
struct engine;
struct err;

/* disk_make() - the directory of @c, with an empty upper/ and work/ if it has none yet */
int disk_make(struct engine *en, const struct container *c, struct err *e);

/**
 * disk_recycle() - make the directory of container @id, which has ended, a spare one, or remove it
 *
 * upper/ is removed, the next container gets a new one: who holds a descriptor of the old has an empty directory for good.
 * Return: whether it is gone; false when the container left anything in it.
 */
bool disk_recycle(struct engine *en, const char *id);

/* disk_drop_spares() - remove them all: a boot may have interrupted what was being written there */
void disk_drop_spares(struct engine *en);

#endif
