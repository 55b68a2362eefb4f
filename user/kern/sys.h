/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System calls without libc: results are -errno, the thread's errno is not touched. A process made
 * by clone3(CLONE_VM) shares errno, malloc and stdio with its parent and may use none of them;
 * between clone and exec only these calls and err_*() are allowed.
 */
#ifndef DAVIT_KERN_SYS_H
#define DAVIT_KERN_SYS_H

#include <stdint.h>
#include <sys/syscall.h>

#if defined(__x86_64__)
static inline long sys_call6(long n, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(n), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return ret;
}
#elif defined(__aarch64__)
static inline long sys_call6(long n, long a, long b, long c, long d, long e, long f)
{
	register long x8 __asm__("x8") = n;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;
	register long x5 __asm__("x5") = f;

	__asm__ volatile("svc 0"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
			 : "memory", "cc");
	return x0;
}
#else
#error "no system call sequence for this architecture"
#endif

#define SYS_ARG_(x) ((long)(x))
#define sys_call0(n)		       sys_call6((n), 0, 0, 0, 0, 0, 0)
#define sys_call1(n, a)		       sys_call6((n), SYS_ARG_(a), 0, 0, 0, 0, 0)
#define sys_call2(n, a, b)	       sys_call6((n), SYS_ARG_(a), SYS_ARG_(b), 0, 0, 0, 0)
#define sys_call3(n, a, b, c)	       sys_call6((n), SYS_ARG_(a), SYS_ARG_(b), SYS_ARG_(c), 0, 0, 0)
#define sys_call4(n, a, b, c, d) \
	sys_call6((n), SYS_ARG_(a), SYS_ARG_(b), SYS_ARG_(c), SYS_ARG_(d), 0, 0)
#define sys_call5(n, a, b, c, d, e) \
	sys_call6((n), SYS_ARG_(a), SYS_ARG_(b), SYS_ARG_(c), SYS_ARG_(d), SYS_ARG_(e), 0)

#endif
