// SPDX-License-Identifier: Apache-2.0
/* The smallest workload: exit(0) without a C library. */
#include <sys/syscall.h>

void _start(void) __attribute__((noreturn));

void _start(void)
{
#if defined(__x86_64__)
	__asm__ volatile("syscall" : : "a"(SYS_exit), "D"(0) : "rcx", "r11", "memory");
#elif defined(__aarch64__)
	register long nr __asm__("x8") = SYS_exit;
	register long status __asm__("x0") = 0;

	__asm__ volatile("svc 0" : : "r"(nr), "r"(status) : "memory");
#else
#error "add the system call instruction of this architecture"
#endif
	__builtin_unreachable();
}
