/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System call filters: a policy compiled to classic BPF, without libseccomp.
 *
 * The compiled program tests ranges of system call numbers by a search that halves them: runs of numbers with
 * one verdict cost one instruction together. The kernel's own per-number cache makes system calls
 * that are always allowed free afterwards, so size and depth only matter to the load.
 */
#ifndef DAVIT_KERN_SECCOMP_H
#define DAVIT_KERN_SECCOMP_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;

#define SECCOMP_ARGS_MAX 6u /* arguments of a system call */
#define SECCOMP_RULES_MAX 4096u /* rules of one policy */

enum seccomp_arch {
	SECCOMP_X86_64,
	SECCOMP_X32,
	SECCOMP_I386,
	SECCOMP_AARCH64,
	SECCOMP_ARM,
	SECCOMP_ARCH_COUNT
};

/* The native architecture first, then those whose programs it also runs. */
#if defined(__x86_64__)
#define SECCOMP_NATIVE SECCOMP_X86_64
#define SECCOMP_NATIVE_MASK (1u << SECCOMP_X86_64 | 1u << SECCOMP_X32 | 1u << SECCOMP_I386)
#elif defined(__aarch64__)
#define SECCOMP_NATIVE SECCOMP_AARCH64
#define SECCOMP_NATIVE_MASK (1u << SECCOMP_AARCH64 | 1u << SECCOMP_ARM)
#else
#error "no system call table for this architecture"
#endif

/* Comparisons of an argument with .value; unsigned, 64 bits (32 on 32-bit architectures). */
enum seccomp_op {
	SECCOMP_NE,
	SECCOMP_LT,
	SECCOMP_LE,
	SECCOMP_EQ,
	SECCOMP_GE,
	SECCOMP_GT,
	SECCOMP_MASKED_EQ, /* (argument & value) == value_two */
	SECCOMP_OP_COUNT
};

struct seccomp_arg {
	uint8_t index; /* 0..5 */
	uint8_t op;
	uint64_t value, value_two;
};

/**
 * struct seccomp_rule - a verdict for some system calls
 * @syscalls:	   ids from seccomp_syscall_find(), not numbers
 * @action:	   SECCOMP_RET_* with its data (errno, trace value) in the low 16 bits
 * @args:	   all must match; @n_args = 0 matches always
 * @caps_with:	   the rule counts only if all these are in the policy's .caps
 * @caps_without:  … and none of these
 * @kernel_min:	   … and the kernel is at least this (major << 16 | minor), 0 = any
 * @kernel_before: … and older than this, 0 = any
 *
 * For one system call a rule without arguments beats rules with arguments; else the first match
 * wins. A rule that says what the default action says is ignored.
 */
struct seccomp_rule {
	const uint16_t *syscalls;
	size_t n_syscalls;
	uint32_t action;
	const struct seccomp_arg *args;
	unsigned int n_args;
	uint64_t caps_with, caps_without;
	uint32_t kernel_min, kernel_before;
};

/**
 * struct seccomp_policy - what a container may call
 * @arches:	    bits of enum seccomp_arch; calls by another architecture kill the thread
 * @arches_absent:  … of these the running kernel has no programs (seccomp_arches_absent()): all
 *		    their calls fail with ENOSYS, which is what they would get anyway, and the
 *		    program is a third shorter
 * @default_action: for calls that no rule names. If it is SECCOMP_RET_ERRNO, numbers above the
 *		    highest that a rule names fail with ENOSYS instead, so that C libraries fall
 *		    back when a kernel is newer than the policy (as runc does since 1.0-rc93)
 * @flags:	    SECCOMP_FILTER_FLAG_*
 * @caps:	    bounding set of the container, for the conditions of rules
 */
struct seccomp_policy {
	uint32_t arches, arches_absent;
	uint32_t default_action;
	unsigned int flags;
	uint64_t caps;
	const struct seccomp_rule *rules;
	size_t n_rules;
};

/* What Docker's default profile allows; .caps is CAP_DEFAULT. */
extern const struct seccomp_policy seccomp_default_policy;

/**
 * seccomp_compile() - make the BPF program of a policy
 *
 * Return: 0, the caller frees *@ret; -EINVAL for a policy without architecture or with an
 * argument out of range; -E2BIG above the kernel's BPF_MAXINSNS.
 */
int seccomp_compile(const struct seccomp_policy *p, struct sock_filter **ret, size_t *ret_n,
		    struct err *e);

/* seccomp_arches_absent() - SECCOMP_NATIVE_MASK without what the kernel runs: two system calls. Of
 * the x86 family only x32 is tested, which Debian's kernels turn off. */
uint32_t seccomp_arches_absent(void);

/* seccomp_default() - program of the default policy for the bounding set @caps, for the running
 * kernel; caller frees. A copy for the capabilities of an ordinary container, else compiled in some
 * 10 us. */
int seccomp_default(uint64_t caps, struct sock_filter **ret, size_t *ret_n, struct err *e);

/* seccomp_syscall_find() - id of a system call by its kernel name. Return: id or -ENOENT. */
int seccomp_syscall_find(const char *name);
/* seccomp_syscall_name() - name of an id, NULL past the last */
const char *seccomp_syscall_name(unsigned int id);
/* seccomp_syscall_number() - number as in seccomp_data.nr. Return: -1 if the architecture has no
 * such call. */
int seccomp_syscall_number(unsigned int id, enum seccomp_arch arch);

/* seccomp_arch_find() - by OCI name ("SCMP_ARCH_X86_64"). Return: enum seccomp_arch;
 * SECCOMP_ARCH_COUNT for a known one that no program here can have; -EINVAL for an unknown one. */
int seccomp_arch_find(const char *name);

#endif
