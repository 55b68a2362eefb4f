// SPDX-License-Identifier: Apache-2.0
/*
 * Kill a program at its N-th system call: what a crash at that instruction leaves is what the next
 * command finds.
 *
 *	stepper [-a] [-m] [-r FILE] N COMMAND [ARG...]
 *
 * Counts the system calls that COMMAND and its helpers (davit-monitor, davit-image) enter, and kills
 * with SIGKILL who enters the N-th, which is not carried out any more. N = 0 only counts. What runs
 * inside a container is no helper: who is cloned into namespaces or a cgroup is let go untouched. Its
 * birth counts as a call of its parent's: killed there, the child lives on in the parent's memory.
 *
 *	-a	kill all that is traced, not only the caller: as when their cgroup is killed
 *	-m	count until COMMAND itself has ended; default: until its helpers have, too
 *	-r FILE	write "N CALL PROGRAM" of the call that was killed, or "TOTAL - -", to FILE
 *
 * Exit status: 137 when a call was killed, 125 for errors of its own, else that of COMMAND.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define TRACED_MAX 64
#define OPTIONS (PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | \
		 PTRACE_O_TRACEEXEC)
#define INSIDE (CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWIPC | \
		CLONE_INTO_CGROUP)

/*
 * @clone_flags: of the clone it is in, to judge the child by
 * @is_early:	 has made its first stop before we heard from its parent
 */
struct traced {
	pid_t pid;
	uint64_t clone_flags;
	bool is_early;
};

static struct {
	struct traced all[TRACED_MAX];
	pid_t first;
	unsigned long n, target;
	const char *report;
	bool kill_all, main_only;
} s;

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "stepper: %s: %s\n", what, strerror(errno));
	exit(125);
}

static struct traced *find(pid_t pid)
{
	for (int i = 0; i < TRACED_MAX; i++)
		if (s.all[i].pid == pid)
			return &s.all[i];
	return NULL;
}

static struct traced *add(pid_t pid)
{
	struct traced *t = find(0);

	if (!t) {
		errno = ENOSPC;
		die("trace");
	}
	*t = (struct traced){ .pid = pid };
	return t;
}

static bool is_any_left(void)
{
	for (int i = 0; i < TRACED_MAX; i++)
		if (s.all[i].pid)
			return true;
	return false;
}

static void program_of(pid_t pid, char *buf, size_t size)
{
	char path[32];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	f = fopen(path, "re");
	if (!f || !fgets(buf, (int)size, f))
		snprintf(buf, size, "?");
	buf[strcspn(buf, "\n")] = '\0';
	if (f)
		fclose(f);
}

static void report(pid_t pid, long call)
{
	char program[64] = "-";
	FILE *f;

	if (!s.report)
		return;
	f = fopen(s.report, "we");
	if (!f)
		die(s.report);
	if (pid)
		program_of(pid, program, sizeof(program));
	if (pid)
		fprintf(f, "%lu %ld %s\n", s.n, call, program);
	else
		fprintf(f, "%lu - -\n", s.n);
	if (fclose(f) != 0)
		die(s.report);
}

/* Wait until the killed are gone: what they held is let go by then. The others run on meanwhile, and
 * are detached when we exit. */
static void wait_for_killed(pid_t killed)
{
	while (s.kill_all ? is_any_left() : find(killed) != NULL) {
		int status;
		pid_t pid = waitpid(-1, &status, __WALL);
		struct traced *t = pid < 0 ? NULL : find(pid);

		if (pid < 0 && errno != EINTR)
			return;
		if (pid > 0 && WIFSTOPPED(status))
			(void)ptrace(PTRACE_CONT, pid, 0, status >> 16 || WSTOPSIG(status) & 0x80 ?
								0 : WSTOPSIG(status));
		else if (t)
			t->pid = 0;
	}
}

static _Noreturn void kill_at(pid_t pid, long call)
{
	report(pid, call);
	for (int i = 0; i < TRACED_MAX; i++) {
		pid_t victim = s.all[i].pid;

		if (!victim || (!s.kill_all && victim != pid))
			continue;
		if (kill(victim, SIGKILL) < 0 && errno != ESRCH)
			die("kill");
	}
	wait_for_killed(pid);
	exit(137);
}

static uint64_t flags_of_clone(pid_t pid, const struct __ptrace_syscall_info *info)
{
	uint64_t flags = 0;
	struct iovec here = { &flags, sizeof(flags) };
	struct iovec there = { (void *)(uintptr_t)info->entry.args[0], sizeof(flags) };

	if (info->entry.nr == SYS_clone)
		return info->entry.args[0];
	if (info->entry.nr != SYS_clone3)
		return 0;
	return process_vm_readv(pid, &here, 1, &there, 1, 0) < 0 ? 0 : flags;
}

static void on_call(struct traced *t)
{
	struct __ptrace_syscall_info info = { .op = 0 };

	if (ptrace(PTRACE_GET_SYSCALL_INFO, t->pid, sizeof(info), &info) < 0)
		return; /* killed by somebody else */
	if (info.op != PTRACE_SYSCALL_INFO_ENTRY)
		return;
	if (++s.n == s.target)
		kill_at(t->pid, (long)info.entry.nr);
	t->clone_flags = flags_of_clone(t->pid, &info);
}

/* A child of @t was made: ours to follow, or the container's to let go? @t has not seen it yet. */
static void on_child(const struct traced *t)
{
	struct traced *c;
	unsigned long child;

	if (ptrace(PTRACE_GETEVENTMSG, t->pid, 0, &child) < 0)
		return;
	c = find((pid_t)child);
	if (!c && waitpid((pid_t)child, NULL, __WALL) < 0) /* its first stop */
		return;
	if (t->clone_flags & INSIDE) {
		if (c)
			c->pid = 0;
		(void)ptrace(PTRACE_DETACH, (pid_t)child, 0, 0); /* ESRCH: killed by somebody else */
		if (++s.n == s.target)
			kill_at(t->pid, SYS_clone3);
		return;
	}
	if (!c)
		c = add((pid_t)child);
	c->is_early = false;
	(void)ptrace(PTRACE_SYSCALL, c->pid, 0, 0); /* ESRCH: the same */
}

/* Return: signal to deliver. */
static int on_stop(struct traced *t, int status)
{
	int sig = WSTOPSIG(status), event = status >> 16;

	switch (event) {
	case 0:
		if (sig != (SIGTRAP | 0x80))
			return sig;
		on_call(t);
		return 0;
	case PTRACE_EVENT_FORK:
	case PTRACE_EVENT_VFORK:
	case PTRACE_EVENT_CLONE:
		on_child(t);
		return 0;
	default: /* exec, group stop */
		return 0;
	}
}

static int serve(void)
{
	int result = 125;

	while (is_any_left()) {
		int status;
		pid_t pid = waitpid(-1, &status, __WALL);
		struct traced *t = pid < 0 ? NULL : find(pid);

		if (pid < 0 && errno == EINTR)
			continue;
		if (pid < 0)
			die("wait");
		if (!t && WIFSTOPPED(status))
			add(pid)->is_early = true;
		if (!t || (t->is_early && WIFSTOPPED(status)))
			continue;
		if (WIFSTOPPED(status)) {
			int sig = on_stop(t, status);

			(void)ptrace(PTRACE_SYSCALL, pid, 0, sig); /* ESRCH: killed meanwhile */
			continue;
		}
		t->pid = 0;
		if (pid != s.first)
			continue;
		result = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
		if (s.main_only)
			break;
	}
	report(0, 0);
	return result;
}

static void start(char *argv[])
{
	int fds[2], status;
	char c = 0;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		die("pipe");
	pid = fork();
	if (pid < 0)
		die("fork");
	if (pid == 0) {
		(void)close(fds[1]);
		if (read(fds[0], &c, 1) != 1)
			_exit(125);
		(void)execvp(argv[0], argv);
		die(argv[0]);
	}
	(void)close(fds[0]);
	if (ptrace(PTRACE_SEIZE, pid, 0, OPTIONS) < 0)
		die("trace");
	if (write(fds[1], &c, 1) != 1)
		die("start");
	(void)close(fds[1]);
	/* from its exec on: what happens before is ours */
	for (;;) {
		if (waitpid(pid, &status, __WALL) < 0)
			die("wait");
		if (!WIFSTOPPED(status))
			exit(125);
		if (status >> 16 == PTRACE_EVENT_EXEC)
			break;
		(void)ptrace(PTRACE_CONT, pid, 0, 0);
	}
	s.first = pid;
	if (ptrace(PTRACE_SYSCALL, add(pid)->pid, 0, 0) < 0)
		die("continue");
}

int main(int argc, char *argv[])
{
	char *end;
	int opt;

	while ((opt = getopt(argc, argv, "+amr:")) != -1) {
		switch (opt) {
		case 'a':
			s.kill_all = true;
			break;
		case 'm':
			s.main_only = true;
			break;
		case 'r':
			s.report = optarg;
			break;
		default:
			return 125;
		}
	}
	if (argc - optind < 2) {
		fprintf(stderr, "usage: stepper [-a] [-m] [-r FILE] N COMMAND [ARG...]\n");
		return 125;
	}
	s.target = strtoul(argv[optind], &end, 10);
	if (*end) {
		fprintf(stderr, "stepper: '%s' is no number\n", argv[optind]);
		return 125;
	}
	start(argv + optind + 1);
	return serve();
}
