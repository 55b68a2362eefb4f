// SPDX-License-Identifier: Apache-2.0
/* Statistics: each controller from the hierarchy that has it. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/fmt.h"
#include "base/io.h"
#include "kern/cgroup_impl.h"

bool cgroup_flat_value(const char *text, const char *key, uint64_t *ret)
{
	size_t n = strlen(key);

	for (const char *p = text; p; p = strchr(p, '\n')) {
		uint64_t value = 0;

		p += *p == '\n';
		if (strncmp(p, key, n) != 0 || p[n] != ' ')
			continue;
		p += n + 1;
		if (*p < '0' || *p > '9')
			return false;
		while (*p >= '0' && *p <= '9')
			value = value * 10 + (uint64_t)(*p++ - '0');
		*ret = value;
		return true;
	}
	return false;
}

int cgroup_read_u64(int dirfd, const char *path, uint64_t *ret)
{
	char text[32];
	ssize_t n = io_read_small(dirfd, path, text, sizeof(text));

	if (n < 0)
		return (int)n;
	if (strcmp(text, "max") == 0) {
		*ret = CGROUP_UNLIMITED;
		return 0;
	}
	return fmt_parse_u64(text, ret);
}

static int add_threads(int fd, void *data)
{
	_cleanup_fd_ int list =
		openat(fd, cgroup_v2_root() ? "cgroup.threads" : "tasks", O_RDONLY | O_CLOEXEC);
	uint64_t *sum = data;
	char text[4096];
	ssize_t n;

	if (list < 0)
		return -errno;
	while ((n = read(list, text, sizeof(text))) > 0)
		for (ssize_t i = 0; i < n; i++)
			*sum += text[i] == '\n';
	return n < 0 ? -errno : 0;
}

/* Without the pids controller the members are counted one by one, when somebody asks. */
static int count_threads(struct cgroup *cg, struct cgroup_stats *s)
{
	int fd = cgroup_track_fd(cg, NULL), r;

	if (fd < 0)
		return fd;
	r = cgroup_walk(fd, add_threads, &s->pids_current, CGROUP_DEPTH_MAX);
	s->has_pids = r == 0;
	s->pids_limit = CGROUP_UNLIMITED;
	return r;
}

int cgroup_stats(struct cgroup *cg, struct cgroup_stats *ret, struct err *e)
{
	struct cgroup_stats s = { .has_cpu = false };

	for (enum cgroup_controller c = 0; c < CGROUP_CONTROLLER_COUNT; c++) {
		const struct cgroup_driver *d = cgroup_driver_of(c);
		int r;

		if (!d || !d->stat[c])
			continue;
		if (c == CGROUP_CPUACCT && cg->fd >= 0)
			continue; /* v2 has counted the same, below */
		r = d->stat[c](cg, &s);
		if (r < 0 && r != -ENOENT && r != -ENODEV)
			return err_set(e, r, "read %s statistics of cgroup '%s'",
				       cgroup_controller_name(c), cg->id);
	}
	if (!s.has_pids) {
		int r = count_threads(cg, &s);

		if (r < 0)
			return err_set(e, r, "count processes of cgroup '%s'", cg->id);
	}
	/* usage is there on v2 with or without the controller */
	if (cg->fd >= 0 && !s.has_cpu) {
		int r = cgroup_v2_driver.stat[CGROUP_CPU](cg, &s);

		if (r < 0)
			return err_set(e, r == -ENODEV ? -ENOENT : r,
				       "read CPU statistics of cgroup '%s'", cg->id);
	}
	*ret = s;
	return 0;
}

/* Asked at every exit, so it looks straight for the file: one system call where there is none. */
int cgroup_oom_count(struct cgroup *cg, uint64_t *ret, struct err *e)
{
	const struct cgroup_driver *v1 = &cgroup_v1_driver, *v2 = &cgroup_v2_driver;
	int r = cg->fd < 0 ? -ENODATA : v2->oom_count(cg, ret, e);

	if (r != -ENODATA || (cg->is_v1_known && !(cg->v1 & 1u << CGROUP_MEMORY) && cg->fd >= 0))
		return r;
	err_clear(e);
	return v1->oom_count(cg, ret, e);
}
