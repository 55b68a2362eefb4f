// SPDX-License-Identifier: Apache-2.0
/* Samples of what containers use. */
#include "engine/stats.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "engine/engine.h"

static int64_t monotonic_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t); /* cannot fail for this clock */
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static bool is_alive(enum container_status s)
{
	return s == CONTAINER_RUNNING || s == CONTAINER_PAUSED;
}

static int read_use(struct engine *en, struct bpf_set *set, struct stats *s, struct err *e)
{
	_cleanup_(cgroup_freep) struct cgroup *cg = NULL;
	int r = cgroup_open(en->env->slice, s->id, &cg, e);

	if (r == 0) {
		r = cgroup_stats(cg, &s->use, e);
		s->has_use = r == 0;
		s->taken_ns = monotonic_ns();
	}
	if (r == 0 && set)
		s->has_network = bpf_set_counters(set, cgroup_inode(cg), &s->network, NULL) == 0;
	if (r == -ENOENT) {
		/* it ended just now: a sample without use */
		err_clear(e);
		r = 0;
	}
	return r;
}

static int read_one(struct engine *en, struct bpf_set *set, const struct container *c,
		    struct stats *ret, struct err *e)
{
	char name[NAME_MAX_LEN + 1];
	struct container_state state;
	int r = container_state(en, c, &state, e);

	if (r < 0)
		return r;
	*ret = (struct stats){ .status = state.status, .taken_ns = monotonic_ns() };
	memcpy(ret->id, c->id, sizeof(ret->id));
	err_format(ret->name, sizeof(ret->name), "%s", container_name(c, name));
	return is_alive(state.status) ? read_use(en, set, ret, e) : 0;
}

/* The maps, when there are any: without them there is no network to tell about. */
static struct bpf_set *find_set(struct engine *en)
{
	_cleanup_fd_ int slice = cgroup_slice_fd(en->env->slice, NULL);
	struct bpf_set *set = NULL;

	if (slice >= 0)
		(void)bpf_set_find(en->env, slice, &set, NULL);
	return set;
}

static int take_named(struct engine *en, struct bpf_set *set, const struct strv *refs,
		      struct stats_list *l, struct err *e)
{
	for (size_t i = 0; i < refs->n; i++) {
		struct container c = { .name = NULL };
		int r = container_find(en, refs->v[i], &c, e);

		if (r == 0)
			r = read_one(en, set, &c, &l->v[l->n], e);
		container_done(&c);
		if (r < 0)
			return r;
		l->n++;
	}
	return 0;
}

static int take_all(struct engine *en, struct bpf_set *set, const struct strv *ids, bool is_all,
		    struct stats_list *l, struct err *e)
{
	for (size_t i = 0; i < ids->n; i++) {
		struct container c = { .name = NULL };
		int r = container_load(en, ids->v[i], &c, e);

		if (r == 0)
			r = read_one(en, set, &c, &l->v[l->n], e);
		container_done(&c);
		if (r == -ENOENT || r == -EBADMSG) { /* of a damaged record, check and ps tell */
			err_clear(e);
			continue;
		}
		if (r < 0)
			return r;
		l->n += is_all || is_alive(l->v[l->n].status);
	}
	return 0;
}

int stats_take(struct engine *en, const struct strv *refs, bool is_all, struct stats_list *ret,
	       struct err *e)
{
	_cleanup_(bpf_set_closep) struct bpf_set *set = NULL;
	_cleanup_strv_ struct strv ids = { .v = NULL };
	_cleanup_stats_ struct stats_list l = { .v = NULL };
	int r = refs->n ? 0 : container_ids(en, &ids, e);

	if (r < 0)
		return r;
	l.v = calloc(refs->n + ids.n + 1, sizeof(*l.v));
	if (!l.v)
		return err_set(e, ENOMEM, "read statistics");
	set = find_set(en);
	r = refs->n ? take_named(en, set, refs, &l, e) : take_all(en, set, &ids, is_all, &l, e);
	if (r < 0)
		return r;
	*ret = l;
	l.v = NULL;
	return 0;
}

static const struct stats *find(const struct stats_list *l, const char *id)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->v[i].id, id) == 0)
			return &l->v[i];
	return NULL;
}

void stats_rate(struct stats_list *now, const struct stats_list *before)
{
	for (size_t i = 0; i < now->n; i++) {
		struct stats *s = &now->v[i];
		/* lists are in the same order, but for containers that came and went */
		const struct stats *b = i < before->n && strcmp(before->v[i].id, s->id) == 0 ?
						&before->v[i] :
						find(before, s->id);

		/* less than before: it was started anew */
		if (!b || !s->use.has_cpu || !b->use.has_cpu || s->taken_ns <= b->taken_ns ||
		    s->use.cpu_usage_ns < b->use.cpu_usage_ns)
			continue;
		s->has_cpu_share = true;
		s->cpu_share = (double)(s->use.cpu_usage_ns - b->use.cpu_usage_ns) /
			       (double)(s->taken_ns - b->taken_ns);
	}
}

void stats_list_done(struct stats_list *l)
{
	free(l->v);
	*l = (struct stats_list){ .v = NULL };
}
