// SPDX-License-Identifier: Apache-2.0
/* User namespaces: id maps of a child, and a namespace that only carries a map. */
#include "runtime/userns.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/io.h"
#include "kern/clone.h"
#include "kern/sys.h"
#include "runtime/config.h"

static int write_map(pid_t pid, const char *file, const struct id_map *map, struct err *e)
{
	char path[48], text[64];
	int r;

	(void)err_format(path, sizeof(path), "/proc/%d/%s", pid, file);
	(void)err_format(text, sizeof(text), "%u %u %u", map->inside, map->outside, map->count);
	r = io_write_file(AT_FDCWD, path, text);
	return r < 0 ? err_set(e, r, "write '%s' to '%s'", text, path) : 0;
}

int userns_write_maps(pid_t pid, const struct id_map *map, struct err *e)
{
	int r = write_map(pid, "uid_map", map, e);

	return r < 0 ? r : write_map(pid, "gid_map", map, e);
}

/* In its parent's memory, with copies of its descriptors and so of its locks: must not outlive it. */
static int wait_to_be_killed(void *arg)
{
	const pid_t *parent = arg;

	(void)sys_call2(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL); /* cannot fail */
	if (sys_call0(SYS_getppid) != *parent)
		return 0;
	for (;;)
		(void)sys_call4(SYS_ppoll, 0, 0, 0, 0);
	return 0;
}

int userns_create_with(int (*write_maps)(pid_t pid, const void *data, struct err *e), const void *data,
		       struct err *e)
{
	_cleanup_fd_ int pidfd = -1, fd = -1;
	char path[32];
	pid_t self = getpid(), pid;
	void *stack;
	int r;

	stack = mmap(NULL, CLONE_STACK_SIZE, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	if (stack == MAP_FAILED)
		return err_set(e, errno, "make a user namespace");
	pid = clone_run(CLONE_VM | CLONE_NEWUSER, -1, stack, wait_to_be_killed, &self, &pidfd);
	if (pid < 0) {
		(void)munmap(stack, CLONE_STACK_SIZE);
		(void)err_set(e, pid, "make a user namespace");
		if (pid == -ENOSPC || pid == -EPERM)
			err_hint(e, "see /proc/sys/user/max_user_namespaces; the kernel refuses it to a process in a chroot, too");
		return pid;
	}
	r = write_maps(pid, data, e);
	if (r == 0) {
		(void)err_format(path, sizeof(path), "/proc/%d/ns/user", pid);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			r = err_set(e, errno, "open '%s'", path);
	}
	(void)kill(pid, SIGKILL);	    /* our own child, not reaped yet: the pid is its */
	(void)waitpid(pid, NULL, __WALL); /* nobody else waits for it */
	(void)munmap(stack, CLONE_STACK_SIZE);
	return r < 0 ? r : TAKE_FD(fd);
}

static int write_one_range(pid_t pid, const void *data, struct err *e)
{
	return userns_write_maps(pid, data, e);
}

int userns_create(const struct id_map *map, struct err *e)
{
	return userns_create_with(write_one_range, map, e);
}
