// SPDX-License-Identifier: Apache-2.0
/* davit kill, stop, pause, unpause, rm, wait, reap: the later part of a container's life. */
#include <errno.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "base/fmt.h"
#include "base/id.h"
#include "cli.h"
#include "engine/container.h"
#include "engine/engine.h"
#include "engine/pause.h"
#include "engine/remove.h"
#include "engine/resolve.h"
#include "engine/run.h"
#include "engine/signal.h"
#include "store/image.h"

struct life_opts {
	char *signal, *timeout; /* text: 0 is not the default */
	bool force, volumes;
	int64_t lock_fd;
};

/* One verb applied to each of the containers named. */
struct each {
	const struct env *env;
	const struct life_opts *opts;
	int (*verb)(struct engine *en, struct container *c, const struct life_opts *o, struct str *out,
		    struct err *e);
	const char *doing;
};

static int rm_one(struct engine *en, struct container *c, const struct life_opts *o, struct str *out,
		  struct err *e)
{
	(void)out;
	return container_remove(en, c, o->force, e);
}

/* Also when somebody else was faster. */
static bool is_absent(struct engine *en, const char *arg)
{
	struct container c = { .name = NULL };
	int r = container_find(en, arg, &c, NULL);

	container_done(&c);
	return r == -ENOENT;
}

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
		r = each->verb(&en, &c, each->opts, &out, e);
	else if (each->verb == rm_one && each->opts->force && r == -EBADMSG && id_is_valid(arg))
		r = container_remove_unreadable(&en, arg, e);
	if (r < 0 && !e->is_plain)
		r = err_wrap(e, r, "cannot %s '%s'", each->doing, arg);
	container_done(&c);
	if (r == -ENOENT && each->verb == rm_one && each->opts->force && is_absent(&en, arg)) {
		(void)cli_print_error(e); /* what was asked for is so, as with Docker */
		return 0;
	}
	if (r < 0)
		return r;
	if (!out.len)
		str_addf(&out, "%s\n", arg);
	return print_str(&out, e);
}

/* Stop signal of the options (@o may be NULL), else of the image; an image that is gone means the
 * default. */
static int stop_signal_of(struct engine *en, const struct container *c, const struct life_opts *o)
{
	struct image im = { .size = 0 };
	int sig = 15;

	if (o && o->signal)
		return fmt_parse_signal(o->signal);
	if (c->options.stop_signal)
		return fmt_parse_signal(c->options.stop_signal);
	if (image_find(&en->store, c->image_id, &im, NULL) == 0) {
		if (im.config.stop_signal && *im.config.stop_signal)
			sig = fmt_parse_signal(im.config.stop_signal);
		image_done(&im);
	}
	return sig > 0 ? sig : 15;
}

static int kill_one(struct engine *en, struct container *c, const struct life_opts *o, struct str *out,
		    struct err *e)
{
	int sig = o->signal ? fmt_parse_signal(o->signal) : 9;
	int r = container_kill(en, c, sig, e);

	(void)out;
	/* who asks it to end wants that now, paused or not; other signals wait */
	if (r == 0 && sig != 9 && sig == stop_signal_of(en, c, NULL))
		r = container_thaw(en, c, e);
	/* SIGKILL cannot be caught: who comes next may rely on the end, as with Docker */
	if (r == 0 && sig == 9)
		(void)container_await_owner(en, c, NULL); /* how it ended is another question */
	return r;
}

static int kill_main(const void *env, void *opts, int argc, char *argv[], struct err *e)
{
	struct life_opts *o = opts;
	struct each each = { env, o, kill_one, "kill" };

	if (o->signal && fmt_parse_signal(o->signal) < 0)
		return err_exit(e, err_plain(e, -EINVAL, "'%s' is no signal", o->signal),
				EXIT_WRONG);
	return cli_each(argc, argv, apply, &each);
}

static int stop_one(struct engine *en, struct container *c, const struct life_opts *o, struct str *out,
		    struct err *e)
{
	const char *text = o->timeout ? o->timeout : c->options.stop_timeout;
	int64_t timeout = 10;
	int r = text ? resolve_stop_timeout(text, &timeout, e) : 0;

	(void)out;
	if (r < 0)
		return r;
	r = container_stop(en, c, stop_signal_of(en, c, o), timeout < 0 ? -1 : timeout * 1000, e);
	if (r == -ESRCH) { /* it has ended: what was asked for */
		err_clear(e);
		r = 0;
	}
	return r;
}

static int stop_main(const void *env, void *opts, int argc, char *argv[], struct err *e)
{
	struct life_opts *o = opts;
	struct each each = { env, o, stop_one, "stop" };
	int64_t timeout;

	if (o->signal && fmt_parse_signal(o->signal) < 0)
		return err_exit(e, err_plain(e, -EINVAL, "'%s' is no signal", o->signal),
				EXIT_WRONG);
	if (o->timeout && resolve_stop_timeout(o->timeout, &timeout, e) < 0)
		return err_exit(e, -EINVAL, EXIT_WRONG);
	return cli_each(argc, argv, apply, &each);
}

static int pause_one(struct engine *en, struct container *c, const struct life_opts *o,
		     struct str *out, struct err *e)
{
	(void)o;
	(void)out;
	return container_pause(en, c, e);
}

static int pause_main(const void *env, void *opts, int argc, char *argv[], struct err *e)
{
	struct each each = { env, opts, pause_one, "pause" };

	(void)e;
	return cli_each(argc, argv, apply, &each);
}

static int unpause_one(struct engine *en, struct container *c, const struct life_opts *o,
		       struct str *out, struct err *e)
{
	(void)o;
	(void)out;
	return container_unpause(en, c, e);
}

static int unpause_main(const void *env, void *opts, int argc, char *argv[], struct err *e)
{
	struct each each = { env, opts, unpause_one, "unpause" };

	(void)e;
	return cli_each(argc, argv, apply, &each);
}

static int rm_main(const void *env, void *opts, int argc, char *argv[], struct err *e)
{
	struct life_opts *o = opts;
	struct each each = { env, o, rm_one, "remove" };

	(void)e;
	return cli_each(argc, argv, apply, &each);
}

static int wait_one(struct engine *en, struct container *c, const struct life_opts *o, struct str *out,
		    struct err *e)
{
	int code = 0, r = container_wait(en, c, &code, e);

	(void)o;
	str_addf(out, "%d\n", code);
	return r;
}

static int wait_main(const void *env, void *opts, int argc, char *argv[], struct err *e)
{
	struct each each = { env, opts, wait_one, "wait for" };

	(void)e;
	return cli_each(argc, argv, apply, &each);
}

static int reap_main(const void *env, void *opts, int argc, char *argv[], struct err *e)
{
	struct life_opts *o = opts;
	_cleanup_engine_ struct engine en = ENGINE_INIT;
	struct container c = { .name = NULL };
	int r = engine_open(env, &en, e);

	(void)argc;
	if (o->lock_fd < 3)
		return err_plain(e, -EINVAL, "option '--lock' is required");
	if (r == 0)
		r = container_load(&en, argv[0], &c, e);
	if (r == 0)
		r = run_reap(&en, &c, (int)o->lock_fd, e);
	container_done(&c);
	return r;
}

/* clang-format off */
static const struct opt kill_options[] = {
	OPT_WORD('s',"signal", struct life_opts, signal, "SIGNAL", "signal to send (default SIGKILL)"),
	OPT_END
};
static const struct opt stop_options[] = {
	OPT_WORD('s',"signal", struct life_opts, signal, "SIGNAL", "signal to send first (default: the container's stop signal)"),
	OPT_WORD('t', "timeout|time", struct life_opts, timeout, "SECONDS", "time before SIGKILL (default: the container's, or 10; -1 = wait for ever)"),
	OPT_END
};
static const struct opt rm_options[] = {
	OPT_BOOL('f', "force", struct life_opts, force,     "kill it first if it runs; that there is none is no failure"),
	OPT_BOOL('v', "volumes", struct life_opts, volumes, "with its anonymous volumes (which end with it anyway)"),
	OPT_END
};
static const struct opt reap_options[] = {
	OPT_INT(0,   "lock", struct life_opts, lock_fd, "FD", "the owner's lock"),
	OPT_END
};
/* clang-format on */

const struct command cmd_kill = { .name = "kill", .summary = "send a signal to containers", .usage = "CONTAINER...",
				  .main = kill_main, .options = kill_options, COMMAND_OPTS(struct life_opts),
				  .min_args = 1, .max_args = -1 };
const struct command cmd_stop = { .name = "stop", .summary = "stop containers", .usage = "CONTAINER...",
				  .main = stop_main, .options = stop_options, COMMAND_OPTS(struct life_opts),
				  .min_args = 1, .max_args = -1 };
const struct command cmd_pause = {
	.name = "pause",
	.summary = "stop all processes of containers where they are",
	.usage = "CONTAINER...",
	.main = pause_main,
	COMMAND_OPTS(struct life_opts),
	.min_args = 1,
	.max_args = -1,
	.details =
		"By the freezer of the container's cgroup: its processes are not told and cannot refuse.\n"
		"They keep their memory and their connections. 'davit unpause' lets them go on. A paused\n"
		"container can be stopped, killed and removed with 'rm -f'; 'stop', and 'kill' with its\n"
		"stop signal, let it go on to obey; other signals arrive when it is unpaused.",
};
const struct command cmd_unpause = {
	.name = "unpause",
	.summary = "let paused containers go on",
	.usage = "CONTAINER...",
	.main = unpause_main,
	COMMAND_OPTS(struct life_opts),
	.min_args = 1,
	.max_args = -1,
};
const struct command cmd_rm = { .name = "rm", .summary = "remove containers", .usage = "CONTAINER...",
				.main = rm_main, .options = rm_options, COMMAND_OPTS(struct life_opts),
				.min_args = 1, .max_args = -1 };
const struct command cmd_wait = { .name = "wait", .summary = "wait for containers to end, print their exit codes",
				  .usage = "CONTAINER...", .main = wait_main, COMMAND_OPTS(struct life_opts),
				  .min_args = 1, .max_args = -1 };
const struct command cmd_reap = { .name = "reap", .summary = "take down a container that has ended", .usage = "ID",
				  .main = reap_main, .options = reap_options, COMMAND_OPTS(struct life_opts),
				  .min_args = 1, .max_args = 1, .is_hidden = true };
