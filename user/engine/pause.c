// SPDX-License-Identifier: Apache-2.0
/* Pausing containers. */
#include "engine/pause.h"

#include <errno.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "engine/container.h"
#include "engine/engine.h"
#include "kern/cgroup.h"

static const char *name_of(const struct container *c)
{
	return c->name ? c->name : c->id;
}

static int not_running(const struct container *c, struct err *e)
{
	return err_plain(e, -ESRCH, "container '%s' is not running", name_of(c));
}

static int set_frozen(struct engine *en, const struct container *c, bool freeze, struct err *e)
{
	_cleanup_(cgroup_freep) struct cgroup *cg = NULL;
	int r = cgroup_open(en->env->slice, c->id, &cg, e);

	return r < 0 ? r : cgroup_freeze(cg, freeze, e);
}

int container_pause(struct engine *en, const struct container *c, struct err *e)
{
	struct container_state st;
	int r = container_state(en, c, &st, e);

	if (r < 0)
		return r;
	if (st.status == CONTAINER_PAUSED)
		return err_plain(e, -EALREADY, "container '%s' is already paused", name_of(c));
	if (st.status != CONTAINER_RUNNING)
		return not_running(c, e);
	r = set_frozen(en, c, true, e);
	return r == -ENOENT ? not_running(c, e) : r; /* it has ended meanwhile */
}

int container_unpause(struct engine *en, const struct container *c, struct err *e)
{
	_cleanup_(cgroup_freep) struct cgroup *cg = NULL;
	struct container_state st;
	int r = container_state(en, c, &st, e);

	if (r < 0)
		return r;
	if (st.status != CONTAINER_PAUSED && st.status != CONTAINER_RUNNING)
		return not_running(c, e);
	r = cgroup_open(en->env->slice, c->id, &cg, e);
	if (r == 0)
		/* a pause that was killed may be on its way, or wait for a process that hangs */
		r = cgroup_is_freezing(cg, e);
	if (r == 0 && st.status == CONTAINER_RUNNING)
		return err_plain(e, -EINVAL, "container '%s' is not paused", name_of(c));
	if (r >= 0)
		r = cgroup_freeze(cg, false, e);
	return r == -ENOENT ? not_running(c, e) : r; /* it has ended meanwhile */
}

int container_thaw(struct engine *en, const struct container *c, struct err *e)
{
	int r = set_frozen(en, c, false, e);

	if (r != -ENOENT && r != -EOPNOTSUPP)
		return r;
	err_clear(e);
	return 0;
}

int pause_refuse(const struct container *c, const struct container_state *st, const char *what,
		 struct err *e)
{
	int r;

	if (st->status != CONTAINER_PAUSED)
		return 0;
	r = err_plain(e, -EBUSY, "container '%s' is paused, unpause it before %s", name_of(c), what);
	err_hint(e, "davit unpause %s", name_of(c));
	return r;
}
