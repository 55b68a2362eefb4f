// SPDX-License-Identifier: Apache-2.0
/* From a configuration to a launch plan: which mounts, in which order, and what is refused. */
#include "runtime/plan.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "kselftest_harness.h"

static const struct plan_places places = {
	.root_fd = -1, .userns_fd = -1, .pivot_dir = "/tmp", .empty_dir = "/tmp", .init_path = "/etc/passwd",
};

static struct runtime_mount bind_of(const char *source, const char *target)
{
	return (struct runtime_mount){ .type = RUNTIME_MOUNT_BIND, .source = (char *)source,
				       .target = (char *)target, .is_recursive = true };
}

#define ALL_NS (CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET | CLONE_NEWCGROUP)

/* Targets joined by blanks. */
static void targets(const struct plan *p, struct str *s)
{
	str_truncate(s, 0);
	for (size_t i = 0; i < p->launch.n_mounts; i++)
		str_addf(s, "%s%s", i ? " " : "", p->mounts[i].target);
}

/* clang-format off */
static const struct { const char *mounts[3]; const char *want; } orders[] = {
	{ { NULL }, "/proc /dev /dev/pts /dev/mqueue /dev/shm /sys /sys/fs/cgroup" },
	{ { "/m" }, "/proc /dev /sys /m /dev/pts /dev/mqueue /dev/shm /sys/fs/cgroup" },
	{ { "/m/n", "/m" }, "/proc /dev /sys /m /dev/pts /dev/mqueue /dev/shm /m/n /sys/fs/cgroup" },
	{ { "/dev/shm" }, "/proc /dev /sys /dev/pts /dev/mqueue /dev/shm /sys/fs/cgroup" },
	{ { "/dev" }, "/proc /sys /dev /dev/pts /dev/mqueue /dev/shm /sys/fs/cgroup" },
	{ { "/sys" }, "/proc /dev /sys /dev/pts /dev/mqueue /dev/shm" },
	{ { "/sys/fs/cgroup" }, "/proc /dev /sys /dev/pts /dev/mqueue /dev/shm /sys/fs/cgroup" },
	{ { "/b", "/a", "/a/c" }, "/proc /dev /sys /b /a /dev/pts /dev/mqueue /dev/shm /a/c /sys/fs/cgroup" },
};
/* clang-format on */

TEST(order_of_mounts)
{
	for (size_t i = 0; i < ARRAY_SIZE(orders); i++) {
		_cleanup_str_ struct str s = STR_INIT;
		struct runtime_mount mounts[3];
		struct runtime_config c = { .new_ns = ALL_NS, .mounts = mounts };
		struct err e = ERR_INIT;
		struct plan p;

		for (; c.n_mounts < 3 && orders[i].mounts[c.n_mounts]; c.n_mounts++)
			mounts[c.n_mounts] = bind_of("/tmp", orders[i].mounts[c.n_mounts]);
		ASSERT_EQ(0, plan_build(&c, &places, &p, &e)) {
			TH_LOG("%s", e.msg);
		}
		targets(&p, &s);
		EXPECT_STREQ(orders[i].want, s.p);
		plan_done(&p);
	}
}

TEST(users_mounts_are_marked)
{
	struct runtime_mount m = bind_of("/tmp", "/m");
	struct runtime_config c = { .new_ns = ALL_NS, .mounts = &m, .n_mounts = 1 };
	size_t n = 0;
	struct plan p;

	ASSERT_EQ(0, plan_build(&c, &places, &p, NULL));
	for (size_t i = 0; i < p.launch.n_mounts; i++)
		if (p.mounts[i].is_users) {
			n++;
			EXPECT_STREQ("/m", p.mounts[i].target);
		}
	EXPECT_EQ(1, n);
	plan_done(&p);
}

static int open_fds(void)
{
	int n = 0;

	for (int fd = 0; fd < 1024; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

TEST(nothing_stays_open)
{
	struct runtime_mount m[2] = { bind_of("/tmp", "/m"), bind_of("/nonexistent", "/n") };
	struct runtime_config c = { .new_ns = ALL_NS, .mounts = m, .n_mounts = 1 };
	int before = open_fds();
	struct err e = ERR_INIT;
	struct plan p;

	ASSERT_EQ(0, plan_build(&c, &places, &p, NULL));
	EXPECT_LT(before, open_fds());
	plan_done(&p);
	EXPECT_EQ(before, open_fds());
	c.n_mounts = 2;
	EXPECT_EQ(-ENOENT, plan_build(&c, &places, &p, &e));
	EXPECT_NE(NULL, strstr(e.msg, "'/nonexistent'"));
	EXPECT_EQ(before, open_fds());
}

TEST(paths_that_are_masked)
{
	struct runtime_config c = { .new_ns = ALL_NS };
	struct plan p;

	ASSERT_EQ(0, plan_build(&c, &places, &p, NULL));
	EXPECT_LE(12, p.launch.n_masked);
	EXPECT_EQ(5, p.launch.n_readonly);
	plan_done(&p);
	c.is_privileged = true;
	ASSERT_EQ(0, plan_build(&c, &places, &p, NULL));
	EXPECT_EQ(0, p.launch.n_masked);
	EXPECT_EQ(0, p.launch.n_readonly);
	plan_done(&p);
	c = (struct runtime_config){ .new_ns = ALL_NS, .has_unconfined_paths = true };
	ASSERT_EQ(0, plan_build(&c, &places, &p, NULL));
	EXPECT_EQ(0, p.launch.n_masked);
	plan_done(&p);
}

TEST(too_many_mounts)
{
	static struct runtime_mount m[RUNTIME_MOUNTS_MAX + 1];
	struct runtime_config c = { .new_ns = ALL_NS, .mounts = m, .n_mounts = ARRAY_SIZE(m) };
	struct err e = ERR_INIT;
	struct plan p;

	for (size_t i = 0; i < ARRAY_SIZE(m); i++)
		m[i] = bind_of("/tmp", "/m");
	EXPECT_EQ(-E2BIG, plan_build(&c, &places, &p, &e));
	c.n_mounts--;
	EXPECT_EQ(0, plan_build(&c, &places, &p, &e));
	plan_done(&p);
}

TEST(tmpfs_ids_of_a_user_namespace)
{
	struct runtime_mount m = { .type = RUNTIME_MOUNT_TMPFS, .target = (char *)"/t", .uid = 70000 };
	struct runtime_config c = { .new_ns = ALL_NS | CLONE_NEWUSER, .id_map = { 0, 100000, 65536 },
				    .mounts = &m, .n_mounts = 1 };
	struct err e = ERR_INIT;
	struct stat st;
	struct plan p;

	EXPECT_EQ(-EINVAL, plan_build(&c, &places, &p, &e));
	EXPECT_NE(NULL, strstr(e.msg, "id 70000 is not mapped"));
	m.uid = 5;
	ASSERT_EQ(0, plan_build(&c, &places, &p, &e));
	for (size_t i = 0; i < p.launch.n_mounts; i++) {
		if (strcmp(p.mounts[i].target, "/t") != 0)
			continue;
		ASSERT_EQ(0, fstatat(p.mounts[i].fd, "", &st, AT_EMPTY_PATH));
		EXPECT_EQ(100005, st.st_uid);
		EXPECT_EQ(100000, st.st_gid);
	}
	plan_done(&p);
}

TEST(propagation_needs_a_source_that_has_it)
{
	struct runtime_mount m = bind_of("/tmp", "/m");
	struct runtime_config c = { .new_ns = ALL_NS, .mounts = &m, .n_mounts = 1 };
	struct err e = ERR_INIT;
	struct plan p;

	ASSERT_EQ(0, unshare(CLONE_NEWNS));
	ASSERT_EQ(0, mount(NULL, "/", NULL, MS_PRIVATE | MS_REC, NULL));
	m.propagation = MS_SLAVE;
	EXPECT_EQ(-EINVAL, plan_build(&c, &places, &p, &e));
	EXPECT_NE(NULL, strstr(e.msg, "'/tmp' is not on a shared or slave mount")) {
		TH_LOG("%s", e.msg);
	}
	m.propagation = MS_SHARED;
	EXPECT_EQ(-EINVAL, plan_build(&c, &places, &p, &e));
	m.propagation = MS_PRIVATE;
	EXPECT_EQ(0, plan_build(&c, &places, &p, &e));
	plan_done(&p);
	ASSERT_EQ(0, mount(NULL, "/", NULL, MS_SHARED | MS_REC, NULL));
	m.propagation = MS_SHARED;
	EXPECT_EQ(0, plan_build(&c, &places, &p, &e));
	plan_done(&p);
}

TEST_HARNESS_MAIN
