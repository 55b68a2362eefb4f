// SPDX-License-Identifier: Apache-2.0
/* Life and death of cgroups. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "cgroup_fixture.h"
#include "kern/cgroup.h"
#include "kern/cgroup_impl.h"
#include "kselftest_harness.h"

TEST_F(cg, life)
{
	const int *fds;
	struct cgroup *second = NULL;
	pid_t pid;

	CREATE(NULL);
	EXPECT_EQ(-EEXIST, cgroup_create(self->slice, "a", NULL, &second, NULL));
	EXPECT_TRUE(cgroup_lab_has(self->slice, "a")); /* the failure left the first one alone */
	EXPECT_EQ(0, cgroup_is_populated(self->cg, NULL));
	pid = cgroup_lab_spawn(self->cg, cgroup_lab_sleep, NULL);
	ASSERT_GT(pid, 0);
	EXPECT_EQ(1, cgroup_is_populated(self->cg, NULL));
	if (cgroup_v2_root()) {
		EXPECT_NE(0, cgroup_inode(self->cg));
		EXPECT_GE(cgroup_fd(self->cg), 0);
	}
	EXPECT_EQ(-EBUSY, cgroup_remove(self->slice, "a", &self->e));
	EXPECT_EQ(0, cgroup_kill(self->cg, &self->e));
	EXPECT_EQ(SIGKILL, WTERMSIG(cgroup_lab_wait(pid)));
	EXPECT_EQ(0, cgroup_remove(self->slice, "a", &self->e));
	EXPECT_EQ(0, cgroup_remove(self->slice, "a", &self->e));
	EXPECT_FALSE(cgroup_lab_has(self->slice, "a"));
	EXPECT_EQ(-ENOENT, cgroup_open(self->slice, "a", &second, NULL));
	EXPECT_EQ(-ENOENT, cgroup_is_populated(self->cg, NULL));
	EXPECT_GE(cgroup_join_fds(self->cg, &fds, NULL), 0);
}

TEST_F(cg, bad_names)
{
	static const char *const names[] = { "", "..", ".x", "a/b", "a b" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		EXPECT_EQ(-EINVAL, cgroup_create(self->slice, names[i], NULL, &self->cg, NULL));
		EXPECT_EQ(-EINVAL, cgroup_remove(self->slice, names[i], NULL));
	}
}

/* systemd removes what it has made behind our back, as soon as it is empty */
TEST_F(cg, killed_when_gone)
{
	CREATE(NULL);
	EXPECT_EQ(0, cgroup_remove(self->slice, "a", &self->e));
	EXPECT_EQ(0, cgroup_kill(self->cg, &self->e))
	{
		TH_LOG("%s", self->e.msg);
	}
	EXPECT_EQ(0, cgroup_signal(self->cg, SIGTERM, &self->e))
	{
		TH_LOG("%s", self->e.msg);
	}
}

TEST_F(cg, nested_are_removed)
{
	char path[CGROUP_PATH_MAX], deep[4096];
	const char *top = NULL;

	CREATE(NULL);
	if (cgroup_v2_root())
		top = cgroup_v2_path(path, self->slice, "a");
	else
		top = cgroup_v1_path(path, cgroup_v1_tracker(), self->slice, "a", NULL);
	for (int wide = 0; wide < 4; wide++) {
		size_t n = (size_t)snprintf(deep, sizeof(deep), "%s", top);

		for (int i = 0; i < 40; i++) {
			n += (size_t)snprintf(deep + n, sizeof(deep) - n, "/n%d", i ? i : wide);
			ASSERT_EQ(0, mkdir(deep, 0755));
		}
	}
	EXPECT_EQ(0, cgroup_destroy(self->cg, &self->e))
	{
		TH_LOG("%s", self->e.msg);
	}
	EXPECT_FALSE(cgroup_lab_has(self->slice, "a"));
}

TEST_F(cg, members)
{
	struct cgroup *opened = NULL;
	pid_t a, b, *pids = NULL;
	size_t n = 0;

	CREATE(NULL);
	a = cgroup_lab_spawn(self->cg, cgroup_lab_sleep, NULL);
	ASSERT_EQ(0, cgroup_open(self->slice, "a", &opened, &self->e));
	b = cgroup_lab_spawn(opened, cgroup_lab_sleep, NULL);
	EXPECT_EQ(cgroup_inode(self->cg), cgroup_inode(opened));
	ASSERT_EQ(0, cgroup_pids(opened, &pids, &n, NULL));
	ASSERT_EQ(2, n);
	EXPECT_TRUE((pids[0] == a && pids[1] == b) || (pids[0] == b && pids[1] == a));
	free(pids);
	EXPECT_EQ(0, cgroup_signal(opened, SIGTERM, NULL));
	EXPECT_EQ(SIGTERM, WTERMSIG(cgroup_lab_wait(a)));
	EXPECT_EQ(SIGTERM, WTERMSIG(cgroup_lab_wait(b)));
	cgroup_free(opened);
}

TEST_F(cg, freeze)
{
	struct cgroup_stats before, after;
	double seconds = 30;
	pid_t pid;

	CREATE(NULL);
	pid = cgroup_lab_spawn(self->cg, cgroup_lab_burn, &seconds);
	for (int i = 0; i < 1000 && (cgroup_stats(self->cg, &before, NULL) < 0 ||
				     before.cpu_usage_ns < 2000000);
	     i++)
		usleep(10000);
	EXPECT_EQ(CGROUP_ACTIVE, cgroup_activity(self->cg, NULL));
	EXPECT_EQ(0, cgroup_is_freezing(self->cg, NULL));
	ASSERT_EQ(0, cgroup_freeze(self->cg, true, &self->e));
	EXPECT_EQ(CGROUP_FROZEN, cgroup_activity(self->cg, NULL));
	EXPECT_EQ(1, cgroup_is_freezing(self->cg, NULL));
	ASSERT_EQ(0, cgroup_stats(self->cg, &before, NULL));
	usleep(100000);
	ASSERT_EQ(0, cgroup_stats(self->cg, &after, NULL));
	EXPECT_TRUE(before.has_cpu);
	EXPECT_GT(before.cpu_usage_ns, 1000000);
	EXPECT_LT(after.cpu_usage_ns - before.cpu_usage_ns, 5000000);
	/* a frozen container can be killed */
	EXPECT_EQ(0, cgroup_kill(self->cg, NULL));
	EXPECT_EQ(SIGKILL, WTERMSIG(cgroup_lab_wait(pid)));
	EXPECT_EQ(CGROUP_EMPTY, cgroup_activity(self->cg, NULL));
	EXPECT_EQ(0, cgroup_freeze(self->cg, false, NULL));
}

static int bomb_body(void *arg)
{
	(void)arg;
	for (;;)
		(void)fork();
	return 0;
}

TEST_F(cg, kill_fork_bomb)
{
	pid_t pid;

	if (cgroup_controller_where(CGROUP_PIDS) == CGROUP_NOWHERE)
		SKIP(return, "no pids controller to bound the bomb");
	CREATE((&(struct cgroup_limits){ .pids = 300 }));
	pid = cgroup_lab_spawn(self->cg, bomb_body, NULL);
	ASSERT_GT(pid, 0);
	usleep(50000);
	EXPECT_EQ(1, cgroup_is_populated(self->cg, NULL));
	EXPECT_EQ(0, cgroup_kill(self->cg, &self->e))
	{
		TH_LOG("%s", self->e.msg);
	}
	EXPECT_EQ(SIGKILL, WTERMSIG(cgroup_lab_wait(pid)));
	EXPECT_EQ(0, cgroup_remove(self->slice, "a", &self->e)); /* waits for them */
}

TEST_HARNESS_MAIN
