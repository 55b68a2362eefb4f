// SPDX-License-Identifier: Apache-2.0
/* Run probes, each in a process of its own, and keep what they saw. */
#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

__attribute__((format(printf, 3, 0))) static int seen_set(struct seen *s, enum probe_result result,
							  const char *fmt, va_list args)
{
	int len = vsnprintf(s->text, sizeof(s->text), fmt, args);

	/* one line: what was seen may come from a file of the container */
	for (int i = 0; i < len && (size_t)i < sizeof(s->text) - 1; i++)
		if ((unsigned char)s->text[i] < ' ' || s->text[i] == 0x7f)
			s->text[i] = ' ';
	s->result = result;
	return (int)result;
}

#define SEEN(name, value)                              \
	int name(struct seen *s, const char *fmt, ...) \
	{                                              \
		va_list args;                          \
		int r;                                 \
                                                       \
		va_start(args, fmt);                   \
		r = seen_set(s, value, fmt, args);     \
		va_end(args);                          \
		return r;                              \
	}
SEEN(seen_pass, PROBE_PASS)
SEEN(seen_fail, PROBE_FAIL)
SEEN(seen_skip, PROBE_SKIP)

int seen_as(struct seen *s, bool good, const char *fmt, ...)
{
	va_list args;
	int r;

	va_start(args, fmt);
	r = seen_set(s, good ? PROBE_PASS : PROBE_FAIL, fmt, args);
	va_end(args);
	return r;
}

int seen_unknown(struct seen *s, const char *key)
{
	return seen_skip(s, "%s is not known here", key);
}

/* runs in the child */
static _Noreturn void answer(const struct probe *p, const struct facts *f, int out)
{
	struct seen s = { .result = PROBE_FAIL };
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int fd = 0; fd < 3; fd++)
		if (null < 0 || dup2(null, fd) < 0)
			(void)close(fd);
	if (null > 2)
		(void)close(null);
	(void)p->run(p, f, &s);
	_exit(write(out, &s, sizeof(s)) == (ssize_t)sizeof(s) ? 0 : 1);
}

static int64_t now_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* a probe may leave children with the pipe open: the answer or the child's end is what counts */
static bool wait_answer(int fd, struct seen *s)
{
	int64_t end = now_ms() + PROBE_TIMEOUT_S * 1000;
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	int64_t left;

	while ((left = end - now_ms()) > 0) {
		int n = poll(&pfd, 1, (int)left);

		if (n > 0)
			return read(fd, s, sizeof(*s)) == (ssize_t)sizeof(*s);
		if (n < 0 && errno != EINTR)
			break;
	}
	(void)seen_fail(s, "no answer within %d s", PROBE_TIMEOUT_S);
	return true;
}

int probe_run(const struct probe *p, const struct facts *f, struct seen *s)
{
	int pipe_fds[2], status = 0;
	pid_t pid;

	memset(s, 0, sizeof(*s));
	if (pipe2(pipe_fds, O_CLOEXEC) < 0)
		return seen_fail(s, "pipe: %s", strerror(errno));
	pid = fork();
	if (pid < 0) {
		int err = errno;

		(void)close(pipe_fds[0]);
		(void)close(pipe_fds[1]);
		return seen_fail(s, "fork: %s", strerror(err));
	}
	if (pid == 0) {
		(void)close(pipe_fds[0]);
		answer(p, f, pipe_fds[1]);
	}
	(void)close(pipe_fds[1]);

	bool is_answered = wait_answer(pipe_fds[0], s);

	(void)close(pipe_fds[0]);
	(void)kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (!is_answered && WIFSIGNALED(status))
		return seen_fail(s, "the probe was killed by signal %d", WTERMSIG(status));
	if (!is_answered || s->result >= PROBE_RESULT_COUNT)
		return seen_fail(s, "the probe gave no answer (wait status 0x%x)",
				 (unsigned int)status);
	s->text[sizeof(s->text) - 1] = '\0';
	return (int)s->result;
}

int outcomes_init(struct outcomes *o)
{
	size_t i = 0;

	o->count = 0;
	for (const struct probe_group *const *g = probe_groups; *g; g++)
		o->count += (*g)->count;
	o->rows = calloc(o->count, sizeof(*o->rows));
	if (!o->rows)
		return -ENOMEM;
	for (const struct probe_group *const *g = probe_groups; *g; g++)
		for (size_t k = 0; k < (*g)->count; k++)
			o->rows[i++] = (struct outcome){ .group = *g,
							 .probe = &(*g)->probes[k],
							 .is_chosen = true };
	return 0;
}

void outcomes_done(struct outcomes *o)
{
	free(o->rows);
	*o = (struct outcomes){ 0 };
}

struct outcome *outcomes_find(const struct outcomes *o, const char *name)
{
	for (size_t i = 0; i < o->count; i++)
		if (strcmp(o->rows[i].probe->name, name) == 0)
			return &o->rows[i];
	return NULL;
}

static void choose_row(const struct outcomes *o, struct outcome *row, bool with_needs)
{
	while (row && !row->is_chosen) {
		row->is_chosen = true;
		row = with_needs && row->probe->needs ? outcomes_find(o, row->probe->needs) : NULL;
	}
}

/* the group, the probe, or what stands before the slash of its name */
static bool is_named(const struct outcome *row, const char *name)
{
	size_t len = strlen(name);

	return strcmp(row->group->name, name) == 0 || strcmp(row->probe->name, name) == 0 ||
	       (strncmp(row->probe->name, name, len) == 0 && row->probe->name[len] == '/');
}

int outcomes_choose(struct outcomes *o, const char *const names[], size_t count, bool with_needs,
		    const char **ret_unknown)
{
	if (!count)
		return 0;
	for (size_t i = 0; i < o->count; i++)
		o->rows[i].is_chosen = false;
	for (size_t n = 0; n < count; n++) {
		bool is_known = false;

		for (size_t i = 0; i < o->count; i++) {
			struct outcome *row = &o->rows[i];

			if (!is_named(row, names[n]))
				continue;
			is_known = true;
			choose_row(o, row, with_needs);
		}
		if (!is_known) {
			*ret_unknown = names[n];
			return -ENOENT;
		}
	}
	return 0;
}

void outcomes_run(struct outcomes *o, const struct facts *f, bool is_outside,
		  void (*tell)(const struct outcome *row, void *data), void *data)
{
	for (size_t i = 0; i < o->count; i++) {
		struct outcome *row = &o->rows[i];
		const struct outcome *needed;

		if (!row->is_chosen || row->is_done || row->group->is_outside != is_outside)
			continue;
		needed = row->probe->needs ? outcomes_find(o, row->probe->needs) : NULL;
		if (needed && needed->is_done && needed->seen.result != PROBE_PASS)
			(void)seen_skip(&row->seen, "needs %s", row->probe->needs);
		else
			(void)probe_run(row->probe, f, &row->seen);
		row->is_done = true;
		if (tell)
			tell(row, data);
	}
}
