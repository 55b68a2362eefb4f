/* SPDX-License-Identifier: Apache-2.0 */
/* Volumes, tmpfs and devices of a container's options. */
#ifndef DAVIT_ENGINE_RESOLVE_MOUNTS_H
#define DAVIT_ENGINE_RESOLVE_MOUNTS_H

struct container;
struct err;
struct image;
struct resolved;

/* where --init's program is in the container, as Docker has it */
#define INIT_PATH "/sbin/docker-init"

/* resolve_mounts() - fill the mounts and devices of ret->config and ret->devices */
int resolve_mounts(const struct container *c, const struct image *im, struct resolved *ret,
		   struct err *e);

#endif
