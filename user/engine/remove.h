/* SPDX-License-Identifier: Apache-2.0 */
/* Removing containers. */
#ifndef DAVIT_ENGINE_REMOVE_H
#define DAVIT_ENGINE_REMOVE_H

#include <stdbool.h>

struct container;
struct engine;
struct err;

/* remove_disk() - name and directory on disk of a container that does not run */
int remove_disk(struct engine *en, const struct container *c, struct err *e);

/**
 * container_remove() - remove a container
 * @force: kill it first if it runs
 *
 * Return: 0; -EBUSY when it runs and @force is not set; -ENOENT.
 */
int container_remove(struct engine *en, const struct container *c, bool force, struct err *e);

/* container_remove_unreadable() - kill and remove a container whose record container_load() refuses */
int container_remove_unreadable(struct engine *en, const char *id, struct err *e);

#endif
