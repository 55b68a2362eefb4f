// SPDX-License-Identifier: Apache-2.0
/* Classic BPF, written backwards. */
#include "kern/seccomp_code.h"

#define JUMP_MAX 255u /* jt and jf are bytes */

void code_init(struct code *c)
{
	c->n = 0;
	c->n_verdicts = 0;
	c->bit = (struct code_bit){ .place = 0 };
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

code_ref code_low_bits(struct code *c, uint32_t offset, code_ref next)
{
	next = code_load(c, offset, next);
	fall_to(c, next);
	next = (code_ref)emit(c, BPF_MISC | BPF_TAX, 0, 0, 0);
	next = code_and(c, CODE_MASK_BITS - 1, next);
	return code_load(c, offset, next);
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

/* The end of each mask with these targets: the mask is in the accumulator. */
static code_ref test_bit(struct code *c, code_ref t, code_ref f)
{
	if (!c->bit.place || c->bit.t != t || c->bit.f != f) {
		c->bit = (struct code_bit){ .t = t, .f = f };
		fall_to(c, code_jump(c, BPF_JSET, 1, t, f));
		c->bit.place = emit(c, BPF_ALU | BPF_RSH | BPF_X, 0, 0, 0);
	}
	return (code_ref)c->bit.place;
}

code_ref code_mask(struct code *c, uint32_t mask, code_ref t, code_ref f)
{
	if (t == f)
		return t;
	fall_to(c, t < f ? test_bit(c, t, f) : test_bit(c, f, t));
	return (code_ref)emit(c, BPF_LD | BPF_IMM, 0, 0, t < f ? mask : ~mask);
}

const struct sock_filter *code_begin(struct code *c, code_ref ref)
{
	if (ref < 0 || (unsigned int)ref != c->n)
		fall_to(c, ref);
	return &c->insns[BPF_MAXINSNS - c->n];
}
