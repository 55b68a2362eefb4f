/* SPDX-License-Identifier: Apache-2.0 */
/* A directory as a tar stream. */
#ifndef DAVIT_IMAGE_TREE_TAR_H
#define DAVIT_IMAGE_TREE_TAR_H

struct err;
struct tree_tar;

/**
 * tree_tar_open() - begin to pack @dir in a thread
 *
 * The format is pax; owners by number, extended attributes, ACLs, hard links, holes are kept; file
 * systems mounted below @dir are not entered.
 *
 * Return: descriptor of a pipe to read the tar from, the caller's; -errno.
 */
int tree_tar_open(const char *dir, struct tree_tar **ret, struct err *e);

/* tree_tar_close() - wait for the thread; call after the pipe was read to its end or closed.
 * Return: 0, or the first error of packing. */
int tree_tar_close(struct tree_tar **t, struct err *e);

#endif
