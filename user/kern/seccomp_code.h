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
#define CODE_RANGES_MAX 2048u /* runs of one search */

/* Where a jump goes: a place (> 0) or, negative, a verdict from code_verdict(). */
typedef int code_ref;

/**
 * struct code - a program being written
 * @n:	      instructions so far; the next one goes to insns[BPF_MAXINSNS - n - 1]
 * @verdicts: return values, and the place of the return nearest to the start
 */
struct code {
	unsigned int n, n_verdicts;
	bool is_full;
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

/* code_no_cache() - go to @next. The kernel (5.11 on, CONFIG_SECCOMP_CACHE) emulates a filter for every system call to
 * know those that are always allowed; at this instruction, which does nothing, it gives up */
code_ref code_no_cache(struct code *c, code_ref next);

/* code_jump() - go to @t if the accumulator compares so with @k, else to @f; @op is BPF_JEQ,
 * BPF_JGT, BPF_JGE or BPF_JSET. No instruction is spent if both are one. */
code_ref code_jump(struct code *c, uint16_t op, uint32_t k, code_ref t, code_ref f);

/* A run of values: from @first up to the next run's first, or without end. */
struct code_range {
	uint32_t first;
	code_ref target;
};

/**
 * code_ranges() - go to the target of the run that holds the accumulator
 * @r: sorted, neighbours differ in target, 1 <= @n <= CODE_RANGES_MAX; values below the first run go with it
 *
 * A search over the borders, one instruction each, that halves the values, not the borders: so the kernel, which emulates it
 * for each number, takes few steps. Up to three single values within one
 * wider run are tested one by one: that takes one instruction where their borders take two.
 */
code_ref code_ranges(struct code *c, const struct code_range *r, unsigned int n);

/* code_begin() - make @ref the first instruction. Return: the program, code->n instructions. */
const struct sock_filter *code_begin(struct code *c, code_ref ref);

#endif
