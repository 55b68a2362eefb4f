// SPDX-License-Identifier: Apache-2.0
/* Comparisons of a system call's arguments, written as classic BPF. */
#include "kern/seccomp_arg.h"

#include <linux/seccomp.h>
#include <stdlib.h>

#include "kern/seccomp.h"
#include "kern/seccomp_search.h"

static uint32_t arg_offset(unsigned int index, bool is_high)
{
	/* little-endian: the low word comes first */
	return (uint32_t)(offsetof(struct seccomp_data, args) + 8 * index + 4 * is_high);
}

/* Compare one half of an argument. */
static code_ref compare_word(struct arg_code to, uint32_t offset, uint16_t op, uint32_t k,
			     code_ref t, code_ref f)
{
	code_ref jump = code_jump(to.code, op, k, t, f);

	return jump == t || jump == f ? jump : code_load(to.code, offset, jump);
}

code_ref arg_equal(struct arg_code to, unsigned int index, uint64_t value, code_ref t, code_ref f)
{
	code_ref low = compare_word(to, arg_offset(index, false), BPF_JEQ, (uint32_t)value, t, f);

	if (to.is_32bit)
		return low;
	return compare_word(to, arg_offset(index, true), BPF_JEQ, (uint32_t)(value >> 32), low, f);
}

/* @op is BPF_JGE or BPF_JGT */
static code_ref compare_order(struct arg_code to, unsigned int index, uint16_t op, uint64_t value,
			      code_ref t, code_ref f)
{
	uint32_t high = (uint32_t)(value >> 32);
	code_ref low = compare_word(to, arg_offset(index, false), op, (uint32_t)value, t, f), same;

	if (to.is_32bit)
		return low;
	same = code_jump(to.code, BPF_JEQ, high, low, f);
	return compare_word(to, arg_offset(index, true), BPF_JGT, high, t, same);
}

static code_ref compare_masked(struct arg_code to, unsigned int index, uint64_t mask,
			       uint64_t value, code_ref t, code_ref f)
{
	code_ref next = t;

	for (int is_high = 0; is_high <= !to.is_32bit; is_high++) {
		uint32_t m = (uint32_t)(mask >> 32 * is_high),
			 v = (uint32_t)(value >> 32 * is_high);

		if ((v & ~m) != 0)
			return f; /* asks for a bit that the mask clears */
		if (m == 0)
			continue;
		/* "are these bits clear" needs no arithmetic */
		next = v == 0 ? code_jump(to.code, BPF_JSET, m, f, next) :
				code_and(to.code, m, code_jump(to.code, BPF_JEQ, v, next, f));
		if (next != f)
			next = code_load(to.code, arg_offset(index, is_high), next);
	}
	return next;
}

code_ref arg_compare(struct arg_code to, const struct seccomp_arg *a, code_ref t, code_ref f)
{
	switch ((enum seccomp_op)a->op) {
	case SECCOMP_NE:
		return arg_equal(to, a->index, a->value, f, t);
	case SECCOMP_LT:
		return compare_order(to, a->index, BPF_JGE, a->value, f, t);
	case SECCOMP_LE:
		return compare_order(to, a->index, BPF_JGT, a->value, f, t);
	case SECCOMP_EQ:
		return arg_equal(to, a->index, a->value, t, f);
	case SECCOMP_GE:
		return compare_order(to, a->index, BPF_JGE, a->value, t, f);
	case SECCOMP_GT:
		return compare_order(to, a->index, BPF_JGT, a->value, t, f);
	case SECCOMP_MASKED_EQ:
		return compare_masked(to, a->index, a->value, a->value_two, t, f);
	case SECCOMP_OP_COUNT:
		break;
	}
	return f;
}

bool arg_is_span(const struct seccomp_arg *a, struct arg_span *ret)
{
	if (a->value > UINT32_MAX)
		return false;
	if (a->op == SECCOMP_EQ)
		*ret = (struct arg_span){ a->index, (uint32_t)a->value, (uint32_t)a->value };
	else if (a->op == SECCOMP_LE || (a->op == SECCOMP_LT && a->value > 0))
		*ret = (struct arg_span){ a->index, 0, (uint32_t)a->value - (a->op == SECCOMP_LT) };
	else
		return false;
	return true;
}

static int span_order(const void *pa, const void *pb)
{
	const struct arg_span *a = pa, *b = pb;

	return a->first < b->first ? -1 : a->first > b->first;
}

/* Sorted sets to runs of in and out. Return: number of runs, at most 2 * @n + 1. */
static unsigned int span_ranges(struct arg_span *set, size_t n, code_ref in, code_ref out,
				struct search_run *ret)
{
	unsigned int n_ranges = 0;
	uint64_t at = 0; /* numbers below are told */

	qsort(set, n, sizeof(*set), span_order);
	for (size_t i = 0; i < n; i++) {
		if (set[i].first > at || !n_ranges) {
			if (set[i].first > 0)
				ret[n_ranges++] = (struct search_run){ (uint32_t)at, out };
			ret[n_ranges++] = (struct search_run){ set[i].first, in };
		}
		if (set[i].last + UINT64_C(1) > at)
			at = set[i].last + UINT64_C(1);
	}
	if (at <= UINT32_MAX)
		ret[n_ranges++] = (struct search_run){ (uint32_t)at, out };
	return n_ranges;
}

code_ref arg_set(struct arg_code to, struct arg_span *set, size_t n, code_ref in, code_ref out)
{
	unsigned int index = set->index;
	struct search_run ranges[2 * ARG_SPANS_MAX + 1];
	unsigned int n_ranges = span_ranges(set, n, in, out, ranges);
	code_ref low = code_load(to.code, arg_offset(index, false),
				 search_runs(to.code, false, ranges, n_ranges));

	if (to.is_32bit)
		return low;
	return compare_word(to, arg_offset(index, true), BPF_JEQ, 0, low, out);
}
