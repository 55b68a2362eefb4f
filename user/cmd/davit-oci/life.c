// SPDX-License-Identifier: Apache-2.0
/* davit-oci start, kill, delete. */
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fmt.h"
#include "base/libc.h"
#include "kern/cgroup.h"
#include "oci.h"
#include "runtime/create.h"
#include "target.h"

static int start_main(const void *data, void *opts, int argc, char *argv[], struct err *e)
{
	const struct oci_env *env = data;
	_cleanup_(record_done) struct record r = { .pipes = { -1, -1 } };
	_cleanup_fd_ int dir = record_open(env->root, argv[0], e);
	int s;

	(void)opts;
	(void)argc;
	if (dir < 0)
		return dir;
	s = record_read(dir, argv[0], &r, e);
	return s < 0 ? s : container_start(&r, dir, e);
}

struct kill_opts {
	bool all;
};

/* clang-format off */
static const struct opt kill_options[] = {
	OPT_BOOL('a', "all", struct kill_opts, all, "all processes of the container, not only its first"),
	OPT_END
};
/* clang-format on */

static int kill_main(const void *data, void *opts, int argc, char *argv[], struct err *e)
{
	const struct oci_env *env = data;
	const struct kill_opts *o = opts;
	_cleanup_(record_done) struct record r = { .pipes = { -1, -1 } };
	/* 0 is none: is it there? */
	int sig = argc < 2 ? SIGTERM : str_eq(argv[1], "0") ? 0 : fmt_parse_signal(argv[1]), s;

	if (sig < 0)
		return err_plain(e, -EINVAL, "'%s' is no signal", argv[1]);
	/* without its lock: a signal is how to end what another command waits for */
	s = target_look(env, argv[0], &r, e);
	return s < 0 ? s : container_kill(&r, sig, o->all, e);
}

struct delete_opts {
	bool force;
};

/* clang-format off */
static const struct opt delete_options[] = {
	OPT_BOOL('f', "force", struct delete_opts, force, "also one that runs, which is killed; none is no error"),
	OPT_END
};
/* clang-format on */

static int delete_main(const void *data, void *opts, int argc, char *argv[], struct err *e)
{
	const struct oci_env *env = data;
	const struct delete_opts *o = opts;
	int r = 0;

	for (int i = 0; r == 0 && i < argc; i++)
		r = oci_deleted(container_delete(env->root, argv[i], o->force, e), e);
	return r;
}

const struct command cmd_start = { .name = "start",
				   .summary = "run the program of a created container",
				   .usage = "ID",
				   .main = start_main,
				   .min_args = 1,
				   .max_args = 1 };
const struct command cmd_kill = { .name = "kill",
				  .summary = "send a signal to a container (default TERM)",
				  .usage = "ID [SIGNAL]",
				  .main = kill_main,
				  .options = kill_options,
				  COMMAND_OPTS(struct kill_opts),
				  .min_args = 1,
				  .max_args = 2 };
const struct command cmd_delete = { .name = "delete",
				    .summary = "delete stopped containers",
				    .usage = "ID...",
				    .main = delete_main,
				    .options = delete_options,
				    COMMAND_OPTS(struct delete_opts),
				    .min_args = 1,
				    .max_args = -1 };
