// SPDX-License-Identifier: Apache-2.0
/* -e and --env-file: Docker's format, its refusals, our limits. */
#include "spec/env_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/str.h"
#include "kselftest_harness.h"

static char *const host[] = { (char *)"HOME=/root", (char *)"EMPTY=", (char *)"HOMEX=no", NULL };

/* clang-format off */
static const struct {
	const char *text, *want; /* entries joined by '|' */
} good[] = {
	{ "",                        "" },
	{ "\n\n# note\n  # note\n",  "" },
	{ "A=1",                     "A=1" },
	{ "A=1\nB=2\n",              "A=1|B=2" },
	{ "A=1\r\nB=2\r\n",          "A=1|B=2" },
	{ "A=1\nA=2\n",              "A=2" },
	{ "A= x y  \n",              "A= x y  " },
	{ "A=\"x\"\nB='y' # no note\n", "A=\"x\"|B='y' # no note" },
	{ "A=b=c\n",                 "A=b=c" },
	{ "A=\n",                    "A=" },
	{ "HOME\nEMPTY\nUNSET\n",    "HOME=/root|EMPTY=" },
	{ "\xef\xbb\xbf" "A=1\n",    "A=1" },
	{ "a.b-c=1\n",               "a.b-c=1" },
};

static const struct {
	const char *text;
	size_t n; /* 0 = to the NUL */
	const char *message;
} bad[] = {
	{ "A=1\n=2\n",   0, "line 2 of 'f': variable '=2' has no name" },
	{ "A B=1\n",     0, "line 1 of 'f': name 'A B' has a blank" },
	{ "export A=1",  0, "line 1 of 'f': name 'export A' has a blank" },
	{ "A =1",        0, "line 1 of 'f': name 'A ' has a blank" },
	{ "A=1\nB=\0x",  8, "line 2 of 'f': it has a NUL byte" },
};
/* clang-format on */

static char *join(const struct strv *env)
{
	struct str s = STR_INIT;

	for (size_t i = 0; i < env->n; i++)
		str_addf(&s, "%s%s", i ? "|" : "", env->v[i]);
	str_add(&s, "");
	return str_take(&s);
}

TEST(files)
{
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		_cleanup_strv_ struct strv env = { NULL, 0 };
		_cleanup_free_ char *got = NULL;

		ASSERT_EQ(0, env_file_parse(good[i].text, strlen(good[i].text), "f", host, &env,
					    NULL));
		got = join(&env);
		EXPECT_STREQ(good[i].want, got);
	}
}

TEST(refusals_name_the_line)
{
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		_cleanup_strv_ struct strv env = { NULL, 0 };
		struct err e = ERR_INIT;
		size_t n = bad[i].n ? bad[i].n : strlen(bad[i].text);

		EXPECT_EQ(-EINVAL, env_file_parse(bad[i].text, n, "f", host, &env, &e));
		EXPECT_STREQ(bad[i].message, e.msg);
	}
}

TEST(options)
{
	_cleanup_strv_ struct strv env = { NULL, 0 };
	_cleanup_free_ char *got = NULL;
	struct err e = ERR_INIT;

	EXPECT_EQ(0, env_file_add("A=1", host, &env, &e));
	EXPECT_EQ(0, env_file_add("A=2 3", host, &env, &e));
	EXPECT_EQ(0, env_file_add("HOME", host, &env, &e));
	EXPECT_EQ(0, env_file_add("UNSET", host, &env, &e));
	EXPECT_EQ(0, env_file_add("HOME", NULL, &env, &e));
	EXPECT_EQ(-EINVAL, env_file_add("", host, &env, &e));
	EXPECT_STREQ("variable '' has no name", e.msg);
	got = join(&env);
	EXPECT_STREQ("A=2 3|HOME=/root", got);
}

TEST(limits)
{
	_cleanup_strv_ struct strv env = { NULL, 0 };
	_cleanup_str_ struct str s = STR_INIT;
	struct err e = ERR_INIT;

	str_add(&s, "A=");
	while (s.len <= ENV_FILE_LINE_MAX)
		str_add_char(&s, 'x');
	EXPECT_EQ(-E2BIG, env_file_parse(str_text(&s), s.len, "f", host, &env, &e));
	EXPECT_STREQ("line 1 of 'f': it is longer than 65536 bytes", e.msg);
	EXPECT_EQ(0, env_file_parse(str_text(&s), ENV_FILE_LINE_MAX, "f", host, &env, &e));

	while (s.len <= ENV_FILE_SIZE_MAX)
		str_add_char(&s, '\n');
	EXPECT_EQ(-EFBIG, env_file_parse(str_text(&s), s.len, "f", host, &env, &e));
	EXPECT_STREQ("'f' is larger than 1048576 bytes", e.msg);

	strv_done(&env);
	env = (struct strv){ NULL, 0 };
	str_truncate(&s, 0);
	for (unsigned int i = 0; i <= ENV_FILE_COUNT_MAX; i++)
		str_addf(&s, "V%u=\n", i);
	EXPECT_EQ(-E2BIG, env_file_parse(str_text(&s), s.len, "f", host, &env, &e));
	EXPECT_STREQ("line 4097 of 'f': more than 4096 variables", e.msg);
}

TEST_HARNESS_MAIN
