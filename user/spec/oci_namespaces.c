// SPDX-License-Identifier: Apache-2.0
/* linux.namespaces, uidMappings and gidMappings, timeOffsets. */
#include <errno.h>
#include <sched.h>
#include <string.h>

#include "base/cleanup.h"
#include "spec/oci_reader.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

#define NANOSECS_MAX 999999999

/* clang-format off */
static const struct {
	const char *name;
	uint64_t flag;
} types[OCI_NS_COUNT] = {
	[OCI_NS_PID]     = { "pid",     CLONE_NEWPID },
	[OCI_NS_NETWORK] = { "network", CLONE_NEWNET },
	[OCI_NS_MOUNT]   = { "mount",   CLONE_NEWNS },
	[OCI_NS_IPC]     = { "ipc",     CLONE_NEWIPC },
	[OCI_NS_UTS]     = { "uts",     CLONE_NEWUTS },
	[OCI_NS_USER]    = { "user",    CLONE_NEWUSER },
	[OCI_NS_CGROUP]  = { "cgroup",  CLONE_NEWCGROUP },
	[OCI_NS_TIME]    = { "time",    CLONE_NEWTIME },
};

static const struct oci_name type_values[] = {
	{ "pid", OCI_NS_PID }, { "network", OCI_NS_NETWORK }, { "mount", OCI_NS_MOUNT },
	{ "ipc", OCI_NS_IPC }, { "uts", OCI_NS_UTS }, { "user", OCI_NS_USER },
	{ "cgroup", OCI_NS_CGROUP }, { "time", OCI_NS_TIME }, { NULL, 0 },
};
/* clang-format on */
static const struct oci_names type_names = { "type of a namespace", type_values };

const char *oci_ns_name(enum oci_ns_type t)
{
	return types[t].name;
}

uint64_t oci_ns_flag(enum oci_ns_type t)
{
	return types[t].flag;
}

uint64_t oci_linux_namespaces(const struct oci_linux *l)
{
	uint64_t flags = 0;

	for (size_t i = 0; i < OCI_NS_COUNT; i++)
		if (l->namespaces[i].is_listed)
			flags |= types[i].flag;
	return flags;
}

uint64_t oci_linux_new_namespaces(const struct oci_linux *l)
{
	uint64_t flags = 0;

	for (size_t i = 0; i < OCI_NS_COUNT; i++)
		if (l->namespaces[i].is_listed && !l->namespaces[i].path)
			flags |= types[i].flag;
	return flags;
}

struct entry {
	uint32_t type;
	const char *path;
};

/* clang-format off */
static const struct oci_field entry_fields[] = {
	OCI_F_NAME("type", struct entry, type, &type_names, .flags = OCI_REQUIRED),
	OCI_F_TEXT("path", struct entry, path, OCI_PATH_MAX, .flags = OCI_ABSOLUTE),
};
/* clang-format on */
static const struct oci_table entry_table = OCI_TABLE(entry_fields, struct entry, NULL);

int oci_read_namespaces(struct oci_reader *r, const struct oci_at *at, const json_t *v, void *ret)
{
	struct oci_namespace *list = ret;
	size_t n;
	int rc = oci_read_array(r, at, v, OCI_NS_COUNT * 2, &n);

	for (size_t i = 0; rc == 0 && i < n; i++) {
		const struct oci_at here = { .up = at, .index = i };
		struct entry entry = { .path = NULL };

		rc = oci_read_object(r, &here, json_array_get(v, i), &entry_table, &entry);
		if (rc < 0)
			return rc;
		if (list[entry.type].is_listed)
			return oci_fail_in(r, &here, "type", -EINVAL, "'%s' is listed twice",
					   types[entry.type].name);
		list[entry.type] = (struct oci_namespace){ true, entry.path };
	}
	return rc;
}

/* -- mappings -- */

/* clang-format off */
static const struct oci_field id_map_fields[] = {
	OCI_F_NUMBER("containerID", struct oci_id_map, inside, 0, UINT32_MAX - 1, .flags = OCI_REQUIRED),
	OCI_F_NUMBER("hostID", struct oci_id_map, outside, 0, UINT32_MAX - 1, .flags = OCI_REQUIRED),
	OCI_F_NUMBER("size", struct oci_id_map, count, 1, UINT32_MAX, .flags = OCI_REQUIRED),
};
/* clang-format on */
static const struct oci_table id_map_table = OCI_TABLE(id_map_fields, struct oci_id_map, NULL);

static bool overlap(uint32_t a, uint32_t n_a, uint32_t b, uint32_t n_b)
{
	return a < (uint64_t)b + n_b && b < (uint64_t)a + n_a;
}

int oci_id_maps_check(struct oci_reader *r, const struct oci_at *at, const struct oci_id_maps *m)
{
	for (size_t i = 0; i < m->n; i++) {
		const struct oci_at here = { .up = at, .index = i };
		const struct oci_id_map *a = &m->v[i];

		if ((uint64_t)a->inside + a->count > UINT32_MAX ||
		    (uint64_t)a->outside + a->count > UINT32_MAX)
			return oci_fail_in(r, &here, "size", -ERANGE,
					   "the range goes beyond the last id, %u", UINT32_MAX - 1);
		for (size_t k = 0; k < i; k++) {
			const struct oci_id_map *b = &m->v[k];

			if (overlap(a->inside, a->count, b->inside, b->count))
				return oci_fail_in(r, &here, "containerID", -EINVAL,
						   "the range overlaps that of entry %zu", k);
			if (overlap(a->outside, a->count, b->outside, b->count))
				return oci_fail_in(r, &here, "hostID", -EINVAL,
						   "the range overlaps that of entry %zu", k);
		}
	}
	return 0;
}

int oci_read_id_maps(struct oci_reader *r, const struct oci_at *at, const json_t *v, void *ret)
{
	struct oci_id_maps maps = { .v = NULL }, *given = ret;
	int rc = oci_read_array(r, at, v, OCI_ID_MAPS_MAX, &maps.n);

	if (rc < 0)
		return rc;
	if (given->n)
		return oci_fail(r, at, -EINVAL, "an option of the mount has mappings, too");
	maps.v = oci_alloc(r, maps.n, sizeof(*maps.v));
	if (!maps.v)
		return -ENOMEM;
	for (size_t i = 0; i < maps.n; i++) {
		const struct oci_at here = { .up = at, .index = i };

		rc = oci_read_object(r, &here, json_array_get(v, i), &id_map_table, &maps.v[i]);
		if (rc < 0)
			return rc;
	}
	rc = oci_id_maps_check(r, at, &maps);
	if (rc == 0)
		*given = maps;
	return rc;
}

/* -- clocks -- */

/* clang-format off */
static const struct oci_field offset_fields[] = {
	OCI_F_NUMBER("secs", struct oci_time_offset, secs, INT64_MIN, INT64_MAX),
	OCI_F_NUMBER("nanosecs", struct oci_time_offset, nanosecs, 0, NANOSECS_MAX),
};
/* clang-format on */
static const struct oci_table offset_table = OCI_TABLE(offset_fields, struct oci_time_offset, NULL);

int oci_read_time_offsets(struct oci_reader *r, const struct oci_at *at, const json_t *v, void *ret)
{
	struct oci_linux *l = (void *)((char *)ret - offsetof(struct oci_linux, mono));
	const char *key;
	json_t *member;
	size_t n;
	int rc = oci_read_entries(r, at, v, OCI_LIMITS_MAX, &n);

	if (rc < 0)
		return rc;
	json_object_foreach((json_t *)v, key, member) {
		const struct oci_at here = { .up = at, .key = key, .is_entry = true };
		struct oci_time_offset *offset = strcmp(key, "monotonic") == 0 ? &l->mono :
						 strcmp(key, "boottime") == 0  ? &l->boot :
										 NULL;

		if (!offset)
			return oci_fail(r, &here, -EINVAL,
					"it is no clock of a time namespace: monotonic, boottime");
		rc = oci_read_object(r, &here, member, &offset_table, offset);
		if (rc < 0)
			return rc;
		offset->is_set = true;
	}
	return 0;
}
