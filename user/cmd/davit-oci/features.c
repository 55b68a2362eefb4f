// SPDX-License-Identifier: Apache-2.0
/* davit-oci features: what a config.json may ask for, in the form of the runtime specification (features.md). */
#include <stddef.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "kern/cap.h"
#include "oci.h"
#include "spec/oci_config.h"

static const char *const actions[] = { "SCMP_ACT_ALLOW",  "SCMP_ACT_ERRNO",
				       "SCMP_ACT_KILL",	  "SCMP_ACT_KILL_PROCESS",
				       "SCMP_ACT_LOG",	  "SCMP_ACT_KILL_THREAD",
				       "SCMP_ACT_NOTIFY", "SCMP_ACT_TRACE",
				       "SCMP_ACT_TRAP" };
static const char *const filter_flags[] = { "SECCOMP_FILTER_FLAG_TSYNC",
					    "SECCOMP_FILTER_FLAG_SPEC_ALLOW",
					    "SECCOMP_FILTER_FLAG_LOG",
					    "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV" };
static const char *const memory_modes[] = { "MPOL_DEFAULT",    "MPOL_BIND",
					    "MPOL_INTERLEAVE", "MPOL_WEIGHTED_INTERLEAVE",
					    "MPOL_PREFERRED",  "MPOL_PREFERRED_MANY",
					    "MPOL_LOCAL" };
static const char *const memory_flags[] = { "MPOL_F_NUMA_BALANCING", "MPOL_F_RELATIVE_NODES",
					    "MPOL_F_STATIC_NODES" };
static const char *const operators[] = { "SCMP_CMP_EQ", "SCMP_CMP_GE", "SCMP_CMP_GT",
					 "SCMP_CMP_LE", "SCMP_CMP_LT", "SCMP_CMP_MASKED_EQ",
					 "SCMP_CMP_NE" };
#if defined(__x86_64__)
static const char *const archs[] = { "SCMP_ARCH_X32", "SCMP_ARCH_X86", "SCMP_ARCH_X86_64" };
#else
static const char *const archs[] = { "SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM" };
#endif

static void add_item(struct str *s, const char *text, bool *is_first)
{
	str_add(s, *is_first ? "" : ",");
	str_add_json(s, text);
	*is_first = false;
}

static void add_list(struct str *s, const char *key, const char *const *v, size_t n)
{
	bool is_first = true;

	str_addf(s, "\"%s\":[", key);
	for (size_t i = 0; i < n; i++)
		add_item(s, v[i], &is_first);
	str_add(s, "]");
}

static void add_hooks(struct str *s)
{
	bool is_first = true;

	str_add(s, "\"hooks\":[");
	for (int i = 0; i < OCI_HOOK_COUNT; i++)
		add_item(s, oci_hook_point_name((enum oci_hook_point)i), &is_first);
	str_add(s, "]");
}

static void add_mount_options(struct str *s)
{
	bool is_first = true;
	const char *name;

	str_add(s, "\"mountOptions\":[");
	for (size_t i = 0; (name = oci_mount_option_name(i)); i++)
		add_item(s, name, &is_first);
	str_add(s, "]");
}

static void add_namespaces(struct str *s)
{
	bool is_first = true;

	str_add(s, "\"namespaces\":[");
	for (int i = 0; i < OCI_NS_COUNT; i++)
		add_item(s, oci_ns_name((enum oci_ns_type)i), &is_first);
	str_add(s, "]");
}

static void add_capabilities(struct str *s)
{
	unsigned int last = cap_last();
	bool is_first = true;

	str_add(s, "\"capabilities\":[");
	for (unsigned int i = 0; i <= last && cap_name(i); i++)
		add_item(s, cap_name(i), &is_first);
	str_add(s, "]");
}

static void add_seccomp(struct str *s)
{
	str_add(s, "\"seccomp\":{\"enabled\":true,");
	add_list(s, "actions", actions, ARRAY_SIZE(actions));
	str_add(s, ",");
	add_list(s, "operators", operators, ARRAY_SIZE(operators));
	str_add(s, ",");
	add_list(s, "archs", archs, ARRAY_SIZE(archs));
	str_add(s, ",");
	add_list(s, "knownFlags", filter_flags, ARRAY_SIZE(filter_flags));
	str_add(s, ",");
	add_list(s, "supportedFlags", filter_flags, ARRAY_SIZE(filter_flags));
	str_add(s, "}");
}

static void add_memory_policy(struct str *s)
{
	str_add(s, "\"memoryPolicy\":{");
	add_list(s, "modes", memory_modes, ARRAY_SIZE(memory_modes));
	str_add(s, ",");
	add_list(s, "flags", memory_flags, ARRAY_SIZE(memory_flags));
	str_add(s, "}");
}

static int features_main(const void *env, void *opts, int argc, char *argv[], struct err *e)
{
	_cleanup_str_ struct str s = STR_INIT;

	(void)env;
	(void)opts;
	(void)argc;
	(void)argv;
	str_add(&s, "{\"ociVersionMin\":\"1.0.0\",\"ociVersionMax\":\"" OCI_SPEC_VERSION "\",");
	add_hooks(&s);
	str_add(&s, ",");
	add_mount_options(&s);
	str_add(&s, ",\"linux\":{");
	add_namespaces(&s);
	str_add(&s, ",");
	add_capabilities(&s);
	str_add(&s, ",\"cgroup\":{\"v1\":true,\"v2\":true,\"systemd\":true,\"systemdUser\":false,"
		    "\"rdma\":true},");
	add_seccomp(&s);
	str_add(&s, ",\"apparmor\":{\"enabled\":true},\"selinux\":{\"enabled\":true},"
		    "\"intelRdt\":{\"enabled\":true,\"schemata\":true,\"monitoring\":true},");
	add_memory_policy(&s);
	str_add(&s, ",\"mountExtensions\":{\"idmap\":{\"enabled\":true}},"
		    "\"netDevices\":{\"enabled\":true}},"
		    "\"annotations\":{\"org.davit.version\":\"" DAVIT_VERSION "\"}}\n");
	return print_str(&s, e);
}

const struct command cmd_features = { .name = "features",
				      .summary = "print what config.json may ask for, as JSON",
				      .usage = "",
				      .is_for_all = true,
				      .main = features_main };
