// SPDX-License-Identifier: Apache-2.0
/* The floor of exec: enter the namespaces of a process by its pidfd, clone into its cgroup, drop what its
 * container has not, execute, wait. usage: floor_exec PID CGROUP PROGRAM [ARG...] */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define KEPT_CAPS ((1ull << CAP_AUDIT_WRITE) | (1ull << CAP_KILL) | (1ull << CAP_NET_BIND_SERVICE))
#define NAMESPACES \
	(CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNS | CLONE_NEWCGROUP)

static long check(long r, const char *what)
{
	if (r < 0) {
		dprintf(STDERR_FILENO, "floor_exec: %s: %s\n", what, strerror(errno));
		_exit(125);
	}
	return r;
}

static void __attribute__((noreturn)) child(char *argv[])
{
	static char *const environment[] = { (char *)"PATH=/bin", NULL };
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { { .effective = (uint32_t)KEPT_CAPS,
						    .permitted = (uint32_t)KEPT_CAPS } };

	check(setsid(), "setsid");
	for (int cap = 0; cap <= CAP_LAST_CAP; cap++)
		if (!(KEPT_CAPS >> cap & 1))
			(void)prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
	check(syscall(SYS_setgroups, 0, NULL), "setgroups");
	check(syscall(SYS_setresgid, 0, 0, 0), "setresgid");
	check(syscall(SYS_setresuid, 0, 0, 0), "setresuid");
	check(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs");
	check(syscall(SYS_capset, &header, data), "capset");
	check(syscall(SYS_close_range, 3, ~0u, CLOSE_RANGE_CLOEXEC), "close_range");
	execve(argv[0], argv, environment);
	check(-1, argv[0]);
	__builtin_unreachable();
}

int main(int argc, char *argv[])
{
	struct clone_args args = { .flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD };
	int pidfd, status = 0;
	long pid;

	if (argc < 4) {
		fputs("usage: floor_exec PID CGROUP PROGRAM [ARG...]\n", stderr);
		return 2;
	}
	pidfd = (int)check(syscall(SYS_pidfd_open, atoi(argv[1]), 0), argv[1]);
	args.cgroup = (uint64_t)check(open(argv[2], O_PATH | O_DIRECTORY | O_CLOEXEC), argv[2]);
	check(setns(pidfd, NAMESPACES), "setns");
	pid = check(syscall(SYS_clone3, &args, sizeof(args)), "clone3");
	if (pid == 0)
		child(argv + 3);
	while (waitpid((pid_t)pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
