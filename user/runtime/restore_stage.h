/* SPDX-License-Identifier: Apache-2.0 */
/* Where criu finds what a container has from outside: mounts in a mount namespace of criu's own. */
#ifndef DAVIT_RUNTIME_RESTORE_STAGE_H
#define DAVIT_RUNTIME_RESTORE_STAGE_H

#include <stdint.h>

#include "base/str.h"

struct bundle;
struct criu_image;
struct err;

/**
 * struct restore_stage - what is to be shown, and where
 * @dir:	an empty directory, absolute; what is mounted on it only criu sees
 * @mounts:	one detached mount for each of @image, -1 = made by restore_stage_show(); owned
 * @root:	the container's root, detached; owned
 * @has_cgroup_ns: the container has a cgroup namespace of its own
 */
struct restore_stage {
	const struct bundle *b;
	const struct criu_image *image;
	const char *dir, *cgroup;
	int *mounts, root;
	bool has_cgroup_ns;
};

/* restore_stage_open() - sources and attributes as config.json has them. Return: 0; -errno with the mount
 * named; restore_stage_done() in both cases. */
int restore_stage_open(struct restore_stage *s, struct err *e);
void restore_stage_done(struct restore_stage *s);

/* restore_stage_args() - criu's options that say where all is */
int restore_stage_args(const struct restore_stage *s, struct strv *args, struct err *e);

/* restore_stage_show() - in the process that becomes criu, in its cgroup: namespaces, mounts */
int restore_stage_show(const struct restore_stage *s, struct err *e);

#endif
