/* SPDX-License-Identifier: Apache-2.0 */
/*
 * <root>/containers/<id> of a container that runs: upper/ and work/ of its root file system. Those
 * of --rm containers that wrote nothing are kept for the next one, as <root>/spare/<n>: to make and
 * remove them is most of what a start costs on disk.
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
 * disk_recycle() - make the directory of a container that has ended a spare one, or remove it
 *
 * Of a container whose processes may have passed a descriptor of a directory on, over a unix socket that others reach,
 * upper/ is made anew: who holds one still has the old file system. Return: whether it is gone; false when the container
 * left anything in it.
 */
bool disk_recycle(struct engine *en, const struct container *c);

/* disk_drop_spares() - remove them all: a boot may have interrupted what was being written there */
void disk_drop_spares(struct engine *en);

#endif
