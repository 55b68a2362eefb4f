// SPDX-License-Identifier: Apache-2.0
/* Steps of the child about its root: chroot(2), read-only and masked paths, the working directory. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/err.h"
#include "kern/mount.h"
#include "kern/sys.h"
#include "runtime/inside.h"
#include "runtime/kernel_files.h"
#include "runtime/launch.h"
#include "runtime/steps.h"

#define PLACE_LEN_MAX 256

/*
 * Where a path to protect is looked up. Not through "/proc" and "/sys" by name: who shares the root file
 * system puts other directories in their places between two of our calls. What is below them is found from
 * the descriptors of what was mounted there.
 *
 * A clone as a descriptor costs three calls, and a mount namespace to be in; mount(2) costs one, but knows paths
 * only. With a proc of our own as working directory, "self/fd/N" is a path that nobody else can change.
 *
 * @name:  for mount(2); NULL = it cannot be said that way
 * @root, @below: for descriptors, where @root is "/"
 */
struct place {
	const char *name, *below;
	int root;
	char text[PLACE_LEN_MAX];
};

static void find_place(const struct launch *l, const char *path, struct place *p)
{
	const struct kernel_files *k = l->kernel;
	const char *proc = k->proc_fd >= 0 ? path_below(path, "proc") : NULL;
	const char *sys = k->sys_fd >= 0 ? path_below(path, "sys") : NULL;

	p->name = NULL;
	p->root = proc ? k->proc_fd : sys ? k->sys_fd : l->root_fd;
	p->below = proc ? proc : sys ? sys : path;
	if (!k->has_self)
		return;
	if (proc)
		p->name = proc;
	else if (sys && err_format(p->text, sizeof(p->text), "self/fd/%d/%s", k->sys_fd, sys) <
				sizeof(p->text) - 1)
		p->name = p->text;
}

static int bind_path(const char *from, const char *to, unsigned long flags)
{
	return (int)sys_call5(SYS_mount, from, to, NULL, MS_BIND | flags, NULL);
}

static int clone_at(int fd, unsigned int flags)
{
	return mount_open_tree(fd, "", OPEN_TREE_CLONE | AT_EMPTY_PATH | flags);
}

static void close_path(int fd)
{
	if (fd >= 0)
		(void)sys_call1(SYS_close, fd); /* O_PATH */
}

static int protect_by_name(const char *name)
{
	int r = bind_path(name, name, MS_REC);

	return r < 0 ? r : mount_set_attr(AT_FDCWD, name, AT_RECURSIVE, MOUNT_ATTR_RDONLY, 0, 0);
}

static int protect_by_fd(const struct place *p)
{
	int at = inside_open_at(p->root, p->below), fd = -1, r = at;

	if (r >= 0)
		r = fd = clone_at(at, AT_RECURSIVE);
	if (r >= 0)
		r = mount_set_attr(fd, "", AT_RECURSIVE, MOUNT_ATTR_RDONLY, 0, 0);
	if (r >= 0)
		r = mount_attach(fd, at, "");
	close_path(fd);
	close_path(at);
	return r;
}

static int protect_paths(const struct launch *l, struct err *e)
{
	for (size_t i = 0; i < l->n_readonly; i++) {
		struct place p;
		int r;

		find_place(l, l->readonly[i], &p);
		r = p.name ? protect_by_name(p.name) : protect_by_fd(&p);
		if (r < 0 && r != -ENOENT)
			return err_set(e, r, "make '%s' read-only", l->readonly[i]);
	}
	return 0;
}

/* What hides others: a mount that has been attached is cloned off by its descriptor. */
struct cover {
	int fd;
	bool is_attached;
	char name[24]; /* in proc */
};

static void cover_init(struct cover *c, int fd)
{
	c->fd = fd;
	c->is_attached = false;
	(void)err_format(c->name, sizeof(c->name), "self/fd/%d", fd);
}

static int cover_by_name(struct cover *c, const char *name)
{
	int r;

	if (c->is_attached)
		return bind_path(c->name, name, 0);
	r = mount_attach(c->fd, AT_FDCWD, name);
	c->is_attached = r == 0;
	return r;
}

static int cover_by_fd(struct cover *c, int at)
{
	int fd = c->is_attached ? clone_at(c->fd, 0) : c->fd;
	int r = fd < 0 ? fd : mount_attach(fd, at, "");

	if (c->is_attached)
		close_path(fd);
	c->is_attached = c->is_attached || r == 0;
	return r;
}

static int mask_by_name(const char *name, struct cover *likely, struct cover *other)
{
	int r = cover_by_name(likely, name);

	/* not the kind the plan expects: EINVAL of move_mount(2), ENOTDIR of mount(2) */
	return r == -ENOTDIR || r == -EINVAL ? cover_by_name(other, name) : r;
}

static int mask_by_fd(const struct place *p, struct cover *file, struct cover *dir)
{
	struct stat st;
	int at = inside_open_at(p->root, p->below), r = at;

	if (r >= 0)
		r = (int)sys_call4(SYS_newfstatat, at, "", &st, AT_EMPTY_PATH);
	if (r >= 0)
		r = cover_by_fd(S_ISDIR(st.st_mode) ? dir : file, at);
	close_path(at);
	return r;
}

static int mask_paths(const struct launch *l, struct err *e)
{
	struct cover file, dir;

	cover_init(&file, l->null_fd);
	cover_init(&dir, l->empty_fd);
	for (size_t i = 0; i < l->n_masked; i++) {
		const struct launch_path *m = &l->masked[i];
		struct place p;
		int r;

		find_place(l, m->path, &p);
		if (!p.name)
			r = mask_by_fd(&p, &file, &dir);
		else if (m->is_dir)
			r = mask_by_name(p.name, &dir, &file);
		else
			r = mask_by_name(p.name, &file, &dir);
		if (r < 0 && r != -ENOENT)
			return err_set(e, r, "mask '%s'", m->path);
	}
	return 0;
}

int step_protected_paths(const struct launch *l, struct err *e)
{
	long r;
	int s;

	if (!l->n_readonly && !l->n_masked)
		return 0;
	r = l->kernel->has_self ? sys_call1(SYS_fchdir, l->kernel->proc_fd) : 0;
	if (r < 0)
		return err_set(e, (int)r, "change to '/proc'");
	s = protect_paths(l, e);
	if (s == 0)
		s = mask_paths(l, e);
	if (s < 0 || !l->kernel->has_self)
		return s;
	r = sys_call1(SYS_chdir, "/");
	return r < 0 ? err_set(e, (int)r, "change to '/'") : 0;
}

int step_readonly_root(const struct launch *l, struct err *e)
{
	int r;

	if (!l->root_readonly)
		return 0;
	if (l->cwd && l->make_cwd)
		(void)inside_make(l->cwd, false); /* step_cwd() says if that failed */
	r = mount_set_attr(AT_FDCWD, "/", 0, MOUNT_ATTR_RDONLY, 0, 0);
	return r < 0 ? err_set(e, r, "make the root file system read-only") : 0;
}

int step_cwd(const struct launch *l, struct err *e)
{
	int fd;
	long r;

	if (!l->cwd || strcmp(l->cwd, "/") == 0) /* where step_root has left us */
		return 0;
	fd = inside_open(l->cwd, true);
	if (fd == -ENOENT && l->make_cwd) {
		fd = inside_make(l->cwd, false);
		if (fd == 0)
			fd = inside_open(l->cwd, true);
	}
	r = fd < 0 ? fd : sys_call1(SYS_fchdir, fd);
	return r < 0 ? err_set(e, (int)r, "change to working directory '%s'", l->cwd) : 0;
}

int steps_chroot(int fd, struct err *e)
{
	long r = sys_call1(SYS_fchdir, fd);

	if (r == 0)
		r = sys_call1(SYS_chroot, ".");
	return r < 0 ? err_set(e, (int)r, "change to the root file system") : 0;
}
