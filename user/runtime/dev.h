/* SPDX-License-Identifier: Apache-2.0 */
/* A container's /dev: a tmpfs with the nodes that every container has. */
#ifndef DAVIT_RUNTIME_DEV_H
#define DAVIT_RUNTIME_DEV_H

#include <stdbool.h>
#include <stddef.h>

struct err;
struct runtime_config;

#define DEV_ETC_DIR ".davit" /* where in /dev the files of /etc are */

/**
 * dev_create() - detached tmpfs with nodes, links and the directories to mount on
 *
 * Made by the parent, in the initial user namespace: mknod(2) would fail in the container's, and a
 * tmpfs made there would be nodev. Nodes belong to the container's root. The caller's umask must
 * be 0. @c->devices are added under their target names, @c->is_privileged adds all of the host's.
 *
 * Return: mount descriptor or -errno.
 */
int dev_create(const struct runtime_config *c, struct err *e);

#endif
