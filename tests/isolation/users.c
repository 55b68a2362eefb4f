// SPDX-License-Identifier: Apache-2.0
/* Users and groups are those that were asked for. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "groups.h"
#include "probe.h"

#define GROUPS_MAX 256
#define OVERFLOW_ID 65534

/* one line of a map, spaces squeezed: "0 100000 65536"; several with ',' between */
static int read_map(const char *path, char *buf, size_t size)
{
	char text[4096], *to = buf;
	int r = read_text(path, text, sizeof(text));

	if (r < 0)
		return r;
	if ((size_t)r >= size)
		return -E2BIG;
	for (char *c = text; *c; c++) {
		if (*c == '\n' && c[1])
			*to++ = ',';
		else if (*c != ' ' && *c != '\n')
			*to++ = *c;
		else if (*c == ' ' && to > buf && to[-1] != ' ' && to[-1] != ',')
			*to++ = ' ';
	}
	*to = '\0';
	return 0;
}

static int map_is_asked(const struct probe *p, const struct facts *f, struct seen *s)
{
	const char *want = facts_get(f, "want.uid_map");
	char map[4096];
	int r = read_map(p->path, map, sizeof(map));

	if (!want)
		return seen_unknown(s, "want.uid_map");
	if (r < 0)
		return seen_fail(s, "%s: %s", p->path, errno_name(-r));
	return seen_as(s, strcmp(map, want) == 0, "'%.200s', asked for was '%.200s'", map, want);
}

/* an id behind the last that is mapped; -1 if the map is full */
static long unmapped_id(const char *path)
{
	unsigned long inside, outside, count, end = 0;
	char map[4096];

	if (read_map(path, map, sizeof(map)) < 0)
		return -1;
	for (char *save, *line = strtok_r(map, ",", &save); line;
	     line = strtok_r(NULL, ",", &save)) {
		char *at = line;

		inside = strtoul(at, &at, 10);
		outside = strtoul(at, &at, 10);
		count = strtoul(at, &at, 10);
		(void)outside;
		if (inside + count > end)
			end = inside + count;
	}
	return end < 0xffffffff ? (long)end : -1;
}

static int unmapped_is_refused(const struct probe *p, const struct facts *f, struct seen *s)
{
	long id = unmapped_id("/proc/self/uid_map");
	int fd, err;

	(void)f;
	if (id < 0)
		return seen_fail(s, "every id is mapped");
	if (!p->num) {
		err = syscall(SYS_setresuid, id, id, id) < 0 ? errno : 0;
		return seen_as(s, err == EINVAL, "setresuid to %ld: %s", id, errno_name(err));
	}
	fd = memfd_create("davit-probe", MFD_CLOEXEC);
	if (fd < 0)
		return seen_skip(s, "memfd_create: %s", errno_name(errno));
	err = fchown(fd, (uid_t)id, (gid_t)-1) < 0 ? errno : 0;
	(void)close(fd);
	return seen_as(s, err == EINVAL, "fchown to %ld: %s", id, errno_name(err));
}

/* "Uid:\t0\t0\t0\t0": real, effective, saved and that for files */
static int ids_agree(const struct probe *p, const struct facts *f, struct seen *s)
{
	char text[128];
	unsigned long id[4];
	char *at = text;
	int r = read_field("/proc/self/status", p->path, text, sizeof(text));

	(void)f;
	if (r < 0)
		return seen_fail(s, "%s: %s", p->path, errno_name(-r));
	for (size_t i = 0; i < 4; i++)
		id[i] = strtoul(at, &at, 10);
	return seen_as(s, id[0] == id[1] && id[0] == id[2] && id[0] == id[3], "%s %lu %lu %lu %lu",
		       p->path, id[0], id[1], id[2], id[3]);
}

static bool is_member(const struct group *g, const char *user)
{
	for (char **m = g->gr_mem; m && *m; m++)
		if (strcmp(*m, user) == 0)
			return true;
	return false;
}

/* Engines give a user the groups of the image's /etc/group; any other comes from the host. */
static int groups_are_own(const struct probe *p, const struct facts *f, struct seen *s)
{
	gid_t groups[GROUPS_MAX];
	int n = getgroups(GROUPS_MAX, groups);

	(void)p;
	(void)f;
	if (n < 0)
		return seen_fail(s, "getgroups: %s", errno_name(errno));
	for (int i = 0; i < n; i++) {
		FILE *file;
		bool is_known = groups[i] == getgid();

		file = fopen("/etc/group", "re");
		for (struct group *g; file && !is_known && (g = fgetgrent(file));)
			is_known = g->gr_gid == groups[i] && is_member(g, "root");
		if (file)
			(void)fclose(file);
		if (!is_known)
			return seen_fail(s, "%u, one of %d, is no group of root in /etc/group",
					 (unsigned int)groups[i], n);
	}
	return seen_pass(s, "%d, all of them the image's", n);
}

/* user_namespaces(7): a file that somebody outside owns stays as it is */
static int hosts_files_are_closed(const struct probe *p, const struct facts *f, struct seen *s)
{
	struct stat st;
	int err;

	(void)f;
	if (stat(p->path, &st) < 0)
		return seen_skip(s, "%s: %s", p->path, errno_name(errno));
	if (st.st_uid != OVERFLOW_ID)
		return seen_fail(s, "%s belongs to %u", p->path, (unsigned int)st.st_uid);
	err = chmod(p->path, st.st_mode & 07777) < 0 ? errno : 0;
	return seen_as(s, err == EPERM || err == EROFS, "%s belongs to %u, chmod: %s", p->path,
		       (unsigned int)st.st_uid, errno_name(err));
}

/* clang-format off */
#define OWN_USERS "user/new-namespace"

static const struct probe probes[] = {
	{ "users/uid-map", "read /proc/self/uid_map", map_is_asked,
	  .needs = OWN_USERS, .path = "/proc/self/uid_map" },
	{ "users/gid-map", "read /proc/self/gid_map", map_is_asked,
	  .needs = OWN_USERS, .path = "/proc/self/gid_map" },
	{ "users/unmapped-setuid", "become a user outside of the map", unmapped_is_refused,
	  .needs = "users/uid-map", .num = 0 },
	{ "users/unmapped-chown", "give a file to a user outside of the map", unmapped_is_refused,
	  .needs = "users/uid-map", .num = 1 },
	{ "users/sysctl-owner", "chmod a file of /proc/sys to its own mode", hosts_files_are_closed,
	  .needs = "users/uid-map", .path = "/proc/sys/kernel/core_pattern" },
	{ "users/uids-agree", "read all four user ids", ids_agree, .path = "Uid" },
	{ "users/gids-agree", "read all four group ids", ids_agree, .path = "Gid" },
	{ "users/groups", "look for supplementary groups that /etc/group does not give",
	  .run = groups_are_own },
};
/* clang-format on */

const struct probe_group user_group = {
	.name = "users",
	.summary = "users and groups are those that were asked for",
	PROBES(probes),
};
