// SPDX-License-Identifier: Apache-2.0
/* davit-oci create, run. */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fmt.h"
#include "oci.h"
#include "runtime/create.h"
#include "terminal.h"

#define PRESERVE_FDS_MAX 1024

struct create_opts {
	char *bundle, *console_socket, *pidfd_socket, *pid_file;
	bool no_pivot, no_new_keyring;
	int64_t preserve_fds;
};

struct run_opts {
	struct create_opts create;
	bool detach, keep, no_subreaper;
};

/* clang-format off */
static const struct opt create_options[] = {
	OPT_STR('b',  "bundle", struct create_opts, bundle, "DIR", "the bundle (default: the working directory)"),
	OPT_STR(0,    "console-socket", struct create_opts, console_socket, "PATH", "socket that gets the terminal"),
	OPT_STR(0,    "pidfd-socket", struct create_opts, pidfd_socket, "PATH", "socket that gets a pidfd of the process"),
	OPT_STR(0,    "pid-file", struct create_opts, pid_file, "FILE", "write the process' pid to FILE"),
	OPT_BOOL(0,   "no-pivot", struct create_opts, no_pivot,   "move the root instead of pivot_root(2), on an initial ramdisk"),
	OPT_BOOL(0,   "no-new-keyring", struct create_opts, no_new_keyring, "leave the session keyring as it is"),
	OPT_INT(0,    "preserve-fds", struct create_opts, preserve_fds, "N", "pass N further descriptors, from 3 on"),
	OPT_END
};
static const struct opt run_options[] = {
	OPT_INCLUDE(create_options, struct run_opts, create),
	OPT_BOOL('d', "detach", struct run_opts, detach,          "do not wait for the container's end"),
	OPT_BOOL(0,   "keep", struct run_opts, keep,              "do not delete it when it has ended"),
	OPT_BOOL(0,   "no-subreaper", struct run_opts, no_subreaper, "accepted; davit-oci never is one"),
	OPT_END
};
/* clang-format on */

int oci_check_preserved(int64_t n, struct err *e)
{
	if (n < 0 || n > PRESERVE_FDS_MAX)
		return err_plain(e, -EINVAL, "option '--preserve-fds': %lld is not 0 to %d",
				 (long long)n, PRESERVE_FDS_MAX);
	for (int fd = 3; fd < 3 + n; fd++)
		if (lseek(fd, 0, SEEK_CUR) < 0 && errno == EBADF)
			return err_plain(e, -EBADF,
					 "option '--preserve-fds': descriptor %d is not open", fd);
	return 0;
}

/* @terminal: NULL = nobody waits for the container's end */
static int make(const struct oci_env *env, const struct create_opts *opts, const char *id,
		bool at_once, struct terminal *terminal, struct created *ret, struct err *e)
{
	struct create_options o = { .root = env->root,
				    .id = id,
				    .bundle = opts->bundle,
				    .console_socket = opts->console_socket,
				    .pidfd_socket = opts->pidfd_socket,
				    .pid_file = opts->pid_file,
				    .init_path = env->init_path,
				    .bpffs = env->bpffs,
				    .cgroups = env->cgroups,
				    .preserve_fds = (unsigned int)opts->preserve_fds,
				    .no_pivot = opts->no_pivot,
				    .no_new_keyring = opts->no_new_keyring,
				    .open_console = terminal ? terminal_open : NULL,
				    .console_data = terminal,
				    .keeps_files = terminal,
				    .at_once = at_once };
	const struct oci_process *process = &ret->bundle.config.process;
	int r = oci_check_preserved(opts->preserve_fds, e);

	if (r == 0)
		r = container_create(&o, ret, e);
	if (r < 0)
		return r;
	for (size_t i = 0; i < process->unknown_caps.n; i++)
		oci_log_warning("process.capabilities: '%s' is not known and left out",
				process->unknown_caps.v[i]);
	return 0;
}

static int create_main(const void *env, void *opts, int argc, char *argv[], struct err *e)
{
	struct created c;
	int r = make(env, opts, argv[0], false, NULL, &c, e);

	(void)argc;
	if (r < 0)
		return r;
	created_done(&c);
	return 0;
}

static int run_main(const void *data, void *opts, int argc, char *argv[], struct err *e)
{
	const struct oci_env *env = data;
	const struct run_opts *o = opts;
	_cleanup_(terminal_done) struct terminal terminal = { -1 };
	struct created c;
	int status = 0, r;

	(void)argc;
	if (!o->detach)
		oci_hold_signals();
	r = make(env, &o->create, argv[0], true, o->detach ? NULL : &terminal, &c, e);
	if (r < 0)
		return r;
	r = container_start_child(&c, e);
	record_unlock(c.dirfd); /* others may look at it and end it */
	if (r == 0 && !o->detach)
		status = terminal_wait(&terminal, c.child.pidfd, e);
	if (r < 0 || status < 0 || (!o->detach && !o->keep)) {
		bool is_failed = r < 0 || status < 0;
		int s = container_delete_child(&c, env->root, is_failed ? NULL : e);

		if (!is_failed)
			r = oci_deleted(s, e);
	}
	created_done(&c);
	return r < 0 ? r : status;
}

const struct command cmd_create = {
	.name = "create",
	.summary = "make a container from a bundle; `start` runs its program",
	.usage = "ID",
	.main = create_main,
	.options = create_options,
	COMMAND_OPTS(struct create_opts),
	.min_args = 1,
	.max_args = 1
};
const struct command cmd_run = {
	.name = "run",
	.summary = "create a container, start it, wait for its end and delete it",
	.usage = "ID",
	.main = run_main,
	.options = run_options,
				 .exit_status = "1 if it failed, 128+N if signal N ended the process, otherwise its own; with\n"
						"--detach 0 or 1.",
	COMMAND_OPTS(struct run_opts),
	.min_args = 1,
	.max_args = 1
};
