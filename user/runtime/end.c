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
#include "base/str.h"
#include "kern/cgroup.h"
#include "runtime/cgroup_manager.h"
#include "runtime/create.h"
#include "runtime/hooks.h"
#include "runtime/host_root.h"
#include "runtime/resctrl.h"
#include "runtime/waiting.h"
#include "spec/oci_reader.h"

#define KILL_WAIT_MS 10000 /* for killed processes to be gone */

/* The hooks of a record; @doc keeps what they live on. */
static int read_hooks(const struct record *r, struct oci_doc *doc, struct oci_hooks *ret,
		      struct err *e)
{
	struct oci_reader reader = { .doc = doc, .what = "state.json", .e = e };

	*ret = (struct oci_hooks){ .at = { { NULL, 0 } } };
	return r->hooks ? oci_read_object(&reader, NULL, r->hooks, &oci_hooks_table, ret) : 0;
}

static int run_point(const struct record *r, enum oci_hook_point point, enum record_status status,
		     const struct hook_place *place, struct err *e)
{
	_cleanup_(oci_doc_done) struct oci_doc doc = { .json = NULL };
	_cleanup_str_ struct str state = STR_INIT;
	struct oci_hooks hooks;
	int s = read_hooks(r, &doc, &hooks, e);

	if (s < 0 || !hooks.at[point].n)
		return s;
	record_state_json(r, status, &state);
	if (str_failed(&state))
		return err_set(e, ENOMEM, "tell the state of container '%s'", r->id);
	return hooks_run(&hooks, point, str_text(&state), place, e);
}

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

static int start_hooks(const struct record *r, int pidfd, struct err *e)
{
	_cleanup_fd_ int root = -1;
	struct hook_place inside = { .pidfd = pidfd, .root_fd = -1, .ns = namespaces_of(r) };
	int s;

	/* without any, the process may have run and be gone by now */
	if (!json_array_size(
		    json_object_get(r->hooks, oci_hook_point_name(OCI_HOOK_START_CONTAINER))))
		return 0;
	s = container_open_root(r, &root, e);
	if (s < 0)
		return s;
	inside.root_fd = root;
	return run_point(r, OCI_HOOK_START_CONTAINER, RECORD_CREATED, &inside, e);
}

int container_start_child(struct created *c, struct err *e)
{
	int s = start_hooks(&c->record, c->child.pidfd, e);

	if (s == 0)
		s = bundle_child_go(&c->child, c->bundle.config.process.args.v[0], e);
	if (s == 0 && c->record.pipes.wait >= 0)
		record_set_started(c->dirfd);
	return s < 0 ? s : run_point(&c->record, OCI_HOOK_POSTSTART, RECORD_RUNNING, NULL, e);
}

static bool is_there(const struct record *r)
{
	return r->init.pid && record_status(r) != RECORD_STOPPED;
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

int container_start(const struct record *r, int dirfd, struct err *e)
{
	_cleanup_fd_ int pidfd = -1;
	int s;

	switch (record_status(r)) {
	case RECORD_CREATED:
		break;
	case RECORD_STOPPED:
		return err_plain(e, -ESRCH, "cannot start container '%s': it has stopped", r->id);
	default:
		return err_plain(e, -EBUSY, "cannot start container '%s': it is running", r->id);
	}
	pidfd = proc_id_open(&r->init);
	if (pidfd < 0)
		return err_set(e, pidfd, "open the process of container '%s'", r->id);
	s = start_hooks(r, pidfd, e);
	if (s < 0)
		return stop(r, s);
	s = waiting_start(r, e);
	if (s < 0)
		return s; /* it has ended, or waits as before */
	record_set_started(dirfd);
	s = run_point(r, OCI_HOOK_POSTSTART, RECORD_RUNNING, NULL, e);
	return s < 0 ? stop(r, s) : 0;
}

enum record_status container_look(const struct record *r)
{
	enum record_status s = record_status(r);

	return (s == RECORD_RUNNING || s == RECORD_CREATED) && *r->cgroup &&
			       cgroup_is_frozen(r->cgroup) ?
		       RECORD_PAUSED :
		       s;
}

int container_kill(const struct record *r, int sig, bool is_all, struct err *e)
{
	_cleanup_(cgroup_freep) struct cgroup *cg = NULL;
	_cleanup_fd_ int pidfd = -1;

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
	/* one that is frozen dies when it is thawed */
	return 0;
}

/* resctrl may have been unmounted meanwhile, and its groups with it. */
static int leave_class(const struct record *r, struct err *e)
{
	_cleanup_fd_ int fd = *r->resctrl ? resctrl_open(NULL) : -1;

	return fd < 0 ? 0 : resctrl_remove(fd, r->resctrl, e);
}

static int delete_whole(const struct record *r, const char *root, bool is_forced, struct err *e)
{
	_cleanup_(cgroup_freep) struct cgroup *cg = container_cgroup(r);
	int s;

	if (!is_forced && is_there(r))
		return err_plain(e, -EBUSY, "cannot delete container '%s' that is not stopped: %s",
				 r->id, record_status_name(record_status(r)));
	/* the first process is gone; others of its cgroup may not be */
	s = kill_all(r, cg, e);
	if (s == 0)
		s = leave_class(r, e);
	if (s == 0 && r->has_host_root)
		s = host_root_remove(root, r->id, e);
	return s < 0 ? s : cgroup_manager_of(r)->remove(r, cg, e);
}

static int delete_all(const struct record *r, const char *root, bool is_forced, struct err *e)
{
	struct err removing = ERR_INIT;
	int s = delete_whole(r, root, is_forced, e), hooks;

	if (s < 0)
		return s;
	hooks = run_point(r, OCI_HOOK_POSTSTOP, RECORD_STOPPED, NULL, e);
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
	return s < 0 ? s : delete_all(&r, root, is_forced, e);
}

int container_delete_child(struct created *c, const char *root, struct err *e)
{
	int s = record_relock(c->dirfd, e);

	return s == -ENOENT ? 0 : s < 0 ? s : delete_all(&c->record, root, true, e);
}
