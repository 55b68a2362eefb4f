// SPDX-License-Identifier: Apache-2.0
/* davit-oci: an OCI runtime; the program. */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/env.h"
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
	OPT_STR(0,    "rootless", struct oci_env, rootless, "BOOL", "false or auto; true, to go on without limits, is refused"),
	OPT_STR(0,    "criu", struct oci_env, criu, "PROGRAM",    "for checkpoint and restore (default: criu of $PATH)"),
	OPT_BOOL('v', "version", struct oci_env, version,         "print the version"),
	OPT_END
};

static const struct command man = COMMAND_MAN, completion = COMMAND_COMPLETION("davit-oci");

static const struct command *const commands[] = {
	&cmd_create, &cmd_start, &cmd_state, &cmd_kill, &cmd_delete, &cmd_run, &cmd_exec, &cmd_list, &cmd_ps,
	&cmd_pause, &cmd_resume, &cmd_update, &cmd_checkpoint, &cmd_restore, &cmd_events, &cmd_spec, &cmd_features,
	&completion, &man, NULL
};

static const struct command_text environment[] = {
	{ "DAVIT_BPFFS",  "where device programs are kept for further containers (default /sys/fs/bpf)" },
	{ "DAVIT_LIBDIR", "directory of davit-init and davit-scope" },
	{ NULL, NULL }
};

static const struct command_text words[] = {
	{ "ID", "davit-oci list --quiet 2>/dev/null" },
	{ NULL, NULL }
};
/* clang-format on */

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

/*
 * With "true" others go on without the limits that they may not write. Here a limit that cannot be
 * enforced is an error, so there is nothing that it could turn on.
 */
static int check_rootless(const char *value, struct err *e)
{
	int r;

	if (!value || str_eq(value, "auto") || str_eq(value, "false"))
		return 0;
	if (!str_eq(value, "true"))
		return err_plain(e, -EINVAL, "option '--rootless': '%s' is not true, false or auto",
				 value);
	r = err_plain(e, -EOPNOTSUPP,
		      "option '--rootless': 'true' cannot be honoured: limits are never left out");
	err_hint(e, "--cgroup-manager=disabled makes containers without a cgroup");
	return r;
}

static int check_globals(struct oci_env *env, struct err *e)
{
	int r = choose_cgroups(env, e);

	if (r < 0)
		return r;
	return check_rootless(env->rootless, e);
}

static int check_user(const struct command *c, struct err *e)
{
	int r;

	if (geteuid() == 0 || c->is_for_all)
		return 0;
	r = err_plain(e, -EPERM, "'%s' needs root", c->name);
	err_hint(e, "run it as root; 'features', 'spec' and 'completion' work for everyone");
	return r;
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

static int begin(void *globals, const struct command *c, const void **ret_env, struct err *e)
{
	struct oci_env *env = globals;
	int r = oci_log_open(env, e);

	if (r == 0)
		r = check_globals(env, e);
	if (r == 0 && c)
		r = check_user(c, e);
	if (r < 0 || !c)
		return r;
	if (!env->root && !(env->root = strdup(OCI_ROOT_DEFAULT)))
		return err_set(e, ENOMEM, "start '%s'", c->name);
	*ret_env = env;
	return find_init(env, e);
}

const struct program davit_oci = {
	.name = "davit-oci",
	.summary = "OCI runtime: run containers from OCI bundles",
	.details = "All commands but spec, features and completion need root.",
	.usage = "[OPTIONS] COMMAND [OPTIONS] [ARGS]",
	.version = "davit-oci version " DAVIT_VERSION "\nspec: " OCI_SPEC_VERSION "\n",
	.options = global_options,
	.version_at = offsetof(struct oci_env, version),
	.commands = commands,
	.environment = environment,
	.words = words,
	.exit_status = "0, 1 if it failed.",
	.exit_statuses =
		"0; 1 if a command failed or the command line is wrong; \\fBexec\\fR ends with 255 then. "
		"\\fBrun\\fR and \\fBexec\\fR otherwise end with the status of the container's process, "
		"128+N after signal N.",
	.man_section = '8',
	.has_go_flags = true,
	.has_own_status = true,
	.begin = begin,
	.log = oci_log_error,
};

int main(int argc, char *argv[])
{
	struct oci_env env = { .root = NULL };
	int status = program_main(&davit_oci, &env, argc, argv);

	free(env.init_path);
	return status;
}
