// SPDX-License-Identifier: Apache-2.0
/*
 * HOME of a process whose configuration names none: what the container's own /etc/passwd has, as its mounts show it.
 * Same rules as init_steps.c: sys_call*() and err_*() only.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <linux/stat.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/statfs.h>

#include "base/cleanup.h"
#include "kern/sys.h"
#include "runtime/launch.h"
#include "runtime/steps.h"
#include "spec/passwd.h"
#include "spec/passwd_home.h"

#define PIECE 1024
#define CONFIGFS_MAGIC 0x62656570 /* fs/configfs/mount.c */

/* Their files are made as they are read, which may change something or wait (kmsg, trace_pipe, wakeup_count). */
static bool is_of_kernel(int fd)
{
	static const uint32_t kinds[] = {
		PROC_SUPER_MAGIC,   SYSFS_MAGIC,	 CONFIGFS_MAGIC,       DEBUGFS_MAGIC,
		TRACEFS_MAGIC,	    SECURITYFS_MAGIC,	 PSTOREFS_MAGIC,       EFIVARFS_MAGIC,
		CGROUP_SUPER_MAGIC, CGROUP2_SUPER_MAGIC, RDTGROUP_SUPER_MAGIC, BPF_FS_MAGIC,
		BINFMTFS_MAGIC,	    SELINUX_MAGIC,	 SMACK_MAGIC,
	};
	struct statfs fs;

	if (sys_call2(SYS_fstatfs, fd, &fs) < 0)
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if ((uint32_t)fs.f_type == kinds[i])
			return true;
	return false;
}

/* The image chose what lies there, and we may do more here than the container. */
static bool is_plain(int fd)
{
	struct statx st;
	long r = sys_call5(SYS_statx, fd, "", AT_EMPTY_PATH, STATX_TYPE, &st);

	return r == 0 && (st.stx_mode & S_IFMT) == S_IFREG && !is_of_kernel(fd);
}

/* Return: descriptor, none of ours by a magic link; -errno. */
static int open_plain(uint64_t flags)
{
	const struct open_how how = { .flags = O_CLOEXEC | flags,
				      .resolve = RESOLVE_NO_MAGICLINKS };
	long fd = sys_call4(SYS_openat2, AT_FDCWD, "/etc/passwd", &how, sizeof(how));

	if (fd < 0 || is_plain((int)fd))
		return (int)fd;
	(void)sys_call1(SYS_close, fd);
	return -EINVAL;
}

/* Looked at before it is opened, and after: it may be another then. */
static int open_passwd(void)
{
	int path = open_plain(O_PATH);

	if (path < 0)
		return path;
	(void)sys_call1(SYS_close, path); /* O_PATH */
	return open_plain(O_RDONLY | O_NOCTTY | O_NONBLOCK);
}

/* What cannot be read has nobody in it. */
int step_home(const struct launch *l, struct err *e)
{
	struct passwd_home home;
	char piece[PIECE];
	size_t total = 0;
	long fd, n;

	(void)e;
	if (!l->home)
		return 0;
	passwd_home_begin(&home, l->uid, l->home, l->home_size);
	fd = open_passwd();
	if (fd < 0)
		return 0;
	do {
		n = sys_call3(SYS_read, fd, piece, sizeof(piece));
		total += n > 0 ? (size_t)n : 0;
	} while (n == -EINTR || (n >= 0 && total <= PASSWD_FILE_MAX &&
				 !passwd_home_feed(&home, piece, (size_t)n)));
	if (n < 0 || total > PASSWD_FILE_MAX) /* an entry that is cut is none */
		passwd_home_begin(&home, l->uid, l->home, l->home_size);
	(void)sys_call1(SYS_close, fd);
	return 0;
}
