// SPDX-License-Identifier: Apache-2.0
/* Classic BPF, written backwards. */
#include "kern/seccomp_code.h"

#define JUMP_MAX 255u /* jt and jf are bytes */

void code_init(struct code *c)
{
	c->n = 0;
	c->n_verdicts = 0;
	c->is_full = false;
}

static unsigned int emit(struct code *c, uint16_t code, uint8_t jt, uint8_t jf, uint32_t k)
{
	if (c->n == BPF_MAXINSNS) {
		c->is_full = true;
		return c->n;
	}
	c->n++;
	c->insns[BPF_MAXINSNS - c->n] = (struct sock_filter){ code, jt, jf, k };
	return c->n;
}

code_ref code_verdict(struct code *c, uint32_t action)
{
	unsigned int i;

	for (i = 0; i < c->n_verdicts; i++)
		if (c->verdicts[i].action == action)
			return -(code_ref)i - 1;
	if (i == CODE_VERDICTS_MAX) {
		c->is_full = true;
		return -1;
	}
	c->verdicts[i] = (struct code_verdict){ .action = action };
	c->n_verdicts++;
	return -(code_ref)i - 1;
}

/* A place for @ref that an instruction written @slack instructions later can still jump to. */
static unsigned int reach(struct code *c, code_ref ref, unsigned int slack)
{
	struct code_verdict *v;

	if (ref > 0) {
		unsigned int place = (unsigned int)ref;

		if (c->n - place + slack <= JUMP_MAX)
			return place;
		return emit(c, BPF_JMP | BPF_JA, 0, 0, c->n - place);
	}
	v = &c->verdicts[-ref - 1];
	if (!v->place || c->n - v->place + slack > JUMP_MAX)
		v->place = emit(c, BPF_RET | BPF_K, 0, 0, v->action);
	return v->place;
}

/* Make the next instruction written fall through to @ref. */
static void fall_to(struct code *c, code_ref ref)
{
	unsigned int place;

	if (ref < 0)
		(void)emit(c, BPF_RET | BPF_K, 0, 0, c->verdicts[-ref - 1].action);
	else if ((place = (unsigned int)ref) != c->n)
		(void)emit(c, BPF_JMP | BPF_JA, 0, 0, c->n - place);
}

code_ref code_load(struct code *c, uint32_t offset, code_ref next)
{
	fall_to(c, next);
	return (code_ref)emit(c, BPF_LD | BPF_W | BPF_ABS, 0, 0, offset);
}

code_ref code_and(struct code *c, uint32_t mask, code_ref next)
{
	fall_to(c, next);
	return (code_ref)emit(c, BPF_ALU | BPF_AND | BPF_K, 0, 0, mask);
}

code_ref code_no_cache(struct code *c, code_ref next)
{
	fall_to(c, next);
	return (code_ref)emit(c, BPF_MISC | BPF_TAX, 0, 0, 0);
}

code_ref code_jump(struct code *c, uint16_t op, uint32_t k, code_ref t, code_ref f)
{
	unsigned int place_t, place_f;

	if (t == f)
		return t;
	place_t = reach(c, t, 1);
	place_f = reach(c, f, 0);
	return (code_ref)emit(c, BPF_JMP | op | BPF_K, (uint8_t)(c->n - place_t),
			      (uint8_t)(c->n - place_f), k);
}

/* How many runs from @r on are one run with at most SINGLES_MAX single values in it: odd. */
#define SINGLES_MAX 3u
static unsigned int group_len(const struct code_range *r, unsigned int n)
{
	unsigned int len = 1;

	while (len + 1 < n && len / 2 < SINGLES_MAX && r[len + 1].target == r[0].target &&
	       r[len + 1].first - r[len].first == 1)
		len += 2;
	return len;
}

static code_ref emit_group(struct code *c, const struct code_range *r, unsigned int n)
{
	code_ref next = r[0].target;

	for (unsigned int i = 1; i < n; i += 2)
		next = code_jump(c, BPF_JEQ, r[i].first, r[i].target, next);
	return next;
}

/* The group in lo+1..hi that begins nearest to the middle of the values; the last group has no end. */
static unsigned int middle(const struct code_range *r, const uint16_t *ends, unsigned int lo,
			   unsigned int hi)
{
	uint32_t from = r[lo ? ends[lo - 1] : 0].first, to = r[ends[hi - 1]].first,
		 best = UINT32_MAX;
	unsigned int mid = lo + 1;

	for (unsigned int i = lo + 1; i <= hi; i++) {
		uint32_t low = r[ends[i - 1]].first - from, high = to - r[ends[i - 1]].first;
		uint32_t off = low > high ? low - high : high - low;

		if (off < best) {
			best = off;
			mid = i;
		}
	}
	return mid;
}

/* Groups of runs: @ends[i] is one past the last run of group i. */
static code_ref search(struct code *c, const struct code_range *r, const uint16_t *ends,
		       unsigned int lo, unsigned int hi)
{
	unsigned int mid, first = lo ? ends[lo - 1] : 0;
	code_ref low, high;

	if (lo == hi)
		return emit_group(c, r + first, ends[lo] - first);
	mid = middle(r, ends, lo, hi);
	high = search(c, r, ends, mid, hi);
	low = search(c, r, ends, lo, mid - 1);
	return code_jump(c, BPF_JGE, r[ends[mid - 1]].first, high, low);
}

code_ref code_ranges(struct code *c, const struct code_range *r, unsigned int n)
{
	uint16_t ends[CODE_RANGES_MAX];
	unsigned int n_groups = 0;

	for (unsigned int at = 0; at < n && n_groups < CODE_RANGES_MAX; n_groups++) {
		at += group_len(r + at, n - at);
		ends[n_groups] = (uint16_t)at;
	}
	return search(c, r, ends, 0, n_groups - 1);
}

const struct sock_filter *code_begin(struct code *c, code_ref ref)
{
	if (ref < 0 || (unsigned int)ref != c->n)
		fall_to(c, ref);
	return &c->insns[BPF_MAXINSNS - c->n];
}
