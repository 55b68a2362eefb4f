/* SPDX-License-Identifier: Apache-2.0 */
/* Which process a recorded pid meant: pids are used again, inodes of pidfds and start times of one pid are not. */
#ifndef DAVIT_RUNTIME_PROC_ID_H
#define DAVIT_RUNTIME_PROC_ID_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct err;

/**
 * struct proc_id - a process of this boot
 * @start: field 22 of /proc/PID/stat, clock ticks since boot; 0 when @inode tells
 * @inode: of a pidfd of it, which since Linux 6.9 no other process of this boot has; 0 = unknown
 */
struct proc_id {
	pid_t pid;
	uint64_t start, inode;
};

/**
 * proc_id_keep() - of a process there is now
 * @pidfd:  of it
 * @dirfd:  where it will be recorded: what outlives a boot gets the start time, as inodes begin anew
 */
int proc_id_keep(pid_t pid, int pidfd, int dirfd, struct proc_id *ret, struct err *e);

/* proc_id_open() - pidfd of the very process. Return: descriptor; -ESRCH when it is gone (a zombie is); -errno when
 * that cannot be told */
int proc_id_open(const struct proc_id *p);

/* proc_state() - 'R', 'Z' ... of /proc/PID/stat. Return: 0; -ESRCH */
int proc_state(pid_t pid, char *ret);

/* proc_id_inner() - the number that @pid has in its own pid namespace; @pid where that cannot be told */
pid_t proc_id_inner(pid_t pid);

#endif
