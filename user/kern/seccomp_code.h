/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing classic BPF from its end to its start, so that every jump target is known when the jump
 * is written. Places are counted from the end: 1 is the last instruction.
 */
#ifndef DAVIT_KERN_SECCOMP_CODE_H
#define DAVIT_KERN_SECCOMP_CODE_H

#include <linux/bpf_common.h>
#include <linux/filter.h>
#include <stdbool.h>
#include <stdint.h>

#define CODE_VERDICTS_MAX 512u /* different return values of one program */
#define CODE_MASK_BITS 32u

/* Where a jump goes: a place (> 0) or, negative, a verdict from code_verdict(). */
typedef int code_ref;

/**
 * struct code - a program being written
 * @n:	      instructions so far; the next one goes to insns[BPF_MAXINSNS - n - 1]
 * @verdicts: return values, and the place of the return nearest to the start
 * @next:     by place, less 1: where the instruction goes on; 0 for JA and RET. What does the same as one that is written
 *	      already, and goes on where that does, is that one
 */
struct code {
	unsigned int n, n_verdicts;
	bool is_full;
	struct code_next {
		code_ref t, f;
	} next[BPF_MAXINSNS];
	struct code_verdict {
		uint32_t action;
		unsigned int place;
	} verdicts[CODE_VERDICTS_MAX];
	struct sock_filter insns[BPF_MAXINSNS];
};

/* code_init() - empty; what the arrays held stays, as nothing reads it */
void code_init(struct code *c);

/* code_verdict() - reference to "return @action", written where and when it is needed */
code_ref code_verdict(struct code *c, uint32_t action);

/* code_load() - load the word at @offset of struct seccomp_data, then go to @next */
code_ref code_load(struct code *c, uint32_t offset, code_ref next);

/* code_and() - mask the accumulator, then go to @next */
code_ref code_and(struct code *c, uint32_t mask, code_ref next);

/* code_low_bits() - load the word at @offset, its low bits also into the register that code_mask() needs, then go to @next.
 * The kernel (5.11 on, CONFIG_SECCOMP_CACHE) emulates a filter for every system call to know those that are always
 * allowed; at this it gives up */
code_ref code_low_bits(struct code *c, uint32_t offset, code_ref next);

/* code_jump() - go to @t if the accumulator compares so with @k, else to @f; @op is BPF_JEQ,
 * BPF_JGT, BPF_JGE or BPF_JSET. No instruction is spent if both are one. */
code_ref code_jump(struct code *c, uint16_t op, uint32_t k, code_ref t, code_ref f);

/* code_mask() - after code_low_bits(): go to @t if bit (word % CODE_MASK_BITS) of @mask is set, else to @f. Two instructions,
 * and two more that all masks with the same targets share. The accumulator is lost */
code_ref code_mask(struct code *c, uint32_t mask, code_ref t, code_ref f);

/* code_begin() - make @ref the first instruction. Return: the program, code->n instructions. */
const struct sock_filter *code_begin(struct code *c, code_ref ref);

#endif
