// SPDX-License-Identifier: Apache-2.0
/* A container whose parent is this process: foreground, --rm, no terminal. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/timing.h"
#include "engine/container.h"
#include "engine/life.h"
#include "engine/name.h"
#include "engine/run.h"
#include "engine/stdio.h"
#include "kern/exit_record.h"

bool run_can_be_direct(const struct container *c)
{
	return c->is_ephemeral && !c->options.tty && !stdio_needs_relay(c->options.interactive);
}

/* Signals whose default action would end us go to the container instead. */
static void forwarded_signals(sigset_t *set)
{
	static const int not_ours[] = { SIGSEGV, SIGBUS,  SIGFPE,  SIGILL,  SIGTRAP, SIGABRT, SIGSYS,
					SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU, SIGCONT, SIGPIPE, SIGURG,
					SIGWINCH };

	(void)sigfillset(set);
	for (size_t i = 0; i < ARRAY_SIZE(not_ours); i++)
		(void)sigdelset(set, not_ours[i]);
}

/* Blocked signals stay pending until here: none is lost, whenever it came. */
static int wait_for_end(const struct life *l, const sigset_t *set, siginfo_t *ret, struct err *e)
{
	for (;;) {
		int sig = sigwaitinfo(set, NULL);

		if (sig == SIGCHLD) {
			ret->si_pid = 0;
			if (waitid(P_PIDFD, (id_t)l->started.pidfd, ret, WEXITED | WNOHANG | __WALL) < 0)
				return err_set(e, errno, "wait for the container");
			if (ret->si_pid)
				return 0;
		} else if (sig > 0) {
			/* ESRCH: it has ended, SIGCHLD is on its way */
			(void)syscall(SYS_pidfd_send_signal, l->started.pidfd, sig, NULL, 0);
		} else if (errno != EINTR && errno != EAGAIN) {
			return err_set(e, errno, "wait for signals");
		}
	}
}

static int start_and_wait(struct life *l, const struct image *im, struct exit_record *exit, struct err *e)
{
	_cleanup_fd_ int null = -1;
	sigset_t set, old;
	siginfo_t si;
	int r;

	forwarded_signals(&set);
	if (sigprocmask(SIG_BLOCK, &set, &old) < 0)
		return err_set(e, errno, "block signals");
	r = container_save(l->en, l->c, e);
	if (r == 0)
		r = name_reserve(l->en, l->c, e);
	if (r == 0)
		r = life_prepare(l, im, e);
	if (r == 0) {
		null = plan_open_null(&l->plan, e);
		r = null < 0 ? null : 0;
	}
	for (int i = 0; r == 0 && i < 3; i++)
		if ((i == 0 && !l->c->options.interactive) || stdio_kind(i) == STDIO_NULL)
			l->plan.launch.stdio[i] = null;
		else
			stdio_give(i, stdio_owner(&l->resolved.config));
	if (r == 0)
		r = life_start(l, e);
	if (r == 0) {
		r = wait_for_end(l, &set, &si, e);
		timing_mark(l->timing, TIMING_EXIT);
	}
	if (r == 0)
		exit_record_set(exit, &si);
	return r;
}

int run_direct(struct engine *en, const struct container *c, const struct image *im,
	       struct timing *timing, int *ret_code, struct err *e)
{
	struct exit_record exit = { .status = 0 };
	struct err end_error = ERR_INIT;
	struct life l;
	int r, end;

	r = life_begin(en, c, timing, &l, e);
	if (r < 0)
		return r;
	r = start_and_wait(&l, im, &exit, e);
	end = life_end(&l, r == 0 ? &exit : NULL, &end_error);
	life_done(&l);
	if (r == 0 && end < 0) {
		if (e)
			*e = end_error;
		return err_wrap(e, end, "container ended with status %d; clean-up failed",
				exit_record_code(&exit));
	}
	if (r == 0)
		*ret_code = exit_record_code(&exit);
	return r;
}
