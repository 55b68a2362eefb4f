// SPDX-License-Identifier: Apache-2.0
/* The kernel's own file systems of a container, proc and sysfs, by the descriptors of their mounts. */
#include "runtime/kernel_files.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/statfs.h>

#include "kern/mount.h"
#include "kern/sys.h"

const char *path_below(const char *path, const char *top)
{
	size_t n = strlen(top);

	path += strspn(path, "/");
	if (strncmp(path, top, n) != 0 || path[n] != '/')
		return NULL;
	path += n;
	path += strspn(path, "/");
	for (const char *p = path; *p; p += strspn(p, "/")) {
		size_t part = strcspn(p, "/");

		if (part == 2 && p[0] == '.' && p[1] == '.')
			return NULL;
		p += part;
	}
	return *path ? path : NULL;
}

/* "/proc", "proc/" … */
static bool is_top(const char *path, const char *top)
{
	size_t n = strlen(top);

	path += strspn(path, "/");
	return strncmp(path, top, n) == 0 && !path[n + strspn(path + n, "/")];
}

void kernel_files_note(struct kernel_files *k, const char *target, int fd, bool is_new_proc)
{
	bool is_proc = is_top(target, "proc");

	if (is_proc)
		k->has_self = is_new_proc;
	if (is_proc)
		k->proc_fd = fd;
	else if (is_top(target, "sys"))
		k->sys_fd = fd;
}

int proc_open_host(void)
{
	int fd = mount_open_tree(AT_FDCWD, "/proc", OPEN_TREE_CLONE);
	struct statfs fs;
	long r = fd < 0 ? fd : sys_call2(SYS_fstatfs, fd, &fs);

	if (r == 0 && fs.f_type == PROC_SUPER_MAGIC)
		return fd;
	if (fd >= 0)
		(void)sys_call1(SYS_close, fd); /* nothing was written */
	return r < 0 ? (int)r : -EXDEV;
}

int proc_write(int proc_fd, const char *path, const char *text)
{
	struct open_how how = {
		.flags = O_WRONLY | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS,
	};
	long fd = sys_call4(SYS_openat2, proc_fd, path, &how, sizeof(how)), r;

	if (fd < 0)
		return (int)fd;
	r = sys_call3(SYS_write, fd, text, strlen(text));
	(void)sys_call1(SYS_close, fd); /* the write has taken effect */
	return r < 0 ? (int)r : 0;
}
