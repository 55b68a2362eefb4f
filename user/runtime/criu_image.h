/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a checkpoint takes from outside and a restore has to bring again: mounts that are not the
 * container's own, and the standard streams. Kept in the image as davit-oci.json.
 */
#ifndef DAVIT_RUNTIME_CRIU_IMAGE_H
#define DAVIT_RUNTIME_CRIU_IMAGE_H

#include <stddef.h>
#include <sys/types.h>

#include "base/str.h"
#include "spec/oci_config.h"

struct bundle;
struct err;

#define CRIU_IMAGE_MOUNTS_MAX 8192u
#define CRIU_STREAMS 3

enum criu_mount_kind {
	CRIU_MOUNT_BIND, /* mounts[] of config.json whose destination is .from */
	CRIU_MOUNT_DEVICE, /* the host's device node .from */
	CRIU_MOUNT_EMPTY, /* an empty directory that hides another */
	CRIU_MOUNT_CGROUP, /* the container's cgroup; destination .from */
	CRIU_MOUNT_COUNT
};

/**
 * struct criu_mount - a mount to bring again; strings owned
 * @at: mount point in the container; criu's name of it, too
 */
struct criu_mount {
	enum criu_mount_kind kind;
	char *at, *from;
};

/**
 * struct criu_image
 * @streams: criu's names of what 0, 1, 2 of the first process were ("pipe:[17]"); "" = criu opens them by itself
 */
struct criu_image {
	struct criu_mount *mounts;
	size_t n_mounts;
	char *streams[CRIU_STREAMS];
};

void criu_image_done(struct criu_image *i);

/* criu_image_look() - of a container that runs, with process @pid. Return: 0; -EOPNOTSUPP naming a mount
 * that could not be restored. */
int criu_image_look(const struct bundle *b, pid_t pid, struct criu_image *ret, struct err *e);

/* criu_image_write(), criu_image_read() - our own file beside criu's in the directory of the image.
 * Return: 0; -ENOENT when it has none */
int criu_image_write(const struct criu_image *i, int dirfd, struct err *e);
int criu_image_read(int dirfd, struct criu_image *ret, struct err *e);

/* criu_image_forget() - the file of a checkpoint that has failed */
void criu_image_forget(int dirfd);

/**
 * struct criu_shared_ns - a namespace by path that is named to criu as another's
 * @name: below /proc/PID/ns; @key: what criu calls it, in the image, too
 */
struct criu_shared_ns {
	enum oci_ns_type type;
	const char *name, *key;
};

#define CRIU_SHARED_NS 1
extern const struct criu_shared_ns criu_shared_namespaces[CRIU_SHARED_NS];

/* criu_supports() - can this configuration be checkpointed and restored? -EOPNOTSUPP with the property's path. */
int criu_supports(const struct bundle *b, struct err *e);

#endif
