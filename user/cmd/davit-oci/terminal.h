/* SPDX-License-Identifier: Apache-2.0 */
/* The terminal of a process in the foreground: the container makes it, ours is passed through. */
#ifndef DAVIT_CMD_OCI_TERMINAL_H
#define DAVIT_CMD_OCI_TERMINAL_H

struct err;
struct oci_process;

/**
 * struct terminal
 * @sock: where its master arrives, -1 = the process has none, or a console socket got it
 */
struct terminal {
	int sock;
};

/* terminal_open() - a socket for the master of @process' terminal, which gets our size; for
 * struct create_options. @data: struct terminal. Return: the runtime's end; -errno. */
int terminal_open(struct oci_process *process, void *data, struct err *e);

/**
 * terminal_wait() - wait for the child behind @pidfd, passing on what is typed, shown and signalled
 *
 * Our terminal is raw meanwhile and what it was on every return and when a signal kills us. Without
 * a terminal this is oci_wait(). Return: exit status, 128 + N.
 */
int terminal_wait(struct terminal *t, int pidfd, struct err *e);

void terminal_done(struct terminal *t);

#endif
