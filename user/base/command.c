// SPDX-License-Identifier: Apache-2.0
/* Programs made of commands: dispatch and errors. */
#include "base/command.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/io.h"

static bool was_closed[STDERR_FILENO + 1]; /* /dev/null stands for it, for programs that inherit it */

int print_str_to(int fd, const struct str *s, struct err *e)
{
	int r;

	if (str_failed(s))
		return err_set(e, ENOMEM, "format output");
	r = was_closed[fd] && s->len ? -EBADF : io_write_full(fd, str_text(s), s->len);
	return r < 0 ? err_set(e, r, "write to standard %s",
			       fd == STDOUT_FILENO ? "output" : "error") :
		       0;
}

int print_str(const struct str *s, struct err *e)
{
	return print_str_to(STDOUT_FILENO, s, e);
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

int program_tell(const struct program *p, const struct err *e)
{
	_cleanup_str_ struct str s = STR_INIT;
	size_t message = strlen(p->name) + 2;
	int status = e->exit_code ? e->exit_code : p->wrong_status ? p->wrong_status : EXIT_FAILURE;

	if (e->is_plain && !e->msg[0])
		return status;
	str_addf(&s, "%s: ", p->name);
	add_visible(&s, "", e->msg);
	if (!e->is_plain)
		str_addf(&s, ": %s", err_text(e->code));
	if (p->log && !str_failed(&s))
		p->log(s.p + message);
	str_add(&s, "\n");
	if (e->hint[0]) {
		add_visible(&s, "hint: ", e->hint);
		str_add(&s, "\n");
	} else if ((e->code == -EACCES || e->code == -EPERM) && geteuid() != 0) {
		str_addf(&s, "hint: %s needs root\n", p->name);
	} else if (e->code == -ENOSPC || e->code == -EDQUOT) {
		str_addf(&s, "hint: 'df -h' and 'df -i' tell which file system is full%s%s\n",
			 p->places ? "; " : "", p->places ? p->places : "");
	}
	(void)io_write_full(STDERR_FILENO, str_text(&s), s.len); /* nowhere left to say it */
	return status;
}

/* Long names behind one '-' get their second one. @is_mixed: options may stand behind arguments. */
static void fix_dashes(const struct opt *options, bool is_mixed, int argc, char *argv[])
{
	for (int i = 0; i < argc && (is_mixed || argv[i][0] == '-') && strcmp(argv[i], "--") != 0;
	     i++) {
		char name[64], *fixed;
		const struct opt *o;
		size_t n = strcspn(argv[i], "=");
		bool is_single = argv[i][1] != '-';

		if (argv[i][0] != '-' || n < 2 || n >= sizeof(name))
			continue;
		memcpy(name, argv[i] + 1 + !is_single, n - 1 - !is_single);
		name[n - 1 - !is_single] = '\0';
		o = name[0] && name[1] ? opt_find(options, name) : NULL;
		if (!o)
			continue;
		if (is_single) {
			fixed = str_printf("-%s", argv[i]);
			if (fixed)
				argv[i] = fixed; /* lives as long as the process */
		}
		if (!argv[i][strcspn(argv[i], "=")] && o->type != OPT_TYPE_BOOL)
			i++;
	}
}

/* An option of the program behind the command, which does not know it. */
static int tell_misplaced(const struct program *p, const struct opt *options, bool is_mixed,
			  int argc, char *const argv[], struct err *e)
{
	for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++) {
		char name[64];
		size_t n = strcspn(argv[i], "=");

		if (argv[i][0] != '-' && !is_mixed)
			break; /* from here on another program's */
		if (strncmp(argv[i], "--", 2) != 0 || n - 2 >= sizeof(name))
			continue;
		memcpy(name, argv[i] + 2, n - 2);
		name[n - 2] = '\0';
		if (opt_find(options, name) || !opt_find(p->options, name))
			continue;
		err_clear(e);
		return err_plain(e, -EINVAL, "option '--%s' goes before the command", name);
	}
	return -EINVAL;
}

/* @c: NULL = of the program */
static int parse(const struct program *p, const struct command *c, const struct opt *options,
		 int argc, char *argv[], void *base, struct err *e)
{
	bool is_mixed = p->has_go_flags && c && !c->has_foreign_args;
	int r = 0;

	if (p->has_go_flags)
		fix_dashes(options, is_mixed, argc, argv);
	if (is_mixed)
		r = opt_permute(options, argc, argv);
	if (r < 0)
		return err_set(e, r, "read the options");
	r = opt_parse(options, argc, argv, base, e);
	return r == -EINVAL && c ? tell_misplaced(p, options, is_mixed, argc, argv, e) : r;
}

static int wrong_arguments(const struct program *p, const struct command *c, struct err *e)
{
	int r = err_plain(e, -EINVAL, "'%s %s' takes %s", p->name, c->name,
			  *c->usage ? c->usage : "no arguments");

	err_hint(e, "see '%s %s --help'", p->name, c->name);
	return r;
}

static int print_tables(const struct program *p, const struct command *c, const char *arg,
			struct err *e)
{
	_cleanup_str_ struct str s = STR_INIT;
	int r = c->print(p, arg, &s, e);

	return r < 0 ? r : print_str(&s, e);
}

static int run_command(const struct program *p, const struct command *c, const void *env, int argc,
		       char *argv[], struct err *e)
{
	static const struct opt none[] = { OPT_END };
	const struct opt *options = c->options ? c->options : none;
	_cleanup_free_ void *opts = calloc(1, c->opts_size + 1);
	int failed = c->failed_status ? c->failed_status : EXIT_FAILURE;
	bool has_begun = false;
	int n, r;

	if (!opts)
		return err_set(e, ENOMEM, "start '%s'", c->name);
	n = parse(p, c, options, argc, argv, opts, e);
	if (n < 0) {
		r = n;
	} else if (argc - n < c->min_args || (c->max_args >= 0 && argc - n > c->max_args)) {
		r = wrong_arguments(p, c, e);
	} else {
		has_begun = true;
		r = c->print ? print_tables(p, c, n < argc ? argv[n] : NULL, e) :
			       c->main(env, opts, argc - n, argv + n, e);
	}
	if (r == -ECANCELED && !e->msg[0]) {
		_cleanup_str_ struct str s = STR_INIT;

		command_help(p, c, &s);
		r = print_str(&s, e);
	} else if (r < 0 && (p->has_own_status || !e->exit_code)) {
		err_exit(e, r, has_begun || !p->wrong_status ? failed : p->wrong_status);
	}
	opt_done(options, opts);
	return r;
}

/* @topic: a command, or NULL */
static int print_help(const struct program *p, const char *topic, struct err *e)
{
	_cleanup_str_ struct str s = STR_INIT;
	const struct command *c;

	if (!topic || strcmp(topic, "help") == 0) {
		program_help(p, &s);
	} else {
		c = command_find(p, topic);
		if (!c)
			return command_unknown(p, topic, e);
		command_help(p, c, &s);
	}
	return print_str(&s, e);
}

static int print_version(const struct program *p, struct err *e)
{
	_cleanup_str_ struct str s = STR_INIT;

	str_add(&s, p->version);
	return print_str(&s, e);
}

static int dispatch(const struct program *p, void *globals, int argc, char *argv[], struct err *e)
{
	int r, n = parse(p, NULL, p->options, argc - 1, argv + 1, globals, e), at = n + 1;
	const struct command *c;
	const void *env = NULL;

	if (n < 0 && n != -ECANCELED)
		return n;
	if (*(const bool *)((char *)globals + p->version_at))
		return print_version(p, e);
	if (n < 0)
		return print_help(p, NULL, e);
	if (at >= argc) {
		r = print_help(p, NULL, e);
		return r < 0 ? r : p->wrong_status ? p->wrong_status : EXIT_FAILURE;
	}
	if (strcmp(argv[at], "help") == 0)
		return print_help(p, at + 1 < argc ? argv[at + 1] : NULL, e);
	c = command_find(p, argv[at]);
	r = p->begin(globals, c, &env, e);
	if (r < 0)
		return r;
	return c ? run_command(p, c, env, argc - at - 1, argv + at + 1, e) :
		   command_unknown(p, argv[at], e);
}

/* What we open must not become 0, 1 or 2, which are read, written and handed on. */
static int fill_stdio(struct err *e)
{
	struct pollfd fds[3] = { { .fd = 0 }, { .fd = 1 }, { .fd = 2 } };

	if (poll(fds, 3, 0) <= 0)
		return 0;
	for (int i = 0; i < 3; i++) {
		was_closed[i] = fds[i].revents & POLLNVAL;
		/* the lowest free number is the one that is missing; it is inherited as any of the three */
		if (was_closed[i] && open("/dev/null", O_RDWR) < 0) // NOLINT(android-cloexec-open)
			return err_set(e, errno, "open '/dev/null'");
	}
	return 0;
}

int program_main(const struct program *p, void *globals, int argc, char *argv[])
{
	struct err e = ERR_INIT;
	int r;

	/* a closed stdout is an error to report, not a reason to die half-way */
	(void)signal(SIGPIPE, SIG_IGN);
	/* ignored by who started us, it would have the kernel reap our children before we can */
	(void)signal(SIGCHLD, SIG_DFL);
	r = fill_stdio(&e);
	if (r == 0)
		r = dispatch(p, globals, argc, argv, &e);
	opt_done(p->options, globals);
	return r < 0 ? program_tell(p, &e) : r;
}
