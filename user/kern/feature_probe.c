// SPDX-License-Identifier: Apache-2.0
/* Probes of system calls, namespaces and cgroups; those of file systems are in feature_files.c. */
#include "kern/feature_probe.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/env.h"
#include "base/err.h"
#include "base/libc.h"
#include "base/str.h"
#include "kern/cap.h"
#include "kern/cgroup.h"
#include "kern/feature.h"

#define NO_FD (1 << 30) /* a valid number that no process has open */

#define UNUSED_PROBE_ARGS() ((void)f, (void)env, (void)detail, (void)e)

FEATURE_PROBE(capabilities)
{
	static const unsigned int needed[] = {
		CAP_CHOWN,   CAP_DAC_OVERRIDE, CAP_FOWNER,    CAP_KILL,	 CAP_SETGID,	CAP_SETUID,
		CAP_SETPCAP, CAP_SYS_CHROOT,   CAP_SYS_ADMIN, CAP_MKNOD, CAP_NET_ADMIN,
	};
	struct cap_sets have;
	int r = cap_get(&have);

	(void)f, (void)env;
	if (r < 0)
		return err_set(e, r, "read capabilities");
	for (size_t i = 0; i < ARRAY_SIZE(needed); i++) {
		if (have.effective & CAP_BIT(needed[i]))
			continue;
		str_addf(detail, "%s%s", detail->len ? ", " : "without ", cap_name(needed[i]));
		r = -EPERM;
	}
	return r;
}

/* It complains of the descriptor, after it has understood the flag, before it makes a process. */
FEATURE_PROBE(clone_into_cgroup)
{
	struct clone_args args = { .flags = CLONE_INTO_CGROUP,
				   .exit_signal = SIGCHLD,
				   .cgroup = NO_FD };
	long pid = syscall(SYS_clone3, &args, sizeof(args));

	UNUSED_PROBE_ARGS();
	if (pid == 0)
		_exit(0);
	return pid < 0 && errno == EBADF ? 0 : pid < 0 ? -errno : -EIO;
}

FEATURE_PROBE(close_range)
{
	UNUSED_PROBE_ARGS();
	return close_range(NO_FD, NO_FD, 0) < 0 ? -errno : 0;
}

FEATURE_PROBE(pidfd)
{
	_cleanup_fd_ int fd = pidfd_open(getpid(), 0);

	UNUSED_PROBE_ARGS();
	return fd < 0 ? -errno : 0;
}

FEATURE_PROBE(openat2)
{
	struct open_how how = { .flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT };
	_cleanup_fd_ int fd = (int)syscall(SYS_openat2, AT_FDCWD, "/", &how, sizeof(how));

	UNUSED_PROBE_ARGS();
	return fd < 0 ? -errno : 0;
}

FEATURE_PROBE(namespace)
{
	pid_t pid = fork();
	int status;

	(void)env, (void)detail;
	if (pid == 0)
		_exit(unshare(f->arg) < 0 ? errno & 0x7f : 0);
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return err_set(e, errno, "start a process");
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -EIO;
}

FEATURE_PROBE(seccomp)
{
	uint32_t action = SECCOMP_RET_ERRNO;

	UNUSED_PROBE_ARGS();
	return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) < 0 ? -errno : 0;
}

FEATURE_PROBE(mount_api)
{
	_cleanup_fd_ int fs = (int)syscall(SYS_fsopen, "tmpfs", FSOPEN_CLOEXEC);
	_cleanup_fd_ int tree = -1;

	UNUSED_PROBE_ARGS();
	if (fs < 0)
		return -errno;
	tree = (int)syscall(SYS_open_tree, AT_FDCWD, "/", OPEN_TREE_CLOEXEC | OPEN_TREE_CLONE);
	return tree < 0 ? -errno : 0;
}

FEATURE_PROBE(mount_setattr)
{
	_cleanup_fd_ int tree =
		(int)syscall(SYS_open_tree, AT_FDCWD, "/", OPEN_TREE_CLOEXEC | OPEN_TREE_CLONE);
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };

	UNUSED_PROBE_ARGS();
	if (tree < 0)
		return -errno;
	return syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH, &attr, sizeof(attr)) < 0 ?
		       -errno :
		       0;
}

FEATURE_PROBE(cgroup_fs)
{
	const char *mode = cgroup_mode();

	(void)f, (void)env, (void)e;
	str_add(detail, mode ? mode : "none below /sys/fs/cgroup");
	return mode ? 0 : -ENOENT;
}

FEATURE_PROBE(cgroup2)
{
	const char *mode = cgroup_mode();

	UNUSED_PROBE_ARGS();
	return mode && !str_eq(mode, "v1") ? 0 : -ENOENT;
}

/* The root has no such file: it takes a cgroup to look at, in a slice that goes with it. */
FEATURE_PROBE(cgroup_kill)
{
	_cleanup_(cgroup_freep) struct cgroup *cg = NULL;
	char slice[32];
	int r;

	(void)f, (void)env, (void)detail;
	err_format(slice, sizeof(slice), "davit-doctor-%d", getpid());
	r = cgroup_create(slice, "probe", NULL, &cg, e);
	if (r < 0)
		return r;
	if (cgroup_fd(cg) < 0 || faccessat(cgroup_fd(cg), "cgroup.kill", F_OK, 0) < 0)
		r = -ENOENT;
	(void)cgroup_destroy(cg, NULL); /* nothing has entered it */
	(void)cgroup_slice_remove(slice, NULL);
	return r;
}

FEATURE_PROBE(controller)
{
	static const char *const names[] = {
		[CGROUP_NOWHERE] = "not available",
		[CGROUP_ON_V1] = "on v1",
		[CGROUP_ON_V2] = "on v2",
	};
	enum cgroup_where where = cgroup_controller_where((enum cgroup_controller)f->arg);

	(void)env, (void)e;
	str_addf(detail, "%s", names[where]);
	return where == CGROUP_NOWHERE ? -ENOENT : 0;
}

FEATURE_PROBE(swap_accounting)
{
	UNUSED_PROBE_ARGS();
	return cgroup_has_swap() ? 0 : -ENOENT;
}

FEATURE_PROBE(weight)
{
	(void)f, (void)env, (void)e;
	if (cgroup_has_weights())
		return 0;
	str_add(detail, "no block device shares by weight");
	return -ENOENT;
}

FEATURE_PROBE(bpffs)
{
	struct statfs s;

	(void)f, (void)e;
	if (statfs(env->bpffs, &s) < 0)
		return -errno;
	if ((unsigned long)s.f_type == BPF_FS_MAGIC)
		return 0;
	str_addf(detail, "none on %s", env->bpffs);
	return -ENOENT;
}

FEATURE_PROBE(module)
{
	_cleanup_fd_ int fd = open("/dev/davit", O_RDWR | O_CLOEXEC);

	UNUSED_PROBE_ARGS();
	return fd < 0 ? -errno : 0;
}

FEATURE_PROBE(helper)
{
	_cleanup_free_ char *path = NULL;
	int r = env_helper(env, f->name, &path, e);

	if (r == 0)
		str_add(detail, path);
	return r;
}
