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
#define DEVICE_ROW_ANY	 0xffffffffu /* as major or minor */

/* bits as in BPF_DEVCG_ACC_* and BPF_DEVCG_DEV_* */
#define DEVICE_ROW_MKNOD 1u
#define DEVICE_ROW_ALL	 7u
#define DEVICE_ROW_BLOCK 1u
#define DEVICE_ROW_CHAR	 2u

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

_Static_assert(sizeof(struct device_row) == 392, "with the kernel's overhead below 512");

#endif
