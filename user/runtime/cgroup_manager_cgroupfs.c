// SPDX-License-Identifier: Apache-2.0
/* Cgroups that davit-oci makes itself: linux.cgroupsPath is their path. */
#include <errno.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/str.h"
#include "kern/cgroup.h"
#include "runtime/cgroup_manager.h"
#include "runtime/record.h"
#include "runtime/resources.h"

#define PARENT "/davit-oci" /* of those that config.json does not place */

/* "/a/b", or below the default parent */
static int place(const struct oci_config *c, struct record *r, struct err *e)
{
	const char *path = c->linux_.cgroups_path;

	r->cgroup = path ? str_printf("%s%s", *path == '/' ? "" : PARENT "/", path) :
			   str_printf(PARENT "/%s", r->id);
	return r->cgroup ? 0 : err_set(e, ENOMEM, "place a cgroup");
}

static int make(const struct oci_config *c, struct record *r, struct cgroup_hold *h, struct err *e)
{
	int s = cgroup_create_path(r->cgroup, &h->cg, e);

	if (s < 0)
		return s;
	s = resources_apply(h->cg, &c->linux_.resources, true, h->bpffs, e);
	if (s < 0)
		(void)cgroup_destroy(h->cg, NULL); /* the first error is the one to tell */
	return s;
}

static int update(const struct record *r, struct cgroup *cg, const struct oci_resources *limits,
		  const char *bpffs, struct err *e)
{
	(void)r;
	return resources_apply(cg, limits, limits->devices.n != 0, bpffs, e);
}

static int remove_it(const struct record *r, struct cgroup *cg, struct err *e)
{
	(void)r;
	return cg ? cgroup_destroy(cg, e) : 0;
}

const struct cgroup_manager cgroup_manager_cgroupfs = {
	.name = "cgroupfs",
	.place = place,
	.make = make,
	.update = update,
	.remove = remove_it,
};
