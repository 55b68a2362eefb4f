/* SPDX-License-Identifier: Apache-2.0 */
/* How a start went, as the child or davit-init wrote it to the pipe. */
#ifndef DAVIT_RUNTIME_OUTCOME_H
#define DAVIT_RUNTIME_OUTCOME_H

#include <stdint.h>

struct err;

/* for execve(2) that ends with EPERM */
#define OUTCOME_HINT_EPERM "a seccomp filter must allow execve(2), execveat(2) and fcntl(2)"

/**
 * outcome_read() - read @fd until the child has executed its workload (end of file) or has said why not
 * @command: what davit-init executes, for the message
 *
 * A process of the container may have opened the pipe (/proc/PID/fd) and written to it: what is no whole
 * struct err or init_report with values that ours have is -EPROTO. The texts may still hold any byte.
 *
 * Return: 0 at end of file, that davit-init waited before or not; -errno with @e filled.
 */
int outcome_read(int fd, const char *command, struct err *e);

/* outcome_failed() - what a child in shared memory could not tell by the pipe (struct launch).
 * Return: @r, the result of reading that; the code of @failed where it had one, with @e. */
int outcome_failed(const struct err *failed, int r, struct err *e);

/* outcome_read_stage() - the next thing it says that is no error: INIT_READY, or a stage of a bundle's
 * child. The pipe stays open. Return: 0; -errno with @e. */
int outcome_read_stage(int fd, const char *command, uint32_t *ret_stage, struct err *e);

#endif
