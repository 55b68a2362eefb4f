// SPDX-License-Identifier: Apache-2.0
/* Processes that /proc lists. */
#include "procs.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "probe.h"

int procs_list(pid_t *pids, size_t size)
{
	DIR *dir = opendir("/proc");
	struct dirent *d;
	size_t n = 0;

	if (!dir)
		return -errno;
	while (n < size && (d = readdir(dir)))
		if (isdigit((unsigned char)d->d_name[0]))
			pids[n++] = (pid_t)strtol(d->d_name, NULL, 10);
	(void)closedir(dir);
	return (int)n;
}

const char *proc_path(pid_t pid, const char *name)
{
	static char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	return path;
}

int proc_field(pid_t pid, const char *name, int base, uint64_t *ret_value)
{
	char text[256], *end;
	int r = read_field(proc_path(pid, "status"), name, text, sizeof(text));
	unsigned long long value;

	if (r < 0)
		return r;
	errno = 0;
	value = strtoull(text, &end, base);
	if (errno || end == text)
		return -EINVAL;
	*ret_value = value;
	return 0;
}

pid_t proc_parent(pid_t pid)
{
	uint64_t parent;

	return proc_field(pid, "PPid", 10, &parent) < 0 ? -1 : (pid_t)parent;
}
