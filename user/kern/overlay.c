// SPDX-License-Identifier: Apache-2.0
/* A container's root file system: overlay(lowers…, upper) as a detached mount. */
#include "kern/overlay.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/str.h"
#include "kern/cap.h"
#include "kern/clone.h"
#include "kern/mount.h"
#include "kern/sys.h"

#define PARAM_MAX 255u /* fsconfig(2): strndup_user(value, 256) */

/* All that the mounting process needs, made before: it may be a child that shares our memory. */
struct job {
	const struct overlay_spec *spec;
	struct str lowerdir;  /* "l/a:l/b" */
	struct strv lowers;   /* "l/a", "l/b" */
	struct str options;   /* of mount(2) */
	bool by_options;
	int tree;	      /* id-mapped clone of the base, or -1 */
	int fd;		      /* result: descriptor or -errno */
	const char *failed;
};

static long set_string(long fs, const char *key, const char *value)
{
	return sys_call5(SYS_fsconfig, fs, FSCONFIG_SET_STRING, key, value, 0);
}

static long set_lowers(struct job *j, long fs)
{
	long r = 0;

	j->failed = "lowerdir";
	if (j->lowerdir.len <= PARAM_MAX)
		return set_string(fs, "lowerdir", j->lowerdir.p);
	for (size_t i = 0; r == 0 && i < j->lowers.n; i++)
		r = set_string(fs, "lowerdir+", j->lowers.v[i]);
	return r;
}

static int mount_by_context(struct job *j)
{
	const struct overlay_spec *o = j->spec;
	long fs = sys_call2(SYS_fsopen, "overlay", FSOPEN_CLOEXEC), r;

	j->failed = "fsopen";
	if (fs < 0)
		return (int)fs;
	r = set_string(fs, "source", "overlay");
	if (r == 0)
		r = set_lowers(j, fs);
	if (r == 0 && o->upper) {
		j->failed = "upperdir";
		r = set_string(fs, "upperdir", o->upper);
		if (r == 0)
			r = set_string(fs, "workdir", o->work);
	}
	/* a host may have it on: it ties work to one upper, and to one mount at a time */
	if (r == 0 && o->upper) {
		j->failed = "index";
		r = set_string(fs, "index", "off");
	}
	if (r == 0 && o->upper && o->is_volatile) {
		j->failed = "volatile";
		r = sys_call5(SYS_fsconfig, fs, FSCONFIG_SET_FLAG, "volatile", 0, 0);
	}
	if (r == 0) {
		j->failed = "create";
		r = sys_call5(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, 0, 0, 0);
	}
	if (r == 0) {
		j->failed = "fsmount";
		r = sys_call3(SYS_fsmount, fs, FSMOUNT_CLOEXEC, 0);
	}
	(void)sys_call1(SYS_close, fs); /* a context without dirty state cannot fail to close */
	return (int)r;
}

/*
 * mount(2) takes a page of options where fsconfig(2) takes 255 bytes: for many layers before Linux
 * 6.8, which has "lowerdir+". It can only mount on something: here on the base itself, in a mount
 * namespace that ends with this process; the clone outlives it.
 */
static int mount_by_options(struct job *j)
{
	long r = sys_call5(SYS_mount, "overlay", ".", "overlay", 0, j->options.p);

	j->failed = "mount";
	return r < 0 ? (int)r : mount_open_tree(AT_FDCWD, j->spec->base_path, OPEN_TREE_CLONE);
}

/* Be the map's root towards file systems, with the capabilities that setfsuid(2) takes away. */
static int become_fs_root(uid_t id)
{
	struct cap_sets caps;
	int r = cap_get(&caps);

	if (r < 0)
		return r;
	(void)sys_call1(SYS_setfsgid, id); /* these two never fail; they return the previous id */
	(void)sys_call1(SYS_setfsuid, id);
	caps.effective = caps.permitted;
	return cap_apply(&caps);
}

/*
 * In a mount namespace of its own, sharing memory and descriptors with the parent: layers are
 * looked up through an id-mapped mount, which has to be attached for overlayfs to take it.
 */
static int mount_in_child(void *arg)
{
	struct job *j = arg;
	int r = 0;

	if (j->tree >= 0) {
		r = mount_set_attr(AT_FDCWD, "/", AT_RECURSIVE, 0, 0, MS_PRIVATE);
		if (r == 0)
			r = mount_attach(j->tree, AT_FDCWD, j->spec->base_path);
		if (r == 0)
			r = (int)sys_call1(SYS_fchdir, j->tree);
		if (r == 0)
			r = become_fs_root(j->spec->root_id);
		j->failed = "id-mapped layers";
	} else if (j->by_options) {
		r = mount_set_attr(AT_FDCWD, "/", AT_RECURSIVE, 0, 0, MS_PRIVATE);
	}
	if (r < 0)
		j->fd = r;
	else
		j->fd = j->by_options ? mount_by_options(j) : mount_by_context(j);
	return 0;
}

static int run_in_child(struct job *j)
{
	static _Alignas(16) char stack[CLONE_STACK_SIZE];
	int pidfd = -1;
	pid_t pid = clone_run(CLONE_VM | CLONE_VFORK | CLONE_FILES | CLONE_NEWNS, -1, stack,
			      mount_in_child, j, &pidfd);

	if (pid < 0)
		return pid;
	while (waitpid(pid, NULL, __WALL) < 0 && errno == EINTR)
		;
	(void)close(pidfd); /* reaped */
	return j->fd;
}

static int prepare_tree(struct job *j, struct err *e)
{
	const struct overlay_spec *o = j->spec;
	int r;

	if (o->userns_fd < 0)
		return 0;
	j->tree = mount_clone(o->base_fd, "", false, e);
	if (j->tree < 0)
		return j->tree;
	r = mount_idmap(j->tree, o->userns_fd, false, o->base_path, e);
	return r;
}

/* More layers than one parameter holds: one by one if the kernel takes them so, else by mount(2). */
static int mount_many(struct job *j)
{
	const struct overlay_spec *o = j->spec;
	int r = j->tree >= 0 ? run_in_child(j) : mount_by_context(j);

	if (r != -EINVAL && r != -E2BIG)
		return r;
	str_addf(&j->options, "lowerdir=%s", j->lowerdir.p);
	if (o->upper)
		str_addf(&j->options, ",upperdir=%s,workdir=%s,index=off%s", o->upper, o->work,
			 o->is_volatile ? ",volatile" : "");
	if (str_failed(&j->options))
		return -ENOMEM;
	if (j->options.len >= (size_t)sysconf(_SC_PAGESIZE))
		return -E2BIG;
	j->by_options = true;
	return run_in_child(j);
}

static int explain(const struct job *j, int r, struct err *e)
{
	(void)err_set(e, r, "mount the root file system (overlay, %s)", j->failed);
	if (r == -E2BIG)
		err_hint(e, "%zu layers are more than this kernel takes; Linux 6.8 and newer take 500",
			 j->lowers.n);
	else if (r == -EINVAL)
		err_hint(e, "overlayfs does not take '%s' as an upper layer: put the root on ext4, xfs, btrfs or "
			    "tmpfs (--root); 'dmesg | tail' says why", j->spec->base_path);
	else if (r == -ENODEV)
		err_hint(e, "this kernel has no overlay file system: modprobe overlay");
	return r;
}

int overlay_mount(const struct overlay_spec *o, struct err *e)
{
	struct job j = { .spec = o, .tree = -1, .fd = -1, .failed = "prepare" };
	int r = 0;

	for (size_t i = 0; r == 0 && i < o->lower->n; i++) {
		str_addf(&j.lowerdir, "%s%s%s", i ? ":" : "", o->lower_prefix, o->lower->v[i]);
		r = strv_addf(&j.lowers, "%s%s", o->lower_prefix, o->lower->v[i]);
	}
	if (r == 0 && o->bottom) {
		str_addf(&j.lowerdir, ":%s", o->bottom);
		r = strv_add(&j.lowers, o->bottom);
	}
	if (r < 0 || str_failed(&j.lowerdir))
		r = err_set(e, ENOMEM, "mount the root file system");
	if (r == 0 && fchdir(o->base_fd) < 0)
		r = err_set(e, errno, "change to '%s'", o->base_path);
	if (r == 0)
		r = prepare_tree(&j, e);
	if (r == 0) {
		if (j.lowerdir.len > PARAM_MAX)
			r = mount_many(&j);
		else
			r = j.tree >= 0 ? run_in_child(&j) : mount_by_context(&j);
		if (r < 0)
			(void)explain(&j, r, e);
	}
	(void)fd_close(j.tree);
	str_done(&j.lowerdir);
	str_done(&j.options);
	strv_done(&j.lowers);
	return r;
}
