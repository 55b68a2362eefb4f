/* SPDX-License-Identifier: Apache-2.0 */
/* Ids of system calls, for policies written in C, and their numbers, packed for the compiler. */
#ifndef DAVIT_KERN_SECCOMP_SYSCALLS_H
#define DAVIT_KERN_SECCOMP_SYSCALLS_H

#include <stdint.h>

#include "kern/seccomp.h"

#define X(name, ...) SC_##name,
enum {
#include "kern/seccomp_syscalls.def"
	SC_COUNT
};
#undef X

#define SYSCALL_X32_BIT 0x40000000u

/*
 * Numbers are kept as slots: the number itself below SYSCALL_WINDOW; behind it those that arm has
 * from SYSCALL_PRIVATE_BASE on; -1 = the architecture has no such call. Without the bit of x32.
 */
#define SYSCALL_WINDOW 1024
#define SYSCALL_PRIVATE 16 /* numbers of arm's own */
#define SYSCALL_PRIVATE_BASE 0xf0000

extern const int16_t syscall_slots[SECCOMP_ARCH_COUNT][SC_COUNT];

/* On i386 the call is also socketcall(mux), or ipc(mux - SYSCALL_MUX_IPC) above that; 0 = not. */
#define SYSCALL_MUX_IPC 100
extern const uint8_t syscall_mux[SC_COUNT];

#endif
