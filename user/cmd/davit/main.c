// SPDX-License-Identifier: Apache-2.0
/* davit: the program. */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "cli.h"
#include "commands.h"

struct globals {
	char *root, *state;
	bool version;
};

/* clang-format off */
static const struct opt global_options[] = {
	OPT_STR(0,    "root", struct globals, root, "DIR",   "images and container records (default /var/lib/davit)"),
	OPT_STR(0,    "state", struct globals, state, "DIR", "running state (default /run/davit)"),
	OPT_BOOL('v', "version", struct globals, version,    "print the version"),
	OPT_END
};

static const struct command_text environment[] = {
	{ "DAVIT_ROOT",   "images and container records (default /var/lib/davit)" },
	{ "DAVIT_STATE",  "running state (default /run/davit)" },
	{ "DAVIT_SLICE",  "name of the cgroup that holds all containers, without .slice (default davit)" },
	{ "DAVIT_BPFFS",  "where the BPF programs and maps are pinned (default /sys/fs/bpf)" },
	{ "DAVIT_LIBDIR", "directory of davit-monitor, davit-image, davit-bpf and davit-init" },
	{ NULL, NULL }
};

#define CONTAINERS "davit ps -a --format json 2>/dev/null | sed -n 's/.*\"Names\":\"\\([^\"]*\\)\".*/\\1/p'"
#define IMAGES	   "davit images 2>/dev/null | awk 'NR > 1 { print $1 \":\" $2 }'"

static const struct command_text words[] = {
	{ "CONTAINER", CONTAINERS },
	{ "IMAGE",     IMAGES },
	{ "NAME",      CONTAINERS "; " IMAGES },
	{ NULL, NULL }
};
/* clang-format on */

int cli_format(const char *format, bool *ret_is_json, struct err *e)
{
	*ret_is_json = str_eq(format, "json");
	if (format && !*ret_is_json && !str_eq(format, "table"))
		return err_exit(e,
				err_plain(e, -EINVAL,
					  "option '--format': '%s' is not table or json", format),
				EXIT_WRONG);
	return 0;
}

int cli_print_error(const struct err *e)
{
	return program_tell(&davit, e);
}

int cli_each(int argc, char *argv[], int (*fn)(const char *arg, void *data, struct err *e),
	     void *data)
{
	int status = 0;

	for (int i = 0; i < argc; i++) {
		struct err e = ERR_INIT;

		if (fn(argv[i], data, &e) < 0) {
			(void)cli_print_error(&e);
			status = 1;
		}
	}
	return status;
}

static int begin(void *globals, const struct command *c, const void **ret_env, struct err *e)
{
	static struct env env;
	const struct globals *g = globals;

	(void)c;
	if ((g->root && !*g->root) || (g->state && !*g->state))
		return err_plain(e, -EINVAL, "option '--%s' is empty",
				 g->root && !*g->root ? "root" : "state");
	/* the same variables reach our helper programs */
	if ((g->root && setenv("DAVIT_ROOT", g->root, 1) < 0) ||
	    (g->state && setenv("DAVIT_STATE", g->state, 1) < 0))
		return err_set(e, errno, "set environment");
	*ret_env = &env;
	return env_init(&env, e);
}

const struct program davit = {
	.name = "davit",
	.summary = "container engine",
	.usage = "[--root DIR] [--state DIR] COMMAND [OPTIONS] [ARGS]",
	.version = "davit version " DAVIT_VERSION "\n",
	.options = global_options,
	.version_at = offsetof(struct globals, version),
	.commands = commands,
	.environment = environment,
	.words = words,
	.exit_status = "0, 1 if it failed, 125 if the command line is wrong (unknown option,\n"
		       "number of arguments).",
	.exit_statuses =
		"0; 1 if a command failed; 125 if the command line is wrong (unknown command or "
		"option, number of arguments). \\fBdavit run\\fR, \\fBcreate\\fR and \\fBexec\\fR end with "
		"125 whenever davit failed, otherwise \\fBrun\\fR and \\fBexec\\fR with the status of the "
		"container's command.",
	.places = "images and kept containers are in --root, what runs is in --state",
	.wrong_status = EXIT_WRONG,
	.man_section = '1',
	.begin = begin,
};

int main(int argc, char *argv[])
{
	struct globals g = { .root = NULL };

	return program_main(&davit, &g, argc, argv);
}
