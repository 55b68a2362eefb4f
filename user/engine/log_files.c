// SPDX-License-Identifier: Apache-2.0
/* The files of one log. */
#include "engine/log_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/param.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "engine/log.h"
#include "kern/monitor_args.h"

#define TAIL_BLOCK 65536u

static int open_number(int dirfd, unsigned int i)
{
	char name[32];
	int fd;

	(void)err_format(name, sizeof(name), i ? LOG_FILE ".%u" : LOG_FILE, i);
	fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static bool is_same(int a, int b)
{
	struct stat sa, sb;

	return fstat(a, &sa) == 0 && fstat(b, &sb) == 0 && sa.st_ino == sb.st_ino &&
	       sa.st_dev == sb.st_dev;
}

/* Number of @file now, -1 = gone. Looking upwards misses nothing that moves upwards. */
static int find_number(int dirfd, int file)
{
	for (unsigned int i = 0; i < MONITOR_LOG_FILES_MAX; i++) {
		_cleanup_fd_ int fd = open_number(dirfd, i);

		if (fd >= 0 && is_same(fd, file))
			return (int)i;
	}
	return -1;
}

int log_files_first(int dirfd)
{
	for (;;) {
		_cleanup_fd_ int oldest = -1;
		int r = -ENOENT;

		for (unsigned int i = MONITOR_LOG_FILES_MAX; i-- > 0 && oldest < 0;) {
			r = open_number(dirfd, i);
			if (r >= 0)
				oldest = r;
			else if (r != -ENOENT)
				return r;
		}
		/* on the way down, one may have moved up past us: then it is older */
		if (oldest < 0)
			return r;
		r = find_number(dirfd, oldest);
		if (r >= 0) {
			_cleanup_fd_ int above = open_number(dirfd, (unsigned int)r + 1);

			if (above < 0)
				return TAKE_FD(oldest);
		}
	}
}

int log_files_next(int dirfd, int file)
{
	for (;;) {
		int i = find_number(dirfd, file), next;

		if (i == 0)
			return -ENOENT;
		if (i < 0)
			return log_files_first(dirfd);
		next = open_number(dirfd, (unsigned int)i - 1);
		if (next < 0)
			return next; /* -ENOENT: between its two steps of a rotation */
		/* a rotation in between would have us skip one */
		if (find_number(dirfd, file) == i && !is_same(next, file))
			return next;
		(void)fd_close(next);
	}
}

/*
 * Look back from the end of @fd for the newline in front of the last *@lines lines.
 * Return: true if it is here and the position is behind it; else *@lines are still to be found.
 */
static int seek_back(int fd, uint64_t *lines, struct err *e)
{
	char buf[TAIL_BLOCK];
	off_t end = lseek(fd, 0, SEEK_END);
	bool is_last = true;

	while (end > 0) {
		size_t n = (size_t)MIN(end, (off_t)sizeof(buf));
		ssize_t got = pread(fd, buf, n, end - (off_t)n);

		if (got < 0)
			return err_set(e, errno, "read log");
		if ((size_t)got != n)
			return err_set(e, EIO, "read log");
		for (size_t i = n; i-- > 0; is_last = false) {
			if (buf[i] != '\n' || is_last)
				continue; /* the newline that ends the file is of its last line */
			if (--*lines == 0)
				return lseek(fd, end - (off_t)(n - i) + 1, SEEK_SET) < 0 ?
					       err_set(e, errno, "read log") :
					       1;
		}
		end -= (off_t)n;
	}
	if (!is_last)
		--*lines; /* the first line has no newline in front of it */
	return lseek(fd, 0, SEEK_SET) < 0 ? err_set(e, errno, "read log") : *lines == 0;
}

int log_files_tail(int dirfd, uint64_t lines, int *ret, struct err *e)
{
	_cleanup_fd_ int fd = -1;

	for (unsigned int i = 0; i < MONITOR_LOG_FILES_MAX; i++) {
		_cleanup_fd_ int older = open_number(dirfd, i);
		int r;

		if (older == -ENOENT)
			continue;
		if (older < 0)
			return err_set(e, older, "open log");
		if (fd >= 0 && is_same(fd, older))
			continue; /* moved up while we looked */
		(void)fd_close(fd);
		fd = TAKE_FD(older);
		if (!lines) {
			if (lseek(fd, 0, SEEK_END) < 0)
				return err_set(e, errno, "read log");
			break;
		}
		r = seek_back(fd, &lines, e);
		if (r < 0)
			return r;
		if (r > 0)
			break;
	}
	if (fd >= 0)
		*ret = TAKE_FD(fd);
	return 0;
}
