// SPDX-License-Identifier: Apache-2.0
/* Errors: the formatter, wrapping, hints, texts. */
#include "kselftest_harness.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"

/* the project's own formatter says what printf says, for every conversion in use */
TEST(formats_like_printf)
{
	char ours[256], theirs[256];

#define SAME(...)                                              \
	do {                                                   \
		(void)err_format(ours, sizeof(ours), __VA_ARGS__); \
		(void)snprintf(theirs, sizeof(theirs), __VA_ARGS__); \
		EXPECT_EQ(strcmp(ours, theirs), 0)             \
		TH_LOG("'%s', not '%s'", ours, theirs);        \
	} while (0)
	SAME("%s|%.*s|%.3s|%.12s|%c|%%", "text", 2, "abcdef", "abcdef", "short", 'x');
	SAME("%d|%d|%d|%u", 0, -1, INT_MIN, UINT_MAX);
	SAME("%x|%o|%08x|%5d|%03u", 255, 8, 48879, 42, 7);
	SAME("%ld|%lu|%lx", LONG_MIN, ULONG_MAX, 255ul);
	SAME("%lld|%llu|%llx", LLONG_MIN, ULLONG_MAX, 255ull);
	SAME("%zu|%zd", (size_t)-1, (ssize_t)-1);
#undef SAME
}

TEST(cuts_what_does_not_fit)
{
	char buf[8];

	EXPECT_EQ(err_format(buf, sizeof(buf), "%s", "0123456789"), 7);
	EXPECT_EQ(strcmp(buf, "0123456"), 0);
	EXPECT_EQ(err_format(buf, 1, "%s", "x"), 0);
	EXPECT_EQ(buf[0], '\0');
}

TEST(wraps_outwards)
{
	struct err e = ERR_INIT;

	EXPECT_EQ(err_set(&e, ENOENT, "open '%s'", "/x"), -ENOENT);
	err_hint(&e, "first");
	err_hint(&e, "second");
	EXPECT_EQ(err_wrap(&e, -ENOENT, "start '%s'", "web"), -ENOENT);
	EXPECT_EQ(e.code, -ENOENT);
	EXPECT_EQ(strcmp(e.msg, "start 'web': open '/x'"), 0);
	EXPECT_EQ(strcmp(e.hint, "first"), 0);
	EXPECT_EQ(err_exit(&e, -ENOENT, 127), -ENOENT);
	EXPECT_EQ(e.exit_code, 127);
	err_clear(&e);
	EXPECT_EQ(e.code, 0);
	EXPECT_EQ(e.msg[0], '\0');
}

TEST(takes_either_sign_and_never_zero)
{
	EXPECT_EQ(err_set(NULL, 5, "x"), -5);
	EXPECT_EQ(err_set(NULL, -5, "x"), -5);
	EXPECT_EQ(err_plain(NULL, 0, "x"), -EIO);
}

TEST(a_long_message_is_cut_not_overrun)
{
	struct err e = ERR_INIT;
	char big[4096];

	memset(big, 'a', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	(void)err_set(&e, EIO, "%s", big);
	for (int i = 0; i < 3; i++)
		(void)err_wrap(&e, EIO, "%s", big);
	EXPECT_EQ(strlen(e.msg), ERR_MSG_MAX - 1);
}

TEST(texts_are_those_of_the_field)
{
	EXPECT_EQ(strcmp(err_text(-ENOENT), "No such file or directory"), 0);
	EXPECT_EQ(strcmp(err_text(EBUSY), "Device or resource busy"), 0);
	for (int i = 1; i < 134; i++) {
		EXPECT_NE(err_text(i), NULL);
	}
	/* the table and glibc agree */
	for (int i = 1; i < 134; i++) {
		char ours[64]; /* both may come out of one buffer of the C library */

		(void)snprintf(ours, sizeof(ours), "%s", err_text(i));
		EXPECT_EQ(strcmp(ours, strerror(i)), 0) TH_LOG("%d: %s", i, ours);
	}
}

TEST_HARNESS_MAIN
