/* SPDX-License-Identifier: Apache-2.0 */
/* Paths: opened beneath a directory descriptor, never by trusted string. */
#ifndef DAVIT_BASE_FS_H
#define DAVIT_BASE_FS_H

#include <stdbool.h>
#include <sys/types.h>

struct err;
struct stat;

/**
 * fs_open_beneath() - open @path as if @rootfd were "/"
 *
 * openat2(2) with RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS: absolute paths and symlinks stay inside,
 * ".." at the top stays there. This is the only way user space of this project opens a path that
 * an image or a container chose. @flags get O_CLOEXEC added. -EAGAIN from a racing rename is
 * retried.
 *
 * Return: descriptor or -errno.
 */
int fs_open_beneath(int rootfd, const char *path, int flags, mode_t mode);

/**
 * fs_mkdir_beneath() - make @path and its parents inside @rootfd (which acts as "/")
 *
 * Existing directories are fine; symlinks are followed inside the root only.
 * Return: O_PATH descriptor of the directory, or -errno.
 */
int fs_mkdir_beneath(int rootfd, const char *path, mode_t mode);

/* fs_mkdir_parents() - `mkdir -p` for trusted paths (our own state). Return: 0 or -errno. */
int fs_mkdir_parents(int dirfd, const char *path, mode_t mode);

/**
 * fs_remove_tree() - remove @name in @dirfd with all it holds, without following symlinks
 *
 * Crosses no mount point (-EBUSY/-EXDEV is returned instead). ENOENT is success. Depth is
 * bounded by nothing but the file system: directories are flattened, not recursed into.
 */
int fs_remove_tree(int dirfd, const char *name, struct err *e);

/* fs_read_link() - new string with the target, NULL on failure (errno set); caller frees */
char *fs_read_link(int dirfd, const char *path);

bool fs_exists(int dirfd, const char *path);

/* fs_is_private() - is it ours, and may nobody else write it? Where others may write, a name may be a link of
 * theirs, and bytes may be theirs, too. */
bool fs_is_private(const struct stat *st);

/* fs_is_full() - has directory @path @max names or more? A directory that cannot be read is full. */
bool fs_is_full(const char *path, size_t max);

#endif
