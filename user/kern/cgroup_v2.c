// SPDX-License-Identifier: Apache-2.0
/* cgroup v2 interface files: limits, statistics, controllers turned on when something needs it. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/io.h"
#include "base/str.h"
#include "kern/cgroup_impl.h"

#define NUMBER_MAX 48u /* "MAJOR:MINOR riops=NUMBER" and shorter */
#define CPUSET_TEXT_MAX 65536u /* the kernel's own list of processors */

/* Only a plain domain can have containers below it. */
static int check_type(const char *dir, struct err *e)
{
	char path[CGROUP_PATH_MAX], type[32];
	int r;

	err_format(path, sizeof(path), "%s/cgroup.type", dir);
	/* the root has none, and is one */
	if (io_read_small(-1, path, type, sizeof(type)) < 0 || str_eq(type, "domain"))
		return 0;
	r = err_plain(e, -EOPNOTSUPP, "cgroup '%s' is of type '%s'", dir, type);
	err_hint(e,
		 "it must be a 'domain', with no threaded cgroup above or below it: remove it, or "
		 "choose another by DAVIT_SLICE");
	return r;
}

int cgroup_check_type(const char *slice, struct err *e)
{
	char path[CGROUP_PATH_MAX];

	return cgroup_v2_root() ? check_type(cgroup_v2_path(path, slice, NULL), e) : 0;
}

/*
 * Is @dir one that has processes and is not the root of the host? Controllers of domains cannot be
 * turned on in it. Those of threads could, and would turn it into the root of a threaded part, where no
 * container can be.
 */
static bool is_inhabited(const char *dir)
{
	char path[CGROUP_PATH_MAX], first[2];

	err_format(path, sizeof(path), "%s/cgroup.type", dir);
	if (access(path, F_OK) < 0)
		return false;
	err_format(path, sizeof(path), "%s/cgroup.procs", dir);
	return io_read_small(-1, path, first, sizeof(first)) > 0;
}

static int enable_in(const char *dir, const char *name, struct err *e)
{
	char path[CGROUP_PATH_MAX], text[CGROUP_ID_MAX];
	int r;

	err_format(path, sizeof(path), "%s/cgroup.subtree_control", dir);
	err_format(text, sizeof(text), "+%s", name);
	r = is_inhabited(dir) ? -EBUSY : io_write_file(-1, path, text);
	if (r == 0)
		return 0;
	/* in a threaded part each controller has its own errno */
	if (check_type(dir, e) < 0)
		return -EOPNOTSUPP;
	r = err_set(e, r, "write '%s' to '%s'", text, path);
	/* only the real root may hold processes beside children with controllers */
	if (r == -EBUSY)
		err_hint(e,
			 "'%s' is not the root of the host and holds processes: move them to a "
			 "cgroup of their own below it (mkdir %s/init, then each pid to its "
			 "cgroup.procs)",
			 dir, dir);
	return r;
}

/* Turn on controller @name for the containers of @slice. */
static int enable(const char *slice, const char *name, struct err *e)
{
	char path[CGROUP_PATH_MAX];
	int r;

	if (!cgroup_v2_offers(name))
		return cgroup_controller_missing(name, e);
	r = enable_in(cgroup_v2_root(), name, e);
	return r < 0 ? r : enable_in(cgroup_v2_path(path, slice, NULL), name, e);
}

int cgroup_v2_make_slice(const char *slice, struct err *e)
{
	static const char *const wanted[] = { "memory", "pids" };
	char path[CGROUP_PATH_MAX];

	if (mkdir(cgroup_v2_path(path, slice, NULL), 0755) < 0 && errno != EEXIST)
		return err_set(e, errno, "make cgroup '%s'", path);
	/* for statistics; a failure is told when a limit asks for the controller */
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
		if (cgroup_v2_offers(wanted[i]))
			(void)enable(slice, wanted[i], NULL);
	return 0;
}

int cgroup_v2_write(struct cgroup *cg, const char *controller, const char *file, const char *text,
		    struct err *e)
{
	int r = cg->fd < 0 ? -ENOENT : io_write_file(cg->fd, file, text);

	if (r == -ENOENT) {
		r = enable(cg->slice, controller, e);
		if (r < 0)
			return r;
		r = io_write_file(cg->fd, file, text);
	}
	if (r == -ENOENT)
		return err_plain(e, -EOPNOTSUPP, "this kernel has no '%s' in its '%s' controller",
				 file, controller);
	return r < 0 ? err_set(e, r, "write '%s' to '%s'", text, file) : 0;
}

/* -1 is how limits say "none" */
static const char *number(char buf[static NUMBER_MAX], int64_t n)
{
	if (n < 0)
		return "max";
	err_format(buf, NUMBER_MAX, "%lld", (long long)n);
	return buf;
}

static int set_memory(struct cgroup *cg, const struct cgroup_limits *l, struct err *e)
{
	int64_t total = cgroup_limits_swap(l), swap;
	char buf[NUMBER_MAX];
	int r = 0;

	if (l->memory)
		r = cgroup_v2_write(cg, "memory", "memory.max", number(buf, l->memory), e);
	if (r < 0 || !total)
		return r;
	swap = total < 0 ? -1 : total - l->memory;
	r = cgroup_v2_write(cg, "memory", "memory.swap.max", number(buf, swap), e);
	if (r == -EOPNOTSUPP && l->memory_swap <= 0) {
		/* no swap accounting, and no limit of swap was asked for */
		err_clear(e);
		r = 0;
	}
	return r;
}

static int set_reservation(struct cgroup *cg, const struct cgroup_limits *l, struct err *e)
{
	char buf[NUMBER_MAX];

	return cgroup_v2_write(cg, "memory", "memory.low", number(buf, l->memory_reservation), e);
}

static int set_cpus(struct cgroup *cg, const struct cgroup_limits *l, struct err *e)
{
	char buf[NUMBER_MAX];

	err_format(buf, sizeof(buf), "%llu 100000", (unsigned long long)(l->cpu_nano / 10000));
	return cgroup_v2_write(cg, "cpu", "cpu.max", buf, e);
}

static int set_shares(struct cgroup *cg, const struct cgroup_limits *l, struct err *e)
{
	char buf[NUMBER_MAX];

	return cgroup_v2_write(cg, "cpu", "cpu.weight",
			       number(buf, cgroup_weight_of_shares((uint64_t)l->cpu_shares)), e);
}

/* The kernel takes lists of what is offline or not the parent's, and uses what is left of them or, when
 * that is nothing, all that the parent has. */
static int set_list(struct cgroup *cg, const char *file, const char *what, const char *list,
		    struct err *e)
{
	_cleanup_free_ char *asked = NULL, *used = NULL;
	char effective[NUMBER_MAX];
	int r = cgroup_v2_write(cg, "cpuset", file, list, e);

	err_format(effective, sizeof(effective), "%s.effective", file);
	if (r < 0 && io_read_file(cg->fd, effective, CPUSET_TEXT_MAX, &used, NULL, NULL) == 0) {
		used[strcspn(used, "\n")] = '\0';
		err_hint(e, "a list of what is available here: %.*s", 64, used);
	}
	if (r < 0)
		return r;
	r = io_read_file(cg->fd, file, CPUSET_TEXT_MAX, &asked, NULL, e);
	if (r == 0)
		r = io_read_file(cg->fd, effective, CPUSET_TEXT_MAX, &used, NULL, e);
	if (r < 0 || str_eq(asked, used))
		return r;
	used[strcspn(used, "\n")] = '\0';
	return err_plain(e, -EINVAL, "%s '%.*s' are not all available here, only '%.*s'", what, 64,
			 list, 64, used);
}

static int set_cpuset(struct cgroup *cg, const struct cgroup_limits *l, struct err *e)
{
	int r = 0;

	if (l->cpuset_cpus)
		r = set_list(cg, "cpuset.cpus", "processors", l->cpuset_cpus, e);
	if (r == 0 && l->cpuset_mems)
		r = set_list(cg, "cpuset.mems", "memory nodes", l->cpuset_mems, e);
	return r;
}

static int set_pids(struct cgroup *cg, const struct cgroup_limits *l, struct err *e)
{
	char buf[NUMBER_MAX];

	return cgroup_v2_write(cg, "pids", "pids.max", number(buf, l->pids), e);
}

/* Each of the two that share by weight has a file of its own, whether or not a device uses it. */
static int set_weight(struct cgroup *cg, const struct cgroup_limits *l, struct err *e)
{
	char buf[NUMBER_MAX];
	int r = 0;

	if (cgroup_uses_bfq())
		r = cgroup_v2_write(cg, "io", "io.bfq.weight", number(buf, l->blkio_weight), e);
	/* 10..1000 of blkio to 1..10000 of io, as the OCI runtimes convert it */
	if (r == 0 && cgroup_uses_iocost())
		r = cgroup_v2_write(cg, "io", "io.weight",
				    number(buf, 1 + (l->blkio_weight - 10) * 9999 / 990), e);
	return r;
}

static int set_io(struct cgroup *cg, const struct cgroup_limits *l, struct err *e)
{
	static const char *const kinds[] = {
		[CGROUP_IO_RBPS] = "rbps",
		[CGROUP_IO_WBPS] = "wbps",
		[CGROUP_IO_RIOPS] = "riops",
		[CGROUP_IO_WIOPS] = "wiops",
	};

	for (size_t i = 0; i < l->n_io; i++) {
		char buf[NUMBER_MAX + 16];
		int r;

		err_format(buf, sizeof(buf), "%u:%u %s=%llu", l->io[i].major, l->io[i].minor,
			   kinds[l->io[i].kind], (unsigned long long)l->io[i].value);
		r = cgroup_v2_write(cg, "io", "io.max", buf, e);
		if (r < 0)
			return r;
	}
	return 0;
}

static int stat_memory(struct cgroup *cg, struct cgroup_stats *s)
{
	char text[8192];
	int r = cgroup_read_u64(cg->fd, "memory.current", &s->memory_usage);

	if (r < 0)
		return r;
	s->has_memory = true;
	s->memory_limit = CGROUP_UNLIMITED;
	(void)cgroup_read_u64(cg->fd, "memory.max", &s->memory_limit);
	(void)cgroup_read_u64(cg->fd, "memory.peak", &s->memory_peak); /* since 5.19 */
	s->has_swap = cgroup_read_u64(cg->fd, "memory.swap.current", &s->memory_swap) == 0;
	if (io_read_small(cg->fd, "memory.stat", text, sizeof(text)) < 0)
		return 0;
	(void)cgroup_flat_value(text, "anon", &s->memory_anon);
	(void)cgroup_flat_value(text, "file", &s->memory_file);
	(void)cgroup_flat_value(text, "inactive_file", &s->memory_inactive_file);
	return 0;
}

static int stat_pids(struct cgroup *cg, struct cgroup_stats *s)
{
	int r = cgroup_read_u64(cg->fd, "pids.current", &s->pids_current);

	if (r < 0)
		return r;
	s->has_pids = true;
	s->pids_limit = CGROUP_UNLIMITED;
	(void)cgroup_read_u64(cg->fd, "pids.max", &s->pids_limit);
	return 0;
}

static int stat_cpu(struct cgroup *cg, struct cgroup_stats *s)
{
	char text[1024];
	ssize_t n = io_read_small(cg->fd, "cpu.stat", text, sizeof(text));

	if (n < 0)
		return (int)n;
	s->has_cpu = cgroup_flat_value(text, "usage_usec", &s->cpu_usage_ns) &&
		     cgroup_flat_value(text, "user_usec", &s->cpu_user_ns) &&
		     cgroup_flat_value(text, "system_usec", &s->cpu_system_ns);
	s->cpu_usage_ns *= 1000;
	s->cpu_user_ns *= 1000;
	s->cpu_system_ns *= 1000;
	/* these lines are there with the controller only */
	if (cgroup_flat_value(text, "nr_periods", &s->cpu_periods)) {
		s->has_throttle = true;
		(void)cgroup_flat_value(text, "nr_throttled", &s->cpu_throttled_periods);
		(void)cgroup_flat_value(text, "throttled_usec", &s->cpu_throttled_ns);
		s->cpu_throttled_ns *= 1000;
	}
	return 0;
}

static int stat_io(struct cgroup *cg, struct cgroup_stats *s)
{
	_cleanup_free_ char *text = NULL;
	char *save = NULL;
	int r = io_read_file(cg->fd, "io.stat", CGROUP_STAT_MAX, &text, NULL, NULL);

	if (r < 0)
		return r;
	s->has_io = true;
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		uint64_t rb, wb, ri, wi;

		/* idle devices have a bare "MAJOR:MINOR" */
		if (sscanf(line,
			   "%*u:%*u rbytes=%" SCNu64 " wbytes=%" SCNu64 " rios=%" SCNu64
			   " wios=%" SCNu64,
			   &rb, &wb, &ri, &wi) != 4)
			continue;
		s->io_read_bytes += rb;
		s->io_write_bytes += wb;
		s->io_read_ops += ri;
		s->io_write_ops += wi;
	}
	return 0;
}

static int oom_count(struct cgroup *cg, uint64_t *ret, struct err *e)
{
	char text[512];
	ssize_t n = io_read_small(cg->fd, "memory.events", text, sizeof(text));

	if (n == -ENOENT)
		return err_plain(e, -ENODATA, "cgroup '%s' is in no memory controller", cg->id);
	if (n < 0)
		return err_set(e, (int)n, "read 'memory.events' of cgroup '%s'", cg->id);
	if (!cgroup_flat_value(text, "oom_kill", ret))
		return err_plain(e, -ENODATA, "'memory.events' of cgroup '%s' has no oom_kill",
				 cg->id);
	return 0;
}

const struct cgroup_driver cgroup_v2_driver = {
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
		[CGROUP_CPU] = stat_cpu,
		[CGROUP_IO] = stat_io,
	},
	.oom_count = oom_count,
};
