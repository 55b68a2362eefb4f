// SPDX-License-Identifier: Apache-2.0
/* Which process a recorded pid meant. */
#include "runtime/proc_id.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/io.h"
#include "base/libc.h"

#ifndef PID_FS_MAGIC
#define PID_FS_MAGIC 0x50494446
#endif
#define STAT_MAX 1024 /* bytes of /proc/PID/stat */
#define STAT_START 20 /* of field 22, counted from behind the name, which is field 2 */

static int read_stat(pid_t pid, char *ret_state, uint64_t *ret_start)
{
	char path[32], text[STAT_MAX], *p;
	ssize_t n;

	(void)err_format(path, sizeof(path), "/proc/%d/stat", pid);
	n = io_read_small(AT_FDCWD, path, text, sizeof(text));
	if (n < 0)
		return n == -ENOENT ? -ESRCH : (int)n;
	p = strrchr(text, ')'); /* the name may hold anything, also parentheses */
	if (!p || p[1] != ' ')
		return -EPROTO;
	p += 2;
	*ret_state = *p;
	for (int i = 0; p && i < STAT_START - 1; i++)
		p = strchr(p + 1, ' ');
	if (!p)
		return -EPROTO;
	*ret_start = strtoull(p, NULL, 10);
	return 0;
}

int proc_state(pid_t pid, char *ret)
{
	uint64_t start;

	return read_stat(pid, ret, &start);
}

static bool is_on(int fd, unsigned long magic)
{
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 && (unsigned long)fs.f_type == magic;
}

int proc_id_keep(pid_t pid, int pidfd, int dirfd, struct proc_id *ret, struct err *e)
{
	struct stat st;
	char state;
	int r;

	*ret = (struct proc_id){ .pid = pid };
	if (is_on(pidfd, PID_FS_MAGIC) && is_on(dirfd, TMPFS_MAGIC) && fstat(pidfd, &st) == 0) {
		ret->inode = st.st_ino;
		return 0;
	}
	r = read_stat(pid, &state, &ret->start);
	return r < 0 ? err_set(e, r, "read the start time of process %d", pid) : 0;
}

static bool has_ended(int pidfd)
{
	struct pollfd p = { .fd = pidfd, .events = POLLIN };

	return poll(&p, 1, 0) != 0;
}

/* What has the number now has it for as long as we hold @pidfd. */
static bool is_it(const struct proc_id *p, int pidfd)
{
	uint64_t start;
	struct stat st;
	char state;

	if (p->inode)
		return fstat(pidfd, &st) == 0 && st.st_ino == p->inode && !has_ended(pidfd);
	return read_stat(p->pid, &state, &start) == 0 && start == p->start && state != 'Z' &&
	       state != 'X';
}

int proc_id_open(const struct proc_id *p)
{
	_cleanup_fd_ int fd = -1;

	if (p->pid <= 0)
		return -ESRCH;
	fd = pidfd_open(p->pid, 0);
	if (fd < 0)
		return errno == EINVAL ? -ESRCH : -errno; /* EINVAL: a thread has the number now */
	return is_it(p, fd) ? TAKE_FD(fd) : -ESRCH;
}
