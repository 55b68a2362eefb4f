// SPDX-License-Identifier: Apache-2.0
/* linux.intelRdt: groups of the resctrl file system, which divide caches and memory bandwidth. */
#include "runtime/resctrl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/io.h"
#include "base/str.h"
#include "spec/oci_config.h"

#define RESCTRL_MAGIC 0x7655821 /* RDTGROUP_SUPER_MAGIC */
#define RESCTRL_DIR "/sys/fs/resctrl"
#define SCHEMATA_MAX (1u << 20) /* bytes of a file of all schemata */
#define STATUS_FILE "info/last_cmd_status" /* why the last write was refused */
#define STATUS_MAX 256u

int resctrl_open(struct err *e)
{
	_cleanup_fd_ int fd = open(RESCTRL_DIR, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct statfs fs;

	if (fd >= 0 && fstatfs(fd, &fs) == 0 && (unsigned long)fs.f_type == RESCTRL_MAGIC)
		return TAKE_FD(fd);
	(void)err_plain(e, -EOPNOTSUPP,
			"linux.intelRdt: resctrl is not mounted on '" RESCTRL_DIR "'");
	err_hint(e, "mount -t resctrl resctrl " RESCTRL_DIR
		    ", on a processor with cache allocation (rdt_a in /proc/cpuinfo)");
	return -EOPNOTSUPP;
}

static bool has_monitoring(const struct oci_intel_rdt *rdt)
{
	return rdt->enable_monitoring || rdt->enable_cmt || rdt->enable_mbm;
}

static const char *class_of(const struct oci_intel_rdt *rdt, const char *id)
{
	return rdt->clos_id ? rdt->clos_id : id;
}

char *resctrl_own(const struct oci_intel_rdt *rdt, const char *id)
{
	if (!rdt->clos_id)
		return strdup(id);
	return has_monitoring(rdt) ? str_printf("%s/mon_groups/%s", rdt->clos_id, id) : strdup("");
}

/* -- schemata -- */

/* l3CacheSchema may bring lines of MB, which memBwSchema replaces. */
static void add_l3(struct strv *lines, const struct oci_intel_rdt *rdt, bool *failed)
{
	for (const char *p = rdt->l3_cache_schema; p && *p;) {
		size_t n = strcspn(p, "\n");

		if (n && !(rdt->mem_bw_schema && str_starts(p, "MB:")))
			*failed |= strv_add_n(lines, p, n) < 0;
		p += n + (p[n] == '\n');
	}
}

static int list_lines(const struct oci_intel_rdt *rdt, struct strv *lines, struct err *e)
{
	bool failed = false;

	add_l3(lines, rdt, &failed);
	if (rdt->mem_bw_schema)
		failed |= strv_add(lines, rdt->mem_bw_schema) < 0;
	for (size_t i = 0; i < rdt->schemata.n; i++)
		failed |= strv_add(lines, rdt->schemata.v[i]) < 0;
	return failed ? err_set(e, ENOMEM, "linux.intelRdt: prepare") : 0;
}

/* The kernel says more than an errno in a file. */
static int refused(int fd, int r, const char *what, const char *dir, const char *text,
		   struct err *e)
{
	char status[STATUS_MAX];

	(void)err_set(e, r, "linux.intelRdt: write '%s' to %s of class '%s'", text, what, dir);
	if (io_read_small(fd, STATUS_FILE, status, sizeof(status)) > 0 && !str_eq(status, "ok"))
		err_hint(e, "%s", status);
	return r;
}

static int write_lines(int fd, const char *dir, const struct strv *lines, struct err *e)
{
	_cleanup_free_ char *path = str_printf("%s/schemata", dir);

	if (!path)
		return err_set(e, ENOMEM, "linux.intelRdt: prepare");
	for (size_t i = 0; i < lines->n; i++) {
		_cleanup_free_ char *text = str_printf("%s\n", lines->v[i]);
		int r = text ? io_write_file(fd, path, text) : -ENOMEM;

		if (r < 0)
			return refused(fd, r, "schemata", dir, lines->v[i], e);
	}
	return 0;
}

/* "0=7f0" of "0=7f0;1=01f": equal but for zeros or blanks that the kernel puts before a number */
static bool is_same_part(const char *a, size_t n_a, const char *b, size_t n_b)
{
	const char *value_a = memchr(a, '=', n_a), *value_b = memchr(b, '=', n_b);
	size_t key;

	if (!value_a || !value_b)
		return n_a == n_b && memcmp(a, b, n_a) == 0;
	key = (size_t)(value_a - a);
	if (key != (size_t)(value_b - b) || memcmp(a, b, key) != 0)
		return false;
	while (value_a + 2 < a + n_a && (value_a[1] == '0' || value_a[1] == ' '))
		value_a++;
	while (value_b + 2 < b + n_b && (value_b[1] == '0' || value_b[1] == ' '))
		value_b++;
	n_a -= (size_t)(value_a - a);
	n_b -= (size_t)(value_b - b);
	return n_a == n_b && strncasecmp(value_a + 1, value_b + 1, n_a - 1) == 0;
}

static bool has_part(const char *line, const char *part, size_t n)
{
	for (const char *p = line; *p && *p != '\n';) {
		size_t len = strcspn(p, ";\n");

		if (is_same_part(p, len, part, n))
			return true;
		p += len + (p[len] == ';');
	}
	return false;
}

/* Is all that @line says ("L3:0=f;1=3") in the line of its resource in @have? */
static bool has_line(const char *have, const char *line)
{
	size_t name = strcspn(line, ":") + 1;

	for (const char *p = have; *p; p += strcspn(p, "\n"), p += *p == '\n') {
		const char *rest = line + name;

		p += strspn(p, " \t");
		if (strncmp(p, line, name) != 0)
			continue;
		while (*rest) {
			size_t n = strcspn(rest, ";");

			if (!has_part(p + name, rest, n))
				return false;
			rest += n + (rest[n] == ';');
		}
		return true;
	}
	return false;
}

static int compare_lines(int fd, const char *dir, const struct strv *lines, struct err *e)
{
	_cleanup_free_ char *path = str_printf("%s/schemata", dir), *have = NULL;
	int r;

	if (!lines->n)
		return 0;
	if (!path)
		return err_set(e, ENOMEM, "linux.intelRdt: prepare");
	r = io_read_file(fd, path, SCHEMATA_MAX, &have, NULL, e);
	if (r < 0)
		return err_wrap(e, r, "linux.intelRdt.closID: class '%s'", dir);
	for (size_t i = 0; i < lines->n; i++)
		if (!has_line(have, lines->v[i]))
			return err_plain(
				e, -EEXIST,
				"linux.intelRdt: class '%s' is there, and '%s' is not in its schemata",
				dir, lines->v[i]);
	return 0;
}

/* -- groups -- */

static int make_monitoring(int fd, const char *dir, const char *id, struct err *e)
{
	_cleanup_free_ char *path = str_printf("%s/mon_groups/%s", dir, id);

	if (!path)
		return err_set(e, ENOMEM, "linux.intelRdt: prepare");
	if (mkdirat(fd, path, 0755) == 0 || errno == EEXIST)
		return 0;
	return err_set(e, errno, "linux.intelRdt.enableMonitoring: make '%s'", path);
}

static int fill(int fd, const struct oci_intel_rdt *rdt, const char *id, bool is_new, struct err *e)
{
	_cleanup_strv_ struct strv lines = { .v = NULL };
	const char *dir = class_of(rdt, id);
	int r = list_lines(rdt, &lines, e);

	if (r == 0 && is_new && rdt->clos_id && !lines.n)
		return err_plain(
			e, -ENOENT,
			"linux.intelRdt.closID: there is no class '%s', and no schema for it", dir);
	if (r == 0)
		r = is_new ? write_lines(fd, dir, &lines, e) : compare_lines(fd, dir, &lines, e);
	return r == 0 && has_monitoring(rdt) ? make_monitoring(fd, dir, id, e) : r;
}

int resctrl_prepare(int fd, const struct oci_intel_rdt *rdt, const char *id, struct err *e)
{
	const char *dir = class_of(rdt, id);
	bool is_new = mkdirat(fd, dir, 0755) == 0;
	int r;

	if (!is_new && (errno != EEXIST || !rdt->clos_id)) {
		r = err_set(e, errno, "linux.intelRdt.closID: make class '%s'", dir);
		if (r == -ENOSPC)
			err_hint(e, "the processor has no more classes of service");
		return r;
	}
	r = fill(fd, rdt, id, is_new, e);
	if (r < 0 && is_new)
		(void)unlinkat(fd, dir, AT_REMOVEDIR); /* the first error is the one to tell */
	return r;
}

static int join_group(int fd, const char *dir, pid_t pid, struct err *e)
{
	_cleanup_free_ char *path = str_printf("%s/tasks", dir);
	char text[16];
	int r;

	(void)err_format(text, sizeof(text), "%d", pid);
	r = path ? io_write_file(fd, path, text) : -ENOMEM;
	return r < 0 ? refused(fd, r, "tasks", dir, text, e) : 0;
}

int resctrl_join(int fd, const struct oci_intel_rdt *rdt, const char *id, pid_t pid, struct err *e)
{
	const char *dir = class_of(rdt, id);
	_cleanup_free_ char *group = str_printf("%s/mon_groups/%s", dir, id);
	int r = group ? join_group(fd, dir, pid, e) : -ENOMEM;

	return r == 0 && has_monitoring(rdt) ? join_group(fd, group, pid, e) : r;
}

int resctrl_remove(int fd, const char *own, struct err *e)
{
	if (!*own || unlinkat(fd, own, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	return err_set(e, errno, "linux.intelRdt: remove group '%s'", own);
}
