/* SPDX-License-Identifier: Apache-2.0 */
/* What ps(1) says of the processes of a container. */
#ifndef DAVIT_CMD_OCI_PS_H
#define DAVIT_CMD_OCI_PS_H

#include <stddef.h>
#include <sys/types.h>

struct err;
struct str;

/**
 * ps_table() - run ps(1) and append its head and the lines of @pids
 * @options: of ps(1), NULL-terminated; its table must have a column PID
 * Return: 0; -EINVAL, -ENOENT with @e.
 */
int ps_table(char *const options[], const pid_t *pids, size_t n, struct str *out, struct err *e);

#endif
