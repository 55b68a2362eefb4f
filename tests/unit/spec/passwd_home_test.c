// SPDX-License-Identifier: Apache-2.0
/* The home directory of an id: the first entry, whole numbers only, limits, any split of the bytes. */
#include "spec/passwd_home.h"

#include <string.h>

#include "kselftest_harness.h"

static const char *look(const char *text, uint32_t uid, size_t size, size_t piece)
{
	static char home[64];
	struct passwd_home p;
	size_t n = strlen(text);

	passwd_home_begin(&p, uid, home, size);
	for (size_t at = 0; at < n; at += piece)
		if (passwd_home_feed(&p, text + at, n - at < piece ? n - at : piece))
			return home;
	(void)passwd_home_feed(&p, NULL, 0);
	return home;
}

TEST(first_entry_of_an_id)
{
	static const char text[] = "root:x:0:0:root:/root:/bin/sh\n"
				   "\n"
				   "short:x:5\n"
				   "five:x:5:5::/five:\n"
				   "1001:x:0:0:a name of digits:/trap:\n"
				   "minus:x:-7:0::/minus:\n"
				   "blank:x: 7:0::/blank:\n"
				   "late:x:7x:0::/late:\n"
				   "none:x::0::/none:\n"
				   "seven:x:07:0::/seven:\n"
				   "seven:x:7:0::/again:\n"
				   "empty:x:8:0:::\n"
				   "eight:x:8:0::/eight:\n"
				   "wrap:x:4294967296:0::/wrap:\n"
				   "huge:x:99999999999999999999999:0::/huge:\n"
				   "top:x:4294967295:0::/top:\n"
				   "bare:x:9:0:bare:/bare\n"
				   "long:x:10:0::/0123456789012345678901234567890123456789:\n"
				   "last:x:11:0:l:/last";
	static const struct {
		uint32_t uid;
		const char *home;
	} rows[] = {
		{ 0, "/root" },	 { 5, "/five" }, { 1001, "/" },
		{ 7, "/seven" }, { 8, "/" },	 { 4294967295u, "/top" },
		{ 9, "/bare" },	 { 10, "/" },	 { 11, "/last" },
		{ 12, "/" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		for (size_t piece = 1; piece < 40; piece++) {
			EXPECT_STREQ(rows[i].home, look(text, rows[i].uid, 16, piece))
			TH_LOG("uid %u", rows[i].uid);
		}
}

TEST(no_entries)
{
	EXPECT_STREQ("/", look("", 0, 16, 1));
	EXPECT_STREQ("/", look(":::::", 0, 16, 1));
	EXPECT_STREQ("/", look("\n\n::0", 0, 16, 4));
	EXPECT_STREQ("/", look("a:b:0:d:e:/f:g\n", 0, 2, 4)); /* room for the fallback alone */
}

TEST_HARNESS_MAIN
