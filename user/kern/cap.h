/* SPDX-License-Identifier: Apache-2.0 */
/* Capabilities: names, sets, and applying them between clone and exec. */
#ifndef DAVIT_KERN_CAP_H
#define DAVIT_KERN_CAP_H

#include <linux/capability.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct err;

#define CAP_BIT(cap) (UINT64_C(1) << (cap))
/* All capabilities that a set of 64 bits can name; the kernel's own are cap_all(). */
#define CAP_FULL UINT64_MAX

/* Docker's default: a container without --cap-add and --cap-drop. */
#define CAP_DEFAULT                                                                              \
	(CAP_BIT(CAP_CHOWN) | CAP_BIT(CAP_DAC_OVERRIDE) | CAP_BIT(CAP_FSETID) |                  \
	 CAP_BIT(CAP_FOWNER) | CAP_BIT(CAP_MKNOD) | CAP_BIT(CAP_NET_RAW) | CAP_BIT(CAP_SETGID) | \
	 CAP_BIT(CAP_SETUID) | CAP_BIT(CAP_SETFCAP) | CAP_BIT(CAP_SETPCAP) |                     \
	 CAP_BIT(CAP_NET_BIND_SERVICE) | CAP_BIT(CAP_SYS_CHROOT) | CAP_BIT(CAP_KILL) |           \
	 CAP_BIT(CAP_AUDIT_WRITE))

/* cap_last() - highest capability of the running kernel: one prctl(2) on today's kernels. */
unsigned int cap_last(void);

/* cap_all() - every capability of the running kernel */
uint64_t cap_all(void);

/* cap_parse() - "CAP_NET_ADMIN", "net_admin", any case, to its number.
 * Return: number; -EINVAL with @e naming it. "ALL" is not one: see cap_resolve(). */
int cap_parse(const char *name, struct err *e);

/* cap_name() - "CAP_CHOWN"; NULL for a number without a name */
const char *cap_name(unsigned int cap);

/**
 * cap_resolve() - the set that --cap-add and --cap-drop make of @base, as Docker has it
 *
 * add ALL: everything but what is dropped. drop ALL: nothing but what is added. Otherwise
 * (@base without dropped) with added; a capability in both lists is added.
 *
 * Return: 0; -EINVAL for an unknown name or one that this kernel does not have.
 */
int cap_resolve(uint64_t base, const struct strv *add, const struct strv *drop, uint64_t *ret,
		struct err *e);

struct cap_sets {
	uint64_t bounding, effective, permitted, inheritable, ambient;
};

/*
 * All below are raw system calls without allocation, for the time between clone and exec.
 * Order: the bounding set, then PR_SET_KEEPCAPS and the change of ids, then cap_apply().
 */

/* cap_apply() - set effective, permitted, inheritable and ambient; .bounding is not touched.
 * Return: 0 or -errno (EPERM: asks for more than it has). */
int cap_apply(const struct cap_sets *sets);

/* cap_get() - read effective, permitted and inheritable of the calling thread; the rest is 0 */
int cap_get(struct cap_sets *ret);

#endif
