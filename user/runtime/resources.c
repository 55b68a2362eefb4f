// SPDX-License-Identifier: Apache-2.0
/* linux.resources of a bundle, written to its cgroup. */
#include "runtime/resources.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/str.h"
#include "kern/bpf_device_list.h"
#include "kern/bpf_policy.h"
#include "kern/cgroup.h"

#define TEXT_MAX 160u /* longest line written, but for what the document has as text */
#define CPU_PERIOD_DEFAULT 100000u /* microseconds; the kernel's own */
#define WEIGHT_MIN 10u /* of blkio */

struct work {
	struct cgroup *cg;
	const struct oci_resources *r;
	struct err *e;
};

static int put(struct work *w, const char *property, enum cgroup_controller c, const char *v1_file,
	       const char *v2_file, const char *text)
{
	int r = cgroup_write(w->cg, c, v1_file, v2_file, text, w->e);

	return r < 0 ? err_wrap(w->e, r, "linux.resources.%s", property) : 0;
}

/* -1 is what both versions know as no limit, by another word */
static int put_limit(struct work *w, const char *property, enum cgroup_controller c,
		     const char *v1_file, const char *v2_file, int64_t value)
{
	bool is_v2 = cgroup_controller_where(c) == CGROUP_ON_V2;
	char text[TEXT_MAX];

	(void)err_format(text, sizeof(text), "%lld", (long long)value);
	return put(w, property, c, v1_file, v2_file, is_v2 && value < 0 ? "max" : text);
}

static int put_u64(struct work *w, const char *property, enum cgroup_controller c,
		   const char *v1_file, const char *v2_file, uint64_t value)
{
	char text[TEXT_MAX];

	(void)err_format(text, sizeof(text), "%llu", (unsigned long long)value);
	return put(w, property, c, v1_file, v2_file, text);
}

/* v1 counts memory and swap together and refuses a sum below the part: the larger one first. */
static int memory_v1(struct work *w)
{
	const struct oci_memory *m = &w->r->memory;
	static const char limit[] = "memory.limit_in_bytes", both[] = "memory.memsw.limit_in_bytes";
	bool is_lifted = m->has_limit && m->limit < 0;
	bool has_limit = m->has_limit && m->limit, has_swap = m->has_swap && m->swap;
	int r = 0; /* 0 is what engines send for "not given", as with v2 */

	/* raising fails in one order, lowering in the other: try, swap, try again */
	for (int i = 0; i < 2; i++) {
		r = 0;
		if (has_swap && (is_lifted || i))
			r = put_limit(w, "memory.swap", CGROUP_MEMORY, both, NULL, m->swap);
		if (r == 0 && has_limit)
			r = put_limit(w, "memory.limit", CGROUP_MEMORY, limit, NULL, m->limit);
		if (r == 0 && has_swap && !is_lifted && !i)
			r = put_limit(w, "memory.swap", CGROUP_MEMORY, both, NULL, m->swap);
		if (r != -EINVAL)
			break;
	}
	if (r == -EINVAL && has_swap)
		err_hint(w->e,
			 "memory.swap counts memory as well: it cannot be below memory.limit");
	return r;
}

static int memory_v2(struct work *w)
{
	const struct oci_memory *m = &w->r->memory;
	int64_t swap = m->swap;
	int r = 0;

	if (m->has_swap && m->swap > 0) {
		if (!m->has_limit || m->limit <= 0)
			return err_plain(w->e, -EINVAL,
					 "linux.resources.memory.swap: needs memory.limit");
		if (m->swap < m->limit)
			return err_plain(
				w->e, -EINVAL,
				"linux.resources.memory.swap: is below memory.limit, which it includes");
		swap = m->swap - m->limit;
	}
	/* 0 beside a limit is what engines send for "not given" */
	if (m->has_swap && m->swap)
		r = put_limit(w, "memory.swap", CGROUP_MEMORY, NULL, "memory.swap.max", swap);
	if (r == 0 && m->has_limit && m->limit)
		r = put_limit(w, "memory.limit", CGROUP_MEMORY, NULL, "memory.max", m->limit);
	return r;
}

/* v1 refuses a limit below what is in use by itself, v2 would kill for it. */
static int check_usage(struct work *w)
{
	const struct oci_memory *m = &w->r->memory;
	struct cgroup_stats now = { .has_memory = false };
	int r;

	if (!m->check_before_update || !m->has_limit || m->limit <= 0)
		return 0;
	r = cgroup_stats(w->cg, &now, w->e);
	if (r == 0 && now.has_memory && now.memory_usage > (uint64_t)m->limit)
		r = err_plain(w->e, -EBUSY, "%lld is below what is in use, %llu",
			      (long long)m->limit, (unsigned long long)now.memory_usage);
	return r < 0 ? err_wrap(w->e, r, "linux.resources.memory.limit") : 0;
}

/* Of v1, and gone from kernels: no limit is what there is, and counting of the groups below, too. */
static int check_gone(struct work *w)
{
	const struct oci_memory *m = &w->r->memory;

	if (m->has_kernel && m->kernel > 0) /* some take it, none counts by it since 5.16 */
		return err_plain(
			w->e, -EOPNOTSUPP,
			"linux.resources.memory.kernel: kernels limit their memory with that of processes");
	if (m->has_use_hierarchy && !m->use_hierarchy)
		return err_plain(
			w->e, -EOPNOTSUPP,
			"linux.resources.memory.useHierarchy: kernels always count the groups below");
	return 0;
}

static int apply_memory(struct work *w)
{
	const struct oci_memory *m = &w->r->memory;
	bool is_v2 = cgroup_controller_where(CGROUP_MEMORY) == CGROUP_ON_V2;
	int r = check_gone(w);

	if (r == 0 && is_v2)
		r = check_usage(w);
	if (r == 0)
		r = is_v2 ? memory_v2(w) : memory_v1(w);
	if (r == 0 && m->has_reservation && m->reservation)
		r = put_limit(w, "memory.reservation", CGROUP_MEMORY, "memory.soft_limit_in_bytes",
			      "memory.low", m->reservation);
	if (r == 0 && m->has_swappiness) /* of v1 alone, as what follows */
		r = put_u64(w, "memory.swappiness", CGROUP_MEMORY, "memory.swappiness", NULL,
			    m->swappiness);
	if (r == 0 && m->has_disable_oom_killer && m->disable_oom_killer) {
		if (is_v2)
			return err_plain(
				w->e, -EOPNOTSUPP,
				"linux.resources.memory.disableOOMKiller: cgroup v2 has no such setting");
		r = put(w, "memory.disableOOMKiller", CGROUP_MEMORY, "memory.oom_control", NULL,
			"1");
	}
	if (r == 0 && m->has_kernel_tcp && (!is_v2 || m->kernel_tcp > 0))
		r = put_limit(w, "memory.kernelTCP", CGROUP_MEMORY,
			      "memory.kmem.tcp.limit_in_bytes", NULL, m->kernel_tcp);
	return r;
}

static int cpu_v2(struct work *w)
{
	const struct oci_cpu *c = &w->r->cpu;
	char text[TEXT_MAX];
	uint64_t period = c->has_period && c->period ? c->period : CPU_PERIOD_DEFAULT;
	int r = 0;

	if (c->has_shares && c->shares)
		r = put_u64(w, "cpu.shares", CGROUP_CPU, NULL, "cpu.weight",
			    cgroup_weight_of_shares(c->shares));
	if (r == 0 && ((c->has_quota && c->quota) || (c->has_period && c->period))) {
		if (c->has_quota && c->quota > 0)
			(void)err_format(text, sizeof(text), "%lld %llu", (long long)c->quota,
					 (unsigned long long)period);
		else
			(void)err_format(text, sizeof(text), "max %llu",
					 (unsigned long long)period);
		r = put(w, "cpu.quota", CGROUP_CPU, NULL, "cpu.max", text);
	}
	if (r == 0 && c->has_burst)
		r = put_u64(w, "cpu.burst", CGROUP_CPU, NULL, "cpu.max.burst", c->burst);
	return r;
}

static int realtime_runtime(struct work *w, int64_t runtime)
{
	int r = put_limit(w, "cpu.realtimeRuntime", CGROUP_CPU, "cpu.rt_runtime_us", NULL, runtime);

	if (r == -EINVAL)
		err_hint(
			w->e,
			"each cgroup above it needs as much in cpu.rt_runtime_us, where a new one has 0");
	return r;
}

static int cpu_v1(struct work *w)
{
	const struct oci_cpu *c = &w->r->cpu;
	int r = 0;

	if (c->has_shares && c->shares)
		r = put_u64(w, "cpu.shares", CGROUP_CPU, "cpu.shares", NULL, c->shares);
	if (r == -EINVAL)
		err_hint(w->e, "a cgroup with cpu.idle takes no shares");
	if (r == 0 && c->has_period && c->period)
		r = put_u64(w, "cpu.period", CGROUP_CPU, "cpu.cfs_period_us", NULL, c->period);
	if (r == 0 && c->has_quota && c->quota)
		r = put_limit(w, "cpu.quota", CGROUP_CPU, "cpu.cfs_quota_us", NULL, c->quota);
	if (r == 0 && c->has_burst)
		r = put_u64(w, "cpu.burst", CGROUP_CPU, "cpu.cfs_burst_us", NULL, c->burst);
	if (r == 0 && c->has_realtime_period && c->realtime_period)
		r = put_u64(w, "cpu.realtimePeriod", CGROUP_CPU, "cpu.rt_period_us", NULL,
			    c->realtime_period);
	if (r == 0 && c->has_realtime_runtime && c->realtime_runtime)
		r = realtime_runtime(w, c->realtime_runtime);
	return r;
}

static int apply_cpu(struct work *w)
{
	const struct oci_cpu *c = &w->r->cpu;
	bool is_v2 = cgroup_controller_where(CGROUP_CPU) == CGROUP_ON_V2;
	int r = is_v2 ? cpu_v2(w) : cpu_v1(w);

	if (r == 0 && is_v2 &&
	    ((c->has_realtime_period && c->realtime_period) ||
	     (c->has_realtime_runtime && c->realtime_runtime)))
		return err_plain(
			w->e, -EOPNOTSUPP,
			"linux.resources.cpu.realtimeRuntime: cgroup v2 has no such setting");
	if (r == 0 && c->has_idle)
		r = put_limit(w, "cpu.idle", CGROUP_CPU, "cpu.idle", "cpu.idle", c->idle);
	if (r == 0 && c->cpus)
		r = put(w, "cpu.cpus", CGROUP_CPUSET, "cpuset.cpus", "cpuset.cpus", c->cpus);
	if (r == 0 && c->mems)
		r = put(w, "cpu.mems", CGROUP_CPUSET, "cpuset.mems", "cpuset.mems", c->mems);
	return r;
}

static int throttle(struct work *w, const char *property, const oci_throttle_list *list,
		    const char *v1_file, const char *v2_key)
{
	bool is_v2 = cgroup_controller_where(CGROUP_IO) == CGROUP_ON_V2;
	char text[TEXT_MAX];
	int r = 0;

	for (size_t i = 0; r == 0 && i < list->n; i++) {
		const struct oci_throttle_device *d = &list->v[i];

		if (is_v2 && !d->rate)
			(void)err_format(text, sizeof(text), "%u:%u %s=max", d->major, d->minor,
					 v2_key);
		else if (is_v2)
			(void)err_format(text, sizeof(text), "%u:%u %s=%llu", d->major, d->minor,
					 v2_key, (unsigned long long)d->rate);
		else
			(void)err_format(text, sizeof(text), "%u:%u %llu", d->major, d->minor,
					 (unsigned long long)d->rate);
		r = put(w, property, CGROUP_IO, v1_file, "io.max", text);
	}
	return r;
}

/* 10 to 1000 of blkio, 1 to 10000 of io.weight; bfq's own file takes blkio's, where the host has it */
static unsigned int weight_v2(uint16_t weight)
{
	return (unsigned int)(1 + (weight - WEIGHT_MIN) * 9999ull / 990);
}

static int apply_weight(struct work *w)
{
	uint16_t weight = w->r->block_io.weight;
	int r;

	if (!weight)
		return 0;
	r = put_u64(w, "blockIO.weight", CGROUP_IO, "blkio.bfq.weight", "io.bfq.weight", weight);
	if (r != -EOPNOTSUPP)
		return r;
	err_clear(w->e);
	if (cgroup_controller_where(CGROUP_IO) == CGROUP_ON_V2)
		weight = (uint16_t)weight_v2(weight);
	return put_u64(w, "blockIO.weight", CGROUP_IO, "blkio.weight", "io.weight", weight);
}

/* "MAJOR:MINOR WEIGHT" to the file for devices; v1 has one of its own, v2 the same as for all. */
static int apply_weight_device(struct work *w, const struct oci_weight_device *d, size_t i)
{
	char property[TEXT_MAX], text[TEXT_MAX];
	int r = 0;

	(void)err_format(property, sizeof(property), "blockIO.weightDevice[%zu].weight", i);
	(void)err_format(text, sizeof(text), "%u:%u %u", d->major, d->minor, d->weight);
	if (d->weight)
		r = put(w, property, CGROUP_IO, "blkio.bfq.weight_device", "io.bfq.weight", text);
	if (r == -EOPNOTSUPP) {
		err_clear(w->e);
		if (cgroup_controller_where(CGROUP_IO) == CGROUP_ON_V2)
			(void)err_format(text, sizeof(text), "%u:%u %u", d->major, d->minor,
					 weight_v2(d->weight));
		r = put(w, property, CGROUP_IO, "blkio.weight_device", "io.weight", text);
	}
	if (r < 0 || !d->leaf_weight)
		return r;
	(void)err_format(property, sizeof(property), "blockIO.weightDevice[%zu].leafWeight", i);
	(void)err_format(text, sizeof(text), "%u:%u %u", d->major, d->minor, d->leaf_weight);
	return put(w, property, CGROUP_IO, "blkio.leaf_weight_device", NULL, text);
}

static int apply_block_io(struct work *w)
{
	const struct oci_block_io *b = &w->r->block_io;
	int r = apply_weight(w);

	if (r == 0 && b->leaf_weight)
		r = put_u64(w, "blockIO.leafWeight", CGROUP_IO, "blkio.leaf_weight", NULL,
			    b->leaf_weight);
	for (size_t i = 0; r == 0 && i < b->weight_devices.n; i++)
		r = apply_weight_device(w, &b->weight_devices.v[i], i);
	if (r == 0)
		r = throttle(w, "blockIO.throttleReadBpsDevice", &b->read_bps,
			     "blkio.throttle.read_bps_device", "rbps");
	if (r == 0)
		r = throttle(w, "blockIO.throttleWriteBpsDevice", &b->write_bps,
			     "blkio.throttle.write_bps_device", "wbps");
	if (r == 0)
		r = throttle(w, "blockIO.throttleReadIOPSDevice", &b->read_iops,
			     "blkio.throttle.read_iops_device", "riops");
	if (r == 0)
		r = throttle(w, "blockIO.throttleWriteIOPSDevice", &b->write_iops,
			     "blkio.throttle.write_iops_device", "wiops");
	return r;
}

/* What is reserved is limited, too, where the kernel counts it: a mapping fails then, not an access. */
static int apply_hugepages(struct work *w)
{
	const struct oci_resources *o = w->r;
	char v1[TEXT_MAX], v2[TEXT_MAX], property[TEXT_MAX];
	int r = 0;

	for (size_t i = 0; r == 0 && i < o->hugepages.n; i++) {
		const struct oci_hugepage_limit *h = &o->hugepages.v[i];

		(void)err_format(property, sizeof(property), "hugepageLimits[%zu]", i);
		(void)err_format(v1, sizeof(v1), "hugetlb.%.64s.limit_in_bytes", h->page_size);
		(void)err_format(v2, sizeof(v2), "hugetlb.%.64s.max", h->page_size);
		r = put_u64(w, property, CGROUP_HUGETLB, v1, v2, h->limit);
		if (r < 0)
			return r;
		(void)err_format(v1, sizeof(v1), "hugetlb.%.64s.rsvd.limit_in_bytes", h->page_size);
		(void)err_format(v2, sizeof(v2), "hugetlb.%.64s.rsvd.max", h->page_size);
		r = put_u64(w, property, CGROUP_HUGETLB, v1, v2, h->limit);
		if (r == -EOPNOTSUPP) {
			err_clear(w->e);
			r = 0;
		}
	}
	return r;
}

static int apply_rdma(struct work *w)
{
	const struct oci_resources *o = w->r;
	char text[OCI_NAME_MAX + TEXT_MAX], property[OCI_NAME_MAX + TEXT_MAX];
	int r = 0;

	for (size_t i = 0; r == 0 && i < o->rdma.n; i++) {
		const struct oci_rdma *d = &o->rdma.v[i];
		unsigned int n = err_format(text, sizeof(text), "%s", d->device);

		if (d->has_hca_handles)
			n += err_format(text + n, (unsigned int)sizeof(text) - n, " hca_handle=%u",
					d->hca_handles);
		if (d->has_hca_objects)
			n += err_format(text + n, (unsigned int)sizeof(text) - n, " hca_object=%u",
					d->hca_objects);
		(void)err_format(property, sizeof(property), "rdma[\"%s\"]", d->device);
		r = put(w, property, CGROUP_RDMA, "rdma.max", "rdma.max", text);
	}
	return r;
}

/* v2 has neither: its programs tell packets by the cgroup itself. */
static int apply_network(struct work *w)
{
	const struct oci_net_class *n = &w->r->network;
	char text[TEXT_MAX], property[TEXT_MAX];
	int r = 0;

	if (n->has_class_id)
		r = put_u64(w, "network.classID", CGROUP_NET_CLS, "net_cls.classid", NULL,
			    n->class_id);
	for (size_t i = 0; r == 0 && i < n->priorities.n; i++) {
		(void)err_format(text, sizeof(text), "%s %u", n->priorities.v[i].name,
				 n->priorities.v[i].priority);
		(void)err_format(property, sizeof(property), "network.priorities[%zu]", i);
		r = put(w, property, CGROUP_NET_PRIO, "net_prio.ifpriomap", NULL, text);
	}
	return r;
}

/* "memory.high" is of controller "memory". */
static int apply_unified(struct work *w)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < w->r->unified.n; i++) {
		const struct oci_pair *u = &w->r->unified.v[i];
		char controller[TEXT_MAX];

		(void)err_format(controller, sizeof(controller), "%.*s", (int)strcspn(u->key, "."),
				 u->key);
		r = cgroup_write_v2(w->cg, controller, u->key, u->value, w->e);
		if (r < 0)
			return err_wrap(w->e, r, "linux.resources.unified[\"%.200s\"]", u->key);
	}
	return r;
}

static int apply_pids(struct work *w)
{
	/* 0 is what engines send for "not limited", too */
	if (!w->r->has_pids_limit || !w->r->pids_limit)
		return 0;
	if (w->r->pids_limit < 0) /* "max" on both versions */
		return put(w, "pids.limit", CGROUP_PIDS, "pids.max", "pids.max", "max");
	return put_limit(w, "pids.limit", CGROUP_PIDS, "pids.max", "pids.max", w->r->pids_limit);
}

/* What every container may use, whatever its list says: its own /dev. */
static const struct device_rule always[] = {
	{ DEVICE_ANY, DEVICE_ANY, 'c', DEVICE_MKNOD, true, 0 },
	{ DEVICE_ANY, DEVICE_ANY, 'b', DEVICE_MKNOD, true, 0 },
	{ 1, 3, 'c', DEVICE_ALL, true, 0 },
	{ 1, 5, 'c', DEVICE_ALL, true, 0 },
	{ 1, 7, 'c', DEVICE_ALL, true, 0 },
	{ 1, 8, 'c', DEVICE_ALL, true, 0 },
	{ 1, 9, 'c', DEVICE_ALL, true, 0 },
	{ 5, 0, 'c', DEVICE_ALL, true, 0 },
	{ 5, 2, 'c', DEVICE_ALL, true, 0 },
	{ 136, DEVICE_ANY, 'c', DEVICE_ALL, true, 0 },
};

static struct device_rule rule_of(const struct oci_device_rule *d)
{
	if (!d->access) /* none given: all of them */
		return (struct device_rule){ d->has_major ? (int32_t)d->major : DEVICE_ANY,
					     d->has_minor ? (int32_t)d->minor : DEVICE_ANY,
					     d->type,
					     DEVICE_ALL,
					     d->is_allow,
					     0 };
	return (struct device_rule){
		.major = d->has_major ? (int32_t)d->major : DEVICE_ANY,
		.minor = d->has_minor ? (int32_t)d->minor : DEVICE_ANY,
		.type = d->type,
		.is_allow = d->is_allow,
		.access = (uint8_t)((d->access & OCI_DEVICE_READ ? DEVICE_READ : 0) |
				    (d->access & OCI_DEVICE_WRITE ? DEVICE_WRITE : 0) |
				    (d->access & OCI_DEVICE_MKNOD ? DEVICE_MKNOD : 0))
	};
}

/* Where there is no v2, whose programs enforce them. cgroup_write() finds the hierarchy, and joins it. */
static int devices_v1(struct work *w, const struct device_rule *rules, size_t n)
{
	int r = cgroup_write(w->cg, CGROUP_DEVICES, "devices.deny", NULL, "a", w->e);

	return r < 0 ? r : cgroup_set_device_list(w->cg, rules, n, w->e);
}

static int apply_devices(struct work *w, const char *bpffs)
{
	_cleanup_free_ struct device_rule *rules = NULL;
	size_t n = w->r->devices.n;
	int r;

	rules = calloc(n + ARRAY_SIZE(always), sizeof(*rules));
	if (!rules)
		return err_set(w->e, ENOMEM, "linux.resources.devices: prepare");
	for (size_t i = 0; i < n; i++)
		rules[i] = rule_of(&w->r->devices.v[i]);
	memcpy(rules + n, always, sizeof(always));
	r = cgroup_fd(w->cg) < 0 ? devices_v1(w, rules, n + ARRAY_SIZE(always)) :
				   bpf_device_list_attach(cgroup_fd(w->cg), rules,
							  n + ARRAY_SIZE(always), bpffs, w->e);
	return r < 0 ? err_wrap(w->e, r, "linux.resources.devices") : 0;
}

int resources_apply(struct cgroup *cg, const struct oci_resources *r, bool has_devices,
		    const char *bpffs, struct err *e)
{
	static int (*const parts[])(
		struct work * w) = { apply_memory,    apply_cpu,  apply_pids,	 apply_block_io,
				     apply_hugepages, apply_rdma, apply_network, apply_unified };
	struct work w = { .cg = cg, .r = r, .e = e };
	int s = 0;

	for (size_t i = 0; s == 0 && i < ARRAY_SIZE(parts); i++)
		s = parts[i](&w);
	return s == 0 && has_devices ? apply_devices(&w, bpffs) : s;
}
