/* SPDX-License-Identifier: Apache-2.0 */
/* Mounts of a process, as /proc/PID/mountinfo tells them. */
#ifndef DAVIT_ISOLATION_MOUNTINFO_H
#define DAVIT_ISOLATION_MOUNTINFO_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* struct mount - one line (proc_pid_mountinfo(5)); paths are unescaped */
struct mount {
	int id, parent;
	dev_t dev;
	char *root, *point, *options;
	char *tags; /* "shared:1 master:2" or "" */
	char *type, *source, *super_options;
};

/* struct mounts - zero-initialised is empty; memory is the process's, and a probe has its own */
struct mounts {
	struct mount *v;
	size_t count;
};

/* mounts_read() - Return: 0; -errno; -EINVAL on a line that it cannot read */
int mounts_read(struct mounts *m, const char *path);

/* mounts_at() - the uppermost mount at @point, or NULL */
const struct mount *mounts_at(const struct mounts *m, const char *point);

/* path_is_below() - @path is @dir or below it; "/" is above everything */
bool path_is_below(const char *path, const char *dir);

/* is_dev_ino() - is @st the file "DEV:INO", as facts write it? */
struct stat;
bool is_dev_ino(const struct stat *st, const char *dev_ino);

#endif
