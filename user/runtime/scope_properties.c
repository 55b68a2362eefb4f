// SPDX-License-Identifier: Apache-2.0
/* linux.resources as properties of a unit. */
#include "runtime/scope_properties.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/str.h"
#include "kern/cgroup.h"
#include "spec/systemd_unit.h"

#define CPU_PERIOD_DEFAULT 100000u /* microseconds */
#define US_PER_S 1000000u
#define QUOTA_STEP 10000u /* systemd keeps whole percents of a processor */
#define QUOTA_MAX (UINT64_MAX / US_PER_S)
#define WEIGHT_MIN 10u /* of blkio */

/* The first failure is kept: lists of additions need one check. */
struct work {
	const struct oci_resources *r;
	struct strv *out;
	int failed;
};

static bool is_on_v2(enum cgroup_controller c)
{
	return cgroup_controller_where(c) == CGROUP_ON_V2;
}

static void add_u64(struct work *w, const char *name, uint64_t value)
{
	if (!w->failed && (strv_add(w->out, name) < 0 || strv_add(w->out, "t") < 0 ||
			   strv_addf(w->out, "%llu", (unsigned long long)value) < 0))
		w->failed = -ENOMEM;
}

/* -1 is UINT64_MAX, systemd's infinity, too */
static void add_limit(struct work *w, const char *name, int64_t value)
{
	add_u64(w, name, value < 0 ? UINT64_MAX : (uint64_t)value);
}

static void add_set(struct work *w, const char *name, const char *list)
{
	_cleanup_strv_ struct strv set = { .v = NULL };

	/* a list that is none: the write to the cgroup says so */
	if (!w->failed && systemd_set_parse(list, &set, NULL) == 0 &&
	    (strv_add(w->out, name) < 0 || strv_add_all(w->out, &set) < 0))
		w->failed = -ENOMEM;
}

static void add_memory(struct work *w)
{
	const struct oci_memory *m = &w->r->memory;

	if (m->has_limit && m->limit)
		add_limit(w, "MemoryMax", m->limit);
	if (!is_on_v2(CGROUP_MEMORY))
		return;
	if (m->has_reservation && m->reservation)
		add_limit(w, "MemoryLow", m->reservation);
	if (m->has_swap && m->swap < 0)
		add_limit(w, "MemorySwapMax", -1);
	else if (m->has_swap && m->swap && m->has_limit && m->limit > 0 && m->swap >= m->limit)
		add_limit(w, "MemorySwapMax", m->swap - m->limit); /* config.json counts both */
}

static void add_quota(struct work *w, int64_t quota, uint64_t period)
{
	uint64_t per_second = UINT64_MAX;

	if (period && period != CPU_PERIOD_DEFAULT)
		add_u64(w, "CPUQuotaPeriodUSec", period);
	if (!period)
		period = CPU_PERIOD_DEFAULT;
	if (quota > 0 && (uint64_t)quota < QUOTA_MAX) {
		per_second = (uint64_t)quota * US_PER_S / period;
		/* up: what is below may not ask for more than what is above has */
		per_second = (per_second + QUOTA_STEP - 1) / QUOTA_STEP * QUOTA_STEP;
	}
	add_u64(w, "CPUQuotaPerSecUSec", per_second);
}

static void add_cpu(struct work *w)
{
	const struct oci_cpu *c = &w->r->cpu;

	if (c->has_shares && c->shares && is_on_v2(CGROUP_CPU))
		add_u64(w, "CPUWeight", cgroup_weight_of_shares(c->shares));
	else if (c->has_shares && c->shares)
		add_u64(w, "CPUShares", c->shares);
	if ((c->has_quota && c->quota) || (c->has_period && c->period))
		add_quota(w, c->has_quota ? c->quota : 0, c->has_period ? c->period : 0);
	if (!is_on_v2(CGROUP_CPUSET)) /* systemd leaves v1's alone */
		return;
	if (c->cpus)
		add_set(w, "AllowedCPUs", c->cpus);
	if (c->mems)
		add_set(w, "AllowedMemoryNodes", c->mems);
}

static void add_pids(struct work *w)
{
	if (w->r->has_pids_limit && w->r->pids_limit)
		add_limit(w, "TasksMax", w->r->pids_limit);
}

static void add_io(struct work *w)
{
	uint16_t weight = w->r->block_io.weight;

	if (weight && is_on_v2(CGROUP_IO))
		add_u64(w, "IOWeight", 1 + (weight - WEIGHT_MIN) * 9999ull / 990);
	else if (weight)
		add_u64(w, "BlockIOWeight", weight);
}

/* "max" or a number, blanks around it; false = something else */
static bool read_value(const char *text, uint64_t *ret)
{
	char *end;

	text += strspn(text, " \t");
	if (str_starts(text, "max") && !text[3 + strspn(text + 3, " \t\n")]) {
		*ret = UINT64_MAX;
		return true;
	}
	if (!isdigit((unsigned char)*text))
		return false;
	errno = 0;
	*ret = strtoull(text, &end, 10);
	return !errno && !end[strspn(end, " \t\n")];
}

static void add_unified_quota(struct work *w, const char *value)
{
	_cleanup_free_ char *first = strndup(value, strcspn(value, " "));
	uint64_t quota, period = CPU_PERIOD_DEFAULT;
	const char *rest = value + strcspn(value, " ");

	if (!first)
		w->failed = -ENOMEM;
	else if (read_value(first, &quota) && (!*rest || read_value(rest, &period)))
		add_quota(w, quota > INT64_MAX ? -1 : (int64_t)quota, period);
}

/* clang-format off */
static const struct { const char *file, *name; } unified[] = {
	{ "cpu.weight", "CPUWeight" },     { "io.weight", "IOWeight" },     { "memory.high", "MemoryHigh" },
	{ "memory.low", "MemoryLow" },     { "memory.max", "MemoryMax" },   { "memory.min", "MemoryMin" },
	{ "memory.swap.max", "MemorySwapMax" }, { "pids.max", "TasksMax" },
};
/* clang-format on */

/* memory.oom.group is systemd's to write, too; it ends what is left in the scope after the kernel has. */
static void add_oom_group(struct work *w, const char *value)
{
	uint64_t v;

	if (!w->failed && read_value(value, &v) && v <= 1 &&
	    (strv_add(w->out, "OOMPolicy") < 0 || strv_add(w->out, "s") < 0 ||
	     strv_add(w->out, v ? "kill" : "continue") < 0))
		w->failed = -ENOMEM;
}

static void add_unified(struct work *w)
{
	for (size_t i = 0; i < w->r->unified.n; i++) {
		const struct oci_pair *u = &w->r->unified.v[i];
		uint64_t value;

		if (str_eq(u->key, "cpu.max"))
			add_unified_quota(w, u->value);
		else if (str_eq(u->key, "cpuset.cpus"))
			add_set(w, "AllowedCPUs", u->value);
		else if (str_eq(u->key, "cpuset.mems"))
			add_set(w, "AllowedMemoryNodes", u->value);
		else if (str_eq(u->key, "memory.oom.group"))
			add_oom_group(w, u->value);
		for (size_t j = 0; j < ARRAY_SIZE(unified); j++)
			if (str_eq(u->key, unified[j].file) && read_value(u->value, &value))
				add_u64(w, unified[j].name, value);
	}
}

int scope_resources(const struct oci_resources *r, struct strv *out, struct err *e)
{
	struct work w = { .r = r, .out = out };

	add_memory(&w);
	add_cpu(&w);
	add_pids(&w);
	add_io(&w);
	add_unified(&w);
	return w.failed ? err_set(e, w.failed, "linux.resources: tell systemd") : 0;
}

int scope_annotations(const struct oci_map *annotations, struct strv *out, struct err *e)
{
	for (size_t i = 0; i < annotations->n; i++) {
		const struct oci_pair *a = &annotations->v[i];
		int r;

		if (!str_starts(a->key, SYSTEMD_PROPERTY_PREFIX))
			continue;
		r = systemd_property_parse(a->key + strlen(SYSTEMD_PROPERTY_PREFIX), a->value, out,
					   e);
		if (r < 0)
			return err_wrap(e, r, "annotations[\"%.300s\"]", a->key);
	}
	return 0;
}
