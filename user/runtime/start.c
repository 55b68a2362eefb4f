// SPDX-License-Identifier: Apache-2.0
/* Turning a plan into a running process. */
#include "runtime/start.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/io.h"
#include "base/timing.h"
#include "kern/cgroup.h"
#include "kern/clone.h"
#include "runtime/outcome.h"
#include "runtime/plan.h"
#include "runtime/userns.h"

static _Alignas(16) char child_stack[CLONE_STACK_SIZE];

static void reap(int pidfd)
{
	siginfo_t si;

	while (waitid(P_PIDFD, (id_t)pidfd, &si, WEXITED | __WALL) < 0 && errno == EINTR)
		;
}

int runtime_spawn(uint64_t flags, struct plan *p, int cgroup_fd, const struct id_map *id_map,
		  struct timing *timing, struct started *ret, struct err *e)
{
	struct launch *l = &p->launch;
	struct timespec entered = { 0, 0 };
	_cleanup_fd_ int err_read = -1, err_write = -1, sync_read = -1, sync_write = -1, pidfd = -1;
	int fds[2];
	pid_t pid;
	int r;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_set(e, errno, "make a pipe");
	err_read = fds[0];
	err_write = fds[1];
	if (id_map) {
		if (pipe2(fds, O_CLOEXEC) < 0)
			return err_set(e, errno, "make a pipe");
		sync_read = fds[0];
		sync_write = fds[1];
		/* who shares memory and does not wait is killed with a child that exceeds its memory limit */
		flags &= ~(uint64_t)CLONE_VM;
	} else if (flags & CLONE_VM) {
		flags |= CLONE_VFORK;
	}
	l->entered = timing && (flags & CLONE_VFORK) ? &entered : NULL; /* it has begun when we go on */
	l->failed = outcome_board(flags & CLONE_VM);
	l->err_fd = err_write;
	l->sync_fd = sync_read;
	l->sync_write_fd = sync_write;
	(void)err_format(p->init_arg, sizeof(p->init_arg), "%d", err_write);
	pid = clone_run(flags | CLONE_CLEAR_SIGHAND, cgroup_fd, child_stack, launch_child, l, &pidfd);
	if (pid < 0) {
		(void)err_set(e, pid, "clone the container's process");
		if (pid == -EAGAIN)
			err_hint(e, "the limit of processes (--pids-limit, ulimit -u, kernel.pid_max) is reached");
		return pid;
	}
	timing_mark_at(timing, TIMING_CLONE, (uint64_t)entered.tv_sec * 1000000000u + (uint64_t)entered.tv_nsec);
	timing_mark(timing, TIMING_STEPS);
	err_write = fd_close(err_write);
	r = 0;
	if (id_map) {
		sync_read = fd_close(sync_read);
		r = userns_write_maps(pid, id_map, e);
		if (r == 0 && write(sync_write, "", 1) != 1)
			r = err_set(e, errno, "start the container's process");
		sync_write = fd_close(sync_write); /* on failure the child reads end of file */
	}
	if (r == 0)
		r = outcome_read(err_read, p->argv[1], e);
	else
		r = outcome_cause(err_read, p->argv[1], l->failed, r,
				  e); /* and waits until it is gone */
	r = outcome_failed(l->failed, r, e);
	if (r < 0) {
		reap(pidfd);
		return r;
	}
	timing_mark(timing, TIMING_EXEC);
	ret->pid = pid;
	ret->pidfd = TAKE_FD(pidfd);
	return 0;
}

static int write_time_offset(const char *clock, int64_t ns, struct err *e)
{
	char text[64];
	int64_t sec = ns / 1000000000, rest = ns % 1000000000;
	int r;

	if (rest < 0) { /* the kernel wants 0 <= nsec < 1e9 */
		sec--;
		rest += 1000000000;
	}
	(void)err_format(text, sizeof(text), "%s %lld %lld", clock, (long long)sec, (long long)rest);
	r = io_write_file(AT_FDCWD, "/proc/self/timens_offsets", text);
	if (r < 0)
		(void)err_set(e, r, "set time offset '%s'", text);
	if (r == -ERANGE)
		err_hint(e, "the clock would be negative or beyond 292 years");
	return r;
}

/* Children of ours live in the new time namespace from their first instruction (time_namespaces(7)). */
static int enter_time_namespace(const struct runtime_config *c, struct err *e)
{
	int r = 0;

	if (unshare(CLONE_NEWTIME) < 0)
		return err_set(e, errno, "make a time namespace");
	if (c->mono_ns)
		r = write_time_offset("monotonic", c->mono_ns, e);
	if (r == 0 && c->boot_ns)
		r = write_time_offset("boottime", c->boot_ns, e);
	return r;
}

int runtime_start(const struct runtime_config *c, struct plan *p, struct cgroup *cg,
		  struct timing *timing, struct started *ret, struct err *e)
{
	uint64_t flags = c->new_ns & ~(uint64_t)(CLONE_NEWTIME | CLONE_NEWCGROUP);
	const int *join;
	int n;

	n = cgroup_join_fds(cg, &join, e);
	if (n < 0)
		return n;
	p->launch.join_fds = join;
	p->launch.n_join_fds = (size_t)n;
	if (c->new_ns & CLONE_NEWTIME) {
		int r = enter_time_namespace(c, e);

		if (r < 0)
			return r;
	} else {
		flags |= CLONE_VM; /* a time namespace needs an address space of its own */
	}
	return runtime_spawn(flags, p, cgroup_fd(cg), c->new_ns & CLONE_NEWUSER ? &c->id_map : NULL,
			     timing, ret, e);
}
