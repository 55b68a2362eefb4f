// SPDX-License-Identifier: Apache-2.0
/* Scopes of systemd, by way of the program davit-scope. */
#include "runtime/scope.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/env.h"
#include "base/io.h"
#include "base/libc.h"
#include "base/spawn.h"
#include "base/str.h"
#include "runtime/scope_report.h"

#define PROGRAM "davit-scope"
#define BOOTED "/run/systemd/system" /* sd_booted(3) */

int scope_check(struct err *e)
{
	int r;

	if (geteuid() != 0) {
		r = err_plain(e, -EOPNOTSUPP, "the systemd cgroup driver needs root");
		err_hint(
			e,
			"a user's own systemd is not supported: use --cgroup-manager=disabled or cgroupfs");
		return r;
	}
	if (access(BOOTED, F_OK) == 0)
		return 0;
	r = err_plain(e, -EOPNOTSUPP,
		      "the systemd cgroup driver needs systemd in charge of the host, and '" BOOTED
		      "' is not there");
	err_hint(e,
		 "tell the engine to use the driver cgroupfs (docs/integrations.md has the lines)");
	return r;
}

static int find_program(char **ret, struct err *e)
{
	struct env places;
	int r = env_init(&places, e);

	return r < 0 ? r : env_helper(&places, PROGRAM, ret, e);
}

static int make_argv(const char *program, const char *command, const char *unit,
		     const struct strv *properties, struct strv *argv, struct err *e)
{
	int r = strv_add(argv, program);

	r = r < 0 ? r : strv_add(argv, command);
	r = r < 0 ? r : strv_add(argv, unit);
	r = r < 0 || !properties ? r : strv_add_all(argv, properties);
	return r < 0 ? err_set(e, r, "start '%s'", program) : 0;
}

/* Return: 0, and what it said is in @ret; -errno when it said nothing. */
static int read_report(int fd, int pidfd, struct scope_report *ret, struct err *e)
{
	ssize_t n = io_read_full(fd, ret, sizeof(*ret));
	int status, r;

	if (n == (ssize_t)sizeof(*ret))
		return 0;
	(void)pidfd_send_signal(pidfd, SIGKILL, NULL, 0); /* if it still runs, it is of no use */
	status = spawn_wait(pidfd, NULL);
	r = err_plain(e, -EPROTO, "'" PROGRAM "' ended with status %d and told nothing", status);
	if (status == 127)
		err_hint(e, "it needs libsystemd.so.0: apt-get install libsystemd0");
	return r;
}

/* Start it and hear how it went. */
static int run(const char *command, const char *unit, const struct strv *properties,
	       struct scope *ret, struct err *e)
{
	_cleanup_free_ char *program = NULL;
	_cleanup_strv_ struct strv argv = { .v = NULL };
	_cleanup_fd_ int in = -1, hold = -1, out = -1, report_fd = -1;
	struct scope_report report;
	struct spawn s = { .stdio = { -1, -1, SPAWN_INHERIT } };
	int fds[2], pidfd, r = find_program(&program, e);

	if (r == 0)
		r = make_argv(program, command, unit, properties, &argv, e);
	if (r < 0)
		return r;
	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_set(e, errno, "make a pipe");
	in = fds[0], hold = fds[1];
	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_set(e, errno, "make a pipe");
	report_fd = fds[0], out = fds[1];
	s.path = program;
	s.argv = argv.v;
	s.stdio[0] = in;
	s.stdio[1] = out;
	r = spawn_start(&s, &pidfd, e);
	if (r < 0)
		return r;
	out = fd_close(out);
	r = read_report(report_fd, pidfd, &report, e);
	if (r < 0)
		return r;
	if (report.err.code) {
		(void)spawn_wait(pidfd, NULL); /* it has told what failed */
		if (e)
			*e = report.err;
		return report.err.code;
	}
	*ret = (struct scope){ .pid = report.pid, .pidfd = pidfd, .hold = TAKE_FD(hold) };
	return 0;
}

void scope_release(struct scope *s)
{
	s->hold = fd_close(s->hold);
	if (s->pidfd < 0)
		return;
	(void)pidfd_send_signal(s->pidfd, SIGKILL, NULL, 0); /* others may still have the pipe */
	(void)spawn_wait(s->pidfd, NULL);
	s->pidfd = -1;
}

int scope_start(const char *unit, const struct strv *properties, struct scope *ret, struct err *e)
{
	return run("start", unit, properties, ret, e);
}

int scope_set(const char *unit, const struct strv *properties, struct err *e)
{
	struct scope s = SCOPE_INIT;
	int r = properties->n ? run("set", unit, properties, &s, e) : 0;

	scope_release(&s);
	return r;
}

int scope_stop(const char *unit, struct err *e)
{
	struct scope s = SCOPE_INIT;
	int r = run("stop", unit, NULL, &s, e);

	scope_release(&s);
	return r;
}
