/* SPDX-License-Identifier: Apache-2.0 */
/* One more process in a running container. */
#ifndef DAVIT_RUNTIME_EXEC_H
#define DAVIT_RUNTIME_EXEC_H

#include "runtime/bundle_spawn.h"

struct err;
struct bundle;
struct oci_process;
struct record;

/**
 * struct exec_options
 * @console_fd: connected console socket, -1 = no terminal
 * @bundle:	the container's, for its filter
 */
struct exec_options {
	const char *init_path;
	const struct bundle *bundle;
	int console_fd;
	unsigned int preserve_fds;
};

/**
 * container_exec() - make the process; it waits for bundle_child_go()
 *
 * It enters every namespace of the container's first process and its cgroup.
 * Return: 0; -ESRCH when the container does not run.
 */
int container_exec(const struct record *r, const struct oci_process *process,
		   const struct exec_options *o, struct bundle_child *ret, struct err *e);

#endif
