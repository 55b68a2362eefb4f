/* SPDX-License-Identifier: Apache-2.0 */
/* From options and image to the runtime's configuration. */
#ifndef DAVIT_ENGINE_RESOLVE_H
#define DAVIT_ENGINE_RESOLVE_H

#include <stdint.h>

#include "kern/bpf_policy.h"
#include "kern/cgroup.h"
#include "runtime/config.h"

struct container;
struct err;
struct image;

/**
 * struct resolved - what a container's options come to; resolved_done() frees
 * @limits:  points into the container's options and @io
 * @policy:  NULL = all allowed
 * @devices: valid when @has_devices
 * @user:    text to look up in the container's own passwd
 */
struct resolved {
	struct runtime_config config;
	struct cgroup_limits limits;
	struct cgroup_io_limit *io;
	struct net_policy *policy;
	struct device_policy devices;
	bool has_devices;
	const char *user;
	int stop_signal;
};

/**
 * resolve() - check and resolve everything that needs no root file system
 *
 * @c and @im must outlive @ret. Directories that -v asks for are made by the start, not here.
 * Return: 0; -EINVAL and others naming the option.
 */
int resolve(const struct container *c, const struct image *im, struct resolved *ret, struct err *e);

/* resolve_exec() - the part for one more process in a running container: its mounts, devices and limits
 * are what they are. No arguments, no terminal. */
int resolve_exec(const struct container *c, const struct image *im, struct resolved *ret,
		 struct err *e);

/* resolve_user() - the part that needs the root file system: ids, groups, HOME */
int resolve_user(int root_fd, const struct container *c, struct resolved *r, struct err *e);

/* resolve_env_options() - turn --env-file and "-e KEY" into plain entries of options.env, and the file
 * of a seccomp profile into its text: once, in the environment of who gave them */
struct container_options;
int resolve_env_options(struct container_options *o, struct err *e);

/* resolve_stop_timeout() - seconds; -1 = for ever. Return: 0; -EINVAL. */
int resolve_stop_timeout(const char *text, int64_t *ret, struct err *e);

void resolved_done(struct resolved *r);

#endif
