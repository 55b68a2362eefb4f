// SPDX-License-Identifier: Apache-2.0
/* Sections of `davit-oci events` about processors, and pressure. */
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/fmt.h"
#include "base/io.h"
#include "base/str.h"
#include "kern/cgroup.h"
#include "stats.h"

#define PRESSURE_MAX 4096u
#define LIST_ID_MAX 65535u /* of processors and nodes, as readers have them */

static void add_number(struct str *s, bool is_first, uint64_t n)
{
	str_addf(s, "%s%llu", is_first ? "" : ",", (unsigned long long)n);
}

/* "12 34 \n": a number for each processor */
static void add_usage(struct cgroup *cg, struct str *s)
{
	_cleanup_free_ char *text = NULL;
	char *save = NULL;
	bool is_first = true;

	if (cgroup_read(cg, CGROUP_CPUACCT, "cpuacct.usage_percpu", NULL, &text) < 0)
		return;
	str_add(s, ",\"percpu\":[");
	for (char *word = strtok_r(text, " \n", &save); word; word = strtok_r(NULL, " \n", &save)) {
		uint64_t n;

		if (fmt_parse_u64(word, &n) < 0)
			continue;
		add_number(s, is_first, n);
		is_first = false;
	}
	str_add(s, "]");
}

/* Lines "0 12 34" below "cpu user system": column @column is wanted. */
static void add_column(struct str *s, const char *text, const char *name, int column)
{
	bool is_first = true;

	str_addf(s, ",\"%s\":[", name);
	for (const char *line = strchr(text, '\n'); line && line[1];
	     line = strchr(line + 1, '\n')) {
		uint64_t n[2];

		if (sscanf(line, " %*u %" SCNu64 " %" SCNu64, &n[0], &n[1]) != 2)
			continue;
		add_number(s, is_first, n[column]);
		is_first = false;
	}
	str_add(s, "]");
}

void stats_percpu(struct cgroup *cg, struct str *s)
{
	_cleanup_free_ char *text = NULL;

	add_usage(cg, s);
	if (cgroup_read(cg, CGROUP_CPUACCT, "cpuacct.usage_all", NULL, &text) < 0)
		return;
	add_column(s, text, "percpu_kernel", 1);
	add_column(s, text, "percpu_user", 0);
}

/* "0-2,7" as the numbers that it means */
static void add_list(struct str *s, const char *text)
{
	bool is_first = true;

	while (*text >= '0' && *text <= '9') {
		unsigned int from, to;
		int n = 0;

		if (sscanf(text, "%u%n", &from, &n) != 1)
			return;
		to = from;
		text += n;
		if (*text == '-' && sscanf(text, "-%u%n", &to, &n) == 1)
			text += n;
		for (; from <= to && from <= LIST_ID_MAX; from++) {
			add_number(s, is_first, from);
			is_first = false;
		}
		text += *text == ',';
	}
}

void stats_cpuset(struct cgroup *cg, struct str *s)
{
	static const struct {
		const char *name, *v1_file, *v2_file;
		bool is_list;
	} members[] = {
		{ "cpus", "cpuset.cpus", "cpuset.cpus.effective", true },
		{ "cpu_exclusive", "cpuset.cpu_exclusive", NULL, false },
		{ "mems", "cpuset.mems", "cpuset.mems.effective", true },
		{ "mem_hardwall", "cpuset.mem_hardwall", NULL, false },
		{ "mem_exclusive", "cpuset.mem_exclusive", NULL, false },
		{ "memory_migrate", "cpuset.memory_migrate", NULL, false },
		{ "memory_spread_page", "cpuset.memory_spread_page", NULL, false },
		{ "memory_spread_slab", "cpuset.memory_spread_slab", NULL, false },
		{ "memory_pressure", "cpuset.memory_pressure", NULL, false },
		{ "sched_load_balance", "cpuset.sched_load_balance", NULL, false },
		{ "sched_relax_domain_level", "cpuset.sched_relax_domain_level", NULL, false },
	};
	bool is_first = true;

	str_add(s, "\"cpuset\":{");
	for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
		_cleanup_free_ char *text = NULL;
		long long n;

		if (cgroup_read(cg, CGROUP_CPUSET, members[i].v1_file, members[i].v2_file, &text) <
		    0)
			continue;
		if (!members[i].is_list && sscanf(text, "%lld", &n) != 1)
			continue;
		str_addf(s, "%s\"%s\":", is_first ? "" : ",", members[i].name);
		if (members[i].is_list) {
			str_add(s, "[");
			add_list(s, text);
			str_add(s, "]");
		} else {
			str_addf(s, "%lld", n);
		}
		is_first = false;
	}
	str_add(s, "},");
}

/* "some avg10=1.00 avg60=0.50 avg300=0.10 total=123": numbers that are JSON's, too */
static void add_pressure(struct str *s, const char *text, const char *name, bool *is_first)
{
	const char *line = strstr(text, name);
	char avg10[16], avg60[16], avg300[16];
	uint64_t total;

	if (!line || sscanf(line + strlen(name),
			    " avg10=%15[0-9.] avg60=%15[0-9.] avg300=%15[0-9.] total=%" SCNu64,
			    avg10, avg60, avg300, &total) != 4)
		return;
	str_addf(s, "%s\"%s\":{\"avg10\":%s,\"avg60\":%s,\"avg300\":%s,\"total\":%llu}",
		 *is_first ? "" : ",", name, avg10, avg60, avg300, (unsigned long long)total);
	*is_first = false;
}

/* A file of v2 whatever controllers are there, so a hybrid host has it, too. */
void stats_psi(struct cgroup *cg, const char *file, struct str *s)
{
	_cleanup_free_ char *text = NULL;
	bool is_first = true;

	if (cgroup_fd(cg) < 0 ||
	    io_read_file(cgroup_fd(cg), file, PRESSURE_MAX, &text, NULL, NULL) < 0)
		return;
	str_add(s, ",\"psi\":{");
	add_pressure(s, text, "some", &is_first);
	add_pressure(s, text, "full", &is_first);
	str_add(s, "}");
}
