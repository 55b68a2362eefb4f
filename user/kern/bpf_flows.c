// SPDX-License-Identifier: Apache-2.0
/* What audited containers talk with. */
#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "kern/bpf.h"
#include "kern/bpf_internal.h"
#include "kern/bpf_sys.h"

struct key_list {
	struct filter_flow_key *v;
	size_t n, cap;
};

static void key_list_done(struct key_list *l)
{
	free(l->v);
}

static int key_list_add(struct key_list *l, const struct filter_flow_key *key)
{
	if (l->n == l->cap) {
		size_t cap = l->cap ? l->cap * 2 : 64;
		struct filter_flow_key *v = reallocarray(l->v, cap, sizeof(*v));

		if (!v)
			return -ENOMEM;
		l->v = v;
		l->cap = cap;
	}
	l->v[l->n++] = *key;
	return 0;
}

/* A walk starts anew when its key is deleted: some may be there twice. */
static int collect(struct bpf_set *s, bool (*is_wanted)(uint64_t id, void *data), void *data,
		   struct key_list *l, struct err *e)
{
	int map = bpf_set_map(s, MAP_FLOWS, e), r;
	struct filter_flow_key key;
	size_t n = 0;

	if (map < 0)
		return map;
	for (r = bpf_sys_next_key(map, NULL, &key); r == 0 && n < 2ul * FILTER_ROWS_MAX;
	     r = bpf_sys_next_key(map, &key, &key), n++) {
		if (is_wanted(key.id, data) && key_list_add(l, &key) < 0)
			return err_set(e, ENOMEM, "list '%s/flows'", s->dir);
	}
	return r == -ENOENT || r == 0 ? 0 : err_set(e, r, "list '%s/flows'", s->dir);
}

static void delete_keys(struct bpf_set *s, const struct key_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		(void)bpf_sys_delete(s->fds[MAP_FLOWS], &l->v[i]); /* gone is fine */
}

static bool is_that(uint64_t id, void *data)
{
	return id == *(const uint64_t *)data;
}

int bpf_set_forget_flows(struct bpf_set *s, uint64_t id, struct err *e)
{
	_cleanup_(key_list_done) struct key_list l = { .v = NULL };
	int r = collect(s, is_that, &id, &l, e);

	delete_keys(s, &l);
	return r;
}

struct dead {
	bool (*is_alive)(uint64_t id, void *data);
	void *data;
};

static bool is_dead(uint64_t id, void *data)
{
	const struct dead *d = data;

	return !d->is_alive(id, d->data);
}

int bpf_set_sweep_flows(struct bpf_set *s, bool (*is_alive)(uint64_t cgroup_id, void *data),
			void *data, struct err *e)
{
	_cleanup_(key_list_done) struct key_list l = { .v = NULL };
	struct dead dead = { is_alive, data };
	int r = collect(s, is_dead, &dead, &l, e);

	delete_keys(s, &l);
	return r;
}

void bpf_set_flow_from(const struct filter_flow_key *key, uint32_t rule, struct net_flow *ret)
{
	const struct filter_denied d = { .addr_hi = key->addr_hi,
					 .addr_lo = key->addr_lo,
					 .rule = rule,
					 .port = key->port,
					 .proto = key->proto,
					 .family = key->family,
					 .direction = key->direction };

	*ret = (struct net_flow){ .cgroup_id = key->id,
				  .is_allowed = key->verdict == FILTER_ALLOW };
	bpf_set_denied_from(&d, &ret->denied);
}

static int compare_first(const void *x, const void *y)
{
	const struct net_flow *a = x, *b = y;

	return a->first_ns < b->first_ns ? -1 : a->first_ns > b->first_ns;
}

/* Return: number of @out. */
static size_t read_flows(struct bpf_set *s, const struct key_list *l, struct net_flow *out)
{
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++) {
		struct filter_flow flow;

		if (bpf_sys_lookup(s->fds[MAP_FLOWS], &l->v[i], &flow) < 0)
			continue;
		bpf_set_flow_from(&l->v[i], FILTER_RULE_CLASS, &out[n]);
		out[n].denied.monotonic_ns = flow.last;
		out[n].first_ns = flow.first;
		out[n].count = flow.count;
		n++;
	}
	qsort(out, n, sizeof(*out), compare_first);
	return n;
}

int bpf_set_flows(struct bpf_set *s, uint64_t cgroup_id, struct net_flow **ret, size_t *ret_n,
		  uint64_t *ret_lost, struct err *e)
{
	_cleanup_(key_list_done) struct key_list l = { .v = NULL };
	struct filter_slot *slot;
	struct filter_row row;
	struct net_flow *out;
	int r = bpf_sys_lookup(s->fds[MAP_ROWS], &cgroup_id, &row);

	if (r < 0)
		return err_set(e, r, "find cgroup %llu in '%s/rows'", (unsigned long long)cgroup_id,
			       s->dir);
	r = bpf_set_slot(s, row.slot, &slot, e);
	if (r == 0)
		r = collect(s, is_that, &cgroup_id, &l, e);
	if (r < 0)
		return r;
	out = calloc(l.n + 1, sizeof(*out));
	if (!out)
		return err_set(e, ENOMEM, "list '%s/flows'", s->dir);
	*ret_n = read_flows(s, &l, out);
	*ret_lost = __atomic_load_n(&slot->head.lost, __ATOMIC_RELAXED);
	*ret = out;
	return 0;
}
