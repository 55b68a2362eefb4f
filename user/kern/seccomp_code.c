// SPDX-License-Identifier: Apache-2.0
/* Classic BPF, written backwards. */
#include "kern/seccomp_code.h"

#define JUMP_MAX 255u /* jt and jf are bytes */
#define LOOK_BACK 200u /* from there a jump reaches what is found */

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
	c->next[c->n++] = (struct code_next){ 0, 0 };
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

/* Is there an instruction near that does the same, and goes on at @t or @f as well? */
static bool find_same(const struct code *c, uint16_t code, uint32_t k, code_ref t, code_ref f,
		      code_ref *ret)
{
	for (unsigned int place = c->n; place && c->n - place < LOOK_BACK; place--) {
		const struct sock_filter *i = &c->insns[BPF_MAXINSNS - place];
		const struct code_next *next = &c->next[place - 1];

		if (i->code == code && i->k == k && next->t == t && next->f == f) {
			*ret = (code_ref)place;
			return true;
		}
	}
	return false;
}

/* Where the instruction that was just written goes on. Return: its place */
static code_ref remember(struct code *c, code_ref t, code_ref f)
{
	if (!c->is_full)
		c->next[c->n - 1] = (struct code_next){ t, f };
	return (code_ref)c->n;
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

/* An instruction that goes on at @next alone. */
static code_ref emit_step(struct code *c, uint16_t code, uint32_t k, code_ref next)
{
	code_ref same;

	if (find_same(c, code, k, next, next, &same))
		return same;
	fall_to(c, next);
	(void)emit(c, code, 0, 0, k);
	return remember(c, next, next);
}

code_ref code_load(struct code *c, uint32_t offset, code_ref next)
{
	return emit_step(c, BPF_LD | BPF_W | BPF_ABS, offset, next);
}

code_ref code_and(struct code *c, uint32_t mask, code_ref next)
{
	return emit_step(c, BPF_ALU | BPF_AND | BPF_K, mask, next);
}

code_ref code_low_bits(struct code *c, uint32_t offset, code_ref next)
{
	next = code_load(c, offset, next);
	next = emit_step(c, BPF_MISC | BPF_TAX, 0, next);
	next = code_and(c, CODE_MASK_BITS - 1, next);
	return code_load(c, offset, next);
}

code_ref code_jump(struct code *c, uint16_t op, uint32_t k, code_ref t, code_ref f)
{
	const uint16_t code = BPF_JMP | op | BPF_K;
	unsigned int place_t, place_f;
	code_ref same;

	if (t == f)
		return t;
	if (find_same(c, code, k, t, f, &same))
		return same;
	place_t = reach(c, t, 1);
	place_f = reach(c, f, 0);
	(void)emit(c, code, (uint8_t)(c->n - place_t), (uint8_t)(c->n - place_f), k);
	return remember(c, t, f);
}

code_ref code_mask(struct code *c, uint32_t mask, code_ref t, code_ref f)
{
	code_ref end;

	if (t == f)
		return t;
	if (t > f)
		return code_mask(c, ~mask, f, t); /* so that all with these targets share the end */
	end = code_jump(c, BPF_JSET, 1, t, f);
	end = emit_step(c, BPF_ALU | BPF_RSH | BPF_X, 0, end);
	return emit_step(c, BPF_LD | BPF_IMM, mask, end);
}

const struct sock_filter *code_begin(struct code *c, code_ref ref)
{
	if (ref < 0 || (unsigned int)ref != c->n)
		fall_to(c, ref);
	return &c->insns[BPF_MAXINSNS - c->n];
}
