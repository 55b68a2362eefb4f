// SPDX-License-Identifier: Apache-2.0
/* One container while it runs. */
#include "box.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "args.h"
#include "engine.h"
#include "process.h"
#include "text.h"

#define KILL_GRACE_MS 3000
#define REMOVE_TIMEOUT_MS 20000
#define REMOVE_HUNG_TIMEOUT_MS 5000 /* what hung once may do it again */
#define BOXES_MAX 4

int box_start(struct box *b, const struct job *j)
{
	_cleanup_args_ struct args a = { .n = 0 };
	int out[2], err[2];
	pid_t pid;

	args_add(&a, j->program);
	if (j->engine->run(j, &b->role, &a) < 0)
		return -1;
	if (pipe2(out, O_CLOEXEC) < 0)
		return complain("pipe: %s", strerror(errno));
	if (pipe2(err, O_CLOEXEC) < 0) {
		(void)close(out[0]);
		(void)close(out[1]);
		return complain("pipe: %s", strerror(errno));
	}
	pid = process_start(&a, NULL, out[1], err[1]);
	(void)close(out[1]);
	(void)close(err[1]);
	if (pid < 0) {
		(void)close(out[0]);
		(void)close(err[0]);
		return complain("start '%s': %s", j->program, strerror(-pid));
	}
	b->out = out[0];
	b->err = err[0];
	b->engine = pid;
	b->was_asked = b->was_started = true;
	return 0;
}

/* keep the end of it: the last message is the one that counts */
static void hear(struct box *b, const char *data, size_t size)
{
	const size_t max = sizeof(b->said) - 1;

	if (size > max) {
		data += size - max;
		size = max;
	}
	if (b->said_len + size > max) {
		size_t drop = b->said_len + size - max;

		memmove(b->said, b->said + drop, b->said_len - drop);
		b->said_len -= drop;
	}
	memcpy(b->said + b->said_len, data, size);
	b->said_len += size;
	b->said[b->said_len] = '\0';
}

static void read_some(struct box *b, int *fd)
{
	char buf[8192];
	ssize_t n = read(*fd, buf, sizeof(buf));

	if (n < 0 && errno == EINTR)
		return;
	if (n <= 0) {
		(void)close(*fd);
		*fd = -1;
	} else if (fd == &b->err) {
		hear(b, buf, (size_t)n);
	} else if (records_feed(&b->records, buf, (size_t)n) < 0) {
		b->is_over = true;
	}
}

/* Return: the signal that interrupts us, or 0 */
static int read_signal(int signal_fd)
{
	struct signalfd_siginfo info;

	return read(signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info) &&
			       info.ssi_signo != SIGCHLD ?
		       (int)info.ssi_signo :
		       0;
}

static void reap(struct box *b)
{
	if (b->engine > 0 && waitpid(b->engine, &b->status, WNOHANG) == b->engine)
		b->engine = 0;
}

/* One round of poll(2). Return: 0; -ETIMEDOUT, -EINTR. */
static int pump(struct box *const boxes[], size_t count, int64_t end_ms, int signal_fd,
		int *ret_signal)
{
	struct pollfd fds[2 * BOXES_MAX + 1] = { { .fd = signal_fd, .events = POLLIN } };
	int64_t left = end_ms - clock_ms();
	int n;

	for (size_t i = 0; i < count; i++) {
		fds[1 + 2 * i] = (struct pollfd){ .fd = boxes[i]->out, .events = POLLIN };
		fds[2 + 2 * i] = (struct pollfd){ .fd = boxes[i]->err, .events = POLLIN };
	}
	n = left > 0 ? poll(fds, 1 + 2 * count, (int)left) : 0;
	if (n == 0)
		return -ETIMEDOUT;
	for (size_t i = 0; n > 0 && i < count; i++) {
		if (fds[1 + 2 * i].revents)
			read_some(boxes[i], &boxes[i]->out);
		if (fds[2 + 2 * i].revents)
			read_some(boxes[i], &boxes[i]->err);
	}
	if (n > 0 && fds[0].revents) {
		*ret_signal = read_signal(signal_fd);
		if (*ret_signal)
			return -EINTR;
	}
	for (size_t i = 0; i < count; i++)
		reap(boxes[i]);
	return 0;
}

static void read_rest(struct box *b, int *fd)
{
	struct pollfd pfd = { .fd = *fd, .events = POLLIN };

	while (*fd >= 0 && !b->is_over && poll(&pfd, 1, 0) > 0)
		read_some(b, fd);
}

int box_wait(struct box *b, bool for_end, struct box *const boxes[], size_t count, int64_t end_ms,
	     int signal_fd, int *ret_signal)
{
	for (;;) {
		int r;

		if (!for_end && b->records.is_done)
			return 0;
		/* its pipes may be held open by what it left behind: the engine's end is the end */
		if (b->is_over || b->engine == 0) {
			read_rest(b, &b->out);
			read_rest(b, &b->err);
			return for_end || b->records.is_done ? 0 : -EPIPE;
		}
		r = pump(boxes, count, end_ms, signal_fd, ret_signal);
		if (r < 0)
			return r;
	}
}

static void close_pipes(struct box *b)
{
	if (b->out >= 0)
		(void)close(b->out);
	if (b->err >= 0)
		(void)close(b->err);
	b->out = b->err = -1;
}

void box_end(struct box *b, const struct job *j)
{
	_cleanup_args_ struct args a = { .n = 0 };
	int timeout_ms = REMOVE_TIMEOUT_MS;
	char said[512];

	if (!b->was_started)
		return;
	b->was_started = false;
	close_pipes(b);
	reap(b);
	/* an engine that was there to the end has removed everything */
	if (b->engine == 0 && WIFEXITED(b->status) && WEXITSTATUS(b->status) == 0)
		return;
	/* the container first: an engine that sees its end cleans up as it always does */
	if (process_kill(b->role.verb, b->role.token) && b->engine > 0 &&
	    process_wait(b->engine, KILL_GRACE_MS) >= 0)
		b->engine = 0;
	if (b->engine > 0) {
		process_end(b->engine, KILL_GRACE_MS);
		timeout_ms = REMOVE_HUNG_TIMEOUT_MS;
	}
	b->engine = 0;
	(void)process_kill(b->role.verb, b->role.token); /* started meanwhile */
	if (!j->engine->remove)
		return;
	args_add(&a, j->program);
	j->engine->remove(j, &b->role, &a);
	if (process_capture(&a, said, sizeof(said), timeout_ms) == -ETIMEDOUT)
		(void)complain("'%s' did not remove container '%s' within %d s", j->program,
			       b->role.id, timeout_ms / 1000);
}

/* The last line that is no hint. What runtimes say before it is how they got there. */
static char *last_line(char *said)
{
	char *line = said;

	for (char *p = said; *p; p++)
		if (*p == '\n' && p[1] && strncmp(p + 1, "hint:", 5) != 0)
			line = p + 1;
	return line;
}

int box_complain(struct box *b, const char *program)
{
	char *line = last_line(b->said), *end = line + strcspn(line, "\n");
	bool has_hint = strncmp(end, "\nhint: ", 7) == 0;

	*end = '\0';
	text_clean(line);
	if (*line)
		(void)complain("'%s': %s", program, line);
	else if (WIFSIGNALED(b->status))
		(void)complain("'%s' was killed by signal %d", program, WTERMSIG(b->status));
	else
		(void)complain("'%s' ended with status %d and said nothing", program,
			       WEXITSTATUS(b->status));
	if (has_hint) {
		end[7 + strcspn(end + 7, "\n")] = '\0';
		text_clean(end + 7);
		hint("%s", end + 7);
	}
	return has_hint;
}
