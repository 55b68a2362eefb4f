// SPDX-License-Identifier: Apache-2.0
/* The owner of a running container (davit or davit-monitor): who holds the lock of its running state. */
#include "engine/owner.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/io.h"
#include "engine/container.h"
#include "engine/engine.h"
#include "runtime/proc_id.h"

#define ROUSE_EVERY_MS 1000
#define KILL_AFTER_MS 4000
#define FDINFO_MAX 4096 /* more than one lock's worth */

/* Is there a flock(2) on this open file? The kernel lists it wherever the file was handed on to. */
static bool has_lock(int proc_fd, pid_t pid, const char *fd)
{
	char path[64], text[FDINFO_MAX];

	(void)err_format(path, sizeof(path), "%d/fdinfo/%s", pid, fd);
	return io_read_small(proc_fd, path, text, sizeof(text)) > 0 && strstr(text, " FLOCK ");
}

static bool holds_lock(int proc_fd, pid_t pid, const struct stat *object)
{
	_cleanup_dir_ DIR *d = NULL;
	struct dirent *de;
	char path[32];
	int fd;

	(void)err_format(path, sizeof(path), "%d/fd", pid);
	fd = openat(proc_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	d = fd < 0 ? NULL : fdopendir(fd);
	if (!d) {
		(void)fd_close(fd);
		return false;
	}
	while ((de = readdir(d)) != NULL) {
		struct stat st;

		if (de->d_name[0] != '.' && fstatat(dirfd(d), de->d_name, &st, 0) == 0 &&
		    st.st_dev == object->st_dev && st.st_ino == object->st_ino &&
		    has_lock(proc_fd, pid, de->d_name))
			return true;
	}
	return false;
}

static void rouse(int proc_fd, pid_t pid, const struct stat *object, int sig)
{
	_cleanup_fd_ int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	char state;

	/* opened before we look: a process that takes over the number is not what the signal goes to */
	if (pidfd < 0 || proc_state(pid, &state) < 0 || (state != 'T' && state != 't') ||
	    !holds_lock(proc_fd, pid, object))
		return;
	(void)syscall(SYS_pidfd_send_signal, pidfd, sig, NULL, 0); /* it may be gone by now */
}

void owner_rouse(struct engine *en, const struct container *c, int waited_ms)
{
	char path[CONTAINER_PATH_MAX];
	_cleanup_dir_ DIR *d = NULL;
	struct dirent *de;
	struct stat object;

	if (waited_ms == 0 || waited_ms % ROUSE_EVERY_MS != 0 ||
	    fstatat(en->state_fd, container_path(path, c->id, NULL), &object, AT_SYMLINK_NOFOLLOW) <
		    0)
		return;
	d = opendir("/proc");
	while (d && (de = readdir(d)) != NULL) {
		pid_t pid = (pid_t)strtol(de->d_name, NULL, 10);

		if (pid > 0)
			rouse(dirfd(d), pid, &object,
			      waited_ms < KILL_AFTER_MS ? SIGCONT : SIGKILL);
	}
}
