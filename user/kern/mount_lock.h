/* SPDX-License-Identifier: Apache-2.0 */
/* Mounts of the host for a user namespace. */
#ifndef DAVIT_KERN_MOUNT_LOCK_H
#define DAVIT_KERN_MOUNT_LOCK_H

#include <stddef.h>

struct err;

/**
 * mount_lock() - what a mount namespace of another user namespace does to the mounts that it is made from (mount_namespaces(7)):
 * nobody there can take away a flag that they have (read-only, nosuid …), nor a mount that hides something
 * @fds: detached mounts of ours; each number then is that of a copy which is locked
 *
 * A detached mount that is attached over there is not locked by that. Two processes and two short mount namespaces, the first a copy of
 * ours: what is locked is locked by the kernel, when it copies the first for the user namespace of the second.
 *
 * Return: 0; -errno, after which the mounts are of no use.
 */
int mount_lock(const int *fds, size_t n, struct err *e);

#endif
