// SPDX-License-Identifier: Apache-2.0
/* davit completion: a script for bash. */
#include "base/cleanup.h"
#include "cli.h"
#include "commands.h"

static int completion_main(const void *env, void *opts, int argc, char *argv[], struct err *e)
{
	_cleanup_str_ struct str s = STR_INIT;
	int r = program_completion(&davit, argv[0], &s, e);

	(void)env;
	(void)opts;
	(void)argc;
	return r < 0 ? r : print_str(&s, e);
}

const struct command cmd_completion = {
	.name = "completion",
	.summary = "print a completion script for a shell",
	.usage = "bash",
	.main = completion_main,
	.min_args = 1,
	.max_args = 1,
	.details = "To use it at once: source <(davit completion bash)",
};
