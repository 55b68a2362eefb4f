// SPDX-License-Identifier: Apache-2.0
/*
 * The mounts of a bundle, below the working directory, which is the container's root. Runs in the new process, which may share
 * its parent's memory: sys_call*() and err_*() only.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/libc.h"
#include "base/str.h"
#include "kern/mount.h"
#include "kern/sys.h"
#include "runtime/bundle_launch.h"
#include "runtime/inside.h"
#include "runtime/kernel_files.h"

static bool is_new_proc(const struct bundle_mount *m)
{
	return m->kind == BUNDLE_MOUNT_NEW && strcmp(m->fstype, "proc") == 0;
}

/* A link would put these where nobody looks for them (CVE-2019-19921, CVE-2023-27561). */
static bool is_kernels(const struct bundle_mount *m)
{
	return is_new_proc(m) || (m->kind == BUNDLE_MOUNT_NEW && strcmp(m->fstype, "sysfs") == 0);
}

static int open_without_links(const char *path)
{
	struct open_how how = {
		.flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS,
	};
	long fd = sys_call4(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));

	if (fd == -ENOENT && inside_make(path, false) == 0)
		fd = sys_call4(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));
	return (int)fd;
}

static int open_target(const struct bundle_mount *m, const char **ret_failed)
{
	int fd = is_kernels(m) ? open_without_links(m->target) :
		 m->is_entry   ? inside_open_entry(m->target, m->is_file) :
				 inside_open_or_make(m->target, m->is_file);

	*ret_failed = "open the mount point";
	if (fd < 0)
		return fd;
	/* what hides parts of /proc would hide what security relies on (CVE-2019-16884) */
	if (inside_is_proc(fd) && !path_below(m->target, "proc") && !is_new_proc(m)) {
		(void)sys_call1(SYS_close, fd); /* O_PATH */
		*ret_failed = "only proc may cover what proc shows";
		return -EPERM;
	}
	return fd;
}

static uint64_t late(const struct bundle_mount *m)
{
	return m->is_sealed ? MOUNT_ATTR_RDONLY : 0;
}

static int change_attrs(int fd, const struct bundle_mount *m)
{
	uint64_t rec = m->rec_set & ~late(m);
	int r = 0;

	if (rec || m->rec_clear)
		r = mount_set_attr(fd, "", AT_RECURSIVE, rec, m->rec_clear, 0);
	for (size_t i = 0; r == 0 && i < m->n_propagation; i++)
		r = mount_set_attr(fd, "", m->propagation[i] & MS_REC ? AT_RECURSIVE : 0, 0, 0,
				   m->propagation[i] & ~(uint32_t)MS_REC);
	return r;
}

/* The mount that an earlier entry has made there; -1 = none of which a descriptor is left. */
static int find_mounted(const struct bundle_launch *b, const struct bundle_mount *m)
{
	for (const struct bundle_mount *o = m; o-- > b->mounts;)
		if (o->kind == BUNDLE_MOUNT_FD && strcmp(o->target, m->target) == 0)
			return o->fd;
	return -1;
}

static int remount_one(const struct bundle_launch *b, const struct bundle_mount *m,
		       const char **ret_failed)
{
	int mounted = find_mounted(b, m);
	int fd = mounted < 0 ? open_target(m, ret_failed) : mounted, r;

	if (fd < 0)
		return fd;
	r = m->params ? mount_reconfigure(fd, m->params, ret_failed) : 0;
	if (r == 0) {
		*ret_failed = "change";
		r = mount_set_attr(fd, "", 0, m->set & ~late(m), m->clear, 0);
	}
	if (r == 0)
		r = change_attrs(fd, m);
	if (mounted < 0)
		(void)sys_call1(SYS_close, fd); /* O_PATH */
	return r;
}

static bool is_directory(int fd)
{
	struct stat st;

	return sys_call4(SYS_newfstatat, fd, "", &st, AT_EMPTY_PATH) == 0 && S_ISDIR(st.st_mode);
}

/* By the descriptor, so that nobody exchanges the target; "/proc" is the host's still. Return: descriptor of the mount. */
static int mount_by_data(const struct bundle_mount *m, int target, const char **ret_failed)
{
	char path[40];
	long r;
	int fd;

	(void)err_format(path, sizeof(path), "/proc/self/fd/%d", target);
	*ret_failed = "mount(2)";
	r = sys_call5(SYS_mount, m->source, path, m->fstype, 0, m->data);
	if (r < 0)
		return (int)r;
	fd = open_target(m, ret_failed);
	if (fd < 0)
		return fd;
	*ret_failed = "change";
	r = mount_set_attr(fd, "", 0, m->set & ~late(m), m->clear, 0);
	if (r == 0)
		return fd;
	(void)sys_call1(SYS_close, fd); /* O_PATH */
	return (int)r;
}

static int attach(const struct bundle_mount *m, int fd, int target, const char **ret_failed)
{
	int r = mount_attach(fd, target, "");

	*ret_failed = "attach";
	if (r < 0 && m->kind == BUNDLE_MOUNT_FD && is_directory(target) == m->is_file)
		*ret_failed = m->is_file ? "a file cannot cover a directory" :
					   "a directory cannot cover a file";
	return r;
}

static int mount_one(const struct bundle_launch *b, const struct bundle_mount *m,
		     const char **ret_failed)
{
	int fd = m->fd, target, r = 0;

	if (m->kind == BUNDLE_MOUNT_REMOUNT)
		return remount_one(b, m, ret_failed);
	*ret_failed = "make a symlink";
	if (m->kind == BUNDLE_MOUNT_LINK)
		return inside_make_link(m->target, m->source);
	if (m->kind == BUNDLE_MOUNT_NEW && !m->data) {
		fd = mount_new(m->fstype, m->source, m->params, m->set & ~late(m), ret_failed);
		if (fd < 0)
			return fd;
	}
	target = open_target(m, ret_failed);
	if (target < 0)
		return target;
	if (m->data)
		r = fd = mount_by_data(m, target, ret_failed);
	else
		r = attach(m, fd, target, ret_failed);
	if (r >= 0)
		r = change_attrs(fd, m);
	if (r == 0) /* stays open until exec */
		kernel_files_note(b->common.kernel, m->target, fd, is_new_proc(m));
	(void)sys_call1(SYS_close, target); /* O_PATH */
	return r;
}

/* Values that may be told; others can be secrets (cifs: password, ceph: secret), and messages go to logs. */
static bool is_public(const char *key)
{
	static const char *const keys[] = { "gid",  "hidepid",	 "huge",      "mode",
					    "mpol", "nr_blocks", "nr_inodes", "ptmxmode",
					    "size", "subset",	 "uid" };

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (str_eq(key, keys[i]))
			return true;
	return false;
}

/* @failed is what went wrong, or the key of the option that did. */
static int mount_failed(const struct bundle_mount *m, int r, const char *failed, struct err *e)
{
	const char *fstype = m->fstype ? m->fstype : "bind";

	for (const struct mount_param *p = m->params; p && p->key; p++) {
		bool shows = p->value && is_public(p->key);

		if (p->key == failed)
			return err_set(e, r, "mounts[%u]: mount '%s' on '%s': option '%s%s%s'",
				       m->index, fstype, m->target, p->key, shows ? "=" : "",
				       shows ? p->value : "");
	}
	if (m->kind == BUNDLE_MOUNT_FD && m->source)
		return err_set(e, r, "mounts[%u]: mount '%s' on '%s': %s", m->index, m->source,
			       m->target, failed);
	return err_set(e, r, "mounts[%u]: mount '%s' on '%s': %s", m->index, fstype, m->target,
		       failed);
}

static int seal_one(const struct bundle_mount *m)
{
	int fd = inside_open_or_make(m->target, false), r;

	if (fd < 0)
		return fd;
	r = mount_set_attr(fd, "", m->rec_set & MOUNT_ATTR_RDONLY ? AT_RECURSIVE : 0,
			   MOUNT_ATTR_RDONLY, 0, 0);
	(void)sys_call1(SYS_close, fd); /* O_PATH */
	return r;
}

int bundle_seal_mounts(const struct bundle_launch *b, struct err *e)
{
	for (size_t i = 0; i < b->n_mounts; i++) {
		int r = b->mounts[i].is_sealed ? seal_one(&b->mounts[i]) : 0;

		if (r < 0)
			return mount_failed(&b->mounts[i], r, "make it read-only", e);
	}
	return 0;
}

int bundle_mount_all(const struct bundle_launch *b, struct err *e)
{
	for (size_t i = 0; i < b->n_mounts; i++) {
		const struct bundle_mount *m = &b->mounts[i];
		const char *failed;
		int r = mount_one(b, m, &failed);

		if (r == -ENODEV && m->is_optional)
			continue;
		if (r < 0)
			return mount_failed(m, r, failed, e);
	}
	return 0;
}
