/* SPDX-License-Identifier: Apache-2.0 */
/* The command table of `davit` and what every command gets. */
#ifndef DAVIT_CMD_CLI_H
#define DAVIT_CMD_CLI_H

#include <stdbool.h>

#include "base/env.h"
#include "base/err.h"
#include "base/opt.h"
#include "base/str.h"

/* Exit statuses beside EXIT_SUCCESS and EXIT_FAILURE, which is that of a command that failed. */
#define EXIT_WRONG 125 /* the command line, before the command began */
#define EXIT_NOT_RUN 125 /* of run, create, exec: it was not the container's command that failed */

/**
 * struct command - one row per command: dispatch, help, completion, man page
 * @usage:     what follows the options: "IMAGE [COMMAND [ARG...]]"
 * @main:      @opts is a zeroed struct of @opts_size filled from @options; @argv holds the
 *	       arguments behind the options. Return: exit status >= 0, or -errno with @e filled;
 *	       the dispatcher prints the error; -ECANCELED alone asks it for the help.
 * @min_args, @max_args: number of arguments; max -1 = any
 * @details:   further paragraphs of help and man page, may be NULL
 * @failed_status: exit status of an error of @main that asks for none; 0 = EXIT_FAILURE
 * @exit_status:   text of help and man page, NULL = what cli_exit_status() says of most
 */
struct command {
	const char *name, *summary, *usage;
	int (*main)(const struct env *env, void *opts, int argc, char *argv[], struct err *e);
	const struct opt *options;
	unsigned int opts_size;
	int min_args, max_args;
	const char *details;
	int failed_status;
	const char *exit_status;
	bool is_hidden;
};

#define EXIT_STATUS_OF_COMMAND                                                           \
	"125 if davit failed, 126 if the command cannot be executed, 127 if it is not\n" \
	"found, 128+N if signal N ended it, otherwise its own."

extern const struct opt cli_global_options[]; /* those before the command */

#define CMD_OPTS(type) .opts_size = sizeof(type)

/* cli_find_command() - row of the command table, NULL = there is none of this name */
const struct command *cli_find_command(const char *name);

/* cli_unknown_command() - the error for a name that is none, with the nearest as hint. Return: -EINVAL. */
int cli_unknown_command(const char *name, struct err *e);

/* cli_help(), cli_help_command() - append the help of davit, of one command */
void cli_help(struct str *out);
void cli_help_command(const struct command *c, struct str *out);

/* cli_exit_status() - what help and man page say of a command's exit status */
const char *cli_exit_status(const struct command *c);

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
