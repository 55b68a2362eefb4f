// SPDX-License-Identifier: Apache-2.0
/* The compiler's limits, and the default filter in the running kernel. */
#include "kern/seccomp.h"

#include <errno.h>
#include <linux/audit.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "bpf_run.h"
#include "kern/cap.h"
#include "kern/seccomp_builtin.h"
#include "kern/seccomp_syscalls.h"
#include "kselftest_harness.h"

#if defined(__x86_64__)
#define NATIVE AUDIT_ARCH_X86_64
#define COMPAT AUDIT_ARCH_I386
#else
#define NATIVE AUDIT_ARCH_AARCH64
#define COMPAT AUDIT_ARCH_ARM
#endif

static int install(struct sock_filter *filter, size_t n)
{
	struct sock_fprog prog = { .len = (unsigned short)n, .filter = filter };

	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, seccomp_default_policy.flags,
			    &prog);
}

/* The answer of the kernel to one call under the default filter, in a child. */
static long under_filter(uint64_t caps, long (*call)(void))
{
	long answer = -EIO;
	int pair[2], status;
	pid_t pid;

	if (pipe(pair) < 0)
		return -EIO;
	pid = fork();
	if (pid == 0) {
		struct sock_filter *f;
		size_t n;

		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
		    seccomp_default(caps, &f, &n, NULL) < 0 || install(f, n) < 0)
			_exit(1);
		answer = call();
		if (answer < 0)
			answer = -errno;
		_exit(write(pair[1], &answer, sizeof(answer)) != sizeof(answer));
	}
	close(pair[1]);
	if (read(pair[0], &answer, sizeof(answer)) != sizeof(answer))
		answer = -EIO;
	close(pair[0]);
	waitpid(pid, &status, 0);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? answer : -ECHILD;
}

static long call_getpid(void)
{
	return syscall(SYS_getpid) > 0 ? 1 : -1;
}
static long call_inet(void)
{
	return socket(AF_INET, SOCK_DGRAM, 0) >= 0 ? 1 : -1;
}
static long call_alg(void)
{
	return socket(AF_ALG, SOCK_SEQPACKET, 0);
}
static long call_vsock(void)
{
	return socket(AF_VSOCK, SOCK_STREAM, 0);
}
static long call_unshare(void)
{
	return unshare(CLONE_NEWUSER);
}
static long call_clone3(void)
{
	return syscall(SYS_clone3, NULL, 0);
}
static long call_clone_ns(void)
{
	return syscall(SYS_clone, CLONE_NEWUSER, 0, 0, 0, 0);
}
static long call_mount(void)
{
	return syscall(SYS_mount, NULL, NULL, NULL, 0, NULL);
}
static long call_personality(void)
{
	return syscall(SYS_personality, 0xffffffff) >= 0 ? 1 : -1;
}
static long call_no_randomize(void)
{
	return syscall(SYS_personality, 0x0040000);
}
static long call_future(void)
{
	return syscall(600);
}
static long call_hole(void)
{
	return syscall(400);
}
#if defined(__x86_64__)
static long call_x32(void)
{
	return syscall(0x40000000 | SYS_getpid);
}
static long call_int80(void)
{
	long answer;

	__asm__ volatile("int $0x80" : "=a"(answer) : "a"(20) : "memory", "r8", "r9", "r10", "r11");
	return answer > 0 ? 1 : -1;
}
#endif

/* clang-format off */
static const struct {
	const char *what;
	long (*call)(void);
	uint64_t caps;
	long want;
} calls[] = {
	{ "getpid",              call_getpid,       CAP_DEFAULT, 1 },
	{ "socket(AF_INET)",     call_inet,         CAP_DEFAULT, 1 },
	{ "socket(AF_ALG)",      call_alg,          CAP_DEFAULT, -EPERM },
	{ "socket(AF_VSOCK)",    call_vsock,        CAP_DEFAULT, -EPERM },
	{ "unshare",             call_unshare,      CAP_DEFAULT, -EPERM },
	{ "clone3",              call_clone3,       CAP_DEFAULT, -ENOSYS },
	{ "clone3, SYS_ADMIN",   call_clone3,       CAP_FULL,    -EINVAL },
	{ "clone(NEWUSER)",      call_clone_ns,     CAP_DEFAULT, -EPERM },
	{ "mount",               call_mount,        CAP_DEFAULT, -EPERM },
	{ "mount, SYS_ADMIN",    call_mount,        CAP_FULL,    -EFAULT },
	{ "personality(ask)",    call_personality,  CAP_DEFAULT, 1 },
	{ "personality(norandom)", call_no_randomize, CAP_DEFAULT, -EPERM },
	{ "number 600",          call_future,       CAP_DEFAULT, -ENOSYS },
	{ "number 400",          call_hole,         CAP_DEFAULT, -EPERM },
#if defined(__x86_64__)
	{ "int80 getpid",        call_int80,        CAP_DEFAULT, 1 },
#endif
};
/* clang-format on */

TEST(default_filter_in_the_kernel)
{
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		EXPECT_EQ(calls[i].want, under_filter(calls[i].caps, calls[i].call))
		TH_LOG("%s", calls[i].what);
	}
}

#if defined(__x86_64__)
TEST(absent_x32_fails_as_without_filter)
{
	if (!(seccomp_arches_absent() & 1u << SECCOMP_X32))
		SKIP(return, "this kernel has x32");
	EXPECT_EQ(-ENOSYS, under_filter(CAP_DEFAULT, call_x32));
}

TEST(foreign_architecture_kills)
{
	struct seccomp_data d = { .nr = 0, .arch = AUDIT_ARCH_S390X };
	_cleanup_free_ struct sock_filter *f = NULL;
	size_t n;

	ASSERT_EQ(0, seccomp_default(CAP_FULL, &f, &n, NULL));
	EXPECT_EQ(SECCOMP_RET_KILL_THREAD, bpf_run(f, n, &d));
}
#endif

TEST(table_fits)
{
	for (unsigned int id = 0; id < SC_COUNT; id++) {
		if (id) {
			EXPECT_LT(strcmp(seccomp_syscall_name(id - 1), seccomp_syscall_name(id)),
				  0);
		}
		for (unsigned int a = 0; a < SECCOMP_ARCH_COUNT; a++) {
			EXPECT_LT(syscall_slots[a][id], SYSCALL_WINDOW + SYSCALL_PRIVATE);
		}
	}
	EXPECT_EQ(NULL, seccomp_syscall_name(SC_COUNT));
	EXPECT_EQ(-1, seccomp_syscall_number(SC_COUNT, SECCOMP_NATIVE));
	EXPECT_EQ(462, seccomp_syscall_number(SC_mseal, SECCOMP_X86_64));
	EXPECT_EQ(0x40000000 | 512, seccomp_syscall_number(SC_rt_sigaction, SECCOMP_X32));
	EXPECT_EQ(0xf0005, seccomp_syscall_number(SC_set_tls, SECCOMP_ARM));
}

TEST(program_is_short)
{
	_cleanup_free_ struct sock_filter *f = NULL;
	struct seccomp_policy p = seccomp_default_policy;
	size_t n;

	p.arches_absent = 1u << SECCOMP_X32 | 1u << SECCOMP_ARM;
	ASSERT_EQ(0, seccomp_compile(&p, &f, &n, NULL));
	EXPECT_LE(n, 140)
	TH_LOG("%zu instructions", n);
}

/* The programs made at build are what would be compiled now. */
/* What the kernel does when it installs the filter: it costs each start 3 ns per step. */
TEST(emulation_is_short)
{
	struct sock_filter *f;
	long steps = 0;
	size_t n;
	int worst = 0;

	ASSERT_EQ(0, seccomp_default(0, &f, &n, NULL));
	for (uint32_t nr = 0; nr < 470; nr++) {
		int s = bpf_emulate(f, n, nr, NATIVE);

		EXPECT_EQ(-1, bpf_emulate(f, n, nr, COMPAT));
		/* a number whose arguments count is given up, too */
		steps += s > 0 ? s : 0;
		worst = s > worst ? s : worst;
	}
	TH_LOG("%ld steps for 470 numbers, at most %d", steps, worst);
	EXPECT_GT(steps, 470 * 4);
	EXPECT_LT(steps, 470 * 11);
	EXPECT_GT(bpf_emulate(f, n, SYS_read, NATIVE), 0);
	free(f);
}

TEST(builtin_programs_are_current)
{
	static const uint32_t absent[] = { 0, 1u << SECCOMP_X32 };
	static const uint64_t caps[] = { CAP_DEFAULT, CAP_DEFAULT | CAP_BIT(CAP_NET_ADMIN) };

	for (size_t i = 0; i < ARRAY_SIZE(absent) * ARRAY_SIZE(caps); i++) {
		struct seccomp_policy p = seccomp_default_policy;
		_cleanup_free_ struct sock_filter *f = NULL;
		const struct sock_filter *builtin;
		size_t n, n_builtin;

		p.caps = caps[i / 2];
		p.arches_absent = absent[i % 2];
		ASSERT_EQ(0, seccomp_compile(&p, &f, &n, NULL));
		builtin = seccomp_builtin(p.caps, p.arches_absent, &n_builtin);
		ASSERT_NE(NULL, builtin);
		ASSERT_EQ(n, n_builtin);
		EXPECT_EQ(0, memcmp(f, builtin, n * sizeof(*f)));
	}
	EXPECT_EQ(NULL, seccomp_builtin(CAP_DEFAULT | CAP_BIT(CAP_SYS_ADMIN), 0, &(size_t){ 0 }));
	EXPECT_EQ(NULL, seccomp_builtin(CAP_DEFAULT & ~CAP_BIT(CAP_SYS_CHROOT), 0, &(size_t){ 0 }));
}

/* Jumps of more than 255 instructions: each of the calls has a block of its own. */
TEST(far_jumps_arrive)
{
	enum { N = 60 };
	static struct seccomp_arg args[N][SECCOMP_ARGS_MAX];
	static struct seccomp_rule rules[N];
	static uint16_t ids[N];
	_cleanup_free_ struct sock_filter *f = NULL;
	struct seccomp_policy p = {
		.arches = 1u << SECCOMP_X86_64 | 1u << SECCOMP_I386,
		.default_action = SECCOMP_RET_ERRNO | EPERM,
		.rules = rules,
		.n_rules = N,
	};
	size_t n;

	for (unsigned int i = 0; i < N; i++) {
		ids[i] = (uint16_t)(i * 5);
		for (unsigned int a = 0; a < SECCOMP_ARGS_MAX; a++)
			args[i][a] = (struct seccomp_arg){ (uint8_t)a, SECCOMP_GE,
							   (uint64_t)i << 33 | i << a, 0 };
		rules[i] = (struct seccomp_rule){ .syscalls = &ids[i],
						  .n_syscalls = 1,
						  .action = SECCOMP_RET_TRACE | i,
						  .args = args[i],
						  .n_args = SECCOMP_ARGS_MAX };
	}
	ASSERT_EQ(0, seccomp_compile(&p, &f, &n, NULL));
	EXPECT_GT(n, 1000);
	for (unsigned int i = 0; i < N; i++) {
		int nr = seccomp_syscall_number(ids[i], SECCOMP_X86_64);
		struct seccomp_data d = { .nr = nr, .arch = AUDIT_ARCH_X86_64 };

		if (nr < 0)
			continue;
		for (unsigned int a = 0; a < SECCOMP_ARGS_MAX; a++)
			d.args[a] = args[i][a].value;
		EXPECT_EQ(SECCOMP_RET_TRACE | i, bpf_run(f, n, &d));
		d.args[3]--;
		if (i) {
			EXPECT_EQ(SECCOMP_RET_ERRNO | EPERM, bpf_run(f, n, &d));
		}
	}
}

TEST(bad_policies_are_refused)
{
	static const struct seccomp_arg bad_args[] = { { 6, SECCOMP_EQ, 0, 0 },
						       { 0, SECCOMP_OP_COUNT, 0, 0 } };
	static const uint16_t ids[] = { SC_read };
	struct seccomp_rule rule = { .syscalls = ids, .n_syscalls = 1, .n_args = 1 };
	struct seccomp_policy p = { .rules = &rule, .n_rules = 1 };
	struct err e = ERR_INIT;
	struct sock_filter *f;
	size_t n;

	rule.args = bad_args;
	EXPECT_EQ(-EINVAL, seccomp_compile(&p, &f, &n, &e));
	EXPECT_STREQ("seccomp policy names no architecture", e.msg);
	p.arches = 1;
	for (size_t i = 0; i < ARRAY_SIZE(bad_args); i++) {
		rule.args = &bad_args[i];
		EXPECT_EQ(-EINVAL, seccomp_compile(&p, &f, &n, &e));
		EXPECT_STREQ("seccomp rule 0: no such argument or comparison", e.msg);
	}
	rule.n_args = 7;
	EXPECT_EQ(-EINVAL, seccomp_compile(&p, &f, &n, &e));
	EXPECT_STREQ("seccomp rule 0 has 7 comparisons, at most 6", e.msg);
	p.n_rules = SECCOMP_RULES_MAX + 1;
	EXPECT_EQ(-E2BIG, seccomp_compile(&p, &f, &n, &e));
	EXPECT_STREQ("seccomp policy has 4097 rules, at most 4096", e.msg);
}

/* More code than BPF_MAXINSNS is an error, not a cut program. */
TEST(too_long_is_refused)
{
	enum { N = 400 };
	static struct seccomp_arg args[N][SECCOMP_ARGS_MAX];
	static struct seccomp_rule rules[N];
	static const uint16_t ids[] = { SC_read };
	struct seccomp_policy p = {
		.arches = 1, .default_action = SECCOMP_RET_KILL_THREAD, .rules = rules, .n_rules = N
	};
	struct err e = ERR_INIT;
	struct sock_filter *f = NULL;
	size_t n;

	for (unsigned int i = 0; i < N; i++) {
		for (unsigned int a = 0; a < SECCOMP_ARGS_MAX; a++)
			args[i][a] = (struct seccomp_arg){ (uint8_t)a, SECCOMP_MASKED_EQ,
							   UINT64_MAX, UINT64_MAX - i };
		rules[i] = (struct seccomp_rule){ .syscalls = ids,
						  .n_syscalls = 1,
						  .action = SECCOMP_RET_ALLOW,
						  .args = args[i],
						  .n_args = SECCOMP_ARGS_MAX };
	}
	EXPECT_EQ(-E2BIG, seccomp_compile(&p, &f, &n, &e));
	EXPECT_STREQ("seccomp policy needs more than the 4096 instructions of BPF", e.msg);
	EXPECT_EQ(NULL, f);
}

TEST(kernel_conditions)
{
	static const uint16_t ids[] = { SC_read };
	/* clang-format off */
	static const struct { uint32_t min, before; bool holds; } cases[] = {
		{ 0, 0, true }, { 4 << 16 | 8, 0, true }, { 4000 << 16, 0, false },
		{ 0, 4 << 16, false }, { 0, 4000 << 16, true },
	};
	/* clang-format on */

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct seccomp_rule rule = { .syscalls = ids,
					     .n_syscalls = 1,
					     .action = SECCOMP_RET_ALLOW,
					     .kernel_min = cases[i].min,
					     .kernel_before = cases[i].before };
		struct seccomp_policy p = { .arches = 1u << SECCOMP_NATIVE,
					    .rules = &rule,
					    .n_rules = 1,
					    .default_action = SECCOMP_RET_KILL_PROCESS };
		struct seccomp_data d = { .nr = SYS_read, .arch = AUDIT_ARCH_X86_64 };
		_cleanup_free_ struct sock_filter *f = NULL;
		size_t n;

		if (SECCOMP_NATIVE == SECCOMP_AARCH64)
			d.arch = AUDIT_ARCH_AARCH64;
		ASSERT_EQ(0, seccomp_compile(&p, &f, &n, NULL));
		EXPECT_EQ(cases[i].holds ? SECCOMP_RET_ALLOW : SECCOMP_RET_KILL_PROCESS,
			  bpf_run(f, n, &d));
	}
}

TEST_HARNESS_MAIN
