/* SPDX-License-Identifier: Apache-2.0 */
/* Who makes containers, and how it is asked for the same container as the others. */
#ifndef DAVIT_ISOLATION_ENGINE_H
#define DAVIT_ISOLATION_ENGINE_H

#include <stdbool.h>
#include <stddef.h>

struct args;
struct job;
struct role;

/**
 * struct engine - one row per engine
 * @program: searched for in PATH
 * @takes_root: it runs job.root as it is, without a copy or layers of its own; then job.root is a
 *	     file system, in a mount namespace of ours, so that no path of the host is seen in it
 * @is_remote: a daemon makes its containers, in the host's own mount namespace
 * @can:     ASK_* that it has options for; @cannot says why not the others
 * @prepare: before the first start; 0 or -1, complained. May take back what job.want asks for
 *	     and say in job.why why. May be NULL.
 * @run:     the command that runs a container in the foreground; the first argument is there
 * @remove:  the command that removes what is left of one, NULL if nothing can be
 * @forget:  the command that removes the image that @prepare made, or NULL
 */
struct engine {
	const char *name, *program;
	bool takes_root, is_remote;
	unsigned int can;
	const char *cannot;
	int (*prepare)(struct job *j);
	int (*run)(const struct job *j, const struct role *r, struct args *a);
	void (*remove)(const struct job *j, const struct role *r, struct args *a);
	void (*forget)(const struct job *j, struct args *a);
};

extern const struct engine engine_runtime; /* any OCI runtime: bundle.c writes its bundles */

const struct engine *engine_find(const char *name); /* NULL if there is none */

/* engine_cannot() - names of what @e cannot be asked for, comma separated */
void engine_cannot(const struct engine *e, char *buf, size_t size);

#endif
