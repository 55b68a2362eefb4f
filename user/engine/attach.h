/* SPDX-License-Identifier: Apache-2.0 */
/* Our terminal or pipes at a container: a client of its monitor, or of an exec'ed process. */
#ifndef DAVIT_ENGINE_ATTACH_H
#define DAVIT_ENGINE_ATTACH_H

#include <stdbool.h>

#include "kern/attach_socket.h"

struct err;

#define ATTACH_DETACHED	   (-1) /* *ret_status: the user left by the detach keys */
#define ATTACH_DETACH_KEYS "ctrl-p,ctrl-q"

/**
 * struct attach_opts - how our stdio is used
 * @is_tty:      the far side is a terminal: ours, if stdin is one, becomes raw, and follows the far
 *		 side's size; detach keys work
 * @with_stdin:  pass our stdin on
 * @detach_keys: "ctrl-p,ctrl-q" form, NULL = ATTACH_DETACH_KEYS, "" = none
 * @sig_proxy:   without is_tty: give signals that we get to @kill instead of dying of them: all but
 *		 SIGCHLD, SIGPIPE, SIGURG, SIGWINCH, those of job control, and those that mean that
 *		 we are broken (SIGSEGV …)
 * @kill:        sends @sig to the container; its failure is not fatal
 * @wait_reap:   initial client of a monitor: return only after the container is torn down, and
 *		 when the reader of our stdout goes, the container's is closed as well
 *
 * With is_tty a fatal signal to us restores the terminal and ends us; the container lives on.
 */
struct attach_opts {
	bool is_tty, with_stdin, sig_proxy, wait_reap;
	const char *detach_keys;
	int (*kill)(int sig, void *data);
	void *data;
};

/**
 * attach_run() - relay between our stdio and the monitor at @sock until the end
 * @sock:       attach_pair() or attach_connect(); not consumed
 * @ret_status: exit code of the container, 128 + n after signal n, or ATTACH_DETACHED; 128 + SIGPIPE
 *		when our stdout was closed by its reader and the container lives on
 *
 * Our stdin's end of file is passed on as such. The terminal is as it was on every return.
 *
 * Return: 0; -ECONNRESET when the monitor went without telling an exit status; another error of our
 * stdout (-ENOSPC).
 */
int attach_run(int sock, const struct attach_opts *o, int *ret_status, struct err *e);

/**
 * struct relay_fds - far side of relay_run(): descriptors of the caller, who closes them after it
 * @pty:    master, or -1
 * @in, @out, @err: pipe ends, each may be -1 (not used with @pty). relay_run() closes one to pass on
 *	    an end of file or a reader that went; it is -1 then
 * @pidfd:  its end ends the relay, after what is left in the pipes was passed on
 */
struct relay_fds {
	int pty, in, out, err, pidfd;
};

/**
 * relay_run() - the same for a process of ours (`davit exec`), without a monitor
 * @ret_detached: the user left by the detach keys; else the process behind @pidfd has ended and is
 *		  for the caller to reap
 *
 * Return: 0; an error of our stdout.
 */
int relay_run(struct relay_fds *f, const struct attach_opts *o, bool *ret_detached, struct err *e);

/* attach_keys_check() - -EINVAL with @e unless @keys is of the form "ctrl-p,ctrl-q", "ctrl-@,x" */
int attach_keys_check(const char *keys, struct err *e);

#endif
