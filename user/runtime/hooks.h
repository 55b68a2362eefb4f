/* SPDX-License-Identifier: Apache-2.0 */
/* Hooks of a bundle: programs of the host that run at points of a container's life. */
#ifndef DAVIT_RUNTIME_HOOKS_H
#define DAVIT_RUNTIME_HOOKS_H

#include <stdint.h>

#include "spec/oci_config.h"

struct err;

#define HOOK_OUTPUT_MAX 512u /* bytes of what a hook that fails has written, for the message */

/**
 * struct hook_place - where hooks run
 * @pidfd: a process whose namespaces @ns (CLONE_NEW*) they enter; -1 = stay where we are
 * @root_fd: the root that they change to then; -1 = that of the mount namespace
 * @cwd:   directory, as seen from there; where it is not, or NULL: "/"
 * @env:   of hooks that have none of their own; NULL = ours
 */
struct hook_place {
	int pidfd, root_fd;
	uint64_t ns;
	const char *cwd;
	char *const *env;
};

/**
 * hooks_run() - all hooks of a point, in order
 * @state: the container's state as JSON; they read it from stdin
 *
 * One that does not end in its time is killed. Stops at the first that fails; behind poststop hooks the others are run, too.
 * Return: 0; -errno with @e: "hooks.poststart[1]: '/x' exited with status 3: what it wrote".
 */
int hooks_run(const struct oci_hooks *hooks, enum oci_hook_point point, const char *state,
	      const struct hook_place *place, struct err *e);

#endif
