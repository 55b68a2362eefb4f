/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel's own file systems of a container, proc and sysfs, by the descriptors of their mounts: who may
 * rename what a path leads through can make "/proc" another directory between two steps. In the child:
 * sys_call*() only; results are -errno.
 */
#ifndef DAVIT_RUNTIME_KERNEL_FILES_H
#define DAVIT_RUNTIME_KERNEL_FILES_H

#include <stdbool.h>

/**
 * struct kernel_files - filled in by the child as it mounts, in memory of the plan
 * @proc_fd, @sys_fd: what was mounted last on /proc and /sys; -1 = nothing
 * @has_self:	      that on /proc is a new proc of the child's pid namespace: its "self" is the child
 */
struct kernel_files {
	int proc_fd, sys_fd;
	bool has_self;
};

/**
 * path_below() - rest of @path below the top directory @top ("proc")
 *
 * Return: NULL when it does not lie there, or by its words only ("/proc/../etc").
 */
const char *path_below(const char *path, const char *top);

/* kernel_files_note() - @fd is a mount that is attached on @target now; @is_new_proc as @has_self */
void kernel_files_note(struct kernel_files *k, const char *target, int fd, bool is_new_proc);

/* proc_open_host() - proc as the working mount namespace has it on /proc, without what is mounted below.
 * Return: descriptor of a detached mount; -EXDEV when something else is mounted there. */
int proc_open_host(void);

/**
 * proc_write() - write @text to @path, which is relative to the proc file system @proc_fd
 *
 * Fails with -EXDEV where a mount, and with -ELOOP where a link to an open file leads away (CVE-2025-52881).
 */
int proc_write(int proc_fd, const char *path, const char *text);

#endif
