// SPDX-License-Identifier: Apache-2.0
/* Paths inside a container, resolved by the child. */
#include "runtime/inside.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include "kern/sys.h"

#define PATH_LEN_MAX 4096u
#define TRIES_MAX    64 /* of a lookup that a rename elsewhere disturbs: -EAGAIN, see openat2(2) */

static int open_path(const char *path, uint64_t flags)
{
	struct open_how how = {
		.flags = O_PATH | O_CLOEXEC | flags,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	long r = -EAGAIN;

	for (int i = 0; r == -EAGAIN && i < TRIES_MAX; i++)
		r = sys_call4(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));
	return (int)r;
}

int inside_open(const char *path, bool is_dir)
{
	return open_path(path, is_dir ? O_DIRECTORY : 0);
}

static long make_one(int parent, const char *name, bool is_file)
{
	long r;

	if (!is_file)
		return sys_call3(SYS_mkdirat, parent, name, 0755);
	r = sys_call4(SYS_openat, parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0755);
	if (r >= 0)
		(void)sys_call1(SYS_close, r); /* empty, nothing to lose */
	return r;
}

int inside_make(const char *path, bool is_file)
{
	char part[PATH_LEN_MAX];
	size_t n = strlen(path), end, start;

	if (n >= sizeof(part))
		return -ENAMETOOLONG;
	memcpy(part, path, n + 1);
	while (n > 1 && part[n - 1] == '/')
		part[--n] = '\0';
	for (start = 0; start < n; start = end) {
		int parent;
		long r;

		while (part[start] == '/')
			start++;
		if (start == n) /* "/" */
			break;
		for (end = start; part[end] && part[end] != '/'; end++)
			;
		/* the parent by its whole name: what is a symlink on the way resolves anew */
		if (start) {
			char c = part[start];

			part[start] = '\0';
			parent = open_path(part, O_DIRECTORY);
			part[start] = c;
		} else {
			parent = open_path("/", O_DIRECTORY);
		}
		if (parent < 0)
			return parent;
		part[end] = '\0';
		r = make_one(parent, part + start, is_file && end == n);
		(void)sys_call1(SYS_close, parent); /* O_PATH */
		if (end < n)
			part[end] = '/';
		if (r < 0 && r != -EEXIST)
			return (int)r;
	}
	return 0;
}

int inside_open_or_make(const char *path, bool is_file)
{
	int fd = open_path(path, 0), r;

	if (fd != -ENOENT)
		return fd;
	r = inside_make(path, is_file);
	return r < 0 ? r : open_path(path, 0);
}

bool inside_is_root(int fd)
{
	struct stat root, st;

	/* who cannot tell must not go on */
	return sys_call4(SYS_newfstatat, AT_FDCWD, "/", &root, 0) < 0 ||
	       sys_call4(SYS_newfstatat, fd, "", &st, AT_EMPTY_PATH) < 0 ||
	       (root.st_dev == st.st_dev && root.st_ino == st.st_ino);
}

bool inside_is_proc(int fd)
{
	struct statfs fs;

	return sys_call2(SYS_fstatfs, fd, &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC;
}
