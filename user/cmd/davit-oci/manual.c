// SPDX-License-Identifier: Apache-2.0
/* davit-oci man, completion: what its tables say, for the build and for bash. */
#include "base/cleanup.h"
#include "oci.h"

static int man_main(const void *env, void *opts, int argc, char *argv[], struct err *e)
{
	_cleanup_str_ struct str s = STR_INIT;
	int r = program_man(&davit_oci, argc ? argv[0] : NULL, &s, e);

	(void)env;
	(void)opts;
	return r < 0 ? r : print_str(&s, e);
}

static int completion_main(const void *env, void *opts, int argc, char *argv[], struct err *e)
{
	_cleanup_str_ struct str s = STR_INIT;
	int r = program_completion(&davit_oci, argv[0], &s, e);

	(void)env;
	(void)opts;
	(void)argc;
	return r < 0 ? r : print_str(&s, e);
}

const struct command cmd_man = { .name = "man",
				 .summary = "print the manual page, or its name",
				 .usage = "[PAGE]",
				 .main = man_main,
				 .max_args = 1,
				 .is_hidden = true,
				 .is_for_all = true };
const struct command cmd_completion = {
	.name = "completion",
	.summary = "print a completion script for a shell",
	.usage = "bash",
	.main = completion_main,
	.min_args = 1,
	.max_args = 1,
	.is_for_all = true,
	.details = "To use it at once: source <(davit-oci completion bash)"
};
