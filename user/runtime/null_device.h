/* SPDX-License-Identifier: Apache-2.0 */
/* The null device: what hides files, and a container's standard input. */
#ifndef DAVIT_RUNTIME_NULL_DEVICE_H
#define DAVIT_RUNTIME_NULL_DEVICE_H

#include <stdbool.h>

struct err;

/**
 * null_device_clone() - the host's /dev/null as a detached private mount
 *
 * Read-only: the inode is the host's, and devices on a read-only mount can be written to, but not chmod'ed.
 * Looked at by its descriptor: what is no null device hides nothing (CVE-2025-31133).
 *
 * Return: descriptor; -ENODEV when it is another file.
 */
int null_device_clone(struct err *e);

/* null_device_is() - is @fd one? */
bool null_device_is(int fd);

/* null_device_open() - for standard streams: that of null_device_clone(), or of the host if @clone_fd is -1 */
int null_device_open(int clone_fd, struct err *e);

#endif
