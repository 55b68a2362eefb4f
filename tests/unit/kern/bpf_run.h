/* SPDX-License-Identifier: Apache-2.0 */
/* An interpreter of the classic BPF that seccomp takes, for tests; checks what the kernel checks. */
#ifndef DAVIT_TESTS_BPF_RUN_H
#define DAVIT_TESTS_BPF_RUN_H

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define BPF_RUN_BAD UINT64_MAX

/**
 * bpf_trace() - run @prog
 * @steps: instructions up to the verdict; -1 when the kernel, which emulates filters without arguments, gives up
 *
 * Return: verdict for @data; BPF_RUN_BAD if the program leaves its bounds.
 */
static inline uint64_t bpf_trace(const struct sock_filter *prog, size_t n,
				 const struct seccomp_data *data, int *steps)
{
	uint32_t a = 0, x = 0;

	*steps = 0;
	for (size_t pc = 0; pc < n; pc++) {
		const struct sock_filter *f = &prog[pc];
		int is_true;

		if (*steps >= 0)
			(*steps)++;
		switch (f->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			if (f->k % 4 || f->k + 4 > sizeof(*data))
				return BPF_RUN_BAD;
			memcpy(&a, (const char *)data + f->k, 4);
			if (f->k > offsetof(struct seccomp_data, arch))
				*steps = -1;
			continue;
		case BPF_ALU | BPF_AND | BPF_K:
			a &= f->k;
			continue;
		case BPF_LD | BPF_IMM:
			a = f->k;
			continue;
		case BPF_MISC | BPF_TAX:
			x = a;
			*steps = -1;
			continue;
		case BPF_ALU | BPF_RSH | BPF_X:
			if (x > 31) /* classic BPF does not say what this is */
				return BPF_RUN_BAD;
			a >>= x;
			continue;
		case BPF_RET | BPF_K:
			return f->k;
		case BPF_JMP | BPF_JA:
			pc += f->k;
			continue;
		case BPF_JMP | BPF_JEQ | BPF_K:
			is_true = a == f->k;
			break;
		case BPF_JMP | BPF_JGT | BPF_K:
			is_true = a > f->k;
			break;
		case BPF_JMP | BPF_JGE | BPF_K:
			is_true = a >= f->k;
			break;
		case BPF_JMP | BPF_JSET | BPF_K:
			is_true = (a & f->k) != 0;
			break;
		default:
			return BPF_RUN_BAD;
		}
		pc += is_true ? f->jt : f->jf;
	}
	return BPF_RUN_BAD;
}

static inline uint64_t bpf_run(const struct sock_filter *prog, size_t n,
			       const struct seccomp_data *data)
{
	int steps;

	return bpf_trace(prog, n, data, &steps);
}

/* bpf_emulate() - steps of the kernel's emulation for a number and an architecture, -1 where it gives up */
static inline int bpf_emulate(const struct sock_filter *prog, size_t n, uint32_t nr, uint32_t arch)
{
	const struct seccomp_data data = { .nr = (int)nr, .arch = arch };
	int steps;

	return bpf_trace(prog, n, &data, &steps) == BPF_RUN_BAD ? 0 : steps;
}

#endif
