// SPDX-License-Identifier: Apache-2.0
/* Starting, signalling and deleting a container that a bundle was made into. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/libc.h"
#include "kern/cgroup.h"
#include "runtime/cgroup_manager.h"
#include "runtime/create.h"
#include "runtime/busy.h"
#include "runtime/hook_point.h"
#include "runtime/host_root.h"
#include "runtime/resctrl.h"
#include "runtime/waiting.h"

#define KILL_WAIT_MS 10000 /* for killed processes to be gone */

static const struct hook_place on_host = { .pidfd = -1, .root_fd = -1 };

/* All that a process can have of its own; setns(2) of one that is ours already changes nothing, but for
 * the user namespace, where it is refused. */
static uint64_t namespaces_of(const struct record *r)
{
	return CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWPID |
	       CLONE_NEWCGROUP | (r->has_userns ? CLONE_NEWUSER : 0);
}

int container_open_root(const struct record *r, int *ret, struct err *e)
{
	char path[32];

	if (!r->has_host_root)
		return 0;
	(void)err_format(path, sizeof(path), "/proc/%d/root", r->init.pid);
	*ret = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return *ret < 0 ? err_set(e, errno, "open '%s'", path) : 0;
}

static struct hook_place in_bundle(const struct record *r)
{
	struct hook_place place = on_host;

	place.cwd = r->bundle;
	return place;
}

static int start_hooks(const struct record *r, int dirfd, int pidfd, struct err *e)
{
	_cleanup_fd_ int root = -1;
	struct hook_place inside = { .pidfd = pidfd, .root_fd = -1, .ns = namespaces_of(r) };
	int s;

	/* without any, the process may have run and be gone by now */
	if (hook_point_is_empty(r, OCI_HOOK_START_CONTAINER))
		return 0;
	s = container_open_root(r, &root, e);
	if (s < 0)
		return s;
	inside.root_fd = root;
	return hook_point_run_recorded(r, OCI_HOOK_START_CONTAINER, RECORD_CREATED, &inside, dirfd,
				       e);
}

static int poststart_hooks(const struct record *r, int dirfd, struct err *e)
{
	struct hook_place place = in_bundle(r);

	return hook_point_run_recorded(r, OCI_HOOK_POSTSTART, RECORD_RUNNING, &place, dirfd, e);
}

int container_start_child(struct created *c, struct err *e)
{
	int s = start_hooks(&c->record, c->dirfd, c->child.pidfd, e);

	if (s == 0 && c->record.pipes.wait >= 0)
		s = record_set_starting(c->dirfd, e);
	if (s == 0)
		s = bundle_child_go(&c->child, c->bundle.config.process.args.v[0], e);
	if (s == 0 && c->record.pipes.wait >= 0)
		record_set_started(c->dirfd);
	if (s == 0)
		s = poststart_hooks(&c->record, c->dirfd, e);
	return s;
}

static bool is_there(const struct record *r, int dirfd)
{
	return r->init.pid ? record_status(r) != RECORD_STOPPED : busy_is(dirfd);
}

/* is_there() without a look at what it waits for, which says nothing of an end. */
static bool is_gone(const struct record *r)
{
	_cleanup_fd_ int pidfd = r->init.pid ? proc_id_open(&r->init) : -ESRCH;

	return pidfd == -ESRCH;
}

static int wait_gone(const struct record *r, struct cgroup *cg, struct err *e)
{
	const struct timespec step = { .tv_nsec = 1000 * 1000 };

	for (int i = 0; i < KILL_WAIT_MS; i++) {
		if (is_gone(r) && (!cg || cgroup_is_populated(cg, NULL) <= 0))
			return 0;
		(void)nanosleep(&step, NULL);
	}
	return err_plain(e, -EBUSY, "processes of container '%s' do not end", r->id);
}

static int kill_all(const struct record *r, struct cgroup *cg, struct err *e)
{
	_cleanup_fd_ int pidfd = r->init.pid ? proc_id_open(&r->init) : -1;
	int s = 0;

	if (pidfd < 0 && cg && cgroup_is_populated(cg, NULL) == 0)
		return 0;
	if (pidfd >= 0)
		(void)pidfd_send_signal(pidfd, SIGKILL, NULL, 0); /* may have ended just now */
	if (cg)
		s = cgroup_kill(cg, e);
	return s < 0 ? s : wait_gone(r, cg, e);
}

struct cgroup *container_cgroup(const struct record *r)
{
	struct cgroup *cg = NULL;

	if (!r->cgroup || !*r->cgroup || cgroup_open_path(r->cgroup, &cg, NULL) < 0)
		return NULL;
	if (r->cgroup_inode && cgroup_inode(cg) && cgroup_inode(cg) != r->cgroup_inode) {
		cgroup_free(cg);
		return NULL;
	}
	return cg;
}

/* After a hook that failed: stopped, the container waits for its delete (runtime.md, lifecycle, steps 8, 10). Return: @s */
static int stop(const struct record *r, int s)
{
	_cleanup_(cgroup_freep) struct cgroup *cg = container_cgroup(r);

	(void)kill_all(r, cg, NULL); /* what went wrong is told already */
	return s;
}

static int check_startable(const struct record *r, struct err *e)
{
	switch (container_look(r)) {
	case RECORD_CREATED:
		return 0;
	case RECORD_CREATING:
		return err_plain(e, -EBUSY, "cannot start container '%s': it is being created",
				 r->id);
	case RECORD_PAUSED:
		return err_plain(e, -EBUSY, "cannot start container '%s': it is paused", r->id);
	case RECORD_STOPPED:
		return err_plain(e, -ESRCH, "cannot start container '%s': it has stopped", r->id);
	case RECORD_RUNNING:
		break;
	}
	return err_plain(e, -EBUSY, "cannot start container '%s': it is running", r->id);
}

int container_start(const struct record *r, int dirfd, struct err *e)
{
	_cleanup_fd_ int pidfd = -1;
	int s = check_startable(r, e);

	if (s < 0)
		return s;
	pidfd = proc_id_open(&r->init);
	if (pidfd < 0)
		return err_set(e, pidfd, "open the process of container '%s'", r->id);
	s = start_hooks(r, dirfd, pidfd, e);
	if (s == -EBUSY || s == -ESTALE)
		return s; /* another start's, or nobody's */
	if (s < 0)
		return stop(r, s);
	/* it was not locked */
	s = hook_point_is_empty(r, OCI_HOOK_START_CONTAINER) ? 0 : check_startable(r, e);
	if (s == 0)
		s = record_set_starting(dirfd, e);
	if (s == 0)
		s = waiting_start(r, e);
	if (s < 0)
		return s; /* it has ended, or waits as before */
	record_set_started(dirfd);
	s = poststart_hooks(r, dirfd, e);
	return s < 0 && s != -ESTALE ? stop(r, s) : s;
}

enum record_status container_look(const struct record *r)
{
	enum record_status s = record_status(r);

	return (s == RECORD_RUNNING || s == RECORD_CREATED) && *r->cgroup &&
			       cgroup_is_frozen(r->cgroup) ?
		       RECORD_PAUSED :
		       s;
}

/* Others get their signal when they are resumed. */
static int thaw_killed(const struct record *r, struct err *e)
{
	_cleanup_(cgroup_freep) struct cgroup *cg = NULL;

	if (cgroup_frozen_can_die() || !r->cgroup || !*r->cgroup || !cgroup_is_frozen(r->cgroup))
		return 0;
	cg = container_cgroup(r);
	return cg ? cgroup_freeze(cg, false, e) : 0;
}

int container_kill(const struct record *r, int sig, bool is_all, struct err *e)
{
	_cleanup_(cgroup_freep) struct cgroup *cg = NULL;
	_cleanup_fd_ int pidfd = -1;

	if (!r->init.pid)
		return err_plain(e, -ESRCH, "cannot kill '%s': container not running", r->id);
	if (is_all || (sig == SIGKILL && !r->has_own_pids)) {
		cg = container_cgroup(r);
		if (cg)
			return sig == SIGKILL ? cgroup_kill(cg, e) : cgroup_signal(cg, sig, e);
	}
	/* the kernel kills the rest of a pid namespace; nobody else knows who is in the container */
	if (is_all && !(sig == SIGKILL && r->has_own_pids) &&
	    cgroup_manager_of(r) == &cgroup_manager_disabled)
		return err_plain(
			e, -EOPNOTSUPP,
			"cannot signal all processes of container '%s', which has no cgroup",
			r->id);
	pidfd = proc_id_open(&r->init);
	if (pidfd < 0 || pidfd_send_signal(pidfd, sig, NULL, 0) < 0)
		return err_plain(e, -ESRCH, "cannot kill '%s': container not running", r->id);
	return sig == SIGKILL ? thaw_killed(r, e) : 0;
}

/* resctrl may have been unmounted meanwhile, and its groups with it. */
static int leave_class(const struct record *r, struct err *e)
{
	_cleanup_fd_ int fd = *r->resctrl ? resctrl_open(NULL) : -1;

	return fd < 0 ? 0 : resctrl_remove(fd, r->resctrl, e);
}

static int delete_whole(const struct record *r, int dirfd, const char *root, bool is_forced,
			struct err *e)
{
	_cleanup_(cgroup_freep) struct cgroup *cg = container_cgroup(r);
	int s;

	if (!is_forced && is_there(r, dirfd))
		return err_plain(e, -EBUSY, "cannot delete container '%s' that is not stopped: %s",
				 r->id, record_status_name(container_look(r)));
	/* the first process is gone; others of its cgroup may not be */
	s = kill_all(r, cg, e);
	if (s == 0)
		s = leave_class(r, e);
	if (s == 0 && r->has_host_root)
		s = host_root_remove(root, r->id, e);
	return s < 0 ? s : cgroup_manager_of(r)->remove(r, cg, e);
}

static int delete_all(const struct record *r, int dirfd, const char *root, bool is_forced,
		      struct err *e)
{
	struct hook_place place = in_bundle(r);
	struct err removing = ERR_INIT;
	int s = delete_whole(r, dirfd, root, is_forced, e), hooks;

	if (s < 0)
		return s;
	/* locked: a delete that is killed now is done once more by the next, hooks and all */
	hooks = hook_point_run_recorded(r, OCI_HOOK_POSTSTOP, RECORD_STOPPED, &place, -1, e);
	s = record_remove(root, r->id, &removing);
	if (s < 0 && e)
		*e = removing;
	return s < 0 ? s : hooks < 0;
}

int container_delete(const char *root, const char *id, bool is_forced, struct err *e)
{
	_cleanup_(record_done) struct record r = { .pipes = { -1, -1 } };
	_cleanup_fd_ int dirfd = record_open(root, id, e);
	int s;

	if (dirfd == -ENOENT && is_forced) {
		err_clear(e);
		return 0;
	}
	if (dirfd < 0)
		return dirfd;
	s = record_read(dirfd, id, &r, e);
	if (s == -ENODATA && is_forced) {
		err_clear(e);
		return record_remove(root, id, e);
	}
	if (s == -EBADMSG || s == -EFBIG || s == -EISDIR)
		err_hint(
			e,
			"nothing tells what is its own: end its processes, remove its cgroup, then '%s/%s'",
			root, id);
	return s < 0 ? s : delete_all(&r, dirfd, root, is_forced, e);
}

int container_delete_child(struct created *c, const char *root, struct err *e)
{
	int s = record_relock(c->dirfd, e);

	return s == -ENOENT ? 0 : s < 0 ? s : delete_all(&c->record, c->dirfd, root, true, e);
}
