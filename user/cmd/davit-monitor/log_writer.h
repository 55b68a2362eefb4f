/* SPDX-License-Identifier: Apache-2.0 */
/* Container output to log lines of Docker's json-file form, in files of bounded size. */
#ifndef DAVIT_MONITOR_LOG_WRITER_H
#define DAVIT_MONITOR_LOG_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LOG_PART_MAX   16384u  /* longer lines are logged in parts, as Docker does */
#define LOG_FLUSH_SIZE 65536u
/* each byte may become \u00xx; a part has one frame of stream and time */
#define LOG_RECORD_MAX (LOG_PART_MAX * 6u + 128u)
#define LOG_BUF_SIZE   (LOG_FLUSH_SIZE + LOG_RECORD_MAX)

enum log_stream { LOG_STDOUT, LOG_STDERR, LOG_STREAM_COUNT };

/**
 * struct log_writer - one log
 * @dirfd:   where "log", "log.1" … are; -1: no log is kept
 * @fd:      "log"; -1 = (re)opened at the next write
 * @size:    bytes in it
 * @max, @files: bounds
 * @lost:    lines that could not be written, to be told in the log when it can be written again
 * @lost_errno: why
 * @n, @start, @n_records: bytes in @buf, where the record being built starts, complete records
 * @part:    per stream: an unfinished line
 * @suffix:  per stream: what closes a record of the current batch
 */
struct log_writer {
	int dirfd, fd;
	uint64_t size, max;
	unsigned int files;
	uint64_t lost;
	int lost_errno;
	size_t n, start;
	unsigned int n_records;
	struct {
		char text[LOG_PART_MAX];
		size_t n;
	} part[LOG_STREAM_COUNT];
	struct {
		char text[96];
		size_t n;
	} suffix[LOG_STREAM_COUNT];
	char buf[LOG_BUF_SIZE];
};

/* log_writer_init() - @dirfd is borrowed; an existing log is continued */
void log_writer_init(struct log_writer *w, int dirfd, uint64_t max, unsigned int files);

/* log_writer_add() - log @n bytes of output that came just now. Never fails: lines that cannot be
 * written are counted, and the log says how many once it can. */
void log_writer_add(struct log_writer *w, enum log_stream stream, const char *p, size_t n);

/* log_writer_end() - log what is left without a newline */
void log_writer_end(struct log_writer *w);

#endif
