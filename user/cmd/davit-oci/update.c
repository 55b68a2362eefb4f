// SPDX-License-Identifier: Apache-2.0
/* The single options of `davit-oci update`, as the document that --resources would be. */
#include "update.h"

#include <errno.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/fmt.h"
#include "base/opt.h"
#include "base/str.h"

/* clang-format off */
#define V(l, n, m, a, h) OPT_STR(l, n, struct update_values, m, a, h)
const struct opt update_value_options[] = {
	V(0, "blkio-weight", blkio_weight, "N",        "share of block I/O, 10 to 1000"),
	V(0, "cpu-period", cpu_period, "US",           "period of the quota, microseconds"),
	V(0, "cpu-quota", cpu_quota, "US",             "CPU time in a period, microseconds; -1 = no limit"),
	V(0, "cpu-burst", cpu_burst, "US",             "what may be saved up beyond the quota"),
	V(0, "cpu-share|cpu-shares", cpu_share, "N",   "share of CPU time, 2 to 262144"),
	V(0, "cpu-idle", cpu_idle, "0|1",              "1 = only CPU time that nobody else wants"),
	V(0, "cpu-rt-period", cpu_rt_period, "US",     "period of realtime scheduling"),
	V(0, "cpu-rt-runtime", cpu_rt_runtime, "US",   "realtime CPU time in a period"),
	V(0, "cpuset-cpus", cpuset_cpus, "LIST",       "processors: 0-2,4"),
	V(0, "cpuset-mems", cpuset_mems, "LIST",       "memory nodes"),
	V(0, "memory", memory, "BYTES",                "memory limit (suffix k, m, g); -1 = none"),
	V(0, "memory-reservation", memory_reservation, "BYTES", "memory that is reclaimed last"),
	V(0, "memory-swap", memory_swap, "BYTES",      "memory and swap together; -1 = no limit"),
	V(0, "kernel-memory-tcp", kernel_memory_tcp, "BYTES", "limit of TCP buffers; cgroup v1 alone has it"),
	V(0, "pids-limit", pids_limit, "N",            "number of processes; -1 = no limit"),
	V(0, "kernel-memory", kernel_memory, "BYTES",  "refused: Linux has no such limit any more"),
	V(0, "l3-cache-schema", l3_cache, "TEXT",      "refused: cannot be changed later"),
	V(0, "mem-bw-schema", mem_bw, "TEXT",          "refused: cannot be changed later"),
	OPT_END
};
#undef V

enum kind { NUMBER, BYTES, TEXT, REFUSED };

/* section and property of linux.resources; in the order of the options, and of the struct */
static const struct { const char *section, *property; enum kind kind; } properties[] = {
	{ "blockIO", "weight", NUMBER },
	{ "cpu", "period", NUMBER },
	{ "cpu", "quota", NUMBER },
	{ "cpu", "burst", NUMBER },
	{ "cpu", "shares", NUMBER },
	{ "cpu", "idle", NUMBER },
	{ "cpu", "realtimePeriod", NUMBER },
	{ "cpu", "realtimeRuntime", NUMBER },
	{ "cpu", "cpus", TEXT },
	{ "cpu", "mems", TEXT },
	{ "memory", "limit", BYTES },
	{ "memory", "reservation", BYTES },
	{ "memory", "swap", BYTES },
	{ "memory", "kernelTCP", BYTES },
	{ "pids", "limit", NUMBER },
	{ NULL, NULL, REFUSED }, { NULL, NULL, REFUSED }, { NULL, NULL, REFUSED },
};
/* clang-format on */

_Static_assert(ARRAY_SIZE(properties) == sizeof(struct update_values) / sizeof(char *),
	       "a property for each option");

static const char *value_of(const struct update_values *v, size_t i)
{
	return *(char *const *)((const char *)v + update_value_options[i].offset);
}

const char *update_values_any(const struct update_values *v)
{
	for (size_t i = 0; i < ARRAY_SIZE(properties); i++)
		if (value_of(v, i))
			return update_value_options[i].name;
	return NULL;
}

static int parse(size_t i, const char *value, int64_t *ret, struct err *e)
{
	uint64_t bytes;

	if (fmt_parse_i64(value, ret) == 0)
		return 0;
	if (properties[i].kind == BYTES && fmt_parse_size(value, &bytes) == 0 &&
	    bytes <= INT64_MAX) {
		*ret = (int64_t)bytes;
		return 0;
	}
	return err_plain(
		e, -EINVAL, "option '--%s': '%s' is not %s", update_value_options[i].name, value,
		properties[i].kind == BYTES ? "a size like 64m or 1g, or -1" : "a whole number");
}

static int add_value(size_t i, const char *value, struct str *s, struct err *e)
{
	int64_t n = 0;
	int r = properties[i].kind == TEXT ? 0 : parse(i, value, &n, e);

	if (r < 0)
		return r;
	str_addf(s, "\"%s\":", properties[i].property);
	if (properties[i].kind == TEXT)
		str_add_json(s, value);
	else
		str_addf(s, "%lld", (long long)n);
	return 0;
}

int update_values_text(const struct update_values *v, char **ret, size_t *ret_n, struct err *e)
{
	_cleanup_str_ struct str s = STR_INIT;
	const char *section = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(properties); i++) {
		const char *value = value_of(v, i);
		int r;

		if (!value)
			continue;
		if (properties[i].kind == REFUSED)
			return err_plain(e, -EOPNOTSUPP, "option '--%s': cannot be honoured; %s",
					 update_value_options[i].name,
					 update_value_options[i].help);
		str_add(&s, !section ? "{" : str_eq(section, properties[i].section) ? "," : "},");
		if (!str_eq(section, properties[i].section))
			str_addf(&s, "\"%s\":{", properties[i].section);
		section = properties[i].section;
		r = add_value(i, value, &s, e);
		if (r < 0)
			return r;
	}
	if (!section)
		return err_plain(e, -EINVAL,
				 "an option is missing: --resources or one of the limits");
	str_add(&s, "}}");
	*ret_n = s.len;
	*ret = str_take(&s);
	return *ret ? 0 : err_set(e, ENOMEM, "limits");
}
