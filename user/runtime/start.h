/* SPDX-License-Identifier: Apache-2.0 */
/* Turning a plan into a running process. */
#ifndef DAVIT_RUNTIME_START_H
#define DAVIT_RUNTIME_START_H

#include <stdint.h>
#include <sys/types.h>

struct cgroup;
struct err;
struct plan;
struct runtime_config;
struct timing;

/**
 * struct started - a running container's first process, child of the caller
 * @pidfd: O_CLOEXEC, owned by the caller
 */
struct started {
	pid_t pid;
	int pidfd;
};

/**
 * runtime_start() - clone, run the steps, execute the workload
 * @cg: cgroup of the container, with its limits in force; the process starts inside
 *
 * Returns when the workload has been executed, or with nothing left of the child. The caller must
 * be single-threaded. A time namespace is entered by unsharing the caller's namespace for children.
 *
 * Return: 0; -errno with @e, whose exit code is 127 for a command that is not there and 126 for one
 * that cannot be executed.
 */
int runtime_start(const struct runtime_config *c, struct plan *p, struct cgroup *cg,
		  struct timing *timing, struct started *ret, struct err *e);

/**
 * runtime_spawn() - the part that exec shares: clone with @flags, read how it went
 * @id_map: maps to write while the child waits, NULL without a user namespace of its own
 */
struct id_map;
int runtime_spawn(uint64_t flags, struct plan *p, int cgroup_fd, const struct id_map *id_map,
		  struct timing *timing, struct started *ret, struct err *e);

#endif
