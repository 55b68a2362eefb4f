/* SPDX-License-Identifier: Apache-2.0 */
/* Processes that /proc lists. */
#ifndef DAVIT_ISOLATION_PROCS_H
#define DAVIT_ISOLATION_PROCS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define PROCS_MAX 4096

/* procs_list() - the pids in /proc, at most @size. Return: their number; -errno */
int procs_list(pid_t *pids, size_t size);

/* proc_path() - "/proc/PID/NAME" in a buffer that the next call overwrites */
const char *proc_path(pid_t pid, const char *name);

pid_t proc_parent(pid_t pid); /* -1 if it cannot be told */

/* proc_field() - a line of /proc/PID/status as a number, hexadecimal for masks. Return: 0; -errno */
int proc_field(pid_t pid, const char *name, int base, uint64_t *ret_value);

#endif
