// SPDX-License-Identifier: Apache-2.0
/* Pinned device programs outlive the davit that made them: another compiler needs other names. */
#include <linux/bpf.h>
#include <stdint.h>

#include "base/libc.h"
#include "kern/bpf_device_cache.h"
#include "kern/bpf_device_list.h"
#include "kern/bpf_policy.h"
#include "kselftest_harness.h"

static const struct device_rule rules[] = {
	{ DEVICE_ANY, DEVICE_ANY, 'a', DEVICE_ALL, false, 0 },
	{ 1, 3, 'c', DEVICE_ALL, true, 0 },
	{ 8, DEVICE_ANY, 'b', DEVICE_READ, true, 0 },
	{ 10, 200, 'c', DEVICE_READ | DEVICE_WRITE, true, 0 },
};

TEST(what_is_compiled_is_the_same_as_ever)
{
	struct bpf_insn insns[DEVICE_LIST_INSNS(ARRAY_SIZE(rules))] = { { 0 } };
	size_t n = bpf_device_list_compile(rules, ARRAY_SIZE(rules), insns);
	const unsigned char *p = (const unsigned char *)insns;
	uint64_t hash = 14695981039346656037ull; /* FNV-1a */

	for (size_t i = 0; i < n * sizeof(insns[0]); i++)
		hash = (hash ^ p[i]) * 1099511628211ull;
	EXPECT_EQ(0xe46fc8617b7513baull, hash)
	{
		TH_LOG("the program of a list is another one: count up COMPILER in kern/bpf_device_cache.c");
	}
}

TEST(without_a_place_there_is_none)
{
	EXPECT_GT(0, bpf_device_cache_find(NULL, rules, ARRAY_SIZE(rules)));
	EXPECT_GT(0, bpf_device_cache_find("/nonexistent", rules, ARRAY_SIZE(rules)));
	EXPECT_GT(0, bpf_device_cache_find("/proc", rules, ARRAY_SIZE(rules)));
}

TEST_HARNESS_MAIN
