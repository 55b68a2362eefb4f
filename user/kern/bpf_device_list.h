/* SPDX-License-Identifier: Apache-2.0 */
/* A device list as a program of one cgroup's own: for cgroups that others place, outside of our slice. */
#ifndef DAVIT_KERN_BPF_DEVICE_LIST_H
#define DAVIT_KERN_BPF_DEVICE_LIST_H

#include <stddef.h>

struct bpf_insn;
struct device_rule;
struct err;

#define DEVICE_LIST_MAX 4096u /* rules of one list */
#define DEVICE_LIST_INSNS(n) (10 * (n) + 16) /* most instructions of a program for @n rules */

/* bpf_device_list_compile() - the program for @rules into @insns, of DEVICE_LIST_INSNS(@n).
 * Rules count in order; each grants or takes away its accesses; nothing is granted before the first.
 * Return: number of instructions. */
size_t bpf_device_list_compile(const struct device_rule *rules, size_t n, struct bpf_insn *insns);

/**
 * bpf_device_list_attach() - put the list in force for a cgroup of version 2, in place of one that was
 * @cgroup_fd: its directory
 * @bpffs:     where programs of equal lists are kept (kern/bpf_device_cache.h); NULL = nowhere
 *
 * Attached without a link: it goes with the cgroup. Return: 0; -errno with @e.
 */
int bpf_device_list_attach(int cgroup_fd, const struct device_rule *rules, size_t n, const char *bpffs,
			   struct err *e);

#endif
