// SPDX-License-Identifier: Apache-2.0
/* Which container a cgroup id is. */
#include "engine/flow_names.h"

#include <stdlib.h>

#include "base/cleanup.h"
#include "base/fmt.h"
#include "base/str.h"
#include "engine/container.h"
#include "engine/engine.h"
#include "kern/cgroup.h"

#define LIST_NS 1000000000

struct flow_name {
	uint64_t id;
	struct container container;
};

void flow_names_done(struct flow_names *l)
{
	for (size_t i = 0; i < l->n; i++)
		container_done(&l->v[i].container);
	free(l->v);
	*l = (struct flow_names){ .v = NULL };
}

static uint64_t id_of(struct engine *en, const char *id)
{
	_cleanup_(cgroup_freep) struct cgroup *cg = NULL;

	return cgroup_open(en->env->slice, id, &cg, NULL) == 0 ? cgroup_inode(cg) : 0;
}

/* Those that run; what cannot be read is left out. */
static void list(struct engine *en, struct flow_names *l)
{
	_cleanup_strv_ struct strv ids = { .v = NULL };

	flow_names_done(l);
	if (container_ids(en, &ids, NULL) < 0)
		return;
	l->v = calloc(ids.n + 1, sizeof(*l->v));
	for (size_t i = 0; l->v && i < ids.n; i++) {
		struct flow_name *f = &l->v[l->n];

		f->id = id_of(en, ids.v[i]);
		if (f->id && container_load(en, ids.v[i], &f->container, NULL) == 0)
			l->n++;
	}
}

static const struct container *find(const struct flow_names *l, uint64_t id)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].id == id)
			return &l->v[i].container;
	return NULL;
}

const struct container *flow_names_find(struct engine *en, struct flow_names *l, uint64_t cgroup_id)
{
	const struct container *c = find(l, cgroup_id);
	int64_t now = fmt_now_ns();

	if (!c && now - l->listed_ns > LIST_NS) {
		list(en, l);
		l->listed_ns = now;
		c = find(l, cgroup_id);
	}
	return c;
}
