// SPDX-License-Identifier: Apache-2.0
/* Steps of the child after the root has changed: read-only and masked paths, the working directory. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>

#include "kern/mount.h"
#include "kern/sys.h"
#include "runtime/inside.h"
#include "runtime/launch.h"
#include "runtime/steps.h"

/* By path, since clones as descriptors cost a namespace each: the tree is ours, nobody runs in it yet. */
static int bind_path(const char *from, const char *to, unsigned long flags)
{
	return (int)sys_call5(SYS_mount, from, to, NULL, MS_BIND | flags, NULL);
}

int step_readonly_paths(const struct launch *l, struct err *e)
{
	for (size_t i = 0; i < l->n_readonly; i++) {
		const char *path = l->readonly[i];
		int r = bind_path(path, path, MS_REC);

		if (r == -ENOENT)
			continue;
		if (r == 0)
			r = mount_set_attr(AT_FDCWD, path, AT_RECURSIVE, MOUNT_ATTR_RDONLY, 0, 0);
		if (r < 0)
			return err_set(e, r, "make '%s' read-only", path);
	}
	return 0;
}

/* A clone that has been attached is gone from us; the next one is cloned off where it went. */
struct cover {
	int fd;
	const char *attached;
};

static int cover_path(struct cover *c, const char *path)
{
	int r;

	r = c->fd < 0 ? bind_path(c->attached, path, 0) : mount_attach(c->fd, AT_FDCWD, path);
	if (r < 0)
		return r;
	c->attached = path;
	c->fd = -1; /* stays open until exec; it names the attached mount now */
	return 0;
}

int step_masked_paths(const struct launch *l, struct err *e)
{
	struct cover file = { .fd = l->null_fd }, dir = { .fd = l->empty_fd };

	for (size_t i = 0; i < l->n_masked; i++) {
		const struct launch_path *m = &l->masked[i];
		int r = cover_path(m->is_dir ? &dir : &file, m->path);

		/* not the kind the plan expects: EINVAL of move_mount(2), ENOTDIR of mount(2) */
		if (r == -ENOTDIR || r == -EINVAL)
			r = cover_path(m->is_dir ? &file : &dir, m->path);
		if (r < 0 && r != -ENOENT)
			return err_set(e, r, "mask '%s'", m->path);
	}
	return 0;
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
