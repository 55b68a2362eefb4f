// SPDX-License-Identifier: Apache-2.0
/* A container whose hooks run. */
#include "runtime/busy.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "runtime/record.h"

#define BUSY_FILE "busy"

int busy_begin(int dirfd, struct err *e)
{
	_cleanup_fd_ int fd =
		openat(dirfd, BUSY_FILE, O_RDONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		return err_set(e, errno, "make '" BUSY_FILE "' in the record");
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return err_plain(e, -EBUSY, "its hooks are running");
	record_unlock(dirfd);
	return TAKE_FD(fd);
}

int busy_end(int dirfd, int fd, struct err *e)
{
	int r = record_relock(dirfd, e);

	if (r == 0)
		(void)unlinkat(dirfd, BUSY_FILE, 0); /* unlocked it says nothing */
	(void)close(fd);
	return r;
}

bool busy_is(int dirfd)
{
	_cleanup_fd_ int fd = openat(dirfd, BUSY_FILE, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	return fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK;
}
