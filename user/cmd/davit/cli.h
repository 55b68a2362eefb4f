/* SPDX-License-Identifier: Apache-2.0 */
/* The command table of `davit` and what every command gets. */
#ifndef DAVIT_CMD_CLI_H
#define DAVIT_CMD_CLI_H

#include <stdbool.h>

#include "base/env.h"
#include "base/err.h"
#include "base/opt.h"
#include "base/str.h"

/**
 * struct command - one row per command: dispatch, help, completion, man page
 * @usage:     what follows the options: "IMAGE [COMMAND [ARG...]]"
 * @main:      @opts is a zeroed struct of @opts_size filled from @options; @argv holds the
 *	       arguments behind the options. Return: exit status >= 0, or -errno with @e filled;
 *	       the dispatcher prints the error; -ECANCELED alone asks it for the help.
 * @min_args, @max_args: number of arguments; max -1 = any
 * @details:   further paragraphs of help and man page, may be NULL
 */
struct command {
	const char *name, *summary, *usage;
	int (*main)(const struct env *env, void *opts, int argc, char *argv[], struct err *e);
	const struct opt *options;
	unsigned int opts_size;
	int min_args, max_args;
	const char *details;
	bool is_hidden;
};

extern const struct opt cli_global_options[]; /* those before the command */

#define CMD_OPTS(type) .opts_size = sizeof(type)

/* cli_print() - write all of @s to stdout. Return: 0 or -errno (EPIPE, ENOSPC …) with @e. */
int cli_print(const struct str *s, struct err *e);

/* cli_format() - "--format": NULL, "table" -> false; "json" -> true; else -EINVAL with @e */
int cli_format(const char *format, bool *ret_is_json, struct err *e);

/* cli_print_error() - "davit: msg: errno text" and the hint to stderr. Return: exit status. */
int cli_print_error(const struct err *e);

/* cli_each() - run @fn for every argument; errors are printed as they happen and the rest goes on.
 * Return: 0, or 1 if any failed. */
int cli_each(int argc, char *argv[],
	     int (*fn)(const char *arg, void *data, struct err *e), void *data);

#endif
