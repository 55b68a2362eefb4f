// SPDX-License-Identifier: Apache-2.0
/* davit probe: davit-probe does it, which is static and knows nothing of us. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "cli.h"
#include "commands.h"

struct probe_opts {
	char *runtime, *engine, *program, *image, *format, *timeout;
	struct strv groups, probes, with;
	bool list;
};

/* clang-format off */
static const struct opt probe_options[] = {
	OPT_STR(0,  "engine", struct probe_opts, engine, "NAME",      "davit, docker, podman, nspawn or bwrap (default davit)"),
	OPT_STR(0,  "runtime", struct probe_opts, runtime, "PATH",    "an OCI runtime instead of an engine"),
	OPT_STR(0,  "program", struct probe_opts, program, "PATH",    "the engine's program (default: the one in PATH)"),
	OPT_STR(0,  "image", struct probe_opts, image, "REF",         "image of the engine (default: an empty one)"),
	OPT_STR(0,  "format", struct probe_opts, format, "tap|json",  "output format (default tap)"),
	OPT_LIST(0, "group", struct probe_opts, groups, "NAME",       "only this group of probes"),
	OPT_LIST(0, "probe", struct probe_opts, probes, "NAME",       "only this probe"),
	OPT_LIST(0, "with", struct probe_opts, with, "user,time",     "ask for these namespaces, too"),
	OPT_STR(0,  "timeout", struct probe_opts, timeout, "SECONDS", "end after this time (default 120)"),
	OPT_BOOL(0, "list", struct probe_opts, list,                  "print the probes instead of running them"),
	OPT_END
};
/* clang-format on */

static int add_list(struct strv *argv, const char *option, const struct strv *list)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < list->n; i++)
		r = strv_addf(argv, "--%s=%s", option, list->v[i]);
	return r;
}

static int add_text(struct strv *argv, const char *option, const char *value)
{
	return value ? strv_addf(argv, "--%s=%s", option, value) : 0;
}

/* davit's own containers are those of this program, whatever PATH has */
static int add_program(struct strv *argv, const struct probe_opts *o)
{
	_cleanup_free_ char *self = NULL;

	if (o->program)
		return add_text(argv, "program", o->program);
	if (o->runtime || (o->engine && !str_eq(o->engine, "davit")))
		return 0;
	self = fs_read_link(AT_FDCWD, "/proc/self/exe");
	return self ? add_text(argv, "program", self) : -errno;
}

static int add_options(struct strv *argv, const struct probe_opts *o)
{
	int r = add_program(argv, o);

	if (r == 0)
		r = add_text(argv, "engine", o->engine);
	if (r == 0)
		r = add_text(argv, "runtime", o->runtime);
	if (r == 0)
		r = add_text(argv, "image", o->image);
	if (r == 0)
		r = add_text(argv, "format", o->format);
	if (r == 0)
		r = add_list(argv, "group", &o->groups);
	if (r == 0)
		r = add_list(argv, "probe", &o->probes);
	if (r == 0)
		r = add_list(argv, "with", &o->with);
	if (r == 0)
		r = add_text(argv, "timeout", o->timeout);
	if (r == 0 && o->list)
		r = strv_add(argv, "--list");
	return r;
}

static int probe_main(const void *env, void *opts, int argc, char *argv[], struct err *e)
{
	_cleanup_strv_ struct strv args = { .n = 0 };
	_cleanup_free_ char *path = NULL;
	int r = env_helper(env, "davit-probe", &path, e);

	(void)argc;
	(void)argv;
	if (r < 0)
		return r;
	if (strv_add(&args, "davit-probe") < 0 || strv_add(&args, "host") < 0 ||
	    add_options(&args, opts) < 0)
		return err_set(e, ENOMEM, "start davit-probe");
	(void)execv(path, args.v);
	return err_set(e, errno, "start '%s'", path);
}

const struct command cmd_probe = {
	.name = "probe",
	.summary = "try whether containers of an engine or runtime are isolated",
	.usage = "",
	.main = probe_main,
	.options = probe_options,
	COMMAND_OPTS(struct probe_opts),
	.details =
		"Makes a container and tries one property of isolation after the other, from inside and\n"
		"from outside. The output is KTAP or JSON: what was tried, what was seen.",
	.exit_status =
		"0 if all passed, 1 if some failed, 4 if nothing could be tried, 125 if no\n"
		"container could be started, the time was over or the command line is wrong.",
};
