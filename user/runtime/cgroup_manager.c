// SPDX-License-Identifier: Apache-2.0
/* Who makes the cgroup of a container. */
#include "runtime/cgroup_manager.h"

#include <stdlib.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "kern/cgroup.h"
#include "runtime/record.h"

static const struct cgroup_manager *const managers[] = { &cgroup_manager_cgroupfs,
							 &cgroup_manager_systemd,
							 &cgroup_manager_disabled };

void cgroup_hold_done(struct cgroup_hold *h)
{
	cgroup_free(h->cg);
	scope_release(&h->scope);
	free(h->shown);
	*h = (struct cgroup_hold)CGROUP_HOLD_INIT;
}

const struct cgroup_manager *cgroup_manager_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(managers); i++)
		if (str_eq(managers[i]->name, name))
			return managers[i];
	return NULL;
}

int cgroup_manager_settle(const struct cgroup_manager *by, const struct oci_config *c,
			  struct cgroup_hold *h, struct err *e)
{
	return by->settle ? by->settle(c, h, e) : 0;
}

const struct cgroup_manager *cgroup_manager_of(const struct record *r)
{
	if (r->scope && *r->scope)
		return &cgroup_manager_systemd;
	return r->cgroup && *r->cgroup ? &cgroup_manager_cgroupfs : &cgroup_manager_disabled;
}
