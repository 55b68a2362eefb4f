// SPDX-License-Identifier: Apache-2.0
/* linux.resources: what the cgroup limits; also the document of `update --resources`. */
#include <errno.h>
#include <net/if.h>
#include <string.h>

#include "base/cleanup.h"
#include "spec/oci_reader.h"

#define MAJOR_MAX 4095
#define MINOR_MAX 1048575
#define WEIGHT_MIN 10u
#define WEIGHT_MAX 1000u
#define SWAPPINESS_MAX 100
#define UNIFIED_MAX 65535u /* bytes of a value */

/* clang-format off */

/* -- memory, processors -- */

#define BYTES(k, m, has) OCI_F_NUMBER(k, struct oci_memory, m, -1, INT64_MAX, OCI_HAS(struct oci_memory, has))
static const struct oci_field memory_fields[] = {
	BYTES("limit", limit, has_limit),
	BYTES("reservation", reservation, has_reservation),
	BYTES("swap", swap, has_swap),
	BYTES("kernel", kernel, has_kernel),
	BYTES("kernelTCP", kernel_tcp, has_kernel_tcp),
	OCI_F_NUMBER("swappiness", struct oci_memory, swappiness, 0, SWAPPINESS_MAX, OCI_HAS(struct oci_memory, has_swappiness)),
	OCI_F_BOOL("disableOOMKiller", struct oci_memory, disable_oom_killer, OCI_HAS(struct oci_memory, has_disable_oom_killer)),
	OCI_F_BOOL("useHierarchy", struct oci_memory, use_hierarchy, OCI_HAS(struct oci_memory, has_use_hierarchy)),
	OCI_F_BOOL("checkBeforeUpdate", struct oci_memory, check_before_update),
};
static const struct oci_table memory_table = OCI_TABLE(memory_fields, struct oci_memory, NULL);

#define CPU(k, m, min, has) OCI_F_NUMBER(k, struct oci_cpu, m, min, INT64_MAX, OCI_HAS(struct oci_cpu, has))
static const struct oci_field cpu_fields[] = {
	CPU("shares", shares, 0, has_shares),
	CPU("quota", quota, -1, has_quota),
	CPU("burst", burst, 0, has_burst),
	CPU("period", period, 0, has_period),
	CPU("realtimeRuntime", realtime_runtime, -1, has_realtime_runtime),
	CPU("realtimePeriod", realtime_period, 0, has_realtime_period),
	OCI_F_TEXT("cpus", struct oci_cpu, cpus, OCI_LIST_TEXT_MAX),
	OCI_F_TEXT("mems", struct oci_cpu, mems, OCI_LIST_TEXT_MAX),
	OCI_F_NUMBER("idle", struct oci_cpu, idle, 0, 1, OCI_HAS(struct oci_cpu, has_idle)),
};
/* clang-format on */

/* One line for a file of the kernel's, which knows more forms than lists of ranges. */
static int check_line(struct oci_reader *r, const struct oci_at *at, const char *key,
		      const char *text)
{
	if (text && text[strcspn(text, "\r\n")])
		return oci_fail_in(r, at, key, -EINVAL, "it has more than one line");
	return 0;
}

static int check_cpu(struct oci_reader *r, const struct oci_at *at, const json_t *v, void *ret)
{
	const struct oci_cpu *c = ret;
	int rc = check_line(r, at, "cpus", c->cpus);

	(void)v;
	return rc < 0 ? rc : check_line(r, at, "mems", c->mems);
}

static const struct oci_table cpu_table = OCI_TABLE(cpu_fields, struct oci_cpu, check_cpu);

/* -- block devices -- */

static int read_weight(struct oci_reader *r, const struct oci_at *at, const json_t *v, void *ret)
{
	uint64_t weight = 0;
	int rc = oci_read_number(r, at, v, 0, WEIGHT_MAX, &weight);

	if (rc < 0)
		return rc;
	if (weight > 0 && weight < WEIGHT_MIN)
		return oci_fail(r, at, -ERANGE, "%llu is not a number from %u to %u",
				(unsigned long long)weight, WEIGHT_MIN, WEIGHT_MAX);
	*(uint16_t *)ret = (uint16_t)weight;
	return 0;
}

static int check_weight(struct oci_reader *r, const struct oci_at *at, const json_t *v, void *ret)
{
	const struct oci_weight_device *d = ret;

	(void)v;
	if (!d->weight && !d->leaf_weight)
		return oci_fail(r, at, -EINVAL, "it has neither weight nor leafWeight");
	return 0;
}

/* clang-format off */
#define DEVICE_NUMBERS(s) \
	OCI_F_NUMBER("major", s, major, 0, MAJOR_MAX, .flags = OCI_REQUIRED), \
	OCI_F_NUMBER("minor", s, minor, 0, MINOR_MAX, .flags = OCI_REQUIRED)
static const struct oci_field weight_fields[] = {
	DEVICE_NUMBERS(struct oci_weight_device),
	OCI_F_OWN("weight", struct oci_weight_device, weight, read_weight),
	OCI_F_OWN("leafWeight", struct oci_weight_device, leaf_weight, read_weight),
};
static const struct oci_table weight_table = OCI_TABLE(weight_fields, struct oci_weight_device, check_weight);

static const struct oci_field throttle_fields[] = {
	DEVICE_NUMBERS(struct oci_throttle_device),
	OCI_F_NUMBER("rate", struct oci_throttle_device, rate, 0, UINT64_MAX, .flags = OCI_REQUIRED),
};
static const struct oci_table throttle_table = OCI_TABLE(throttle_fields, struct oci_throttle_device, NULL);

#define THROTTLE(k, m) OCI_F_LIST(k, struct oci_block_io, m, OCI_IO_DEVICES_MAX, &throttle_table)
static const struct oci_field block_io_fields[] = {
	OCI_F_OWN("weight", struct oci_block_io, weight, read_weight),
	OCI_F_OWN("leafWeight", struct oci_block_io, leaf_weight, read_weight),
	OCI_F_LIST("weightDevice", struct oci_block_io, weight_devices, OCI_IO_DEVICES_MAX, &weight_table),
	THROTTLE("throttleReadBpsDevice", read_bps),
	THROTTLE("throttleWriteBpsDevice", write_bps),
	THROTTLE("throttleReadIOPSDevice", read_iops),
	THROTTLE("throttleWriteIOPSDevice", write_iops),
};
static const struct oci_table block_io_table = OCI_TABLE(block_io_fields, struct oci_block_io, NULL);
/* clang-format on */

/* -- pids, huge pages, network classes -- */

static const struct oci_field pids_fields[] = {
	OCI_F_NUMBER("limit", struct oci_resources, pids_limit, -1, INT64_MAX,
		     OCI_HAS(struct oci_resources, has_pids_limit)),
};
static const struct oci_table pids_table = OCI_TABLE(pids_fields, struct oci_resources, NULL);

/* The member of "pids" is in struct oci_resources itself. */
static int read_pids(struct oci_reader *r, const struct oci_at *at, const json_t *v, void *ret)
{
	struct oci_resources *res =
		(void *)((char *)ret - offsetof(struct oci_resources, pids_limit));

	return oci_read_object(r, at, v, &pids_table, res);
}

/* "64KB", "2MB", "1GB": part of the name of a file of the hugetlb controller */
static int check_hugepage(struct oci_reader *r, const struct oci_at *at, const json_t *v, void *ret)
{
	const struct oci_hugepage_limit *l = ret;
	size_t n = strspn(l->page_size, "0123456789");

	(void)v;
	if (n == 0 || l->page_size[0] == '0' || !strchr("KMG", l->page_size[n]) ||
	    !l->page_size[n] || strcmp(l->page_size + n + 1, "B") != 0)
		return oci_fail_in(r, at, "pageSize", -EINVAL,
				   "'%.*s' is no size of a page, like 2MB", 64, l->page_size);
	return 0;
}

static int check_net_priority(struct oci_reader *r, const struct oci_at *at, const json_t *v,
			      void *ret)
{
	const struct oci_net_priority *p = ret;

	(void)v;
	if (p->name[strcspn(p->name, " \t\r\n")])
		return oci_fail_in(r, at, "name", -EINVAL, "it is no name of a network device");
	return 0;
}

/* clang-format off */
static const struct oci_field hugepage_fields[] = {
	OCI_F_TEXT("pageSize", struct oci_hugepage_limit, page_size, OCI_NAME_MAX, .flags = OCI_REQUIRED),
	OCI_F_NUMBER("limit", struct oci_hugepage_limit, limit, 0, UINT64_MAX, .flags = OCI_REQUIRED),
};
static const struct oci_table hugepage_table = OCI_TABLE(hugepage_fields, struct oci_hugepage_limit, check_hugepage);

static const struct oci_field net_priority_fields[] = {
	OCI_F_TEXT("name", struct oci_net_priority, name, IFNAMSIZ - 1, .flags = OCI_REQUIRED),
	OCI_F_NUMBER("priority", struct oci_net_priority, priority, 0, UINT32_MAX, .flags = OCI_REQUIRED),
};
static const struct oci_table net_priority_table = OCI_TABLE(net_priority_fields, struct oci_net_priority, check_net_priority);

static const struct oci_field net_class_fields[] = {
	OCI_F_NUMBER("classID", struct oci_net_class, class_id, 0, UINT32_MAX, OCI_HAS(struct oci_net_class, has_class_id)),
	OCI_F_LIST("priorities", struct oci_net_class, priorities, OCI_LIMITS_MAX, &net_priority_table),
};
static const struct oci_table net_class_table = OCI_TABLE(net_class_fields, struct oci_net_class, NULL);

/* -- rdma, unified -- */

static const struct oci_field rdma_fields[] = {
	OCI_F_NUMBER("hcaHandles", struct oci_rdma, hca_handles, 0, UINT32_MAX, OCI_HAS(struct oci_rdma, has_hca_handles)),
	OCI_F_NUMBER("hcaObjects", struct oci_rdma, hca_objects, 0, UINT32_MAX, OCI_HAS(struct oci_rdma, has_hca_objects)),
};
static const struct oci_table rdma_table = OCI_TABLE(rdma_fields, struct oci_rdma, NULL);
/* clang-format on */

static int read_rdma(struct oci_reader *r, const struct oci_at *at, const json_t *v, void *ret)
{
	struct oci_resources *res = (void *)((char *)ret - offsetof(struct oci_resources, rdma));
	const char *key;
	json_t *member;
	size_t n;
	int rc = oci_read_entries(r, at, v, OCI_LIMITS_MAX, &n);

	if (rc < 0)
		return rc;
	res->rdma.v = oci_alloc(r, n, sizeof(*res->rdma.v));
	if (!res->rdma.v)
		return -ENOMEM;
	res->rdma.n = 0;
	json_object_foreach((json_t *)v, key, member) {
		const struct oci_at here = { .up = at, .key = key, .is_entry = true };
		struct oci_rdma *d = &res->rdma.v[res->rdma.n++];

		rc = oci_read_object(r, &here, member, &rdma_table, d);
		if (rc < 0)
			return rc;
		if (key[strcspn(key, " \t\r\n/")] || strlen(key) > OCI_NAME_MAX)
			return oci_fail(r, &here, -EINVAL, "it is no name of a device");
		if (!d->has_hca_handles && !d->has_hca_objects)
			return oci_fail(r, &here, -EINVAL,
					"it has neither hcaHandles nor hcaObjects");
		d->device = key;
	}
	return 0;
}

/* -- all -- */

static int check_unified(struct oci_reader *r, const struct oci_at *up, const struct oci_map *m)
{
	const struct oci_at at = { .up = up, .key = "unified" };

	for (size_t i = 0; i < m->n; i++) {
		const struct oci_at here = { .up = &at, .key = m->v[i].key, .is_entry = true };

		if (!oci_is_file_name(here.key) || strlen(here.key) > OCI_NAME_MAX ||
		    !strchr(here.key, '.'))
			return oci_fail(r, &here, -EINVAL, "it is no file of a cgroup");
	}
	return 0;
}

static int check_memory(struct oci_reader *r, const struct oci_at *up, const struct oci_memory *m)
{
	const struct oci_at at = { .up = up, .key = "memory" };

	if (m->swap > 0 && m->limit > 0 && m->swap < m->limit)
		return oci_fail_in(r, &at, "swap", -EINVAL,
				   "%lld is below the limit of memory, %lld, which it includes",
				   (long long)m->swap, (long long)m->limit);
	if (m->swap > 0 && m->limit < 0)
		return oci_fail_in(r, &at, "swap", -EINVAL,
				   "it includes memory, which is not limited");
	return 0;
}

static int check_resources(struct oci_reader *r, const struct oci_at *at, const json_t *v,
			   void *ret)
{
	const struct oci_resources *res = ret;
	int rc = check_unified(r, at, &res->unified);

	(void)v;
	return rc < 0 ? rc : check_memory(r, at, &res->memory);
}

/* clang-format off */
static const struct oci_field resources_fields[] = {
	OCI_F_LIST("devices", struct oci_resources, devices, OCI_DEVICES_MAX, &oci_device_rule_table),
	OCI_F_OBJECT("memory", struct oci_resources, memory, &memory_table),
	OCI_F_OBJECT("cpu", struct oci_resources, cpu, &cpu_table),
	OCI_F_OWN("pids", struct oci_resources, pids_limit, read_pids),
	OCI_F_OBJECT("blockIO", struct oci_resources, block_io, &block_io_table),
	OCI_F_LIST("hugepageLimits", struct oci_resources, hugepages, OCI_LIMITS_MAX, &hugepage_table),
	OCI_F_OBJECT("network", struct oci_resources, network, &net_class_table),
	OCI_F_OWN("rdma", struct oci_resources, rdma, read_rdma),
	OCI_F_MAP("unified", struct oci_resources, unified, OCI_LIMITS_MAX, UNIFIED_MAX),
};
/* clang-format on */

const struct oci_table oci_resources_table =
	OCI_TABLE(resources_fields, struct oci_resources, check_resources);
