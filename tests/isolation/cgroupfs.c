// SPDX-License-Identifier: Apache-2.0
/* Mounts of cgroup file systems, and files in them. */
#include "cgroupfs.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "probe.h"

bool cgroupfs_is(const struct mount *m)
{
	return strcmp(m->type, "cgroup") == 0 || strcmp(m->type, "cgroup2") == 0;
}

bool cgroupfs_is_top(const struct mount *m)
{
	bool is_v2 = strcmp(m->type, "cgroup2") == 0;
	char path[PATH_MAX];
	bool is_there = access(cgroupfs_path(path, m, is_v2 ? "cgroup.events" : "release_agent"),
			       F_OK) == 0;

	return is_there != is_v2;
}

const char *cgroupfs_path(char *path, const struct mount *m, const char *file)
{
	(void)snprintf(path, PATH_MAX, "%s/%s", m->point, file);
	return path;
}

int cgroupfs_read(const char *v2, const char *controller, const char *v1, char *buf, size_t size)
{
	struct mounts m = { 0 };
	char path[PATH_MAX];
	int r = mounts_read(&m, "/proc/self/mountinfo");

	for (size_t i = 0; r == 0 && i < m.count; i++) {
		bool is_v2 = strcmp(m.v[i].type, "cgroup2") == 0;
		int len;

		if (!cgroupfs_is(&m.v[i]) || cgroupfs_is_top(&m.v[i]) ||
		    (!is_v2 && !list_has(m.v[i].super_options, controller)))
			continue;
		len = read_text(cgroupfs_path(path, &m.v[i], is_v2 ? v2 : v1), buf, size);
		if (len != -ENOENT)
			return len;
	}
	return r < 0 ? r : -ENOENT;
}
