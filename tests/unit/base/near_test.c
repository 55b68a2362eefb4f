// SPDX-License-Identifier: Apache-2.0
/* The word that was meant, and the errors that a helper has told. */
#include "base/near.h"

#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "kselftest_harness.h"

/* The nearest of some options, or "". */
static const char *meant(const char *typed)
{
	static const char *const words[] = {
		"memory", "memory-swap", "cpus",     "cpu-shares",
		"user",	  "rm",		 "hostname", "an-option-of-more-letters-than-are-looked-at"
	};
	struct near near = NEAR_INIT(typed, strlen(typed));

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		near_try(&near, words[i], strlen(words[i]));
	return near.best ? near.best : "";
}

TEST(slips)
{
	EXPECT_STREQ("memory", meant("memroy")); /* swapped */
	EXPECT_STREQ("memory", meant("memry")); /* dropped */
	EXPECT_STREQ("memory", meant("memoory")); /* added */
	EXPECT_STREQ("memory", meant("nemorz")); /* replaced, twice */
	EXPECT_STREQ("memory-swap", meant("memory-swpa"));
	EXPECT_STREQ("hostname", meant("host")); /* begun */
	EXPECT_STREQ("memory", meant("mem")); /* the first that begins so */
	EXPECT_STREQ("cpus", meant("cpu"));
	EXPECT_STREQ("rm", meant("rm"));
}

TEST(other_words)
{
	EXPECT_STREQ("", meant(""));
	EXPECT_STREQ("", meant("x"));
	EXPECT_STREQ("", meant("mxxxry")); /* three slips */
	EXPECT_STREQ("", meant("uxyz")); /* more than a third is wrong */
	EXPECT_STREQ("", meant("an-option-of-more-letters-than-are-looked-ta"));
}

/* A word is not ended by a NUL: it may be part of a text. */
TEST(parts_of_texts)
{
	struct near near = NEAR_INIT("memroy=64m", 6);

	near_try(&near, "memory|m", 6);
	EXPECT_EQ(6u, near.best_len);
	EXPECT_EQ(1u, near.distance);
}

TEST(told)
{
	struct err e = ERR_INIT;

	(void)err_set(&e, EIO, "before");
	EXPECT_EQ(-EIO, err_told(&e, EIO));
	EXPECT_STREQ("", e.msg);
	EXPECT_TRUE(e.is_plain);
	EXPECT_EQ(-EPERM, err_told(NULL, -EPERM));
}

TEST_HARNESS_MAIN
