// SPDX-License-Identifier: Apache-2.0
/* Limits: which are asked for, whether they make sense, and applying them in order. */
#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/io.h"
#include "base/str.h"
#include "kern/cgroup_impl.h"

#define SHARES_MIN 2
#define SHARES_MAX 262144
#define WEIGHT_MIN 10
#define WEIGHT_MAX 1000
#define CPUSET_MAX 4000u /* longest list; a page is what the kernel takes */
#define CONF_NAME_MAX 64u

/* Each asks_*() is the option that asks for the limit, or NULL. */
static const char *asks_memory(const struct cgroup_limits *l)
{
	return l->memory ? "--memory" : l->memory_swap ? "--memory-swap" : NULL;
}

static const char *asks_reservation(const struct cgroup_limits *l)
{
	return l->memory_reservation ? "--memory-reservation" : NULL;
}

static const char *asks_cpus(const struct cgroup_limits *l)
{
	return l->cpu_nano ? "--cpus" : NULL;
}

static const char *asks_shares(const struct cgroup_limits *l)
{
	return l->cpu_shares ? "--cpu-shares" : NULL;
}

static const char *asks_cpuset(const struct cgroup_limits *l)
{
	return l->cpuset_cpus ? "--cpuset-cpus" : l->cpuset_mems ? "--cpuset-mems" : NULL;
}

static const char *asks_pids(const struct cgroup_limits *l)
{
	return l->pids ? "--pids-limit" : NULL;
}

static const char *asks_weight(const struct cgroup_limits *l)
{
	return l->blkio_weight ? "--blkio-weight" : NULL;
}

static const char *const io_options[] = {
	[CGROUP_IO_RBPS] = "--device-read-bps",
	[CGROUP_IO_WBPS] = "--device-write-bps",
	[CGROUP_IO_RIOPS] = "--device-read-iops",
	[CGROUP_IO_WIOPS] = "--device-write-iops",
};

static const char *asks_io(const struct cgroup_limits *l)
{
	return l->n_io ? io_options[l->io[0].kind] : NULL;
}

static const struct {
	enum cgroup_controller controller;
	const char *(*asks)(const struct cgroup_limits *l);
} limits[CGROUP_LIMIT_COUNT] = {
	[CGROUP_LIMIT_MEMORY] = { CGROUP_MEMORY, asks_memory },
	[CGROUP_LIMIT_RESERVATION] = { CGROUP_MEMORY, asks_reservation },
	[CGROUP_LIMIT_CPUS] = { CGROUP_CPU, asks_cpus },
	[CGROUP_LIMIT_SHARES] = { CGROUP_CPU, asks_shares },
	[CGROUP_LIMIT_CPUSET] = { CGROUP_CPUSET, asks_cpuset },
	[CGROUP_LIMIT_PIDS] = { CGROUP_PIDS, asks_pids },
	[CGROUP_LIMIT_WEIGHT] = { CGROUP_IO, asks_weight },
	[CGROUP_LIMIT_IO] = { CGROUP_IO, asks_io },
};

int64_t cgroup_limits_swap(const struct cgroup_limits *l)
{
	if (l->memory_swap || !l->memory)
		return l->memory_swap;
	if (l->memory < 0 || l->memory > INT64_MAX / 2)
		return -1;
	return 2 * l->memory;
}

static int check_memory(const struct cgroup_limits *l, struct err *e)
{
	int r;

	if (l->memory < -1 || (l->memory > 0 && l->memory < CGROUP_MEMORY_MIN))
		return err_plain(e, -EINVAL,
				 "option '--memory': %lld bytes is below the minimum of %u",
				 (long long)l->memory, CGROUP_MEMORY_MIN);
	if (l->memory_swap < -1 || (l->memory_swap > 0 && l->memory <= 0)) {
		r = err_plain(e, -EINVAL, "option '--memory-swap' needs '--memory'");
		err_hint(e, "it limits memory and swap together");
		return r;
	}
	if (l->memory_swap > 0 && l->memory_swap < l->memory) {
		r = err_plain(e, -EINVAL,
			      "option '--memory-swap': %lld bytes is less than '--memory'",
			      (long long)l->memory_swap);
		err_hint(e,
			 "it limits memory and swap together; equal to '--memory' means no swap");
		return r;
	}
	if (l->memory_reservation < -1 || (l->memory > 0 && l->memory_reservation > l->memory))
		return err_plain(
			e, -EINVAL,
			"option '--memory-reservation': %lld bytes is more than '--memory'",
			(long long)l->memory_reservation);
	return 0;
}

static int check_cpu(const struct cgroup_limits *l, struct err *e)
{
	if (l->cpu_nano && l->cpu_nano < CGROUP_CPU_MIN)
		return err_plain(e, -EINVAL, "option '--cpus': less than the minimum of 0.01");
	if (l->cpu_nano) {
		long have = sysconf(_SC_NPROCESSORS_ONLN);

		if (have > 0 && l->cpu_nano > (uint64_t)have * 1000000000u)
			return err_plain(e, -EINVAL, "option '--cpus': this host has %ld CPUs",
					 have);
	}
	if (l->cpu_shares && (l->cpu_shares < SHARES_MIN || l->cpu_shares > SHARES_MAX))
		return err_plain(e, -EINVAL, "option '--cpu-shares': %lld is not in %d to %d",
				 (long long)l->cpu_shares, SHARES_MIN, SHARES_MAX);
	return 0;
}

static int check_list(const char *option, const char *list, struct err *e)
{
	size_t n = list ? strlen(list) : 1;

	if (n == 0 || n > CPUSET_MAX || (list && strspn(list, "0123456789,-") != n))
		return err_plain(e, -EINVAL, "option '%s': '%.*s' is not a list like 0-2,7", option,
				 64, list);
	return 0;
}

static int check_io(const struct cgroup_limits *l, struct err *e)
{
	if (l->blkio_weight && (l->blkio_weight < WEIGHT_MIN || l->blkio_weight > WEIGHT_MAX))
		return err_plain(e, -EINVAL, "option '--blkio-weight': %lld is not in %d to %d",
				 (long long)l->blkio_weight, WEIGHT_MIN, WEIGHT_MAX);
	if (l->n_io > CGROUP_IO_MAX)
		return err_plain(e, -E2BIG, "more than %u limits of devices", CGROUP_IO_MAX);
	for (size_t i = 0; i < l->n_io; i++)
		if (l->io[i].value == 0)
			return err_plain(e, -EINVAL, "option '%s': the limit of device %u:%u is 0",
					 io_options[l->io[i].kind], l->io[i].major, l->io[i].minor);
	return 0;
}

/* "memory.high=1G": a file of a controller, and not of the cgroup itself ("cgroup.kill") */
static int check_conf_row(const char *row, struct err *e)
{
	const char *eq = strchr(row, '='), *dot = strchr(row, '.');
	size_t n = eq ? (size_t)(eq - row) : 0;

	if (!eq || !dot || dot > eq || dot == row || n > CONF_NAME_MAX || !eq[1] ||
	    str_starts(row, "cgroup.") ||
	    strspn(row, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.") != n) {
		int r = err_plain(e, -EINVAL,
				  "option '--cgroup-conf': '%.*s' is not KEY=VALUE of a "
				  "controller",
				  64, row);

		err_hint(e, "for example memory.high=512M");
		return r;
	}
	return 0;
}

int cgroup_limits_check(const struct cgroup_limits *l, struct err *e)
{
	int r = check_memory(l, e);

	if (r == 0)
		r = check_cpu(l, e);
	if (r == 0)
		r = check_list("--cpuset-cpus", l->cpuset_cpus, e);
	if (r == 0)
		r = check_list("--cpuset-mems", l->cpuset_mems, e);
	if (r == 0 && l->pids < -1)
		r = err_plain(e, -EINVAL, "option '--pids-limit': %lld is below the minimum of 1",
			      (long long)l->pids);
	if (r == 0)
		r = check_io(l, e);
	if (r == 0 && l->conf && l->conf->n > CGROUP_CONF_MAX)
		r = err_plain(e, -E2BIG, "option '--cgroup-conf': more than %u", CGROUP_CONF_MAX);
	for (size_t i = 0; r == 0 && l->conf && i < l->conf->n; i++)
		r = check_conf_row(l->conf->v[i], e);
	return r;
}

bool cgroup_uses_bfq(void)
{
	_cleanup_dir_ DIR *d = opendir("/sys/block");

	for (struct dirent *de; d && (de = readdir(d));) {
		char path[sizeof(de->d_name) + 64], text[256];

		err_format(path, sizeof(path), "/sys/block/%s/queue/scheduler", de->d_name);
		if (io_read_small(-1, path, text, sizeof(text)) > 0 && strstr(text, "[bfq]"))
			return true;
	}
	return false;
}

bool cgroup_uses_iocost(void)
{
	char text[1024];

	return cgroup_v2_root() &&
	       io_read_small(-1, CGROUP_ROOT "/io.cost.qos", text, sizeof(text)) > 0 &&
	       strstr(text, "enable=1");
}

bool cgroup_has_weights(void)
{
	return cgroup_uses_bfq() || cgroup_uses_iocost();
}

/* The kernel takes a weight whether or not anything obeys it; we do not. */
static int check_weight_obeyed(struct err *e)
{
	int r;

	if (cgroup_has_weights())
		return 0;
	r = err_plain(e, -EOPNOTSUPP, "no block device of this host shares by weight");
	err_hint(e, "choose the bfq scheduler for the device: echo bfq > "
		    "/sys/block/DEVICE/queue/scheduler");
	return r;
}

static int apply_conf_row(struct cgroup *cg, const char *row, struct err *e)
{
	const char *eq = strchr(row, '='), *dot = strchr(row, '.');
	char name[CONF_NAME_MAX + 1], controller[CONF_NAME_MAX + 1];
	int r;

	err_format(name, sizeof(name), "%.*s", (int)(eq - row), row);
	err_format(controller, sizeof(controller), "%.*s", (int)(dot - row), row);
	if (str_eq(cgroup_mode(), "v2") && !cgroup_v2_offers(controller))
		return cgroup_controller_missing(controller, e);
	if (cg->fd < 0 || !cgroup_v2_offers(controller)) {
		r = err_plain(e, -EOPNOTSUPP, "'%s' needs the '%s' controller on cgroup v2", name,
			      controller);
		err_hint(e,
			 "this host has cgroup %s; use the option of the limit, or boot with "
			 "cgroup v2",
			 cgroup_mode());
		return r;
	}
	return cgroup_v2_write(cg, controller, name, eq + 1, e);
}

int cgroup_limits_apply(struct cgroup *cg, const struct cgroup_limits *l, struct err *e)
{
	int r;

	for (enum cgroup_limit i = 0; i < CGROUP_LIMIT_COUNT; i++) {
		const char *option = limits[i].asks(l);
		const struct cgroup_driver *d;

		if (!option)
			continue;
		d = cgroup_driver_of(limits[i].controller);
		r = i == CGROUP_LIMIT_WEIGHT && d ? check_weight_obeyed(e) : 0;
		if (!d)
			r = cgroup_controller_missing(cgroup_controller_name(limits[i].controller),
						      e);
		else if (r == 0)
			r = d->set[i](cg, l, e);
		if (r == -ENODEV && i == CGROUP_LIMIT_IO)
			err_hint(e, "limits are of whole disks, not of partitions");
		if (r < 0)
			return err_wrap(e, r, "option '%s'", option);
	}
	for (size_t i = 0; l->conf && i < l->conf->n; i++) {
		r = apply_conf_row(cg, l->conf->v[i], e);
		if (r < 0)
			return err_wrap(e, r, "option '--cgroup-conf'");
	}
	return 0;
}

int cgroup_update(struct cgroup *cg, const struct cgroup_limits *l, struct err *e)
{
	unsigned int before;
	int r = cgroup_limits_check(l, e);

	if (r == 0)
		r = cgroup_v1_find(cg, e);
	if (r < 0)
		return r;
	before = cg->v1;
	r = cgroup_limits_apply(cg, l, e);
	if (r < 0)
		return r;
	return cgroup_v1_attach(cg, cg->v1 & ~before, e);
}

/* log2(x) in 16.48 fixed point, x > 0, by squaring the mantissa: one bit of result each */
static uint64_t log2_q48(uint64_t x)
{
	unsigned int n = 63 - (unsigned int)__builtin_clzll(x);
	uint64_t result = n, m = x << (63 - n);

	for (int i = 0; i < 48; i++) {
		unsigned __int128 square = (unsigned __int128)m * m;

		result <<= 1;
		if (square >> 127) {
			result |= 1;
			m = (uint64_t)(square >> 64);
		} else {
			m = (uint64_t)(square >> 63);
		}
	}
	return result;
}

/*
 * weight = ceil(10 ^ ((log2(shares)^2 + 125 log2(shares)) / 612 - 7 / 34)), a curve through (2, 1),
 * (1024, 100) and (262144, 10000): the least weight whose log2 is not below log2(10) times the
 * exponent. Without floating point it needs no libm and is the same everywhere.
 */
unsigned int cgroup_weight_of_shares(uint64_t shares)
{
	const uint64_t tolerance = 16, log2_of_10 = 935039633142894; /* 3.321928… << 48 */
	unsigned __int128 l, target;
	unsigned int low = 1, high = 10000;

	if (shares <= SHARES_MIN)
		return low;
	if (shares >= SHARES_MAX)
		return high;
	l = log2_q48(shares);
	/* the exponent, then times log2(10); 7 / 34 is 126 / 612 */
	target = ((l * l >> 48) + 125 * l - ((unsigned __int128)126 << 48)) / 612;
	target = target * log2_of_10 >> 48;
	while (low < high) {
		unsigned int mid = (low + high) / 2;

		if (log2_q48(mid) + tolerance >= target)
			high = mid;
		else
			low = mid + 1;
	}
	return low;
}
