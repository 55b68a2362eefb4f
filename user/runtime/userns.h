/* SPDX-License-Identifier: Apache-2.0 */
/* User namespaces: id maps of a child, and a namespace that only carries a map. */
#ifndef DAVIT_RUNTIME_USERNS_H
#define DAVIT_RUNTIME_USERNS_H

#include <sys/types.h>

struct err;
struct id_map;

/* userns_write_maps() - give the new user namespace of @pid its one-range maps */
int userns_write_maps(pid_t pid, const struct id_map *map, struct err *e);

/**
 * userns_create() - user namespace with @map and no process in it, for id-mapped mounts
 *
 * Mounts and processes agree as long as the numbers do: the container itself gets a namespace of
 * its own with the same map. Return: descriptor.
 */
int userns_create(const struct id_map *map, struct err *e);

/* userns_create_with() - the same, for maps that @write_maps gives to a process' new namespace */
int userns_create_with(int (*write_maps)(pid_t pid, const void *data, struct err *e), const void *data,
		       struct err *e);

#endif
