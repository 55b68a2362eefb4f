// SPDX-License-Identifier: Apache-2.0
/* CPU shares from two samples. */
#include <string.h>

#include "engine/stats.h"
#include "kselftest_harness.h"

#define SECOND 1000000000

static struct stats sample(char id, int64_t taken_ns, uint64_t used_ns)
{
	struct stats s = { .taken_ns = taken_ns, .has_use = true };

	memset(s.id, id, ID_LEN);
	s.use.has_cpu = true;
	s.use.cpu_usage_ns = used_ns;
	return s;
}

TEST(rate)
{
	struct stats before[] = { sample('a', SECOND, 100), sample('b', SECOND, 0),
				  sample('c', SECOND, 500), sample('d', SECOND, 7) };
	/* b went, e came, c was started anew, a used two CPUs, d half a one */
	struct stats now[] = { sample('a', 2L * SECOND, 2L * SECOND + 100),
			       sample('c', 2L * SECOND, 400), sample('d', 3L * SECOND, SECOND + 7),
			       sample('e', 2L * SECOND, 5) };
	struct stats_list b = { before, 4 }, n = { now, 4 };

	stats_rate(&n, &b);
	EXPECT_TRUE(now[0].has_cpu_share && now[0].cpu_share > 1.999 && now[0].cpu_share < 2.001);
	EXPECT_FALSE(now[1].has_cpu_share);
	EXPECT_TRUE(now[2].has_cpu_share && now[2].cpu_share > 0.499 && now[2].cpu_share < 0.501);
	EXPECT_FALSE(now[3].has_cpu_share);
}

TEST(rate_of_the_same_moment)
{
	struct stats before = sample('a', SECOND, 1), now = sample('a', SECOND, 2);
	struct stats_list b = { &before, 1 }, n = { &now, 1 };

	stats_rate(&n, &b);
	EXPECT_FALSE(now.has_cpu_share);
	now = sample('a', 2L * SECOND, 2);
	now.use.has_cpu = false;
	stats_rate(&n, &b);
	EXPECT_FALSE(now.has_cpu_share);
}

TEST_HARNESS_MAIN
