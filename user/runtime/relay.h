/* SPDX-License-Identifier: Apache-2.0 */
/* Between our stdio and a process of ours. */
#ifndef DAVIT_RUNTIME_RELAY_H
#define DAVIT_RUNTIME_RELAY_H

#include <stdbool.h>

struct console_opts;
struct err;

/**
 * struct relay_fds - far side of relay_run(): descriptors of the caller, who closes them after it
 * @pty:    master, or -1
 * @in, @out, @err: pipe ends, each may be -1 (not used with @pty). relay_run() closes one to pass on
 *	    an end of file or a reader that went; it is -1 then
 * @lost:   set: 0, or the error of our stdout with @pty, whose process goes on without a reader
 * @pidfd:  its end ends the relay, after what is left in the pipes was passed on
 */
struct relay_fds {
	int pty, in, out, err, pidfd, lost;
};

/**
 * relay_run() - between our stdio and a process of ours, until it ends
 * @ret_detached: the user left by the detach keys; else the process behind @pidfd has ended and is
 *		  for the caller to reap
 *
 * Return: 0; an error of our stdout, without @pty.
 */
int relay_run(struct relay_fds *f, const struct console_opts *o, bool *ret_detached, struct err *e);

#endif
