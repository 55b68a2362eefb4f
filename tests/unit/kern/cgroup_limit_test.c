// SPDX-License-Identifier: Apache-2.0
/* Limits that make no sense, limits whose controller is not there, and the arithmetic. */
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/str.h"
#include "kern/cgroup.h"
#include "kern/cgroup_impl.h"
#include "kselftest_harness.h"

static const struct cgroup_io_limit no_value = { .kind = CGROUP_IO_WIOPS };

static const struct {
	struct cgroup_limits l;
	const char *says; /* NULL = accepted */
} checks[] = {
	{ { .memory = 0 }, NULL },
	{ { .memory = CGROUP_MEMORY_MIN }, NULL },
	{ { .memory = CGROUP_MEMORY_MIN - 1 }, "'--memory': 524287 bytes is below the minimum" },
	{ { .memory = -2 }, "'--memory'" },
	{ { .memory = INT64_MAX }, NULL },
	{ { .memory = 1 << 20, .memory_swap = 1 << 20 }, NULL },
	{ { .memory = 1 << 20, .memory_swap = -1 }, NULL },
	{ { .memory_swap = -1 }, NULL },
	{ { .memory_swap = 1 << 20 }, "'--memory-swap' needs '--memory'" },
	{ { .memory = -1, .memory_swap = 1 << 20 }, "'--memory-swap' needs '--memory'" },
	{ { .memory = 1 << 20, .memory_swap = 1 << 19 }, "is less than '--memory'" },
	{ { .memory = 1 << 20, .memory_reservation = 2 << 20 }, "is more than '--memory'" },
	{ { .memory_reservation = 2 << 20 }, NULL },
	{ { .cpu_nano = CGROUP_CPU_MIN }, NULL },
	{ { .cpu_nano = CGROUP_CPU_MIN - 1 }, "'--cpus': less than the minimum of 0.01" },
	{ { .cpu_nano = 100000ull * 1000000000 }, "'--cpus': this host has " },
	{ { .cpu_shares = 2 }, NULL },
	{ { .cpu_shares = 1 }, "'--cpu-shares': 1 is not in 2 to 262144" },
	{ { .cpu_shares = 262145 }, "'--cpu-shares'" },
	{ { .pids = -1 }, NULL },
	{ { .pids = -2 }, "'--pids-limit'" },
	{ { .blkio_weight = 9 }, "'--blkio-weight': 9 is not in 10 to 1000" },
	{ { .blkio_weight = 1001 }, "'--blkio-weight'" },
	{ { .cpuset_cpus = "0-1,7" }, NULL },
	{ { .cpuset_cpus = "" }, "'--cpuset-cpus': '' is not a list" },
	{ { .cpuset_mems = "0\n" }, "'--cpuset-mems'" },
	{ { .io = &no_value, .n_io = 1 }, "'--device-write-iops': the limit of device 0:0 is 0" },
	{ { .io = &no_value, .n_io = CGROUP_IO_MAX + 1 }, "more than 64 limits" },
};

TEST(values_that_no_host_can_enforce)
{
	for (size_t i = 0; i < ARRAY_SIZE(checks); i++) {
		struct err e = ERR_INIT;
		int r = cgroup_limits_check(&checks[i].l, &e);

		EXPECT_EQ(checks[i].says ? (r == -E2BIG ? -E2BIG : -EINVAL) : 0, r)
		{
			TH_LOG("row %zu: %s", i, e.msg);
		}
		EXPECT_TRUE(!checks[i].says || strstr(e.msg, checks[i].says))
		{
			TH_LOG("row %zu: %s", i, e.msg);
		}
	}
}

TEST(conf_rows)
{
	static const struct {
		const char *row;
		bool is_good;
	} rows[] = {
		{ "memory.high=1", true },
		{ "io.max=8:0 rbps=1", true },
		{ "memory.high", false },
		{ "memory.high=", false },
		{ "=1", false },
		{ "memory=1", false },
		{ "cgroup.kill=1", false },
		{ "../memory.max=1", false },
		{ ".memory.max=1", false },
		{ "memory/x.max=1", false },
		{ "a=memory.max", false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_strv_ struct strv conf = { .v = NULL };

		ASSERT_EQ(0, strv_add(&conf, rows[i].row));
		EXPECT_EQ(rows[i].is_good ? 0 : -EINVAL,
			  cgroup_limits_check(&(struct cgroup_limits){ .conf = &conf }, NULL))
		{
			TH_LOG("%s", rows[i].row);
		}
	}
}

/* Computed with log2() and pow() of libm from the formula in the source. */
TEST(weight_of_shares)
{
	static const unsigned int known[][2] = {
		{ 0, 1 },	  { 2, 1 },	     { 3, 2 },		{ 512, 59 },
		{ 1000, 99 },	  { 1024, 100 },     { 1025, 101 },	{ 2048, 174 },
		{ 11372, 697 },	  { 17742, 1007 },   { 39064, 1950 },	{ 200416, 7914 },
		{ 230091, 8925 }, { 262143, 10000 }, { 262144, 10000 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		EXPECT_EQ(known[i][1], cgroup_weight_of_shares(known[i][0]))
		{
			TH_LOG("%u shares", known[i][0]);
		}
	}
	for (unsigned int s = 3, last = 1; s <= 262144; s++) {
		unsigned int w = cgroup_weight_of_shares(s);

		ASSERT_LE(last, w);
		last = w;
	}
}

TEST(flat_values)
{
	static const char text[] =
		"anon 5\nfile_mapped 6\nfile 18446744073709551615\nbad x\nlast 0";
	uint64_t n = 99;

	EXPECT_TRUE(cgroup_flat_value(text, "anon", &n) && n == 5);
	EXPECT_TRUE(cgroup_flat_value(text, "file", &n) && n == UINT64_MAX);
	EXPECT_TRUE(cgroup_flat_value(text, "last", &n) && n == 0);
	EXPECT_FALSE(cgroup_flat_value(text, "bad", &n));
	EXPECT_FALSE(cgroup_flat_value(text, "mapped", &n));
	EXPECT_FALSE(cgroup_flat_value("", "anon", &n));
	EXPECT_FALSE(cgroup_flat_value("anon", "anon", &n));
}

TEST(swap_when_not_given)
{
	EXPECT_EQ(0, cgroup_limits_swap(&(struct cgroup_limits){ .memory = 0 }));
	EXPECT_EQ(2 << 20, cgroup_limits_swap(&(struct cgroup_limits){ .memory = 1 << 20 }));
	EXPECT_EQ(3, cgroup_limits_swap(&(struct cgroup_limits){ .memory = 2, .memory_swap = 3 }));
	EXPECT_EQ(-1, cgroup_limits_swap(&(struct cgroup_limits){ .memory = INT64_MAX }));
	EXPECT_EQ(-1, cgroup_limits_swap(&(struct cgroup_limits){ .memory = -1 }));
}

static const struct cgroup_io_limit some_io = { .major = 7,
						.kind = CGROUP_IO_RBPS,
						.value = 1 << 20 };

static const struct {
	struct cgroup_limits l;
	const char *says;
} missing[] = {
	{ { .memory = 64 << 20 }, "option '--memory': the 'memory' controller" },
	{ { .memory_swap = -1 }, "option '--memory-swap': the 'memory' controller" },
	{ { .memory_reservation = 64 << 20 },
	  "option '--memory-reservation': the 'memory' controller" },
	{ { .cpu_nano = 500000000 }, "option '--cpus': the 'cpu' controller" },
	{ { .cpu_shares = 512 }, "option '--cpu-shares': the 'cpu' controller" },
	{ { .cpuset_cpus = "0" }, "option '--cpuset-cpus': the 'cpuset' controller" },
	{ { .cpuset_mems = "0" }, "option '--cpuset-mems': the 'cpuset' controller" },
	{ { .pids = 10 }, "option '--pids-limit': the 'pids' controller" },
	{ { .blkio_weight = 100 }, "option '--blkio-weight': the 'blkio' controller" },
	{ { .io = &some_io, .n_io = 1 }, "option '--device-read-bps': the 'blkio' controller" },
};

/* The directories of unmounted controllers stay behind, as plain ones, and must not be believed. */
TEST(options_without_their_controller)
{
	static const char *const mounts[] = { "memory", "cpu", "cpuset", "pids", "blkio" };
	char path[CGROUP_PATH_MAX];

	if (geteuid() != 0 || unshare(CLONE_NEWNS) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		SKIP(return, "needs root");
	for (size_t i = 0; i < ARRAY_SIZE(mounts); i++) {
		err_format(path, sizeof(path), CGROUP_ROOT "/%s", mounts[i]);
		(void)umount2(path, MNT_DETACH);
	}
	if (!str_eq(cgroup_mode(), "hybrid") || cgroup_v2_offers("memory"))
		SKIP(return, "the host is not hybrid");
	for (size_t i = 0; i < ARRAY_SIZE(missing); i++) {
		_cleanup_strv_ struct strv ids = { .v = NULL };
		struct cgroup *cg = NULL;
		struct err e = ERR_INIT;

		EXPECT_EQ(-EOPNOTSUPP,
			  cgroup_create("davit-test-missing", "a", &missing[i].l, &cg, &e));
		EXPECT_TRUE(str_starts(e.msg, missing[i].says))
		{
			TH_LOG("row %zu: %s", i, e.msg);
		}
		EXPECT_TRUE(strstr(e.hint, "mount -t cgroup "));
		EXPECT_EQ(0, cgroup_list("davit-test-missing", &ids, NULL));
		EXPECT_EQ(0, ids.n);
	}
	(void)rmdir(cgroup_v2_path(path, "davit-test-missing", NULL));
}

/* Weights are taken by the kernel and obeyed by bfq alone. */
TEST(weight_that_nobody_obeys)
{
	struct cgroup *cg = NULL;
	struct err e = ERR_INIT;
	char path[CGROUP_PATH_MAX];
	int r;

	if (geteuid() != 0 || cgroup_controller_where(CGROUP_IO) == CGROUP_NOWHERE)
		SKIP(return, "needs root and an io controller");
	r = cgroup_create("davit-test-weight", "a", &(struct cgroup_limits){ .blkio_weight = 100 },
			  &cg, &e);
	if (r == 0) {
		(void)cgroup_destroy(cg, NULL);
	} else {
		EXPECT_STREQ(
			"option '--blkio-weight': no block device of this host shares by weight",
			e.msg);
	}
	cgroup_free(cg);
	if (cgroup_v2_root())
		(void)rmdir(cgroup_v2_path(path, "davit-test-weight", NULL));
	(void)rmdir(cgroup_v1_path(path, CGROUP_IO, "davit-test-weight", NULL, NULL));
}

TEST_HARNESS_MAIN
