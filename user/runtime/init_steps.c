// SPDX-License-Identifier: Apache-2.0
/*
 * The child of an engine container between clone3(2) and exec: its root file system, and the ordered
 * table of all steps. Runs in the new process, with CLONE_VM in its parent's memory: sys_call*() and
 * err_*() only.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "kern/clone.h"
#include "kern/sys.h"
#include "runtime/inside.h"
#include "runtime/kernel_files.h"
#include "runtime/launch.h"
#include "runtime/steps.h"

/*
 * New instances of proc and sysfs are only allowed where a full one is visible (user namespaces:
 * mount_too_revealing()), so they are made before the host's tree goes away.
 */
static int make_child_mounts(const struct launch *l, int fds[], struct err *e)
{
	for (size_t i = 0; i < l->n_mounts; i++) {
		const struct launch_mount *m = &l->mounts[i];
		const char *failed;

		fds[i] = m->fd;
		if (m->source != LAUNCH_FSTYPE)
			continue;
		fds[i] = mount_new(m->fstype, m->fstype, m->params, m->attrs, &failed);
		if (fds[i] == -ENODEV && m->optional)
			continue;
		if (fds[i] < 0)
			return err_set(e, fds[i], "mount %s (%s) for '%s'", m->fstype, failed,
				       m->target);
	}
	return 0;
}

/* In the mount namespace of the host, whose root stays where it is. */
static int enter_root_by_chroot(const struct launch *l, struct err *e)
{
	int r = mount_attach(l->root_fd, AT_FDCWD, l->pivot_dir);

	if (r < 0)
		return err_set(e, r, "attach the root file system on '%s'", l->pivot_dir);
	/* mounts that follow its parent have a copy now: what comes below is for nobody else */
	r = mount_set_attr(l->root_fd, "", 0, 0, 0, MS_PRIVATE);
	return r < 0 ? err_set(e, r, "make '%s' private", l->pivot_dir) :
		       steps_chroot(l->root_fd, e);
}

static int enter_root(const struct launch *l, struct err *e)
{
	long r;

	if (!(l->new_ns & CLONE_NEWNS))
		return enter_root_by_chroot(l, e);
	/* nothing we do below may show up in the host's namespace, nor the other way round */
	r = mount_set_attr(AT_FDCWD, "/", AT_RECURSIVE, 0, 0, MS_PRIVATE);
	if (r < 0)
		return err_set(e, (int)r, "make mounts private");
	r = mount_attach(l->root_fd, AT_FDCWD, l->is_at_pivot ? "" : l->pivot_dir);
	if (r < 0)
		return err_set(e, (int)r, "attach the root file system on '%s'", l->pivot_dir);
	r = sys_call1(SYS_fchdir, l->root_fd);
	if (r == 0)
		r = sys_call2(SYS_pivot_root, ".", ".");
	if (r < 0)
		return err_set(e, (int)r, "change to the root file system");
	/* the old root now lies over the new one, which is our "/" and our working directory */
	r = sys_call2(SYS_umount2, ".", MNT_DETACH);
	return r < 0 ? err_set(e, (int)r, "detach the host's file systems") : 0;
}

/*
 * Attach @fd on @m->target. The targets of our own mounts are looked up as they are: the kernel
 * refuses those that a symlink of the image leads out of our namespace, or that are a symlink.
 */
static int attach(const struct launch_mount *m, int fd)
{
	int target, r;

	if (!m->is_users) {
		r = mount_attach(fd, AT_FDCWD, m->target);
		if (r != -ENOENT)
			return r;
		r = inside_make(m->target, m->is_file);
		return r < 0 ? r : mount_attach(fd, AT_FDCWD, m->target);
	}
	target = inside_open_or_make(m->target, m->is_file);
	if (target < 0)
		return target;
	/* what hides parts of /proc would hide what security relies on (CVE-2019-16884) */
	if (inside_is_proc(target) && !path_below(m->target, "proc"))
		return -EPERM;
	r = mount_attach(fd, target, "");
	(void)sys_call1(SYS_close, target); /* O_PATH */
	return r;
}

static int clone_inside(const struct launch_mount *m)
{
	int fd = mount_open_tree(AT_FDCWD, m->inside, OPEN_TREE_CLONE);
	int r = fd >= 0 && m->attrs ? mount_set_attr(fd, "", 0, m->attrs, 0, 0) : 0;

	return r < 0 ? r : fd;
}

/* The kernel's word for it is EINVAL or ENOTDIR. */
static bool is_other_kind(const struct launch_mount *m)
{
	struct stat st;

	return sys_call4(SYS_newfstatat, AT_FDCWD, m->target, &st, 0) == 0 && S_ISDIR(st.st_mode) == m->is_file;
}

static int attach_failed(const struct launch_mount *m, int r, struct err *e)
{
	if ((r != -EINVAL && r != -ENOTDIR) || !is_other_kind(m))
		return err_set(e, r, "mount on '%s'", m->target);
	r = m->is_file ? err_plain(e, -EISDIR, "a file cannot be mounted on '%s', which is a directory", m->target) :
			 err_plain(e, -ENOTDIR, "a directory cannot be mounted on '%s', which is a file", m->target);
	err_hint(e, "mount a directory on a directory, or a file on a file");
	return r;
}

static bool is_new_proc(const struct launch_mount *m)
{
	return m->source == LAUNCH_FSTYPE && strcmp(m->fstype, "proc") == 0;
}

static int step_root(const struct launch *l, struct err *e)
{
	int fds[LAUNCH_MOUNTS_MAX];
	int r;

	if (l->root_fd < 0)
		return l->chroot_fd < 0 ? 0 : steps_chroot(l->chroot_fd, e);
	r = make_child_mounts(l, fds, e);
	if (r == 0)
		r = enter_root(l, e);
	for (size_t i = 0; r == 0 && i < l->n_mounts; i++) {
		const struct launch_mount *m = &l->mounts[i];

		if (m->source == LAUNCH_INSIDE) {
			r = fds[i] = clone_inside(m);
			if (r < 0)
				return err_set(e, r, "bind '%s'", m->inside);
		}
		if (fds[i] < 0)
			continue;
		r = attach(m, fds[i]);
		if (r < 0)
			return attach_failed(m, r, e);
		kernel_files_note(l->kernel, m->target, fds[i], is_new_proc(m));
	}
	return r;
}

static int step_volumes(const struct launch *l, struct err *e)
{
	for (size_t i = 0; i < l->n_volumes; i++) {
		const char *path = l->volumes[i];
		int dir = inside_open_or_make(path, false);
		int r = dir;

		/* a symlink of the image may lead anywhere inside */
		if (r >= 0 && (inside_is_proc(dir) || inside_is_root(dir)))
			r = -EPERM;
		if (r >= 0)
			r = mount_open_tree(dir, "", OPEN_TREE_CLONE | AT_EMPTY_PATH);
		if (r >= 0)
			r = mount_attach(r, dir, "");
		if (r < 0)
			return err_set(e, r, "mount volume '%s'", path);
	}
	return 0;
}

/* Here, where the devpts is attached: a detached mount cannot be cloned before 6.15. */
static int step_console(const struct launch *l, struct err *e)
{
	return l->is_tty && l->root_fd >= 0 ? inside_show_console(l->stdio[0], e) : 0;
}

static int step_sysctls(const struct launch *l, struct err *e)
{
	for (size_t i = 0; i < l->n_sysctls; i++) {
		const struct launch_write *w = &l->sysctls[i];
		int r = proc_write(l->kernel->proc_fd, w->path, w->text);

		if (r < 0) {
			(void)err_set(e, r, "set '/proc/%s' to '%s'", w->path, w->text);
			if (r == -ENOENT)
				err_hint(e, "this kernel has none, or none that a user namespace may see");
			return r;
		}
	}
	return 0;
}

/* clang-format off */
static launch_step *const steps[] = {
	step_hide,
	step_cgroup_v1,
	step_signals,
	step_keyring,
	step_sync,
	step_join_namespaces,
	step_session,
	step_cgroup_namespace,
	step_hostname,
	step_loopback,
	step_root,
	step_volumes,
	step_console,
	step_sysctls,
	step_protected_paths,
	step_readonly_root,
	step_stdio,
	step_cwd,
	step_limits, /* nothing may be opened below a limit of files */
	launch_exec,
};
/* clang-format on */

int launch_child(void *arg)
{
	const struct launch *l = arg;
	struct err e = ERR_INIT;

	if (l->entered)
		(void)sys_call2(SYS_clock_gettime, CLOCK_MONOTONIC, l->entered); /* cannot fail */
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++)
		if (steps[i](l, &e) < 0)
			break;
	if (l->failed)
		*l->failed = e;
	(void)sys_call3(SYS_write, l->err_fd, &e, sizeof(e)); /* the parent sees the exit status */
	return 126;
}
