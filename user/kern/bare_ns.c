// SPDX-License-Identifier: Apache-2.0
/* The bare mount namespace. */
#include "kern/bare_ns.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <sched.h>
#include <stdint.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/lock.h"
#include "kern/clone.h"
#include "kern/mount.h"
#include "kern/sys.h"

#ifndef SYS_listmount
#define SYS_listmount 458
#endif

#define DIR_NAME "~bare" /* no id of a container */
#define PIN_NAME "ns"

#ifndef NSFS_MAGIC
#define NSFS_MAGIC 0x6e736673
#endif

bool bare_ns_pays(void)
{
	/* struct mnt_id_req of Linux 6.8, which headers of Debian 12 lack */
	struct {
		uint32_t size, spare;
		uint64_t mnt_id, param;
	} req = { .size = 24, .mnt_id = UINT64_MAX /* LSMT_ROOT */ };
	uint64_t ids[BARE_NS_MOUNTS];

	return sys_call4(SYS_listmount, &req, ids, BARE_NS_MOUNTS, 0) == BARE_NS_MOUNTS;
}

/**
 * struct maker - what makes the namespace: a process that shares memory and descriptors with its parent
 * @fd: the namespace
 */
struct maker {
	int fd;
	struct err e;
};

static const struct mount_param small[] = { { "size", "0" },
					    { "nr_inodes", "3" },
					    { "mode", "0755" },
					    { NULL, NULL } };

/* Steps below run in the parent's memory: sys_call*() and err_*() only. */
static int make_root(struct err *e)
{
	const char *failed;
	int root = mount_new("tmpfs", "davit-bare", small, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC,
			     &failed);
	long r;

	if (root < 0)
		return err_set(e, root, "mount tmpfs (%s)", failed);
	r = mount_attach(root, AT_FDCWD, "/");
	if (r == 0)
		r = sys_call1(SYS_fchdir, root);
	if (r == 0)
		r = sys_call3(SYS_mkdirat, AT_FDCWD, "proc", 0755);
	if (r == 0)
		r = sys_call3(SYS_mkdirat, AT_FDCWD, BARE_NS_ROOT + 1, 0755);
	if (r == 0)
		r = mount_set_attr(root, "", 0, MOUNT_ATTR_RDONLY, 0, 0);
	(void)sys_call1(SYS_close, root);
	return r < 0 ? err_set(e, (int)r, "make the root of the bare namespace") : 0;
}

static int make_namespace(struct maker *m)
{
	int proc;
	long r = sys_call1(SYS_unshare, CLONE_NEWNS);

	if (r < 0)
		return err_set(&m->e, (int)r, "make a mount namespace");
	r = mount_set_attr(AT_FDCWD, "/", AT_RECURSIVE, 0, 0, MS_PRIVATE);
	if (r < 0)
		return err_set(&m->e, (int)r, "make mounts private");
	proc = mount_open_tree(AT_FDCWD, "/proc", OPEN_TREE_CLONE);
	if (proc < 0)
		return err_set(&m->e, proc, "bind '/proc'");
	m->fd = (int)sys_call4(SYS_openat, AT_FDCWD, "/proc/thread-self/ns/mnt", O_RDONLY | O_CLOEXEC, 0);
	if (m->fd < 0)
		return err_set(&m->e, m->fd, "open '/proc/thread-self/ns/mnt'");
	r = make_root(&m->e);
	if (r < 0)
		return (int)r;
	r = mount_attach(proc, AT_FDCWD, "proc");
	if (r == 0)
		r = sys_call2(SYS_pivot_root, ".", ".");
	if (r == 0)
		r = sys_call2(SYS_umount2, ".", MNT_DETACH);
	(void)sys_call1(SYS_close, proc);
	return r < 0 ? err_set(&m->e, (int)r, "leave the mounts of the host") : 0;
}

static int maker_main(void *arg)
{
	return make_namespace(arg) < 0;
}

/* Return: descriptor of a new namespace */
static int make(struct err *e)
{
	static _Alignas(16) char stack[CLONE_STACK_SIZE];
	static struct maker m; /* large, and shared with the process that fills it in */
	_cleanup_fd_ int pidfd = -1, fd = -1;
	siginfo_t si = { .si_status = 1 };
	pid_t pid;

	m = (struct maker){ .fd = -1 };
	pid = clone_run(CLONE_VM | CLONE_VFORK | CLONE_FILES, -1, stack, maker_main, &m, &pidfd);
	if (pid < 0)
		return err_set(e, pid, "clone a process");
	while (waitid(P_PIDFD, (id_t)pidfd, &si, WEXITED | __WALL) < 0 && errno == EINTR)
		;
	fd = m.fd;
	if (si.si_code == CLD_EXITED && si.si_status == 0)
		return TAKE_FD(fd);
	if (e)
		*e = m.e;
	return m.e.code ? m.e.code : err_plain(e, -ECANCELED, "the process that makes a mount namespace was killed");
}

static bool is_namespace(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 && fs.f_type == NSFS_MAGIC;
}

static int find(int dirfd)
{
	_cleanup_fd_ int fd = openat(dirfd, DIR_NAME "/" PIN_NAME, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0)
		return -errno;
	return is_namespace(fd) ? TAKE_FD(fd) : -ENOENT;
}

/* A private mount of @dirfd's own directory on itself: where mounts propagate, no namespace may be pinned. */
static int mount_on_itself(int dirfd, struct err *e)
{
	_cleanup_fd_ int fd = mount_clone(dirfd, "", false, e);
	int r;

	if (fd < 0)
		return fd;
	r = mount_set_attr(fd, "", 0, 0, 0, MS_PRIVATE);
	if (r == 0)
		r = mount_attach(fd, dirfd, "");
	return r < 0 ? err_set(e, r, "mount '" DIR_NAME "' on itself") : 0;
}

static bool is_mount(int statefd)
{
	struct open_how how = { .flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_NO_XDEV };
	long fd = sys_call4(SYS_openat2, statefd, DIR_NAME, &how, sizeof(how));

	if (fd >= 0)
		(void)close((int)fd); /* O_PATH */
	return fd == -EXDEV;
}

static int pin(int statefd, int ns, struct err *e)
{
	_cleanup_fd_ int dir = -1, file = -1, fd = -1;
	int r;

	dir = openat(statefd, DIR_NAME, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0)
		return err_set(e, errno, "open '" DIR_NAME "'");
	r = is_mount(statefd) ? 0 : mount_on_itself(dir, e); /* so it is when somebody was killed here */
	if (r < 0)
		return r;
	(void)fd_close(dir);
	dir = openat(statefd, DIR_NAME, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC); /* the mount */
	if (dir < 0)
		return err_set(e, errno, "open '" DIR_NAME "'");
	file = openat(dir, PIN_NAME, O_RDONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (file < 0)
		return err_set(e, errno, "make '" DIR_NAME "/" PIN_NAME "'");
	fd = mount_clone(ns, "", false, e);
	if (fd < 0)
		return fd;
	r = mount_attach(fd, file, "");
	return r < 0 ? err_set(e, r, "pin the mount namespace as '" DIR_NAME "/" PIN_NAME "'") : 0;
}

static int make_and_pin(int state, int *ret_ns, struct err *e)
{
	_cleanup_fd_ int ns = make(e);
	int r = ns < 0 ? ns : pin(state, ns, e);

	if (r == 0)
		*ret_ns = TAKE_FD(ns);
	return r;
}

/*
 * A namespace may be pinned in an older one alone. Linux 6.18 tells their age by numbers that each processor
 * takes from a batch of its own: the new one of another processor may count as the older (ELOOP).
 */
static int make_on_each_processor(int state, int *ret_ns, struct err *e)
{
	cpu_set_t all, one;
	int r = -ELOOP;

	if (sched_getaffinity(0, sizeof(all), &all) < 0)
		return r;
	for (int i = 0; r == -ELOOP && i < CPU_SETSIZE; i++) {
		if (!CPU_ISSET(i, &all))
			continue;
		CPU_ZERO(&one);
		CPU_SET(i, &one);
		err_clear(e);
		if (sched_setaffinity(0, sizeof(one), &one) == 0)
			r = make_and_pin(state, ret_ns, e);
	}
	(void)sched_setaffinity(0, sizeof(all), &all); /* had been its own */
	return r;
}

int bare_ns_open(const char *dir, struct err *e)
{
	_cleanup_fd_ int state = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC), lock = -1, ns = -1;
	int r;

	if (state < 0)
		return err_set(e, errno, "open '%s'", dir);
	r = find(state);
	if (r >= 0)
		return r;
	if (mkdirat(state, DIR_NAME, 0700) < 0 && errno != EEXIST)
		return err_set(e, errno, "make '%s/" DIR_NAME "'", dir);
	lock = lock_dir(state, DIR_NAME, LOCK_EX, e);
	if (lock < 0)
		return lock;
	r = find(state); /* somebody was faster */
	if (r >= 0)
		return r;
	r = make_and_pin(state, &ns, e);
	if (r == -ELOOP)
		r = make_on_each_processor(state, &ns, e);
	return r < 0 ? r : TAKE_FD(ns);
}
