// SPDX-License-Identifier: Apache-2.0
/*
 * davit-init: last hop before the workload, without libc.
 *
 * It is executed from a read-only detached mount, so that from here on /proc/self/exe leads to
 * nothing a container could write (CVE-2019-5736). It searches PATH as execvp(3) does and reports
 * a failed exec over a pipe.
 *
 * argv[0] = number of the pipe's descriptor in decimal, argv[1..] = the workload's.
 */
#include <errno.h>
#include <fcntl.h>
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

static int parse_fd(const char *s)
{
	int v = 0;

	for (; *s >= '0' && *s <= '9'; s++)
		v = v * 10 + (*s - '0');
	return v;
}

static _Noreturn void fail(int fd, long r, uint32_t stage)
{
	struct init_report report = { .code = (int32_t)r, .stage = stage };

	(void)sys_call3(SYS_write, fd, &report, sizeof(report)); /* the exit status says it too */
	for (;;)
		(void)sys_call1(SYS_exit_group, r == -ENOENT ? 127 : 126);
}

/* Try dir/name for every directory of PATH; EACCES is remembered as execvp(3) does. */
static long search(const char *name, const char *path, char *const argv[], char *const envp[])
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
			r = sys_call3(SYS_execve, full, argv, envp);
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

/* called by _start below */
__attribute__((noreturn, used)) void init_main(long *stack);

void init_main(long *stack)
{
	long argc = stack[0];
	char **argv = (char **)(stack + 1);
	char **envp = argv + argc + 1;
	int err_fd = argc > 1 ? parse_fd(argv[0]) : 2;
	long r;

	if (argc < 2)
		fail(err_fd, -EINVAL, INIT_ARGS);
	r = sys_call3(SYS_fcntl, err_fd, F_SETFD, FD_CLOEXEC);
	if (r < 0) /* not started by davit */
		fail(2, r, INIT_ARGS);
	argv++;
	if (!argv[0][0])
		r = -ENOENT;
	else if (has_slash(argv[0]))
		r = sys_call3(SYS_execve, argv[0], argv, envp);
	else
		r = search(argv[0], get_path(envp), argv, envp);
	fail(err_fd, r, INIT_EXEC);
}

#if defined(__x86_64__)
__asm__(".globl _start\n_start:\n\txor %ebp, %ebp\n\tmov %rsp, %rdi\n\tand $-16, %rsp\n\tcall init_main\n");
#elif defined(__aarch64__)
__asm__(".globl _start\n_start:\n\tmov x29, xzr\n\tmov x0, sp\n\tbl init_main\n");
#endif
