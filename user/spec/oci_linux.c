// SPDX-License-Identifier: Apache-2.0
/* linux: what is left of it, and what its members need of each other. */
#include <errno.h>
#include <linux/mempolicy.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/personality.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/str.h"
#include "spec/oci_reader.h"
#include "spec/sysctl.h"

/* Newer than the headers of some distributions that we build on. */
#define POLICY_PREFERRED_MANY 5
#define POLICY_WEIGHTED_INTERLEAVE 6
#define POLICY_FLAG_NUMA_BALANCING (1u << 13)

/* -- personality, memory policy -- */

/* clang-format off */
static const struct oci_name domains[] = {
	{ "LINUX",   PER_LINUX },
	{ "LINUX32", PER_LINUX32 },
	{ NULL, 0 },
};
static const struct oci_names domain_names = { "execution domain", domains };

/* the specification has the property and no value for it */
static const struct oci_name no_flags[] = { { NULL, 0 } };
static const struct oci_names personality_flag_names = { "flag of an execution domain", no_flags };

struct personality {
	uint64_t domain, flags;
};

static const struct oci_field personality_fields[] = {
	OCI_F_NAME("domain", struct personality, domain, &domain_names, .flags = OCI_REQUIRED),
	OCI_F_FLAGS("flags", struct personality, flags, &personality_flag_names),
};
static const struct oci_table personality_table = OCI_TABLE(personality_fields, struct personality, NULL);

static const struct oci_name modes[] = {
	{ "MPOL_DEFAULT",             MPOL_DEFAULT },
	{ "MPOL_PREFERRED",           MPOL_PREFERRED },
	{ "MPOL_BIND",                MPOL_BIND },
	{ "MPOL_INTERLEAVE",          MPOL_INTERLEAVE },
	{ "MPOL_LOCAL",               MPOL_LOCAL },
	{ "MPOL_PREFERRED_MANY",      POLICY_PREFERRED_MANY },
	{ "MPOL_WEIGHTED_INTERLEAVE", POLICY_WEIGHTED_INTERLEAVE },
	{ NULL, 0 },
};
static const struct oci_names mode_names = { "memory policy", modes };

static const struct oci_name policy_flags[] = {
	{ "MPOL_F_STATIC_NODES",   MPOL_F_STATIC_NODES },
	{ "MPOL_F_RELATIVE_NODES", MPOL_F_RELATIVE_NODES },
	{ "MPOL_F_NUMA_BALANCING", POLICY_FLAG_NUMA_BALANCING },
	{ NULL, 0 },
};
static const struct oci_names policy_flag_names = { "flag of a memory policy", policy_flags };
/* clang-format on */

static int read_personality(struct oci_reader *r, const struct oci_at *at, const json_t *v,
			    void *ret)
{
	struct personality p = { .domain = 0 };
	int rc = oci_read_object(r, at, v, &personality_table, &p);

	if (rc == 0)
		*(uint64_t *)ret = p.domain;
	return rc;
}

/* set_mempolicy(2) */
static int check_memory_policy(struct oci_reader *r, const struct oci_at *at, const json_t *v,
			       void *ret)
{
	const uint64_t both = MPOL_F_STATIC_NODES | MPOL_F_RELATIVE_NODES;
	const struct oci_memory_policy *p = ret;
	bool is_without = p->mode == MPOL_DEFAULT || p->mode == MPOL_LOCAL;

	(void)v;
	if (p->nodes && !oci_is_number_list(p->nodes))
		return oci_fail_in(r, at, "nodes", -EINVAL,
				   "'%.*s' is no list of nodes, like 0-1,3", 64, p->nodes);
	if (p->nodes && is_without)
		return oci_fail_in(r, at, "nodes", -EINVAL,
				   "MPOL_DEFAULT and MPOL_LOCAL take no nodes");
	if (!p->nodes && !is_without && p->mode != MPOL_PREFERRED)
		return oci_fail_in(r, at, "nodes", -EBADMSG, "it is missing");
	if ((p->flags & both) == both)
		return oci_fail_in(r, at, "flags", -EINVAL,
				   "static and relative nodes exclude each other");
	if (p->flags & both && !p->nodes)
		return oci_fail_in(r, at, "flags", -EINVAL,
				   "there are no nodes that they are about");
	if (p->flags & POLICY_FLAG_NUMA_BALANCING && p->mode != MPOL_BIND &&
	    p->mode != POLICY_PREFERRED_MANY)
		return oci_fail_in(r, at, "flags", -EINVAL,
				   "MPOL_F_NUMA_BALANCING needs MPOL_BIND or MPOL_PREFERRED_MANY");
	return 0;
}

/* clang-format off */
static const struct oci_field memory_policy_fields[] = {
	OCI_F_NAME("mode", struct oci_memory_policy, mode, &mode_names, .flags = OCI_REQUIRED),
	OCI_F_TEXT("nodes", struct oci_memory_policy, nodes, OCI_LIST_TEXT_MAX),
	OCI_F_FLAGS("flags", struct oci_memory_policy, flags, &policy_flag_names),
};
/* clang-format on */
static const struct oci_table memory_policy_table =
	OCI_TABLE(memory_policy_fields, struct oci_memory_policy, check_memory_policy);

/* -- Intel RDT -- */

static int check_intel_rdt(struct oci_reader *r, const struct oci_at *up, const json_t *v,
			   void *ret)
{
	const struct oci_at at = { .up = up, .key = "schemata" };
	const struct oci_intel_rdt *rdt = ret;

	(void)v;
	if (rdt->clos_id && !oci_is_file_name(rdt->clos_id))
		return oci_fail_in(r, up, "closID", -EINVAL, "it is no name of a directory");
	if (rdt->mem_bw_schema &&
	    (!str_starts(rdt->mem_bw_schema, "MB:") || strchr(rdt->mem_bw_schema, '\n')))
		return oci_fail_in(r, up, "memBwSchema", -EINVAL,
				   "it is not one line that starts with MB:");
	for (size_t i = 0; i < rdt->schemata.n; i++) {
		const struct oci_at here = { .up = &at, .index = i };

		if (!strchr(rdt->schemata.v[i], ':') || strchr(rdt->schemata.v[i], '\n'))
			return oci_fail(r, &here, -EINVAL, "it is not one line, RESOURCE:…");
	}
	return 0;
}

/* clang-format off */
static const struct oci_field intel_rdt_fields[] = {
	OCI_F_TEXT("closID", struct oci_intel_rdt, clos_id, OCI_NAME_MAX),
	OCI_F_TEXTS("schemata", struct oci_intel_rdt, schemata, OCI_SCHEMATA_MAX, OCI_PATH_MAX),
	OCI_F_TEXT("l3CacheSchema", struct oci_intel_rdt, l3_cache_schema, OCI_PATH_MAX),
	OCI_F_TEXT("memBwSchema", struct oci_intel_rdt, mem_bw_schema, OCI_PATH_MAX),
	OCI_F_BOOL("enableMonitoring", struct oci_intel_rdt, enable_monitoring),
	OCI_F_BOOL("enableCMT", struct oci_intel_rdt, enable_cmt),
	OCI_F_BOOL("enableMBM", struct oci_intel_rdt, enable_mbm),
};
static const struct oci_table intel_rdt_table = OCI_TABLE(intel_rdt_fields, struct oci_intel_rdt, check_intel_rdt);

static const struct oci_name propagations[] = {
	{ "private",     MS_PRIVATE },    { "rprivate",    MS_PRIVATE | MS_REC },
	{ "slave",       MS_SLAVE },      { "rslave",      MS_SLAVE | MS_REC },
	{ "shared",      MS_SHARED },     { "rshared",     MS_SHARED | MS_REC },
	{ "unbindable",  MS_UNBINDABLE }, { "runbindable", MS_UNBINDABLE | MS_REC },
	{ "",            0 },             { NULL, 0 },
};
static const struct oci_names propagation_names = { "propagation of mounts", propagations };
/* clang-format on */

/* -- kernel parameters -- */

static int read_sysctl(struct oci_reader *r, const struct oci_at *at, const json_t *v,
		       struct oci_sysctl *ret)
{
	_cleanup_(sysctl_done) struct sysctl s = { .path = NULL };
	_cleanup_free_ char *text = NULL;
	char *path;
	int rc = oci_read_text(r, at, v, SYSCTL_VALUE_MAX, 0, &ret->value);

	if (rc < 0)
		return rc;
	if (strlen(at->key) > SYSCTL_NAME_MAX || strchr(at->key, '='))
		return oci_fail(r, at, -EINVAL, "it is no name of a kernel parameter");
	text = str_printf("%s=%s", at->key, ret->value);
	if (!text)
		return err_set(r->e, ENOMEM, "read %s", r->what);
	rc = sysctl_parse(text, &s, r->e);
	if (rc < 0)
		return oci_fail_under(r, at, rc);
	path = oci_alloc(r, 1, strlen(s.path) + 1);
	if (!path)
		return -ENOMEM;
	memcpy(path, s.path, strlen(s.path) + 1);
	ret->name = at->key;
	ret->path = path;
	ret->ns = s.ns;
	return 0;
}

static int read_sysctls(struct oci_reader *r, const struct oci_at *at, const json_t *v, void *ret)
{
	struct oci_linux *l = (void *)((char *)ret - offsetof(struct oci_linux, sysctls));
	const char *key;
	json_t *member;
	size_t n;
	int rc = oci_read_entries(r, at, v, OCI_SYSCTLS_MAX, &n);

	if (rc < 0)
		return rc;
	l->sysctls.v = oci_alloc(r, n, sizeof(*l->sysctls.v));
	if (!l->sysctls.v)
		return -ENOMEM;
	l->sysctls.n = 0;
	json_object_foreach((json_t *)v, key, member) {
		const struct oci_at here = { .up = at, .key = key, .is_entry = true };

		rc = read_sysctl(r, &here, member, &l->sysctls.v[l->sysctls.n++]);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* -- linux -- */

static int read_cgroups_path(struct oci_reader *r, const struct oci_at *at, const json_t *v,
			     void *ret)
{
	const char *text = NULL;
	int rc = oci_read_text(r, at, v, OCI_PATH_MAX, 0, &text);

	if (rc < 0 || !*text)
		return rc;
	for (const char *part = text; part; part = strchr(part, '/')) {
		part += *part == '/';
		if (strncmp(part, "..", 2) == 0 && (!part[2] || part[2] == '/'))
			return oci_fail(r, at, -EINVAL, "it has a '..'");
	}
	*(const char **)ret = text;
	return 0;
}

static int read_seccomp(struct oci_reader *r, const struct oci_at *at, const json_t *v, void *ret)
{
	const struct seccomp_profile *p = ret;
	int rc = seccomp_profile_read(r, at, v, ret);

	if (rc == 0 && p->has_notify && !p->listener_path)
		return oci_fail_in(r, at, "listenerPath", -EBADMSG,
				   "it is missing, but SCMP_ACT_NOTIFY is used");
	return rc;
}

/* Members that mean something only to a namespace that the container does not share. */
static int check_needs(struct oci_reader *r, const struct oci_at *at, const struct oci_linux *l)
{
	/* clang-format off */
	const struct {
		const char *key;
		bool is_given;
		enum oci_ns_type ns;
		bool is_new; /* joining one is not enough */
	} needs[] = {
		{ "uidMappings",   l->uid_map.n > 0,                     OCI_NS_USER,    false },
		{ "gidMappings",   l->gid_map.n > 0,                     OCI_NS_USER,    false },
		{ "timeOffsets",   l->mono.is_set || l->boot.is_set,     OCI_NS_TIME,    true },
		{ "netDevices",    l->net_devices.n > 0,                 OCI_NS_NETWORK, false },
	};
	/* clang-format on */

	for (size_t i = 0; i < ARRAY_SIZE(needs); i++) {
		const struct oci_namespace *ns = &l->namespaces[needs[i].ns];

		if (!needs[i].is_given || (ns->is_listed && !(needs[i].is_new && ns->path)))
			continue;
		return oci_fail_in(r, at, needs[i].key, -EINVAL,
				   "it needs %s %s namespace in linux.namespaces",
				   needs[i].is_new ? "a new" : "the", oci_ns_name(needs[i].ns));
	}
	return 0;
}

static int check_user_namespace(struct oci_reader *r, const struct oci_at *at,
				const struct oci_linux *l)
{
	if (!l->namespaces[OCI_NS_USER].is_listed || l->namespaces[OCI_NS_USER].path)
		return 0;
	if (!l->uid_map.n)
		return oci_fail_in(r, at, "uidMappings", -EBADMSG,
				   "it is missing, but there is a new user namespace");
	if (!l->gid_map.n)
		return oci_fail_in(r, at, "gidMappings", -EBADMSG,
				   "it is missing, but there is a new user namespace");
	return 0;
}

static int check_sysctls(struct oci_reader *r, const struct oci_at *up, const struct oci_linux *l)
{
	const struct oci_at at = { .up = up, .key = "sysctl" };

	for (size_t i = 0; i < l->sysctls.n; i++) {
		const struct oci_sysctl *s = &l->sysctls.v[i];
		const struct oci_at here = { .up = &at, .key = s->name, .is_entry = true };

		for (size_t t = 0; t < OCI_NS_COUNT; t++)
			if (oci_ns_flag(t) == s->ns && !l->namespaces[t].is_listed)
				return oci_fail(r, &here, -EINVAL,
						"it needs the %s namespace in linux.namespaces",
						oci_ns_name(t));
	}
	return 0;
}

static int check_linux(struct oci_reader *r, const struct oci_at *at, const json_t *v, void *ret)
{
	const struct oci_linux *l = ret;
	int rc = check_needs(r, at, l);

	(void)v;
	if (rc == 0)
		rc = check_user_namespace(r, at, l);
	if (rc == 0)
		rc = check_sysctls(r, at, l);
	return rc;
}

/* clang-format off */
static const struct oci_field linux_fields[] = {
	OCI_F_OWN("uidMappings", struct oci_linux, uid_map, oci_read_id_maps),
	OCI_F_OWN("gidMappings", struct oci_linux, gid_map, oci_read_id_maps),
	OCI_F_OWN("sysctl", struct oci_linux, sysctls, read_sysctls),
	OCI_F_OBJECT("resources", struct oci_linux, resources, &oci_resources_table, OCI_HAS(struct oci_linux, has_resources)),
	OCI_F_OWN("cgroupsPath", struct oci_linux, cgroups_path, read_cgroups_path),
	OCI_F_OWN("namespaces", struct oci_linux, namespaces, oci_read_namespaces),
	OCI_F_LIST("devices", struct oci_linux, devices, OCI_DEVICES_MAX, &oci_device_table),
	OCI_F_OWN("netDevices", struct oci_linux, net_devices, oci_read_net_devices),
	OCI_F_OWN("seccomp", struct oci_linux, seccomp, read_seccomp, OCI_HAS(struct oci_linux, has_seccomp)),
	OCI_F_NAME("rootfsPropagation", struct oci_linux, propagation, &propagation_names),
	OCI_F_TEXTS("maskedPaths", struct oci_linux, masked_paths, OCI_PATHS_MAX, OCI_PATH_MAX, .flags = OCI_ABSOLUTE),
	OCI_F_TEXTS("readonlyPaths", struct oci_linux, readonly_paths, OCI_PATHS_MAX, OCI_PATH_MAX, .flags = OCI_ABSOLUTE),
	OCI_F_TEXT("mountLabel", struct oci_linux, mount_label, OCI_LABEL_MAX),
	OCI_F_OBJECT("intelRdt", struct oci_linux, intel_rdt, &intel_rdt_table, OCI_HAS(struct oci_linux, has_intel_rdt)),
	OCI_F_OBJECT("memoryPolicy", struct oci_linux, memory_policy, &memory_policy_table, OCI_HAS(struct oci_linux, has_memory_policy)),
	OCI_F_OWN("personality", struct oci_linux, personality, read_personality, OCI_HAS(struct oci_linux, has_personality)),
	OCI_F_OWN("timeOffsets", struct oci_linux, mono, oci_read_time_offsets),
};
/* clang-format on */

const struct oci_table oci_linux_table = OCI_TABLE(linux_fields, struct oci_linux, check_linux);
