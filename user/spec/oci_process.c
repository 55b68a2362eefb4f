// SPDX-License-Identifier: Apache-2.0
/* process: what runs in the container and as whom; also the document of `exec --process`. */
#include <errno.h>
#include <linux/ioprio.h>
#include <linux/sched.h>
#include <string.h>
#include <sys/resource.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "spec/oci_reader.h"

#define ID_MAX (UINT32_MAX - 1) /* the last one means "unchanged" to the kernel */
#define CONSOLE_MAX UINT16_MAX /* of struct winsize */
#define NICE_MIN (-20)
#define NICE_MAX 19
#define RT_PRIORITY_MAX 99
#define OOM_ADJ_MAX 1000

/* -- user, console -- */

static int read_groups(struct oci_reader *r, const struct oci_at *at, const json_t *v, void *ret)
{
	struct oci_user *u = (void *)((char *)ret - offsetof(struct oci_user, groups));
	size_t n;
	gid_t *list;
	int rc = oci_read_array(r, at, v, OCI_GROUPS_MAX, &n);

	if (rc < 0)
		return rc;
	list = oci_alloc(r, n, sizeof(*list));
	if (!list)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		const struct oci_at here = { .up = at, .index = i };
		uint64_t id = 0;

		rc = oci_read_number(r, &here, json_array_get(v, i), 0, ID_MAX, &id);
		if (rc < 0)
			return rc;
		list[i] = (gid_t)id;
	}
	u->groups.v = list;
	u->groups.n = n;
	return 0;
}

/* clang-format off */
static const struct oci_field user_fields[] = {
	OCI_F_NUMBER("uid", struct oci_user, uid, 0, ID_MAX, .flags = OCI_REQUIRED),
	OCI_F_NUMBER("gid", struct oci_user, gid, 0, ID_MAX, .flags = OCI_REQUIRED),
	OCI_F_NUMBER("umask", struct oci_user, umask, 0, 0777, OCI_HAS(struct oci_user, has_umask)),
	OCI_F_OWN("additionalGids", struct oci_user, groups, read_groups),
};
static const struct oci_table user_table = OCI_TABLE(user_fields, struct oci_user, NULL);

/* of struct oci_process itself, as "consoleSize" is */
static const struct oci_field console_fields[] = {
	OCI_F_NUMBER("height", struct oci_process, console_height, 0, CONSOLE_MAX, .flags = OCI_REQUIRED),
	OCI_F_NUMBER("width", struct oci_process, console_width, 0, CONSOLE_MAX, .flags = OCI_REQUIRED),
};
static const struct oci_table console_table = OCI_TABLE(console_fields, struct oci_process, NULL);
/* clang-format on */

static int read_console(struct oci_reader *r, const struct oci_at *at, const json_t *v, void *ret)
{
	struct oci_process *p =
		(void *)((char *)ret - offsetof(struct oci_process, console_height));

	return oci_read_object(r, at, v, &console_table, p);
}

/* -- capabilities -- */

struct cap_name {
	const char *name;
	unsigned int cap;
};

/* clang-format off */
/* Sorted, because a privileged container names all of them five times. */
static const struct cap_name cap_names[] = {
	{ "CAP_AUDIT_CONTROL",      CAP_AUDIT_CONTROL },
	{ "CAP_AUDIT_READ",         CAP_AUDIT_READ },
	{ "CAP_AUDIT_WRITE",        CAP_AUDIT_WRITE },
	{ "CAP_BLOCK_SUSPEND",      CAP_BLOCK_SUSPEND },
	{ "CAP_BPF",                CAP_BPF },
	{ "CAP_CHECKPOINT_RESTORE", CAP_CHECKPOINT_RESTORE },
	{ "CAP_CHOWN",              CAP_CHOWN },
	{ "CAP_DAC_OVERRIDE",       CAP_DAC_OVERRIDE },
	{ "CAP_DAC_READ_SEARCH",    CAP_DAC_READ_SEARCH },
	{ "CAP_FOWNER",             CAP_FOWNER },
	{ "CAP_FSETID",             CAP_FSETID },
	{ "CAP_IPC_LOCK",           CAP_IPC_LOCK },
	{ "CAP_IPC_OWNER",          CAP_IPC_OWNER },
	{ "CAP_KILL",               CAP_KILL },
	{ "CAP_LEASE",              CAP_LEASE },
	{ "CAP_LINUX_IMMUTABLE",    CAP_LINUX_IMMUTABLE },
	{ "CAP_MAC_ADMIN",          CAP_MAC_ADMIN },
	{ "CAP_MAC_OVERRIDE",       CAP_MAC_OVERRIDE },
	{ "CAP_MKNOD",              CAP_MKNOD },
	{ "CAP_NET_ADMIN",          CAP_NET_ADMIN },
	{ "CAP_NET_BIND_SERVICE",   CAP_NET_BIND_SERVICE },
	{ "CAP_NET_BROADCAST",      CAP_NET_BROADCAST },
	{ "CAP_NET_RAW",            CAP_NET_RAW },
	{ "CAP_PERFMON",            CAP_PERFMON },
	{ "CAP_SETFCAP",            CAP_SETFCAP },
	{ "CAP_SETGID",             CAP_SETGID },
	{ "CAP_SETPCAP",            CAP_SETPCAP },
	{ "CAP_SETUID",             CAP_SETUID },
	{ "CAP_SYSLOG",             CAP_SYSLOG },
	{ "CAP_SYS_ADMIN",          CAP_SYS_ADMIN },
	{ "CAP_SYS_BOOT",           CAP_SYS_BOOT },
	{ "CAP_SYS_CHROOT",         CAP_SYS_CHROOT },
	{ "CAP_SYS_MODULE",         CAP_SYS_MODULE },
	{ "CAP_SYS_NICE",           CAP_SYS_NICE },
	{ "CAP_SYS_PACCT",          CAP_SYS_PACCT },
	{ "CAP_SYS_PTRACE",         CAP_SYS_PTRACE },
	{ "CAP_SYS_RAWIO",          CAP_SYS_RAWIO },
	{ "CAP_SYS_RESOURCE",       CAP_SYS_RESOURCE },
	{ "CAP_SYS_TIME",           CAP_SYS_TIME },
	{ "CAP_SYS_TTY_CONFIG",     CAP_SYS_TTY_CONFIG },
	{ "CAP_WAKE_ALARM",         CAP_WAKE_ALARM },
};
/* clang-format on */

static bool find_cap(const char *name, uint64_t *set)
{
	size_t lo = 0, hi = ARRAY_SIZE(cap_names);

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		int cmp = strcmp(name, cap_names[mid].name);

		if (cmp == 0) {
			*set |= CAP_BIT(cap_names[mid].cap);
			return true;
		}
		if (cmp < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return false;
}

/* Grown by copying: unknown names are rare, and the old list is the document's to free. */
static int add_unknown(struct oci_reader *r, struct oci_process *p, const char *name)
{
	size_t n = p->unknown_caps.n;
	char **list;

	for (size_t i = 0; i < n; i++)
		if (strcmp(p->unknown_caps.v[i], name) == 0)
			return 0;
	list = oci_alloc(r, n + 2, sizeof(*list));
	if (!list)
		return -ENOMEM;
	if (n)
		memcpy(list, p->unknown_caps.v, n * sizeof(*list));
	list[n] = (char *)name;
	p->unknown_caps = (struct oci_strv){ list, n + 1 };
	return 0;
}

static int read_cap_set(struct oci_reader *r, const struct oci_at *at, const json_t *v,
			struct oci_process *p, uint64_t *set)
{
	size_t n;
	int rc = oci_read_array(r, at, v, OCI_CAPS_MAX, &n);

	for (size_t i = 0; rc == 0 && i < n; i++) {
		const struct oci_at here = { .up = at, .index = i };
		const char *name = NULL;

		rc = oci_read_text(r, &here, json_array_get(v, i), OCI_NAME_MAX, 0, &name);
		if (rc == 0 && !find_cap(name, set))
			rc = add_unknown(r, p, name);
	}
	return rc;
}

#define CAP_READER(set)                                                                       \
	static int read_##set(struct oci_reader *r, const struct oci_at *at, const json_t *v, \
			      void *ret)                                                      \
	{                                                                                     \
		struct oci_process *p =                                                       \
			(void *)((char *)ret - offsetof(struct oci_process, caps.set));       \
                                                                                              \
		return read_cap_set(r, at, v, p, &p->caps.set);                               \
	}
CAP_READER(bounding)
CAP_READER(effective)
CAP_READER(permitted)
CAP_READER(inheritable)
CAP_READER(ambient)

static const struct oci_field cap_fields[] = {
	OCI_F_OWN("bounding", struct oci_process, caps.bounding, read_bounding),
	OCI_F_OWN("effective", struct oci_process, caps.effective, read_effective),
	OCI_F_OWN("inheritable", struct oci_process, caps.inheritable, read_inheritable),
	OCI_F_OWN("permitted", struct oci_process, caps.permitted, read_permitted),
	OCI_F_OWN("ambient", struct oci_process, caps.ambient, read_ambient),
};
static const struct oci_table caps_table = OCI_TABLE(cap_fields, struct oci_process, NULL);

static int read_caps(struct oci_reader *r, const struct oci_at *at, const json_t *v, void *ret)
{
	struct oci_process *p = (void *)((char *)ret - offsetof(struct oci_process, caps));

	return oci_read_object(r, at, v, &caps_table, p);
}

/* -- limits -- */

/* clang-format off */
static const struct oci_name resources[] = {
	{ "RLIMIT_NOFILE",     RLIMIT_NOFILE },
	{ "RLIMIT_NPROC",      RLIMIT_NPROC },
	{ "RLIMIT_AS",         RLIMIT_AS },
	{ "RLIMIT_CORE",       RLIMIT_CORE },
	{ "RLIMIT_CPU",        RLIMIT_CPU },
	{ "RLIMIT_DATA",       RLIMIT_DATA },
	{ "RLIMIT_FSIZE",      RLIMIT_FSIZE },
	{ "RLIMIT_LOCKS",      RLIMIT_LOCKS },
	{ "RLIMIT_MEMLOCK",    RLIMIT_MEMLOCK },
	{ "RLIMIT_MSGQUEUE",   RLIMIT_MSGQUEUE },
	{ "RLIMIT_NICE",       RLIMIT_NICE },
	{ "RLIMIT_RSS",        RLIMIT_RSS },
	{ "RLIMIT_RTPRIO",     RLIMIT_RTPRIO },
	{ "RLIMIT_RTTIME",     RLIMIT_RTTIME },
	{ "RLIMIT_SIGPENDING", RLIMIT_SIGPENDING },
	{ "RLIMIT_STACK",      RLIMIT_STACK },
	{ NULL, 0 },
};
static const struct oci_names resource_names = { "resource limit", resources };
/* clang-format on */

#define RLIMITS_MAX (ARRAY_SIZE(resources) - 1) /* each once */

const char *oci_rlimit_name(int resource)
{
	for (const struct oci_name *n = resource_names.v; n->name; n++)
		if (n->value == (uint64_t)resource)
			return n->name;
	return "a limit";
}

static int check_rlimit(struct oci_reader *r, const struct oci_at *at, const json_t *v, void *ret)
{
	const struct oci_rlimit *l = ret;

	(void)v;
	if (l->soft > l->hard)
		return oci_fail_in(r, at, "soft", -EINVAL, "%llu is above the hard limit, %llu",
				   (unsigned long long)l->soft, (unsigned long long)l->hard);
	return 0;
}

/* clang-format off */
static const struct oci_field rlimit_fields[] = {
	OCI_F_NAME("type", struct oci_rlimit, resource, &resource_names, .flags = OCI_REQUIRED),
	OCI_F_NUMBER("hard", struct oci_rlimit, hard, 0, UINT64_MAX, .flags = OCI_REQUIRED),
	OCI_F_NUMBER("soft", struct oci_rlimit, soft, 0, UINT64_MAX, .flags = OCI_REQUIRED),
};
static const struct oci_table rlimit_table = OCI_TABLE(rlimit_fields, struct oci_rlimit, check_rlimit);

/* -- scheduling -- */

#define POLICY_ISO 4 /* reserved, refused by today's kernels */

static const struct oci_name policies[] = {
	{ "SCHED_OTHER",    SCHED_NORMAL },
	{ "SCHED_FIFO",     SCHED_FIFO },
	{ "SCHED_RR",       SCHED_RR },
	{ "SCHED_BATCH",    SCHED_BATCH },
	{ "SCHED_ISO",      POLICY_ISO },
	{ "SCHED_IDLE",     SCHED_IDLE },
	{ "SCHED_DEADLINE", SCHED_DEADLINE },
	{ NULL, 0 },
};
static const struct oci_names policy_names = { "scheduling policy", policies };

static const struct oci_name scheduler_flags[] = {
	{ "SCHED_FLAG_RESET_ON_FORK",  SCHED_FLAG_RESET_ON_FORK },
	{ "SCHED_FLAG_RECLAIM",        SCHED_FLAG_RECLAIM },
	{ "SCHED_FLAG_DL_OVERRUN",     SCHED_FLAG_DL_OVERRUN },
	{ "SCHED_FLAG_KEEP_POLICY",    SCHED_FLAG_KEEP_POLICY },
	{ "SCHED_FLAG_KEEP_PARAMS",    SCHED_FLAG_KEEP_PARAMS },
	{ "SCHED_FLAG_UTIL_CLAMP_MIN", SCHED_FLAG_UTIL_CLAMP_MIN },
	{ "SCHED_FLAG_UTIL_CLAMP_MAX", SCHED_FLAG_UTIL_CLAMP_MAX },
	{ NULL, 0 },
};
static const struct oci_names scheduler_flag_names = { "scheduling flag", scheduler_flags };
/* clang-format on */

/* sched_setattr(2) would refuse these with no more than EINVAL. */
static int check_scheduler(struct oci_reader *r, const struct oci_at *at, const json_t *v,
			   void *ret)
{
	const struct oci_scheduler *s = ret;
	bool is_realtime = s->policy == SCHED_FIFO || s->policy == SCHED_RR;

	(void)v;
	if (s->nice && s->policy != SCHED_NORMAL && s->policy != SCHED_BATCH)
		return oci_fail_in(r, at, "nice", -EINVAL,
				   "only SCHED_OTHER and SCHED_BATCH have a nice value");
	if (is_realtime && s->priority == 0)
		return oci_fail_in(r, at, "priority", -EINVAL,
				   "SCHED_FIFO and SCHED_RR need one from 1 to %d",
				   RT_PRIORITY_MAX);
	if (!is_realtime && s->priority)
		return oci_fail_in(r, at, "priority", -EINVAL,
				   "only SCHED_FIFO and SCHED_RR have a priority");
	if (s->policy != SCHED_DEADLINE && (s->runtime || s->deadline || s->period))
		return oci_fail(r, at, -EINVAL,
				"only SCHED_DEADLINE has runtime, deadline and period");
	if (s->policy == SCHED_DEADLINE &&
	    (!s->runtime || s->runtime > s->deadline || (s->period && s->deadline > s->period)))
		return oci_fail(r, at, -EINVAL,
				"SCHED_DEADLINE needs 0 < runtime <= deadline <= period");
	return 0;
}

/* clang-format off */
static const struct oci_field scheduler_fields[] = {
	OCI_F_NAME("policy", struct oci_scheduler, policy, &policy_names, .flags = OCI_REQUIRED),
	OCI_F_NUMBER("nice", struct oci_scheduler, nice, NICE_MIN, NICE_MAX),
	OCI_F_NUMBER("priority", struct oci_scheduler, priority, 0, RT_PRIORITY_MAX),
	OCI_F_FLAGS("flags", struct oci_scheduler, flags, &scheduler_flag_names),
	OCI_F_NUMBER("runtime", struct oci_scheduler, runtime, 0, INT64_MAX),
	OCI_F_NUMBER("deadline", struct oci_scheduler, deadline, 0, INT64_MAX),
	OCI_F_NUMBER("period", struct oci_scheduler, period, 0, INT64_MAX),
};
static const struct oci_table scheduler_table = OCI_TABLE(scheduler_fields, struct oci_scheduler, check_scheduler);

static const struct oci_name io_classes[] = {
	{ "IOPRIO_CLASS_RT",   IOPRIO_CLASS_RT },
	{ "IOPRIO_CLASS_BE",   IOPRIO_CLASS_BE },
	{ "IOPRIO_CLASS_IDLE", IOPRIO_CLASS_IDLE },
	{ NULL, 0 },
};
static const struct oci_names io_class_names = { "I/O class", io_classes };

static const struct oci_field io_priority_fields[] = {
	OCI_F_NAME("class", struct oci_io_priority, class, &io_class_names, .flags = OCI_REQUIRED),
	OCI_F_NUMBER("priority", struct oci_io_priority, priority, 0, 7),
};
static const struct oci_table io_priority_table = OCI_TABLE(io_priority_fields, struct oci_io_priority, NULL);
/* clang-format on */

static int read_cpus(struct oci_reader *r, const struct oci_at *at, const json_t *v, void *ret)
{
	const char *text = NULL;
	int rc = oci_read_text(r, at, v, OCI_LIST_TEXT_MAX, 0, &text);

	if (rc < 0 || !*text)
		return rc;
	if (!oci_is_number_list(text))
		return oci_fail(r, at, -EINVAL, "'%.*s' is no list of processors, like 0-3,8", 64,
				text);
	*(const char **)ret = text;
	return 0;
}

static const struct oci_field affinity_fields[] = {
	OCI_F_OWN("initial", struct oci_cpu_affinity, initial, read_cpus),
	OCI_F_OWN("final", struct oci_cpu_affinity, final, read_cpus),
};
static const struct oci_table affinity_table =
	OCI_TABLE(affinity_fields, struct oci_cpu_affinity, NULL);

/* -- process -- */

/* setenv(3) and the runtimes that we stand in for refuse these, too. */
static int check_env(struct oci_reader *r, const struct oci_at *up, const struct oci_strv *env)
{
	const struct oci_at at = { .up = up, .key = "env" };

	for (size_t i = 0; i < env->n; i++) {
		const struct oci_at here = { .up = &at, .index = i };

		if (env->v[i][0] == '=' || !strchr(env->v[i], '='))
			return oci_fail(r, &here, -EINVAL, "'%.*s' is not NAME=VALUE", 64,
					env->v[i]);
	}
	return 0;
}

static int check_rlimits(struct oci_reader *r, const struct oci_at *up, const struct oci_process *p)
{
	const struct oci_at at = { .up = up, .key = "rlimits" };
	uint32_t seen = 0;

	for (size_t i = 0; i < p->rlimits.n; i++) {
		const struct oci_at here = { .up = &at, .index = i };
		uint32_t bit = 1u << p->rlimits.v[i].resource;

		if (seen & bit)
			return oci_fail_in(r, &here, "type", -EINVAL, "this limit is given twice");
		seen |= bit;
	}
	return 0;
}

/* A label is one line that is written to a file of /proc. */
static int check_label(struct oci_reader *r, const struct oci_at *at, const char *key,
		       const char *label)
{
	if (label && label[strcspn(label, "\r\n")])
		return oci_fail_in(r, at, key, -EINVAL, "it has more than one line");
	return 0;
}

static int check_process(struct oci_reader *r, const struct oci_at *at, const json_t *v, void *ret)
{
	struct oci_process *p = ret;
	int rc;

	(void)v;
	if (p->args.n == 0)
		return oci_fail_in(r, at, "args", -EINVAL, "it is empty");
	if (!*p->args.v[0])
		return oci_fail_in(r, at, "args", -EINVAL, "the name of the program is empty");
	if (!p->terminal)
		p->console_height = p->console_width = 0;
	rc = check_env(r, at, &p->env);
	if (rc == 0)
		rc = check_rlimits(r, at, p);
	if (rc == 0)
		rc = check_label(r, at, "apparmorProfile", p->apparmor_profile);
	if (rc == 0)
		rc = check_label(r, at, "selinuxLabel", p->selinux_label);
	return rc;
}

/* clang-format off */
static const struct oci_field process_fields[] = {
	OCI_F_BOOL("terminal", struct oci_process, terminal),
	OCI_F_OWN("consoleSize", struct oci_process, console_height, read_console),
	OCI_F_OBJECT("user", struct oci_process, user, &user_table),
	OCI_F_TEXTS("args", struct oci_process, args, OCI_ARGS_MAX, OCI_ARG_MAX, .flags = OCI_REQUIRED),
	OCI_F_TEXTS("env", struct oci_process, env, OCI_ARGS_MAX, OCI_ARG_MAX),
	OCI_F_TEXT("cwd", struct oci_process, cwd, OCI_PATH_MAX, .flags = OCI_REQUIRED | OCI_ABSOLUTE),
	OCI_F_OWN("capabilities", struct oci_process, caps, read_caps, OCI_HAS(struct oci_process, has_caps)),
	OCI_F_LIST("rlimits", struct oci_process, rlimits, RLIMITS_MAX, &rlimit_table),
	OCI_F_BOOL("noNewPrivileges", struct oci_process, no_new_privs),
	OCI_F_TEXT("apparmorProfile", struct oci_process, apparmor_profile, OCI_LABEL_MAX),
	OCI_F_NUMBER("oomScoreAdj", struct oci_process, oom_score_adj, -OOM_ADJ_MAX, OOM_ADJ_MAX, OCI_HAS(struct oci_process, has_oom_score_adj)),
	OCI_F_OBJECT("scheduler", struct oci_process, scheduler, &scheduler_table, OCI_HAS(struct oci_process, has_scheduler)),
	OCI_F_TEXT("selinuxLabel", struct oci_process, selinux_label, OCI_LABEL_MAX),
	OCI_F_OBJECT("ioPriority", struct oci_process, io_priority, &io_priority_table, OCI_HAS(struct oci_process, has_io_priority)),
	OCI_F_OBJECT("execCPUAffinity", struct oci_process, affinity, &affinity_table),
};
/* clang-format on */

const struct oci_table oci_process_table =
	OCI_TABLE(process_fields, struct oci_process, check_process);
