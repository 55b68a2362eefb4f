// SPDX-License-Identifier: Apache-2.0
/* The section of `davit-oci events` about memory: numbers as the kernel has them, under the names of runc's. */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fmt.h"
#include "base/str.h"
#include "kern/cgroup.h"
#include "stats.h"

struct entry {
	uint64_t limit, usage, max, failed;
};

/**
 * struct entry_files - where an entry's numbers are; NULL = that version has it not
 * @v1, @v2: of each (v2 has usage alone of the kernel's, in memory.stat): limit, usage, greatest usage, times that the limit was reached
 */
struct entry_files {
	const char *name, *v1[4], *v2[4];
};

/* clang-format off */
static const struct entry_files usage_files = { "usage",
	{ "memory.limit_in_bytes", "memory.usage_in_bytes", "memory.max_usage_in_bytes", "memory.failcnt" },
	{ "memory.max",            "memory.current",        "memory.peak",               NULL } };
static const struct entry_files swap_files = { "swap",
	{ "memory.memsw.limit_in_bytes", "memory.memsw.usage_in_bytes", "memory.memsw.max_usage_in_bytes", "memory.memsw.failcnt" },
	{ "memory.swap.max",             "memory.swap.current",         NULL,                              NULL } };
static const struct entry_files kernel_files = { "kernel",
	{ "memory.kmem.limit_in_bytes", "memory.kmem.usage_in_bytes", "memory.kmem.max_usage_in_bytes", "memory.kmem.failcnt" },
	{ NULL } };
static const struct entry_files tcp_files = { "kernelTCP",
	{ "memory.kmem.tcp.limit_in_bytes", "memory.kmem.tcp.usage_in_bytes", "memory.kmem.tcp.max_usage_in_bytes", "memory.kmem.tcp.failcnt" },
	{ NULL } };
/* clang-format on */

/* 0 where there is no such file; "max" is the largest number there is */
static uint64_t read_number(struct cgroup *cg, const char *v1, const char *v2)
{
	_cleanup_free_ char *text = NULL;
	uint64_t n = 0;

	if ((!v1 && !v2) || cgroup_read(cg, CGROUP_MEMORY, v1, v2, &text) < 0)
		return 0;
	text[strcspn(text, "\n")] = '\0';
	if (str_eq(text, "max"))
		return UINT64_MAX;
	return fmt_parse_u64(text, &n) < 0 ? 0 : n;
}

static struct entry read_entry(struct cgroup *cg, const struct entry_files *f)
{
	return (struct entry){ .limit = read_number(cg, f->v1[0], f->v2[0]),
			       .usage = read_number(cg, f->v1[1], f->v2[1]),
			       .max = read_number(cg, f->v1[2], f->v2[2]),
			       .failed = read_number(cg, f->v1[3], f->v2[3]) };
}

static void add_entry(struct str *s, const struct entry_files *f, const struct entry *e)
{
	str_addf(s, "\"%s\":{\"limit\":%llu,\"usage\":%llu,\"max\":%llu,\"failcnt\":%llu},",
		 f->name, (unsigned long long)e->limit, (unsigned long long)e->usage,
		 (unsigned long long)e->max, (unsigned long long)e->failed);
}

/* A line of memory.stat that is wanted elsewhere, too; *@ret stays where there is none. */
struct wanted {
	const char *name;
	uint64_t *ret;
};

/* Lines "NAME NUMBER" as members; those of @wanted, which ends with a NULL name, are looked for. */
static void add_raw(struct str *s, char *text, const struct wanted *wanted)
{
	bool is_first = true;
	char *lines = NULL;

	for (char *line = strtok_r(text, "\n", &lines); line; line = strtok_r(NULL, "\n", &lines)) {
		char *value = strchr(line, ' ');
		uint64_t n;

		if (!value || fmt_parse_u64(value + 1, &n) < 0)
			continue;
		*value = '\0';
		str_add(s, is_first ? "" : ",");
		str_add_json(s, line);
		str_addf(s, ":%llu", (unsigned long long)n);
		is_first = false;
		for (const struct wanted *w = wanted; w->name; w++)
			if (str_eq(line, w->name))
				*w->ret = n;
	}
}

void stats_memory(struct cgroup *cg, struct str *s)
{
	bool is_v2 = cgroup_controller_where(CGROUP_MEMORY) == CGROUP_ON_V2;
	_cleanup_free_ char *text = NULL;
	_cleanup_str_ struct str raw = STR_INIT;
	struct entry usage, swap, kernel, tcp;
	uint64_t cache = 0;
	const struct wanted of_v1[] = { { "cache", &cache }, { NULL, NULL } };
	const struct wanted of_v2[] = { { "file", &cache },
					{ "kernel", &kernel.usage }, /* Linux 5.18 */
					{ "sock", &tcp.usage },
					{ NULL, NULL } };

	if (cgroup_read(cg, CGROUP_MEMORY, "memory.stat", "memory.stat", &text) < 0)
		return;
	usage = read_entry(cg, &usage_files);
	swap = read_entry(cg, &swap_files);
	kernel = read_entry(cg, &kernel_files);
	tcp = read_entry(cg, &tcp_files);
	if (is_v2) { /* v1 counts memory and swap together, and so do readers */
		swap.usage += usage.usage;
		if (swap.limit != UINT64_MAX)
			swap.limit = usage.limit == UINT64_MAX ? UINT64_MAX :
								 swap.limit + usage.limit;
	}
	add_raw(&raw, text, is_v2 ? of_v2 : of_v1);
	str_addf(s, "\"memory\":{\"cache\":%llu,", (unsigned long long)cache);
	add_entry(s, &usage_files, &usage);
	add_entry(s, &swap_files, &swap);
	add_entry(s, &kernel_files, &kernel);
	add_entry(s, &tcp_files, &tcp);
	str_addf(s, "\"raw\":{%s}", str_failed(&raw) ? "" : str_text(&raw));
	stats_psi(cg, "memory.pressure", s);
	str_add(s, "},");
	s->failed |= str_failed(&raw);
}
