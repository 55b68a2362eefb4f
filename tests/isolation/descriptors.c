// SPDX-License-Identifier: Apache-2.0
/* What the container's command inherited from the runtime, and the runtime from its caller. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "groups.h"
#include "mountinfo.h"
#include "probe.h"
#include "procs.h"

#define CLIMB_MAX 256

/* a probe inherits what the command has; beside its own 0 to 2 it has the pipe for its answer */
static bool is_answer_pipe(const char *target)
{
	return strncmp(target, "pipe:", 5) == 0;
}

static int none_is_inherited(const struct probe *p, const struct facts *f, struct seen *s)
{
	const char *leak = facts_get(f, "host.leak");
	DIR *dir = opendir("/proc/self/fd");
	int pipes = 0, others = 0;
	char first[256] = "";

	(void)p;
	if (!dir)
		return seen_fail(s, "/proc/self/fd: %s", errno_name(errno));
	for (struct dirent *d; (d = readdir(dir));) {
		int fd = (int)strtol(d->d_name, NULL, 10);
		char target[200] = "";
		struct stat st;

		if (fd < 3 || fd == dirfd(dir))
			continue;
		if (readlinkat(dirfd(dir), d->d_name, target, sizeof(target) - 1) < 0)
			(void)snprintf(target, sizeof(target), "%s", errno_name(errno));
		if (fstat(fd, &st) == 0 && is_dev_ino(&st, leak))
			return seen_fail(s, "%d is the runtime's: %s", fd, target);
		if (is_answer_pipe(target) && pipes++ == 0)
			continue;
		if (others++ == 0)
			(void)snprintf(first, sizeof(first), ", one is %d: %s", fd, target);
	}
	return seen_as(s, !others, "%d beyond 0, 1, 2%s", others, first);
}

/* a file of the container itself, or a pipe or socket that nobody can reach by a path */
static bool is_harmless(const struct stat *st)
{
	static const char *const own[] = { "/dev/null", "/dev/pts", "/dev/console" };
	struct stat at;

	if (S_ISFIFO(st->st_mode) || S_ISSOCK(st->st_mode))
		return true;
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		if (stat(own[i], &at) == 0 && at.st_dev == st->st_dev &&
		    (at.st_ino == st->st_ino || S_ISDIR(at.st_mode)))
			return true;
	return false;
}

/* Documentation/admin-guide/devices.txt: consoles and serial lines, UNIX98 terminals */
static bool is_terminal(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && (major(st->st_rdev) == 4 ||
					(major(st->st_rdev) >= 136 && major(st->st_rdev) <= 143));
}

/* the mode that it has already: of a file of the host, such as its /dev/null, even that is refused */
static int stdio_is_unchangeable(const struct probe *p, const struct facts *f, struct seen *s)
{
	static const char *const fds[] = { "fd/0", "fd/1", "fd/2" };
	int refused = 0;

	(void)p;
	(void)f;
	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++) {
		const char *path = proc_path(getppid(), fds[i]);
		char target[200] = "";
		struct stat st;

		if (stat(path, &st) < 0 || is_harmless(&st) || is_terminal(&st))
			continue; /* the next row is about terminals */
		(void)readlink(path, target, sizeof(target) - 1);
		if (chmod(path, st.st_mode & 07777) == 0)
			return seen_fail(s, "%s is %s of the host, and chmod works", fds[i],
					 target);
		refused++;
	}
	return seen_pass(s, "%d are files of the host, chmod is refused", refused);
}

/* CVE-2024-21626: getcwd(2) says "(unreachable)", and ".." ends elsewhere */
static int cwd_is_inside(const struct probe *p, const struct facts *f, struct seen *s)
{
	char cwd[4096] = "";
	struct stat root, top;

	(void)p;
	(void)f;
	if (syscall(SYS_getcwd, cwd, sizeof(cwd)) < 0)
		return seen_fail(s, "getcwd: %s", errno_name(errno));
	if (cwd[0] != '/')
		return seen_fail(s, "%.200s", cwd);
	for (int i = 0; i < CLIMB_MAX; i++)
		if (chdir("..") < 0)
			return seen_fail(s, "%.200s/..: %s", cwd, errno_name(errno));
	if (stat("/", &root) < 0 || stat(".", &top) < 0)
		return seen_fail(s, "%.200s: %s", cwd, errno_name(errno));
	return seen_as(s, root.st_dev == top.st_dev && root.st_ino == top.st_ino, "%.200s", cwd);
}

/* /dev/tty stands for the controlling terminal: TIOCGDEV tells its number. Return: 0 if there is none */
static int controlling_is_own(bool *ret_is_own)
{
	int fd = open("/dev/tty", O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	unsigned int number = 0;
	struct stat st, pts;
	char path[32];

	if (fd < 0)
		return 0;
	(void)ioctl(fd, TIOCGDEV, &number);
	(void)close(fd);
	(void)snprintf(path, sizeof(path), "/dev/pts/%u", minor(number));
	*ret_is_own = stat(path, &st) == 0 && stat("/dev/pts", &pts) == 0 &&
		      st.st_dev == pts.st_dev && st.st_rdev == number;
	return 1;
}

/* what is typed into a terminal of the host by TIOCSTI is typed on the host */
static int no_terminal_is_hosts(const struct probe *p, const struct facts *f, struct seen *s)
{
	static const char *const fds[] = { "fd/0", "fd/1", "fd/2" };
	int terminals = 0;
	bool is_own = true;

	(void)p;
	(void)f;
	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++) {
		struct stat st;

		if (stat(proc_path(getppid(), fds[i]), &st) < 0 || !is_terminal(&st))
			continue;
		terminals++;
		if (!is_harmless(&st))
			return seen_fail(s, "%s is a terminal of the host", fds[i]);
	}
	/* of a session of others: processes/own-session says it */
	if (getsid(getppid()) > 0)
		terminals += controlling_is_own(&is_own);
	return seen_as(s, is_own, "%d terminals%s", terminals,
		       is_own ? ", none of the host" : ", the controlling one is the host's");
}

static int umask_is_default(const struct probe *p, const struct facts *f, struct seen *s)
{
	mode_t mask = umask(0);

	(void)f;
	return seen_as(s, mask == (mode_t)p->num, "%04o", (unsigned int)mask);
}

/*
 * A mask of signals, or a number, in /proc/PID/status that must be 0. Without @p->num ours, which is the
 * command's: a fork(3) of musl blocks signals in the parent meanwhile. With it the command's own; a
 * SIGCHLD of the probe before may be pending there.
 */
static int mask_is_empty(const struct probe *p, const struct facts *f, struct seen *s)
{
	uint64_t mask;
	int r = proc_field(p->num ? getppid() : getpid(), p->path, 16, &mask);

	(void)f;
	if (r < 0)
		return seen_fail(s, "%s: %s", p->path, errno_name(-r));
	if (p->num)
		mask &= ~(1ull << (SIGCHLD - 1));
	return seen_as(s, mask == 0, "%s is %016llx", p->path, (unsigned long long)mask);
}

static int personality_is_default(const struct probe *p, const struct facts *f, struct seen *s)
{
	int now = personality(0xffffffff);

	(void)p;
	(void)f;
	if (now < 0)
		return seen_skip(s, "personality: %s", errno_name(errno));
	return seen_as(s, now == PER_LINUX, "0x%x%s", (unsigned int)now,
		       now & ADDR_NO_RANDOMIZE ? ", addresses are not randomized" : "");
}

/* prctl(2) @p->flags answers @p->num */
static int prctl_is_default(const struct probe *p, const struct facts *f, struct seen *s)
{
	int now = prctl((int)p->flags, 0, 0, 0, 0);

	(void)f;
	if (now < 0)
		return seen_skip(s, "prctl: %s", errno_name(errno));
	return seen_as(s, now == (int)p->num, "%d, the default is %ld", now, p->num);
}

/* the number that the command has in a file of /proc */
static int file_is_default(const struct probe *p, const struct facts *f, struct seen *s)
{
	char text[64], *end;
	int r = read_text(proc_path(getppid(), p->path), text, sizeof(text));
	long now;

	(void)f;
	if (r == -ENOENT)
		return seen_skip(s, "the kernel has no /proc/PID/%s", p->path);
	if (r < 0)
		return seen_fail(s, "%s: %s", p->path, errno_name(-r));
	now = strtol(text, &end, 16);
	return seen_as(s, now == p->num, "0x%lx, the default is 0x%lx", now, p->num);
}

/* host.env is the value of DAVIT_PROBE_CANARY in the runtime's environment */
static int environment_is_own(const struct probe *p, const struct facts *f, struct seen *s)
{
	const char *value = facts_get(f, "host.env");
	static pid_t pids[PROCS_MAX];
	static char env[1 << 17];
	int n = procs_list(pids, PROCS_MAX), read = 0;

	(void)p;
	if (!value || !*value)
		return seen_unknown(s, "host.env");
	for (int i = 0; i < n; i++) {
		int len = read_text(proc_path(pids[i], "environ"), env, sizeof(env));

		if (len < 0)
			continue;
		read++;
		if (memmem(env, (size_t)len, value, strlen(value)))
			return seen_fail(s, "a variable of the host is in /proc/%d/environ",
					 (int)pids[i]);
	}
	return seen_as(s, read > 0, "in none of %d processes' environments", read);
}

static int is_not_nicer(const struct probe *p, const struct facts *f, struct seen *s)
{
	int64_t host = facts_num(f, "host.nice", 100);
	int now;

	(void)p;
	if (host == 100)
		return seen_unknown(s, "host.nice");
	errno = 0;
	now = getpriority(PRIO_PROCESS, 0);
	if (errno)
		return seen_fail(s, "getpriority: %s", errno_name(errno));
	return seen_as(s, now >= host, "%d, the host side has %d", now, (int)host);
}

static int is_not_realtime(const struct probe *p, const struct facts *f, struct seen *s)
{
	int policy = (int)syscall(SYS_sched_getscheduler, 0);

	(void)p;
	(void)f;
	if (policy < 0)
		return seen_skip(s, "sched_getscheduler: %s", errno_name(errno));
	policy &= ~SCHED_RESET_ON_FORK;
	return seen_as(s, policy == SCHED_OTHER || policy == SCHED_BATCH || policy == SCHED_IDLE,
		       "policy %d", policy);
}

/* classes: 0 none, 1 real time, 2 best effort, 3 idle (ioprio_get(2)) */
static int io_is_not_realtime(const struct probe *p, const struct facts *f, struct seen *s)
{
	long prio = syscall(SYS_ioprio_get, 1, 0);

	(void)p;
	(void)f;
	if (prio < 0)
		return seen_skip(s, "ioprio_get: %s", errno_name(errno));
	return seen_as(s, prio >> 13 != 1, "class %ld, level %ld", prio >> 13, prio & 0x1fff);
}

/* A key in it can be used by every process that has the keyring: it must not be the caller's. */
static int keyring_is_own(const struct probe *p, const struct facts *f, struct seen *s)
{
	int64_t key = facts_num(f, "host.key", -1);
	int32_t keys[256];
	long len;

	(void)p;
	if (key < 0)
		return seen_unknown(s, "host.key");
	len = syscall(SYS_keyctl, KEYCTL_READ, KEY_SPEC_SESSION_KEYRING, keys, sizeof(keys));
	if (len < 0)
		return seen_pass(s, "keyctl: %s", errno_name(errno));
	if (len > (long)sizeof(keys))
		len = (long)sizeof(keys);
	for (long i = 0; i < len / (long)sizeof(keys[0]); i++)
		if (keys[i] == key)
			return seen_fail(s, "the session keyring has the host's key %d", keys[i]);
	return seen_pass(s, "%ld keys in the session keyring, none of the host", len / 4);
}

/* clang-format off */
#define OWN_PROC "pid/own-proc"

static const struct probe probes[] = {
	{ "descriptors/none-inherited", "list /proc/self/fd", none_is_inherited, .needs = OWN_PROC },
	{ "descriptors/stdio-unchangeable", "chmod files of the host at 0, 1 and 2 to their own mode",
	  stdio_is_unchangeable, .needs = OWN_PROC },
	{ "descriptors/no-host-terminal", "look for a terminal of the host at 0, 1, 2 and /dev/tty",
	  no_terminal_is_hosts, .needs = OWN_PROC },
	{ "descriptors/cwd-inside", "climb from the working directory to /",
	  .run = cwd_is_inside },
	{ "inherited/umask", "read the umask", umask_is_default, .num = 0022 },
	{ "inherited/ignored-signals", "read the ignored signals of the container's command",
	  mask_is_empty, .needs = OWN_PROC, .path = "SigIgn" },
	{ "inherited/blocked-signals", "read the blocked signals of the container's command",
	  mask_is_empty, .needs = OWN_PROC, .path = "SigBlk" },
	{ "inherited/pending-signals", "read the pending signals of the container's command",
	  mask_is_empty, .needs = OWN_PROC, .path = "ShdPnd", .num = 1 },
	{ "inherited/personality", "read the personality", .run = personality_is_default },
	{ "inherited/timer-slack", "PR_GET_TIMERSLACK", prctl_is_default, .num = 50000,
	  .flags = PR_GET_TIMERSLACK },
	{ "inherited/thp-disable", "PR_GET_THP_DISABLE", prctl_is_default, .num = 0,
	  .flags = PR_GET_THP_DISABLE },
	{ "inherited/mce-policy", "PR_MCE_KILL_GET", prctl_is_default, .num = PR_MCE_KILL_DEFAULT,
	  .flags = PR_MCE_KILL_GET },
	{ "inherited/core-filter", "read coredump_filter of the container's command",
	  file_is_default, .needs = OWN_PROC, .path = "coredump_filter", .num = 0x33 },
	{ "inherited/environment", "look for a variable of the runtime in /proc/*/environ",
	  environment_is_own, .needs = OWN_PROC },
	{ "inherited/nice", "compare the nice value with the host side's", .run = is_not_nicer },
	{ "inherited/scheduler", "read the scheduling policy", .run = is_not_realtime },
	{ "inherited/io-priority", "read the I/O priority", .run = io_is_not_realtime },
	{ "inherited/keyring", "look for a key of the host in the session keyring",
	  .run = keyring_is_own },
};
/* clang-format on */

const struct probe_group descriptor_group = {
	.name = "descriptors",
	.summary = "nothing of the runtime or its caller is inherited",
	PROBES(probes),
};
