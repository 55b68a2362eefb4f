// SPDX-License-Identifier: Apache-2.0
/* Names and numbers of system calls and architectures. */
#include "kern/seccomp_syscalls.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"

#define X(name, ...) #name,
static const char *const names[SC_COUNT] = {
	/* in strcmp() order */
#include "kern/seccomp_syscalls.def"
};
#undef X

/* clang-format off */
#define SLOT(nr) \
	(int16_t)((nr) < SYSCALL_PRIVATE_BASE ? (nr) : (nr) - SYSCALL_PRIVATE_BASE + SYSCALL_WINDOW)
const int16_t syscall_slots[SECCOMP_ARCH_COUNT][SC_COUNT] = {
#define X(name, x86_64, x32, i386, aarch64, arm, mux) SLOT(x86_64),
	[SECCOMP_X86_64] = {
#include "kern/seccomp_syscalls.def"
	},
#undef X
#define X(name, x86_64, x32, i386, aarch64, arm, mux) SLOT(x32),
	[SECCOMP_X32] = {
#include "kern/seccomp_syscalls.def"
	},
#undef X
#define X(name, x86_64, x32, i386, aarch64, arm, mux) SLOT(i386),
	[SECCOMP_I386] = {
#include "kern/seccomp_syscalls.def"
	},
#undef X
#define X(name, x86_64, x32, i386, aarch64, arm, mux) SLOT(aarch64),
	[SECCOMP_AARCH64] = {
#include "kern/seccomp_syscalls.def"
	},
#undef X
#define X(name, x86_64, x32, i386, aarch64, arm, mux) SLOT(arm),
	[SECCOMP_ARM] = {
#include "kern/seccomp_syscalls.def"
	},
#undef X
};

#define X(name, x86_64, x32, i386, aarch64, arm, mux) mux,
const uint8_t syscall_mux[SC_COUNT] = {
#include "kern/seccomp_syscalls.def"
};
#undef X
/* clang-format on */

int seccomp_syscall_find(const char *name)
{
	unsigned int lo = 0, hi = SC_COUNT;

	while (lo < hi) {
		unsigned int mid = (lo + hi) / 2;
		int cmp = strcmp(name, names[mid]);

		if (cmp == 0)
			return (int)mid;
		if (cmp < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return -ENOENT;
}

const char *seccomp_syscall_name(unsigned int id)
{
	return id < SC_COUNT ? names[id] : NULL;
}

int seccomp_syscall_number(unsigned int id, enum seccomp_arch arch)
{
	int slot = id < SC_COUNT && arch < SECCOMP_ARCH_COUNT ? syscall_slots[arch][id] : -1;

	if (slot < 0)
		return -1;
	if (slot >= SYSCALL_WINDOW)
		return slot - SYSCALL_WINDOW + SYSCALL_PRIVATE_BASE;
	return arch == SECCOMP_X32 ? slot | (int)SYSCALL_X32_BIT : slot;
}

int seccomp_arch_find(const char *name)
{
	/* clang-format off */
	static const char *const ours[SECCOMP_ARCH_COUNT] = {
		[SECCOMP_X86_64]  = "SCMP_ARCH_X86_64",
		[SECCOMP_X32]     = "SCMP_ARCH_X32",
		[SECCOMP_I386]    = "SCMP_ARCH_X86",
		[SECCOMP_AARCH64] = "SCMP_ARCH_AARCH64",
		[SECCOMP_ARM]     = "SCMP_ARCH_ARM",
	};
	static const char *const others[] = {
		"SCMP_ARCH_LOONGARCH64", "SCMP_ARCH_M68K", "SCMP_ARCH_MIPS", "SCMP_ARCH_MIPS64",
		"SCMP_ARCH_MIPS64N32", "SCMP_ARCH_MIPSEL", "SCMP_ARCH_MIPSEL64",
		"SCMP_ARCH_MIPSEL64N32", "SCMP_ARCH_PARISC", "SCMP_ARCH_PARISC64", "SCMP_ARCH_PPC",
		"SCMP_ARCH_PPC64", "SCMP_ARCH_PPC64LE", "SCMP_ARCH_RISCV64", "SCMP_ARCH_S390",
		"SCMP_ARCH_S390X", "SCMP_ARCH_SH", "SCMP_ARCH_SHEB",
	};
	/* clang-format on */

	for (int i = 0; i < SECCOMP_ARCH_COUNT; i++)
		if (strcmp(ours[i], name) == 0)
			return i;
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (strcmp(others[i], name) == 0)
			return SECCOMP_ARCH_COUNT;
	return -EINVAL;
}
