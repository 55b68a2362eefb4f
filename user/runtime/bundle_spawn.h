/* SPDX-License-Identifier: Apache-2.0 */
/* Turning the plan of a bundle into a process that waits to be started. */
#ifndef DAVIT_RUNTIME_BUNDLE_SPAWN_H
#define DAVIT_RUNTIME_BUNDLE_SPAWN_H

#include <stdint.h>
#include <sys/types.h>

#include "runtime/bundle_launch.h"

struct bundle_plan;
struct err;
struct oci_linux;
struct oci_process;

/**
 * struct bundle_child - the container's first process, child of the caller
 * @pidfd: O_CLOEXEC, owned by the caller, as the next two
 * @report_fd, @wait_fd: our ends of the pipes
 * @report, @wait: descriptors of the child: where davit-init reports and where it waits
 * @wait_dev, @wait_inode: of the pipe behind @wait
 * @wait_fd, @wait: -1 when it does not wait
 */
struct bundle_child {
	pid_t pid;
	int pidfd, report_fd, wait_fd, report, wait;
	uint64_t wait_dev, wait_inode;
};

void bundle_child_done(struct bundle_child *c);

/* bundle_child_go() - let it execute @command, if it waits. Return: 0; -errno with @e as after runtime_start(). */
int bundle_child_go(struct bundle_child *c, const char *command, struct err *e);

/**
 * struct bundle_events - what the caller does while the child is on its way
 * @at: called at each stage that the plan tells of; @pidfd is the child's. Not 0 ends the start.
 * @at_once: execute the command without waiting for bundle_child_go(), where nothing needs that
 * @listener: called with that of the filter, if it has one, which stays bundle_spawn()'s to close
 */
struct bundle_events {
	int (*at)(enum bundle_stage stage, pid_t pid, int pidfd, void *data, struct err *e);
	int (*listener)(int fd, pid_t pid, void *data, struct err *e);
	void *data;
	bool at_once;
};

/**
 * bundle_spawn() - clone, run the steps, execute davit-init, which waits if it is to
 * @linux_:    for id maps and time offsets; NULL = one more process of a container there is
 * @process:   for what is set from outside
 * @cgroup_fd: directory to be cloned into, -1 = none
 * @join_fds:  v1 `tasks` files to join
 *
 * The caller must be single-threaded. On failure nothing is left of the child.
 * Return: 0; -errno with @e as after runtime_start().
 */
int bundle_spawn(const struct oci_linux *linux_, const struct oci_process *process,
		 struct bundle_plan *p, int cgroup_fd, const int *join_fds, size_t n_join_fds,
		 const struct bundle_events *events, struct bundle_child *ret, struct err *e);

#endif
