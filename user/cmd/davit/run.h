/* SPDX-License-Identifier: Apache-2.0 */
/* What run, start and attach share. */
#ifndef DAVIT_CMD_RUN_H
#define DAVIT_CMD_RUN_H

#include <stdbool.h>

struct console_opts;
struct container;
struct engine;
struct err;

struct attached {
	struct engine *en;
	const struct container *c;
	struct timing *timing; /* or NULL */
	bool tty_proxy; /* struct console_opts */
};

/* attached_run() - be the client behind @sock until the end. *@ret_status: exit code or
 * ATTACH_DETACHED. */
int attached_run(struct attached *a, int sock, bool with_stdin, const char *detach_keys,
		 int *ret_status, struct err *e);

/* attached_join() - be one more client of the container, which runs: @o has all but what the container
 * tells (is_tty, kill, data). *@ret_status: exit code or ATTACH_DETACHED. */
int attached_join(struct engine *en, const struct container *c, struct console_opts *o, int *ret_status,
		  struct err *e);

#endif
