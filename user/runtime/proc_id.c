// SPDX-License-Identifier: Apache-2.0
/* Which process a recorded pid meant. */
#include "runtime/proc_id.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/io.h"

#define STAT_MAX 1024 /* bytes of /proc/PID/stat */
#define STAT_START 20 /* of field 22, counted from behind the name, which is field 2 */

int proc_look(pid_t pid, struct proc_look *ret)
{
	char path[32], text[STAT_MAX], *name, *p;
	ssize_t n;

	(void)err_format(path, sizeof(path), "/proc/%d/stat", pid);
	n = io_read_small(AT_FDCWD, path, text, sizeof(text));
	if (n < 0)
		return n == -ENOENT ? -ESRCH : (int)n;
	name = strchr(text, '(');
	p = strrchr(text, ')'); /* the name may hold anything, also parentheses */
	if (!name || !p || p[1] != ' ')
		return -EPROTO;
	n = p - name - 1;
	if (n < 0 || n > PROC_NAME_MAX)
		n = 0; /* a kernel thread's may be longer */
	memcpy(ret->name, name + 1, (size_t)n);
	ret->name[n] = '\0';
	p += 2;
	ret->state = *p;
	for (int i = 0; p && i < STAT_START - 1; i++)
		p = strchr(p + 1, ' ');
	if (!p)
		return -EPROTO;
	ret->id = (struct proc_id){ .pid = pid, .start = strtoull(p, NULL, 10) };
	return 0;
}

int proc_id_read(pid_t pid, struct proc_id *ret, char *ret_state)
{
	struct proc_look look;
	int r = proc_look(pid, &look);

	if (r < 0)
		return r;
	*ret = look.id;
	if (ret_state)
		*ret_state = look.state;
	return 0;
}

int proc_id_open(const struct proc_id *p)
{
	_cleanup_fd_ int fd = -1;
	struct proc_id now;
	char state;
	int r;

	if (p->pid <= 0)
		return -ESRCH;
	fd = (int)syscall(SYS_pidfd_open, p->pid, 0);
	if (fd < 0)
		return errno == EINVAL ? -ESRCH : -errno; /* EINVAL: a thread has the number now */
	/* read after the open: what has the number now has it for as long as we hold the descriptor */
	r = proc_id_read(p->pid, &now, &state);
	if (r < 0)
		return r;
	if (now.start != p->start || state == 'Z' || state == 'X')
		return -ESRCH;
	return TAKE_FD(fd);
}
