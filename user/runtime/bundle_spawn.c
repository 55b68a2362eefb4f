// SPDX-License-Identifier: Apache-2.0
/* Turning the plan of a bundle into a process that waits to be started. */
#include "runtime/bundle_spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/io.h"
#include "base/libc.h"
#include "base/str.h"
#include "kern/clone.h"
#include "kern/init_report.h"
#include "kern/sys.h"
#include "runtime/bundle_idmap.h"
#include "runtime/bundle_plan.h"
#include "runtime/exec_error.h"
#include "runtime/listener.h"
#include "runtime/outcome.h"
#include "spec/oci_config.h"

static _Alignas(16) char child_stack[CLONE_STACK_SIZE];
static _Alignas(16) char entrant_stack[CLONE_STACK_SIZE];

struct spawn_pipes {
	int report_read, report_write, sync_read, sync_write, wait;
};

static void pipes_done(struct spawn_pipes *f)
{
	f->report_read = fd_close(f->report_read);
	f->report_write = fd_close(f->report_write);
	f->sync_read = fd_close(f->sync_read);
	f->sync_write = fd_close(f->sync_write);
	f->wait = fd_close(f->wait);
}

/* One descriptor with both ends of a pipe: it never sees the end of file, whoever goes. */
static int make_wait(struct bundle_child *child, struct err *e)
{
	char link[32];
	struct stat st;
	int fds[2], fd;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_set(e, errno, "make a pipe");
	(void)err_format(link, sizeof(link), "/proc/self/fd/%d", fds[0]);
	fd = open(link, O_RDWR | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0) {
		fd = err_set(e, errno, "open '%s'", link);
	} else {
		child->wait_dev = st.st_dev;
		child->wait_inode = st.st_ino;
	}
	(void)close(fds[0]); /* nothing was written */
	(void)close(fds[1]);
	return fd;
}

static int make_pipe(int *ret_read, int *ret_write, struct err *e)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_set(e, errno, "make a pipe");
	*ret_read = fds[0];
	*ret_write = fds[1];
	return 0;
}

static int make_pipes(struct spawn_pipes *f, bool is_in_step, bool waits,
		      struct bundle_child *child, struct err *e)
{
	int r = make_pipe(&f->report_read, &f->report_write, e);

	if (r == 0 && is_in_step)
		r = make_pipe(&f->sync_read, &f->sync_write, e);
	if (r < 0 || !waits)
		return r;
	f->wait = make_wait(child, e);
	return f->wait < 0 ? f->wait : 0;
}

static void kill_child(struct bundle_child *child)
{
	siginfo_t si;

	(void)pidfd_send_signal(child->pidfd, SIGKILL, NULL,
				0); /* our own child, perhaps gone already */
	while (waitid(P_PIDFD, (id_t)child->pidfd, &si, WEXITED | __WALL) < 0 && errno == EINTR)
		;
	child->pidfd = fd_close(child->pidfd);
}

/**
 * struct entrant - what makes the child where a namespace has to be entered before the clone
 * @pid: of the child; shared memory with the parent
 */
struct entrant {
	const struct bundle_plan *p;
	const struct oci_linux *linux_;
	uint64_t flags;
	int cgroup_fd;
	void *launch;
	pid_t pid;
	struct err e;
};

static int write_offset(const char *clock, const struct oci_time_offset *o, struct err *e)
{
	char text[64];
	long fd, r;

	if (!o->is_set)
		return 0;
	(void)err_format(text, sizeof(text), "%s %lld %u", clock, (long long)o->secs, o->nanosecs);
	fd = sys_call4(SYS_openat, AT_FDCWD, "/proc/self/timens_offsets", O_WRONLY | O_CLOEXEC, 0);
	r = fd < 0 ? fd : sys_call3(SYS_write, fd, text, strlen(text));
	if (fd >= 0)
		(void)sys_call1(SYS_close, fd); /* the write has taken effect */
	return r < 0 ? err_set(e, (int)r, "linux.timeOffsets: set '%s'", text) : 0;
}

/* Runs in the parent's memory, like a step: sys_call*() and err_*() only. */
static int enter_and_clone(void *arg)
{
	struct entrant *x = arg;
	int pidfd, r = 0;

	for (size_t i = 0; i < x->p->n_early; i++) {
		uint64_t flag = x->p->early[i].flag & ~(uint64_t)CLONE_NEWTIME; /* enter_time() */

		r = flag ? (int)sys_call2(SYS_setns, x->p->early[i].fd, flag) : 0;
		if (r < 0) {
			(void)err_set(&x->e, r, "linux.namespaces: enter '%s'",
				      x->p->early[i].path);
			if (r == -EINVAL && flag == CLONE_NEWUSER)
				err_hint(&x->e, "nobody enters the user namespace that he is in");
			return 126;
		}
	}
	if (x->p->new_ns & CLONE_NEWTIME) {
		r = (int)sys_call1(SYS_unshare, CLONE_NEWTIME);
		if (r < 0)
			(void)err_set(&x->e, r, "make a time namespace");
		if (r == 0)
			r = write_offset("monotonic", &x->linux_->mono, &x->e);
		if (r == 0)
			r = write_offset("boottime", &x->linux_->boot, &x->e);
		if (r < 0)
			return 126;
	}
	x->pid = clone_run(x->flags | CLONE_PARENT, x->cgroup_fd, child_stack, bundle_child,
			   x->launch, &pidfd);
	if (x->pid < 0)
		(void)err_set(&x->e, x->pid, "clone the container's process");
	return x->pid < 0 ? 126 : 0;
}

static int clone_through_entrant(const struct oci_linux *linux_, struct bundle_plan *p,
				 uint64_t flags, int cgroup_fd, struct bundle_child *ret,
				 struct err *e)
{
	static struct entrant x; /* large, and shared with the process that fills it in */
	_cleanup_fd_ int entrant = -1;
	siginfo_t si;
	pid_t pid;
	int r;

	x = (struct entrant){ .p = p,
			      .linux_ = linux_,
			      .flags = flags,
			      .cgroup_fd = cgroup_fd,
			      .launch = &p->launch,
			      .pid = -1 };
	pid = clone_run(CLONE_VM | CLONE_VFORK, -1, entrant_stack, enter_and_clone, &x, &entrant);
	if (pid < 0)
		return err_set(e, pid, "clone a process");
	while (waitid(P_PIDFD, (id_t)entrant, &si, WEXITED | __WALL) < 0 && errno == EINTR)
		;
	if (x.pid < 0) {
		if (e)
			*e = x.e;
		return x.e.code ? x.e.code :
				  err_plain(e, -ECANCELED,
					    "the process that enters namespaces was killed");
	}
	/* our own child, not reaped: the pid is its */
	ret->pidfd = pidfd_open(x.pid, 0);
	ret->pid = x.pid;
	if (ret->pidfd >= 0)
		return 0;
	r = err_set(e, errno, "open the container's process");
	(void)kill(x.pid, SIGKILL);
	while (waitpid(x.pid, NULL, __WALL) < 0 && errno == EINTR)
		;
	return r;
}

static int clone_in_time(const struct oci_linux *linux_, struct bundle_plan *p, int cgroup_fd,
		       bool is_in_step, struct bundle_child *ret, struct err *e)
{
	bool has_time = (p->new_ns & CLONE_NEWTIME) || p->enters_time;
	uint64_t flags = (p->new_ns & ~(uint64_t)(CLONE_NEWTIME | CLONE_NEWCGROUP)) |
			 CLONE_CLEAR_SIGHAND;
	pid_t pid;

	if (p->launch.bare_ns_fd >= 0) /* the child makes it, of that one */
		flags &= ~(uint64_t)CLONE_NEWNS;
	/* a time namespace needs an address space of its own; and who shares memory with a child that it does
	 * not wait for is killed with it when that exceeds the memory limit */
	if (!has_time && !is_in_step)
		flags |= CLONE_VM | CLONE_VFORK;
	p->launch.common.failed = outcome_board(flags & CLONE_VM);
	if (p->n_early || has_time)
		return clone_through_entrant(linux_, p, flags, cgroup_fd, ret, e);
	pid = clone_run(flags, cgroup_fd, child_stack, bundle_child, &p->launch, &ret->pidfd);
	if (pid < 0) {
		(void)err_set(e, pid, "clone the container's process");
		if (pid == -EAGAIN)
			err_hint(
				e,
				"the limit of processes (linux.resources.pids, ulimit -u, kernel.pid_max) is reached");
		return pid;
	}
	ret->pid = pid;
	return 0;
}

/* A time namespace is entered by who shares its memory with nobody (EUSERS): by us, who go back, because
 * start times of processes are told in the time of who asks. Return: where to go back to; -errno. */
static int enter_time(const struct bundle_plan *p, struct err *e)
{
	int own = open("/proc/self/ns/time", O_RDONLY | O_CLOEXEC), r = own < 0 ? -1 : 0;

	for (size_t i = 0; r == 0 && i < p->n_early; i++)
		if (p->early[i].flag & CLONE_NEWTIME)
			r = (int)syscall(SYS_setns, p->early[i].fd, CLONE_NEWTIME);
	if (r == 0)
		return own;
	r = err_set(e, errno, "enter the time namespace");
	(void)fd_close(own);
	return r;
}

static int clone_child(const struct oci_linux *linux_, struct bundle_plan *p, int cgroup_fd,
		       bool is_in_step, struct bundle_child *ret, struct err *e)
{
	_cleanup_fd_ int own = p->enters_time ? enter_time(p, e) : -1;
	int r;

	if (p->enters_time && own < 0)
		return own;
	r = clone_in_time(linux_, p, cgroup_fd, is_in_step, ret, e);
	if (own >= 0 && syscall(SYS_setns, own, CLONE_NEWTIME) < 0 && r == 0) {
		r = err_set(e, errno, "return from the time namespace");
		kill_child(ret);
	}
	return r;
}

static int go_on(const struct spawn_pipes *f, struct err *e)
{
	return write(f->sync_write, "", 1) == 1 ?
		       0 :
		       err_set(e, errno, "let the container's process go on");
}

static int start_with_maps(const struct oci_linux *linux_, const struct spawn_pipes *f, pid_t pid,
			   struct err *e)
{
	int r = bundle_write_maps(pid, &linux_->uid_map, &linux_->gid_map, e);

	return r < 0 ? r : go_on(f, e);
}

static int pass_listener(const struct spawn_pipes *f, uint32_t stage,
			 const struct bundle_events *events, const struct bundle_child *child,
			 struct err *e)
{
	_cleanup_fd_ int fd = listener_take(stage, child->pidfd, f->report_read, e);

	return fd < 0 ? fd : events->listener(fd, child->pid, events->data, e);
}

/* Stages and at last that davit-init is ready, each one write of the child. */
static int follow(const struct spawn_pipes *f, const char *command,
		  const struct bundle_events *events, const struct bundle_child *child,
		  struct err *e)
{
	uint32_t stage;
	int r;

	while ((r = outcome_read_stage(f->report_read, command, &stage, e)) == 0 &&
	       stage != INIT_READY) {
		if ((stage & LISTENER_STAGE_MASK) == LISTENER_STAGE)
			r = pass_listener(f, stage, events, child, e);
		else
			r = events->at(stage, child->pid, child->pidfd, events->data, e);
		if (r == -ECHILD) /* it says why */
			continue;
		if (r == 0)
			r = go_on(f, e);
		if (r < 0)
			break;
	}
	return r;
}

/* What a process in a user namespace has not the right to do for itself. */
static int set_from_outside(const struct oci_process *process, const struct bundle_plan *p,
			    pid_t pid, struct err *e)
{
	char path[48], text[16];
	int r;

	for (size_t i = 0; i < p->launch.n_rlimits; i++) {
		const struct launch_rlimit *l = &p->launch.rlimits[i];

		r = (int)sys_call4(SYS_prlimit64, pid, l->resource, &l->limit, 0);
		if (r < 0)
			return err_set(e, r, "process.rlimits: set %s to %llu:%llu",
				       oci_rlimit_name(l->resource),
				       (unsigned long long)l->limit.rlim_cur,
				       (unsigned long long)l->limit.rlim_max);
	}
	if (!process->has_oom_score_adj)
		return 0;
	(void)err_format(path, sizeof(path), "/proc/%d/oom_score_adj", pid);
	(void)err_format(text, sizeof(text), "%d", process->oom_score_adj);
	r = io_write_file(AT_FDCWD, path, text);
	return r < 0 ? err_set(e, r, "process.oomScoreAdj: set %s", text) : 0;
}

int bundle_spawn(const struct oci_linux *linux_, const struct oci_process *process,
		 struct bundle_plan *p, int cgroup_fd, const int *join_fds, size_t n_join_fds,
		 const struct bundle_events *events, struct bundle_child *ret, struct err *e)
{
	_cleanup_(pipes_done) struct spawn_pipes f = { -1, -1, -1, -1, -1 };
	struct bundle_child child = { .pidfd = -1, .report_fd = -1, .wait_fd = -1 };
	struct launch *l = &p->launch.common;
	bool has_maps = (p->new_ns & CLONE_NEWUSER) != 0;
	bool is_in_step = has_maps || p->launch.tells_namespaces || p->launch.tells_root ||
			  l->has_listener;
	/* what is done to it from here needs one that waits */
	bool waits = !events->at_once || is_in_step || p->launch.n_rlimits || process->has_oom_score_adj;
	int r = make_pipes(&f, is_in_step, waits, &child, e);

	if (r < 0)
		return r;
	l->join_fds = join_fds;
	l->n_join_fds = n_join_fds;
	l->err_fd = child.report = f.report_write;
	l->wait_fd = child.wait = f.wait;
	l->sync_fd = f.sync_read;
	l->sync_write_fd = f.sync_write;
	p->launch.waits_for_maps = has_maps;
	(void)err_format(p->init_arg, sizeof(p->init_arg), waits ? "%d,%d" : "%d", f.report_write,
			 f.wait);
	r = clone_child(linux_, p, cgroup_fd, is_in_step, &child, e);
	if (r < 0)
		return r;
	f.report_write = fd_close(f.report_write);
	f.sync_read = fd_close(f.sync_read);
	r = has_maps ? start_with_maps(linux_, &f, child.pid, e) : 0;
	if (r < 0) {
		f.sync_write = fd_close(f.sync_write); /* it ends, if it has not */
		r = outcome_cause(f.report_read, l->argv[1], l->failed, r, e);
	}
	if (r == 0 && waits)
		r = follow(&f, l->argv[1], events, &child, e);
	else if (r == 0)
		r = outcome_read(f.report_read, l->argv[1], e);
	r = exec_error_reword(l->argv[1], outcome_failed(l->failed, r, e), e);
	if (r == 0)
		r = set_from_outside(process, p, child.pid, e);
	if (r < 0) {
		kill_child(&child);
		return r;
	}
	child.report_fd = TAKE_FD(f.report_read);
	child.wait_fd = TAKE_FD(f.wait);
	*ret = child;
	return 0;
}

void bundle_child_done(struct bundle_child *c)
{
	c->pidfd = fd_close(c->pidfd);
	c->report_fd = fd_close(c->report_fd);
	c->wait_fd = fd_close(c->wait_fd);
}

int bundle_child_go(struct bundle_child *c, const char *command, struct err *e)
{
	if (c->wait_fd < 0)
		return 0;
	if (write(c->wait_fd, "", 1) != 1)
		return err_set(e, errno, "start the process");
	return exec_error_reword(command, outcome_read(c->report_fd, command, e), e);
}
