/* SPDX-License-Identifier: Apache-2.0 */
/* From a configuration to a launch plan: all that can fail on user input fails here. */
#ifndef DAVIT_RUNTIME_PLAN_H
#define DAVIT_RUNTIME_PLAN_H

#include <stdbool.h>
#include <stddef.h>

#include "runtime/config.h"
#include "runtime/kernel_files.h"
#include "runtime/launch.h"

struct err;

#define PLAN_FDS_MAX (LAUNCH_MOUNTS_MAX + 32)

/**
 * struct plan - a launch with what it owns
 * @pty_master: for config.tty: the parent's end; moves to who relays it
 */
struct plan {
	struct launch launch;
	struct launch_mount mounts[LAUNCH_MOUNTS_MAX];
	struct launch_path masked[32];
	struct kernel_files kernel;
	struct launch_write *sysctls;
	char **argv;
	char init_arg[24];
	int fds[PLAN_FDS_MAX];
	size_t n_fds;
	int pty_master, userns_fd;
	struct strv texts;
	char shm_size[24], shm_owner[16], devpts_gid[16];
	struct mount_param shm_params[5], devpts_params[5];
};

/**
 * struct plan_places - host paths and descriptors that a plan is built with; borrowed
 * @root_fd:   detached mount of the root file system, already id-mapped where needed
 * @userns_fd: the container's user namespace, for id-mapped binds; -1 without
 * @pivot_dir: existing directory of the host
 * @empty_dir: existing empty directory of the host
 * @init_path: davit-init
 */
struct plan_places {
	int root_fd, userns_fd;
	const char *pivot_dir, *empty_dir, *init_path;
};

/* plan_build() - fill @p; @c must outlive it. On failure everything opened is closed again. */
int plan_build(const struct runtime_config *c, const struct plan_places *places, struct plan *p,
	       struct err *e);

/* plan_open_null() - the null device for the process' stdio, whose mode and owner it cannot change.
 * Return: descriptor, the caller closes it; -errno. */
int plan_open_null(const struct plan *p, struct err *e);

/**
 * plan_build_exec() - for one more process in a running container: no root file system, no mounts
 * @pidfd:    the container's first process; not consumed
 * @join_ns:  CLONE_NEW* to enter through it
 */
int plan_build_exec(const struct runtime_config *c, const char *init_path, int pidfd,
		    uint64_t join_ns, struct plan *p, struct err *e);
void plan_done(struct plan *p);

#endif
