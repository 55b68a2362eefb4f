// SPDX-License-Identifier: Apache-2.0
/* The container sees, and reaches, no process but its own. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "groups.h"
#include "mountinfo.h"
#include "probe.h"
#include "procs.h"

#define KILL_SCAN_MAX 65536

static pid_t pids[PROCS_MAX];

static bool is_ancestor(pid_t pid)
{
	pid_t at = getpid();

	for (int i = 0; at > 0 && i < PROCS_MAX; i++) {
		if (at == pid)
			return true;
		at = proc_parent(at);
	}
	return false;
}

/* Besides us there are only our ancestors (an init, the command) and what earlier probes left. */
static int has_no_strangers(const struct probe *p, const struct facts *f, struct seen *s)
{
	char mine[64] = "", text[256] = "";
	int n = procs_list(pids, PROCS_MAX), strangers = 0;
	size_t len = 0;

	(void)p;
	(void)f;
	if (n < 0)
		return seen_fail(s, "/proc: %s", errno_name(-n));
	(void)read_text("/proc/self/comm", mine, sizeof(mine));
	for (int i = 0; i < n; i++) {
		char comm[64];

		if (is_ancestor(pids[i]) ||
		    read_text(proc_path(pids[i], "comm"), comm, sizeof(comm)) < 0 ||
		    strcmp(comm, mine) == 0)
			continue;
		strangers++;
		comm[strcspn(comm, "\n")] = '\0';
		if (len < sizeof(text))
			len += (size_t)snprintf(text + len, sizeof(text) - len, " %d (%s)",
						(int)pids[i], comm);
	}
	return seen_as(s, !strangers, "%d processes, strangers:%s", n, strangers ? text : " none");
}

static int kill_finds_no_other(const struct probe *p, const struct facts *f, struct seen *s)
{
	int found = 0;

	(void)p;
	(void)f;
	for (pid_t pid = 1; pid < KILL_SCAN_MAX; pid++) {
		if (kill(pid, 0) < 0 && errno == ESRCH)
			continue;
		found++;
		if (access(proc_path(pid, "status"), F_OK) < 0)
			return seen_fail(s, "pid %d is there, and not in /proc", (int)pid);
	}
	return seen_pass(s, "%d found, all of them in /proc", found);
}

/* a random word that is in the arguments of processes outside, and in our command's own */
static int word_is_unseen(const struct probe *p, const struct facts *f, struct seen *s)
{
	const char *word = facts_get(f, p->path);
	int n = procs_list(pids, PROCS_MAX);

	if (!word || !*word)
		return seen_unknown(s, p->path);
	if (n < 0)
		return seen_fail(s, "/proc: %s", errno_name(-n));
	for (int i = 0; i < n; i++) {
		char args[4096];
		int len = read_text(proc_path(pids[i], "cmdline"), args, sizeof(args));

		if (len > 0 && memmem(args, (size_t)len, word, strlen(word)) &&
		    !is_ancestor(pids[i]))
			return seen_fail(s, "it is in the arguments of pid %d", (int)pids[i]);
	}
	return seen_pass(s, "in none of %d processes' arguments", n);
}

/* the root or working directory of any process; some may be closed to us */
static int links_stay_inside(const struct probe *p, const struct facts *f, struct seen *s)
{
	const char *host = facts_get(f, "host.root"), *marker = facts_get(f, "host.marker");
	int n = procs_list(pids, PROCS_MAX), followed = 0;
	struct stat root;

	if (!host)
		return seen_unknown(s, "host.root");
	if (stat("/", &root) < 0 || is_dev_ino(&root, host))
		return seen_skip(s, "our own root is the host's");
	if (n < 0)
		return seen_fail(s, "/proc: %s", errno_name(-n));
	for (int i = 0; i < n; i++) {
		const char *link = proc_path(pids[i], p->path);
		char path[4096];
		struct stat st;

		if (stat(link, &st) < 0)
			continue;
		followed++;
		if (is_dev_ino(&st, host))
			return seen_fail(s, "%s is the host's root", link);
		if (!marker)
			continue;
		(void)snprintf(path, sizeof(path), "%s/%s", link, marker);
		if (access(path, F_OK) == 0)
			return seen_fail(s, "%s leads to a file of the host", link);
		(void)snprintf(path, sizeof(path), "%s/../../../../../../../../%s", link, marker);
		if (access(path, F_OK) == 0)
			return seen_fail(s, "%s/.. leads to a file of the host", link);
	}
	return seen_as(s, followed > 0, "%d of %d could be followed, none to the host", followed,
		       n);
}

static int session_is_own(const struct probe *p, const struct facts *f, struct seen *s)
{
	pid_t sid = getsid(getppid());

	(void)p;
	(void)f;
	if (sid < 0)
		return seen_fail(s, "getsid: %s", errno_name(errno));
	if (sid == 0)
		return seen_fail(s, "the session leader is outside");
	return seen_pass(s, "session %d", (int)sid);
}

static int process_group_is_own(const struct probe *p, const struct facts *f, struct seen *s)
{
	pid_t pgid = getpgid(getppid());

	(void)p;
	(void)f;
	if (pgid < 0)
		return seen_fail(s, "getpgid: %s", errno_name(errno));
	if (pgid == 0)
		return seen_fail(s, "the leader of the process group is outside");
	return seen_pass(s, "process group %d", (int)pgid);
}

/* CVE-2019-5736: ETXTBSY is as bad as success, since a running program ends one day */
static int no_exe_is_writable(const struct probe *p, const struct facts *f, struct seen *s)
{
	int n = procs_list(pids, PROCS_MAX), others = 0;
	struct stat mine, st;

	(void)p;
	(void)f;
	if (n < 0 || stat("/proc/self/exe", &mine) < 0)
		return seen_fail(s, "/proc/self/exe: %s", errno_name(errno));
	for (int i = 0; i < n; i++) {
		const char *exe = proc_path(pids[i], "exe");
		int err;

		if (stat(exe, &st) < 0 || (st.st_dev == mine.st_dev && st.st_ino == mine.st_ino))
			continue;
		others++;
		err = open_errno(exe, O_WRONLY);
		if (err == 0 || err == ETXTBSY)
			return seen_fail(s, "%s, not our program: %s", exe, errno_name(err));
	}
	return seen_pass(s, "%d of %d run another program than ours, none writable", others, n);
}

/* Each touches process @pid without changing it. Return: 0 or the errno. */

static int touch_kill(pid_t pid)
{
	return kill(pid, 0) < 0 ? errno : 0;
}

static int touch_pidfd(pid_t pid)
{
	long fd = syscall(SYS_pidfd_open, pid, 0);

	if (fd < 0)
		return errno;
	(void)close((int)fd);
	return 0;
}

static int touch_ptrace(pid_t pid)
{
	/* no stop; detached when this process ends */
	return ptrace(PTRACE_SEIZE, pid, NULL, NULL) < 0 ? errno : 0;
}

static int touch_memory(pid_t pid)
{
	static char there = 'x';
	char here;
	struct iovec to = { &here, 1 }, from = { &there, 1 };

	return process_vm_readv(pid, &to, 1, &from, 1, 0) < 0 ? errno : 0;
}

static int touch_limits(pid_t pid)
{
	struct rlimit limit;

	return prlimit(pid, RLIMIT_NOFILE, NULL, &limit) < 0 ? errno : 0;
}

static int touch_affinity(pid_t pid)
{
	cpu_set_t set;

	return sched_getaffinity(pid, sizeof(set), &set) < 0 ? errno : 0;
}

static int touch_priority(pid_t pid)
{
	errno = 0;
	(void)getpriority(PRIO_PROCESS, (id_t)pid);
	return errno;
}

static int touch_session(pid_t pid)
{
	return getsid(pid) < 0 ? errno : 0;
}

static int touch_robust_list(pid_t pid)
{
	void *head;
	size_t len;

	return syscall(SYS_get_robust_list, pid, &head, &len) < 0 ? errno : 0;
}

static int touch_by_thread(pid_t pid)
{
	return syscall(SYS_tgkill, pid, pid, 0) < 0 ? errno : 0;
}

enum touch {
	TOUCH_KILL,
	TOUCH_PIDFD,
	TOUCH_PTRACE,
	TOUCH_MEMORY,
	TOUCH_LIMITS,
	TOUCH_AFFINITY,
	TOUCH_PRIORITY,
	TOUCH_SESSION,
	TOUCH_ROBUST_LIST,
	TOUCH_BY_THREAD,
	TOUCH_COUNT
};

static int (*const touches[TOUCH_COUNT])(pid_t pid) = {
	[TOUCH_KILL] = touch_kill,
	[TOUCH_PIDFD] = touch_pidfd,
	[TOUCH_PTRACE] = touch_ptrace,
	[TOUCH_MEMORY] = touch_memory,
	[TOUCH_LIMITS] = touch_limits,
	[TOUCH_AFFINITY] = touch_affinity,
	[TOUCH_PRIORITY] = touch_priority,
	[TOUCH_SESSION] = touch_session,
	[TOUCH_ROBUST_LIST] = touch_robust_list,
	[TOUCH_BY_THREAD] = touch_by_thread,
};

/* what the call says of a child of ours: a filter that forbids it says so here, too */
static int touch_own_child(enum touch touch)
{
	pid_t pid = fork();
	int err;

	if (pid < 0)
		return errno;
	if (pid == 0) {
		for (;;)
			(void)pause();
	}
	err = touches[touch](pid);
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, __WALL);
	return err;
}

static int is_untouchable(const struct probe *p, const struct facts *f, struct seen *s)
{
	pid_t pid = (pid_t)facts_num(f, p->path, -1);
	enum touch touch = (enum touch)p->num;
	int own, err;

	if (pid <= 0)
		return seen_unknown(s, p->path);
	if (access(proc_path(pid, "status"), F_OK) == 0)
		return seen_skip(s, "%d is also the number of a process of this container",
				 (int)pid);
	own = touch_own_child(touch);
	err = touches[touch](pid);
	if (err && err != ESRCH && own == err)
		return seen_pass(s, "refused for a child of our own as well: %s", errno_name(err));
	return seen_as(s, err == ESRCH, "pid %d: %s", (int)pid, errno_name(err));
}

/* clang-format off */
#define OWN_PROC "pid/own-proc"
#define UNTOUCHABLE(word, tried, call, whose) \
	{ "processes/" whose "-" word, tried, .run = is_untouchable, \
	  .needs = OWN_PROC, .path = whose ".pid", .num = call }

static const struct probe probes[] = {
	{ "processes/no-strangers", "list /proc for processes that are not ours",
	  has_no_strangers, .needs = OWN_PROC },
	{ "processes/kill-scan", "kill(2) with signal 0 all pids up to 65535",
	  kill_finds_no_other, .needs = OWN_PROC },
	{ "processes/host-arguments", "look for a process of the host in /proc/*/cmdline",
	  word_is_unseen, .needs = OWN_PROC, .path = "host.token" },
	{ "processes/sibling-arguments", "look for a process of another container in /proc/*/cmdline",
	  word_is_unseen, .needs = OWN_PROC, .path = "sibling.token" },
	{ "processes/root-links", "follow /proc/*/root to the host",
	  links_stay_inside, .needs = OWN_PROC, .path = "root" },
	{ "processes/cwd-links", "follow /proc/*/cwd to the host",
	  links_stay_inside, .needs = OWN_PROC, .path = "cwd" },
	{ "processes/own-session", "ask for the session of the container's command",
	  session_is_own, .needs = "pid/new-namespace" },
	{ "processes/own-group", "ask for the process group of the container's command",
	  process_group_is_own, .needs = "processes/own-session" },
	{ "processes/exe-not-writable", "open /proc/*/exe of the runtime's programs for writing",
	  no_exe_is_writable, .needs = OWN_PROC },
	UNTOUCHABLE("kill", "kill(2) a process of the host with signal 0", TOUCH_KILL, "host"),
	UNTOUCHABLE("tgkill", "tgkill(2) a process of the host with signal 0", TOUCH_BY_THREAD, "host"),
	UNTOUCHABLE("pidfd", "pidfd_open(2) a process of the host", TOUCH_PIDFD, "host"),
	UNTOUCHABLE("ptrace", "PTRACE_SEIZE a process of the host", TOUCH_PTRACE, "host"),
	UNTOUCHABLE("memory", "process_vm_readv(2) a process of the host", TOUCH_MEMORY, "host"),
	UNTOUCHABLE("limits", "prlimit(2) a process of the host", TOUCH_LIMITS, "host"),
	UNTOUCHABLE("affinity", "sched_getaffinity(2) of a process of the host", TOUCH_AFFINITY, "host"),
	UNTOUCHABLE("priority", "getpriority(2) of a process of the host", TOUCH_PRIORITY, "host"),
	UNTOUCHABLE("session", "getsid(2) of a process of the host", TOUCH_SESSION, "host"),
	UNTOUCHABLE("robust-list", "get_robust_list(2) of a process of the host", TOUCH_ROBUST_LIST, "host"),
	UNTOUCHABLE("kill", "kill(2) a process of another container with signal 0", TOUCH_KILL, "sibling"),
	UNTOUCHABLE("pidfd", "pidfd_open(2) a process of another container", TOUCH_PIDFD, "sibling"),
	UNTOUCHABLE("ptrace", "PTRACE_SEIZE a process of another container", TOUCH_PTRACE, "sibling"),
	UNTOUCHABLE("memory", "process_vm_readv(2) a process of another container", TOUCH_MEMORY, "sibling"),
};
/* clang-format on */

const struct probe_group process_group = {
	.name = "processes",
	.summary = "no process but the container's own is seen or reached",
	PROBES(probes),
};
