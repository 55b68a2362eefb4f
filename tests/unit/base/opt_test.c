// SPDX-License-Identifier: Apache-2.0
/* base/opt: options behind arguments. */
#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "base/opt.h"
#include "kselftest_harness.h"

struct opts {
	bool all, force;
	char *name;
	int64_t n;
};

static const struct opt options[] = { OPT_BOOL('a', "all", struct opts, all, "all"),
				      OPT_BOOL('f', "force", struct opts, force, "force"),
				      OPT_STR('n', "name", struct opts, name, "NAME", "name"),
				      OPT_INT('i', "int", struct opts, n, "N", "number"), OPT_END };

static const struct {
	const char *before, *after;
} rows[] = {
	{ "", "" },
	{ "x y", "x y" },
	{ "x -a y", "-a x y" },
	{ "x --name n y -f", "--name n -f x y" },
	{ "x --name=n y", "--name=n x y" },
	{ "x -n n y", "-n n x y" },
	{ "x -nn y", "-nn x y" },
	{ "x -af y", "-af x y" },
	{ "x -an n y", "-an n x y" },
	{ "x -i -1 y", "-i -1 x y" },
	{ "x --name -a y", "--name -a x y" },
	{ "x --what y", "--what x y" },
	{ "x -9 y", "-9 x y" },
	{ "x - y", "x - y" },
	{ "x -a -- -f y", "-a -- x -f y" },
	{ "-- x -a", "-- x -a" },
	{ "x --name", "--name x" },
	{ "x -n", "-n x" },
	{ "x --all=false y", "--all=false x y" },
};

/* The words of @text, which is written to. */
static int split(char *text, char *argv[])
{
	int argc = 0;

	for (char *w = strtok(text, " "); w; w = strtok(NULL, " "))
		argv[argc++] = w;
	return argc;
}

TEST(options_come_first_and_the_order_stays)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char text[64], *argv[16], got[64] = "";
		int argc;

		(void)strcpy(text, rows[i].before);
		argc = split(text, argv);
		ASSERT_EQ(opt_permute(options, argc, argv), 0);
		for (int k = 0; k < argc; k++) {
			(void)strcat(got, k ? " " : "");
			(void)strcat(got, argv[k]);
		}
		EXPECT_STREQ(got, rows[i].after);
	}
}

TEST(what_is_permuted_is_parsed)
{
	char text[] = "id --int 5 -f -- -a", *argv[16];
	struct opts o = { .n = 0 };
	struct err e = ERR_INIT;
	int argc = split(text, argv);

	ASSERT_EQ(opt_permute(options, argc, argv), 0);
	EXPECT_EQ(opt_parse(options, argc, argv, &o, &e), 4);
	EXPECT_EQ(o.n, 5);
	EXPECT_TRUE(o.force);
	EXPECT_FALSE(o.all);
	EXPECT_STREQ(argv[4], "id");
	EXPECT_STREQ(argv[5], "-a");
}

TEST_HARNESS_MAIN
