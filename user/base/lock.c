// SPDX-License-Identifier: Apache-2.0
/* Advisory locks: flock(2) on the object itself. */
#include "base/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/err.h"

static int lock_fd(int fd, int operation)
{
	while (flock(fd, operation) < 0)
		if (errno != EINTR)
			return -errno;
	return 0;
}

int lock_open(int dirfd, const char *path, int operation, struct err *e)
{
	_cleanup_fd_ int fd = openat(dirfd, path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	int r;

	if (fd < 0)
		return err_set(e, errno, "open lock '%s'", path);
	r = lock_fd(fd, operation);
	if (r < 0)
		return err_set(e, r, "lock '%s'", path);
	return TAKE_FD(fd);
}

int lock_dir(int dirfd, const char *path, int operation, struct err *e)
{
	_cleanup_fd_ int fd = openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	struct stat st;
	int r;

	if (fd < 0)
		return err_set(e, errno, "open '%s'", path);
	r = lock_fd(fd, operation);
	if (r < 0)
		return err_set(e, r, "lock '%s'", path);
	/* the previous holder may have removed it; an unlinked directory has no links */
	if (fstat(fd, &st) < 0 || st.st_nlink == 0)
		return err_set(e, ENOENT, "open '%s'", path);
	return TAKE_FD(fd);
}
