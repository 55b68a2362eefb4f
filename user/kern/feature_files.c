// SPDX-License-Identifier: Apache-2.0
/* Probes of the file system that holds the root: in a directory of their own, removed after. */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/env.h"
#include "base/err.h"
#include "base/fmt.h"
#include "base/fs.h"
#include "base/io.h"
#include "base/str.h"
#include "kern/feature.h"
#include "kern/feature_probe.h"
#include "kern/mount.h"
#include "kern/overlay.h"

#define PROC_PATH_MAX 64u /* "/proc/self/fd/N/a", "/proc/PID/uid_map" */

/**
 * struct scratch - temporary directory on the file system of the root
 * @path:   its path
 * @name:   last part of it; empty when it is not there
 * @parent: the root, or what exists above it before the first use
 */
struct scratch {
	int parent, fd;
	struct str path;
	char name[40];
};

#define SCRATCH_INIT                   \
	{                              \
		.parent = -1, .fd = -1 \
	}

static void scratch_done(struct scratch *s)
{
	s->fd = fd_close(s->fd);
	if (s->name[0])
		(void)fs_remove_tree(s->parent, s->name, NULL); /* a probe: nobody to tell */
	s->parent = fd_close(s->parent);
	str_done(&s->path);
}

#define _cleanup_scratch_ _cleanup_(scratch_done)

/* Opens the lowest directory of @path that exists and leaves its path in @at. */
static int open_above(const char *path, struct str *at, struct err *e)
{
	str_add(at, path);
	while (!str_failed(at)) {
		int fd = open(at->p, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		char *slash;

		if (fd >= 0)
			return fd;
		slash = strrchr(at->p, '/');
		if (errno != ENOENT || !slash || !at->p[1])
			return err_set(e, errno, "open '%s'", at->p);
		str_truncate(at, slash == at->p ? 1 : (size_t)(slash - at->p));
	}
	return err_set(e, ENOMEM, "open '%s'", path);
}

static int scratch_open(const struct env *env, struct scratch *s, struct err *e)
{
	s->parent = open_above(env->root, &s->path, e);
	if (s->parent < 0)
		return s->parent;
	err_format(s->name, sizeof(s->name), ".davit-doctor-%d", getpid());
	if (mkdirat(s->parent, s->name, 0700) < 0) {
		int r = err_set(e, errno, "make '%s' in '%s'", s->name, env->root);

		s->name[0] = '\0';
		return r;
	}
	str_addf(&s->path, "/%s", s->name);
	s->fd = openat(s->parent, s->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return s->fd < 0 ? err_set(e, errno, "open '%s'", s->name) : 0;
}

/* User namespace with a map, kept by the descriptor alone. */
static int open_userns(struct err *e)
{
	static const char map[] = "0 100000 65536";
	char path[PROC_PATH_MAX];
	int ready[2], fd = -1, r = 0;
	pid_t pid;
	char byte;

	if (pipe2(ready, O_CLOEXEC) < 0)
		return err_set(e, errno, "make pipe");
	pid = fork();
	if (pid == 0) {
		r = unshare(CLONE_NEWUSER) < 0 ? errno : 0;
		(void)!write(ready[1], "x", r == 0);
		(void)close(ready[1]);
		for (;;)
			pause();
	}
	(void)close(ready[1]);
	if (pid > 0 && read(ready[0], &byte, 1) == 1) {
		err_format(path, sizeof(path), "/proc/%d/uid_map", pid);
		r = io_write_file(-1, path, map);
		err_format(path, sizeof(path), "/proc/%d/gid_map", pid);
		r = r < 0 ? r : io_write_file(-1, path, map);
		err_format(path, sizeof(path), "/proc/%d/ns/user", pid);
		fd = r < 0 ? -1 : open(path, O_RDONLY | O_CLOEXEC);
	} else {
		r = -EPERM;
	}
	r = r == 0 && fd < 0 ? -errno : r;
	(void)close(ready[0]);
	if (pid > 0) {
		(void)kill(pid, SIGKILL);
		(void)waitpid(pid, NULL, 0);
	}
	return r < 0 ? err_set(e, r, "make a user namespace") : fd;
}

static int try_overlay(const struct env *env, int userns_fd, struct err *e)
{
	_cleanup_scratch_ struct scratch s = SCRATCH_INIT;
	_cleanup_fd_ int cwd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC), fd = -1;
	char lower[] = "lower", *lowers[] = { lower, NULL };
	const struct strv layers = { .v = lowers, .n = 1 };
	struct overlay_spec spec = {
		.lower = &layers,
		.lower_prefix = "",
		.upper = "upper",
		.work = "work",
		.userns_fd = userns_fd,
	};
	int r = scratch_open(env, &s, e);

	if (r < 0)
		return r;
	spec.base_fd = s.fd;
	spec.base_path = str_text(&s.path);
	if (mkdirat(s.fd, "lower", 0755) < 0 || mkdirat(s.fd, "upper", 0755) < 0 ||
	    mkdirat(s.fd, "work", 0755) < 0)
		return err_set(e, errno, "make a directory in '%s'", s.name);
	fd = overlay_mount(&spec, e);
	if (cwd >= 0 && fchdir(cwd) < 0 && fd >= 0)
		return err_set(e, errno, "return to the working directory");
	return fd < 0 ? fd : 0;
}

FEATURE_PROBE(overlay)
{
	(void)f, (void)detail;
	return try_overlay(env, -1, e);
}

FEATURE_PROBE(idmapped_overlay)
{
	_cleanup_fd_ int userns = open_userns(e);

	(void)f, (void)detail;
	return userns < 0 ? userns : try_overlay(env, userns, e);
}

/* Before 6.5 overlayfs took any parameter and complained when it was mounted: so mount it. */
FEATURE_PROBE(overlay_lowerdir_plus)
{
	_cleanup_scratch_ struct scratch s = SCRATCH_INIT;
	_cleanup_fd_ int fs = (int)syscall(SYS_fsopen, "overlay", FSOPEN_CLOEXEC);
	int r = fs < 0 ? -errno : scratch_open(env, &s, e);

	(void)f, (void)detail;
	for (const char *name = "a"; r == 0 && name; name = name[0] == 'a' ? "b" : NULL) {
		char path[PROC_PATH_MAX];

		if (mkdirat(s.fd, name, 0755) < 0)
			return err_set(e, errno, "make a directory in '%s'", s.name);
		err_format(path, sizeof(path), "/proc/self/fd/%d/%s", s.fd, name);
		if (syscall(SYS_fsconfig, fs, FSCONFIG_SET_STRING, "lowerdir+", path, 0) < 0)
			r = -errno;
	}
	if (r == 0 && syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		r = -errno;
	return r;
}

FEATURE_PROBE(idmapped_root)
{
	_cleanup_scratch_ struct scratch s = SCRATCH_INIT;
	_cleanup_fd_ int userns = open_userns(e), tree = -1;
	int r = userns < 0 ? userns : scratch_open(env, &s, e);

	(void)f, (void)detail;
	if (r < 0)
		return r;
	tree = mount_clone(s.parent, s.name, false, e);
	return tree < 0 ? tree : mount_idmap(tree, userns, false, env->root, e);
}

static const char *fs_name(unsigned long magic)
{
	static const struct {
		unsigned long magic;
		const char *name;
	} names[] = {
		{ EXT4_SUPER_MAGIC, "ext4" },	{ XFS_SUPER_MAGIC, "xfs" },
		{ BTRFS_SUPER_MAGIC, "btrfs" }, { TMPFS_MAGIC, "tmpfs" },
		{ F2FS_SUPER_MAGIC, "f2fs" },	{ OVERLAYFS_SUPER_MAGIC, "overlay" },
		{ NFS_SUPER_MAGIC, "nfs" },	{ FUSE_SUPER_MAGIC, "fuse" },
		{ V9FS_MAGIC, "9p" },		{ 0x2fc12fc1, "zfs" },
		{ 0xca451a4e, "bcachefs" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (names[i].magic == magic)
			return names[i].name;
	return NULL;
}

FEATURE_PROBE(root_fs)
{
	_cleanup_str_ struct str at = STR_INIT;
	_cleanup_fd_ int fd = open_above(env->root, &at, e);
	char free_buf[FMT_BUF];
	struct statfs s;
	const char *name;

	(void)f;
	if (fd < 0)
		return fd;
	if (fstatfs(fd, &s) < 0)
		return err_set(e, errno, "statfs '%s'", env->root);
	name = fs_name((unsigned long)s.f_type);
	if (name)
		str_add(detail, name);
	else
		str_addf(detail, "type 0x%lx", (unsigned long)s.f_type);
	str_addf(detail, ", %s free in %s",
		 fmt_size((uint64_t)s.f_bavail * (uint64_t)s.f_bsize, free_buf), str_text(&at));
	return 0;
}

FEATURE_PROBE(reflink)
{
	_cleanup_scratch_ struct scratch s = SCRATCH_INIT;
	_cleanup_fd_ int from = -1, to = -1;
	int r = scratch_open(env, &s, e);

	(void)f, (void)detail;
	if (r < 0)
		return r;
	from = openat(s.fd, "from", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	to = openat(s.fd, "to", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (from < 0 || to < 0)
		return err_set(e, errno, "make a file in '%s'", s.name);
	r = io_write_full(from, "x", 1);
	if (r < 0)
		return err_set(e, r, "write a file in '%s'", s.name);
	return ioctl(to, FICLONE, from) < 0 ? -errno : 0;
}
