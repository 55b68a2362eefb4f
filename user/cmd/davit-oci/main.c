// SPDX-License-Identifier: Apache-2.0
/* davit-oci: an OCI runtime. Dispatch of commands, help, errors. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/env.h"
#include "base/io.h"
#include "oci.h"
#include "runtime/cgroup_manager.h"

/* clang-format off */
static const struct opt global_options[] = {
	OPT_STR(0,    "root", struct oci_env, root, "DIR",        "where containers are recorded; a tmpfs (default " OCI_ROOT_DEFAULT ")"),
	OPT_STR(0,    "log", struct oci_env, log, "FILE",         "append errors and warnings to FILE, too"),
	OPT_STR(0,    "log-format", struct oci_env, log_format, "FORMAT", "text or json (default text)"),
	OPT_STR(0,    "log-level", struct oci_env, log_level, "LEVEL", "error, warning, info or debug"),
	OPT_BOOL(0,   "debug", struct oci_env, debug,             "the same as --log-level debug"),
	OPT_BOOL(0,   "systemd-cgroup", struct oci_env, systemd_cgroup, "the same as --cgroup-manager systemd"),
	OPT_STR(0,    "cgroup-manager", struct oci_env, cgroup_manager, "NAME", "cgroupfs, systemd or disabled (default cgroupfs)"),
	OPT_STR(0,    "rootless", struct oci_env, rootless, "BOOL", "true, false or auto (default auto)"),
	OPT_BOOL('v', "version", struct oci_env, version,         "print the version"),
	OPT_END
};

static const struct oci_command *const commands[] = {
	&cmd_create, &cmd_start, &cmd_state, &cmd_kill, &cmd_delete, &cmd_run, &cmd_exec, &cmd_list, &cmd_ps,
	&cmd_pause, &cmd_resume, &cmd_update, &cmd_events, &cmd_spec, &cmd_features, NULL
};
/* clang-format on */

int oci_print(const struct str *s, struct err *e)
{
	int r;

	if (str_failed(s))
		return err_set(e, ENOMEM, "format output");
	r = io_write_full(STDOUT_FILENO, str_text(s), s->len);
	return r < 0 ? err_set(e, r, "write to standard output") : 0;
}

/* The message in one line: callers parse it. */
static int print_error(const struct err *e, int failed_status)
{
	_cleanup_str_ struct str s = STR_INIT;

	str_add(&s, e->msg);
	if (!e->is_plain)
		str_addf(&s, ": %s", err_text(e->code));
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.p[i] < ' ' || s.p[i] == 0x7f)
			s.p[i] = '?';
	oci_log_error(str_text(&s));
	(void)fprintf(stderr, "davit-oci: %s\n", str_text(&s));
	if (e->hint[0])
		(void)fprintf(stderr, "hint: %s\n", e->hint);
	return failed_status ? failed_status : EXIT_FAILURE;
}

static void help(struct str *s)
{
	str_add(s,
		"Usage: davit-oci [OPTION...] COMMAND [ARGUMENT...]\n\nRun containers from OCI bundles.\n\nCommands:\n");
	for (const struct oci_command *const *c = commands; *c; c++)
		str_addf(s, "  %-10s %s\n", (*c)->name, (*c)->summary);
	str_add(s, "\nOptions:\n");
	opt_help(global_options, s);
}

static void help_command(const struct oci_command *c, struct str *s)
{
	str_addf(s, "Usage: davit-oci %s%s%s%s\n\n%c%s.\n", c->name,
		 c->options ? " [OPTION...]" : "", *c->usage ? " " : "", c->usage,
		 c->summary[0] - 'a' + 'A', c->summary + 1);
	if (c->options) {
		str_add(s, "\nOptions:\n");
		opt_help(c->options, s);
	}
}

static const struct oci_command *find_command(const char *name)
{
	for (const struct oci_command *const *c = commands; *c; c++)
		if (str_eq((*c)->name, name))
			return *c;
	return NULL;
}

/* Go's flag parsers take long names behind one '-', and containerd uses that: "-no-subreaper". */
static void fix_dashes(const struct opt *options, int argc, char *argv[])
{
	for (int i = 0; i < argc && argv[i][0] == '-' && !str_eq(argv[i], "--"); i++) {
		char name[64], *fixed;
		const struct opt *o;
		size_t n = strcspn(argv[i], "=");
		bool is_single = argv[i][1] != '-';

		if (n < 2 || n >= sizeof(name))
			continue;
		memcpy(name, argv[i] + 1 + !is_single, n - 1 - !is_single);
		name[n - 1 - !is_single] = '\0';
		o = name[1] ? opt_find(options, name) : NULL;
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

static int run_command(const struct oci_command *c, const struct oci_env *env, int argc,
		       char *argv[], struct err *e)
{
	static const struct opt none[] = { OPT_END };
	const struct opt *options = c->options ? c->options : none;
	_cleanup_free_ void *opts = calloc(1, c->opts_size + 1);
	int n, r;

	if (!opts)
		return err_set(e, ENOMEM, "start '%s'", c->name);
	fix_dashes(options, argc, argv);
	n = opt_parse(options, argc, argv, opts, e);
	if (n < 0) {
		r = n;
	} else if (argc - n < c->min_args || (c->max_args >= 0 && argc - n > c->max_args)) {
		r = err_plain(e, -EINVAL, "'davit-oci %s' takes %s", c->name,
			      *c->usage ? c->usage : "no arguments");
	} else {
		r = c->main(env, opts, argc - n, argv + n, e);
	}
	if (r == -ECANCELED && !e->msg[0]) {
		_cleanup_str_ struct str s = STR_INIT;

		help_command(c, &s);
		r = oci_print(&s, e);
	}
	opt_done(options, opts);
	return r < 0 ? print_error(e, c->failed_status) : r;
}

static int choose_cgroups(struct oci_env *env, struct err *e)
{
	const char *name = env->cgroup_manager;

	if (env->systemd_cgroup && name && !str_eq(name, "systemd"))
		return err_plain(
			e, -EINVAL,
			"options '--systemd-cgroup' and '--cgroup-manager=%s' exclude each other",
			name);
	env->cgroups = cgroup_manager_find(env->systemd_cgroup ? "systemd" :
					   name		       ? name :
								 "cgroupfs");
	return env->cgroups ?
		       0 :
		       err_plain(
			       e, -EINVAL,
			       "option '--cgroup-manager': '%s' is not cgroupfs, systemd or disabled",
			       name);
}

static int check_globals(struct oci_env *env, struct err *e)
{
	int r = choose_cgroups(env, e);

	if (r < 0)
		return r;
	if (env->rootless && !str_eq(env->rootless, "auto") && !str_eq(env->rootless, "false") &&
	    !str_eq(env->rootless, "true"))
		return err_plain(e, -EINVAL, "option '--rootless': '%s' is not true, false or auto",
				 env->rootless);
	return 0;
}

static int find_init(struct oci_env *env, struct err *e)
{
	struct env places;
	int r = env_init(&places, e);

	if (r < 0)
		return r;
	env->bpffs = places.bpffs;
	return env_helper(&places, "davit-init", &env->init_path, e);
}

static int dispatch(struct oci_env *env, int argc, char *argv[], struct err *e)
{
	_cleanup_str_ struct str s = STR_INIT;
	const struct oci_command *c;
	int n, r;

	fix_dashes(global_options, argc - 1, argv + 1);
	n = opt_parse(global_options, argc - 1, argv + 1, env, e);
	if (n < 0 && n != -ECANCELED)
		return n;
	if (env->version) {
		str_add(&s, "davit-oci version " DAVIT_VERSION "\nspec: " OCI_SPEC_VERSION "\n");
		return oci_print(&s, e);
	}
	if (n < 0 || n + 1 >= argc || str_eq(argv[n + 1], "help")) {
		help(&s);
		r = oci_print(&s, e);
		return r < 0 ? r : n < 0 || n + 1 < argc ? 0 : EXIT_FAILURE;
	}
	r = oci_log_open(env, e);
	if (r == 0)
		r = check_globals(env, e);
	if (r < 0)
		return r;
	c = find_command(argv[n + 1]);
	if (!c)
		return err_plain(e, -EINVAL, "'%s' is no command; --help lists them", argv[n + 1]);
	if (!env->root && !(env->root = strdup(OCI_ROOT_DEFAULT)))
		return err_set(e, ENOMEM, "start '%s'", c->name);
	r = find_init(env, e);
	return r < 0 ? r : run_command(c, env, argc - n - 2, argv + n + 2, e);
}

/* What we open must not become 0, 1 or 2, which the container inherits. */
static int fill_stdio(struct err *e)
{
	struct pollfd fds[3] = { { .fd = 0 }, { .fd = 1 }, { .fd = 2 } };

	if (poll(fds, 3, 0) <= 0)
		return 0;
	for (int i = 0; i < 3; i++)
		/* the lowest free number is the one that is missing */
		if ((fds[i].revents & POLLNVAL) &&
		    open("/dev/null", O_RDWR) < 0) // NOLINT(android-cloexec-open)
			return err_set(e, errno, "open '/dev/null'");
	return 0;
}

int main(int argc, char *argv[])
{
	struct oci_env env = { .root = NULL };
	struct err e = ERR_INIT;
	int r;

	(void)signal(SIGPIPE, SIG_IGN);
	/* ignored by who started us, it would have the kernel reap our children before we can */
	(void)signal(SIGCHLD, SIG_DFL);
	r = fill_stdio(&e);
	if (r == 0)
		r = dispatch(&env, argc, argv, &e);
	if (r < 0)
		r = print_error(&e, 0);
	free(env.init_path);
	opt_done(global_options, &env);
	return r;
}
