// SPDX-License-Identifier: Apache-2.0
/* Seccomp profiles: JSON to policy. */
#include "spec/seccomp_profile.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/fmt.h"
#include "base/json.h"
#include "kern/cap.h"

#define ARGS_MAX 64u /* "args" of one entry; more than one of an argument means "or" */
#define ERRNO_MAX 4095u /* the kernel's MAX_ERRNO */
#define LIST_MAX 64u /* architectures, capabilities, flags */

struct name_value {
	const char *name;
	uint32_t value;
};

/* clang-format off */
#define ACTION_NOTIFY UINT32_MAX /* none of the kernel's; only refused */
static const struct name_value actions[] = {
	{ "SCMP_ACT_ALLOW",        SECCOMP_RET_ALLOW },
	{ "SCMP_ACT_ERRNO",        SECCOMP_RET_ERRNO },
	{ "SCMP_ACT_KILL",         SECCOMP_RET_KILL_THREAD },
	{ "SCMP_ACT_KILL_THREAD",  SECCOMP_RET_KILL_THREAD },
	{ "SCMP_ACT_KILL_PROCESS", SECCOMP_RET_KILL_PROCESS },
	{ "SCMP_ACT_LOG",          SECCOMP_RET_LOG },
	{ "SCMP_ACT_NOTIFY",       ACTION_NOTIFY },
	{ "SCMP_ACT_TRACE",        SECCOMP_RET_TRACE },
	{ "SCMP_ACT_TRAP",         SECCOMP_RET_TRAP },
	{ NULL, 0 },
};

static const struct name_value ops[] = {
	{ "SCMP_CMP_NE",        SECCOMP_NE },
	{ "SCMP_CMP_LT",        SECCOMP_LT },
	{ "SCMP_CMP_LE",        SECCOMP_LE },
	{ "SCMP_CMP_EQ",        SECCOMP_EQ },
	{ "SCMP_CMP_GE",        SECCOMP_GE },
	{ "SCMP_CMP_GT",        SECCOMP_GT },
	{ "SCMP_CMP_MASKED_EQ", SECCOMP_MASKED_EQ },
	{ NULL, 0 },
};

/* TSYNC is what a single thread before its exec has anyway */
static const struct name_value flags[] = {
	{ "SECCOMP_FILTER_FLAG_LOG",        SECCOMP_FILTER_FLAG_LOG },
	{ "SECCOMP_FILTER_FLAG_SPEC_ALLOW", SECCOMP_FILTER_FLAG_SPEC_ALLOW },
	{ "SECCOMP_FILTER_FLAG_TSYNC",      0 },
	{ NULL, 0 },
};
/* clang-format on */

#if defined(__x86_64__)
#define NATIVE_NAME "amd64" /* as conditions call it */
#else
#define NATIVE_NAME "arm64"
#endif

static int find(const struct name_value *table, const char *what, const char *name, uint32_t *ret,
		struct err *e)
{
	for (; table->name; table++) {
		if (strcmp(table->name, name) == 0) {
			*ret = table->value;
			return 0;
		}
	}
	return err_plain(e, -EINVAL, "unknown %s '%s'", what, name);
}

/* A number in [0, max]; *ret is left as it is when the member is missing. */
static int get_number(const json_t *object, const char *key, uint64_t max, uint64_t *ret,
		      struct err *e)
{
	int64_t value = -1;
	int r;

	if (!json_object_get(object, key) || json_is_null(json_object_get(object, key)))
		return 0;
	r = json_get_i64(object, key, &value, e);
	if (r < 0)
		return r;
	if (value < 0 || (uint64_t)value > max)
		return err_plain(e, -EINVAL, "'%s' is not a number from 0 to %llu", key,
				 (unsigned long long)max);
	*ret = (uint64_t)value;
	return 0;
}

static int get_action(const json_t *object, const char *key, const char *errno_key, uint32_t *ret,
		      struct err *e)
{
	const char *name = NULL;
	uint64_t data = UINT64_MAX;
	uint32_t action = 0;
	int r = json_get_string(object, key, &name, e);

	if (r < 0)
		return r;
	if (!name)
		return err_plain(e, -EBADMSG, "'%s' is missing", key);
	r = find(actions, "action", name, &action, e);
	if (r == 0)
		r = get_number(object, errno_key, ERRNO_MAX, &data, e);
	if (r < 0)
		return r;
	if (action == ACTION_NOTIFY) {
		r = err_plain(e, -EOPNOTSUPP, "action SCMP_ACT_NOTIFY is not supported");
		err_hint(e, "use SCMP_ACT_ERRNO, SCMP_ACT_TRAP or SCMP_ACT_LOG");
		return r;
	}
	if (action == SECCOMP_RET_ERRNO || action == SECCOMP_RET_TRACE)
		action |= data == UINT64_MAX ? EPERM : (uint32_t)data;
	else if (data != UINT64_MAX)
		return err_plain(e, -EINVAL, "action %s takes no '%s'", name, errno_key);
	*ret = action;
	return 0;
}

static int get_array(const json_t *object, const char *key, size_t max, json_t **ret, struct err *e)
{
	int r;

	*ret = NULL;
	r = json_get_array(object, key, ret, e);
	if (r == 0 && *ret && json_array_size(*ret) > max)
		return err_plain(e, -E2BIG, "'%s' has %zu entries, at most %zu", key,
				 json_array_size(*ret), max);
	return r;
}

static int text_at(const json_t *array, size_t i, const char *key, const char **ret, struct err *e)
{
	*ret = json_string_value(json_array_get(array, i));
	return *ret ? 0 : err_plain(e, -EBADMSG, "'%s' holds something that is no string", key);
}

static int add_arch(const char *name, uint32_t *mask, struct err *e)
{
	int arch = seccomp_arch_find(name);

	if (arch < 0)
		return err_plain(e, arch, "unknown architecture '%s'", name);
	if (arch < SECCOMP_ARCH_COUNT)
		*mask |= 1u << arch;
	return 0;
}

static int add_arches(const json_t *object, const char *key, uint32_t *mask, struct err *e)
{
	json_t *array;
	int r = get_array(object, key, LIST_MAX, &array, e);

	for (size_t i = 0; r == 0 && i < json_array_size(array); i++) {
		const char *name;

		r = text_at(array, i, key, &name, e);
		if (r == 0)
			r = add_arch(name, mask, e);
	}
	return r;
}

/* "architectures" is the list; "archMap" holds one for every host, of which ours counts. */
static int get_arches(const json_t *object, uint32_t *ret, struct err *e)
{
	uint32_t mask = 0;
	json_t *list, *map;
	int r = get_array(object, "architectures", LIST_MAX, &list, e);

	if (r == 0)
		r = get_array(object, "archMap", LIST_MAX, &map, e);
	if (r < 0)
		return r;
	if (json_array_size(list) && json_array_size(map))
		return err_plain(e, -EINVAL, "'architectures' and 'archMap' exclude each other");
	r = add_arches(object, "architectures", &mask, e);
	for (size_t i = 0; r == 0 && i < json_array_size(map); i++) {
		const json_t *entry = json_array_get(map, i);
		uint32_t main_arch = 0, with_subs = 0;
		const char *name = NULL;

		if (!json_is_object(entry))
			return err_plain(e, -EBADMSG,
					 "'archMap' holds something that is no object");
		r = json_get_string(entry, "architecture", &name, e);
		if (r == 0)
			r = name ? add_arch(name, &main_arch, e) :
				   err_plain(e, -EBADMSG, "'architecture' is missing");
		if (r == 0)
			r = add_arches(entry, "subArchitectures", &with_subs, e);
		if (main_arch == 1u << SECCOMP_NATIVE)
			mask |= with_subs;
	}
	/* the native one is always filtered, named or not */
	*ret = mask | 1u << SECCOMP_NATIVE;
	return r;
}

static int get_flags(const json_t *object, unsigned int *ret, struct err *e)
{
	json_t *array;
	int r = get_array(object, "flags", LIST_MAX, &array, e);

	if (r < 0)
		return r;
	*ret = array ? 0 : SECCOMP_FILTER_FLAG_SPEC_ALLOW;
	for (size_t i = 0; i < json_array_size(array); i++) {
		const char *name;
		uint32_t flag = 0;

		r = text_at(array, i, "flags", &name, e);
		if (r == 0)
			r = find(flags, "flag", name, &flag, e);
		if (r < 0)
			return r;
		*ret |= flag;
	}
	return 0;
}

/* "4.8" to major << 16 | minor */
static int parse_kernel(const char *text, uint32_t *ret, struct err *e)
{
	_cleanup_free_ char *major_text = strndup(text, strcspn(text, "."));
	const char *minor_text = strchr(text, '.');
	uint64_t major, minor;

	if (!major_text)
		return err_set(e, ENOMEM, "parse kernel version");
	if (!minor_text || fmt_parse_u64(major_text, &major) < 0 ||
	    fmt_parse_u64(minor_text + 1, &minor) < 0 || major > UINT16_MAX || minor > UINT16_MAX)
		return err_plain(e, -EINVAL, "'%s' is no kernel version, like 4.8", text);
	*ret = (uint32_t)(major << 16 | minor);
	return 0;
}

/* "includes" or "excludes". *ret_arch: architectures are named / the native one is among them. */
static int get_condition(const json_t *entry, const char *key, uint64_t *ret_caps,
			 uint32_t *ret_kernel, bool *ret_has_arches, bool *ret_is_ours,
			 struct err *e)
{
	json_t *object = NULL, *caps, *arches;
	const char *kernel = NULL;
	int r = json_get_object(entry, key, &object, e);

	if (r < 0 || !object)
		return r;
	r = get_array(object, "caps", LIST_MAX, &caps, e);
	for (size_t i = 0; r == 0 && i < json_array_size(caps); i++) {
		const char *name;
		int cap;

		r = text_at(caps, i, "caps", &name, e);
		if (r < 0)
			break;
		cap = cap_parse(name, e);
		if (cap < 0)
			return cap;
		*ret_caps |= CAP_BIT(cap);
	}
	if (r == 0)
		r = get_array(object, "arches", LIST_MAX, &arches, e);
	for (size_t i = 0; r == 0 && i < json_array_size(arches); i++) {
		const char *name;

		r = text_at(arches, i, "arches", &name, e);
		if (r == 0) {
			*ret_has_arches = true;
			*ret_is_ours |= strcmp(name, NATIVE_NAME) == 0;
		}
	}
	if (r == 0)
		r = json_get_string(object, "minKernel", &kernel, e);
	if (r == 0 && kernel)
		r = parse_kernel(kernel, ret_kernel, e);
	return r;
}

/* The conditions of one entry. Return: 1 if it can ever hold on this architecture, 0 if not. */
static int get_conditions(const json_t *entry, struct seccomp_rule *rule, struct err *e)
{
	bool in_any = false, in_ours = false, out_any = false, out_ours = false;
	int r = get_condition(entry, "includes", &rule->caps_with, &rule->kernel_min, &in_any,
			      &in_ours, e);

	if (r == 0)
		r = get_condition(entry, "excludes", &rule->caps_without, &rule->kernel_before,
				  &out_any, &out_ours, e);
	return r < 0 ? r : (!in_any || in_ours) && !out_ours;
}

static int get_arg(const json_t *object, struct seccomp_arg *ret, struct err *e)
{
	uint64_t index = SECCOMP_ARGS_MAX, value = 0, value_two = 0;
	const char *name = NULL;
	uint32_t op = 0;
	int r;

	if (!json_is_object(object))
		return err_plain(e, -EBADMSG, "'args' holds something that is no object");
	r = get_number(object, "index", SECCOMP_ARGS_MAX - 1, &index, e);
	if (r == 0 && index == SECCOMP_ARGS_MAX)
		r = err_plain(e, -EBADMSG, "'index' is missing");
	if (r == 0)
		r = get_number(object, "value", INT64_MAX, &value, e);
	if (r == 0)
		r = get_number(object, "valueTwo", INT64_MAX, &value_two, e);
	if (r == 0)
		r = json_get_string(object, "op", &name, e);
	if (r == 0)
		r = name ? find(ops, "operator", name, &op, e) :
			   err_plain(e, -EBADMSG, "'op' is missing");
	if (r == 0)
		*ret = (struct seccomp_arg){ (uint8_t)index, (uint8_t)op, value, value_two };
	return r;
}

/* Counts of what is filled in, in the profile's arrays. */
struct fill {
	struct seccomp_profile *p;
	size_t n_rules, n_ids, n_args;
};

static int get_names(const json_t *entry, struct fill *f, struct seccomp_rule *rule, struct err *e)
{
	const char *single = NULL;
	json_t *names;
	int r = json_get_string(entry, "name", &single, e);

	if (r == 0)
		r = get_array(entry, "names", SECCOMP_PROFILE_NAMES_MAX, &names, e);
	if (r < 0)
		return r;
	if (single && *single && json_array_size(names))
		return err_plain(e, -EINVAL, "'name' and 'names' exclude each other");
	if (!(single && *single) && !json_array_size(names))
		return err_plain(e, -EBADMSG, "'names' is missing");
	rule->syscalls = f->p->ids + f->n_ids;
	for (size_t i = 0; i < json_array_size(names) || (single && *single && i == 0); i++) {
		const char *name = single;
		int id;

		if (json_array_size(names)) {
			r = text_at(names, i, "names", &name, e);
			if (r < 0)
				return r;
		}
		id = seccomp_syscall_find(name);
		if (id >= 0) /* else another architecture's, or newer than we are */
			f->p->ids[f->n_ids + rule->n_syscalls++] = (uint16_t)id;
	}
	return 0;
}

static int add_rule(struct fill *f, const struct seccomp_rule *rule, struct err *e)
{
	if (f->n_rules == SECCOMP_RULES_MAX)
		return err_plain(e, -E2BIG, "more than %u rules", SECCOMP_RULES_MAX);
	f->p->rules[f->n_rules++] = *rule;
	return 0;
}

/*
 * All comparisons must hold, unless two are of one argument: then each is a rule of its own, as
 * runc has it (opencontainers/runc issue 2735).
 */
static int add_rules(const json_t *args, struct fill *f, struct seccomp_rule *rule, struct err *e)
{
	struct seccomp_arg *first = f->p->args + f->n_args;
	unsigned int seen = 0, n = (unsigned int)json_array_size(args);
	bool is_or = false;
	int r = 0;

	for (unsigned int i = 0; i < n; i++) {
		r = get_arg(json_array_get(args, i), &first[i], e);
		if (r < 0)
			return r;
		is_or |= (seen & 1u << first[i].index) != 0;
		seen |= 1u << first[i].index;
	}
	f->n_args += n;
	if (!is_or) {
		rule->args = first;
		rule->n_args = n;
		return add_rule(f, rule, e);
	}
	for (unsigned int i = 0; i < n && r == 0; i++) {
		rule->args = &first[i];
		rule->n_args = 1;
		r = add_rule(f, rule, e);
	}
	return r;
}

static int parse_entry(const json_t *entry, struct fill *f, struct err *e)
{
	struct seccomp_rule rule = { .action = 0 };
	json_t *args;
	int r, holds;

	if (!json_is_object(entry))
		return err_plain(e, -EBADMSG, "it is no object");
	r = get_action(entry, "action", "errnoRet", &rule.action, e);
	if (r == 0)
		r = get_names(entry, f, &rule, e);
	if (r == 0)
		r = get_array(entry, "args", ARGS_MAX, &args, e);
	if (r < 0)
		return r;
	holds = get_conditions(entry, &rule, e);
	if (holds <= 0)
		return holds;
	f->n_ids += rule.n_syscalls;
	return add_rules(args, f, &rule, e);
}

/* Room for all that "syscalls" can hold. */
static int allocate(const json_t *syscalls, struct seccomp_profile *p, struct err *e)
{
	size_t n_ids = 0, n_args = 0, n_rules = 0;

	for (size_t i = 0; i < json_array_size(syscalls); i++) {
		const json_t *entry = json_array_get(syscalls, i);
		size_t args = json_array_size(json_object_get(entry, "args"));

		n_ids += json_array_size(json_object_get(entry, "names")) + 1;
		n_args += args;
		n_rules += args + 1;
	}
	if (n_rules > SECCOMP_RULES_MAX)
		n_rules = SECCOMP_RULES_MAX; /* add_rule() refuses more */
	p->ids = calloc(n_ids + 1, sizeof(*p->ids));
	p->args = calloc(n_args + 1, sizeof(*p->args));
	p->rules = calloc(n_rules + 1, sizeof(*p->rules));
	return p->ids && p->args && p->rules ? 0 : err_set(e, ENOMEM, "parse seccomp profile");
}

static int parse(const json_t *object, struct seccomp_profile *p, struct err *e)
{
	struct fill f = { .p = p };
	const char *listener = NULL, *action = NULL;
	json_t *syscalls;
	int r;

	if (!json_is_object(object))
		return err_plain(e, -EBADMSG, "it is no JSON object");
	r = get_array(object, "syscalls", SECCOMP_PROFILE_RULES_MAX, &syscalls, e);
	if (r == 0)
		r = json_get_string(object, "defaultAction", &action, e);
	if (r < 0)
		return r;
	if ((!action || !*action) && !json_array_size(syscalls)) {
		p->is_disabled = true;
		return 0;
	}
	r = get_action(object, "defaultAction", "defaultErrnoRet", &p->policy.default_action, e);
	if (r == 0)
		r = get_arches(object, &p->policy.arches, e);
	if (r == 0)
		r = get_flags(object, &p->policy.flags, e);
	if (r == 0)
		r = json_get_string(object, "listenerPath", &listener, e);
	if (r == 0 && listener && *listener)
		r = err_plain(e, -EOPNOTSUPP, "'listenerPath' is not supported");
	if (r == 0)
		r = allocate(syscalls, p, e);
	for (size_t i = 0; r == 0 && i < json_array_size(syscalls); i++) {
		r = parse_entry(json_array_get(syscalls, i), &f, e);
		if (r < 0)
			r = err_wrap(e, r, "entry %zu of 'syscalls'", i);
	}
	p->policy.rules = p->rules;
	p->policy.n_rules = f.n_rules;
	return r;
}

int seccomp_profile_from_json(const struct json_t *object, struct seccomp_profile *ret,
			      struct err *e)
{
	struct seccomp_profile p = { .rules = NULL };
	int r = parse(object, &p, e);

	if (r < 0) {
		seccomp_profile_done(&p);
		return r;
	}
	*ret = p;
	return 0;
}

int seccomp_profile_parse(const char *text, size_t n, const char *what, struct seccomp_profile *ret,
			  struct err *e)
{
	_cleanup_free_ char *title = str_printf("seccomp profile '%s'", what);
	_cleanup_json_ json_t *object = NULL;
	int r;

	if (!title)
		return err_set(e, ENOMEM, "parse seccomp profile");
	if (n > SECCOMP_PROFILE_SIZE_MAX)
		return err_plain(e, -EFBIG, "%s is larger than %u bytes", title,
				 SECCOMP_PROFILE_SIZE_MAX);
	object = json_parse(text, n, title, e);
	if (!object)
		return -EBADMSG;
	r = seccomp_profile_from_json(object, ret, e);
	return r < 0 ? err_wrap(e, r, "%s", title) : 0;
}

void seccomp_profile_done(struct seccomp_profile *p)
{
	free(p->rules);
	free(p->ids);
	free(p->args);
	*p = (struct seccomp_profile){ .rules = NULL };
}
