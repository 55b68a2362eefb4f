// SPDX-License-Identifier: Apache-2.0
/* The id of a program, beside what its own file says. */
#include "base/build_id.h"

#include <stdio.h>
#include <string.h>

#include "kselftest_harness.h"

TEST(is_that_of_the_file)
{
	uint8_t id[BUILD_ID_SIZE], again[BUILD_ID_SIZE];
	char want[2 * BUILD_ID_SIZE + 1] = "", have[2 * BUILD_ID_SIZE + 1] = "", command[64];
	int n = build_id(id);
	FILE *f;

	ASSERT_GE(n, (int)BUILD_ID_MIN);
	ASSERT_LE(n, (int)BUILD_ID_SIZE);
	for (int i = 0; i < n; i++)
		snprintf(have + 2 * i, 3, "%02x", id[i]);
	snprintf(command, sizeof(command), "readelf -n /proc/%d/exe | sed -n 's/.*Build ID: //p'",
		 getpid());
	f = popen(command, "r");
	ASSERT_NE(NULL, f);
	ASSERT_EQ(1, fscanf(f, "%64s", want));
	pclose(f);
	EXPECT_STREQ(want, have);
	for (unsigned int i = (unsigned int)n; i < BUILD_ID_SIZE; i++)
		EXPECT_EQ(0, id[i]);
	EXPECT_EQ(n, build_id(again));
	EXPECT_EQ(0, memcmp(id, again, sizeof(id)));
}

TEST_HARNESS_MAIN
