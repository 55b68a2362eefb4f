/* SPDX-License-Identifier: Apache-2.0 */
/* Our terminal or pipes at a container: a client of its monitor, or of an exec'ed process. */
#ifndef DAVIT_ENGINE_ATTACH_H
#define DAVIT_ENGINE_ATTACH_H

#include <stdbool.h>

#include "kern/attach_socket.h"
#include "runtime/console.h"

struct err;

#define ATTACH_DETACHED (-1) /* *ret_status: the user left by the detach keys */

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
int attach_run(int sock, const struct console_opts *o, int *ret_status, struct err *e);

#endif
