// SPDX-License-Identifier: Apache-2.0
/* Capability names, Docker's add and drop, and the system calls in a child. */
#include "kern/cap.h"

#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "kselftest_harness.h"

TEST(names_parse_back)
{
	struct err e = ERR_INIT;

	for (unsigned int cap = 0; cap_name(cap); cap++) {
		EXPECT_EQ((int)cap, cap_parse(cap_name(cap), NULL));
		EXPECT_EQ((int)cap, cap_parse(cap_name(cap) + strlen("CAP_"), NULL));
	}
	EXPECT_EQ(CAP_NET_ADMIN, cap_parse("net_admin", NULL));
	EXPECT_EQ(CAP_NET_ADMIN, cap_parse("Cap_Net_Admin", NULL));
	EXPECT_EQ(-EINVAL, cap_parse("", &e));
	EXPECT_EQ(-EINVAL, cap_parse("ALL", &e));
	EXPECT_EQ(-EINVAL, cap_parse("CAP_", &e));
	EXPECT_EQ(-EINVAL, cap_parse("fly", &e));
	EXPECT_STREQ("unknown capability 'fly'", e.msg);
	EXPECT_EQ(NULL, cap_name(CAP_LAST_CAP + 1));
}

TEST(default_is_dockers)
{
	EXPECT_EQ(0xa80425fb,
		  CAP_DEFAULT); /* as /proc/1/status shows it in a container of Docker's */
}

TEST(last_is_the_kernels)
{
	unsigned int want;
	FILE *f = fopen("/proc/sys/kernel/cap_last_cap", "re");

	ASSERT_NE(NULL, f);
	ASSERT_EQ(1, fscanf(f, "%u", &want));
	fclose(f);
	EXPECT_EQ(want, cap_last());
	EXPECT_EQ(want == 63 ? UINT64_MAX : CAP_BIT(want + 1) - 1, cap_all());
}

/* clang-format off */
static const struct {
	const char *add, *drop; /* one or two names, separated by a blank */
	uint64_t want;		/* CAP_FULL: everything the kernel has */
} resolved[] = {
	{ "",              "",             CAP_DEFAULT },
	{ "NET_ADMIN",     "",             CAP_DEFAULT | CAP_BIT(CAP_NET_ADMIN) },
	{ "",              "cap_chown",    CAP_DEFAULT & ~CAP_BIT(CAP_CHOWN) },
	{ "CHOWN",         "CHOWN",        CAP_DEFAULT },
	{ "",              "all",          0 },
	{ "CHOWN SYS_TIME", "ALL",         CAP_BIT(CAP_CHOWN) | CAP_BIT(CAP_SYS_TIME) },
	{ "ALL",           "",             CAP_FULL },
	{ "CAP_ALL",       "SYS_ADMIN",    CAP_FULL & ~CAP_BIT(CAP_SYS_ADMIN) },
	{ "ALL KILL",      "ALL",          CAP_BIT(CAP_KILL) },
};
/* clang-format on */

static void split(const char *text, struct strv *list)
{
	while (*text) {
		size_t n = strcspn(text, " ");

		(void)strv_add_n(list, text, n);
		text += n + (text[n] == ' ');
	}
}

TEST(add_and_drop_as_docker)
{
	for (size_t i = 0; i < ARRAY_SIZE(resolved); i++) {
		_cleanup_strv_ struct strv add = { NULL, 0 }, drop = { NULL, 0 };
		uint64_t got = 1;

		split(resolved[i].add, &add);
		split(resolved[i].drop, &drop);
		EXPECT_EQ(0, cap_resolve(CAP_DEFAULT, &add, &drop, &got, NULL));
		EXPECT_EQ(resolved[i].want & cap_all(), got)
		TH_LOG("+%s -%s", resolved[i].add, resolved[i].drop);
	}
}

TEST(unknown_names_are_refused)
{
	_cleanup_strv_ struct strv list = { NULL, 0 };
	struct err e = ERR_INIT;
	uint64_t got = 7;

	split("CHOWN FLY", &list);
	EXPECT_EQ(-EINVAL, cap_resolve(CAP_DEFAULT, &list, NULL, &got, &e));
	EXPECT_STREQ("option '--cap-add': unknown capability 'FLY'", e.msg);
	EXPECT_EQ(-EINVAL, cap_resolve(CAP_DEFAULT, NULL, &list, &got, &e));
	EXPECT_STREQ("option '--cap-drop': unknown capability 'FLY'", e.msg);
	EXPECT_EQ(7, got);
}

/* What a child has after the steps of a container's start; 0 = as asked. */
static int applied(const struct cap_sets *want)
{
	struct cap_sets got;

	for (unsigned int cap = 0; cap <= cap_last(); cap++)
		if (!(want->bounding & CAP_BIT(cap)) && prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0)
			return 1;
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0 || setresuid(1000, 1000, 1000) < 0 ||
	    cap_apply(want) < 0 || cap_get(&got) < 0)
		return 1;
	if (got.effective != want->effective || got.permitted != want->permitted ||
	    got.inheritable != want->inheritable)
		return 2;
	for (unsigned int cap = 0; cap <= cap_last(); cap++) {
		int is_bound = prctl(PR_CAPBSET_READ, cap, 0, 0, 0);
		int is_ambient = prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, cap, 0, 0);

		if (is_bound != !!(want->bounding & CAP_BIT(cap)))
			return 3;
		if (is_ambient != !!(want->ambient & CAP_BIT(cap)))
			return 4;
	}
	/* more than there is must fail */
	return cap_apply(&(struct cap_sets){ .permitted = cap_all() }) == -EPERM ? 0 : 5;
}

TEST(sets_are_applied)
{
	static const struct cap_sets want = {
		.bounding = CAP_BIT(CAP_KILL) | CAP_BIT(CAP_CHOWN),
		.effective = CAP_BIT(CAP_KILL),
		.permitted = CAP_BIT(CAP_KILL) | CAP_BIT(CAP_CHOWN),
		.inheritable = CAP_BIT(CAP_CHOWN),
		.ambient = CAP_BIT(CAP_CHOWN),
	};
	int status;
	pid_t pid;

	if (geteuid() != 0)
		SKIP(return, "needs root");
	pid = fork();
	if (pid == 0)
		_exit(applied(&want));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

TEST_HARNESS_MAIN
