// SPDX-License-Identifier: Apache-2.0
/* What a container is doing: found by looking, not by believing. */
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/lock.h"
#include "engine/container.h"
#include "engine/end_record.h"
#include "engine/engine.h"
#include "engine/life.h"
#include "engine/run_state.h"
#include "kern/cgroup.h"
#include "kern/exit_record.h"

static bool has_record(struct engine *en, const struct container *c)
{
	char path[CONTAINER_PATH_MAX];

	return fs_exists(en->store.fd, container_path(path, c->id, "config.json"));
}

/* Without running state: what the last run left. */
static int past_state(struct engine *en, const struct container *c, struct container_state *st,
		      struct err *e)
{
	struct end_record end;
	int r;

	/* of --rm the record goes with the running state: it was in there, or the end has removed it */
	if (c->is_ephemeral || (c->options.auto_remove && !has_record(en, c)))
		return err_plain(e, -ENOENT, "no container '%s'", c->name ? c->name : c->id);
	r = end_record_read(en, c->id, &end, e);
	if (r == -ENOENT) {
		st->status = CONTAINER_CREATED;
		return 0;
	}
	if (r == -EBADMSG || r == -EFBIG) { /* cut short by a power failure, say: it ran */
		err_clear(e);
		end = (struct end_record){ .is_known = false,
					   .started_ns = c->created_ns,
					   .finished_ns = c->created_ns };
		r = 0;
	}
	if (r < 0)
		return r;
	st->status = CONTAINER_EXITED;
	st->started_ns = end.started_ns;
	st->finished_ns = end.finished_ns;
	st->has_exit = end.is_known;
	st->exit_code = end.exit_code;
	st->oom_killed = end.oom_killed;
	return 0;
}

/* Return: enum cgroup_activity or -errno */
static int activity_of(struct engine *en, const struct container *c, bool *ret_oom_killed)
{
	_cleanup_(cgroup_freep) struct cgroup *cg = NULL;
	int r = cgroup_open(en->env->slice, c->id, &cg, NULL);
	uint64_t n = 0;

	if (r == 0)
		r = cgroup_activity(cg, NULL);
	*ret_oom_killed = r > CGROUP_EMPTY && cgroup_oom_count(cg, &n, NULL) == 0 && n > 0;
	return r == -ENOENT ? CGROUP_EMPTY : r;
}

/* Nobody owns it and nothing of it runs: finish what the owner did not. */
static int finish(struct engine *en, const struct container *c, int *lock, struct container_state *st,
		  struct err *e)
{
	struct exit_record exit;
	struct run_state s;
	struct life l;
	bool has_exit = exit_record_read(*lock, &exit, NULL) == 0;
	int r = life_adopt(en, c, TAKE_FD(*lock), &l, e);

	if (r < 0)
		return r;
	r = life_end(&l, has_exit ? &exit : NULL, e);
	s = l.state;
	life_done(&l);
	if (!l.is_unrecorded)
		return r < 0 ? r : past_state(en, c, st, e);
	err_clear(e);
	st->status = CONTAINER_EXITED;
	st->started_ns = s.started_ns;
	st->has_exit = has_exit;
	st->exit_code = has_exit ? exit_record_code(&exit) : 0;
	st->finished_ns = has_exit ? exit.finished_ns : s.started_ns;
	st->oom_killed = s.oom_killed;
	return 0;
}

int container_state(struct engine *en, const struct container *c, struct container_state *ret,
		    struct err *e)
{
	_cleanup_fd_ int lock = -1, state = -1;
	char path[CONTAINER_PATH_MAX];
	struct container_state st = { .status = CONTAINER_CREATED };
	struct run_state s = { .pid = 0 };
	int r, activity;

	lock = lock_dir(en->state_fd, container_path(path, c->id, NULL), LOCK_EX | LOCK_NB, NULL);
	if (lock == -ENOENT) {
		r = past_state(en, c, &st, e);
		if (r == 0)
			*ret = st;
		return r;
	}
	if (lock < 0 && lock != -EWOULDBLOCK)
		return err_set(e, lock, "lock '%s/%s'", en->env->state, path);
	st.has_owner = lock < 0;
	activity = activity_of(en, c, &st.oom_killed);
	if (activity < 0)
		return err_set(e, activity, "look at the cgroup of '%.12s'", c->id);
	state = openat(en->state_fd, container_path(path, c->id, RUN_STATE_FILE), O_RDONLY | O_CLOEXEC);
	if (state >= 0)
		(void)run_state_read(state, &s); /* not there yet: being started */
	/* without a pid its owner was killed before it could say that it runs: nobody counts on it */
	if (!st.has_owner && (activity == CGROUP_EMPTY || !s.pid)) {
		r = finish(en, c, &lock, &st, e);
		if (r == 0)
			*ret = st;
		return r;
	}
	st.started_ns = s.started_ns;
	if (activity != CGROUP_EMPTY && s.pid && !s.is_ended) {
		st.status = activity == CGROUP_FROZEN ? CONTAINER_PAUSED : CONTAINER_RUNNING;
		st.pid = s.pid;
	} else if (s.pid) { /* the owner is taking it down */
		st.status = CONTAINER_EXITED;
		st.has_exit = s.is_ended;
		st.exit_code = s.signal ? 128 + s.signal : s.status;
		st.finished_ns = s.finished_ns;
		st.oom_killed = s.oom_killed;
	}
	*ret = st;
	return 0;
}
