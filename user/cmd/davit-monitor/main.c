// SPDX-License-Identifier: Apache-2.0
/*
 * davit-monitor: parent of one container. Logs its output, serves those attached, records its end,
 * then becomes the program that tears it down.
 *
 * It is what the process that cloned the container turns into, and stays for as long as the
 * container lives, so it is small: static, one thread, no memory but what is in use. Only the
 * container's end ends it. When it is killed, the container runs on and its exit is unknown.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/io.h"
#include "base/libc.h"
#include "kern/exit_record.h"
#include "kern/tty.h"
#include "monitor.h"

#define EXIT_FAILED 125
#define PAGE_BYTES   4096u

static struct monitor monitor __attribute__((aligned(PAGE_BYTES)));

int64_t now_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Whatever comes from outside is not for us. Faults keep their default action, and so does SIGCHLD:
 * ignoring it would have the kernel reap the container. */
static void set_signals(void (*handler)(int))
{
	static const int keep[] = { SIGCHLD, SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGSYS };
	sigset_t none;

	for (int sig = 1; sig < SIGRTMAX; sig++) {
		bool is_kept = false;

		for (size_t i = 0; i < ARRAY_SIZE(keep); i++)
			is_kept |= keep[i] == sig;
		if (!is_kept)
			(void)signal(sig, handler); /* fails for SIGKILL and SIGSTOP */
	}
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

static int compare_ints(const void *a, const void *b)
{
	int x = *(const int *)a, y = *(const int *)b;

	return (x > y) - (x < y);
}

/* Close what was inherited by accident: it would be held open for as long as the container lives. */
static void close_others(const struct monitor_args *a)
{
	int keep[] = { 2,
		       (int)a->pidfd,
		       (int)a->stdin_fd,
		       (int)a->stdout_fd,
		       (int)a->stderr_fd,
		       (int)a->pty_fd,
		       (int)a->listen_fd,
		       (int)a->client_fd,
		       (int)a->lock_fd };

	qsort(keep, ARRAY_SIZE(keep), sizeof(keep[0]), compare_ints);
	for (size_t i = 0; i < ARRAY_SIZE(keep); i++) {
		unsigned int next = i + 1 < ARRAY_SIZE(keep) ? (unsigned int)keep[i + 1] : ~0u;

		if (keep[i] < 2)
			continue;
		if (keep[i] > 2)
			(void)fcntl(keep[i], F_SETFD, FD_CLOEXEC);
		if (next > (unsigned int)keep[i] + 1)
			(void)close_range((unsigned int)keep[i] + 1, next - (next != ~0u), 0);
	}
}

static int detach_stdio(struct err *e)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return err_set(e, errno, "open '/dev/null'");
	for (int i = 0; i < 3; i++)
		if (fd != i && dup2(fd, i) < 0)
			return err_set(e, errno, "replace descriptor %d", i);
	if (fd > 2)
		(void)fd_close(fd);
	return chdir("/") < 0 ? err_set(e, errno, "change to '/'") : 0;
}

static int open_dirs(struct monitor *m, struct err *e)
{
	m->run_dirfd = open(m->args.run_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (m->run_dirfd < 0)
		return err_set(e, errno, "open '%s'", m->args.run_dir);
	m->dirfd = m->args.no_log ? -1 : open(m->args.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (m->dirfd < 0 && !m->args.no_log)
		return err_set(e, errno, "open '%s'", m->args.dir);
	return 0;
}

static void on_exit_event(struct loop_source *s, uint32_t events)
{
	struct monitor *m = s->data;

	(void)events;
	m->has_ended = true;
}

static int open_sockets(struct monitor *m, struct err *e)
{
	int fd = (int)m->args.listen_fd, r;

	if (!fd)
		fd = attach_listen(m->run_dirfd, e);
	if (fd < 0)
		return fd;
	(void)fcntl(fd, F_SETFL, O_NONBLOCK | fcntl(fd, F_GETFL));
	r = loop_add(&m->loop, &m->listen_src, fd, EPOLLIN, client_accept, m, e);
	if (r == 0 && m->args.client_fd)
		client_add(m, (int)m->args.client_fd, true);
	return r;
}

static int set_up(struct monitor *m, struct err *e)
{
	const struct monitor_args *a = &m->args;
	int r;

	r = open_dirs(m, e);
	if (r == 0)
		r = loop_init(&m->loop, e);
	if (r == 0)
		r = loop_add(&m->loop, &m->exit_src, (int)a->pidfd, EPOLLIN, on_exit_event, m, e);
	if (r < 0)
		return r;
	queue_init(&m->queue);
	log_writer_init(&m->log, m->dirfd, a->log_max, (unsigned int)a->log_files);
	input_init(m);
	output_init(&m->outputs[0], m,
		    a->pty_fd ? (int)a->pty_fd : a->stdout_fd ? (int)a->stdout_fd : -1, LOG_STDOUT);
	output_init(&m->outputs[1], m, a->stderr_fd ? (int)a->stderr_fd : -1, LOG_STDERR);
	m->pty_slave = a->pty_fd ? tty_open_peer((int)a->pty_fd) : -1;
	r = open_sockets(m, e);
	output_resume(m);
	return r;
}

/* Give back whole pages of a buffer that holds nothing now. */
static void release(void *p, size_t n)
{
	uintptr_t from = ((uintptr_t)p + PAGE_BYTES - 1) & -(uintptr_t)PAGE_BYTES;
	uintptr_t to = ((uintptr_t)p + n) & -(uintptr_t)PAGE_BYTES;

	if (to > from)
		(void)madvise((void *)from, to - from, MADV_DONTNEED);
}

static void cool_down(struct monitor *m)
{
	if (m->queue.n == 0)
		release(m->queue.fixed, sizeof(m->queue.fixed));
	if (m->input.n == 0)
		release(m->input.packet, sizeof(m->input.packet));
	for (int i = 0; i < LOG_STREAM_COUNT; i++)
		if (m->log.part[i].n == 0)
			release(m->log.part[i].text, sizeof(m->log.part[i].text));
	release(m->log.buf, sizeof(m->log.buf));
	m->is_warm = false;
}

static int serve(struct monitor *m)
{
	while (!m->has_ended) {
		int wait_ms = clients_drop_stalled(m), n;

		if (m->is_warm && (wait_ms < 0 || wait_ms > IDLE_MS))
			wait_ms = IDLE_MS;
		n = loop_wait(&m->loop, wait_ms);
		if (n < 0)
			return n;
		if (n == 0 && m->is_warm)
			cool_down(m);
	}
	return 0;
}

/* Reap. Return: false if it was not ours to reap, so nobody knows how it ended. */
static bool take_exit(struct monitor *m, struct exit_record *ret)
{
	siginfo_t si = { .si_pid = 0 };
	int r;

	do
		r = waitid(P_PIDFD, (id_t)m->args.pidfd, &si, WEXITED);
	while (r < 0 && errno == EINTR);
	if (r < 0)
		return false;
	exit_record_set(ret, &si);
	return true;
}

/* Clients that are still reading get the rest from a child; the teardown does not wait for them. */
static void linger(struct monitor *m)
{
	if (!clients_pending(m) || fork() != 0)
		return;
	if (m->args.lock_fd)
		(void)close((int)m->args.lock_fd); /* ours no more */
	m->blocked_ms = now_ms();
	while (clients_pending(m))
		if (loop_wait(&m->loop, clients_drop_stalled(m)) < 0)
			break;
	_exit(0);
}

static void reap(struct monitor *m)
{
	if (!m->args.reap.n)
		return;
	/* its end of file is how the initial client knows that nothing is left */
	for (int i = 0; i < CLIENTS_MAX; i++)
		if (m->clients[i].is_used && m->clients[i].is_initial)
			(void)fcntl(m->clients[i].fd, F_SETFD, 0);
	if (m->args.lock_fd)
		(void)fcntl((int)m->args.lock_fd, F_SETFD, 0);
	set_signals(SIG_DFL);
	(void)execv(m->args.reap.v[0], m->args.reap.v);
}

static int finish(struct monitor *m)
{
	struct attach_exit msg = { .status = 0 };
	struct exit_record record;
	bool is_known;

	loop_del(&m->loop, &m->exit_src);
	loop_del(&m->loop, &m->listen_src);
	m->pty_slave = fd_close(m->pty_slave);
	is_known = take_exit(m, &record);
	output_drain(m);
	if (is_known) {
		(void)exit_record_write(m->run_dirfd, &record, NULL); /* else: unknown, truly */
		msg.status = record.status;
		msg.signal = record.signal;
		(void)queue_add(&m->queue, ATTACH_EXIT, &msg, sizeof(msg));
		clients_pump(m);
	}
	linger(m);
	reap(m);
	return m->args.reap.n ? EXIT_FAILED : 0;
}

static int run(struct monitor *m, int argc, char *argv[], struct err *e)
{
	int r;

	set_signals(SIG_IGN);
	r = monitor_args_parse(argc - 1, argv + 1, &m->args, e);
	if (r < 0)
		return r;
	close_others(&m->args);
	r = set_up(m, e);
	if (r < 0)
		return r;
	/* the last of all to be killed for memory: with us dies the knowledge of the exit. Needs
	 * CAP_SYS_RESOURCE; does without. */
	(void)io_write_file(AT_FDCWD, "/proc/self/oom_score_adj", "-999");
	r = detach_stdio(e);
	if (r == 0)
		r = serve(m);
	return r < 0 ? r : finish(m);
}

int main(int argc, char *argv[])
{
	static struct err e;
	int r = run(&monitor, argc, argv, &e);

	if (r < 0) {
		char text[sizeof(e.msg) + 64];
		unsigned int n = err_format(text, sizeof(text), "davit-monitor: %s%s%s\n", e.msg,
					    e.is_plain ? "" : ": ",
					    e.is_plain ? "" : err_text(e.code));

		(void)io_write_full(STDERR_FILENO, text, n); /* nowhere else to say it */
		return EXIT_FAILED;
	}
	return r;
}
