/* SPDX-License-Identifier: Apache-2.0 */
/* Which process a recorded pid meant: pids are used again, start times of one pid are not. */
#ifndef DAVIT_RUNTIME_PROC_ID_H
#define DAVIT_RUNTIME_PROC_ID_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/**
 * struct proc_id - a process of this boot
 * @start: field 22 of /proc/PID/stat, clock ticks since boot
 */
struct proc_id {
	pid_t pid;
	uint64_t start;
};

#define PROC_NAME_MAX 15 /* bytes of /proc/PID/comm */

/**
 * struct proc_look - a process at a moment
 * @state: 'R', 'Z' ...
 * @name:  of its program, or what it called itself by PR_SET_NAME
 */
struct proc_look {
	struct proc_id id;
	char state;
	char name[PROC_NAME_MAX + 1];
};

/* proc_look() - Return: 0; -ESRCH */
int proc_look(pid_t pid, struct proc_look *ret);

/* proc_id_read() - of a process there is now. Return: 0; -ESRCH. @ret_state: 'R', 'Z' …, or NULL */
int proc_id_read(pid_t pid, struct proc_id *ret, char *ret_state);

/* proc_id_open() - pidfd of the very process. Return: descriptor; -ESRCH when it is gone (a zombie is) */
int proc_id_open(const struct proc_id *p);

#endif
