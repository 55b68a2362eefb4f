// SPDX-License-Identifier: Apache-2.0
/* cgroup v1 hierarchies: joined one by one, limits and statistics in their files. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/io.h"
#include "base/str.h"
#include "kern/cgroup_impl.h"

#define NUMBER_MAX 64u /* "MAJOR:MINOR NUMBER" and shorter */
#define LIST_MAX 4096u /* a list of CPUs or memory nodes */
#define ATTACH_MAX 64u /* rounds of moving members; a fork bomb outruns it */

/* v1 has no "max" in memory: the page counter's maximum in bytes, less what a page rounds off */
#define V1_UNLIMITED (INT64_MAX & ~(int64_t)0xffff)

/* A new cpuset is empty and takes no task: the slice gets what the root has. */
static int fill_slice_cpuset(const char *slice, struct err *e)
{
	static const char *const files[][2] = {
		{ "cpuset.cpus", CGROUP_ROOT "/cpuset/cpuset.effective_cpus" },
		{ "cpuset.mems", CGROUP_ROOT "/cpuset/cpuset.effective_mems" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		char path[CGROUP_PATH_MAX], text[LIST_MAX];
		ssize_t n;
		int r;

		cgroup_v1_path(path, CGROUP_CPUSET, slice, NULL, files[i][0]);
		n = io_read_small(-1, path, text, sizeof(text));
		if (n > 0)
			continue;
		if (n == 0)
			n = io_read_small(-1, files[i][1], text, sizeof(text));
		if (n < 0)
			return err_set(e, (int)n, "read '%s' of the cpuset root", files[i][0]);
		r = io_write_file(-1, path, text);
		if (r < 0)
			return err_set(e, r, "write '%s' to '%s'", text, path);
	}
	return 0;
}

static int make_slice(const char *slice, enum cgroup_controller c, struct err *e)
{
	char path[CGROUP_PATH_MAX];

	/* an unmounted controller leaves a plain directory behind: it must not be taken for one */
	if (!cgroup_v1_is_mounted(c))
		return cgroup_controller_missing(cgroup_v1_name(c), e);
	if (mkdir(cgroup_v1_path(path, c, slice, NULL, NULL), 0755) < 0 && errno != EEXIST)
		return err_set(e, errno, "make cgroup '%s'", path);
	return 0;
}

static int open_tasks(struct cgroup *cg, enum cgroup_controller c)
{
	char path[CGROUP_PATH_MAX];
	int fd = open(cgroup_v1_path(path, c, cg->slice, cg->id, "tasks"), O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	cg->join[cg->n_join++] = fd;
	cg->v1 |= 1u << c;
	return 0;
}

int cgroup_v1_join(struct cgroup *cg, enum cgroup_controller c, unsigned int flags, struct err *e)
{
	char path[CGROUP_PATH_MAX];
	int r;

	if (cg->v1 & 1u << c)
		return 0;
	r = mkdir(cgroup_v1_path(path, c, cg->slice, cg->id, NULL), 0755);
	if (r < 0 && errno == ENOENT) {
		r = make_slice(cg->slice, c, e);
		if (r < 0)
			return r;
		r = mkdir(path, 0755);
	}
	/* there already: mounted together with another controller that is joined */
	if (r < 0 && (errno != EEXIST || flags & CGROUP_V1_EXCLUSIVE))
		return err_set(e, errno, "make cgroup '%s'", path);
	r = open_tasks(cg, c);
	if (r < 0) {
		(void)rmdir(path); /* ours, empty */
		if (r == -ENOENT)
			return cgroup_controller_missing(cgroup_v1_name(c), e);
		return err_set(e, r, "open '%s/tasks'", path);
	}
	return 0;
}

int cgroup_v1_join_named(struct cgroup *cg, struct err *e)
{
	char path[CGROUP_PATH_MAX];
	int fd;

	err_format(path, sizeof(path), CGROUP_NAMED "%s/%s/tasks", cg->slice, cg->id);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : err_set(e, errno, "open '%s'", path);
	cg->join[cg->n_join++] = fd;
	return 0;
}

enum cgroup_controller cgroup_v1_count(const char *slice)
{
	return cgroup_is_path(slice) ? CGROUP_ALL_COUNT : CGROUP_CONTROLLER_COUNT;
}

int cgroup_v1_find(struct cgroup *cg, struct err *e)
{
	enum cgroup_controller count = cgroup_v1_count(cg->slice);
	int r = !cg->is_v1_known && cgroup_is_path(cg->slice) ? cgroup_v1_join_named(cg, e) : 0;

	if (r < 0)
		return r;
	for (enum cgroup_controller c = 0; !cg->is_v1_known && c < count; c++) {
		bool is_v2s = cg->fd >= 0 && CGROUP_V1_ALONE & 1u << c &&
			      !cgroup_is_path(cg->slice);

		r = is_v2s ? 0 : open_tasks(cg, c);
		if (r < 0 && r != -ENOENT)
			return err_set(e, r, "open 'tasks' of cgroup '%s' in '%s'", cg->id,
				       cgroup_v1_name(c));
	}
	cg->is_v1_known = true;
	return 0;
}

enum cgroup_controller cgroup_v1_tracker(void)
{
	static const enum cgroup_controller order[] = { CGROUP_FREEZER, CGROUP_PIDS,
							CGROUP_MEMORY };

	for (size_t i = 0; i < ARRAY_SIZE(order); i++)
		if (cgroup_v1_is_mounted(order[i]))
			return order[i];
	return CGROUP_CPUACCT;
}

static bool has_pid(const char *list, pid_t pid)
{
	char text[16];
	size_t n = err_format(text, sizeof(text), "%d", pid);

	for (const char *p = list; (p = strstr(p, text)); p += n)
		if ((p == list || p[-1] == '\n') && (p[n] == '\n' || p[n] == '\0'))
			return true;
	return false;
}

/* Return: number of members moved, or -errno */
static int attach_round(struct cgroup *cg, enum cgroup_controller c, struct err *e)
{
	_cleanup_free_ pid_t *pids = NULL;
	_cleanup_free_ char *have = NULL;
	char path[CGROUP_PATH_MAX], text[16];
	size_t n = 0;
	int r, moved = 0;

	cgroup_v1_path(path, c, cg->slice, cg->id, "cgroup.procs");
	r = io_read_file(-1, path, CGROUP_STAT_MAX, &have, NULL, e);
	if (r == 0)
		r = cgroup_pids(cg, &pids, &n, e);
	for (size_t i = 0; r == 0 && i < n; i++) {
		if (has_pid(have, pids[i]))
			continue;
		err_format(text, sizeof(text), "%d", pids[i]);
		r = io_write_file(-1, path, text);
		if (r == 0)
			moved++;
		else if (r == -ESRCH)
			r = 0;
		else
			return err_set(e, r, "write '%s' to '%s'", text, path);
	}
	return r < 0 ? r : moved;
}

int cgroup_v1_attach(struct cgroup *cg, unsigned int mask, struct err *e)
{
	for (enum cgroup_controller c = 0; c < CGROUP_ALL_COUNT; c++) {
		unsigned int rounds = 0;
		int r = 1;

		/* until a round finds nobody outside: children of moved processes are inside */
		while (mask & 1u << c && r > 0) {
			r = attach_round(cg, c, e);
			if (r < 0)
				return r;
			if (++rounds > ATTACH_MAX)
				return err_plain(e, -EAGAIN,
						 "cgroup '%s' forks faster than its "
						 "processes can be moved",
						 cg->id);
		}
	}
	return 0;
}

int cgroup_v1_write(struct cgroup *cg, enum cgroup_controller c, const char *file, const char *text,
		    struct err *e)
{
	char path[CGROUP_PATH_MAX];
	int r = cgroup_v1_join(cg, c, 0, e);

	if (r < 0)
		return r;
	r = io_write_file(-1, cgroup_v1_path(path, c, cg->slice, cg->id, file), text);
	if (r == -ENOENT)
		return err_plain(e, -EOPNOTSUPP, "this kernel has no '%s' in its '%s' controller",
				 file, cgroup_v1_name(c));
	return r < 0 ? err_set(e, r, "write '%s' to '%s'", text, file) : 0;
}

static const char *number(char buf[static NUMBER_MAX], int64_t n)
{
	err_format(buf, NUMBER_MAX, "%lld", (long long)n);
	return buf;
}

static int write_memory(struct cgroup *cg, int64_t bytes, struct err *e)
{
	char buf[NUMBER_MAX];

	return bytes ? cgroup_v1_write(cg, CGROUP_MEMORY, "memory.limit_in_bytes",
				       number(buf, bytes), e) :
		       0;
}

static int write_total(struct cgroup *cg, const struct cgroup_limits *l, struct err *e)
{
	int64_t total = cgroup_limits_swap(l);
	char buf[NUMBER_MAX];
	int r = total ? cgroup_v1_write(cg, CGROUP_MEMORY, "memory.memsw.limit_in_bytes",
					number(buf, total), e) :
			0;

	if (r == -EOPNOTSUPP && l->memory_swap > 0)
		err_hint(e, "swap is not accounted on this host; boot with 'swapaccount=1'");
	else if (r == -EOPNOTSUPP && !cgroup_v1_is_mounted(CGROUP_MEMORY))
		return r;
	else if (r == -EOPNOTSUPP) {
		/* no swap accounting, and no limit of swap was asked for */
		err_clear(e);
		r = 0;
	}
	return r;
}

/*
 * The kernel refuses (EINVAL) a memory limit above the one of memory and swap. A new cgroup has
 * neither, so memory goes first; only an update that raises both past the old total is refused so,
 * and goes the other way round.
 */
static int set_memory(struct cgroup *cg, const struct cgroup_limits *l, struct err *e)
{
	int r = write_memory(cg, l->memory, e);

	if (r == -EINVAL && cg->is_opened) {
		err_clear(e);
		r = write_total(cg, l, e);
		return r < 0 ? r : write_memory(cg, l->memory, e);
	}
	if (r == -EBUSY)
		err_hint(e, "the container uses more than that now");
	return r < 0 ? r : write_total(cg, l, e);
}

static int set_reservation(struct cgroup *cg, const struct cgroup_limits *l, struct err *e)
{
	char buf[NUMBER_MAX];

	return cgroup_v1_write(cg, CGROUP_MEMORY, "memory.soft_limit_in_bytes",
			       number(buf, l->memory_reservation), e);
}

static int set_cpus(struct cgroup *cg, const struct cgroup_limits *l, struct err *e)
{
	char buf[NUMBER_MAX];

	/* of the default period, 100 ms */
	return cgroup_v1_write(cg, CGROUP_CPU, "cpu.cfs_quota_us",
			       number(buf, (int64_t)(l->cpu_nano / 10000)), e);
}

static int set_shares(struct cgroup *cg, const struct cgroup_limits *l, struct err *e)
{
	char buf[NUMBER_MAX];

	return cgroup_v1_write(cg, CGROUP_CPU, "cpu.shares", number(buf, l->cpu_shares), e);
}

/* Both files must have a value before the first task joins: what is not asked for is the slice's. */
static int set_cpuset_file(struct cgroup *cg, const char *file, const char *value, bool is_new,
			   struct err *e)
{
	char path[CGROUP_PATH_MAX], text[LIST_MAX];
	ssize_t n;

	if (!value && !is_new)
		return 0;
	cgroup_v1_path(path, CGROUP_CPUSET, cg->slice, NULL, file);
	n = io_read_small(-1, path, text, sizeof(text));
	if (value) {
		int r = cgroup_v1_write(cg, CGROUP_CPUSET, file, value, e);

		if (r < 0 && n > 0)
			err_hint(e, "a list of what is available here: %s", text);
		return r;
	}
	if (n < 0)
		return err_set(e, (int)n, "read '%s'", path);
	return cgroup_v1_write(cg, CGROUP_CPUSET, file, text, e);
}

static int set_cpuset(struct cgroup *cg, const struct cgroup_limits *l, struct err *e)
{
	bool is_new = !(cg->v1 & 1u << CGROUP_CPUSET);
	int r = is_new ? make_slice(cg->slice, CGROUP_CPUSET, e) : 0;

	if (r == 0 && is_new)
		r = fill_slice_cpuset(cg->slice, e);
	if (r == 0)
		r = set_cpuset_file(cg, "cpuset.cpus", l->cpuset_cpus, is_new, e);
	if (r == 0)
		r = set_cpuset_file(cg, "cpuset.mems", l->cpuset_mems, is_new, e);
	return r;
}

static int set_pids(struct cgroup *cg, const struct cgroup_limits *l, struct err *e)
{
	char buf[NUMBER_MAX];

	return cgroup_v1_write(cg, CGROUP_PIDS, "pids.max",
			       l->pids < 0 ? "max" : number(buf, l->pids), e);
}

static int set_weight(struct cgroup *cg, const struct cgroup_limits *l, struct err *e)
{
	char buf[NUMBER_MAX];
	int r = cgroup_v1_write(cg, CGROUP_IO, "blkio.bfq.weight", number(buf, l->blkio_weight), e);

	if (r != -EOPNOTSUPP || !cgroup_v1_is_mounted(CGROUP_IO))
		return r;
	err_clear(e);
	return cgroup_v1_write(cg, CGROUP_IO, "blkio.weight", buf, e);
}

static int set_io(struct cgroup *cg, const struct cgroup_limits *l, struct err *e)
{
	static const char *const files[] = {
		[CGROUP_IO_RBPS] = "blkio.throttle.read_bps_device",
		[CGROUP_IO_WBPS] = "blkio.throttle.write_bps_device",
		[CGROUP_IO_RIOPS] = "blkio.throttle.read_iops_device",
		[CGROUP_IO_WIOPS] = "blkio.throttle.write_iops_device",
	};

	for (size_t i = 0; i < l->n_io; i++) {
		char buf[NUMBER_MAX];
		int r;

		err_format(buf, sizeof(buf), "%u:%u %llu", l->io[i].major, l->io[i].minor,
			   (unsigned long long)l->io[i].value);
		r = cgroup_v1_write(cg, CGROUP_IO, files[l->io[i].kind], buf, e);
		if (r < 0)
			return r;
	}
	return 0;
}

static int v1_read_u64(const struct cgroup *cg, enum cgroup_controller c, const char *file,
		       uint64_t *ret)
{
	char path[CGROUP_PATH_MAX];

	return cgroup_read_u64(-1, cgroup_v1_path(path, c, cg->slice, cg->id, file), ret);
}

static ssize_t v1_read(const struct cgroup *cg, enum cgroup_controller c, const char *file,
		       char *buf, size_t size)
{
	char path[CGROUP_PATH_MAX];

	return io_read_small(-1, cgroup_v1_path(path, c, cg->slice, cg->id, file), buf, size);
}

static int stat_memory(struct cgroup *cg, struct cgroup_stats *s)
{
	char text[8192];
	int r = v1_read_u64(cg, CGROUP_MEMORY, "memory.usage_in_bytes", &s->memory_usage);

	if (r < 0)
		return r;
	s->has_memory = true;
	s->memory_limit = CGROUP_UNLIMITED;
	(void)v1_read_u64(cg, CGROUP_MEMORY, "memory.limit_in_bytes", &s->memory_limit);
	(void)v1_read_u64(cg, CGROUP_MEMORY, "memory.max_usage_in_bytes", &s->memory_peak);
	if (s->memory_limit >= (uint64_t)V1_UNLIMITED)
		s->memory_limit = CGROUP_UNLIMITED;
	if (v1_read(cg, CGROUP_MEMORY, "memory.stat", text, sizeof(text)) < 0)
		return 0;
	(void)cgroup_flat_value(text, "total_rss", &s->memory_anon);
	(void)cgroup_flat_value(text, "total_cache", &s->memory_file);
	(void)cgroup_flat_value(text, "total_inactive_file", &s->memory_inactive_file);
	/* the line is there only while swap is accounted */
	s->has_swap = cgroup_flat_value(text, "total_swap", &s->memory_swap);
	return 0;
}

static int stat_pids(struct cgroup *cg, struct cgroup_stats *s)
{
	int r = v1_read_u64(cg, CGROUP_PIDS, "pids.current", &s->pids_current);

	if (r < 0)
		return r;
	s->has_pids = true;
	s->pids_limit = CGROUP_UNLIMITED;
	(void)v1_read_u64(cg, CGROUP_PIDS, "pids.max", &s->pids_limit);
	return 0;
}

static int stat_throttle(struct cgroup *cg, struct cgroup_stats *s)
{
	char text[512];
	ssize_t n = v1_read(cg, CGROUP_CPU, "cpu.stat", text, sizeof(text));

	if (n < 0)
		return (int)n;
	s->has_throttle = cgroup_flat_value(text, "nr_periods", &s->cpu_periods);
	(void)cgroup_flat_value(text, "nr_throttled", &s->cpu_throttled_periods);
	(void)cgroup_flat_value(text, "throttled_time", &s->cpu_throttled_ns);
	return 0;
}

static int stat_cpuacct(struct cgroup *cg, struct cgroup_stats *s)
{
	int r = v1_read_u64(cg, CGROUP_CPUACCT, "cpuacct.usage", &s->cpu_usage_ns);

	if (r < 0)
		return r;
	s->has_cpu = true;
	(void)v1_read_u64(cg, CGROUP_CPUACCT, "cpuacct.usage_user", &s->cpu_user_ns);
	(void)v1_read_u64(cg, CGROUP_CPUACCT, "cpuacct.usage_sys", &s->cpu_system_ns);
	return 0;
}

/* Lines "MAJOR:MINOR Read NUMBER"; the file ends with a "Total" that is not ours to add. */
static int add_blkio(const struct cgroup *cg, const char *file, uint64_t *ret_read,
		     uint64_t *ret_write)
{
	_cleanup_free_ char *text = NULL;
	char path[CGROUP_PATH_MAX], *save = NULL;
	int r;

	cgroup_v1_path(path, CGROUP_IO, cg->slice, cg->id, file);
	r = io_read_file(-1, path, CGROUP_STAT_MAX, &text, NULL, NULL);
	if (r < 0)
		return r;
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char word[8];
		uint64_t n;

		if (sscanf(line, "%*u:%*u %7s %" SCNu64, word, &n) != 2)
			continue;
		if (strcmp(word, "Read") == 0)
			*ret_read += n;
		else if (strcmp(word, "Write") == 0)
			*ret_write += n;
	}
	return 0;
}

static int stat_io(struct cgroup *cg, struct cgroup_stats *s)
{
	int r = add_blkio(cg, "blkio.throttle.io_service_bytes_recursive", &s->io_read_bytes,
			  &s->io_write_bytes);

	if (r < 0)
		return r;
	s->has_io = true;
	return add_blkio(cg, "blkio.throttle.io_serviced_recursive", &s->io_read_ops,
			 &s->io_write_ops);
}

static int add_oom(int fd, void *data)
{
	uint64_t *sum = data, n;
	char text[256];

	/* unlike memory.events of v2, this file does not include sub-cgroups */
	if (io_read_small(fd, "memory.oom_control", text, sizeof(text)) >= 0 &&
	    cgroup_flat_value(text, "oom_kill", &n))
		*sum += n;
	return 0;
}

static int oom_count(struct cgroup *cg, uint64_t *ret, struct err *e)
{
	char path[CGROUP_PATH_MAX];
	uint64_t sum = 0;
	int fd, r;

	fd = open(cgroup_v1_path(path, CGROUP_MEMORY, cg->slice, cg->id, NULL),
		  O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return err_plain(e, -ENODATA, "cgroup '%s' is in no memory controller", cg->id);
	if (fd < 0)
		return err_set(e, errno, "open '%s'", path);
	r = cgroup_walk(fd, add_oom, &sum, CGROUP_DEPTH_MAX);
	if (r < 0)
		return err_set(e, r, "read cgroups below '%s'", path);
	*ret = sum;
	return 0;
}

const struct cgroup_driver cgroup_v1_driver = {
	.set = {
		[CGROUP_LIMIT_MEMORY] = set_memory,
		[CGROUP_LIMIT_RESERVATION] = set_reservation,
		[CGROUP_LIMIT_CPUS] = set_cpus,
		[CGROUP_LIMIT_SHARES] = set_shares,
		[CGROUP_LIMIT_CPUSET] = set_cpuset,
		[CGROUP_LIMIT_PIDS] = set_pids,
		[CGROUP_LIMIT_WEIGHT] = set_weight,
		[CGROUP_LIMIT_IO] = set_io,
	},
	.stat = {
		[CGROUP_MEMORY] = stat_memory,
		[CGROUP_PIDS] = stat_pids,
		[CGROUP_CPU] = stat_throttle,
		[CGROUP_CPUACCT] = stat_cpuacct,
		[CGROUP_IO] = stat_io,
	},
	.oom_count = oom_count,
};
