// SPDX-License-Identifier: Apache-2.0
/* The mount API of Linux 5.2/5.12: detached mounts as descriptors. */
#include "kern/mount.h"

#include <errno.h>
#include <fcntl.h>

#include "base/err.h"
#include "kern/sys.h"

#ifndef AT_RECURSIVE
#define AT_RECURSIVE 0x8000
#endif

int mount_open_tree(int dirfd, const char *path, unsigned int flags)
{
	return (int)sys_call3(SYS_open_tree, dirfd, path, flags | OPEN_TREE_CLOEXEC);
}

int mount_attach(int mountfd, int dirfd, const char *target)
{
	return (int)sys_call5(SYS_move_mount, mountfd, "", dirfd, target,
			      MOVE_MOUNT_F_EMPTY_PATH | (*target ? 0 : MOVE_MOUNT_T_EMPTY_PATH));
}

int mount_set_attr(int dirfd, const char *path, unsigned int flags, uint64_t set, uint64_t clear,
		   uint64_t propagation)
{
	struct mount_attr attr = { .attr_set = set, .attr_clr = clear, .propagation = propagation };

	return (int)sys_call5(SYS_mount_setattr, dirfd, path, flags | (*path ? 0 : AT_EMPTY_PATH),
			      &attr, sizeof(attr));
}

static long set_param(int fs, const struct mount_param *p)
{
	return sys_call5(SYS_fsconfig, fs, p->value ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG,
			 p->key, p->value, 0);
}

int mount_new(const char *fstype, const char *source, const struct mount_param *params,
	      uint64_t attrs, const char **ret_failed)
{
	long fs = sys_call2(SYS_fsopen, fstype, FSOPEN_CLOEXEC), r = 0;

	*ret_failed = "fsopen";
	if (fs < 0)
		return (int)fs;
	*ret_failed = "source";
	if (source)
		r = sys_call5(SYS_fsconfig, fs, FSCONFIG_SET_STRING, "source", source, 0);
	for (; r == 0 && params && params->key; params++) {
		*ret_failed = params->key;
		r = sys_call5(SYS_fsconfig, fs,
			      params->value ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG, params->key,
			      params->value, 0);
	}
	if (r == 0) {
		*ret_failed = "create";
		r = sys_call5(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, 0, 0, 0);
	}
	if (r == 0) {
		*ret_failed = "fsmount";
		r = sys_call3(SYS_fsmount, fs, FSMOUNT_CLOEXEC, attrs);
	}
	(void)sys_call1(SYS_close, fs); /* a context without dirty state cannot fail to close */
	return (int)r;
}

int mount_reconfigure(int dirfd, const struct mount_param *params, const char **ret_failed)
{
	long fs = sys_call3(SYS_fspick, dirfd, "", FSPICK_CLOEXEC | FSPICK_EMPTY_PATH), r = 0;

	*ret_failed = "fspick";
	if (fs < 0)
		return (int)fs;
	for (; r == 0 && params->key; params++) {
		*ret_failed = params->key;
		r = set_param((int)fs, params);
	}
	if (r == 0) {
		*ret_failed = "reconfigure";
		r = sys_call5(SYS_fsconfig, fs, FSCONFIG_CMD_RECONFIGURE, 0, 0, 0);
	}
	(void)sys_call1(SYS_close, fs); /* as above */
	return (int)r;
}

int mount_create(const char *fstype, const char *source, const struct mount_param *params,
		 uint64_t attrs, struct err *e)
{
	const char *failed;
	int fd = mount_new(fstype, source, params, attrs, &failed);

	if (fd < 0)
		return err_set(e, fd, "mount %s (%s)", fstype, failed);
	return fd;
}

int mount_clone(int dirfd, const char *path, bool is_recursive, struct err *e)
{
	int fd = mount_open_tree(dirfd, path,
				 OPEN_TREE_CLONE | (*path ? 0 : AT_EMPTY_PATH) |
					 (is_recursive ? AT_RECURSIVE : 0));

	if (fd < 0)
		return err_set(e, fd, "bind '%s'", path);
	return fd;
}

int mount_idmap(int mountfd, int userns_fd, bool is_recursive, const char *what, struct err *e)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_IDMAP, .userns_fd = (uint64_t)userns_fd };
	long r = sys_call5(SYS_mount_setattr, mountfd, "",
			   AT_EMPTY_PATH | (is_recursive ? AT_RECURSIVE : 0), &attr, sizeof(attr));

	if (r == 0)
		return 0;
	(void)err_set(e, (int)r, "map the ids of mount '%s'", what);
	if (r == -EINVAL || r == -EOPNOTSUPP)
		err_hint(e, "its file system cannot be id-mapped on this kernel; ext4, xfs and btrfs can, "
			    "tmpfs from Linux 6.3");
	return (int)r;
}
