// SPDX-License-Identifier: Apache-2.0
/* clone3(2) with a function to run in the child. */
#include "kern/clone.h"

#include <signal.h>

#include "kern/sys.h"

/* The child must not return into a frame that lives on the parent's stack: it calls fn on its own. */
static long clone3_call(struct clone_args *args, int (*fn)(void *arg), void *arg)
{
#if defined(__x86_64__)
	long ret;

	__asm__ volatile("syscall\n\t"
			 "test %%rax, %%rax\n\t"
			 "jnz 1f\n\t"
			 "xor %%ebp, %%ebp\n\t"
			 "mov %[arg], %%rdi\n\t"
			 "call *%[fn]\n\t"
			 "mov %%eax, %%edi\n\t"
			 "mov %[nr_exit], %%eax\n\t"
			 "syscall\n\t"
			 "hlt\n"
			 "1:"
			 : "=a"(ret)
			 : "a"((long)SYS_clone3), "D"(args), "S"(sizeof(*args)), [fn] "r"(fn),
			   [arg] "r"(arg), [nr_exit] "i"(SYS_exit_group)
			 : "rcx", "r11", "memory");
	return ret;
#elif defined(__aarch64__)
	register long x8 __asm__("x8") = SYS_clone3;
	register long x0 __asm__("x0") = (long)args;
	register long x1 __asm__("x1") = sizeof(*args);
	register long x19 __asm__("x19") = (long)fn;
	register long x20 __asm__("x20") = (long)arg;

	__asm__ volatile("svc 0\n\t"
			 "cbnz x0, 1f\n\t"
			 "mov x29, xzr\n\t"
			 "mov x0, x20\n\t"
			 "blr x19\n\t"
			 "mov x8, %[nr_exit]\n\t"
			 "svc 0\n\t"
			 "brk #1\n"
			 "1:"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x19), "r"(x20), [nr_exit] "i"(SYS_exit_group)
			 : "memory", "cc", "x30");
	return x0;
#else
#error "no clone3 sequence for this architecture"
#endif
}

pid_t clone_run(uint64_t flags, int cgroup_fd, void *stack, int (*fn)(void *arg), void *arg,
		int *ret_pidfd)
{
	int pidfd = -1;
	struct clone_args args = {
		.flags = flags | CLONE_PIDFD,
		.pidfd = (uint64_t)(uintptr_t)&pidfd,
		/* a sibling's is that of who makes it; the kernel wants it said so */
		.exit_signal = flags & CLONE_PARENT ? 0 : SIGCHLD,
		.stack = (uint64_t)(uintptr_t)stack,
		.stack_size = CLONE_STACK_SIZE,
	};
	long pid;

	if (cgroup_fd >= 0) {
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)cgroup_fd;
	}
	pid = clone3_call(&args, fn, arg);
	if (pid >= 0)
		*ret_pidfd = pidfd;
	return (pid_t)pid;
}
