/* SPDX-License-Identifier: Apache-2.0 */
/* The terminal of a bundle's process, made in the container; runs in the child (bundle_steps.c). */
#ifndef DAVIT_RUNTIME_BUNDLE_TTY_H
#define DAVIT_RUNTIME_BUNDLE_TTY_H

#include <stdbool.h>

struct bundle_launch;
struct err;

/**
 * bundle_tty_setup() - a pty of the devpts below the working directory becomes 0, 1 and 2
 * @b:		 console_fd gets the master by SCM_RIGHTS; console_size
 * @has_console: show it as /dev/console, too
 *
 * What is opened must be the multiplexer of a devpts file system: an image can put anything there.
 */
int bundle_tty_setup(const struct bundle_launch *b, bool has_console, struct err *e);

#endif
