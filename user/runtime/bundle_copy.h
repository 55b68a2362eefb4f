/* SPDX-License-Identifier: Apache-2.0 */
/* tmpcopyup: a tmpfs that begins with what it covers. */
#ifndef DAVIT_RUNTIME_BUNDLE_COPY_H
#define DAVIT_RUNTIME_BUNDLE_COPY_H

struct err;

#define BUNDLE_COPY_DEPTH_MAX 64u /* directories in each other */
#define BUNDLE_COPY_ENTRIES_MAX 100000u /* files, directories and links in all */

/**
 * bundle_copy_up() - copy the directory @path of the root at @rootfs_fd to the top of @to_fd
 * @to_fd: a detached mount
 *
 * Names, contents, modes, owners, times; what is neither file, directory nor link is left out. A
 * @path that is not there or no directory is an empty one. Nothing outside of the root is followed to.
 */
int bundle_copy_up(int rootfs_fd, const char *path, int to_fd, struct err *e);

#endif
