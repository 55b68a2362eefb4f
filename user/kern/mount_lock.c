// SPDX-License-Identifier: Apache-2.0
/* Mounts of the host for a user namespace. */
#include "kern/mount_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "kern/clone.h"
#include "kern/mount.h"
#include "kern/sys.h"

#ifndef AT_RECURSIVE
#define AT_RECURSIVE 0x8000
#endif

/**
 * struct locker - shared with the two processes
 * @places: names of what the mounts are attached on
 * @copies: descriptors of the locked ones, -1
 */
struct locker {
	size_t n;
	const int *fds;
	struct place {
		char name[24];
		bool is_dir;
	} * places;
	int *copies;
	const struct mount_param *params;
	struct err e;
};

static _Alignas(16) char outer_stack[CLONE_STACK_SIZE], inner_stack[CLONE_STACK_SIZE];

/* The functions below run in the parent's memory: sys_call*() and err_*() only. */

/* In the user namespace: what is seen here is locked. */
static int take_copies(void *arg)
{
	struct locker *l = arg;

	for (size_t i = 0; i < l->n; i++) {
		l->copies[i] = mount_open_tree(AT_FDCWD, l->places[i].name,
					       OPEN_TREE_CLONE | AT_RECURSIVE);
		if (l->copies[i] < 0) {
			(void)err_set(&l->e, l->copies[i], "lock a mount of the host: copy it");
			return 1;
		}
	}
	return 0;
}

/* A file system with a place for each, and nothing else: who has another root may make no user namespace. */
static int make_places(struct locker *l)
{
	const char *failed = "mount namespace";
	int root = -1;
	long r = sys_call1(SYS_unshare, CLONE_NEWNS);

	if (r == 0)
		r = mount_set_attr(AT_FDCWD, "/", AT_RECURSIVE, 0, 0, MS_PRIVATE);
	if (r == 0) {
		root = mount_new("tmpfs", "davit-lock", l->params, 0, &failed);
		r = root < 0 ? root : mount_attach(root, AT_FDCWD, "/");
	}
	if (r == 0) {
		failed = "change to them";
		r = sys_call1(SYS_fchdir, root);
	}
	if (r == 0)
		r = sys_call2(SYS_pivot_root, ".", ".");
	if (r == 0)
		r = sys_call2(SYS_umount2, ".", MNT_DETACH);
	if (root >= 0)
		(void)sys_call1(SYS_close, root); /* attached, or given up */
	for (size_t i = 0; r == 0 && i < l->n; i++)
		r = l->places[i].is_dir ?
			    sys_call3(SYS_mkdirat, AT_FDCWD, l->places[i].name, 0755) :
			    sys_call4(SYS_mknodat, AT_FDCWD, l->places[i].name, S_IFREG | 0644, 0);
	return r < 0 ? err_set(&l->e, (int)r, "lock mounts of the host: make places for them (%s)",
			       failed) :
		       0;
}

static int attach_and_clone(void *arg)
{
	struct locker *l = arg;
	int r = make_places(l), pidfd = -1;
	pid_t pid;

	for (size_t i = 0; r == 0 && i < l->n; i++) {
		r = mount_attach(l->fds[i], AT_FDCWD, l->places[i].name);
		if (r < 0)
			(void)err_set(&l->e, r, "lock a mount of the host: attach it");
	}
	if (r < 0)
		return 1;
	pid = clone_run(CLONE_NEWUSER | CLONE_NEWNS | CLONE_VM | CLONE_VFORK | CLONE_FILES, -1,
			inner_stack, take_copies, l, &pidfd);
	if (pid < 0) {
		(void)err_set(&l->e, pid, "lock mounts of the host: make a user namespace");
		return 1;
	}
	/* it has ended: only to be reaped */
	while (sys_call5(SYS_waitid, P_PIDFD, pidfd, NULL, WEXITED | __WALL, NULL) == -EINTR)
		;
	(void)sys_call1(SYS_close, pidfd);
	return l->e.code < 0;
}

static int run(struct locker *l, struct err *e)
{
	_cleanup_fd_ int pidfd = -1;
	siginfo_t si = { .si_status = 1 };
	pid_t pid = clone_run(CLONE_VM | CLONE_VFORK | CLONE_FILES, -1, outer_stack,
			      attach_and_clone, l, &pidfd);

	if (pid < 0)
		return err_set(e, pid, "clone a process");
	while (waitid(P_PIDFD, (id_t)pidfd, &si, WEXITED | __WALL) < 0 && errno == EINTR)
		;
	if (si.si_code == CLD_EXITED && si.si_status == 0 && l->copies[l->n - 1] >= 0)
		return 0;
	if (e && l->e.code < 0)
		*e = l->e;
	return l->e.code < 0 ? l->e.code :
			       err_plain(e, -ECANCELED, "the process that locks mounts was killed");
}

static int describe(struct locker *l, struct err *e)
{
	for (size_t i = 0; i < l->n; i++) {
		struct stat st;

		if (fstat(l->fds[i], &st) < 0)
			return err_set(e, errno, "look at a mount of the host");
		l->copies[i] = -1;
		l->places[i].is_dir = S_ISDIR(st.st_mode);
		(void)err_format(l->places[i].name, sizeof(l->places[i].name), "%zu", i);
	}
	return 0;
}

int mount_lock(const int *fds, size_t n, struct err *e)
{
	char inodes[24];
	const struct mount_param params[] = {
		{ "size", "0" }, { "mode", "0755" }, { "nr_inodes", inodes }, { NULL, NULL }
	};
	static struct locker l; /* large, and shared with the processes that fill it in */
	_cleanup_free_ struct place *places = calloc(n + 1, sizeof(*places));
	_cleanup_free_ int *copies = calloc(n + 1, sizeof(*copies));
	int r;

	if (!n)
		return 0;
	if (!places || !copies)
		return err_set(e, ENOMEM, "lock mounts of the host");
	(void)err_format(inodes, sizeof(inodes), "%zu", n + 1);
	l = (struct locker){
		.n = n, .fds = fds, .places = places, .copies = copies, .params = params
	};
	r = describe(&l, e);
	if (r == 0)
		r = run(&l, e);
	for (size_t i = 0; i < n; i++) {
		if (r == 0 && dup3(copies[i], fds[i], O_CLOEXEC) < 0)
			r = err_set(e, errno, "lock a mount of the host");
		(void)fd_close(copies[i]);
	}
	return r;
}
