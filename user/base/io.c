// SPDX-License-Identifier: Apache-2.0
/* Whole reads, whole writes, whole files. */
#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/str.h"

int io_write_full(int fd, const void *p, size_t n)
{
	const char *c = p;

	while (n) {
		ssize_t w = write(fd, c, n);

		if (w < 0) {
			if (errno == EINTR)
				continue;
			return -errno;
		}
		c += w;
		n -= (size_t)w;
	}
	return 0;
}

/* read(2) that no signal interrupts. Return: bytes; -errno. */
static ssize_t read_some(int fd, void *p, size_t n)
{
	ssize_t r;

	do
		r = read(fd, p, n);
	while (r < 0 && errno == EINTR);
	return r < 0 ? -errno : r;
}

ssize_t io_read_full(int fd, void *p, size_t n)
{
	size_t have = 0;

	while (have < n) {
		ssize_t r = read_some(fd, (char *)p + have, n - have);

		if (r < 0)
			return r;
		if (r == 0)
			break;
		have += (size_t)r;
	}
	return (ssize_t)have;
}

int io_read_fd(int fd, size_t max, char **ret, size_t *ret_len)
{
	_cleanup_str_ struct str s = STR_INIT;
	struct stat st;
	size_t step = 4096, whole = 0;

	/* files of proc and sysfs say 0 */
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0) {
		if ((uint64_t)st.st_size > max)
			return -EFBIG;
		whole = (size_t)st.st_size;
		step = whole + 1;
	}
	for (;;) {
		ssize_t r;

		/* a regular file left room for the read that finds its end */
		if (s.cap - s.len < 2 && !str_reserve(&s, step))
			return -ENOMEM;
		r = read_some(fd, s.p + s.len, s.cap - s.len - 1);
		if (r < 0)
			return (int)r;
		if (r == 0)
			break;
		s.len += (size_t)r;
		if (s.len > max)
			return -EFBIG;
		if (s.len == whole) /* the buffer had room for more, there was none */
			break;
		step = 4096;
	}
	s.p[s.len] = '\0';
	if (ret_len)
		*ret_len = s.len;
	*ret = str_take(&s);
	return 0;
}

int io_read_file(int dirfd, const char *path, size_t max, char **ret, size_t *ret_len,
		 struct err *e)
{
	_cleanup_fd_ int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	int r;

	if (fd < 0)
		return err_set(e, errno, "open '%s'", path);
	r = io_read_fd(fd, max, ret, ret_len);
	if (r == -EFBIG)
		return err_plain(e, r, "'%s' is larger than the limit of %zu bytes", path, max);
	if (r < 0)
		return err_set(e, r, "read '%s'", path);
	return 0;
}

/* The kernel hands out its files in pieces of pages: what is much shorter was all. */
#define ALL_AT_ONCE 1024

ssize_t io_read_small(int dirfd, const char *path, char *buf, size_t size)
{
	_cleanup_fd_ int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read(fd, buf, size - 1);
	if (n < 0 && errno != EINTR)
		return -errno;
	if (n < 0 || n > ALL_AT_ONCE) {
		ssize_t rest;

		n = n < 0 ? 0 : n;
		rest = io_read_full(fd, buf + n, size - 1 - (size_t)n);
		if (rest < 0)
			return rest;
		n += rest;
	}
	while (n > 0 && buf[n - 1] == '\n')
		n--;
	buf[n] = '\0';
	return n;
}

int io_write_file(int dirfd, const char *path, const char *text)
{
	_cleanup_fd_ int fd = openat(dirfd, path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	size_t n = strlen(text);
	ssize_t w;

	if (fd < 0)
		return -errno;
	do {
		w = write(fd, text, n);
	} while (w < 0 && errno == EINTR);
	if (w < 0)
		return -errno;
	return (size_t)w == n ? 0 : -EIO;
}

int io_replace_file(int dirfd, const char *path, const void *p, size_t n, mode_t mode,
		    unsigned int flags, struct err *e)
{
	_cleanup_str_ struct str tmp = STR_INIT;
	_cleanup_fd_ int fd = -1;
	int r;

	str_addf(&tmp, "%s.tmp%d", path, getpid());
	if (str_failed(&tmp))
		return err_set(e, ENOMEM, "write '%s'", path);
	fd = openat(dirfd, tmp.p, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, mode);
	if (fd < 0)
		return err_set(e, errno, "create '%s'", tmp.p);
	r = io_write_full(fd, p, n);
	if (r == 0 && (flags & IO_SYNC) && fsync(fd) < 0)
		r = -errno;
	if (r == 0 && renameat(dirfd, tmp.p, dirfd, path) < 0)
		r = -errno;
	if (r < 0) {
		(void)unlinkat(dirfd, tmp.p, 0); /* best effort: the error is what counts */
		return err_set(e, r, "write '%s'", path);
	}
	if (flags & IO_SYNC) {
		_cleanup_fd_ int dir = -1;
		const char *slash = strrchr(path, '/');

		str_truncate(&tmp, 0);
		str_add_mem(&tmp, path, slash ? (size_t)(slash - path) : 0);
		dir = openat(dirfd, tmp.len ? tmp.p : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (dir < 0 || fsync(dir) < 0)
			return err_set(e, errno, "sync directory of '%s'", path);
	}
	return 0;
}
