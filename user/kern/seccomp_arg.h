/* SPDX-License-Identifier: Apache-2.0 */
/* Comparisons of a system call's arguments, written as classic BPF. */
#ifndef DAVIT_KERN_SECCOMP_ARG_H
#define DAVIT_KERN_SECCOMP_ARG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kern/seccomp_code.h"

struct seccomp_arg;

/* Where a comparison is written; @is_32bit: only the low halves of arguments count. */
struct arg_code {
	struct code *code;
	bool is_32bit;
};

/* arg_compare() - go to @t if @a holds, else to @f */
code_ref arg_compare(struct arg_code to, const struct seccomp_arg *a, code_ref t, code_ref f);

/* arg_equal() - go to @t if argument @index is @value, else to @f */
code_ref arg_equal(struct arg_code to, unsigned int index, uint64_t value, code_ref t, code_ref f);

/* "argument @index is in [first, last]", of small numbers */
struct arg_span {
	unsigned int index;
	uint32_t first, last;
};

/* arg_is_span() - whether @a says no more than a span does */
bool arg_is_span(const struct seccomp_arg *a, struct arg_span *ret);

#define ARG_SPANS_MAX 256u /* of one set */

/**
 * arg_set() - go to @in if the argument is in any of the spans, else to @out
 * @set: 1 to ARG_SPANS_MAX spans of one argument; is sorted
 *
 * Searched like the system calls themselves. Docker's list of socket families is a set of 28.
 */
code_ref arg_set(struct arg_code to, struct arg_span *set, size_t n, code_ref in, code_ref out);

#endif
