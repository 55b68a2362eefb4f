// SPDX-License-Identifier: Apache-2.0
/* Try what may kill, in a process of its own. */
#include "attempt.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "probe.h"

int attempt(int (*try)(const void *arg), const void *arg)
{
	int status = 0;
	pid_t pid = fork();

	if (pid < 0)
		return -errno;
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
		_exit(try(arg));
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	if (WIFSIGNALED(status))
		return ATTEMPT_KILLED + WTERMSIG(status);
	return WEXITSTATUS(status);
}

const char *attempt_name(int result)
{
	static char text[64];

	if (result >= ATTEMPT_KILLED)
		(void)snprintf(text, sizeof(text), "signal %d", result - ATTEMPT_KILLED);
	else if (result < 0)
		(void)snprintf(text, sizeof(text), "fork: %s", errno_name(-result));
	else
		return errno_name(result);
	return text;
}

/* runs in the child; an error goes through @out, which an exec closes */
static _Noreturn void hold(const char *path, uid_t uid, int out)
{
	char *const argv[] = { (char *)(uintptr_t) "davit-probe", (char *)(uintptr_t) "hold",
			       (char *)(uintptr_t) "/proc/self/none", (char *)(uintptr_t) "none",
			       NULL };
	int err;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (uid == HOLD_AS_IS || (setgroups(0, NULL) == 0 && setresgid(uid, uid, uid) == 0 &&
				  setresuid(uid, uid, uid) == 0))
		err = path && execve(path, argv, argv + 4) < 0 ? errno : 0;
	else
		err = errno;
	(void)!write(out, &err, sizeof(err));
	while (!err)
		(void)pause();
	_exit(1);
}

pid_t attempt_hold(const char *path, uid_t uid)
{
	int fds[2], err = 0;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	pid = fork();
	if (pid == 0)
		hold(path, uid, fds[1]);
	if (pid < 0)
		err = errno;
	(void)close(fds[1]);
	if (pid > 0 && read(fds[0], &err, sizeof(err)) == sizeof(err) && err)
		attempt_release(pid);
	(void)close(fds[0]);
	return err ? -err : pid;
}

void attempt_release(pid_t pid)
{
	(void)kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

static int copy_to(int out)
{
	int in = open("/proc/self/exe", O_RDONLY | O_CLOEXEC), err = 0;
	char buf[65536];
	ssize_t n;

	if (in < 0)
		return -errno;
	while ((n = read(in, buf, sizeof(buf))) > 0 && !err)
		if (write(out, buf, (size_t)n) != n)
			err = errno ? errno : EIO;
	if (n < 0)
		err = errno;
	(void)close(in);
	return -err;
}

int attempt_file(char *ret_path)
{
	static const char *const dirs[] = { "/tmp", "/var/tmp", "/run", "/root",
					    "",	    "/dev/shm", "/dev" };
	struct statvfs st;

	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		int fd, r;

		(void)snprintf(ret_path, PATH_MAX, "%s/davit-probe.XXXXXX", dirs[i]);
		fd = mkostemp(ret_path, O_CLOEXEC);
		if (fd < 0)
			continue;
		if (fstatvfs(fd, &st) == 0 && !(st.f_flag & (ST_NOSUID | ST_NOEXEC))) {
			r = copy_to(fd);
			if (r == 0)
				return fd;
		} else {
			r = -EROFS;
		}
		(void)close(fd);
		(void)unlink(ret_path);
		if (r != -EROFS)
			return r;
	}
	return -EROFS;
}

bool is_refused(int err)
{
	return err == EPERM || err == EACCES || err == EROFS || err == ENOSYS;
}

bool cap_was_asked(const struct facts *f, int cap)
{
	const char *text = facts_get(f, "want.caps.effective");

	return text && (strtoull(text, NULL, 16) >> cap & 1);
}

int attempt_is_refused(const struct probe *p, const struct facts *f, struct seen *s)
{
	int err;

	if (!facts_get(f, "want.caps.effective"))
		return seen_unknown(s, "want.caps.effective");
	if (cap_was_asked(f, (int)p->num) || cap_was_asked(f, (int)p->flags))
		return seen_skip(s, "a capability for it was asked for");
	err = p->try();
	if (err == EOPNOTSUPP)
		return seen_skip(s, "cannot be tried here");
	if (err == ENOENT)
		return seen_pass(s, "not there, or masked");
	return seen_as(s, is_refused(err), "%s", err ? errno_name(err) : "granted");
}
