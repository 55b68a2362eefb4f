/* SPDX-License-Identifier: Apache-2.0 */
/* Mounts of cgroup file systems, and files in them. */
#ifndef DAVIT_ISOLATION_CGROUPFS_H
#define DAVIT_ISOLATION_CGROUPFS_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "mountinfo.h"

/* cgroupfs_is() - @m is a mount of cgroup v1 or v2 */
bool cgroupfs_is(const struct mount *m);

/* cgroupfs_is_top() - its root is the top of the hierarchy, which has files of its own in v1 and lacks
 * some in v2 */
bool cgroupfs_is_top(const struct mount *m);

/* cgroupfs_path() - "@m->point/@file" in @path (PATH_MAX bytes) */
const char *cgroupfs_path(char *path, const struct mount *m, const char *file);

/**
 * cgroupfs_read() - read a file of our own cgroup
 * @v2: its name in cgroup v2
 * @controller, @v1: the controller and its file in cgroup v1
 *
 * Return: the length; -errno; -ENOENT where no such file is to be seen.
 */
int cgroupfs_read(const char *v2, const char *controller, const char *v1, char *buf, size_t size);

#endif
