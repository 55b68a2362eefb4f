// SPDX-License-Identifier: Apache-2.0
/* davit-image: the work on images that needs heavy libraries; davit starts it for load and import. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/env.h"
#include "base/err.h"
#include "base/fmt.h"
#include "base/io.h"
#include "base/opt.h"
#include "image/import.h"
#include "image/load.h"
#include "image/options.h"
#include "store/store.h"

#define PROGRESS_AFTER_NS 1000000000ull /* shorter work says nothing */
#define PROGRESS_EVERY_NS 100000000ull

/* The prefix of messages is davit's: to a user this program is a part of it. */
static int print_error(const struct err *e)
{
	_cleanup_str_ struct str s = STR_INIT;
	size_t end;

	str_addf(&s, "davit: %s", e->msg);
	if (!e->is_plain)
		str_addf(&s, ": %s", err_text(e->code));
	end = s.len;
	if (e->hint[0])
		str_addf(&s, "\nhint: %s", e->hint);
	str_add(&s, "\n");
	/* names come from archives; a terminal must not obey them */
	for (size_t i = 0; i < s.len; i++)
		if (((unsigned char)s.p[i] < 0x20 && !(s.p[i] == '\n' && i >= end)) ||
		    s.p[i] == 0x7f)
			s.p[i] = '?';
	(void)io_write_full(STDERR_FILENO, str_text(&s), s.len); /* nowhere left to say it */
	return e->exit_code ? e->exit_code : EXIT_FAILURE;
}

struct progress {
	uint64_t start, last;
	bool is_shown;
};

static uint64_t now_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

static void show_progress(void *data, const char *what, uint64_t done, uint64_t total)
{
	struct progress *p = data;
	uint64_t now = now_ns();
	char size[FMT_BUF];

	(void)total;
	if (now - p->start < PROGRESS_AFTER_NS || now - p->last < PROGRESS_EVERY_NS)
		return;
	p->last = now;
	p->is_shown = true;
	(void)fprintf(stderr, "\r\033[K%.60s: %s", what, fmt_size(done, size));
}

static struct install_progress progress_to(struct progress *p, bool quiet)
{
	*p = (struct progress){ .start = now_ns() };
	if (quiet || !isatty(STDERR_FILENO))
		return (struct install_progress){ .fn = NULL };
	return (struct install_progress){ show_progress, p };
}

static void progress_end(const struct progress *p)
{
	if (p->is_shown)
		(void)fprintf(stderr, "\r\033[K");
}

static int print(const struct str *s, struct err *e)
{
	int r = str_failed(s) ? -ENOMEM : io_write_full(STDOUT_FILENO, str_text(s), s->len);

	return r < 0 ? err_set(e, r, "write to standard output") : 0;
}

static int load_main(const struct store *st, void *opts, int argc, char *argv[], struct err *e)
{
	struct load_opts *o = opts;
	_cleanup_strv_ struct strv lines = { .n = 0 };
	_cleanup_str_ struct str out = STR_INIT;
	struct progress p;
	int r, q;

	(void)argc;
	(void)argv;
	if (!o->input && isatty(STDIN_FILENO)) {
		r = err_plain(e, -EINVAL, "standard input is a terminal");
		err_hint(e, "name an archive with -i FILE");
		return r;
	}
	r = image_load(st, o, progress_to(&p, o->quiet), &lines, e);
	progress_end(&p);
	/* what was loaded before a failure is told */
	for (size_t i = 0; i < lines.n; i++)
		str_addf(&out, "%s\n", lines.v[i]);
	q = print(&out, r < 0 ? NULL : e);
	return r < 0 ? r : q;
}

static int import_main(const struct store *st, void *opts, int argc, char *argv[], struct err *e)
{
	_cleanup_str_ struct str out = STR_INIT;
	char id[DIGEST_HEX_LEN + 1];
	struct progress p;
	int r = image_import(st, opts, argv[0], argc > 1 ? argv[1] : NULL, progress_to(&p, false),
			     id, e);

	progress_end(&p);
	if (r < 0)
		return r;
	str_addf(&out, "sha256:%s\n", id);
	return print(&out, e);
}

struct verb {
	const char *name;
	const struct opt *options;
	int (*main)(const struct store *st, void *opts, int argc, char *argv[], struct err *e);
	int min_args, max_args;
};

static const struct verb verbs[] = {
	{ "load", load_options, load_main, 0, 0 },
	{ "import", import_options, import_main, 1, 2 },
};

/* One open directory per component of a path, one per layer. */
static void raise_fd_limit(void)
{
	struct rlimit rl;

	if (getrlimit(RLIMIT_NOFILE, &rl) == 0 && rl.rlim_cur < rl.rlim_max) {
		rl.rlim_cur = rl.rlim_max < 65536 ? rl.rlim_max : 65536;
		(void)setrlimit(RLIMIT_NOFILE, &rl); /* too few will be said when it happens */
	}
}

static int run(const struct verb *v, int argc, char *argv[], struct err *e)
{
	union {
		struct load_opts load;
		struct import_opts import;
	} opts = { .load = { .input = NULL } };
	_cleanup_(store_done) struct store st = STORE_INIT;
	struct env env;
	int n, r;

	memset(&opts, 0, sizeof(opts));
	n = opt_parse(v->options, argc, argv, &opts, e);
	if (n == -ECANCELED)
		r = err_plain(e, -EINVAL, "see 'davit %s --help'", v->name);
	else if (n < 0)
		r = n;
	else if (argc - n < v->min_args || argc - n > v->max_args)
		r = err_plain(e, -EINVAL, "wrong number of arguments");
	else if ((r = env_init(&env, e)) == 0 && (r = store_open(env.root, &st, e)) == 0)
		r = v->main(&st, &opts, argc - n, argv + n, e);
	opt_done(v->options, &opts);
	return r;
}

int main(int argc, char *argv[])
{
	struct err e = ERR_INIT;

	/* no setlocale(): in the C locale libarchive hands out names byte for byte */
	(void)signal(SIGPIPE, SIG_IGN);
	raise_fd_limit();
	for (size_t i = 0; argc > 1 && i < ARRAY_SIZE(verbs); i++) {
		if (strcmp(verbs[i].name, argv[1]) != 0)
			continue;
		return run(&verbs[i], argc - 2, argv + 2, &e) < 0 ? print_error(&e) : 0;
	}
	(void)err_plain(&e, -EINVAL, "davit-image is started by davit");
	err_hint(&e, "use 'davit load' or 'davit import'");
	return print_error(&e);
}
