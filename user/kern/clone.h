/* SPDX-License-Identifier: Apache-2.0 */
/* clone3(2) with a function to run in the child. */
#ifndef DAVIT_KERN_CLONE_H
#define DAVIT_KERN_CLONE_H

#include <linux/sched.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif
#ifndef CLONE_INTO_CGROUP
#define CLONE_INTO_CGROUP 0x200000000ULL
#endif
#ifndef CLONE_CLEAR_SIGHAND
#define CLONE_CLEAR_SIGHAND 0x100000000ULL
#endif

#define CLONE_STACK_SIZE (64u * 1024u) /* the child runs a table of steps: shallow */

/**
 * clone_run() - clone3(2); the child calls @fn(@arg) and never returns
 * @flags:     CLONE_* including CLONE_VM | CLONE_VFORK where wanted; CLONE_PIDFD is added
 * @cgroup_fd: for CLONE_INTO_CGROUP, which is added when this is not -1
 * @stack:     CLONE_STACK_SIZE bytes that stay valid while the child shares memory
 * @fn:	       returns an exit status; with CLONE_VM it may use sys_call*() and err_*() only
 *
 * Return: pid, with *@ret_pidfd set (O_CLOEXEC); -errno.
 */
pid_t clone_run(uint64_t flags, int cgroup_fd, void *stack, int (*fn)(void *arg), void *arg,
		int *ret_pidfd);

#endif
