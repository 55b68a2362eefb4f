// SPDX-License-Identifier: Apache-2.0
/* No cgroup: the container stays in that of whoever called davit-oci, and nothing can limit it. */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/io.h"
#include "base/str.h"
#include "kern/cgroup.h"
#include "runtime/cgroup_manager.h"
#include "runtime/record.h"
#include "spec/oci_config.h"

#define MEMBERSHIP_MAX 4096u /* bytes of /proc/self/cgroup that are looked at */

static int place(const struct oci_config *c, struct record *r, struct err *e)
{
	(void)c;
	(void)r;
	(void)e;
	return 0;
}

static bool has_memory(const struct oci_memory *m)
{
	return m->has_limit || m->has_reservation || m->has_swap || m->has_kernel ||
	       m->has_kernel_tcp || m->has_swappiness ||
	       (m->has_disable_oom_killer && m->disable_oom_killer);
}

static bool has_cpu(const struct oci_cpu *c)
{
	return c->has_shares || c->has_quota || c->has_burst || c->has_period ||
	       c->has_realtime_runtime || c->has_realtime_period || c->has_idle || c->cpus ||
	       c->mems;
}

static bool has_block_io(const struct oci_block_io *b)
{
	return b->weight || b->leaf_weight || b->weight_devices.n || b->read_bps.n ||
	       b->write_bps.n || b->read_iops.n || b->write_iops.n;
}

/* As crun has it: rules for all kinds of access are in every configuration, finer ones are asked for. */
static bool has_devices(const struct oci_resources *r)
{
	const uint32_t all = OCI_DEVICE_READ | OCI_DEVICE_WRITE | OCI_DEVICE_MKNOD;

	for (size_t i = 0; i < r->devices.n; i++)
		if (r->devices.v[i].access && r->devices.v[i].access != all)
			return true;
	return false;
}

/* The first property that would need a cgroup; NULL = none does. */
static const char *wanted(const struct oci_resources *r)
{
	return has_memory(&r->memory)				  ? "memory" :
	       has_cpu(&r->cpu)					  ? "cpu" :
	       r->has_pids_limit				  ? "pids" :
	       has_block_io(&r->block_io)			  ? "blockIO" :
	       r->hugepages.n					  ? "hugepageLimits" :
	       r->network.has_class_id || r->network.priorities.n ? "network" :
	       r->rdma.n					  ? "rdma" :
	       r->unified.n					  ? "unified" :
	       has_devices(r)					  ? "devices" :
								    NULL;
}

/* Path in v2; NULL = there is no v2, or no way to know. */
static char *own_path(void)
{
	char text[MEMBERSHIP_MAX];
	const char *line;

	if (io_read_small(-1, "/proc/self/cgroup", text, sizeof(text)) <= 0)
		return NULL;
	line = str_starts(text, "0::") ? text : strstr(text, "\n0::");
	line = line ? strchr(line, '/') : NULL;
	return line ? str_printf("%.*s", (int)strcspn(line, "\n"), line) : NULL;
}

static int make(const struct oci_config *c, struct record *r, struct cgroup_hold *h, struct err *e)
{
	const char *property = wanted(&c->linux_.resources);

	(void)r;
	h->shown = own_path();
	return property ? err_plain(e, -EOPNOTSUPP,
				    "linux.resources.%s: cannot set limits without cgroups",
				    property) :
			  0;
}

static int update(const struct record *r, struct cgroup *cg, const struct oci_resources *limits,
		  const char *bpffs, struct err *e)
{
	(void)cg;
	(void)limits;
	(void)bpffs;
	return err_plain(e, -EOPNOTSUPP, "container '%s': cannot set limits without cgroups",
			 r->id);
}

static int remove_it(const struct record *r, struct cgroup *cg, struct err *e)
{
	(void)r;
	(void)cg;
	(void)e;
	return 0;
}

const struct cgroup_manager cgroup_manager_disabled = {
	.name = "disabled",
	.place = place,
	.make = make,
	.update = update,
	.remove = remove_it,
};
