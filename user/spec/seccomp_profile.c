// SPDX-License-Identifier: Apache-2.0
/* Seccomp profiles: JSON to policy. */
#include "spec/seccomp_profile.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/un.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/fmt.h"
#include "base/str.h"
#include "kern/cap.h"
#include "spec/oci_reader.h"

#define ARGS_MAX 64u /* "args" of one entry; more than one of an argument means "or" */
#define ERRNO_MAX 4095u /* the kernel's MAX_ERRNO */
#define LIST_MAX 64u /* architectures, capabilities, flags */
#define METADATA_MAX (1u << 16)
#define SOCKET_MAX (sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1)

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV /* Linux 5.19 */
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1u << 5)
#endif

/* clang-format off */
static const struct oci_name actions[] = {
	{ "SCMP_ACT_ALLOW",        SECCOMP_RET_ALLOW },
	{ "SCMP_ACT_ERRNO",        SECCOMP_RET_ERRNO },
	{ "SCMP_ACT_KILL",         SECCOMP_RET_KILL_THREAD },
	{ "SCMP_ACT_KILL_THREAD",  SECCOMP_RET_KILL_THREAD },
	{ "SCMP_ACT_KILL_PROCESS", SECCOMP_RET_KILL_PROCESS },
	{ "SCMP_ACT_LOG",          SECCOMP_RET_LOG },
	{ "SCMP_ACT_NOTIFY",       SECCOMP_RET_USER_NOTIF },
	{ "SCMP_ACT_TRACE",        SECCOMP_RET_TRACE },
	{ "SCMP_ACT_TRAP",         SECCOMP_RET_TRAP },
	{ NULL, 0 },
};

static const struct oci_name ops[] = {
	{ "SCMP_CMP_NE",        SECCOMP_NE },
	{ "SCMP_CMP_LT",        SECCOMP_LT },
	{ "SCMP_CMP_LE",        SECCOMP_LE },
	{ "SCMP_CMP_EQ",        SECCOMP_EQ },
	{ "SCMP_CMP_GE",        SECCOMP_GE },
	{ "SCMP_CMP_GT",        SECCOMP_GT },
	{ "SCMP_CMP_MASKED_EQ", SECCOMP_MASKED_EQ },
	{ NULL, 0 },
};
static const struct oci_names op_names = { "operator", ops };

/* TSYNC is what a single thread before its exec has anyway */
static const struct oci_name flags[] = {
	{ "SECCOMP_FILTER_FLAG_LOG",                SECCOMP_FILTER_FLAG_LOG },
	{ "SECCOMP_FILTER_FLAG_SPEC_ALLOW",         SECCOMP_FILTER_FLAG_SPEC_ALLOW },
	{ "SECCOMP_FILTER_FLAG_TSYNC",              0 },
	{ "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV },
	{ NULL, 0 },
};
static const struct oci_names flag_names = { "flag of a filter", flags };
/* clang-format on */

#if defined(__x86_64__)
#define NATIVE_NAME "amd64" /* as conditions call it */
#else
#define NATIVE_NAME "arm64"
#endif

/* -- as it is written -- */

struct condition {
	struct oci_strv caps, arches;
	const char *kernel;
};

struct entry {
	const char *action, *name;
	uint64_t errno_ret;
	bool has_errno;
	struct oci_strv names;
	OCI_LIST_OF(struct seccomp_arg) args;
	struct condition includes, excludes;
};

struct arch_entry {
	const char *arch;
	struct oci_strv subs;
};

struct document {
	const char *action, *listener, *metadata;
	uint64_t errno_ret, flags;
	bool has_errno, has_flags;
	struct oci_strv arches;
	OCI_LIST_OF(struct arch_entry) arch_map;
	OCI_LIST_OF(struct entry) entries;
};

/* clang-format off */
static const struct oci_field condition_fields[] = {
	OCI_F_TEXTS("caps", struct condition, caps, LIST_MAX, OCI_NAME_MAX),
	OCI_F_TEXTS("arches", struct condition, arches, LIST_MAX, OCI_NAME_MAX),
	OCI_F_TEXT("minKernel", struct condition, kernel, OCI_NAME_MAX),
};
static const struct oci_table condition_table = OCI_TABLE(condition_fields, struct condition, NULL);

static const struct oci_field arg_fields[] = {
	OCI_F_NUMBER("index", struct seccomp_arg, index, 0, SECCOMP_ARGS_MAX - 1, .flags = OCI_REQUIRED),
	OCI_F_NUMBER("value", struct seccomp_arg, value, 0, UINT64_MAX),
	OCI_F_NUMBER("valueTwo", struct seccomp_arg, value_two, 0, UINT64_MAX),
	OCI_F_NAME("op", struct seccomp_arg, op, &op_names, .flags = OCI_REQUIRED),
};
static const struct oci_table arg_table = OCI_TABLE(arg_fields, struct seccomp_arg, NULL);

static const struct oci_field entry_fields[] = {
	OCI_F_TEXT("name", struct entry, name, OCI_NAME_MAX),
	OCI_F_TEXTS("names", struct entry, names, SECCOMP_PROFILE_NAMES_MAX, OCI_NAME_MAX),
	OCI_F_TEXT("action", struct entry, action, OCI_NAME_MAX, .flags = OCI_REQUIRED),
	OCI_F_NUMBER("errnoRet", struct entry, errno_ret, 0, ERRNO_MAX, OCI_HAS(struct entry, has_errno)),
	OCI_F_LIST("args", struct entry, args, ARGS_MAX, &arg_table),
	OCI_F_OBJECT("includes", struct entry, includes, &condition_table),
	OCI_F_OBJECT("excludes", struct entry, excludes, &condition_table),
};
static const struct oci_table entry_table = OCI_TABLE(entry_fields, struct entry, NULL);

static const struct oci_field arch_fields[] = {
	OCI_F_TEXT("architecture", struct arch_entry, arch, OCI_NAME_MAX, .flags = OCI_REQUIRED),
	OCI_F_TEXTS("subArchitectures", struct arch_entry, subs, LIST_MAX, OCI_NAME_MAX),
};
static const struct oci_table arch_table = OCI_TABLE(arch_fields, struct arch_entry, NULL);

static const struct oci_field document_fields[] = {
	OCI_F_TEXT("defaultAction", struct document, action, OCI_NAME_MAX),
	OCI_F_NUMBER("defaultErrnoRet", struct document, errno_ret, 0, ERRNO_MAX, OCI_HAS(struct document, has_errno)),
	OCI_F_TEXTS("architectures", struct document, arches, LIST_MAX, OCI_NAME_MAX),
	OCI_F_LIST("archMap", struct document, arch_map, LIST_MAX, &arch_table),
	OCI_F_FLAGS("flags", struct document, flags, &flag_names, OCI_HAS(struct document, has_flags)),
	OCI_F_TEXT("listenerPath", struct document, listener, SOCKET_MAX, .flags = OCI_ABSOLUTE),
	OCI_F_TEXT("listenerMetadata", struct document, metadata, METADATA_MAX),
	OCI_F_LIST("syscalls", struct document, entries, SECCOMP_PROFILE_RULES_MAX, &entry_table),
};
static const struct oci_table document_table = OCI_TABLE(document_fields, struct document, NULL);
/* clang-format on */

/* -- what it means -- */

static int get_action(struct oci_reader *r, const struct oci_at *at, const char *key,
		      const char *errno_key, const char *name, bool has_errno, uint64_t errno_ret,
		      uint32_t *ret)
{
	uint64_t action;

	if (!name)
		return oci_fail_in(r, at, key, -EBADMSG, "it is missing");
	if (oci_name_find(actions, name, &action) < 0)
		return oci_fail_in(r, at, key, -EINVAL, "'%s' is no action", name);
	if (action == SECCOMP_RET_ERRNO || action == SECCOMP_RET_TRACE)
		action |= has_errno ? errno_ret : EPERM;
	else if (has_errno)
		return oci_fail_in(r, at, errno_key, -EINVAL, "action %s takes none", name);
	*ret = (uint32_t)action;
	return 0;
}

static int add_arch(struct oci_reader *r, const struct oci_at *at, const char *name, uint32_t *mask)
{
	int arch = seccomp_arch_find(name);

	if (arch < 0)
		return oci_fail(r, at, arch, "'%s' is no architecture", name);
	if (arch < SECCOMP_ARCH_COUNT)
		*mask |= 1u << arch;
	return 0;
}

static int add_arches(struct oci_reader *r, const struct oci_at *up, const char *key,
		      const struct oci_strv *list, uint32_t *mask)
{
	const struct oci_at at = { .up = up, .key = key };
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < list->n; i++) {
		const struct oci_at here = { .up = &at, .index = i };

		rc = add_arch(r, &here, list->v[i], mask);
	}
	return rc;
}

/* "architectures" is the list; "archMap" holds one for every host, of which ours counts. */
static int get_arches(struct oci_reader *r, const struct oci_at *up, const struct document *d,
		      uint32_t *ret)
{
	const struct oci_at map = { .up = up, .key = "archMap" };
	uint32_t mask = 0;
	int rc;

	if (d->arches.n && d->arch_map.n)
		return oci_fail(r, &map, -EINVAL,
				"'architectures' and 'archMap' exclude each other");
	rc = add_arches(r, up, "architectures", &d->arches, &mask);
	for (size_t i = 0; rc == 0 && i < d->arch_map.n; i++) {
		const struct oci_at at = { .up = &map, .index = i };
		const struct oci_at here = { .up = &at, .key = "architecture" };
		uint32_t main_arch = 0, with_subs = 0;

		rc = add_arch(r, &here, d->arch_map.v[i].arch, &main_arch);
		if (rc == 0)
			rc = add_arches(r, &at, "subArchitectures", &d->arch_map.v[i].subs,
					&with_subs);
		if (main_arch == 1u << SECCOMP_NATIVE)
			mask |= with_subs;
	}
	/* the native one is always filtered, named or not */
	*ret = mask | 1u << SECCOMP_NATIVE;
	return rc;
}

/* "4.8" to major << 16 | minor */
static int parse_kernel(struct oci_reader *r, const struct oci_at *at, const char *text,
			uint32_t *ret)
{
	_cleanup_free_ char *major_text = strndup(text, strcspn(text, "."));
	const char *minor_text = strchr(text, '.');
	uint64_t major, minor;

	if (!major_text)
		return err_set(r->e, ENOMEM, "parse kernel version");
	if (!minor_text || fmt_parse_u64(major_text, &major) < 0 ||
	    fmt_parse_u64(minor_text + 1, &minor) < 0 || major > UINT16_MAX || minor > UINT16_MAX)
		return oci_fail_in(r, at, "minKernel", -EINVAL,
				   "'%s' is no kernel version, like 4.8", text);
	*ret = (uint32_t)(major << 16 | minor);
	return 0;
}

/* "includes" or "excludes". *ret_is_ours: the native architecture is among those named. */
static int get_condition(struct oci_reader *r, const struct oci_at *up, const char *key,
			 const struct condition *c, uint64_t *ret_caps, uint32_t *ret_kernel,
			 bool *ret_is_ours)
{
	const struct oci_at at = { .up = up, .key = key };
	const struct oci_at caps = { .up = &at, .key = "caps" };

	for (size_t i = 0; i < c->caps.n; i++) {
		const struct oci_at here = { .up = &caps, .index = i };
		int cap = cap_parse(c->caps.v[i], r->e);

		if (cap < 0)
			return oci_fail_under(r, &here, cap);
		*ret_caps |= CAP_BIT(cap);
	}
	*ret_is_ours = false;
	for (size_t i = 0; i < c->arches.n; i++)
		*ret_is_ours |= strcmp(c->arches.v[i], NATIVE_NAME) == 0;
	return c->kernel ? parse_kernel(r, &at, c->kernel, ret_kernel) : 0;
}

/* The conditions of one entry. Return: 1 if it can ever hold on this architecture, 0 if not. */
static int get_conditions(struct oci_reader *r, const struct oci_at *at, const struct entry *entry,
			  struct seccomp_rule *rule)
{
	bool in_ours = false, out_ours = false;
	int rc = get_condition(r, at, "includes", &entry->includes, &rule->caps_with,
			       &rule->kernel_min, &in_ours);

	if (rc == 0)
		rc = get_condition(r, at, "excludes", &entry->excludes, &rule->caps_without,
				   &rule->kernel_before, &out_ours);
	return rc < 0 ? rc : (!entry->includes.arches.n || in_ours) && !out_ours;
}

/* Counts of what is filled in, in the profile's arrays. */
struct fill {
	struct seccomp_profile *p;
	size_t n_rules, n_ids, n_args;
};

/* Profiles are sorted, and so are ids: look behind the last one first. */
static int find_syscall(const char *name, int last)
{
	for (int id = last + 1; id <= last + 3; id++) {
		const char *known = seccomp_syscall_name((unsigned int)id);

		if (known && strcmp(known, name) == 0)
			return id;
	}
	return seccomp_syscall_find(name);
}

/* Names that are not found are another architecture's, or newer than we are. */
static int get_names(struct oci_reader *r, const struct oci_at *at, const struct entry *entry,
		     struct fill *f, struct seccomp_rule *rule)
{
	size_t n = entry->names.n ? entry->names.n : 1;
	int last = -1;

	if (entry->name && entry->names.n)
		return oci_fail_in(r, at, "names", -EINVAL,
				   "'name' and 'names' exclude each other");
	if (!entry->name && !entry->names.n)
		return oci_fail_in(r, at, "names", -EBADMSG, "it is missing");
	rule->syscalls = f->p->ids + f->n_ids;
	for (size_t i = 0; i < n; i++) {
		int id = find_syscall(entry->names.n ? entry->names.v[i] : entry->name, last);

		if (id < 0)
			continue;
		last = id;
		f->p->ids[f->n_ids + rule->n_syscalls++] = (uint16_t)id;
	}
	return 0;
}

static int add_rule(struct oci_reader *r, const struct oci_at *at, struct fill *f,
		    const struct seccomp_rule *rule)
{
	if (f->n_rules == SECCOMP_RULES_MAX)
		return oci_fail(r, at, -E2BIG, "more than %u rules", SECCOMP_RULES_MAX);
	f->p->rules[f->n_rules++] = *rule;
	f->p->has_notify |= rule->action == SECCOMP_RET_USER_NOTIF;
	return 0;
}

/*
 * All comparisons must hold, unless two are of one argument: then each is a rule of its own, as
 * runc has it (opencontainers/runc issue 2735).
 */
static int add_rules(struct oci_reader *r, const struct oci_at *at, const struct entry *entry,
		     struct fill *f, struct seccomp_rule *rule)
{
	struct seccomp_arg *first = f->p->args + f->n_args;
	unsigned int seen = 0, n = (unsigned int)entry->args.n;
	bool is_or = false;
	int rc = 0;

	for (unsigned int i = 0; i < n; i++) {
		first[i] = entry->args.v[i];
		is_or |= (seen & 1u << first[i].index) != 0;
		seen |= 1u << first[i].index;
	}
	f->n_args += n;
	if (!is_or) {
		rule->args = first;
		rule->n_args = n;
		return add_rule(r, at, f, rule);
	}
	for (unsigned int i = 0; i < n && rc == 0; i++) {
		rule->args = &first[i];
		rule->n_args = 1;
		rc = add_rule(r, at, f, rule);
	}
	return rc;
}

static int add_entry(struct oci_reader *r, const struct oci_at *at, const struct entry *entry,
		     struct fill *f)
{
	struct seccomp_rule rule = { .action = 0 };
	int holds, rc = get_action(r, at, "action", "errnoRet", entry->action, entry->has_errno,
				   entry->errno_ret, &rule.action);

	if (rc == 0)
		rc = get_names(r, at, entry, f, &rule);
	if (rc < 0)
		return rc;
	holds = get_conditions(r, at, entry, &rule);
	if (holds <= 0)
		return holds;
	f->n_ids += rule.n_syscalls;
	return add_rules(r, at, entry, f, &rule);
}

/* Room for all that "syscalls" can hold. */
static int allocate(struct oci_reader *r, const struct document *d, struct seccomp_profile *p)
{
	size_t n_ids = 0, n_args = 0, n_rules = 0;

	for (size_t i = 0; i < d->entries.n; i++) {
		n_ids += d->entries.v[i].names.n + 1;
		n_args += d->entries.v[i].args.n;
		n_rules += d->entries.v[i].args.n + 1;
	}
	if (n_rules > SECCOMP_RULES_MAX)
		n_rules = SECCOMP_RULES_MAX; /* add_rule() refuses more */
	p->ids = calloc(n_ids + 1, sizeof(*p->ids));
	p->args = calloc(n_args + 1, sizeof(*p->args));
	p->rules = calloc(n_rules + 1, sizeof(*p->rules));
	return p->ids && p->args && p->rules ? 0 : err_set(r->e, ENOMEM, "parse seccomp profile");
}

static int get_listener(struct oci_reader *r, const struct oci_at *at, const struct document *d,
			struct seccomp_profile *p)
{
	if (d->metadata && !d->listener)
		return oci_fail_in(r, at, "listenerMetadata", -EINVAL, "there is no listenerPath");
	if (d->listener)
		p->listener_path = strdup(d->listener);
	if (d->metadata)
		p->listener_metadata = strdup(d->metadata);
	if ((d->listener && !p->listener_path) || (d->metadata && !p->listener_metadata))
		return err_set(r->e, ENOMEM, "parse seccomp profile");
	return 0;
}

/* SPEC_ALLOW is what runc has without "flags"; the kernel takes the last only with a listener. */
static unsigned int get_flags(const struct document *d, bool has_notify)
{
	uint64_t mask = has_notify ? UINT64_MAX : ~(uint64_t)SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;

	return d->has_flags ? (unsigned int)(d->flags & mask) : SECCOMP_FILTER_FLAG_SPEC_ALLOW;
}

static int read_document(struct oci_reader *r, const struct oci_at *at, const json_t *v,
			 struct seccomp_profile *p)
{
	const struct oci_at syscalls = { .up = at, .key = "syscalls" };
	struct document d = { .action = NULL };
	struct fill f = { .p = p };
	int rc = oci_read_object(r, at, v, &document_table, &d);

	if (rc < 0)
		return rc;
	if (!d.action && !d.entries.n) {
		p->is_disabled = true;
		return 0;
	}
	rc = get_action(r, at, "defaultAction", "defaultErrnoRet", d.action, d.has_errno,
			d.errno_ret, &p->policy.default_action);
	p->has_notify = p->policy.default_action == SECCOMP_RET_USER_NOTIF;
	if (rc == 0)
		rc = get_arches(r, at, &d, &p->policy.arches);
	if (rc == 0)
		rc = get_listener(r, at, &d, p);
	if (rc == 0)
		rc = allocate(r, &d, p);
	for (size_t i = 0; rc == 0 && i < d.entries.n; i++) {
		const struct oci_at here = { .up = &syscalls, .index = i };

		rc = add_entry(r, &here, &d.entries.v[i], &f);
	}
	p->policy.flags = get_flags(&d, p->has_notify);
	p->policy.rules = p->rules;
	p->policy.n_rules = f.n_rules;
	return rc;
}

int seccomp_profile_read(struct oci_reader *r, const struct oci_at *at, const struct json_t *v,
			 struct seccomp_profile *ret)
{
	struct seccomp_profile p = { .rules = NULL };
	int rc = read_document(r, at, v, &p);

	if (rc < 0) {
		seccomp_profile_done(&p);
		return rc;
	}
	*ret = p;
	return 0;
}

/* There is nobody to answer. */
static int refuse_listener(struct oci_reader *r, const struct seccomp_profile *p)
{
	int rc;

	if (p->listener_path)
		return oci_fail_in(r, NULL, "listenerPath", -EOPNOTSUPP, "it is not supported");
	rc = oci_fail(r, NULL, -EOPNOTSUPP, "action SCMP_ACT_NOTIFY is not supported");
	err_hint(r->e, "use SCMP_ACT_ERRNO, SCMP_ACT_TRAP or SCMP_ACT_LOG");
	return rc;
}

int seccomp_profile_parse(const char *text, size_t n, const char *what, struct seccomp_profile *ret,
			  struct err *e)
{
	_cleanup_free_ char *title = str_printf("seccomp profile '%s'", what);
	_cleanup_(oci_doc_done) struct oci_doc doc = { .json = NULL };
	struct oci_reader r = { .doc = &doc, .what = title, .e = e };
	int rc;

	if (!title)
		return err_set(e, ENOMEM, "parse seccomp profile");
	rc = oci_load(&doc, text, n, SECCOMP_PROFILE_SIZE_MAX, title, e);
	if (rc == 0)
		rc = seccomp_profile_read(&r, NULL, doc.json, ret);
	if (rc == 0 && (ret->has_notify || ret->listener_path)) {
		rc = refuse_listener(&r, ret);
		seccomp_profile_done(ret);
	}
	return rc;
}

void seccomp_profile_done(struct seccomp_profile *p)
{
	free(p->rules);
	free(p->ids);
	free(p->args);
	free(p->listener_path);
	free(p->listener_metadata);
	*p = (struct seccomp_profile){ .rules = NULL };
}
