// SPDX-License-Identifier: Apache-2.0
/* Waiting for a child in the foreground. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/libc.h"
#include "base/spawn.h"
#include "oci.h"

/* Signals that are ours or that a process sends itself are not passed on. */
static bool is_passed_on(uint32_t sig)
{
	return sig != SIGCHLD && sig != SIGURG && sig != SIGPIPE && sig != SIGTTIN &&
	       sig != SIGTTOU;
}

void oci_hold_signals(void)
{
	/* job control, and what means that we are broken */
	static const int others[] = { SIGCHLD, SIGTSTP,	 SIGTTIN, SIGTTOU, SIGCONT,
				      SIGPIPE, SIGWINCH, SIGSEGV, SIGBUS,  SIGILL,
				      SIGFPE,  SIGABRT,	 SIGTRAP, SIGSYS };
	sigset_t set;

	(void)sigfillset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		(void)sigdelset(&set, others[i]);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
}

int oci_wait(int pidfd, struct err *e)
{
	struct pollfd fds[2] = { { .fd = -1, .events = POLLIN },
				 { .fd = pidfd, .events = POLLIN } };
	_cleanup_fd_ int signals = -1;
	struct signalfd_siginfo si;
	sigset_t all;

	(void)sigfillset(&all);
	(void)sigprocmask(SIG_BLOCK, &all, NULL);
	signals = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
	if (signals < 0)
		return err_set(e, errno, "receive signals");
	fds[0].fd = signals;
	for (;;) {
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			return err_set(e, errno, "wait for the container");
		if ((fds[0].revents & POLLIN) &&
		    read(signals, &si, sizeof(si)) == (ssize_t)sizeof(si) &&
		    is_passed_on(si.ssi_signo))
			(void)pidfd_send_signal(pidfd, (int)si.ssi_signo, NULL,
						0); /* it may have ended */
		if (fds[1].revents & POLLIN)
			break;
	}
	return spawn_wait(fcntl(pidfd, F_DUPFD_CLOEXEC, 3), e);
}
