/* SPDX-License-Identifier: Apache-2.0 */
/* What the commands of `davit` share; their main() gets the struct env. */
#ifndef DAVIT_CMD_CLI_H
#define DAVIT_CMD_CLI_H

#include <stdbool.h>

#include "base/command.h"
#include "base/env.h"
#include "base/err.h"
#include "base/opt.h"
#include "base/str.h"

/* Exit statuses beside EXIT_SUCCESS and EXIT_FAILURE, which is that of a command that failed. */
#define EXIT_WRONG 125 /* the command line, before the command began */
#define EXIT_NOT_RUN 125 /* of run, create, exec: it was not the container's command that failed */

#define EXIT_STATUS_OF_COMMAND                                                           \
	"125 if davit failed, 126 if the command cannot be executed, 127 if it is not\n" \
	"found, 128+N if signal N ended it, otherwise its own."

extern const struct program davit;

/* cli_format() - "--format": NULL, "table" -> false; "json" -> true; else -EINVAL with @e */
int cli_format(const char *format, bool *ret_is_json, struct err *e);

/* cli_print_error() - "davit: msg: errno text" and the hint to stderr. Return: exit status. */
int cli_print_error(const struct err *e);

/* cli_each() - run @fn for every argument; errors are printed as they happen and the rest goes on.
 * Return: 0, or 1 if any failed. */
int cli_each(int argc, char *argv[],
	     int (*fn)(const char *arg, void *data, struct err *e), void *data);

#endif
