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
#define STATUS_MAX 4096 /* ... of /proc/PID/status */
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
	struct proc_id id = { .pid = pid };
	struct stat st;
	char state;
	int r = 0;

	if (is_on(pidfd, PID_FS_MAGIC) && is_on(dirfd, TMPFS_MAGIC) && fstat(pidfd, &st) == 0)
		id.inode = st.st_ino;
	else
		r = read_stat(pid, &state, &id.start);
	if (r < 0)
		return err_set(e, r, "read the start time of process %d", pid);
	*ret = id;
	return 0;
}

/* All threads, reaped or not. Return: 1, 0, -errno. */
static int has_ended(int pidfd)
{
	struct pollfd p = { .fd = pidfd, .events = POLLIN };
	int r = poll(&p, 1, 0);

	return r < 0 ? -errno : r;
}

/* What has the number now has it for as long as we hold @pidfd. Return: 0; -ESRCH; -errno. */
static int check(const struct proc_id *p, int pidfd)
{
	struct proc_id now = { .start = 0 };
	struct stat st;
	char state;
	int r = 0;

	if (!p->inode)
		r = read_stat(p->pid, &state, &now.start);
	else if (fstat(pidfd, &st) < 0)
		r = -errno;
	else
		now.inode = st.st_ino;
	if (r == 0)
		r = has_ended(pidfd);
	return r < 0 ? r : r > 0 || now.inode != p->inode || now.start != p->start ? -ESRCH : 0;
}

int proc_id_open(const struct proc_id *p)
{
	_cleanup_fd_ int fd = -1;
	int r;

	if (p->pid <= 0)
		return -ESRCH;
	fd = pidfd_open(p->pid, 0);
	if (fd < 0)
		return errno == EINVAL ? -ESRCH : -errno; /* EINVAL: a thread has the number now */
	r = check(p, fd);
	return r < 0 ? r : TAKE_FD(fd);
}

pid_t proc_id_inner(pid_t pid)
{
	char path[32], text[STATUS_MAX], *line, *last;
	int inner;

	(void)err_format(path, sizeof(path), "/proc/%d/status", pid);
	if (io_read_small(AT_FDCWD, path, text, sizeof(text)) < 0)
		return pid;
	line = strstr(text, "\nNSpid:"); /* one for each namespace, ours first */
	if (!line)
		return pid;
	line[1 + strcspn(line + 1, "\n")] = '\0';
	last = strrchr(line, '\t');
	inner = last ? atoi(last + 1) : 0;
	return inner > 0 ? inner : pid;
}
