// SPDX-License-Identifier: Apache-2.0
/* Start helper programs. */
#include "base/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/libc.h"
#include "base/io.h"

static int add_stdio(posix_spawn_file_actions_t *actions, const struct spawn *s)
{
	int r = 0;

	for (int i = 0; i < 3 && r == 0; i++) {
		if (s->stdio[i] == SPAWN_NULL)
			r = posix_spawn_file_actions_addopen(actions, i, "/dev/null", O_RDWR, 0);
		else if (s->stdio[i] >= 0)
			r = posix_spawn_file_actions_adddup2(actions, s->stdio[i], i);
	}
	/* dup2 onto itself clears close-on-exec there (POSIX.1-2024, glibc since 2.29) */
	for (size_t i = 0; i < s->n_keep && r == 0; i++)
		r = posix_spawn_file_actions_adddup2(actions, s->keep[i], s->keep[i]);
	return r;
}

static int set_attributes(posix_spawnattr_t *attr, const struct spawn *s)
{
	short flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK;
	sigset_t set;
	int r;

	if (s->flags & SPAWN_NEW_SESSION)
		flags |= POSIX_SPAWN_SETSID;
	(void)sigfillset(&set);
	r = posix_spawnattr_setsigdefault(attr, &set);
	(void)sigemptyset(&set);
	if (r == 0)
		r = posix_spawnattr_setsigmask(attr, &set);
	if (r == 0)
		r = posix_spawnattr_setflags(attr, flags);
	return r;
}

/* Sources of @s->stdio are >= 3 or in place already. */
static int spawn_with(const struct spawn *s, pid_t *ret_pid)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	int r;

	r = posix_spawn_file_actions_init(&actions);
	if (r)
		return -r;
	r = posix_spawnattr_init(&attr);
	if (r == 0) {
		r = add_stdio(&actions, s);
		if (r == 0 && s->cwd)
			r = posix_spawn_file_actions_addchdir_np(&actions, s->cwd);
		if (r == 0)
			r = set_attributes(&attr, s);
		if (r == 0)
			r = posix_spawn(ret_pid, s->path, &actions, &attr, s->argv,
					s->envp ? s->envp : environ);
		(void)posix_spawnattr_destroy(&attr);
	}
	(void)posix_spawn_file_actions_destroy(&actions);
	return -r;
}

int spawn_start(const struct spawn *s, int *ret_pidfd, struct err *e)
{
	_cleanup_fd_ int moved0 = -1, moved1 = -1, moved2 = -1;
	int *moved[3] = { &moved0, &moved1, &moved2 };
	struct spawn copy = *s;
	pid_t pid = -1;
	int fd, r;

	if (s->n_keep > SPAWN_KEEP_MAX)
		return err_set(e, EINVAL, "pass %zu descriptors to '%s'", s->n_keep, s->path);
	/* a source below 3 could be overwritten before its own turn: { 1, 0, 2 } */
	for (int i = 0; i < 3; i++) {
		if (s->stdio[i] < 0 || s->stdio[i] > 2 || s->stdio[i] == i)
			continue;
		*moved[i] = fcntl(s->stdio[i], F_DUPFD_CLOEXEC, 3);
		if (*moved[i] < 0)
			return err_set(e, errno, "duplicate descriptor %d", s->stdio[i]);
		copy.stdio[i] = *moved[i];
	}
	r = spawn_with(&copy, &pid);
	if (r < 0)
		return err_set(e, r, "start '%s'", s->path);
	/* not reaped yet, so the pid is still that of our child */
	fd = pidfd_open(pid, 0);
	if (fd < 0) {
		r = err_set(e, errno, "open pidfd of '%s'", s->path);
		(void)kill(pid, SIGKILL);
		(void)waitpid(pid, NULL, 0);
		return r;
	}
	*ret_pidfd = fd;
	return 0;
}

int spawn_wait(int pidfd, struct err *e)
{
	siginfo_t si = { .si_pid = 0 };
	int r;

	do
		r = waitid(P_PIDFD, (id_t)pidfd, &si, WEXITED);
	while (r < 0 && errno == EINTR);
	r = r < 0 ? err_set(e, errno, "wait for a helper program") : 0;
	(void)fd_close(pidfd);
	if (r < 0)
		return r;
	return si.si_code == CLD_EXITED ? si.si_status : 128 + si.si_status;
}

int spawn_run(const struct spawn *s, struct err *e)
{
	int pidfd, r;

	r = spawn_start(s, &pidfd, e);
	return r < 0 ? r : spawn_wait(pidfd, e);
}

int spawn_capture(const struct spawn *s, size_t max, char **ret, size_t *ret_len, struct err *e)
{
	_cleanup_fd_ int in = -1, out = -1;
	_cleanup_free_ char *text = NULL;
	struct spawn copy = *s;
	int fds[2], pidfd, r, status;
	size_t n = 0;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_set(e, errno, "create pipe");
	in = fds[0];
	out = fds[1];
	copy.stdio[1] = out;
	r = spawn_start(&copy, &pidfd, e);
	if (r < 0)
		return r;
	out = fd_close(out);
	r = io_read_fd(in, max, &text, &n);
	if (r < 0) {
		(void)err_set(e, r, "read output of '%s'", s->path);
		(void)pidfd_send_signal(pidfd, SIGKILL, NULL, 0);
	}
	status = spawn_wait(pidfd, r < 0 ? NULL : e);
	if (r < 0 || status < 0)
		return r < 0 ? r : status;
	*ret = TAKE_PTR(text);
	*ret_len = n;
	return status;
}
