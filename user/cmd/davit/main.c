// SPDX-License-Identifier: Apache-2.0
/* davit: dispatch of commands, help, errors. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "cli.h"
#include "commands.h"

struct globals {
	char *root, *state;
	bool version;
};

/* clang-format off */
const struct opt cli_global_options[] = {
	OPT_STR(0,    "root", struct globals, root, "DIR",   "images and container records (default /var/lib/davit)"),
	OPT_STR(0,    "state", struct globals, state, "DIR", "running state (default /run/davit)"),
	OPT_BOOL('v', "version", struct globals, version,    "print the version"),
	OPT_END
};
/* clang-format on */

int cli_print(const struct str *s, struct err *e)
{
	int r;

	if (str_failed(s))
		return err_set(e, ENOMEM, "format output");
	r = io_write_full(STDOUT_FILENO, str_text(s), s->len);
	return r < 0 ? err_set(e, r, "write to standard output") : 0;
}

int cli_format(const char *format, bool *ret_is_json, struct err *e)
{
	*ret_is_json = str_eq(format, "json");
	if (format && !*ret_is_json && !str_eq(format, "table"))
		return err_plain(e, -EINVAL, "option '--format': '%s' is not table or json", format);
	return 0;
}

/* Names of images and containers may be in it: C0, DEL and C1 (0xc2 0x80 to 0x9f) would reach the terminal. */
static void add_visible(struct str *s, const char *label, const char *text)
{
	size_t i = s->len + strlen(label);

	str_addf(s, "%s%s", label, text);
	for (; !str_failed(s) && i < s->len; i++) {
		unsigned char c = (unsigned char)s->p[i];

		if (c >= 0x80 && c < 0xa0 && (unsigned char)s->p[i - 1] == 0xc2)
			s->p[i - 1] = s->p[i] = '?';
		else if (c < 0x20 || c == 0x7f)
			s->p[i] = '?';
	}
}

int cli_print_error(const struct err *e)
{
	_cleanup_str_ struct str s = STR_INIT;

	add_visible(&s, "davit: ", e->msg);
	if (!e->is_plain)
		str_addf(&s, ": %s", err_text(e->code));
	str_add(&s, "\n");
	if (e->hint[0]) {
		add_visible(&s, "hint: ", e->hint);
		str_add(&s, "\n");
	} else if ((e->code == -EACCES || e->code == -EPERM) && geteuid() != 0) {
		str_add(&s, "hint: davit needs root\n");
	}
	(void)io_write_full(STDERR_FILENO, str_text(&s), s.len); /* nowhere left to say it */
	return e->exit_code ? e->exit_code : EXIT_WRONG;
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

static int run_command(const struct command *c, const struct env *env, int argc, char *argv[],
		       struct err *e)
{
	static const struct opt none[] = { OPT_END };
	const struct opt *options = c->options ? c->options : none;
	_cleanup_free_ void *opts = calloc(1, c->opts_size + 1);
	int n, r;

	if (!opts)
		return err_set(e, ENOMEM, "start '%s'", c->name);
	n = opt_parse(options, argc, argv, opts, e);
	if (n < 0) {
		r = n;
	} else if (argc - n < c->min_args || (c->max_args >= 0 && argc - n > c->max_args)) {
		r = err_plain(e, -EINVAL, "'davit %s' takes %s", c->name,
			      *c->usage ? c->usage : "no arguments");
		err_hint(e, "see 'davit %s --help'", c->name);
	} else {
		r = c->main(env, opts, argc - n, argv + n, e);
		if (r < 0 && !e->exit_code)
			err_exit(e, r, c->failed_status ? c->failed_status : EXIT_FAILURE);
	}
	if (r == -ECANCELED && !e->msg[0]) {
		_cleanup_str_ struct str s = STR_INIT;

		cli_help_command(c, &s);
		r = cli_print(&s, e);
	}
	opt_done(options, opts);
	return r;
}

static int dispatch_with(struct globals *g, int argc, char *argv[], struct err *e)
{
	const struct command *c;
	struct env env;
	int n, r;

	n = opt_parse(cli_global_options, argc - 1, argv + 1, g, e);
	if (n < 0 && n != -ECANCELED)
		return n;
	if (n == -ECANCELED || n + 1 >= argc || strcmp(argv[n + 1], "help") == 0) {
		_cleanup_str_ struct str s = STR_INIT;
		bool asked = g->version || n == -ECANCELED || n + 1 < argc;

		if (g->version) {
			str_add(&s, "davit version " DAVIT_VERSION "\n");
		} else if (n < 0 || n + 2 >= argc || strcmp(argv[n + 2], "help") == 0) {
			cli_help(&s);
		} else {
			c = cli_find_command(argv[n + 2]);
			if (!c)
				return cli_unknown_command(argv[n + 2], e);
			cli_help_command(c, &s);
		}
		r = cli_print(&s, e);
		return r < 0 ? r : asked ? 0 : EXIT_WRONG;
	}
	if (g->version)
		return puts("davit version " DAVIT_VERSION) < 0 ? -EIO : 0;
	if ((g->root && !*g->root) || (g->state && !*g->state))
		return err_plain(e, -EINVAL, "option '--%s' is empty", g->root && !*g->root ? "root" : "state");
	/* the same variables reach our helper programs */
	if ((g->root && setenv("DAVIT_ROOT", g->root, 1) < 0) ||
	    (g->state && setenv("DAVIT_STATE", g->state, 1) < 0))
		return err_set(e, errno, "set environment");
	r = env_init(&env, e);
	if (r < 0)
		return r;
	c = cli_find_command(argv[n + 1]);
	return c ? run_command(c, &env, argc - n - 2, argv + n + 2, e) :
		   cli_unknown_command(argv[n + 1], e);
}

static int dispatch(int argc, char *argv[], struct err *e)
{
	struct globals g = { .root = NULL };
	int r = dispatch_with(&g, argc, argv, e);

	opt_done(cli_global_options, &g);
	return r;
}

/* What we open must not become 0, 1 or 2, which are read, written and handed on. */
static int fill_stdio(struct err *e)
{
	struct pollfd fds[3] = { { .fd = 0 }, { .fd = 1 }, { .fd = 2 } };

	if (poll(fds, 3, 0) <= 0)
		return 0;
	for (int i = 0; i < 3; i++)
		/* the lowest free number is the one that is missing; it is inherited as any of the three */
		if ((fds[i].revents & POLLNVAL) && open("/dev/null", O_RDWR) < 0) // NOLINT(android-cloexec-open)
			return err_set(e, errno, "open '/dev/null'");
	return 0;
}

int main(int argc, char *argv[])
{
	struct err e = ERR_INIT;
	int r;

	/* a closed stdout is an error to report, not a reason to die half-way */
	(void)signal(SIGPIPE, SIG_IGN);
	/* ignored by who started us, it would have the kernel reap our children before we can */
	(void)signal(SIGCHLD, SIG_DFL);
	r = fill_stdio(&e);
	if (r == 0)
		r = dispatch(argc, argv, &e);
	return r < 0 ? cli_print_error(&e) : r;
}
