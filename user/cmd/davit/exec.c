// SPDX-License-Identifier: Apache-2.0
/* davit exec */
#include <errno.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "cli.h"
#include "engine/attach.h"
#include "engine/container.h"
#include "engine/engine.h"
#include "engine/exec.h"
#include "engine/resolve.h"
#include "kern/self.h"

/* clang-format off */
static const struct opt exec_options[] = {
	OPT_BOOL('d', "detach", struct exec_options, detach,           "do not wait for it"),
	OPT_BOOL('i', "interactive", struct exec_options, interactive, "pass our input on"),
	OPT_BOOL('t', "tty", struct exec_options, tty,                 "give it a terminal"),
	OPT_LIST('e', "env", struct exec_options, env, "KEY[=VALUE]",  "set an environment variable"),
	OPT_LIST(0,   "env-file", struct exec_options, env_file, "FILE", "read environment variables from a file"),
	OPT_WORD('u', "user", struct exec_options, user, "USER[:GROUP]", "user and group, by name or number"),
	OPT_WORD('w', "workdir", struct exec_options, workdir, "DIR",  "working directory"),
	OPT_BOOL(0,   "privileged", struct exec_options, privileged,   "all capabilities, no seccomp filter"),
	OPT_WORD(0,   "detach-keys", struct exec_options, detach_keys, "KEYS", "keys that detach (default ctrl-p,ctrl-q)"),
	OPT_END
};
/* clang-format on */

static int exec_main(const void *env, void *opts, int argc, char *argv[], struct err *e)
{
	struct exec_options *o = opts;
	struct container_options names = { .env = o->env, .env_file = o->env_file };
	_cleanup_engine_ struct engine en = ENGINE_INIT;
	struct container c = { .name = NULL };
	int code = 0, r = engine_open(env, &en, e);

	if (r == 0)
		r = container_find(&en, argv[0], &c, e);
	/* before files and pipes of options are read */
	if (r == 0 && exec_needs_seal(&c))
		r = self_seal(env, e);
	if (r == 0)
		r = resolve_env_options(&names, e);
	o->env = names.env;
	o->env_file = names.env_file;
	if (r == 0 && o->detach_keys)
		r = console_keys_check(o->detach_keys, e);
	if (r == 0 && o->tty && o->interactive && !o->detach && !isatty(STDIN_FILENO))
		r = err_plain(e, -ENOTTY, "option '--tty': standard input is not a terminal");
	for (int i = 1; r == 0 && i < argc; i++)
		if (strv_add(&o->args, argv[i]) < 0)
			r = err_set(e, ENOMEM, "exec");
	if (r == 0)
		r = container_exec(&en, &c, o, &code, e);
	if (r < 0 && !e->is_plain)
		r = err_wrap(e, r, "cannot exec in '%s'", argv[0]);
	strv_done(&o->args);
	container_done(&c);
	return r < 0 ? r : code;
}

const struct command cmd_exec = {
	.name = "exec",
	.summary = "run a command in a running container",
	.usage = "CONTAINER COMMAND [ARG...]",
	.main = exec_main,
	.options = exec_options,
	COMMAND_OPTS(struct exec_options),
	.min_args = 2,
	.max_args = -1,
	.failed_status = EXIT_NOT_RUN,
	.exit_status = EXIT_STATUS_OF_COMMAND,
};
