/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Roots of containers that have no mount namespace of their own (--mntns host): each is mounted on
 * <state>/roots/<id>, with all that is mounted in it, binds of the host's directories among them. Nothing there is
 * ever removed but by umount2(2) and rmdir(2).
 */
#ifndef DAVIT_ENGINE_HOST_ROOT_H
#define DAVIT_ENGINE_HOST_ROOT_H

#include <stdbool.h>

#include "base/str.h"
#include "engine/container.h"

struct engine;
struct err;

/* host_root_is_used() - is this container's root there while it runs? */
bool host_root_is_used(const struct container_options *o);

/* host_root_make() - the empty directory to mount on; what an earlier life left there is unmounted.
 * Return: its path, for the caller to free; NULL with @e. */
char *host_root_make(struct engine *en, const char *id, struct err *e);

/* host_root_open() - O_PATH descriptor of the mounted root; -errno of open(2) */
int host_root_open(struct engine *en, const char *id, struct err *e);

/* host_root_remove() - unmount all that is on it, in whatever mount namespace, and remove the directory.
 * Return: 0, also when there is none; -errno of umount2(2) or rmdir(2), after which nothing was deleted. */
int host_root_remove(struct engine *en, const char *id, struct err *e);

/* host_root_list() - ids of all that are there, live or left behind */
int host_root_list(struct engine *en, struct strv *ids, struct err *e);

#endif
