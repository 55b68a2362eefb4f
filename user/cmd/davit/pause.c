// SPDX-License-Identifier: Apache-2.0
/* davit pause, unpause */
#include "engine/pause.h"

#include <errno.h>

#include "base/cleanup.h"
#include "cli.h"
#include "commands.h"
#include "engine/container.h"
#include "engine/engine.h"

struct each {
	const struct env *env;
	int (*verb)(struct engine *en, const struct container *c, struct err *e);
	const char *doing;
};

static int apply(const char *arg, void *data, struct err *e)
{
	const struct each *each = data;
	_cleanup_engine_ struct engine en = ENGINE_INIT;
	_cleanup_str_ struct str out = STR_INIT;
	struct container c = { .name = NULL };
	int r = engine_open(each->env, &en, e);

	if (r == 0)
		r = container_find(&en, arg, &c, e);
	if (r == 0)
		r = each->verb(&en, &c, e);
	if (r < 0 && !e->is_plain)
		r = err_wrap(e, r, "cannot %s '%s'", each->doing, arg);
	container_done(&c);
	if (r < 0)
		return r;
	str_addf(&out, "%s\n", arg);
	return print_str(&out, e);
}

static int pause_main(const void *env, void *opts, int argc, char *argv[], struct err *e)
{
	struct each each = { env, container_pause, "pause" };

	(void)opts;
	(void)e;
	return cli_each(argc, argv, apply, &each);
}

static int unpause_main(const void *env, void *opts, int argc, char *argv[], struct err *e)
{
	struct each each = { env, container_unpause, "unpause" };

	(void)opts;
	(void)e;
	return cli_each(argc, argv, apply, &each);
}

const struct command cmd_pause = {
	.name = "pause",
	.summary = "stop all processes of containers where they are",
	.usage = "CONTAINER...",
	.main = pause_main,
	.min_args = 1,
	.max_args = -1,
	.details = "By the freezer of the container's cgroup: its processes are not told and cannot refuse.\n"
		   "They keep their memory and their connections. 'davit unpause' lets them go on. A paused\n"
		   "container can be stopped, killed and removed with 'rm -f'; 'stop', and 'kill' with its\n"
		   "stop signal, let it go on to obey; other signals arrive when it is unpaused.",
};

const struct command cmd_unpause = {
	.name = "unpause",
	.summary = "let paused containers go on",
	.usage = "CONTAINER...",
	.main = unpause_main,
	.min_args = 1,
	.max_args = -1,
};
