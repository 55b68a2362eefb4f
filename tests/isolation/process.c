// SPDX-License-Identifier: Apache-2.0
/* Programs that the host side runs: runtimes, engines and their small commands. */
#include "process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "args.h"
#include "inside.h"
#include "probe.h"

#define MATCHES_MAX 64

int complain(const char *fmt, ...)
{
	va_list list;

	(void)fputs("davit-probe: ", stderr);
	va_start(list, fmt);
	(void)vfprintf(stderr, fmt, list);
	va_end(list);
	(void)fputc('\n', stderr);
	return -1;
}

void hint(const char *fmt, ...)
{
	va_list list;

	(void)fputs("hint: ", stderr);
	va_start(list, fmt);
	(void)vfprintf(stderr, fmt, list);
	va_end(list);
	(void)fputc('\n', stderr);
}

int64_t clock_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static bool is_program(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

int program_find(const char *name, char *ret_path, size_t size)
{
	const char *dirs = getenv("PATH");
	int len = -1;

	if (strchr(name, '/')) {
		if (!is_program(name))
			return complain("'%s' is not a program: %s", name,
					access(name, X_OK) < 0 ? strerror(errno) : "not a file");
		/* the child may have another working directory */
		return realpath(name, ret_path) ? 0 : complain("'%s': %s", name, strerror(errno));
	}
	for (const char *p = dirs && *name ? dirs : ""; *p;) {
		int n = (int)strcspn(p, ":");

		len = snprintf(ret_path, size, "%.*s/%s", n, p, name);
		if (n && len > 0 && (size_t)len < size && is_program(ret_path))
			return 0;
		p += n + (p[n] == ':');
	}
	return complain("there is no program '%s' in PATH", name);
}

/* sigaction(3) leaves out two signals, 32 and 33, which make's children ignore and Go's programs hand on */
static void reset_signals(void)
{
	const struct {
		uint64_t handler, flags, restorer, mask;
	} none = { .mask = 0 };
	sigset_t set;

	for (int n = 1; n <= 64; n++)
		(void)syscall(SYS_rt_sigaction, n, &none, NULL, sizeof(none.mask));
	(void)sigemptyset(&set);
	(void)sigprocmask(SIG_SETMASK, &set, NULL);
}

static _Noreturn void child(const struct args *a, const char *cwd, int out, int err, int report)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), code;

	reset_signals();
	(void)setsid();
	if (null >= 0 && dup2(null, 0) == 0 && dup2(out, 1) == 1 && dup2(err, 2) == 2 &&
	    (!cwd || chdir(cwd) == 0))
		(void)execv(a->v[0], a->v);
	code = errno;
	if (write(report, &code, sizeof(code)) != (ssize_t)sizeof(code))
		_exit(126);
	_exit(127);
}

pid_t process_start(const struct args *a, const char *cwd, int out, int err)
{
	int report[2], code;
	pid_t pid;

	if (a->has_failed || !a->n)
		return -E2BIG;
	if (pipe2(report, O_CLOEXEC) < 0)
		return -errno;
	pid = fork();
	if (pid == 0)
		child(a, cwd, out, err, report[1]);
	code = errno;
	(void)close(report[1]);
	if (pid < 0) {
		(void)close(report[0]);
		return -code;
	}
	if (read(report[0], &code, sizeof(code)) == (ssize_t)sizeof(code)) {
		(void)waitpid(pid, NULL, 0);
		pid = -code;
	}
	(void)close(report[0]);
	return pid;
}

int process_wait(pid_t pid, int timeout_ms)
{
	const struct timespec step = { .tv_nsec = 2 * 1000 * 1000 };
	int64_t end = clock_ms() + timeout_ms;
	int status;

	for (;;) {
		pid_t got = waitpid(pid, &status, WNOHANG);

		if (got == pid)
			return status;
		if (got < 0 && errno != EINTR)
			return -errno;
		if (clock_ms() >= end)
			return -ETIMEDOUT;
		(void)nanosleep(&step, NULL);
	}
}

/* It is not reaped: until then no other process and no other group gets its number. */
static int wait_for_end(pid_t pid, int timeout_ms, siginfo_t *ret)
{
	const struct timespec step = { .tv_nsec = 2 * 1000 * 1000 };
	int64_t end = clock_ms() + timeout_ms;

	for (;;) {
		ret->si_pid = 0;
		if (waitid(P_PID, (id_t)pid, ret, WEXITED | WNOHANG | WNOWAIT) < 0)
			return -errno;
		if (ret->si_pid)
			return 0;
		if (clock_ms() >= end)
			return -ETIMEDOUT;
		(void)nanosleep(&step, NULL);
	}
}

void process_end(pid_t pid, int grace_ms)
{
	siginfo_t info;

	if (pid <= 0)
		return;
	(void)kill(-pid, SIGTERM);
	(void)wait_for_end(pid, grace_ms, &info);
	(void)kill(-pid, SIGKILL);
	(void)process_wait(pid, 5000);
}

/* Up to @size bytes are kept, the rest is read and dropped. Return: 0 at its end; -ETIMEDOUT. */
static int drain(int fd, char *buf, size_t size, int64_t end)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	char rest[4096];
	size_t len = 0;

	for (;;) {
		int64_t left = end - clock_ms();
		ssize_t n;

		if (left <= 0 || poll(&pfd, 1, (int)left) == 0)
			return -ETIMEDOUT;
		n = len + 1 < size ? read(fd, buf + len, size - 1 - len) :
				     read(fd, rest, sizeof(rest));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return 0;
		if (len + 1 < size)
			len += (size_t)n;
		buf[len] = '\0';
	}
}

int process_capture(const struct args *a, char *buf, size_t size, int timeout_ms)
{
	int64_t end = clock_ms() + timeout_ms;
	siginfo_t info;
	int fds[2], r;
	pid_t pid;

	buf[0] = '\0';
	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	pid = process_start(a, NULL, fds[1], fds[1]);
	(void)close(fds[1]);
	if (pid < 0) {
		(void)close(fds[0]);
		return pid;
	}
	r = drain(fds[0], buf, size, end);
	(void)close(fds[0]);
	if (r == 0)
		r = wait_for_end(pid, (int)(end - clock_ms()), &info);
	if (r == -ETIMEDOUT)
		process_end(pid, 1000);
	if (r < 0)
		return r;
	if (info.si_code != CLD_EXITED || info.si_status != 0)
		(void)kill(-pid, SIGKILL);
	return process_wait(pid, 0);
}

/* Argument @n of @len bytes of NUL-terminated arguments, or "" */
static const char *argument(const char *args, size_t len, int n)
{
	const char *p = args;

	for (; n && p < args + len; n--)
		p += strlen(p) + 1;
	return p < args + len ? p : "";
}

static bool is_ours(const char *pid, const char *verb, const char *token)
{
	char path[64], args[4096];
	int len;

	(void)snprintf(path, sizeof(path), "/proc/%s/cmdline", pid);
	len = read_text(path, args, sizeof(args));
	return len > 0 && strcmp(args, INSIDE_DIR "/davit-probe") == 0 &&
	       strcmp(argument(args, (size_t)len, 1), verb) == 0 &&
	       strcmp(argument(args, (size_t)len, 3), token) == 0;
}

static pid_t parent_of(pid_t pid)
{
	char path[64], text[32];

	(void)snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	return read_field(path, "PPid", text, sizeof(text)) < 0 ? -1 :
								  (pid_t)strtol(text, NULL, 10);
}

pid_t process_find(const char *verb, const char *token)
{
	pid_t found[MATCHES_MAX];
	size_t count = 0;
	DIR *dir = opendir("/proc");

	if (!dir)
		return -errno;
	for (struct dirent *d; count < MATCHES_MAX && (d = readdir(dir));)
		if (d->d_name[0] >= '1' && d->d_name[0] <= '9' && is_ours(d->d_name, verb, token))
			found[count++] = (pid_t)strtol(d->d_name, NULL, 10);
	(void)closedir(dir);
	for (size_t i = 0; i < count; i++) {
		pid_t parent = parent_of(found[i]);
		bool is_child = parent < 0;

		for (size_t k = 0; k < count; k++)
			is_child |= found[k] == parent;
		if (!is_child)
			return found[i];
	}
	return -ESRCH;
}

bool process_kill(const char *verb, const char *token)
{
	pid_t pid = process_find(verb, token);
	int fd = pid > 0 ? (int)syscall(SYS_pidfd_open, pid, 0) : -1;

	if (fd < 0)
		return false;
	/* the number may have gone to another process before we held it */
	if (process_find(verb, token) == pid)
		(void)syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0);
	(void)close(fd);
	return true;
}
