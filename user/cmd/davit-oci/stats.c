// SPDX-License-Identifier: Apache-2.0
/* Sections of `davit-oci events` that are lists: devices, sizes of pages, caches. */
#include "stats.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
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
#include "runtime/record.h"
#include "runtime/resctrl.h"

#define SCHEMATA_MAX (64u << 10)

static void add_row(struct str *s, size_t start, unsigned int major, unsigned int minor,
		    const char *op, uint64_t value)
{
	str_addf(s, "%s{\"major\":%u,\"minor\":%u,\"op\":\"%s\",\"value\":%llu}",
		 s->len == start ? "" : ",", major, minor, op, (unsigned long long)value);
}

/* Of io.stat, lines "8:0 rbytes=1 wbytes=2 rios=3 wios=4 …": those of the words @read and @write. */
static void add_v2(struct str *s, char *text, const char *read, const char *write)
{
	size_t start = s->len;
	char *lines = NULL;

	for (char *line = strtok_r(text, "\n", &lines); line; line = strtok_r(NULL, "\n", &lines)) {
		unsigned int major, minor;
		char *words = NULL;

		if (sscanf(line, "%u:%u ", &major, &minor) != 2)
			continue;
		(void)strtok_r(line, " ", &words);
		for (char *word; (word = strtok_r(NULL, " ", &words));) {
			char *value = strchr(word, '=');
			uint64_t n;

			if (!value || fmt_parse_u64(value + 1, &n) < 0)
				continue;
			*value = '\0';
			if (strcmp(word, read) == 0)
				add_row(s, start, major, minor, "Read", n);
			else if (strcmp(word, write) == 0)
				add_row(s, start, major, minor, "Write", n);
		}
	}
}

/* Lines "8:0 Read 1"; the last one, "Total 1", is of no device. */
static void add_v1(struct str *s, char *text)
{
	size_t start = s->len;
	char *lines = NULL;

	for (char *line = strtok_r(text, "\n", &lines); line; line = strtok_r(NULL, "\n", &lines)) {
		unsigned int major, minor;
		char op[16];
		uint64_t n;

		if (sscanf(line, "%u:%u %15s %" SCNu64, &major, &minor, op, &n) == 4)
			add_row(s, start, major, minor, op, n);
	}
}

static void add_io_list(struct cgroup *cg, struct str *s, const char *name, const char *v1_file,
			const char *read, const char *write)
{
	bool is_v2 = cgroup_controller_where(CGROUP_IO) == CGROUP_ON_V2;
	_cleanup_free_ char *text = NULL;

	str_addf(s, "\"%s\":[", name);
	if (cgroup_read(cg, CGROUP_IO, v1_file, "io.stat", &text) < 0)
		;
	else if (is_v2)
		add_v2(s, text, read, write);
	else
		add_v1(s, text);
	str_add(s, "]");
}

void stats_blkio(struct cgroup *cg, struct str *s)
{
	str_add(s, "\"blkio\":{");
	add_io_list(cg, s, "ioServiceBytesRecursive", "blkio.throttle.io_service_bytes_recursive",
		    "rbytes", "wbytes");
	str_add(s, ",");
	add_io_list(cg, s, "ioServicedRecursive", "blkio.throttle.io_serviced_recursive", "rios",
		    "wios");
	stats_psi(cg, "io.pressure", s);
	str_add(s, "},");
}

/* Number of a file of one size: hugetlb.2MB.usage_in_bytes, hugetlb.2MB.current. */
static bool hugetlb_value(struct cgroup *cg, const char *size, const char *v1, const char *v2,
			  uint64_t *ret)
{
	_cleanup_free_ char *text = NULL;
	char v1_file[64], v2_file[64];
	const char *number;

	(void)err_format(v1_file, sizeof(v1_file), "hugetlb.%s.%s", size, v1);
	(void)err_format(v2_file, sizeof(v2_file), "hugetlb.%s.%s", size, v2 ? v2 : "");
	if (cgroup_read(cg, CGROUP_HUGETLB, v1_file, v2 ? v2_file : NULL, &text) < 0)
		return false;
	number = str_starts(text, "max ") ? text + 4 : text; /* of hugetlb.2MB.events */
	text[strcspn(text, "\n")] = '\0';
	return fmt_parse_u64(number, ret) == 0;
}

/* "hugepages-2048kB" of /sys as the cgroup's files have it: "2MB", "1GB", "64KB". */
static bool hugetlb_size(const char *name, char *ret, unsigned int size)
{
	static const char *const units[] = { "KB", "MB", "GB" };
	unsigned long long n;
	size_t unit = 0;

	if (sscanf(name, "hugepages-%llukB", &n) != 1)
		return false;
	for (; n >= 1024 && unit < ARRAY_SIZE(units) - 1; unit++)
		n /= 1024;
	(void)err_format(ret, size, "%llu%s", n, units[unit]);
	return true;
}

void stats_hugetlb(struct cgroup *cg, struct str *s)
{
	DIR *dir = opendir("/sys/kernel/mm/hugepages");
	bool is_first = true;
	struct dirent *de;

	str_add(s, "\"hugetlb\":{");
	while (dir && (de = readdir(dir))) {
		uint64_t usage, max = 0, failed = 0;
		char size[16];

		if (!hugetlb_size(de->d_name, size, sizeof(size)) ||
		    !hugetlb_value(cg, size, "usage_in_bytes", "current", &usage))
			continue;
		(void)hugetlb_value(cg, size, "max_usage_in_bytes", NULL, &max);
		(void)hugetlb_value(cg, size, "failcnt", "events", &failed);
		str_addf(s, "%s\"%s\":{\"usage\":%llu,\"max\":%llu,\"failcnt\":%llu}",
			 is_first ? "" : ",", size, (unsigned long long)usage,
			 (unsigned long long)max, (unsigned long long)failed);
		is_first = false;
	}
	if (dir)
		(void)closedir(dir);
	str_add(s, "},");
}

/* The line of @resource in a schemata file, "L3:0=ff;1=ff"; blanks stand before it. */
static void add_schema(struct str *s, const char *text, const char *resource, const char *name,
		       bool *is_first)
{
	size_t n = strlen(resource);

	for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		_cleanup_free_ char *copy = NULL;

		line += strspn(line, " ");
		if (strncmp(line, resource, n) != 0 || line[n] != ':')
			continue;
		copy = strndup(line, strcspn(line, "\n"));
		str_addf(s, "%s\"%s\":", *is_first ? "" : ",", name);
		str_add_json(s, copy ? copy : "");
		*is_first = false;
		return;
	}
}

static void add_schemata(struct str *s, int fd, const char *path, const char *l3, const char *mb,
			 bool *is_first)
{
	_cleanup_free_ char *text = NULL;

	if (io_read_file(fd, path, SCHEMATA_MAX, &text, NULL, NULL) < 0)
		return;
	add_schema(s, text, "L3", l3, is_first);
	add_schema(s, text, "MB", mb, is_first);
}

void stats_rdt(const struct record *r, struct str *s)
{
	_cleanup_fd_ int fd = r->resctrl && *r->resctrl ? resctrl_open(NULL) : -1;
	_cleanup_free_ char *own = str_printf("%s/schemata", r->resctrl ? r->resctrl : "");
	bool is_first = true;

	str_add(s, "\"intel_rdt\":{");
	if (fd >= 0 && own) {
		add_schemata(s, fd, "schemata", "l3_cache_schema_root", "mem_bw_schema_root",
			     &is_first);
		add_schemata(s, fd, own, "l3_cache_schema", "mem_bw_schema", &is_first);
	}
	str_add(s, "},");
}
