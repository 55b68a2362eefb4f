// SPDX-License-Identifier: Apache-2.0
/* Processes in cgroups, and hosts of other modes. */
#include "cgroup_lab.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "kern/cgroup.h"
#include "kern/cgroup_impl.h"

pid_t cgroup_lab_spawn(struct cgroup *cg, int (*body)(void *arg), void *arg)
{
	struct clone_args args = { .exit_signal = SIGCHLD };
	const int *fds = NULL;
	int n = cgroup_join_fds(cg, &fds, NULL), joined[2];
	pid_t pid;
	char byte;

	if (n < 0 || pipe2(joined, O_CLOEXEC) < 0)
		return -1;
	if (cgroup_fd(cg) >= 0) {
		args.flags = CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)cgroup_fd(cg);
	}
	pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));
	if (pid == 0) {
		if (cgroup_join_self(fds, (size_t)n, NULL) < 0)
			_exit(99);
		(void)close(joined[0]);
		(void)close(joined[1]);
		_exit(body(arg));
	}
	/* back when it is a member everywhere */
	(void)close(joined[1]);
	(void)!read(joined[0], &byte, 1);
	(void)close(joined[0]);
	return pid;
}

int cgroup_lab_wait(pid_t pid)
{
	int status;

	return waitpid(pid, &status, 0) == pid ? status : -1;
}

int cgroup_lab_run(struct cgroup *cg, int (*body)(void *arg), void *arg)
{
	pid_t pid = cgroup_lab_spawn(cg, body, arg);

	return pid < 0 ? -1 : cgroup_lab_wait(pid);
}

int cgroup_lab_sleep(void *arg)
{
	(void)arg;
	for (;;)
		pause();
	return 0;
}

static double cpu_time(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int cgroup_lab_burn(void *arg)
{
	double end = cpu_time() + *(double *)arg;

	while (cpu_time() < end)
		;
	return 0;
}

bool cgroup_lab_has(const char *slice, const char *id)
{
	_cleanup_strv_ struct strv ids = { .v = NULL };

	return cgroup_list(slice, &ids, NULL) < 0 || strv_has(&ids, id);
}

void cgroup_lab_remove(const char *slice)
{
	_cleanup_strv_ struct strv ids = { .v = NULL };
	char path[CGROUP_PATH_MAX];

	(void)cgroup_list(slice, &ids, NULL);
	for (size_t i = 0; i < ids.n; i++)
		(void)cgroup_remove(slice, ids.v[i], NULL);
	for (enum cgroup_controller c = 0; c < CGROUP_CONTROLLER_COUNT; c++)
		(void)rmdir(cgroup_v1_path(path, c, slice, NULL, NULL));
	if (cgroup_v2_root())
		(void)rmdir(cgroup_v2_path(path, slice, NULL));
}

/* In a mount namespace of our own: take the v2 mount off, or put it over the v1 ones. */
bool cgroup_lab_enter(const char *mode)
{
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return false;
	if (strcmp(mode, "v2") == 0)
		(void)mount("cgroup2", CGROUP_ROOT, "cgroup2", 0, NULL);
	else
		(void)umount2(CGROUP_UNIFIED, MNT_DETACH);
	return str_eq(cgroup_mode(), mode);
}
