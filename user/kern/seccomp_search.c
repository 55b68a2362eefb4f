// SPDX-License-Identifier: Apache-2.0
/* Runs of values, cut into groups; a group is found by halving. */
#include "kern/seccomp_search.h"

#define SINGLES_MAX 3u
#define MASK_BORDERS_MIN 4u /* fewer take no more instructions than a mask */

/**
 * struct group - values from @first on, in runs [@run, @run + @n)
 * @is_mask: @first may be within the first run; else each second run is a single value
 */
struct group {
	uint32_t first;
	uint16_t run, n;
	bool is_mask;
};

static bool is_single(const struct search_run *r)
{
	return r[1].first - r[0].first == 1;
}

/* Is run @i a single value that a mask from @r[0] on leaves to a test of its own? */
static bool is_apart(const struct search_run *r, unsigned int n, unsigned int i)
{
	return i && i + 1 < n && is_single(r + i) && r[i - 1].target == r[i + 1].target &&
	       r[i].target != r[0].target && r[i].target != r[1].target;
}

/* The mask from @first on, which is in run @r[0]: how many runs begin in it, or the first is that. */
static unsigned int mask_len(const struct search_run *r, unsigned int n, uint32_t first,
			     unsigned int *borders)
{
	unsigned int len = 1;

	for (*borders = 0; len < n && r[len].first - first < CODE_MASK_BITS; len++) {
		if (is_apart(r, n, len))
			continue;
		if (r[len].target != r[0].target && r[len].target != r[1].target)
			break;
		*borders += !is_apart(r, n, len - 1);
	}
	return len;
}

/* How many runs from @r on are one run with at most SINGLES_MAX single values in it: odd. */
static unsigned int singles_len(const struct search_run *r, unsigned int n)
{
	unsigned int len = 1;

	while (len + 1 < n && len / 2 < SINGLES_MAX && r[len + 1].target == r[0].target &&
	       is_single(r + len))
		len += 2;
	return len;
}

/* The group from @g->first on, in run @g->run. Return: where the next one begins, in run *@run */
static uint32_t cut(const struct search_run *r, unsigned int n, bool has_masks, struct group *g,
		    unsigned int *run)
{
	unsigned int left = n - g->run, borders = 0;
	unsigned int len = has_masks ? mask_len(r + g->run, left, g->first, &borders) : 0;

	g->is_mask = borders >= MASK_BORDERS_MIN;
	if (!g->is_mask)
		len = singles_len(r + g->run, left);
	g->n = (uint16_t)len;
	*run = g->run + len;
	if (!g->is_mask || (*run < n && r[*run].first - g->first <= CODE_MASK_BITS))
		return *run < n ? r[*run].first : 0;
	(*run)--; /* the last run goes on after the mask */
	return g->first + CODE_MASK_BITS;
}

static code_ref emit_mask(struct code *c, const struct search_run *r, unsigned int n_all,
			  const struct group *g)
{
	code_ref other = r[g->run + 1].target, next;
	const struct search_run *in = r + g->run;
	uint32_t mask = 0, value = g->first;

	for (unsigned int i = 0, at = 0; i < CODE_MASK_BITS; i++, value++) {
		while (at + 1 < g->n && in[at + 1].first <= value)
			at++;
		if (in[at].target == other)
			mask |= 1u << value % CODE_MASK_BITS;
	}
	next = code_mask(c, mask, other, in[0].target);
	for (unsigned int i = 1; i < g->n; i++)
		if (is_apart(in, n_all - g->run, i))
			next = code_jump(c, BPF_JEQ, in[i].first, in[i].target, next);
	return next;
}

static code_ref emit_singles(struct code *c, const struct search_run *r, unsigned int n)
{
	code_ref next = r[0].target;

	for (unsigned int i = 1; i < n; i += 2)
		next = code_jump(c, BPF_JEQ, r[i].first, r[i].target, next);
	return next;
}

/* The group in lo+1..hi that begins nearest to the middle of the values; the last group has no end. */
static unsigned int middle(const struct group *g, unsigned int lo, unsigned int hi)
{
	uint32_t from = g[lo].first, to = g[hi].first, best = UINT32_MAX;
	unsigned int mid = lo + 1;

	for (unsigned int i = lo + 1; i <= hi; i++) {
		uint32_t low = g[i].first - from, high = to - g[i].first;
		uint32_t off = low > high ? low - high : high - low;

		if (off < best) {
			best = off;
			mid = i;
		}
	}
	return mid;
}

/**
 * struct search - what does not change on the way down
 * @g: groups
 * @r: the runs in them
 */
struct search {
	struct code *code;
	const struct group *g;
	const struct search_run *r;
	unsigned int n_runs;
};

static code_ref halve(const struct search *s, unsigned int lo, unsigned int hi)
{
	const struct group *g = s->g + lo;
	unsigned int mid;
	code_ref low, high;

	if (lo == hi)
		return g->is_mask ? emit_mask(s->code, s->r, s->n_runs, g) :
				    emit_singles(s->code, s->r + g->run, g->n);
	mid = middle(s->g, lo, hi);
	high = halve(s, mid, hi);
	low = halve(s, lo, mid - 1);
	return code_jump(s->code, BPF_JGE, s->g[mid].first, high, low);
}

code_ref search_runs(struct code *c, bool has_masks, const struct search_run *r, unsigned int n)
{
	struct group groups[SEARCH_RUNS_MAX + 1];
	struct search s = { .code = c, .g = groups, .r = r, .n_runs = n };
	unsigned int n_groups = 0;
	/* no mask may hold values below its own, and they go with the first run */
	uint32_t first = has_masks ? 0 : r[0].first;

	for (unsigned int run = 0; run < n && n_groups < SEARCH_RUNS_MAX; n_groups++) {
		struct group *g = groups + n_groups;

		*g = (struct group){ .first = first, .run = (uint16_t)run };
		first = cut(r, n, has_masks, g, &run);
	}
	return halve(&s, 0, n_groups - 1);
}
