// SPDX-License-Identifier: Apache-2.0
/*
 * davit-init: last hop before the workload, without libc.
 *
 * It is executed from a read-only detached mount, so that from here on /proc/self/exe leads to
 * nothing a container could write (CVE-2019-5736). It searches PATH as execvp(3) does and reports
 * a failed exec over a pipe.
 *
 * argv[0] = "REPORT" or "REPORT,WAIT", descriptor numbers in decimal; argv[1..] = the workload's. With WAIT it
 * looks for the command first, reports INIT_READY, and executes when a byte arrives there: a container
 * that has been created and not started. Who starts it reopens both pipes through /proc/PID/fd.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/stat.h>
#include <stddef.h>
#include <stdint.h>

#include "kern/init_report.h"
#include "kern/sys.h"

#define PATH_LEN_MAX 4096

static const char default_path[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

static size_t length(const char *s)
{
	size_t n = 0;

	while (s[n])
		n++;
	return n;
}

static const char *get_path(char *const envp[])
{
	for (; *envp; envp++) {
		const char *e = *envp;

		if (e[0] == 'P' && e[1] == 'A' && e[2] == 'T' && e[3] == 'H' && e[4] == '=')
			return e + 5;
	}
	return default_path;
}

/* Return: -1 without a number */
static int parse_fd(const char **s)
{
	int v = -1;

	for (; **s >= '0' && **s <= '9'; (*s)++)
		v = (v < 0 ? 0 : v * 10) + (**s - '0');
	return v;
}

static long report(int fd, long r, uint32_t stage)
{
	struct init_report text = { .code = (int32_t)r, .stage = stage };

	return sys_call3(SYS_write, fd, &text, sizeof(text));
}

static _Noreturn void fail(int fd, long r, uint32_t stage)
{
	(void)report(fd, r, stage); /* the exit status says it too */
	for (;;)
		(void)sys_call1(SYS_exit_group, r == -ENOENT ? 127 : 126);
}

/* execve(2), or what it would say of the file; a filter that forbids to look is no reason to fail. */
static long try(const char *file, int looks, char *const argv[], char *const envp[])
{
	struct statx st;
	long r;

	if (!looks)
		return sys_call3(SYS_execve, file, argv, envp);
	r = sys_call5(SYS_statx, AT_FDCWD, file, 0, STATX_TYPE | STATX_MODE, &st);
	if (r == -EPERM || r == -ENOSYS)
		return 0;
	if (r == 0 && ((st.stx_mode & S_IFMT) != S_IFREG || !(st.stx_mode & 0111)))
		r = -EACCES;
	if (r == 0)
		r = sys_call3(SYS_faccessat, AT_FDCWD, file, 1 /* X_OK */);
	return r == -EPERM || r == -ENOSYS ? 0 : r;
}

/* Try dir/name for every directory of PATH; EACCES is remembered as execvp(3) does. */
static long search(const char *name, const char *path, int looks, char *const argv[],
		   char *const envp[])
{
	static char full[PATH_LEN_MAX + 1];
	size_t len = length(name);
	long denied = 0, r;

	for (;;) {
		size_t n = 0;

		while (path[n] && path[n] != ':')
			n++;
		if (n + 1 + len < sizeof(full)) {
			size_t at = 0;

			for (; at < n; at++)
				full[at] = path[at];
			if (!n)
				full[at++] = '.';
			full[at++] = '/';
			for (size_t i = 0; i <= len; i++)
				full[at + i] = name[i];
			r = try(full, looks, argv, envp);
			if (r == -EACCES)
				denied = r;
			else if (r != -ENOENT && r != -ENOTDIR)
				return r;
		}
		path += n;
		if (!*path)
			return denied ? denied : -ENOENT;
		path++;
	}
}

static int has_slash(const char *s)
{
	for (; *s; s++)
		if (*s == '/')
			return 1;
	return 0;
}

static long run(int looks, char *const argv[], char *const envp[])
{
	if (!argv[0][0])
		return -ENOENT;
	if (has_slash(argv[0]))
		return try(argv[0], looks, argv, envp);
	return search(argv[0], get_path(envp), looks, argv, envp);
}

/* Return when somebody starts the container. */
static void wait_for_start(int report_fd, int wait_fd, char *const argv[], char *const envp[])
{
	char byte;
	long r = run(1, argv, envp);

	if (r < 0)
		fail(report_fd, r, INIT_EXEC);
	(void)report(report_fd, 0, INIT_READY);
	do {
		r = sys_call3(SYS_read, wait_fd, &byte, 1);
	} while (r == -EINTR);
	if (r != 1)
		fail(report_fd, r < 0 ? r : -ECANCELED, INIT_WAIT);
	(void)sys_call1(SYS_close, wait_fd);
}

/* called by _start below */
__attribute__((noreturn, used)) void init_main(long *stack);

void init_main(long *stack)
{
	long argc = stack[0];
	char **argv = (char **)(stack + 1);
	char **envp = argv + argc + 1;
	const char *fds = argc > 1 ? argv[0] : "2";
	int report_fd = parse_fd(&fds), wait_fd;
	long r;

	if (argc < 2)
		fail(report_fd, -EINVAL, INIT_ARGS);
	r = sys_call3(SYS_fcntl, report_fd, F_SETFD, FD_CLOEXEC);
	if (r < 0) /* not started by davit */
		fail(2, r, INIT_ARGS);
	argv++;
	if (*fds++ == ',' && (wait_fd = parse_fd(&fds)) >= 0)
		wait_for_start(report_fd, wait_fd, argv, envp);
	fail(report_fd, run(0, argv, envp), INIT_EXEC);
}

#if defined(__x86_64__)
__asm__(".globl _start\n_start:\n\txor %ebp, %ebp\n\tmov %rsp, %rdi\n\tand $-16, %rsp\n\tcall init_main\n");
#elif defined(__aarch64__)
__asm__(".globl _start\n_start:\n\tmov x29, xzr\n\tmov x0, sp\n\tbl init_main\n");
#endif
