// SPDX-License-Identifier: Apache-2.0
/* Paths: opened beneath a directory descriptor, never by trusted string. */
#include "base/fs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/libc.h"
#include "base/str.h"

int fs_open_beneath(int rootfd, const char *path, int flags, mode_t mode)
{
	struct open_how how = {
		.flags = (unsigned int)flags | O_CLOEXEC,
		.mode = (flags & (O_CREAT | O_TMPFILE)) ? mode : 0,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};

	for (int tries = 0;; tries++) {
		long fd = syscall(SYS_openat2, rootfd, path, &how, sizeof(how));

		if (fd >= 0)
			return (int)fd;
		if (errno == EINTR || (errno == EAGAIN && tries < 128))
			continue;
		return -errno;
	}
}

int fs_mkdir_beneath(int rootfd, const char *path, mode_t mode)
{
	_cleanup_str_ struct str done = STR_INIT;
	int fd = fs_open_beneath(rootfd, path, O_PATH | O_DIRECTORY, 0);

	if (fd != -ENOENT)
		return fd;
	str_add(&done, "/");
	while (*path) {
		size_t n = strcspn(path, "/");
		_cleanup_fd_ int parent = -1;
		_cleanup_free_ char *name = NULL;

		if (n == 0 || (n == 1 && path[0] == '.')) {
			path += n ? n : 1;
			continue;
		}
		parent = fs_open_beneath(rootfd, str_text(&done), O_PATH | O_DIRECTORY, 0);
		if (parent < 0)
			return parent;
		name = strndup(path, n);
		if (!name)
			return -ENOMEM;
		/* a dangling symlink answers EEXIST here and ENOENT above: refused */
		if (strcmp(name, "..") != 0 && mkdirat(parent, name, mode) < 0 && errno != EEXIST)
			return -errno;
		str_add_mem(&done, path, n);
		str_add_char(&done, '/');
		if (str_failed(&done))
			return -ENOMEM;
		path += n;
	}
	return fs_open_beneath(rootfd, str_text(&done), O_PATH | O_DIRECTORY, 0);
}

int fs_mkdir_parents(int dirfd, const char *path, mode_t mode)
{
	_cleanup_free_ char *p = NULL;

	if (mkdirat(dirfd, path, mode) == 0 || errno == EEXIST)
		return 0;
	if (errno != ENOENT)
		return -errno;
	p = strdup(path);
	if (!p)
		return -ENOMEM;
	for (char *s = p + 1; (s = strchr(s, '/')) != NULL; s++) {
		*s = '\0';
		if (mkdirat(dirfd, p, mode) < 0 && errno != EEXIST)
			return -errno;
		*s = '/';
	}
	return mkdirat(dirfd, path, mode) < 0 && errno != EEXIST ? -errno : 0;
}

/* Move a sub-directory to the top of the tree being removed, so that depth never exceeds two. */
static int hoist(int top, int dir, const char *name, unsigned long *serial)
{
	char flat[40];

	for (;;) {
		(void)snprintf(flat, sizeof(flat), ".davit-rm-%lu", (*serial)++);
		if (renameat2(dir, name, top, flat, RENAME_NOREPLACE) == 0)
			return 0;
		if (errno != EEXIST)
			return -errno;
	}
}

#define REMOVE_DEPTH 24 /* deeper directories are hoisted: two descriptors a level stay open */

static int empty_dir(int top, int dir, int depth, unsigned long *serial, bool *ret_again);

/* Remove directory @name of @dir with what it holds; what is too deep goes up to @top. */
static int remove_dir(int top, int dir, const char *name, int depth, unsigned long *serial,
		      bool *ret_again)
{
	_cleanup_fd_ int sub = -1;
	int r;

	if (unlinkat(dir, name, AT_REMOVEDIR) == 0)
		return 0;
	if (errno != ENOTEMPTY && errno != EEXIST)
		return -errno;
	if (depth == REMOVE_DEPTH) {
		*ret_again = true;
		return hoist(top, dir, name, serial);
	}
	sub = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (sub < 0)
		return -errno;
	r = empty_dir(top, sub, depth + 1, serial, ret_again);
	if (r < 0)
		return r;
	return unlinkat(dir, name, AT_REMOVEDIR) == 0 ? 0 : -errno;
}

/* Unlink everything in @dir. */
static int empty_dir(int top, int dir, int depth, unsigned long *serial, bool *ret_again)
{
	_cleanup_dir_ DIR *d = NULL;
	int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct dirent *de;

	d = copy < 0 ? NULL : fdopendir(copy);
	if (!d) {
		int r = -errno;

		(void)fd_close(copy);
		return r;
	}
	while ((errno = 0, de = readdir(d)) != NULL) {
		int r = 0;

		if (strcmp(de->d_name, ".") == 0 || strcmp(de->d_name, "..") == 0)
			continue;
		if (de->d_type == DT_DIR)
			r = remove_dir(top, dir, de->d_name, depth, serial, ret_again);
		else if (unlinkat(dir, de->d_name, 0) < 0)
			r = errno == EISDIR ?
				    remove_dir(top, dir, de->d_name, depth, serial, ret_again) :
				    -errno;
		if (r < 0 && r != -ENOENT) /* someone else removes it too */
			return r;
	}
	return -errno;
}

int fs_remove_tree(int dirfd, const char *name, struct err *e)
{
	_cleanup_fd_ int top = -1;
	unsigned long serial = 0;
	bool again;

	if (unlinkat(dirfd, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	if (errno == ENOTDIR)
		return unlinkat(dirfd, name, 0) == 0 || errno == ENOENT ?
			       0 :
			       err_set(e, errno, "remove '%s'", name);
	if (errno != ENOTEMPTY && errno != EEXIST)
		return err_set(e, errno, "remove '%s'", name);
	top = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (top < 0)
		return errno == ENOENT ? 0 : err_set(e, errno, "open '%s'", name);
	do {
		int r;

		again = false;
		r = empty_dir(top, top, 0, &serial, &again);
		if (r < 0)
			return err_set(e, r, "empty '%s'", name);
	} while (again);
	if (unlinkat(dirfd, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return err_set(e, errno, "remove '%s'", name);
	return 0;
}

char *fs_read_link(int dirfd, const char *path)
{
	char buf[PATH_MAX];
	ssize_t n = readlinkat(dirfd, path, buf, sizeof(buf) - 1);

	if (n < 0)
		return NULL;
	buf[n] = '\0';
	return strdup(buf);
}

bool fs_exists(int dirfd, const char *path)
{
	return faccessat(dirfd, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

bool fs_is_private(const struct stat *st)
{
	return st->st_uid == geteuid() && !(st->st_mode & (S_IWGRP | S_IWOTH));
}

bool fs_is_full(const char *path, size_t max)
{
	_cleanup_dir_ DIR *d = opendir(path);
	size_t n = 0;

	if (!d)
		return true;
	while (readdir(d))
		n++;
	return n >= max + 2; /* "." and ".." */
}
