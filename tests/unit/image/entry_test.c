// SPDX-License-Identifier: Apache-2.0
/* Names of tar entries. */
#include "image/entry.h"

#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "kselftest_harness.h"
#include "store/limits.h"

struct name_case {
	const char *raw, *want;
};

TEST(normalises_names)
{
	static const struct name_case cases[] = {
		{ "a/b", "a/b" }, { "./a//b/", "a/b" }, { "/a", "a" }, { "", "" },	  { "./", "" },
		{ "/", "" },	  { "...", "..." },	{ "..a", "..a" }, { "a/./b", "a/b" },
	};
	char path[TREE_PATH_MAX];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ASSERT_EQ(0, entry_path(cases[i].raw, path, NULL));
		EXPECT_STREQ(cases[i].want, path);
	}
}

TEST(refuses_dotdot_anywhere)
{
	static const char *const refused[] = { "..", "../a", "a/..", "a/../b", "/..", "./../x", "a//.." };
	char path[TREE_PATH_MAX];

	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		EXPECT_EQ(-EBADMSG, entry_path(refused[i], path, NULL));
	EXPECT_EQ(-EBADMSG, entry_path(NULL, path, NULL));
}

TEST(keeps_to_the_limits)
{
	char raw[3 * TREE_PATH_MAX], path[TREE_PATH_MAX];

	memset(raw, 'n', sizeof(raw));
	raw[LIMIT_NAME] = '\0';
	EXPECT_EQ(0, entry_path(raw, path, NULL));
	raw[LIMIT_NAME] = 'n';
	raw[LIMIT_NAME + 1] = '\0';
	EXPECT_EQ(-ENAMETOOLONG, entry_path(raw, path, NULL));
	for (size_t i = 0; i < sizeof(raw); i++)
		raw[i] = i % 100 == 99 ? '/' : 'n';
	raw[LIMIT_PATH] = '\0';
	EXPECT_EQ(0, entry_path(raw, path, NULL));
	EXPECT_EQ(LIMIT_PATH, strlen(path));
	raw[LIMIT_PATH] = 'n';
	raw[LIMIT_PATH + 1] = '\0';
	EXPECT_EQ(-ENAMETOOLONG, entry_path(raw, path, NULL));
	for (size_t i = 0; i < sizeof(raw); i++)
		raw[i] = i % 2 ? '/' : 'd';
	raw[2 * LIMIT_DEPTH] = '\0';
	EXPECT_EQ(0, entry_path(raw, path, NULL));
	raw[2 * LIMIT_DEPTH] = 'd';
	raw[2 * LIMIT_DEPTH + 1] = '\0';
	EXPECT_EQ(-ENAMETOOLONG, entry_path(raw, path, NULL));
}

TEST_HARNESS_MAIN
