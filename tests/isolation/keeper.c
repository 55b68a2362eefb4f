// SPDX-License-Identifier: Apache-2.0
/* A process that cleans up when this one is killed. */
#include "keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define PARENT_DIED SIGUSR1

/* runs in the child */
static _Noreturn void keep(pid_t parent, void (*clean_up)(void *data), void *data)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	sigset_t died;

	(void)setsid();
	for (int fd = 0; fd < 3; fd++)
		if (null < 0 || dup2(null, fd) < 0)
			(void)close(fd);
	/* waits in the queue when it comes before the look at our parent */
	(void)sigemptyset(&died);
	(void)sigaddset(&died, PARENT_DIED);
	(void)sigprocmask(SIG_BLOCK, &died, NULL);
	(void)prctl(PR_SET_PDEATHSIG, PARENT_DIED, 0, 0, 0);
	while (getppid() == parent)
		(void)sigwaitinfo(&died, NULL);
	clean_up(data);
	_exit(0);
}

pid_t keeper_start(void (*clean_up)(void *data), void *data)
{
	pid_t parent = getpid(), pid = fork();

	if (pid == 0)
		keep(parent, clean_up, data);
	return pid < 0 ? -errno : pid;
}

void keeper_end(pid_t keeper)
{
	if (keeper <= 0)
		return;
	(void)kill(keeper, SIGKILL);
	while (waitpid(keeper, NULL, 0) < 0 && errno == EINTR)
		;
}
