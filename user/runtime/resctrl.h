/* SPDX-License-Identifier: Apache-2.0 */
/* linux.intelRdt: groups of the resctrl file system, which divide caches and memory bandwidth. */
#ifndef DAVIT_RUNTIME_RESCTRL_H
#define DAVIT_RUNTIME_RESCTRL_H

#include <sys/types.h>

struct err;
struct oci_intel_rdt;

/* resctrl_open() - where it is mounted. Return: directory; -EOPNOTSUPP when nowhere, with a hint. */
int resctrl_open(struct err *e);

/**
 * resctrl_own() - what a container has of its own there, to be removed with it
 * @id: of the container
 *
 * Without a closID its class, called as the container is; with one, a group of monitoring if it wants that.
 * Return: path below the mount, caller frees; NULL when out of memory; "" = nothing.
 */
char *resctrl_own(const struct oci_intel_rdt *rdt, const char *id);

/**
 * resctrl_prepare() - make the class with its schemata, and the group of monitoring
 * @fd: from resctrl_open()
 *
 * A class that is there already, by its closID, must have these schemata, as the specification demands; one
 * that is not needs some. What is made is removed again on failure.
 */
int resctrl_prepare(int fd, const struct oci_intel_rdt *rdt, const char *id, struct err *e);

/* resctrl_join() - put @pid into what resctrl_prepare() has made or found */
int resctrl_join(int fd, const struct oci_intel_rdt *rdt, const char *id, pid_t pid, struct err *e);

/* resctrl_remove() - what resctrl_own() has named; missing is success */
int resctrl_remove(int fd, const char *own, struct err *e);

#endif
