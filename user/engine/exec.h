/* SPDX-License-Identifier: Apache-2.0 */
/* One more process in a running container. */
#ifndef DAVIT_ENGINE_EXEC_H
#define DAVIT_ENGINE_EXEC_H

#include <stdbool.h>

#include "base/str.h"

struct container;
struct engine;
struct err;

/**
 * struct exec_options - like the options of `davit exec`
 * @args: command
 */
struct exec_options {
	bool detach, interactive, tty, privileged;
	char *user, *workdir, *detach_keys;
	struct strv env, env_file, args;
};

/* exec_needs_seal() - can processes of @c trace who enters? Then self_seal() comes before container_exec(). */
bool exec_needs_seal(const struct container *c);

/**
 * container_exec() - run a process in the namespaces, cgroup and policies of @c
 * @ret_code: exit code; 0 with @o->detach, and after leaving by the detach keys
 *
 * It gets capabilities and seccomp filter of the container. Our stdio is passed on, through pipes or
 * a terminal of the container wherever it is a terminal of the host.
 *
 * Return: 0; -ESRCH when @c does not run; exit codes of @e as runtime_start().
 */
int container_exec(struct engine *en, const struct container *c, const struct exec_options *o,
		   int *ret_code, struct err *e);

#endif
