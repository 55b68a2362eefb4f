/* SPDX-License-Identifier: Apache-2.0 */
/* Read a container's log: Docker's json-file lines, over rotated files, followed while it runs. */
#ifndef DAVIT_ENGINE_LOG_H
#define DAVIT_ENGINE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;

#define LOG_FILE     "log" /* log, log.1 (older), log.2 … */
#define LOG_LINE_MAX (256u << 10) /* a longer line of a log file is not ours: skipped */

/**
 * struct log_entry - one line of a log
 * @text:    borrowed until the callback returns; ends with '\n' unless it is a part of a line
 * @time_ns: since the epoch
 */
struct log_entry {
	const char *text;
	size_t len;
	bool is_stderr;
	int64_t time_ns;
};

/**
 * struct log_query - which lines, and for how long
 * @tail:       last @tail lines only; negative = all
 * @since_ns, @until_ns: 0 = no bound
 * @follow:     go on until the container has ended
 * @dirfd:      <root>/containers/<id>
 * @run_dirfd:  <state>/containers/<id>; -1 = not running, so nothing to follow
 * @pidfd:      of the container's init; -1 = not running
 */
struct log_query {
	int64_t tail;
	int64_t since_ns, until_ns;
	bool follow;
	int dirfd, run_dirfd, pidfd;
};

/* log_fn - gets each line in order, and NULL when that was all for now: time to flush. < 0 ends
 * log_read() with that. */
typedef int (*log_fn)(const struct log_entry *entry, void *data, struct err *e);

/* log_open_dir() - where the log of container @id is: with its record, or, with --rm, with its
 * running state. Return: descriptor; -ENOENT. */
int log_open_dir(int root_fd, int state_fd, const char *id, struct err *e);

/* log_read() - Return: 0, also without a log; what @fn returned; -errno */
int log_read(const struct log_query *q, log_fn fn, void *data, struct err *e);

/* log_parse_line() - one line of a log file without its newline. Fields are borrowed from *@ret_buf,
 * which the caller frees. Return: 0; -EBADMSG. */
int log_parse_line(const char *line, size_t n, struct log_entry *ret, char **ret_buf);

/* log_parse_time() - --since and --until: RFC 3339 (date alone too; no zone means UTC), seconds since
 * the epoch with up to nine decimals, or a duration before @now_ns ("10m", "1h30m") */
int log_parse_time(const char *s, int64_t now_ns, int64_t *ret);

#endif
