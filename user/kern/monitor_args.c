// SPDX-License-Identifier: Apache-2.0
/* The command line of davit-monitor. */
#include "kern/monitor_args.h"

#include <errno.h>
#include <inttypes.h>

#include "base/cleanup.h"
#include "base/err.h"

/* clang-format off */
static const struct opt options[] = {
	OPT_STR(0,  "id", struct monitor_args, id, "ID",             "container, for messages"),
	OPT_STR(0,  "dir", struct monitor_args, dir, "DIR",          "directory of the log"),
	OPT_STR(0,  "run-dir", struct monitor_args, run_dir, "DIR",  "directory of the socket and the exit record"),
	OPT_INT(0,  "pid", struct monitor_args, pid, "PID",          "the container's init"),
	OPT_INT(0,  "pidfd", struct monitor_args, pidfd, "FD",       "the same, as a descriptor"),
	OPT_INT(0,  "stdin", struct monitor_args, stdin_fd, "FD",    "where its input is written to"),
	OPT_INT(0,  "stdout", struct monitor_args, stdout_fd, "FD",  "where its output is read from"),
	OPT_INT(0,  "stderr", struct monitor_args, stderr_fd, "FD",  "where its errors are read from"),
	OPT_INT(0,  "pty", struct monitor_args, pty_fd, "FD",        "master of its terminal, instead of the three"),
	OPT_INT(0,  "listen", struct monitor_args, listen_fd, "FD",  "listening socket for clients"),
	OPT_INT(0,  "client", struct monitor_args, client_fd, "FD",  "socket of the initial client"),
	OPT_INT(0,  "lock", struct monitor_args, lock_fd, "FD",      "lock of the running state"),
	OPT_BOOL(0, "open-stdin", struct monitor_args, open_stdin,   "keep its input open without a client"),
	OPT_BOOL(0, "stdin-once", struct monitor_args, stdin_once,   "close its input when a client is done with it"),
	OPT_BOOL(0, "no-log", struct monitor_args, no_log,           "keep no log"),
	OPT_SIZE(0, "log-max", struct monitor_args, log_max, "BYTES", "size after which a log file is rotated (default 16m)"),
	OPT_INT(0,  "log-files", struct monitor_args, log_files, "N", "log files kept (default 2)"),
	OPT_END
};
/* clang-format on */

static int check_descriptors(const struct monitor_args *a, struct err *e)
{
	const int64_t fds[] = { a->pidfd,     a->stdin_fd, a->stdout_fd, a->stderr_fd,
				a->pty_fd,    a->listen_fd, a->client_fd, a->lock_fd };

	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		if (fds[i] && (fds[i] < 3 || fds[i] > INT32_MAX))
			return err_plain(e, -EINVAL, "descriptor %lld is not one from 3 up",
					 (long long)fds[i]);
	if (!a->pidfd)
		return err_plain(e, -EINVAL, "option '--pidfd' is required");
	if (a->pty_fd && (a->stdin_fd || a->stdout_fd || a->stderr_fd))
		return err_plain(e, -EINVAL, "option '--pty' excludes --stdin, --stdout, --stderr");
	return 0;
}

static int check(const struct monitor_args *a, struct err *e)
{
	if (!a->id || !a->dir || !a->run_dir)
		return err_plain(e, -EINVAL, "options '--id', '--dir' and '--run-dir' are required");
	if (a->log_max < MONITOR_LOG_MAX_MIN)
		return err_plain(e, -EINVAL, "option '--log-max': less than %u bytes",
				 MONITOR_LOG_MAX_MIN);
	if (a->log_files < 1 || a->log_files > MONITOR_LOG_FILES_MAX)
		return err_plain(e, -EINVAL, "option '--log-files': not 1 to %d",
				 MONITOR_LOG_FILES_MAX);
	return check_descriptors(a, e);
}

int monitor_args_parse(int argc, char *const argv[], struct monitor_args *ret, struct err *e)
{
	int n, r;

	*ret = (struct monitor_args){ .id = NULL };
	n = opt_parse(options, argc, argv, ret, e);
	if (n < 0)
		return n;
	if (!ret->log_max)
		ret->log_max = MONITOR_LOG_MAX_DEFAULT;
	if (!ret->log_files)
		ret->log_files = MONITOR_LOG_FILES_DEFAULT;
	for (; n < argc; n++) {
		r = strv_add(&ret->reap, argv[n]);
		if (r < 0)
			return err_set(e, r, "copy arguments");
	}
	return check(ret, e);
}

void monitor_args_done(struct monitor_args *a)
{
	opt_done(options, a);
	strv_done(&a->reap);
}

/* One option as "--name=value" if it is set. */
static int add_option(const struct opt *o, const void *value, struct strv *l)
{
	switch (o->type) {
	case OPT_TYPE_BOOL:
		return *(const bool *)value ? strv_addf(l, "--%s", o->name) : 0;
	case OPT_TYPE_STR: {
		const char *s = *(char *const *)value;

		return s ? strv_addf(l, "--%s=%s", o->name, s) : 0;
	}
	case OPT_TYPE_INT:
	case OPT_TYPE_SIZE: {
		int64_t n = *(const int64_t *)value;

		return n ? strv_addf(l, "--%s=%" PRId64, o->name, n) : 0;
	}
	default:
		return -EINVAL;
	}
}

int monitor_args_argv(const struct monitor_args *a, struct strv *ret, struct err *e)
{
	_cleanup_strv_ struct strv l = { .v = NULL };
	int r = strv_add(&l, "davit-monitor");

	for (const struct opt *o = options; r == 0 && o->type != OPT_TYPE_END; o++)
		r = add_option(o, (const char *)a + o->offset, &l);
	if (r == 0)
		r = strv_add(&l, "--");
	if (r == 0)
		r = strv_add_all(&l, &a->reap);
	if (r < 0)
		return err_set(e, r, "build the monitor's arguments");
	*ret = l;
	l = (struct strv){ .v = NULL };
	return 0;
}
