// SPDX-License-Identifier: Apache-2.0
/* davit start */
#include <errno.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "cli.h"
#include "engine/attach.h"
#include "engine/container.h"
#include "engine/engine.h"
#include "engine/pause.h"
#include "engine/run.h"
#include "run.h"
#include "store/image.h"

struct start_opts {
	bool attach, interactive;
	char *detach_keys;
};

/* clang-format off */
static const struct opt start_options[] = {
	OPT_BOOL('a', "attach", struct start_opts, attach,           "attach to its output, pass signals on, exit with its status"),
	OPT_BOOL('i', "interactive", struct start_opts, interactive, "pass our input on (implies --attach)"),
	OPT_WORD(0,  "detach-keys", struct start_opts, detach_keys, "KEYS", "keys that detach (default ctrl-p,ctrl-q)"),
	OPT_END
};
/* clang-format on */

struct start_one {
	const struct env *env;
	const struct start_opts *opts;
	int status;
};

static int start_container(struct engine *en, struct container *c, struct start_one *s, struct err *e)
{
	struct attached a = { .en = en, .c = c };
	struct image im = { .size = 0 };
	_cleanup_fd_ int ours = -1;
	bool attach = s->opts->attach || s->opts->interactive;
	int pair[2] = { -1, -1 }, r;

	r = image_find(&en->store, c->image_id, &im, e);
	if (r < 0)
		return err_wrap(e, r, "image of the container");
	r = attach ? attach_pair(pair, e) : 0;
	ours = pair[0];
	if (r == 0)
		r = run_monitored(en, c, &im, pair[1], NULL, NULL, e);
	image_done(&im);
	if (r < 0 || !attach)
		return r;
	return attached_run(&a, ours, s->opts->interactive && c->options.interactive, s->opts->detach_keys,
			    &s->status, e);
}

/* Starting what runs is no error, as with Docker; asked for, its output is shown from now on. */
static int join_running(struct engine *en, const struct container *c, struct start_one *s, struct err *e)
{
	struct console_opts o = {
		.sig_proxy = true,
		.with_stdin = s->opts->interactive,
		.detach_keys = s->opts->detach_keys,
	};

	return s->opts->attach || s->opts->interactive ? attached_join(en, c, &o, &s->status, e) : 0;
}

/* Somebody else is starting it: then it runs, unless that fails, which is for them to tell and for us to try. */
static int start_or_join(struct engine *en, struct container *c, struct start_one *s, struct err *e)
{
	const struct timespec pause = { .tv_nsec = 10000000 };
	struct container_state st;
	int r = 0;

	for (int tries = 0; tries < 1000; tries++) {
		r = container_state(en, c, &st, e);
		if (r == 0)
			r = pause_refuse(c, &st, "start", e);
		if (r < 0)
			return r;
		if (st.status == CONTAINER_RUNNING)
			return join_running(en, c, s, e);
		r = start_container(en, c, s, e);
		if (r != -EALREADY)
			return r;
		if (tries < 999)
			err_clear(e);
		(void)nanosleep(&pause, NULL);
	}
	return r;
}

static int start_by_name(const char *arg, void *data, struct err *e)
{
	struct start_one *s = data;
	_cleanup_engine_ struct engine en = ENGINE_INIT;
	_cleanup_str_ struct str out = STR_INIT;
	struct container c = { .name = NULL };
	int r = engine_open(s->env, &en, e);

	if (r == 0)
		r = container_find(&en, arg, &c, e);
	if (r == 0)
		r = start_or_join(&en, &c, s, e);
	if (r < 0)
		r = err_wrap(e, r, "cannot start '%s'", arg);
	container_done(&c);
	if (r < 0 || s->opts->attach || s->opts->interactive)
		return r;
	str_addf(&out, "%s\n", arg);
	return print_str(&out, e);
}

static int start_main(const void *env, void *opts, int argc, char *argv[], struct err *e)
{
	struct start_opts *o = opts;
	struct start_one s = { .env = env, .opts = o };
	int failed;

	if (o->detach_keys && console_keys_check(o->detach_keys, e) < 0)
		return err_exit(e, -EINVAL, EXIT_WRONG);
	if ((o->attach || o->interactive) && argc > 1)
		return err_plain(e, -EINVAL, "only one container can be attached to at a time");
	if (o->attach || o->interactive) {
		int r = start_by_name(argv[0], &s, e);

		return r < 0 ? r : s.status == ATTACH_DETACHED ? 0 : s.status;
	}
	failed = cli_each(argc, argv, start_by_name, &s);
	return failed;
}

const struct command cmd_start = {
	.name = "start",
	.summary = "start containers that are created or have ended",
	.usage = "CONTAINER...",
	.main = start_main,
	.options = start_options,
	COMMAND_OPTS(struct start_opts),
	.min_args = 1,
	.max_args = -1,
	.exit_status =
		"0; with --attach or --interactive that of the container, 0 after the detach keys,\n"
		"126 or 127 if its command cannot be executed or is not found; 1 if davit failed,\n"
		"125 if the command line is wrong.",
};
