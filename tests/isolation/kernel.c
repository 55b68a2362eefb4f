// SPDX-License-Identifier: Apache-2.0
/*
 * What belongs to the one kernel of all containers: nobody inside may change it, listen to it or learn
 * where it is. Each is tried by the call that the kernel guards with a capability; that the calls are
 * denied by a filter, too, is the matter of seccomp.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/netlink.h>
#include <linux/perf_event.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attempt.h"
#include "groups.h"
#include "netlink.h"
#include "probe.h"

#define BAD ((void *)1) /* no address */
#define AUDIT_READ_LOG 1 /* multicast group AUDIT_NLGRP_READLOG */
#define EVENT_WAIT_MS 200
#define SYSLOG_CONSOLE_LEVEL 8
#define FANOTIFY_CONTENT 0x4 /* FAN_CLASS_CONTENT */

#ifndef CAP_PERFMON
#define CAP_PERFMON 38
#define CAP_BPF 39
#endif

/* Attempts. Return: as in attempt_is_refused() */
static int result(long r)
{
	return r < 0 ? errno : 0;
}

/* granted if the arguments were looked at */
static int result_or(long r, int err)
{
	return r < 0 && errno != err ? errno : 0;
}

static int try_module_load(void)
{
	return result_or(syscall(SYS_finit_module, -1, "", 0), EBADF);
}

static int try_module_unload(void)
{
	return result_or(syscall(SYS_delete_module, BAD, 0), EFAULT);
}

/* more segments than there can be */
static int try_kexec(void)
{
	return result_or(syscall(SYS_kexec_load, 0, 0x7fffffffL, BAD, 0), EINVAL);
}

static int try_reboot(void)
{
	return result_or(syscall(SYS_reboot, 0, 0, 0, NULL), EINVAL);
}

static int try_swap(void)
{
	return result_or(syscall(SYS_swapoff, "/davit-probe/none"), ENOENT);
}

static int try_accounting(void)
{
	return result_or(syscall(SYS_acct, BAD), EFAULT);
}

static int try_console_level(void)
{
	return result_or(syscall(SYS_syslog, SYSLOG_CONSOLE_LEVEL, NULL, -1), EINVAL);
}

static int try_fanotify(void)
{
	return result(syscall(SYS_fanotify_init, FANOTIFY_CONTENT, O_RDONLY));
}

/* a program for the devices of a cgroup that allows all; nothing is attached */
static int try_bpf_load(void)
{
	const struct bpf_insn code[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 1 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr a;

	memset(&a, 0, sizeof(a));
	a.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
	a.insns = (uintptr_t)code;
	a.insn_cnt = sizeof(code) / sizeof(code[0]);
	a.license = (uintptr_t) "GPL";
	return result(syscall(SYS_bpf, BPF_PROG_LOAD, &a, sizeof(a)));
}

static int try_bpf_list(void)
{
	union bpf_attr a;

	memset(&a, 0, sizeof(a));
	return result_or(syscall(SYS_bpf, BPF_PROG_GET_NEXT_ID, &a, sizeof(a)), ENOENT);
}

/* of a whole processor: of all its processes */
static int try_perf(void)
{
	struct perf_event_attr a = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(a),
		.config = PERF_COUNT_SW_CPU_CLOCK,
	};

	return result(syscall(SYS_perf_event_open, &a, -1, 0, -1, 0));
}

/* faults of the kernel, too: what exploits stop the kernel with */
static int try_userfaultfd(void)
{
	return result(syscall(SYS_userfaultfd, 0));
}

static int try_fifo(void)
{
	const struct sched_param prio = { .sched_priority = 1 };
	struct rlimit limit;

	if (getrlimit(RLIMIT_RTPRIO, &limit) < 0 || limit.rlim_cur > 0)
		return EOPNOTSUPP;
	return result(syscall(SYS_sched_setscheduler, 0, SCHED_FIFO, &prio));
}

static int try_deadline(void)
{
	/* struct sched_attr, which C libraries do not have */
	struct {
		uint32_t size, policy;
		uint64_t flags;
		int32_t nice;
		uint32_t priority;
		uint64_t runtime, deadline, period;
	} a = { sizeof(a), 6 /* SCHED_DEADLINE */, 0, 0, 0, 100000, 1000000000, 1000000000 };

	return result(syscall(SYS_sched_setattr, 0, &a, 0));
}

/* a filter may pretend that there is no such family */
static int no_socket(int err)
{
	return err == EPROTONOSUPPORT || err == EAFNOSUPPORT ? ENOENT : err;
}

static int try_audit(void)
{
	int group = AUDIT_READ_LOG, fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT);

	if (fd < 0)
		return no_socket(errno);
	return result(setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)));
}

/* an event of a device that does not exist, for the network namespace that we are in */
static int try_uevent(void)
{
	static const char event[] = "add@/devices/virtual/davit-probe";
	struct netlink_request r;
	int err;

	netlink_start(&r, NLMSG_MIN_TYPE, 0, event, sizeof(event));
	err = netlink_ask(NETLINK_KOBJECT_UEVENT, &r);
	return err == ECONNREFUSED ? ENOENT : no_socket(err);
}

static int listen_to_processes(int fd, enum proc_cn_mcast_op op)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	struct netlink_request r;
	struct {
		struct cn_msg head;
		uint32_t op;
	} m = { .head = { .id = { CN_IDX_PROC, CN_VAL_PROC }, .len = sizeof(m.op) }, .op = op };

	netlink_start(&r, NLMSG_DONE, 0, &m, sizeof(m));
	return result(
		sendto(fd, &r, r.head.nlmsg_len, 0, (struct sockaddr *)&kernel, sizeof(kernel)));
}

/* events of all processes of the machine; one of them is the child made here */
static int try_process_events(void)
{
	struct sockaddr_nl group = { .nl_family = AF_NETLINK, .nl_groups = CN_IDX_PROC };
	int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_CONNECTOR), err;
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	pid_t pid;

	if (fd < 0)
		return no_socket(errno);
	if (bind(fd, (struct sockaddr *)&group, sizeof(group)) < 0)
		return errno;
	err = listen_to_processes(fd, PROC_CN_MCAST_LISTEN);
	if (err)
		return err == ECONNREFUSED ? EPERM : err;
	pid = fork();
	if (pid == 0)
		_exit(0);
	if (pid > 0)
		(void)waitpid(pid, NULL, 0);
	err = poll(&pfd, 1, EVENT_WAIT_MS) == 1 ? 0 : EPERM;
	(void)listen_to_processes(fd, PROC_CN_MCAST_IGNORE);
	return err;
}

static int try_kernel_stack(void)
{
	char text[256];
	int r = read_text("/proc/self/stack", text, sizeof(text));

	return r < 0 ? -r : 0;
}

/* frame numbers are what rowhammer needs; others see zeros */
static int try_frame_number(void)
{
	static volatile char page[4096];
	uint64_t entry = 0;
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	long size = sysconf(_SC_PAGESIZE);

	page[0] = 1;
	if (fd < 0)
		return errno;
	if (pread(fd, &entry, sizeof(entry),
		  (off_t)((uintptr_t)page / (uintptr_t)size * sizeof(entry))) != sizeof(entry))
		return EPERM;
	return entry & ((UINT64_C(1) << 55) - 1) ? 0 : EPERM;
}

/* the first number of each line is an address, 0 for those who may not know */
static int try_addresses(const char *path)
{
	char text[8192];
	int r = read_text(path, text, sizeof(text));

	if (r < 0)
		return -r;
	for (char *line = text; line && *line;
	     line = strchr(line, '\n'), line = line ? line + 1 : NULL)
		if (strtoull(line, NULL, 16))
			return 0;
	return EPERM;
}

static int try_kallsyms(void)
{
	return try_addresses("/proc/kallsyms");
}

static int try_iomem(void)
{
	return try_addresses("/proc/iomem");
}

static long number_in(const char *path)
{
	char text[32];

	return read_text(path, text, sizeof(text)) < 0 ? LONG_MAX : strtol(text, NULL, 10);
}

/* settings by which a host gives it to everybody: not the container's doing */
static bool is_for_all(int (*try)(void))
{
	if (try == try_perf)
		return number_in("/proc/sys/kernel/perf_event_paranoid") <= 0;
	if (try == try_kallsyms)
		return number_in("/proc/sys/kernel/kptr_restrict") == 0 &&
		       number_in("/proc/sys/kernel/perf_event_paranoid") <= 1;
	return try == try_userfaultfd && number_in("/proc/sys/vm/unprivileged_userfaultfd") == 1;
}

static int is_refused_unless_for_all(const struct probe *p, const struct facts *f, struct seen *s)
{
	int r = attempt_is_refused(p, f, s);

	return r == PROBE_FAIL && is_for_all(p->try) ?
		       seen_skip(s, "granted, as the host grants it to everybody") :
		       r;
}

/* clang-format off */
#define FOR_ALL(property, what, how, cap, or_cap) \
	{ property, what, is_refused_unless_for_all, .needs = "caps/effective", .num = (cap), .flags = (or_cap), \
	  .try = (how) }

static const struct probe probes[] = {
	ATTEMPT("kernel/module-load", "load a kernel module from descriptor -1",
		try_module_load, CAP_SYS_MODULE),
	ATTEMPT("kernel/module-unload", "unload a kernel module without a name",
		try_module_unload, CAP_SYS_MODULE),
	ATTEMPT("kernel/kexec", "load another kernel of too many segments",
		try_kexec, CAP_SYS_BOOT),
	ATTEMPT("kernel/reboot", "call reboot(2) with wrong magic numbers",
		try_reboot, CAP_SYS_BOOT),
	ATTEMPT("kernel/swap", "take away a swap file that is not there",
		try_swap, CAP_SYS_ADMIN),
	ATTEMPT("kernel/accounting", "have processes accounted to a bad pointer",
		try_accounting, CAP_SYS_PACCT),
	ATTEMPT_EITHER("kernel/console-level", "set a wrong level of kernel messages",
		try_console_level, CAP_SYSLOG, CAP_SYS_ADMIN),
	ATTEMPT("kernel/fanotify", "listen to permission events of files",
		try_fanotify, CAP_SYS_ADMIN),
	ATTEMPT_EITHER("kernel/bpf-load", "load a BPF program for devices", try_bpf_load, CAP_BPF, CAP_SYS_ADMIN),
	ATTEMPT("kernel/bpf-list", "list the BPF programs of the machine",
		try_bpf_list, CAP_SYS_ADMIN),
	FOR_ALL("kernel/perf", "measure all processes of a processor", try_perf, CAP_PERFMON, CAP_SYS_ADMIN),
	FOR_ALL("kernel/userfaultfd", "handle page faults of the kernel",
		try_userfaultfd, CAP_SYS_PTRACE, CAP_SYS_PTRACE),
	ATTEMPT("kernel/sched-fifo", "ask for SCHED_FIFO", try_fifo, CAP_SYS_NICE),
	ATTEMPT("kernel/sched-deadline", "ask for SCHED_DEADLINE", try_deadline, CAP_SYS_NICE),
	ATTEMPT("kernel/audit-log", "listen to the audit log", try_audit, CAP_AUDIT_READ),
	ATTEMPT("kernel/uevent", "send an event of a device by netlink",
		try_uevent, CAP_SYS_ADMIN),
	ATTEMPT("kernel/process-events", "listen to all processes by netlink",
		try_process_events, CAP_NET_ADMIN),
	ATTEMPT("kernel/stack", "read /proc/self/stack", try_kernel_stack, CAP_SYS_ADMIN),
	ATTEMPT("kernel/frame-numbers", "read physical addresses from /proc/self/pagemap",
		try_frame_number, CAP_SYS_ADMIN),
	FOR_ALL("kernel/symbol-addresses", "read addresses from /proc/kallsyms",
		try_kallsyms, CAP_SYSLOG, CAP_SYSLOG),
	ATTEMPT("kernel/memory-map", "read addresses from /proc/iomem",
		try_iomem, CAP_SYS_ADMIN),
};
/* clang-format on */

const struct probe_group kernel_group = {
	.name = "kernel",
	.summary = "the kernel of all is neither changed nor watched from inside",
	PROBES(probes),
};
