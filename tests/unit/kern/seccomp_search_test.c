// SPDX-License-Identifier: Apache-2.0
/* The search among runs of values, against the runs themselves. */
#include "kern/seccomp_search.h"

#include <stddef.h>
#include <stdlib.h>

#include "bpf_run.h"
#include "kselftest_harness.h"

#define N_SETS 3000u
#define VALUES 1200u

struct set {
	struct search_run runs[SEARCH_RUNS_MAX];
	uint32_t want[SEARCH_RUNS_MAX]; /* verdict of each run */
	unsigned int n;
};

/* Runs with lengths that are often 1 and targets that are often the first two. */
static void draw(struct set *s, struct code *c, unsigned int *seed)
{
	unsigned int n_targets = 2 + (unsigned int)rand_r(seed) % 4,
		     long_one = 1 + (unsigned int)rand_r(seed) % 60;
	uint32_t at = rand_r(seed) % 2 ? 0 : (uint32_t)rand_r(seed) % 50;

	for (s->n = 0; at < VALUES && s->n < SEARCH_RUNS_MAX; s->n++) {
		uint32_t verdict = (unsigned int)rand_r(seed) % (rand_r(seed) % 4 ? 2 : n_targets);

		if (s->n && verdict == s->want[s->n - 1])
			verdict = (verdict + 1) % n_targets;
		s->want[s->n] = verdict;
		s->runs[s->n] = (struct search_run){ at, code_verdict(c, verdict) };
		at += 1 + (rand_r(seed) % 2 ? 0 : (unsigned int)rand_r(seed) % long_one);
	}
}

static uint64_t find(const struct sock_filter *program, unsigned int n, uint32_t value)
{
	struct seccomp_data d = { .nr = (int)value };

	return bpf_run(program, n, &d);
}

static unsigned int check(struct __test_metadata *_metadata, const struct set *s, struct code *c,
			  bool has_masks)
{
	const struct sock_filter *program;
	unsigned int at = 0;
	code_ref first = search_runs(c, has_masks, s->runs, s->n);

	first = (has_masks ? code_low_bits : code_load)(c, offsetof(struct seccomp_data, nr),
							first);
	program = code_begin(c, first);
	ASSERT_FALSE(c->is_full);
	for (uint32_t v = 0; v < VALUES + 100; v++) {
		while (at + 1 < s->n && s->runs[at + 1].first <= v)
			at++;
		ASSERT_EQ(s->want[at], find(program, c->n, v))
		TH_LOG("value %u in run %u of %u from %u on%s", v, at, s->n, s->runs[at].first,
		       has_masks ? ", masks" : "");
	}
	EXPECT_EQ(s->want[s->n - 1], find(program, c->n, UINT32_MAX));
	return c->n;
}

TEST(each_value_finds_its_run)
{
	struct code *c = malloc(sizeof(*c));
	struct set *s = malloc(sizeof(*s));
	unsigned long plain = 0, masked = 0;

	ASSERT_TRUE(c && s);
	for (unsigned int i = 0; i < N_SETS; i++) {
		unsigned int seed = i;

		code_init(c);
		draw(s, c, &seed);
		plain += check(_metadata, s, c, false);
		seed = i;
		code_init(c);
		draw(s, c, &seed);
		masked += check(_metadata, s, c, true);
	}
	TH_LOG("%lu instructions, with masks %lu", plain, masked);
	EXPECT_LT(masked, plain - plain / 16);
	free(s);
	free(c);
}

TEST(one_run_is_its_target)
{
	struct code *c = malloc(sizeof(*c));
	struct search_run r = { 7, 0 };

	ASSERT_NE(NULL, c);
	code_init(c);
	r.target = code_verdict(c, 3);
	EXPECT_EQ(r.target, search_runs(c, true, &r, 1));
	EXPECT_EQ(0, c->n);
	free(c);
}

TEST_HARNESS_MAIN
