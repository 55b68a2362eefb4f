// SPDX-License-Identifier: Apache-2.0
/* Small helpers that probes share. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "probe.h"

int read_text(const char *path, char *buf, size_t size)
{
	size_t len = 0;
	ssize_t n = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC), err;

	if (fd < 0)
		return -errno;
	while (len + 1 < size && (n = read(fd, buf + len, size - 1 - len)) > 0)
		len += (size_t)n;
	err = errno;
	(void)close(fd);
	if (n < 0)
		return -err;
	buf[len] = '\0';
	return (int)len;
}

int read_field(const char *path, const char *name, char *buf, size_t size)
{
	char text[8192];
	size_t name_len = strlen(name);
	int r = read_text(path, text, sizeof(text));

	if (r < 0)
		return r;
	for (char *line = text, *next; line && *line; line = next) {
		size_t len;

		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		if (strncmp(line, name, name_len) != 0 || line[name_len] != ':')
			continue;
		line += name_len + 1;
		line += strspn(line, " \t");
		len = strlen(line);
		if (len >= size)
			return -E2BIG;
		memcpy(buf, line, len + 1);
		return 0;
	}
	return -ENODATA;
}

int ns_inode(const char *pid, const char *ns, uint64_t *ret_inode)
{
	char path[64];
	struct stat st;

	(void)snprintf(path, sizeof(path), "/proc/%s/ns/%s", pid, ns);
	if (stat(path, &st) < 0)
		return -errno;
	*ret_inode = st.st_ino;
	return 0;
}

int open_errno(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return errno;
	(void)close(fd);
	return 0;
}

bool list_has(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (const char *p = list; p && *p;) {
		size_t n = strcspn(p, ",");

		if (n == len && memcmp(p, word, len) == 0)
			return true;
		p += n + (p[n] == ',');
	}
	return false;
}

const char *errno_name(int err)
{
	static const struct {
		int num;
		const char *name;
	} names[] = {
#define E(n) { n, #n }
		{ 0, "success" }, E(EPERM),	   E(ENOENT),	       E(ESRCH),
		E(EINTR),	  E(EIO),	   E(ENXIO),	       E(E2BIG),
		E(ENOEXEC),	  E(EBADF),	   E(ECHILD),	       E(EAGAIN),
		E(ENOMEM),	  E(EACCES),	   E(EFAULT),	       E(ENOTBLK),
		E(EBUSY),	  E(EEXIST),	   E(EXDEV),	       E(ENODEV),
		E(ENOTDIR),	  E(EISDIR),	   E(EINVAL),	       E(ENFILE),
		E(EMFILE),	  E(ENOTTY),	   E(ETXTBSY),	       E(EFBIG),
		E(ENOSPC),	  E(ESPIPE),	   E(EROFS),	       E(EMLINK),
		E(EPIPE),	  E(ENOSYS),	   E(ELOOP),	       E(ENOTEMPTY),
		E(EOPNOTSUPP),	  E(EAFNOSUPPORT), E(EPROTONOSUPPORT), E(EADDRINUSE),
		E(EADDRNOTAVAIL), E(ENETUNREACH),  E(ECONNREFUSED),    E(ETIMEDOUT),
		E(EHOSTUNREACH),  E(ENOKEY),	   E(EOVERFLOW),       E(ENAMETOOLONG),
		E(ENODATA),
#undef E
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].num == err)
			return names[i].name;
	return strerror(err);
}
