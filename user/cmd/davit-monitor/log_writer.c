// SPDX-License-Identifier: Apache-2.0
/* Container output to log lines. */
#include "log_writer.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/fmt.h"
#include "base/io.h"

#define LOG_NAME "log"

static const char record_prefix[] = "{\"log\":\"";

void log_writer_init(struct log_writer *w, int dirfd, uint64_t max, unsigned int files)
{
	w->dirfd = dirfd;
	w->fd = -1;
	w->max = max;
	w->files = files;
}

/* A writer that was killed may have left half a line. */
static void cut_torn_line(struct log_writer *w)
{
	char c = '\n';

	if (w->size && pread(w->fd, &c, 1, (off_t)w->size - 1) == 1 && c != '\n' &&
	    write(w->fd, "\n", 1) == 1)
		w->size++;
}

static int open_log(struct log_writer *w)
{
	struct stat st;

	if (w->fd >= 0)
		return 0;
	w->fd = openat(w->dirfd, LOG_NAME, O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC,
		       0640);
	if (w->fd < 0)
		return -errno;
	w->size = fstat(w->fd, &st) == 0 ? (uint64_t)st.st_size : 0;
	cut_torn_line(w);
	return 0;
}

static const char *file_name(unsigned int i, char buf[static 16])
{
	(void)err_format(buf, 16, i ? LOG_NAME ".%u" : LOG_NAME, i);
	return buf;
}

/* Oldest first, so that at no time two files have one number; readers rely on files moving up. */
static void rotate(struct log_writer *w)
{
	char from[16], to[16];

	w->fd = fd_close(w->fd);
	w->size = 0;
	for (unsigned int i = w->files - 1; i > 0; i--)
		(void)renameat(w->dirfd, file_name(i - 1, from), w->dirfd, file_name(i, to));
	if (w->files == 1)
		(void)unlinkat(w->dirfd, LOG_NAME, 0);
}

/* All or nothing: a torn line is cut off again. */
static int write_log(struct log_writer *w, const char *p, size_t n)
{
	int r = open_log(w);

	if (r == 0)
		r = io_write_full(w->fd, p, n);
	if (r == 0)
		w->size += n;
	else if (w->fd >= 0 && ftruncate(w->fd, (off_t)w->size) < 0)
		w->fd = fd_close(w->fd); /* opened anew, with a look at its last byte */
	return r;
}

static void tell_lost(struct log_writer *w)
{
	char line[256], now[FMT_TIME_BUF];
	unsigned int n;

	n = err_format(line, sizeof(line),
		       "{\"log\":\"davit: %llu lines of log were lost: %s\\n\",\"stream\":"
		       "\"stderr\",\"time\":\"%s\"}\n",
		       (unsigned long long)w->lost, err_text(w->lost_errno),
		       fmt_time(fmt_now_ns(), now));
	if (write_log(w, line, n) == 0)
		w->lost = 0;
}

/* Write the first @n bytes of the buffer, which end a record. */
static void flush(struct log_writer *w, size_t n)
{
	int r;

	if (!n)
		return;
	if (w->lost)
		tell_lost(w);
	r = w->lost ? -w->lost_errno : write_log(w, w->buf, n);
	if (r < 0) {
		w->lost += w->n_records;
		w->lost_errno = -r;
	}
	w->n_records = 0;
	memmove(w->buf, w->buf + n, w->n - n);
	w->n -= n;
	w->start = 0;
}

static void put(struct log_writer *w, const char *p, size_t n)
{
	memcpy(w->buf + w->n, p, n);
	w->n += n;
}

static void end_record(struct log_writer *w, enum log_stream stream)
{
	put(w, w->suffix[stream].text, w->suffix[stream].n);
	if (w->size + w->n > w->max && w->size + w->start > 0) {
		flush(w, w->start);
		rotate(w);
	}
	w->n_records++;
	w->start = w->n;
	if (w->n >= LOG_FLUSH_SIZE)
		flush(w, w->n);
}

/* How many of eight bytes come before the first that is < 0x20, '"', '\\' or >= 0x80. */
static unsigned int plain_bytes(const char *p)
{
	const uint64_t ones = 0x0101010101010101ull, high = ones << 7;
	uint64_t v, quote, slash, special;

	memcpy(&v, p, 8);
	v = le64toh(v);
	quote = v ^ (ones * '"');
	slash = v ^ (ones * '\\');
	/* a borrow runs upwards only, so the lowest mark is exact */
	special = (v | (v - ones * 0x20) | ((quote - ones) & ~quote) | ((slash - ones) & ~slash)) &
		  high;
	return special ? (unsigned int)__builtin_ctzll(special) / 8 : 8;
}

/* Length of the UTF-8 sequence at @p, 0 if it is none; @ret_cut: it may be one cut short by @n. */
static size_t utf8_length(const unsigned char *p, size_t n, bool *ret_cut)
{
	size_t want = p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : p[0] < 0xf5 ? 4 : 0;
	unsigned char low = 0x80, high = 0xbf;

	*ret_cut = false;
	/* no overlong forms, no surrogates, nothing above U+10FFFF */
	if (p[0] == 0xe0)
		low = 0xa0;
	else if (p[0] == 0xed)
		high = 0x9f;
	else if (p[0] == 0xf0)
		low = 0x90;
	else if (p[0] == 0xf4)
		high = 0x8f;
	for (size_t i = 1; i < want; i++, low = 0x80, high = 0xbf) {
		if (i >= n) {
			*ret_cut = true;
			return 0;
		}
		if (p[i] < low || p[i] > high)
			return 0;
	}
	return want;
}

static size_t put_escaped(struct log_writer *w, const unsigned char *p, size_t n)
{
	static const char hex[] = "0123456789abcdef";
	char esc[6] = { '\\', 'u', '0', '0', hex[*p >> 4], hex[*p & 15] };
	bool is_cut;
	size_t len;

	if (*p >= 0x80) {
		len = utf8_length(p, n, &is_cut);
		if (len)
			put(w, (const char *)p, len);
		else
			put(w, "\\ufffd", 6);
		return len ? len : 1;
	}
	if (*p == '"' || *p == '\\') {
		esc[1] = (char)*p;
		put(w, esc, 2);
	} else if (*p >= 0x20) {
		put(w, (const char *)p, 1);
	} else if (*p == '\n' || *p == '\t' || *p == '\r') {
		esc[1] = *p == '\n' ? 'n' : *p == '\t' ? 't' : 'r';
		put(w, esc, 2);
	} else {
		put(w, esc, 6);
	}
	return 1;
}

/* Text of one record, at most LOG_PART_MAX bytes. */
static void put_text(struct log_writer *w, const char *p, size_t n)
{
	while (n) {
		char *out = w->buf + w->n;
		unsigned int plain = 8;
		size_t used;

		/* what is written beyond the plain ones gets overwritten */
		while (n >= 8 && plain == 8) {
			plain = plain_bytes(p);
			memcpy(out, p, 8);
			out += plain;
			p += plain;
			n -= plain;
		}
		w->n = (size_t)(out - w->buf);
		if (!n)
			break;
		used = put_escaped(w, (const unsigned char *)p, n);
		p += used;
		n -= used;
	}
}

static void put_record(struct log_writer *w, enum log_stream stream, const char *p, size_t n)
{
	put(w, record_prefix, sizeof(record_prefix) - 1);
	put_text(w, p, n);
	end_record(w, stream);
}

/* How much of a full part to log now: not half of a character. */
static size_t part_cut(const char *p, size_t n)
{
	const unsigned char *u = (const unsigned char *)p;
	bool is_cut;

	for (size_t back = 1; back <= 3 && back < n; back++) {
		if (u[n - back] < 0xc0)
			continue;
		(void)utf8_length(u + n - back, back, &is_cut);
		return is_cut ? n - back : n;
	}
	return n;
}

/* Add to an unfinished line, logging it in parts as it grows. */
static void part_add(struct log_writer *w, enum log_stream stream, const char *p, size_t n,
		     bool is_end)
{
	char *part = w->part[stream].text;
	size_t *have = &w->part[stream].n;

	while (n) {
		size_t take = LOG_PART_MAX - *have < n ? LOG_PART_MAX - *have : n, cut;

		memcpy(part + *have, p, take);
		*have += take;
		p += take;
		n -= take;
		if (*have < LOG_PART_MAX)
			continue;
		if (!n && is_end)
			break;
		cut = part_cut(part, *have);
		put_record(w, stream, part, cut);
		memmove(part, part + cut, *have - cut);
		*have -= cut;
	}
	if (is_end) {
		put_record(w, stream, part, *have);
		*have = 0;
	}
}

static void set_suffix(struct log_writer *w, enum log_stream stream, const char *now)
{
	w->suffix[stream].n = err_format(w->suffix[stream].text, sizeof(w->suffix[stream].text),
					 "\",\"stream\":\"%s\",\"time\":\"%s\"}\n",
					 stream == LOG_STDOUT ? "stdout" : "stderr", now);
}

void log_writer_add(struct log_writer *w, enum log_stream stream, const char *p, size_t n)
{
	char now[FMT_TIME_BUF];

	if (w->dirfd < 0)
		return;
	(void)open_log(w); /* for its size; a failure comes back when it is written to */
	set_suffix(w, stream, fmt_time(fmt_now_ns(), now));
	while (n) {
		const char *nl = memchr(p, '\n', n);
		size_t len = nl ? (size_t)(nl - p) + 1 : n;

		if (nl && !w->part[stream].n && len <= LOG_PART_MAX)
			put_record(w, stream, p, len);
		else
			part_add(w, stream, p, len, nl != NULL);
		p += len;
		n -= len;
	}
	flush(w, w->n);
}

void log_writer_end(struct log_writer *w)
{
	char now[FMT_TIME_BUF];

	if (w->dirfd < 0)
		return;
	for (unsigned int i = 0; i < LOG_STREAM_COUNT; i++) {
		if (!w->part[i].n)
			continue;
		set_suffix(w, i, fmt_time(fmt_now_ns(), now));
		put_record(w, i, w->part[i].text, w->part[i].n);
		w->part[i].n = 0;
	}
	flush(w, w->n);
}
