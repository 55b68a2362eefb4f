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
#include "runtime/launch.h"
#include "runtime/steps.h"
#include "spec/passwd.h"
#include "spec/passwd_home.h"

#define PIECE 1024

/* The image chose what lies there: no descriptor of ours, nothing that blocks. Return: descriptor; -errno. */
static int open_passwd(void)
{
	const struct open_how how = { .flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
				      .resolve = RESOLVE_NO_MAGICLINKS };
	struct statx st;
	long fd = sys_call4(SYS_openat2, AT_FDCWD, "/etc/passwd", &how, sizeof(how)), r;

	if (fd < 0)
		return (int)fd;
	r = sys_call5(SYS_statx, fd, "", AT_EMPTY_PATH, STATX_TYPE, &st);
	if (r == 0 && (st.stx_mode & S_IFMT) == S_IFREG)
		return (int)fd;
	(void)sys_call1(SYS_close, fd);
	return -EINVAL;
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
	} while (
		n == -EINTR ||
		!passwd_home_feed(&home, piece, n > 0 && total <= PASSWD_FILE_MAX ? (size_t)n : 0));
	(void)sys_call1(SYS_close, fd);
	return 0;
}
