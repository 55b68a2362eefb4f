// SPDX-License-Identifier: Apache-2.0
/* The end of a container's life: what it had is taken away, how it ended is written down. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/fmt.h"
#include "base/fs.h"
#include "base/io.h"
#include "base/timing.h"
#include "engine/container.h"
#include "engine/end_record.h"
#include "engine/engine.h"
#include "engine/id_range.h"
#include "engine/life.h"
#include "engine/remove.h"
#include "engine/run_state.h"
#include "kern/bpf.h"
#include "kern/cgroup.h"
#include "kern/exit_record.h"
#include "runtime/host_root.h"

/* The first failure is the one to report; the rest of the end goes on. */
static void keep_first(int *first, int r, struct err *e, const struct err *new)
{
	if (r >= 0 || *first < 0)
		return;
	*first = r;
	if (e)
		*e = *new;
}

static bool was_oom_killed(struct life *l)
{
	uint64_t n = 0;

	return cgroup_oom_count(l->cgroup, &n, NULL) == 0 && n > 0;
}

static int end_cgroup(struct life *l, bool *oom_killed, struct err *e)
{
	const struct env *env = l->en->env;
	bool is_adopted = !l->cgroup;
	int r;

	if (is_adopted) {
		r = cgroup_open(env->slice, l->c->id, &l->cgroup, e);
		if (r == -ENOENT)
			return 0;
		if (r < 0)
			return r;
	}
	/* who only had limits unset never joined a memory controller: -ENODATA */
	*oom_killed = was_oom_killed(l);
	/* a shared pid namespace, or a start that failed half-way, can leave processes */
	if (is_adopted || !l->started.pid || !(l->resolved.config.new_ns & CLONE_NEWPID)) {
		r = cgroup_kill(l->cgroup, e);
		if (r < 0)
			return r;
	}
	return is_adopted ? cgroup_remove(env->slice, l->c->id, e) : cgroup_destroy(l->cgroup, e);
}

static int end_policy(struct life *l, uint64_t cgroup_id, struct err *e)
{
	int r;

	if (!cgroup_id)
		return 0;
	if (!l->bpf) {
		l->slice_fd = cgroup_slice_fd(l->en->env->slice, e);
		if (l->slice_fd < 0)
			return l->slice_fd == -EOPNOTSUPP ? 0 : l->slice_fd;
		r = bpf_set_find(l->en->env, l->slice_fd, &l->bpf, e);
		if (r == -ENOENT)
			return 0;
		if (r < 0)
			return r;
	}
	return bpf_set_remove(l->bpf, cgroup_id, e);
}

static void publish_exit(struct life *l, struct run_state *s, const struct exit_record *exit)
{
	if (l->state_fd < 0)
		return;
	s->is_ended = 1;
	s->status = exit->status;
	s->signal = exit->signal;
	s->finished_ns = exit->finished_ns;
	/* those who wait hold the file open; without them nobody misses it */
	(void)run_state_write(l->state_fd, s);
}

static int end_running_state(struct life *l, const struct run_state *s, struct err *e)
{
	static const char *const files[] = { RUN_STATE_FILE, "attach.sock", EXIT_RECORD_FILE, "config.json" };
	char path[CONTAINER_PATH_MAX];

	id_range_release(l->en, s->userns_slot);
	container_path(path, l->c->id, NULL);
	/* the common case: a handful of known files, no listing */
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		if (!l->c->is_ephemeral && strcmp(files[i], "config.json") == 0)
			continue;
		if ((strcmp(files[i], "attach.sock") == 0 || strcmp(files[i], EXIT_RECORD_FILE) == 0) &&
		    l->started.pid)
			continue; /* direct: there was no monitor */
		(void)unlinkat(l->run_fd, files[i], 0); /* what is left fails the rmdir below */
	}
	if (unlinkat(l->en->state_fd, path, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	return fs_remove_tree(l->en->state_fd, path, e);
}

int life_end(struct life *l, const struct exit_record *exit, struct err *e)
{
	struct run_state s = l->state;
	struct err one = ERR_INIT;
	bool oom_killed = false;
	int first = 0;

	s.magic = RUN_STATE_MAGIC;
	keep_first(&first, end_cgroup(l, &oom_killed, &one), e, &one);
	/* the row goes after the cgroup: a process without a row would have no network */
	if (first == 0)
		keep_first(&first, end_policy(l, s.cgroup_id, &one), e, &one);
	/* its processes are gone */
	if (first == 0 && container_is_on_host(l->c))
		keep_first(&first, host_root_remove(l->en->env->state, l->c->id, &one), e, &one);
	s.oom_killed = s.oom_killed || oom_killed; /* the cgroup may have gone in a call before */
	if (exit)
		publish_exit(l, &s, exit);
	else if (oom_killed && l->state_fd >= 0)
		(void)run_state_write(l->state_fd,
				      &s); /* for the next call, should the record not fit */
	l->state = s;
	if (!l->c->options.auto_remove && s.pid) {
		int r = end_record_write(l->en, l->c->id, &s, exit != NULL, &one);

		l->is_unrecorded = first == 0 && r < 0;
		keep_first(&first, r, e, &one);
	}
	if (first < 0) /* keep what leads to the leftovers */
		return first;
	if (l->c->options.auto_remove)
		keep_first(&first, remove_disk(l->en, l->c, &one), e, &one);
	keep_first(&first, end_running_state(l, &s, &one), e, &one);
	timing_mark(l->timing, TIMING_TEARDOWN);
	return first;
}

int life_drop(struct engine *en, const struct container *c, struct err *e)
{
	_cleanup_(cgroup_freep) struct cgroup *cg = NULL;
	struct life l;
	int r = life_adopt(en, c, -1, &l, e);

	if (r == -ENOENT) {
		err_clear(e);
		return 0;
	}
	if (r == -EWOULDBLOCK)
		return err_plain(e, -EBUSY, "container '%.12s' has an owner", c->id);
	if (r < 0)
		return r;
	r = cgroup_open(en->env->slice, c->id, &cg, e);
	if (r == -ENOENT) {
		err_clear(e);
		r = end_running_state(&l, &l.state, e);
	} else if (r == 0) {
		r = err_plain(e, -EBUSY, "container '%.12s' has a cgroup", c->id);
	}
	life_done(&l);
	return r;
}
