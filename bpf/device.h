/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * Map of the device policy: written by davit, read by bpf/device.bpf.c.
 *
 *	devices  HASH  cgroup id -> struct device_row   only for containers with a list of their own
 */
#ifndef DAVIT_BPF_DEVICE_H
#define DAVIT_BPF_DEVICE_H

#ifndef __VMLINUX_H__
#include <linux/types.h>
#endif

#define DEVICE_ROW_RULES 32u
#define DEVICE_ROW_ANY 0xffffffffu /* as major or minor */

/* bits as in BPF_DEVCG_ACC_* and BPF_DEVCG_DEV_* */
#define DEVICE_ROW_MKNOD 1u
#define DEVICE_ROW_ALL 7u
#define DEVICE_ROW_BLOCK 1u
#define DEVICE_ROW_CHAR 2u

/* struct device_row.base: accesses granted before the first rule */
enum device_row_base { DEVICE_ROW_BASE_DEFAULT, DEVICE_ROW_BASE_NONE, DEVICE_ROW_BASE_ALL };

struct device_row_rule {
	__u32 major, minor;
	__u8 types, access; /* sets of the bits above */
	__u8 is_allow, pad;
};

struct device_row {
	__u32 base, n;
	struct device_row_rule rules[DEVICE_ROW_RULES];
};

/*
 * What DEVICE_ROW_BASE_DEFAULT grants, the list of Docker and runc: X(types, major, minor, access).
 * Making nodes is free, because using them is not.
 */
/* clang-format off */
#define DEVICE_ROW_DEFAULTS(X)                                                              \
	X(DEVICE_ROW_CHAR | DEVICE_ROW_BLOCK, DEVICE_ROW_ANY, DEVICE_ROW_ANY, DEVICE_ROW_MKNOD) \
	X(DEVICE_ROW_CHAR, 1, 3, DEVICE_ROW_ALL)    /* null */                              \
	X(DEVICE_ROW_CHAR, 1, 5, DEVICE_ROW_ALL)    /* zero */                              \
	X(DEVICE_ROW_CHAR, 1, 7, DEVICE_ROW_ALL)    /* full */                              \
	X(DEVICE_ROW_CHAR, 1, 8, DEVICE_ROW_ALL)    /* random */                            \
	X(DEVICE_ROW_CHAR, 1, 9, DEVICE_ROW_ALL)    /* urandom */                           \
	X(DEVICE_ROW_CHAR, 5, 0, DEVICE_ROW_ALL)    /* tty */                               \
	X(DEVICE_ROW_CHAR, 5, 1, DEVICE_ROW_ALL)    /* console */                           \
	X(DEVICE_ROW_CHAR, 5, 2, DEVICE_ROW_ALL)    /* ptmx */                              \
	X(DEVICE_ROW_CHAR, 10, 200, DEVICE_ROW_ALL) /* net/tun */                           \
	X(DEVICE_ROW_CHAR, 136, DEVICE_ROW_ANY, DEVICE_ROW_ALL) /* pts */
/* clang-format on */

_Static_assert(sizeof(struct device_row) == 392, "with the kernel's overhead below 512");

#endif
