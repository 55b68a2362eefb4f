// SPDX-License-Identifier: Apache-2.0
/*
 * The system calls that Docker's default policy denies a container with the default capabilities.
 *
 * Most of them are refused by the kernel too, with the same EPERM, since the container lacks a
 * capability; that says nothing about the filter. So each is tried below a second filter that answers
 * SECCOMP_RET_TRACE: whatever the container's own filter forbids outranks it, and what it allows ends
 * as ENOSYS, because there is no tracer (man 2 seccomp). The kernel's own code is never reached.
 *
 * ENOSYS is also what a filter may answer to calls that it does not know. Then the call is made in
 * earnest, with arguments that the kernel refuses whatever the caller may do.
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "attempt.h"
#include "groups.h"
#include "probe.h"

#ifndef AF_VSOCK
#define AF_VSOCK 40
#endif
#ifndef AF_ALG
#define AF_ALG 38
#endif
#ifndef CLONE_NEWCGROUP
#define CLONE_NEWCGROUP 0x02000000
#endif

#if defined(__x86_64__)
#define NATIVE_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define NATIVE_ARCH AUDIT_ARCH_AARCH64
#else
#error "which AUDIT_ARCH is this?"
#endif

/* newer than the C library's headers; these numbers are the same everywhere */
enum {
	NR_io_uring_setup = 425,
	NR_io_uring_enter,
	NR_io_uring_register,
	NR_open_tree,
	NR_move_mount,
	NR_fsopen,
	NR_fsconfig,
	NR_fsmount,
	NR_fspick,
	NR_clone3 = 435,
	NR_pidfd_getfd = 438,
	NR_process_madvise = 440,
	NR_mount_setattr = 442,
	NR_quotactl_fd,
	NR_set_mempolicy_home_node = 450,
};

#define BAD 1L /* no address, whatever is asked of it */
#define NONE (-1L) /* no descriptor, process or flag */
#define NO_MAGIC 0x0badL
#define NO_FILTER 254 /* no errno: the second filter was refused */

/* clang-format off */
/*
 * X(name, number, six arguments): name as in a policy, and known to the libseccomp of 2022, which leaves
 * out of a list what it does not know. The arguments are wrong in a way that is noticed
 * before anything happens, for a caller with all capabilities, too.
 */
#define CALLS(X)                                                                    \
	X(mount,		SYS_mount,		BAD, BAD, BAD, 0, 0, 0)     \
	X(umount2,		SYS_umount2,		BAD, NONE, 0, 0, 0, 0)      \
	X(pivot_root,		SYS_pivot_root,		BAD, BAD, 0, 0, 0, 0)       \
	X(setns,		SYS_setns,		NONE, 0, 0, 0, 0, 0)        \
	X(unshare,		SYS_unshare,		1, 0, 0, 0, 0, 0)           \
	X(fsopen,		NR_fsopen,		BAD, NONE, 0, 0, 0, 0)      \
	X(fsconfig,		NR_fsconfig,		NONE, NONE, 0, 0, 0, 0)     \
	X(fsmount,		NR_fsmount,		NONE, NONE, NONE, 0, 0, 0)  \
	X(fspick,		NR_fspick,		NONE, BAD, NONE, 0, 0, 0)   \
	X(move_mount,		NR_move_mount,		NONE, BAD, NONE, BAD, NONE, 0) \
	X(open_tree,		NR_open_tree,		NONE, BAD, NONE, 0, 0, 0)   \
	X(mount_setattr,	NR_mount_setattr,	NONE, BAD, NONE, BAD, 0, 0) \
	X(open_by_handle_at,	SYS_open_by_handle_at,	NONE, BAD, 0, 0, 0, 0)      \
	X(fanotify_init,	SYS_fanotify_init,	NONE, NONE, 0, 0, 0, 0)     \
	X(lookup_dcookie,	SYS_lookup_dcookie,	NONE, BAD, 0, 0, 0, 0)      \
	X(quotactl,		SYS_quotactl,		NONE, BAD, 0, BAD, 0, 0)    \
	X(quotactl_fd,		NR_quotactl_fd,		NONE, NONE, 0, BAD, 0, 0)   \
	X(nfsservctl,		SYS_nfsservctl,		NONE, BAD, BAD, 0, 0, 0)    \
	X(swapon,		SYS_swapon,		BAD, NONE, 0, 0, 0, 0)      \
	X(swapoff,		SYS_swapoff,		BAD, 0, 0, 0, 0, 0)         \
	X(acct,			SYS_acct,		BAD, 0, 0, 0, 0, 0)         \
	X(bpf,			SYS_bpf,		NONE, BAD, 8, 0, 0, 0)      \
	X(perf_event_open,	SYS_perf_event_open,	BAD, 0, NONE, NONE, NONE, 0) \
	X(userfaultfd,		SYS_userfaultfd,	NONE, 0, 0, 0, 0, 0)        \
	X(io_uring_setup,	NR_io_uring_setup,	0, BAD, 0, 0, 0, 0)         \
	X(io_uring_enter,	NR_io_uring_enter,	NONE, 0, 0, 0, 0, 0)        \
	X(io_uring_register,	NR_io_uring_register,	NONE, NONE, 0, 0, 0, 0)     \
	X(keyctl,		SYS_keyctl,		NONE, 0, 0, 0, 0, 0)        \
	X(add_key,		SYS_add_key,		BAD, BAD, BAD, 1, 0, 0)     \
	X(request_key,		SYS_request_key,	BAD, BAD, 0, 0, 0, 0)       \
	X(kexec_load,		SYS_kexec_load,		0, 0x7fffffff, BAD, NONE, 0, 0) \
	X(kexec_file_load,	SYS_kexec_file_load,	NONE, NONE, 0, BAD, NONE, 0) \
	X(init_module,		SYS_init_module,	BAD, 0, BAD, 0, 0, 0)       \
	X(finit_module,		SYS_finit_module,	NONE, BAD, NONE, 0, 0, 0)   \
	X(delete_module,	SYS_delete_module,	BAD, 0, 0, 0, 0, 0)         \
	X(reboot,		SYS_reboot,		NO_MAGIC, NO_MAGIC, 0, 0, 0, 0) \
	X(sethostname,		SYS_sethostname,	BAD, NONE, 0, 0, 0, 0)      \
	X(setdomainname,	SYS_setdomainname,	BAD, NONE, 0, 0, 0, 0)      \
	X(settimeofday,		SYS_settimeofday,	BAD, BAD, 0, 0, 0, 0)       \
	X(clock_settime,	SYS_clock_settime,	NONE, BAD, 0, 0, 0, 0)      \
	X(syslog,		SYS_syslog,		NONE, 0, 0, 0, 0, 0)        \
	X(vhangup,		SYS_vhangup,		0, 0, 0, 0, 0, 0)           \
	X(move_pages,		SYS_move_pages,		NONE, 1, BAD, 0, 0, NONE)   \
	X(migrate_pages,	SYS_migrate_pages,	NONE, BAD, BAD, BAD, 0, 0)  \
	X(mbind,		SYS_mbind,		BAD, BAD, NONE, BAD, 0, NONE) \
	X(set_mempolicy,	SYS_set_mempolicy,	NONE, BAD, 0, 0, 0, 0)      \
	X(get_mempolicy,	SYS_get_mempolicy,	BAD, BAD, 0, 0, NONE, 0)    \
	X(set_mempolicy_home_node, NR_set_mempolicy_home_node, BAD, BAD, NONE, NONE, 0, 0) \
	X(kcmp,			SYS_kcmp,		NONE, NONE, NONE, 0, 0, 0)  \
	X(pidfd_getfd,		NR_pidfd_getfd,		NONE, NONE, NONE, 0, 0, 0)  \
	X(process_madvise,	NR_process_madvise,	NONE, BAD, 1, 0, NONE, 0)

#if defined(__x86_64__)
#define CALLS_OLD(X)                                                                \
	X(iopl,			SYS_iopl,		99, 0, 0, 0, 0, 0)          \
	X(ioperm,		SYS_ioperm,		NONE, NONE, 0, 0, 0, 0)     \
	X(uselib,		SYS_uselib,		BAD, 0, 0, 0, 0, 0)         \
	X(ustat,		SYS_ustat,		0, BAD, 0, 0, 0, 0)         \
	X(sysfs,		SYS_sysfs,		99, 0, 0, 0, 0, 0)          \
	X(_sysctl,		SYS__sysctl,		BAD, 0, 0, 0, 0, 0)         \
	X(create_module,	SYS_create_module,	BAD, 0, 0, 0, 0, 0)         \
	X(query_module,		SYS_query_module,	BAD, 0, 0, 0, 0, 0)         \
	X(get_kernel_syms,	SYS_get_kernel_syms,	BAD, 0, 0, 0, 0, 0)
#else
#define CALLS_OLD(X)
#endif
/* clang-format on */

struct call {
	long number, args[6];
};

enum {
#define CALL(name, ...) CALL_##name,
	CALLS(CALL) CALLS_OLD(CALL)
#undef CALL
};

static const struct call calls[] = {
/* clang-format off */
#define CALL(name, nr, ...) [CALL_##name] = { .number = nr, .args = { __VA_ARGS__ } },
	CALLS(CALL) CALLS_OLD(CALL)
#undef CALL
	/* clang-format on */
};

/* a filter that answers call @nr of @arch with SECCOMP_RET_TRACE, and its only cost is that
 * the process cannot gain privileges. Return: 0 or an errno */
static int filter_add(long nr, uint32_t arch)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, arch, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)nr, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(code) / sizeof(code[0]), code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) < 0)
		return errno;
	return 0;
}

static int call_errno(const struct call *c)
{
	const long *a = c->args;

	/* a session of its own: vhangup has no terminal then */
	(void)setsid();
	return syscall(c->number, a[0], a[1], a[2], a[3], a[4], a[5]) < 0 ? errno : 0;
}

static int try_call(const void *arg)
{
	return call_errno(arg);
}

static int try_below_filter(const void *arg)
{
	const struct call *c = arg;

	return filter_add(c->number, NATIVE_ARCH) ? NO_FILTER : call_errno(c);
}

/* what the container's filter answers to @c; ENOSYS if it lets it through (or answers that). Where a
 * second filter is refused, what the kernel answers: EPERM may be its own then. */
static int verdict(const struct call *c)
{
	int r = attempt(try_below_filter, c);

	if (r == NO_FILTER)
		r = attempt(try_call, c);
	return r == ATTEMPT_KILLED + SIGSYS || is_refused(r) ? r : ENOSYS;
}

static bool is_allowed(const struct facts *f, const char *name)
{
	return list_has(facts_get(f, "want.seccomp.allowed"), name);
}

static int is_denied(const struct probe *p, const struct facts *f, struct seen *s)
{
	const struct call *c = &calls[p->num];
	int r;

	if (is_allowed(f, p->path))
		return seen_skip(s, "%s was asked for", p->path);
	r = verdict(c);
	if (r != ENOSYS)
		return seen_pass(s, "%s, by the filter", attempt_name(r));
	r = attempt(try_call, c);
	if (r == ENOSYS)
		return seen_pass(s, "ENOSYS, by the filter or the kernel");
	return seen_fail(s, "the filter lets it through; the kernel says %s", attempt_name(r));
}

/* clone3's flags are behind a pointer, so that a filter that cares about them refuses it as unknown and
 * programs fall back to clone */
static int is_unknown(const struct probe *p, const struct facts *f, struct seen *s)
{
	static const struct call c = { NR_clone3, { BAD, 0, 0, 0, 0, 0 } };
	int r;

	if (is_allowed(f, p->path))
		return seen_skip(s, "%s was asked for", p->path);
	r = attempt(try_call, &c);
	return seen_as(s, is_refused(r), "%s", attempt_name(r));
}

/* argument 0 is @p->num; no filter answers ENOSYS to calls as old as these */
static int is_argument_denied(const struct probe *p, const struct facts *f, struct seen *s)
{
	struct call c = {
		.number = strcmp(p->path, "socket") == 0 ? SYS_socket : SYS_personality,
		.args = { p->num },
	};
	int r;

	if (is_allowed(f, p->path))
		return seen_skip(s, "%s was asked for", p->path);
	r = verdict(&c);
	return seen_as(s, r != ENOSYS,
		       r == ENOSYS ? "the filter lets it through" : "%s, by the filter",
		       attempt_name(r));
}

static const struct {
	const char *name;
	long flag;
} namespaces[] = {
	{ "mnt", CLONE_NEWNS },	 { "cgroup", CLONE_NEWCGROUP }, { "uts", CLONE_NEWUTS },
	{ "ipc", CLONE_NEWIPC }, { "user", CLONE_NEWUSER },	{ "pid", CLONE_NEWPID },
	{ "net", CLONE_NEWNET },
};

static int is_clone_denied(const struct probe *p, const struct facts *f, struct seen *s)
{
	char open[64] = "";

	if (is_allowed(f, p->path))
		return seen_skip(s, "%s was asked for", p->path);
	for (size_t i = 0; i < sizeof(namespaces) / sizeof(namespaces[0]); i++) {
		/* CLONE_THREAD without CLONE_SIGHAND: EINVAL, whatever happens */
		struct call c = { .number = SYS_clone,
				  .args = { namespaces[i].flag | CLONE_THREAD } };

		if (verdict(&c) == ENOSYS)
			(void)snprintf(open + strlen(open), sizeof(open) - strlen(open), " %s",
				       namespaces[i].name);
	}
	return seen_as(s, !open[0], "%s%s", open[0] ? "let through:" : "all seven refused", open);
}

#if defined(__x86_64__)
#define X32_BIT 0x40000000
#define I386_MOUNT 21

/* mount(2) of i386 by the old gate; its numbers mean other calls than ours */
static int try_i386(const void *arg)
{
	long r;

	if (arg && filter_add(I386_MOUNT, AUDIT_ARCH_I386))
		return NO_FILTER;
	/* no kernel saves r8 to r11 on this way */
	__asm__ volatile("int $0x80"
			 : "=a"(r)
			 : "0"((long)I386_MOUNT), "b"(BAD), "c"(BAD), "d"(BAD), "S"(0L), "D"(0L)
			 : "memory", "r8", "r9", "r10", "r11");
	return r < 0 ? (int)-r : 0;
}

static int is_i386_denied(const struct probe *p, const struct facts *f, struct seen *s)
{
	int r;

	if (is_allowed(f, p->path))
		return seen_skip(s, "%s was asked for", p->path);
	r = attempt(try_i386, p);
	if (r == ATTEMPT_KILLED + SIGSEGV)
		return seen_pass(s, "the kernel has no calls of i386");
	if (r == ENOSYS || r == NO_FILTER)
		r = attempt(try_i386, NULL);
	return seen_as(s, is_refused(r) || r == ATTEMPT_KILLED + SIGSYS, "%s", attempt_name(r));
}

static int is_x32_denied(const struct probe *p, const struct facts *f, struct seen *s)
{
	static const struct call c = { SYS_mount | X32_BIT, { BAD, BAD, BAD, 0, 0, 0 } };
	int r;

	if (is_allowed(f, p->path))
		return seen_skip(s, "%s was asked for", p->path);
	r = attempt(try_call, &c);
	return seen_as(s, is_refused(r) || r == ATTEMPT_KILLED + SIGSYS, "%s", attempt_name(r));
}
#endif

/* /proc/PID/status has Seccomp and, since 5.9, Seccomp_filters. Return: how many, 1 if nobody tells; 0
 * without a filter */
static long filters_of(pid_t pid)
{
	char path[64], text[32];

	(void)snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	if (read_field(path, "Seccomp", text, sizeof(text)) < 0 || strcmp(text, "2") != 0)
		return 0;
	return read_field(path, "Seccomp_filters", text, sizeof(text)) < 0 ? 1 :
									     strtol(text, NULL, 10);
}

static int has_filter(const struct probe *p, const struct facts *f, struct seen *s)
{
	int64_t want = facts_num(f, "want.seccomp", -1);
	char mode[32] = "absent";
	long n;

	(void)p;
	if (want < 0)
		return seen_unknown(s, "want.seccomp");
	if (!want)
		return seen_skip(s, "no filter was asked for");
	n = filters_of(getpid());
	(void)read_field("/proc/self/status", "Seccomp", mode, sizeof(mode));
	return seen_as(s, n > 0, "Seccomp is %s, filters: %ld", mode, n);
}

static int survives_exec(const struct probe *p, const struct facts *f, struct seen *s)
{
	long before = filters_of(getpid()), after;
	pid_t pid = attempt_hold("/proc/self/exe", HOLD_AS_IS);

	(void)p;
	(void)f;
	if (pid < 0)
		return seen_fail(s, "cannot execute this program: %s", errno_name(-pid));
	after = filters_of(pid);
	attempt_release(pid);
	return seen_as(s, after == before, "%ld before, %ld after fork and exec", before, after);
}

/* PTRACE_O_SUSPEND_SECCOMP is for checkpoints, and not for tracers that are filtered themselves */
static int try_suspend(const void *arg)
{
	pid_t pid = fork();
	int err;

	(void)arg;
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
		for (;;)
			(void)pause();
	}
	if (pid < 0)
		return EXIT_FAILURE;
	err = ptrace(PTRACE_SEIZE, pid, NULL, (void *)(uintptr_t)PTRACE_O_SUSPEND_SECCOMP) < 0 ?
		      errno :
		      0;
	attempt_release(pid);
	return err;
}

static int is_irreversible(const struct probe *p, const struct facts *f, struct seen *s)
{
	int off = prctl(PR_SET_SECCOMP, SECCOMP_MODE_DISABLED, 0, 0, 0) < 0 ? errno : 0;
	int suspend = attempt(try_suspend, NULL);
	char text[32];

	(void)p;
	(void)f;
	(void)snprintf(text, sizeof(text), "%s", attempt_name(suspend));
	return seen_as(s, off && suspend, "mode 0: %s; suspended by a tracer: %s", errno_name(off),
		       text);
}

/* clang-format off */
static const struct probe probes[] = {
	{ "seccomp/filter", "read Seccomp and Seccomp_filters of /proc/self/status", has_filter,
	  NULL, NULL, 0, 0 },
	{ "seccomp/survives-exec", "count the filters of a program that a child executes", survives_exec,
	  "seccomp/filter", NULL, 0, 0 },
	{ "seccomp/irreversible", "set mode 0, and suspend a child's filter by ptrace(2)", is_irreversible,
	  "seccomp/filter", NULL, 0, 0 },
#define CALL(call, ...)                                                                         \
	{ "seccomp/" #call, "call " #call "(2)", is_denied, "seccomp/filter", #call, CALL_##call, \
	  SECCOMP_DENY_CALL },
	CALLS(CALL) CALLS_OLD(CALL)
#undef CALL
	{ "seccomp/clone3", "call clone3(2) with a bad pointer", is_unknown,
	  "seccomp/filter", "clone3", 0, SECCOMP_DENY_UNKNOWN },
	{ "seccomp/clone-namespaces", "call clone(2) with each flag of a new namespace", is_clone_denied,
	  "seccomp/filter", "clone",
	  CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET,
	  SECCOMP_DENY_BITS },
	{ "seccomp/personality", "call personality(ADDR_NO_RANDOMIZE)", is_argument_denied,
	  "seccomp/filter", "personality", ADDR_NO_RANDOMIZE, SECCOMP_DENY_VALUE },
	{ "seccomp/socket-vsock", "call socket(AF_VSOCK)", is_argument_denied,
	  "seccomp/filter", "socket", AF_VSOCK, SECCOMP_DENY_VALUE },
	{ "seccomp/socket-alg", "call socket(AF_ALG)", is_argument_denied,
	  "seccomp/filter", "socket", AF_ALG, SECCOMP_DENY_VALUE },
#if defined(__x86_64__)
	{ "seccomp/i386", "call mount(2) of i386 by int 0x80", is_i386_denied,
	  "seccomp/mount", "mount", 0, SECCOMP_DENY_ABI },
	{ "seccomp/x32", "call mount(2) of x32", is_x32_denied,
	  "seccomp/mount", "mount", 0, SECCOMP_DENY_ABI },
#endif
};
/* clang-format on */

const struct probe_group seccomp_group = {
	.name = "seccomp",
	.summary = "the calls that the default policy denies are denied by the filter",
	PROBES(probes),
};
