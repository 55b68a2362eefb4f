// SPDX-License-Identifier: Apache-2.0
/* Starting what waits to be started, through /proc/PID/fd: a pipe can be opened again. */
#include "runtime/waiting.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/libc.h"
#include "base/str.h"
#include "runtime/exec_error.h"
#include "runtime/outcome.h"
#include "runtime/record.h"

static void fd_path(char path[static 48], const struct record *r, int fd)
{
	(void)err_format(path, 48, "/proc/%d/fd/%d", r->init.pid, fd);
}

/* Taking the descriptor costs a third of a look at it through /proc, but is attaching to the process, which
 * a security module may refuse. */
static int look(const struct record *r, int pidfd, struct stat *ret)
{
	_cleanup_fd_ int fd = pidfd < 0 ? -1 :
					  (int)syscall(SYS_pidfd_getfd, pidfd, r->pipes.wait, 0);
	char path[48];

	if (fd >= 0)
		return fstat(fd, ret);
	if (pidfd >= 0 && errno == EBADF)
		return -1;
	fd_path(path, r, r->pipes.wait);
	return stat(path, ret);
}

static bool has_pipe(const struct record *r, int pidfd)
{
	struct stat st;

	return r->pipes.wait >= 0 && look(r, pidfd, &st) == 0 && S_ISFIFO(st.st_mode) &&
	       (!r->wait_dev || st.st_dev == r->wait_dev) && st.st_ino == r->wait_inode;
}

bool waiting_is(const struct record *r)
{
	_cleanup_fd_ int process = r->pipes.wait < 0 ? -1 : pidfd_open(r->init.pid, 0);

	return has_pipe(r, process);
}

int waiting_start(const struct record *r, struct err *e)
{
	_cleanup_fd_ int process = proc_id_open(&r->init), report = -1, wait = -1;
	char path[48];

	/* from here on the pid is no other's */
	if (process < 0)
		return err_plain(e, -ESRCH, "the process of container '%s' is gone", r->id);
	if (!has_pipe(r, process))
		return err_plain(e, -EBUSY, "container '%s' does not wait to be started", r->id);
	fd_path(path, r, r->pipes.report);
	report = open(path, O_RDONLY | O_CLOEXEC);
	if (report < 0)
		return err_set(e, errno, "open '%s'", path);
	fd_path(path, r, r->pipes.wait);
	wait = open(path, O_WRONLY | O_CLOEXEC | O_NONBLOCK);
	if (wait < 0)
		return err_set(e, errno, "open '%s'", path);
	if (write(wait, "", 1) != 1)
		return err_set(e, errno, "start the process of container '%s'", r->id);
	return exec_error_reword(NULL, outcome_read(report, "", e), e);
}
