// SPDX-License-Identifier: Apache-2.0
/* Read a container's log over rotated files. */
#include "engine/log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/param.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/id.h"
#include "engine/log_files.h"
#include "kern/exit_record.h"

#define READ_SIZE    65536u
#define END_WAIT_MS  2000 /* a monitor that lives writes the exit record well within this */
#define END_CHECK_MS 20

/**
 * struct reader - one log_read()
 * @file:  the file being read, @offset the next byte of it
 * @line:  bytes of an unfinished line; @is_long: skip to its end
 * @is_over: @until_ns passed
 */
struct reader {
	const struct log_query *q;
	log_fn fn;
	void *data;
	int file;
	bool is_long, is_over;
	char *line;
	size_t n;
};

static int give_line(struct reader *r, const char *p, size_t n, struct err *e)
{
	_cleanup_free_ char *buf = NULL;
	struct log_entry entry;

	if (log_parse_line(p, n, &entry, &buf) < 0)
		return 0; /* torn by a crash of its writer or its machine */
	if (entry.time_ns < r->q->since_ns)
		return 0;
	if (r->q->until_ns && entry.time_ns > r->q->until_ns) {
		r->is_over = true;
		return 0;
	}
	return r->fn(&entry, r->data, e);
}

/* Keep the start of a line whose end is yet to come. */
static int keep(struct reader *r, const char *p, size_t n, struct err *e)
{
	char *line;

	if (r->n + n > LOG_LINE_MAX) {
		r->is_long = true;
		r->n = 0;
		return 0;
	}
	line = realloc(r->line, r->n + n);
	if (!line)
		return err_set(e, ENOMEM, "read log");
	memcpy(line + r->n, p, n);
	r->line = line;
	r->n += n;
	return 0;
}

static int take_bytes(struct reader *r, const char *p, size_t n, struct err *e)
{
	int k = 0;

	while (n && k == 0 && !r->is_over) {
		const char *nl = memchr(p, '\n', n);
		size_t len = nl ? (size_t)(nl - p) : n;

		if (r->is_long)
			r->is_long = !nl;
		else if (!nl || r->n)
			k = keep(r, p, len, e);
		if (nl && k == 0 && !r->is_long) {
			k = r->n ? give_line(r, r->line, r->n, e) : give_line(r, p, len, e);
			r->n = 0;
		}
		p += nl ? len + 1 : len;
		n -= nl ? len + 1 : len;
	}
	return k;
}

/* To the end of the file being read. */
static int read_on(struct reader *r, struct err *e)
{
	char buf[READ_SIZE];

	while (!r->is_over) {
		ssize_t n = read(r->file, buf, sizeof(buf));
		int k;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set(e, errno, "read log");
		if (n == 0)
			return 0;
		k = take_bytes(r, buf, (size_t)n, e);
		if (k < 0)
			return k;
	}
	return 0;
}

/* To the end of the last file there is now. */
static int read_all(struct reader *r, struct err *e)
{
	for (;;) {
		int next = -1, k;

		if (r->file < 0) {
			next = log_files_first(r->q->dirfd);
		} else {
			/* look first: what was written before a rotation is then still read */
			next = log_files_next(r->q->dirfd, r->file);
			k = read_on(r, e);
			if (k < 0 || r->is_over) {
				(void)fd_close(next);
				return k;
			}
		}
		if (next < 0)
			return next == -ENOENT ? 0 : err_set(e, next, "open log");
		(void)fd_close(r->file);
		r->file = next;
		r->n = 0; /* no line spans two files */
		r->is_long = false;
	}
}

static bool has_record(const struct log_query *q)
{
	struct exit_record record;

	return exit_record_read(q->run_dirfd, &record, NULL) == 0;
}

/* The container has ended. Its monitor, if there is one, writes the log and then the record. */
static void wait_for_record(const struct log_query *q)
{
	for (int ms = 0; ms < END_WAIT_MS && !has_record(q); ms += END_CHECK_MS) {
		struct stat st;

		/* torn down already */
		if (fstat(q->run_dirfd, &st) < 0 || st.st_nlink == 0)
			return;
		(void)poll(NULL, 0, END_CHECK_MS);
	}
}

static int follow(struct reader *r, struct err *e)
{
	const struct log_query *q = r->q;
	_cleanup_fd_ int watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	char path[64], events[4096];
	int k = 0;

	if (watch < 0)
		return err_set(e, errno, "create watch");
	(void)err_format(path, sizeof(path), "/proc/self/fd/%d", q->dirfd);
	/* the directory tells of writes to the files in it and of new ones alike */
	if (inotify_add_watch(watch, path, IN_MODIFY | IN_CREATE | IN_MOVED_TO) < 0)
		return err_set(e, errno, "watch log");
	while (k == 0 && !r->is_over) {
		struct pollfd p[2] = { { .fd = watch, .events = POLLIN },
				       { .fd = q->pidfd, .events = POLLIN } };

		k = read_all(r, e);
		if (k == 0 && !r->is_over)
			k = r->fn(NULL, r->data, e);
		if (k < 0 || r->is_over)
			break;
		if (poll(p, 2, -1) < 0 && errno != EINTR)
			return err_set(e, errno, "wait for log");
		while (read(watch, events, sizeof(events)) > 0)
			;
		if (p[1].revents) {
			wait_for_record(q);
			return read_all(r, e);
		}
	}
	return k;
}

int log_open_dir(int root_fd, int state_fd, const char *id, struct err *e)
{
	const int dirs[] = { root_fd, state_fd };
	char path[ID_LEN + 32];
	int fd = -1;

	(void)err_format(path, sizeof(path), "containers/%s", id);
	for (size_t i = 0; i < ARRAY_SIZE(dirs) && fd < 0; i++) {
		fd = openat(dirs[i], path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0 && errno != ENOENT)
			return err_set(e, errno, "open '%s'", path);
	}
	/* it was there when it was looked up */
	return fd < 0 ? err_plain(e, -ENOENT, "no container '%s'", id) : fd;
}

int log_read(const struct log_query *q, log_fn fn, void *data, struct err *e)
{
	struct reader r = { .q = q, .fn = fn, .data = data, .file = -1 };
	int k = 0;

	if (q->tail >= 0)
		k = log_files_tail(q->dirfd, (uint64_t)q->tail, &r.file, e);
	if (k == 0 && q->follow && q->pidfd >= 0 && q->run_dirfd >= 0)
		k = follow(&r, e);
	else if (k == 0)
		k = read_all(&r, e);
	if (k == 0)
		k = fn(NULL, data, e);
	(void)fd_close(r.file);
	free(r.line);
	return k;
}
