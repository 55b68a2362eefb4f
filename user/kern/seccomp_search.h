/* SPDX-License-Identifier: Apache-2.0 */
/* A search for the accumulator among runs of values, in classic BPF. */
#ifndef DAVIT_KERN_SECCOMP_SEARCH_H
#define DAVIT_KERN_SECCOMP_SEARCH_H

#include <stdbool.h>
#include <stdint.h>

#include "kern/seccomp_code.h"

#define SEARCH_RUNS_MAX 2048u /* of one search */

/* A run of values: from @first up to the next run's first, or without end. */
struct search_run {
	uint32_t first;
	code_ref target;
};

/**
 * search_runs() - go to the target of the run that holds the accumulator
 * @has_masks: the way here went through code_low_bits() with the accumulator's word: where many runs are short, 32 values
 *	       are one mask, which takes fewer instructions. The kernel does not emulate it (see there)
 * @r: sorted, neighbours differ in target, 1 <= @n <= SEARCH_RUNS_MAX; values below the first run go with it
 *
 * A search over the borders, one instruction each, that halves the values, not the borders: so the kernel, which emulates it
 * for each number, takes few steps. Up to three single values within one wider run are tested one by one: that takes one
 * instruction where their borders take two.
 */
code_ref search_runs(struct code *c, bool has_masks, const struct search_run *r, unsigned int n);

#endif
