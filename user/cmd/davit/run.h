/* SPDX-License-Identifier: Apache-2.0 */
/* What run and start share. */
#ifndef DAVIT_CMD_RUN_H
#define DAVIT_CMD_RUN_H

#include <stdbool.h>

struct container;
struct engine;
struct err;

struct attached {
	struct engine *en;
	const struct container *c;
};

/* attached_run() - be the client behind @sock until the end. *@ret_status: exit code or
 * ATTACH_DETACHED. */
int attached_run(struct attached *a, int sock, bool with_stdin, const char *detach_keys,
		 int *ret_status, struct err *e);

#endif
