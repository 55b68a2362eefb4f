// SPDX-License-Identifier: Apache-2.0
/* davit run, create, start. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/timing.h"
#include "cli.h"
#include "demo_image.h"
#include "engine/attach.h"
#include "engine/container.h"
#include "engine/engine.h"
#include "engine/options.h"
#include "engine/resolve.h"
#include "engine/run.h"
#include "engine/signal.h"
#include "run.h"
#include "store/image.h"

struct run_opts {
	struct container_options container;
	bool detach, timings;
	char *cidfile, *pidfile, *detach_keys;
};

/* clang-format off */
static const struct opt create_options[] = {
	OPT_INCLUDE(container_options, struct run_opts, container),
	OPT_WORD(0,  "cidfile", struct run_opts, cidfile, "FILE",  "write the container's id to FILE"),
	OPT_END
};
static const struct opt run_options[] = {
	OPT_INCLUDE(create_options, struct run_opts, container),
	OPT_BOOL('d', "detach", struct run_opts, detach,           "run in the background and print the id"),
	OPT_WORD(0,  "pidfile", struct run_opts, pidfile, "FILE",  "write the pid of the container's first process to FILE"),
	OPT_WORD(0,  "detach-keys", struct run_opts, detach_keys, "KEYS", "keys that detach (default ctrl-p,ctrl-q)"),
	OPT_BOOL(0,  "timings", struct run_opts, timings,          "tell the nanoseconds of each phase on standard error"),
	OPT_END
};
/* clang-format on */

static int send_signal(int sig, void *data)
{
	struct attached *a = data;

	return container_kill(a->en, a->c, sig, NULL);
}

int attached_run(struct attached *a, int sock, bool with_stdin, const char *detach_keys, int *ret_status,
		 struct err *e)
{
	struct console_opts o = {
		.is_tty = a->c->options.tty,
		.with_stdin = with_stdin,
		.sig_proxy = true,
		.tty_proxy = a->tty_proxy,
		.wait_reap = true,
		/* with a log it goes on: the log has what nobody reads here */
		.close_output = a->c->options.auto_remove ||
				str_eq(a->c->options.log_driver, "none"),
		.detach_keys = detach_keys,
		.timing = a->timing,
		.kill = send_signal,
		.data = a,
	};

	return attach_run(sock, &o, ret_status, e);
}

/* A file that must not be there yet; made before the container, so that its failure costs nothing. */
static int open_new_file(const char *path, struct err *e)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644), r;

	if (fd >= 0)
		return fd;
	r = err_set(e, errno, "create '%s'", path);
	if (r == -EEXIST)
		err_hint(e, "the file of another container is not overwritten; remove it first");
	return r;
}

static int write_id(const char *path, const char *id, struct err *e)
{
	_cleanup_fd_ int fd = path ? open_new_file(path, e) : -1;
	int r;

	if (!path)
		return 0;
	if (fd < 0)
		return fd;
	r = io_write_full(fd, id, strlen(id));
	return r < 0 ? err_set(e, r, "write '%s'", path) : 0;
}

static int write_pid(pid_t pid, const char *path, struct err *e)
{
	char text[16];

	if (!path)
		return 0;
	(void)err_format(text, sizeof(text), "%d", pid);
	return io_replace_file(AT_FDCWD, path, text, strlen(text), 0644, 0, e);
}

#define STATUS_STARTED (-2) /* an error, but not of the start */

/* Not all that was asked for could be done, but the container was started: it stays as it is. */
static int started_but(const struct container *c, int r, struct err *e)
{
	char buf[NAME_MAX_LEN + 1];
	const char *name = container_name(c, buf);

	(void)err_wrap(e, r, "'%s' was started, but", name);
	err_hint(e, "'davit ps -a' tells whether it runs; 'davit rm -f %s' ends and removes it",
		 name);
	return r;
}

static int print_timings(const struct timing *t, struct err *e)
{
	_cleanup_str_ struct str s = STR_INIT;

	for (int i = 0; i < TIMING_COUNT; i++)
		if (t->ns[i])
			str_addf(&s, "%-10s %10llu ns\n", timing_name((enum timing_phase)i),
				 (unsigned long long)t->ns[i]);
		else /* not measured: in another process, or not at all */
			str_addf(&s, "%-10s          - ns\n", timing_name((enum timing_phase)i));
	if (str_failed(&s))
		return err_set(e, ENOMEM, "print timings");
	(void)io_write_full(STDERR_FILENO, s.p, s.len); /* told on the side */
	return 0;
}

static int print_id(const struct container *c, struct err *e)
{
	_cleanup_str_ struct str s = STR_INIT;

	str_addf(&s, "%s\n", c->id);
	return print_str(&s, e);
}

/* In the foreground: monitor in between, we are its first client. */
static int run_attached(struct engine *en, struct container *c, const struct image *im,
			const struct run_opts *o, struct timing *t, int *ret_status, struct err *e)
{
	struct attached a = { en, c, t, true };
	_cleanup_fd_ int ours = -1;
	int pair[2], r;
	pid_t pid;

	r = attach_pair(pair, e);
	if (r < 0)
		return r;
	ours = pair[0];
	r = run_monitored(en, c, im, pair[1], t, &pid, e);
	if (r < 0)
		return r;
	r = write_pid(pid, o->pidfile, e);
	if (r == 0)
		r = attached_run(&a, ours, c->options.interactive, o->detach_keys, ret_status, e);
	if (t && t->ns[TIMING_EXIT]) /* it has ended; else it was left running */
		timing_mark(t, TIMING_TEARDOWN);
	if (r == 0)
		return 0;
	*ret_status = STATUS_STARTED;
	return started_but(c, r, e);
}

static int run_image(struct engine *en, struct container *c, const struct image *im,
		     const struct run_opts *o, struct timing *t, int *ret_status, struct err *e)
{
	pid_t pid;
	int r;

	*ret_status = 0;
	if (o->detach) {
		r = run_monitored(en, c, im, -1, t, &pid, e);
		if (r < 0)
			return r;
		r = write_pid(pid, o->pidfile, e);
		if (r == 0)
			r = print_id(c, e);
		if (r == 0)
			return 0;
		*ret_status = STATUS_STARTED;
		return started_but(c, r, e);
	}
	if (run_can_be_direct(c) && !o->pidfile)
		return run_direct(en, c, im, t, ret_status, e);
	return run_attached(en, c, im, o, t, ret_status, e);
}

static int fill(struct container *c, struct run_opts *o, int argc, char *argv[], struct err *e)
{
	c->options = o->container; /* moved */
	o->container = (struct container_options){ .name = NULL };
	c->image = strdup(argv[0]);
	if (!c->image)
		return err_set(e, ENOMEM, "run '%s'", argv[0]);
	for (int i = 1; i < argc; i++)
		if (strv_add(&c->args, argv[i]) < 0)
			return err_set(e, ENOMEM, "run '%s'", argv[0]);
	return resolve_env_options(&c->options, e);
}

static int what(const struct container *c, int r, struct err *e)
{
	char buf[NAME_MAX_LEN + 1];

	/* "cannot run" reads badly before an option's own message */
	return c->id[0] && !e->is_plain ? err_wrap(e, r, "cannot start '%s'", container_name(c, buf)) : r;
}

/* Before the start: what fails behind it leaves a container that runs. */
static int check_pidfile(const struct run_opts *o, struct err *e)
{
	const char *slash = o->pidfile ? strrchr(o->pidfile, '/') : NULL;
	_cleanup_free_ char *dir = NULL;
	struct stat st;

	if (!o->pidfile)
		return 0;
	if (str_eq(o->cidfile, o->pidfile))
		return err_plain(e, -EINVAL,
				 "options '--cidfile' and '--pidfile' name the same file");
	dir = slash ? strndup(o->pidfile, slash == o->pidfile ? 1 : (size_t)(slash - o->pidfile)) :
		      strdup(".");
	if (!dir)
		return err_set(e, ENOMEM, "option '--pidfile'");
	if (access(dir, W_OK | X_OK) < 0)
		return err_set(e, errno, "create '%s'", o->pidfile);
	if (stat(o->pidfile, &st) == 0 && S_ISDIR(st.st_mode))
		return err_set(e, EISDIR, "create '%s'", o->pidfile);
	return 0;
}

static int check(const struct run_opts *o, const struct container *c, struct err *e)
{
	if (o->detach_keys && console_keys_check(o->detach_keys, e) < 0)
		return -EINVAL;
	if (c->options.tty && !o->detach && c->options.interactive && !isatty(STDIN_FILENO))
		return err_plain(e, -ENOTTY, "option '--tty': standard input is not a terminal");
	return check_pidfile(o, e);
}

/* What has never run is of no use to who got an error instead of its id. Return: it is gone. */
static bool discard_unstarted(struct engine *en, const struct container *c)
{
	struct container_state st;
	int r = container_state(en, c, &st, NULL);

	if (r == 0 && st.status == CONTAINER_CREATED && !st.has_owner)
		r = container_discard(en, c) == 0 ? -ENOENT : 0;
	return r == -ENOENT; /* with --rm it ended with its start */
}

/* What run and create work on. */
struct made {
	struct engine en;
	struct image im;
	struct container c;
};

static void made_done(struct made *m)
{
	image_done(&m->im);
	container_done(&m->c);
	engine_done(&m->en);
}

static int find_image(const struct env *env, struct made *m, struct err *e)
{
	struct err why = ERR_INIT;
	int r = image_find(&m->en.store, m->c.image, &m->im, e), s;

	if (r != -ENOENT || !demo_image_is(m->c.image))
		return r;
	/* what comes with davit needs no import; if it was not installed, it is an image as any other */
	s = demo_image_import(env, &why);
	if (s == -ENOENT)
		return r;
	err_clear(e);
	if (s < 0) {
		*e = why;
		return s;
	}
	return image_find(&m->en.store, m->c.image, &m->im, e);
}

/* The container that the command line describes, and its id in a file. */
static int make(const struct env *env, const struct run_opts *o, struct made *m, struct err *e)
{
	int r = engine_open(env, &m->en, e);

	if (r == 0)
		r = find_image(env, m, e);
	if (r == 0)
		r = container_create(&m->en, &m->c, &m->im, e);
	if (r < 0)
		return r;
	r = write_id(o->cidfile, m->c.id, e);
	if (r < 0)
		(void)discard_unstarted(&m->en, &m->c); /* the file's error is the one to tell */
	return r;
}

static int run_main(const void *env, void *opts, int argc, char *argv[], struct err *e)
{
	struct run_opts *o = opts;
	struct timing timing = { 0 }, *t = o->timings ? &timing : NULL;
	struct made m = { .en = ENGINE_INIT };
	int status = 0, r;

	timing_begin(t);
	r = fill(&m.c, o, argc, argv, e);
	m.c.is_ephemeral = m.c.options.auto_remove;
	if (r == 0)
		r = check(o, &m.c, e);
	if (r == 0)
		r = make(env, o, &m, e);
	if (r == 0) {
		r = run_image(&m.en, &m.c, &m.im, o, t, &status, e);
		if (r < 0 && discard_unstarted(&m.en, &m.c) && o->cidfile)
			(void)unlink(o->cidfile); /* made by us, and wrong now */
	}
	if (r < 0 && status != STATUS_STARTED)
		r = what(&m.c, r, e);
	made_done(&m);
	if (r == 0 && t)
		r = print_timings(t, e);
	return r < 0 ? r : status == ATTACH_DETACHED ? 0 : status;
}

static int create_main(const void *env, void *opts, int argc, char *argv[], struct err *e)
{
	struct run_opts *o = opts;
	struct made m = { .en = ENGINE_INIT };
	int r = fill(&m.c, o, argc, argv, e);

	if (r == 0)
		r = make(env, o, &m, e);
	if (r == 0) {
		r = print_id(&m.c, e);
		if (r < 0)
			(void)discard_unstarted(&m.en,
						&m.c); /* who does not know its id cannot use it */
	}
	made_done(&m);
	return r;
}

const struct command cmd_run = {
	.name = "run",
	.summary = "create and start a container",
	.usage = "IMAGE [COMMAND [ARG...]]",
	.main = run_main,
	.options = run_options,
	COMMAND_OPTS(struct run_opts),
	.min_args = 1,
	.max_args = -1,
	.failed_status = EXIT_NOT_RUN,
	.exit_status = EXIT_STATUS_OF_COMMAND,
	.details =
		"In the foreground signals go to the container, with and without a terminal. A terminal that\n"
		"hangs up is detached from. When the reader of the output goes, the container gets SIGPIPE as\n"
		"it would without davit; one that has a log goes on, and run ends with 141.\n",
};

const struct command cmd_create = {
	.name = "create",
	.summary = "create a container without starting it",
	.usage = "IMAGE [COMMAND [ARG...]]",
	.main = create_main,
	.options = create_options,
	COMMAND_OPTS(struct run_opts),
	.min_args = 1,
	.max_args = -1,
	.failed_status = EXIT_NOT_RUN,
	.exit_status = "0, or 125 if davit failed.",
};
