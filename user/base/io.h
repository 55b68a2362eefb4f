/* SPDX-License-Identifier: Apache-2.0 */
/* Whole reads, whole writes, whole files. */
#ifndef DAVIT_BASE_IO_H
#define DAVIT_BASE_IO_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct err;

/* io_write_full() - write all of @n bytes, across EINTR and short writes. Return: 0 or -errno. */
int io_write_full(int fd, const void *p, size_t n);

/* io_read_full() - read until @n bytes or end of file. Return: bytes read or -errno. */
ssize_t io_read_full(int fd, void *p, size_t n);

/**
 * io_read_fd() - read all of @fd into a new NUL-terminated buffer
 * @max: refuse (-EFBIG) when there is more than this many bytes
 *
 * Return: 0; the caller frees *@ret.
 */
int io_read_fd(int fd, size_t max, char **ret, size_t *ret_len);

/* io_read_file() - the same for @path relative to @dirfd; fills @e */
int io_read_file(int dirfd, const char *path, size_t max, char **ret, size_t *ret_len,
		 struct err *e);

/* io_read_small() - read a short kernel file (cgroup, proc) into @buf, NUL-terminated, trailing
 * newline removed. Return: length or -errno. */
ssize_t io_read_small(int dirfd, const char *path, char *buf, size_t size);

/* io_write_file() - open an existing file (kernel interface) for writing and write @text in one
 * write(2). Return: 0 or -errno. */
int io_write_file(int dirfd, const char *path, const char *text);

#define IO_SYNC 1u /* fsync the file before, and the directory after, the name appears */

/**
 * io_replace_file() - write-to-temp and rename, so that readers see the old or the new file
 * @mode:  permission bits of the new file
 * @flags: IO_SYNC
 */
int io_replace_file(int dirfd, const char *path, const void *p, size_t n, mode_t mode,
		    unsigned int flags, struct err *e);

#endif
