// SPDX-License-Identifier: Apache-2.0
/* Who has the terminal of an exec'ed process after the user has detached from it. */
#include "engine/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/libc.h"

#define KEEPER_BUF 4096u

static void close_between(int after, int before)
{
	if (before - after > 1)
		(void)close_range((unsigned int)after + 1, (unsigned int)before - 1, 0);
}

/* Whoever waits for the end of what we had open must not wait for us. */
static void keep_only(int a, int b)
{
	int low = a < b ? a : b, high = a < b ? b : a;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int i = 0; i < 3; i++)
		if (null < 0 || dup2(null, i) < 0)
			(void)close(i);
	close_between(2, low);
	close_between(low, high);
	(void)close_range((unsigned int)high + 1, ~0u, 0);
	(void)!chdir("/");
}

static _Noreturn void keep(int pty, int pidfd)
{
	struct pollfd p[2] = { { .fd = pidfd, .events = POLLIN }, { .fd = pty, .events = POLLIN } };
	char buf[KEEPER_BUF];

	(void)setsid(); /* a fresh child leads no group: it cannot fail */
	keep_only(pty, pidfd);
	while (!p[0].revents) {
		ssize_t n;

		if (poll(p, 2, -1) < 0)
			continue;
		n = p[1].revents ? read(pty, buf, sizeof(buf)) : 1;
		/* closed by all, also by the process, which may open it no more */
		if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
			p[1].fd = -1;
	}
	_exit(0);
}

int keeper_start(int pty, int pidfd, struct err *e)
{
	sigset_t terminals, old;
	pid_t pid;
	int r;

	/* our end hangs up our own terminal: that may come before the keeper has left our session */
	(void)sigemptyset(&terminals);
	(void)sigaddset(&terminals, SIGHUP);
	(void)sigaddset(&terminals, SIGINT);
	(void)sigaddset(&terminals, SIGQUIT);
	if (sigprocmask(SIG_BLOCK, &terminals, &old) < 0)
		return err_set(e, errno, "block signals");
	pid = fork();
	if (pid == 0)
		keep(pty, pidfd);
	r = pid < 0 ? err_set(e, errno, "keep the terminal of the process") : 0;
	(void)sigprocmask(SIG_SETMASK, &old, NULL); /* it was fine before */
	return r;
}
