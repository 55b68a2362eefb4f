// SPDX-License-Identifier: Apache-2.0
/* The table of features is complete, and probing it leaves nothing behind. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/env.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/str.h"
#include "kern/cgroup.h"
#include "kern/feature.h"
#include "kselftest_harness.h"

struct seen {
	struct strv names;
	size_t n, n_incomplete;
	bool is_required_missing;
};

static void see(const struct feature_result *r, void *data)
{
	struct seen *s = data;

	s->n++;
	if (strv_has(&s->names, r->name) || !r->group || !r->name || !r->detail ||
	    (r->need != FEATURE_INFO && (!r->lost || !r->how)))
		s->n_incomplete++;
	(void)strv_add(&s->names, r->name);
	if (!r->is_there && r->need == FEATURE_REQUIRED)
		s->is_required_missing = true;
}

static size_t count_entries(const char *path)
{
	_cleanup_dir_ DIR *d = opendir(path);
	size_t n = 0;

	while (d && readdir(d))
		n++;
	return n;
}

TEST(probing)
{
	char root[] = "/var/tmp/davit-feature-XXXXXX", below[64];
	struct env env = { .state = "/run", .slice = "davit-test-feature", .bpffs = "/sys/fs/bpf" };
	_cleanup_strv_ struct strv ids = { .v = NULL };
	struct seen s = { .n = 0 };
	struct err e = ERR_INIT;
	size_t fds;
	int r;

	if (geteuid() != 0)
		SKIP(return, "needs root");
	ASSERT_NE(NULL, mkdtemp(root));
	snprintf(below, sizeof(below), "%s/not/there", root);
	env.root = below; /* as before the first use */
	fds = count_entries("/proc/self/fd");
	r = feature_each(&env, see, &s, &e);
	EXPECT_EQ(s.is_required_missing, r)
	{
		TH_LOG("%s", e.msg);
	}
	EXPECT_GT(s.n, 40);
	EXPECT_EQ(0, s.n_incomplete);
	EXPECT_EQ(fds, count_entries("/proc/self/fd"));
	EXPECT_EQ(2, count_entries(root));
	EXPECT_EQ(0, cgroup_list(env.slice, &ids, NULL));
	EXPECT_EQ(0, ids.n);
	EXPECT_EQ(0, rmdir(root));
	strv_done(&s.names);
}

/* A root that cannot be: everything on it is missing, and says why. */
static void see_root(const struct feature_result *r, void *data)
{
	int *n = data;

	if (strcmp(r->name, "overlay on the root") == 0 && !r->is_there &&
	    strstr(r->detail, "Not a directory"))
		++*n;
}

TEST(bad_root)
{
	const struct env env = { .root = "/dev/null/x",
				 .state = "/run",
				 .slice = "davit-test-feature",
				 .bpffs = "/nowhere" };
	int n = 0;

	if (geteuid() != 0)
		SKIP(return, "needs root");
	EXPECT_EQ(1, feature_each(&env, see_root, &n, NULL));
	EXPECT_EQ(1, n);
}

TEST_HARNESS_MAIN
