// SPDX-License-Identifier: Apache-2.0
/* davit man: manual pages. For the build. */
#include "base/cleanup.h"
#include "cli.h"
#include "commands.h"

static int man_main(const void *env, void *opts, int argc, char *argv[], struct err *e)
{
	_cleanup_str_ struct str s = STR_INIT;
	int r = program_man(&davit, argc ? argv[0] : NULL, &s, e);

	(void)env;
	(void)opts;
	return r < 0 ? r : print_str(&s, e);
}

const struct command cmd_man = {
	.name = "man",
	.summary = "print a manual page, or the names of all",
	.usage = "[PAGE]",
	.main = man_main,
	.max_args = 1,
	.is_hidden = true,
};
