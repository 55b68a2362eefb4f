// SPDX-License-Identifier: Apache-2.0
/* The null device: what hides files, and a container's standard input. */
#include "runtime/null_device.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "kern/mount.h"

#define NULL_PATH "/dev/null"
#define NULL_MAJOR 1
#define NULL_MINOR 3

static bool is_null(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && st->st_rdev == makedev(NULL_MAJOR, NULL_MINOR);
}

int null_device_clone(struct err *e)
{
	_cleanup_fd_ int fd = mount_clone(AT_FDCWD, NULL_PATH, false, e);
	struct stat st;
	int r;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return err_set(e, errno, "stat '" NULL_PATH "'");
	if (!is_null(&st))
		return err_plain(e, -ENODEV, "'" NULL_PATH "' of the host is not the null device");
	r = mount_set_attr(fd, "", 0, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, 0,
			   MS_PRIVATE);
	return r < 0 ? err_set(e, r, "make a mount of '" NULL_PATH "' read-only") : TAKE_FD(fd);
}

bool null_device_is(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && is_null(&st);
}

int null_device_open(int clone_fd, struct err *e)
{
	char path[40] = NULL_PATH;
	int fd;

	if (clone_fd >= 0)
		(void)err_format(path, sizeof(path), "/proc/self/fd/%d", clone_fd);
	fd = openat(AT_FDCWD, path, O_RDWR | O_CLOEXEC);
	return fd < 0 ? err_set(e, errno, "open '" NULL_PATH "'") : fd;
}
