// SPDX-License-Identifier: Apache-2.0
/* Signals to containers, and waiting for their end. */
#include "engine/signal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/lock.h"
#include "engine/container.h"
#include "engine/end_record.h"
#include "engine/engine.h"
#include "engine/life.h"
#include "engine/owner.h"
#include "engine/pause.h"
#include "engine/run_state.h"
#include "kern/cgroup.h"
#include "kern/exit_record.h"

#define KILL_TIMEOUT_MS 30000
#define KILL_STEP_MS	2
#define START_CHECK_MS 10

static const char *name_of(const struct container *c)
{
	return c->name ? c->name : c->id;
}

static int not_running(const struct container *c, struct err *e)
{
	return err_plain(e, -ESRCH, "container '%s' is not running", name_of(c));
}

static int open_state(struct engine *en, const struct container *c)
{
	char path[CONTAINER_PATH_MAX];
	int fd = openat(en->state_fd, container_path(path, c->id, RUN_STATE_FILE), O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static bool has_pid(const pid_t *pids, size_t n, pid_t pid)
{
	for (size_t i = 0; i < n; i++)
		if (pids[i] == pid)
			return true;
	return false;
}

int container_pidfd(struct engine *en, const struct container *c, struct err *e)
{
	_cleanup_fd_ int state = open_state(en, c), pidfd = -1;
	_cleanup_(cgroup_freep) struct cgroup *cg = NULL;
	_cleanup_free_ pid_t *pids = NULL;
	struct run_state s;
	size_t n;
	int r;

	if (state < 0 || run_state_read(state, &s) < 0 || !s.pid || s.is_ended)
		return not_running(c, e);
	pidfd = (int)syscall(SYS_pidfd_open, s.pid, 0);
	if (pidfd < 0)
		return errno == ESRCH ? not_running(c, e) :
					err_set(e, errno, "open process %d of '%s'", s.pid, name_of(c));
	/* the number may be another process' by now; the descriptor and the cgroup do not lie */
	r = cgroup_open(en->env->slice, c->id, &cg, e);
	if (r == 0)
		r = cgroup_pids(cg, &pids, &n, e);
	if (r == -ENOENT || (r == 0 && !has_pid(pids, n, s.pid)))
		return not_running(c, e);
	return r < 0 ? r : TAKE_FD(pidfd);
}

int container_kill(struct engine *en, const struct container *c, int sig, struct err *e)
{
	_cleanup_fd_ int pidfd = container_pidfd(en, c, e);

	if (pidfd < 0)
		return pidfd;
	if (syscall(SYS_pidfd_send_signal, pidfd, sig, NULL, 0) < 0)
		return errno == ESRCH ? not_running(c, e) :
					err_set(e, errno, "send signal %d to '%s'", sig, name_of(c));
	if (sig == SIGKILL) /* on v1 a frozen process does not even die; on v2 it has by now */
		(void)container_thaw(en, c, NULL);
	return 0;
}

/*
 * Wait until the owner has let go of the running state; take it down ourselves if it died.
 * @flags: LOCK_NB: -EWOULDBLOCK instead of waiting
 */
static int wait_for_owner(struct engine *en, const struct container *c, int flags, struct err *e)
{
	char path[CONTAINER_PATH_MAX];
	int lock = lock_dir(en->state_fd, container_path(path, c->id, NULL), LOCK_EX | flags, NULL);
	struct exit_record exit;
	bool has_exit;
	struct life l;
	int r;

	if (lock == -ENOENT)
		return 0;
	if (lock < 0)
		return err_set(e, lock, "lock '%s'", path);
	has_exit = exit_record_read(lock, &exit, NULL) == 0; /* the last that a killed monitor did */
	r = life_adopt(en, c, lock, &l, e);
	if (r == 0) {
		r = life_end(&l, has_exit ? &exit : NULL, e);
		life_done(&l);
		if (l.is_unrecorded) {
			err_clear(e);
			r = 0;
		}
	}
	return r;
}

int container_await_owner(struct engine *en, const struct container *c, struct err *e)
{
	for (int waited_ms = 0;;
	     waited_ms = waited_ms < KILL_TIMEOUT_MS ? waited_ms + KILL_STEP_MS : 0) {
		int r = wait_for_owner(en, c, LOCK_NB, e);

		if (r != -EWOULDBLOCK)
			return r;
		owner_rouse(en, c, waited_ms);
		(void)poll(NULL, 0, KILL_STEP_MS); /* cut short by a signal: one more round */
	}
}

static int kill_cgroup(struct engine *en, const struct container *c, struct err *e)
{
	_cleanup_(cgroup_freep) struct cgroup *cg = NULL;
	int r = cgroup_open(en->env->slice, c->id, &cg, e);

	if (r == 0)
		r = cgroup_kill(cg, e);
	return r == -ENOENT ? 0 : r;
}

/* A start in progress has no process yet, or will have another one: kill until its owner lets go. */
int container_kill_all(struct engine *en, const struct container *c, struct err *e)
{
	for (int waited_ms = 0; waited_ms < KILL_TIMEOUT_MS; waited_ms += KILL_STEP_MS) {
		int r = kill_cgroup(en, c, e);

		if (r == 0)
			r = wait_for_owner(en, c, LOCK_NB, e);
		if (r != -EWOULDBLOCK)
			return r;
		owner_rouse(en, c, waited_ms);
		(void)poll(NULL, 0, KILL_STEP_MS); /* cut short by a signal: one more round */
	}
	err_clear(e);
	(void)err_plain(e, -ETIMEDOUT, "container '%s' does not end %d seconds after SIGKILL", name_of(c),
			KILL_TIMEOUT_MS / 1000);
	err_hint(e, "a process of it may hang in the kernel (state D)");
	return -ETIMEDOUT;
}

static int poll_end(int pidfd, int64_t timeout_ms)
{
	struct pollfd p = { .fd = pidfd, .events = POLLIN };
	int r;

	do {
		r = poll(&p, 1, timeout_ms < 0 ? -1 : timeout_ms > INT32_MAX ? INT32_MAX : (int)timeout_ms);
	} while (r < 0 && errno == EINTR);
	return r < 0 ? -errno : r;
}

/* While the owner prepares there is nothing to signal, but there will be. */
static void wait_for_start(struct engine *en, const struct container *c)
{
	for (int waited_ms = 0; waited_ms < KILL_TIMEOUT_MS; waited_ms += KILL_STEP_MS) {
		struct container_state st;

		if (container_state(en, c, &st, NULL) < 0 || !st.has_owner || st.status != CONTAINER_CREATED)
			return;
		(void)poll(NULL, 0, KILL_STEP_MS); /* cut short by a signal: one more round */
	}
}

int container_stop(struct engine *en, const struct container *c, int sig, int64_t timeout_ms,
		   struct err *e)
{
	_cleanup_fd_ int pidfd = -1;
	int r;

	wait_for_start(en, c);
	pidfd = container_pidfd(en, c, e);
	if (pidfd < 0)
		return pidfd;
	if (syscall(SYS_pidfd_send_signal, pidfd, sig, NULL, 0) < 0 && errno != ESRCH)
		return err_set(e, errno, "send signal %d to '%s'", sig, name_of(c));
	/* the signal is there already when it goes on; what does not go on is killed after all */
	(void)container_thaw(en, c, NULL);
	r = poll_end(pidfd, timeout_ms);
	if (r < 0)
		return err_set(e, r, "wait for '%s'", name_of(c));
	return r == 0 ? container_kill_all(en, c, e) : container_await_owner(en, c, e);
}

/* Of a container that is being started the file is about to come. */
static int await_state(struct engine *en, const struct container *c)
{
	struct container_state st = { .has_owner = true };
	int fd = open_state(en, c);

	while (fd < 0 && container_state(en, c, &st, NULL) == 0 && st.has_owner) {
		(void)poll(NULL, 0, START_CHECK_MS);
		fd = open_state(en, c);
	}
	return fd;
}

int container_wait(struct engine *en, const struct container *c, int *ret_code, struct err *e)
{
	_cleanup_fd_ int state = await_state(en, c);
	struct end_record end;
	struct run_state s = { .pid = 0 };
	int r;

	if (state >= 0) {
		_cleanup_fd_ int pidfd = container_pidfd(en, c, NULL);

		if (pidfd >= 0)
			(void)poll_end(pidfd, -1); /* the lock below is what counts */
		r = wait_for_owner(en, c, 0, e);
		if (r < 0)
			return r;
		/* our descriptor outlives the file */
		if (run_state_read(state, &s) == 0 && s.is_ended) {
			*ret_code = s.signal ? 128 + s.signal : s.status;
			return 0;
		}
	}
	r = end_record_read(en, c->id, &end, e);
	if (r == -ENOENT && state < 0)
		return err_plain(e, -ENODATA, "container '%s' has not run", name_of(c));
	if (r < 0 && r != -ENOENT)
		return r;
	if (r < 0 || !end.is_known) {
		r = err_plain(e, -ENODATA, "nobody saw how container '%s' ended", name_of(c));
		err_hint(e, "its monitor was killed, or the host was restarted");
		return r;
	}
	*ret_code = end.exit_code;
	return 0;
}
