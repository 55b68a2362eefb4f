// SPDX-License-Identifier: Apache-2.0
/* davit logs */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fmt.h"
#include "base/fs.h"
#include "base/io.h"
#include "base/libc.h"
#include "cli.h"
#include "commands.h"
#include "engine/container.h"
#include "engine/engine.h"
#include "engine/log.h"

#define FLUSH_SIZE 65536u

struct logs_opts {
	bool follow, timestamps;
	char *tail, *since, *until;
};

/* clang-format off */
static const struct opt logs_options[] = {
	OPT_BOOL('f', "follow", struct logs_opts, follow,         "go on until the container has ended"),
	OPT_WORD('n', "tail", struct logs_opts, tail, "N|all",    "last N lines only"),
	OPT_BOOL('t', "timestamps", struct logs_opts, timestamps, "put the time in front of each line"),
	OPT_WORD(0,   "since", struct logs_opts, since, "TIME",   "lines from then on"),
	OPT_WORD(0,   "until", struct logs_opts, until, "TIME",   "lines up to then"),
	OPT_END
};
/* clang-format on */

/* printer: lines of one stream are collected; a line of the other one flushes, to keep the order */
struct printer {
	bool timestamps, is_stderr;
	bool is_inside; /* the line before this part had no newline */
	struct str out;
};

static int flush(struct printer *p, struct err *e)
{
	int r;

	r = print_str_to(p->is_stderr ? STDERR_FILENO : STDOUT_FILENO, &p->out, e);
	str_truncate(&p->out, 0);
	return r < 0 ? err_wrap(e, r, "print log") : 0;
}

static int print_line(const struct log_entry *l, void *data, struct err *e)
{
	struct printer *p = data;
	char time[FMT_TIME_BUF];
	int r = 0;

	if (!l || l->is_stderr != p->is_stderr || p->out.len >= FLUSH_SIZE)
		r = flush(p, e);
	if (!l || r < 0)
		return r;
	if (p->timestamps && (!p->is_inside || l->is_stderr != p->is_stderr))
		str_addf(&p->out, "%s ", fmt_time(l->time_ns, time));
	p->is_stderr = l->is_stderr;
	p->is_inside = l->len && l->text[l->len - 1] != '\n';
	str_add_mem(&p->out, l->text, l->len);
	return 0;
}

static int parse_tail(const char *text, int64_t *ret, struct err *e)
{
	uint64_t n = 0;

	*ret = -1;
	if (!text || strcmp(text, "all") == 0)
		return 0;
	if (fmt_parse_u64(text, &n) < 0 || n > INT64_MAX)
		return err_plain(e, -EINVAL, "option '--tail': '%s' is not a number or all", text);
	*ret = (int64_t)n;
	return 0;
}

static int parse_time(const char *name, const char *text, int64_t *ret, struct err *e)
{
	int r = text ? log_parse_time(text, fmt_now_ns(), ret) : 0;

	if (r < 0) {
		r = err_plain(e, r, "option '--%s': '%s' is not a time", name, text);
		err_hint(e, "like 2026-01-02T15:04:05Z, 1767366245 or 10m (ago)");
	}
	return r;
}

static int parse(const struct logs_opts *o, struct log_query *q, struct err *e)
{
	int r = parse_tail(o->tail, &q->tail, e);

	if (r == 0)
		r = parse_time("since", o->since, &q->since_ns, e);
	if (r == 0)
		r = parse_time("until", o->until, &q->until_ns, e);
	q->follow = o->follow;
	return r < 0 ? err_exit(e, r, EXIT_WRONG) : 0;
}

/* Where the log is, and what to wait for with --follow. */
static int locate(struct engine *en, const struct container *c, struct log_query *q, struct err *e)
{
	struct container_state s;
	char path[CONTAINER_PATH_MAX];
	int r;

	q->dirfd = log_open_dir(en->store.fd, en->state_fd, c->id, e);
	if (q->dirfd < 0)
		return q->dirfd;
	/* no log is not an empty log */
	if ((c->options.auto_remove || str_eq(c->options.log_driver, "none")) &&
	    !fs_exists(q->dirfd, LOG_FILE)) {
		r = err_plain(e, -ENODATA, "container '%.12s' keeps no log", c->id);
		err_hint(e, "--log-driver none asks for that; the output of 'davit run --rm' in the foreground "
			    "goes straight to whoever started it");
		return r;
	}
	if (!q->follow)
		return 0;
	r = container_state(en, c, &s, e);
	if (r < 0)
		return r;
	if (!s.pid)
		return 0;
	q->pidfd = pidfd_open(s.pid, 0);
	q->run_dirfd = openat(en->state_fd, container_path(path, c->id, NULL),
			      O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	/* a pid is its own only while the container is known to run */
	if (q->pidfd >= 0 && (container_state(en, c, &s, NULL) < 0 || !s.pid))
		q->pidfd = fd_close(q->pidfd);
	return 0;
}

static int logs_main(const void *env, void *opts, int argc, char *argv[], struct err *e)
{
	const struct logs_opts *o = opts;
	_cleanup_engine_ struct engine en = ENGINE_INIT;
	struct printer p = { .timestamps = o->timestamps };
	struct log_query q = { .dirfd = -1, .run_dirfd = -1, .pidfd = -1 };
	struct container c = { .name = NULL };
	int r = parse(o, &q, e);

	(void)argc;
	if (r == 0)
		r = engine_open(env, &en, e);
	if (r == 0)
		r = container_find(&en, argv[0], &c, e);
	if (r == 0)
		r = locate(&en, &c, &q, e);
	if (r == 0)
		r = log_read(&q, print_line, &p, e);
	(void)fd_close(q.dirfd);
	(void)fd_close(q.run_dirfd);
	(void)fd_close(q.pidfd);
	str_done(&p.out);
	container_done(&c);
	/* a reader that has seen enough: end as SIGPIPE would have ended us, with nothing to say */
	return r == -EPIPE ? 128 + SIGPIPE : r;
}

const struct command cmd_logs = {
	.name = "logs",
	.summary = "print what a container has written",
	.usage = "CONTAINER",
	.main = logs_main,
	.options = logs_options,
	COMMAND_OPTS(struct logs_opts),
	.min_args = 1,
	.max_args = 1,
	.details = "TIME is RFC 3339 (2026-01-02T15:04:05Z), seconds since the epoch, or a duration\n"
		   "before now (10m). What the container wrote to stderr goes to stderr.",
};
