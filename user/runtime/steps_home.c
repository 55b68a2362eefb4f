// SPDX-License-Identifier: Apache-2.0
/*
 * HOME of a process whose configuration names none: what the container's own /etc/passwd has, as its mounts show it.
 * Same rules as init_steps.c: sys_call*() and err_*() only.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <linux/stat.h>
#include <stddef.h>

#include "kern/sys.h"
#include "runtime/inside.h"
#include "runtime/launch.h"
#include "runtime/steps.h"
#include "spec/passwd.h"
#include "spec/passwd_home.h"

#define PIECE 1024

/*
 * The image chose what lies there, and we may do more here than the container: a device is not to be opened, and what a
 * kernel file system makes as it is read (kmsg, trace_pipe) is not to be read. Such files have no size, but for kcore.
 */
static bool is_plain(int fd)
{
	struct statx st;
	long r = sys_call5(SYS_statx, fd, "", AT_EMPTY_PATH, STATX_TYPE | STATX_SIZE, &st);

	return r == 0 && (st.stx_mode & S_IFMT) == S_IFREG && st.stx_size && !inside_is_proc(fd);
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
