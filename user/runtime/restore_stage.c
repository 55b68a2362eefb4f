// SPDX-License-Identifier: Apache-2.0
/* Where criu finds what a container has from outside. */
#include "runtime/restore_stage.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/fs.h"
#include "kern/mount.h"
#include "runtime/bundle.h"
#include "runtime/bundle_work.h"
#include "runtime/criu_image.h"

#define CGROUP_ROOT "/sys/fs/cgroup"

void restore_stage_done(struct restore_stage *s)
{
	for (size_t i = 0; s->mounts && i < s->image->n_mounts; i++)
		(void)fd_close(s->mounts[i]);
	free(s->mounts);
	s->mounts = NULL;
	s->root = fd_close(s->root);
}

static const struct oci_mount *find_mount(const struct oci_config *c, const char *destination)
{
	for (size_t i = c->mounts.n; i-- > 0;)
		if (str_eq(c->mounts.v[i].destination, destination))
			return &c->mounts.v[i];
	return NULL;
}

static int open_bind(const struct restore_stage *s, const struct criu_mount *m, struct err *e)
{
	const struct oci_mount *from = find_mount(&s->b->config, m->from);
	_cleanup_fd_ int source = -1, fd = -1;
	int r = 0;

	if (!from || !from->source || !(from->flags & OCI_MOUNT_BIND))
		return err_plain(e, -EINVAL,
				 "mounts: the image has a bind mount on '%s', config.json has not",
				 m->from);
	source = openat(s->b->fd, from->source, O_PATH | O_CLOEXEC);
	if (source < 0)
		return err_set(e, errno, "mounts: source of '%s': open '%s'", m->from,
			       from->source);
	fd = mount_clone(source, "", (from->flags & OCI_MOUNT_RECURSIVE) != 0, e);
	if (fd < 0)
		return fd;
	if (!from->n_propagation)
		r = mount_set_attr(fd, "", AT_RECURSIVE, 0, 0, MS_SLAVE);
	if (r < 0)
		return err_set(e, r, "mounts: make '%s' a slave", from->source);
	r = bundle_set_attrs(fd, from, e);
	return r < 0 ? r : TAKE_FD(fd);
}

/* That of a node on a read-only mount nobody can change mode or owner. */
static int open_device(const struct criu_mount *m, struct err *e)
{
	_cleanup_fd_ int fd = -1;
	struct stat st;
	int r;

	if (!str_starts(m->from, "/dev/") || strstr(m->from, "/../"))
		return err_plain(e, -EBADMSG, "the image wants '%s' on '%s'", m->from, m->at);
	fd = mount_clone(AT_FDCWD, m->from, false, e);
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return err_set(e, errno, "stat '%s'", m->from);
	if (!S_ISCHR(st.st_mode) && !S_ISBLK(st.st_mode))
		return err_plain(e, -ENODEV, "'%s' of the host is no device", m->from);
	r = mount_set_attr(fd, "", 0, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, 0,
			   MS_PRIVATE);
	return r < 0 ? err_set(e, r, "make a mount of '%s' read-only", m->from) : TAKE_FD(fd);
}

static int open_empty(struct err *e)
{
	static const struct mount_param params[] = { { "size", "0k" },
						     { "nr_inodes", "1" },
						     { "mode", "0755" },
						     { "ro", NULL },
						     { NULL, NULL } };

	return mount_create(
		"tmpfs", "tmpfs", params,
		MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, e);
}

static int open_one(const struct restore_stage *s, const struct criu_mount *m, struct err *e)
{
	switch (m->kind) {
	case CRIU_MOUNT_BIND:
		return open_bind(s, m, e);
	case CRIU_MOUNT_DEVICE:
		return open_device(m, e);
	case CRIU_MOUNT_EMPTY:
		return open_empty(e);
	default:
		return -1; /* needs the cgroup namespace */
	}
}

static int open_root(struct restore_stage *s, struct err *e)
{
	int r;

	s->root = mount_clone(s->b->rootfs_fd, "", true, e);
	if (s->root < 0)
		return s->root;
	r = mount_set_attr(s->root, "", AT_RECURSIVE, 0, 0, MS_SLAVE);
	if (r == 0 && s->b->config.root_readonly)
		r = mount_set_attr(s->root, "", 0, MOUNT_ATTR_RDONLY, 0, 0);
	return r < 0 ? err_set(e, r, "open the root '%s'", s->b->rootfs) : 0;
}

static bool is_file(int fd)
{
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 && !S_ISDIR(st.st_mode);
}

/* Below another mount: that one's contents are in the image. */
static bool is_inside_another(const struct oci_config *c, const char *path)
{
	for (size_t i = 0; i < c->mounts.n; i++) {
		const char *dir = c->mounts.v[i].destination;
		size_t n = strlen(dir);

		if (n > 1 && str_starts(path, dir) && path[n] == '/')
			return true;
	}
	return false;
}

/* A root file system that was not used before has no mount points. What cannot be made, criu misses by name. */
static void make_points(const struct restore_stage *s)
{
	const struct oci_config *c = &s->b->config;

	for (size_t i = 0; i < c->mounts.n; i++)
		if (!is_inside_another(c, c->mounts.v[i].destination) &&
		    !(c->mounts.v[i].flags & OCI_MOUNT_BIND))
			(void)fd_close(fs_mkdir_beneath(s->b->rootfs_fd, c->mounts.v[i].destination,
							0755));
	for (size_t i = 0; i < s->image->n_mounts; i++) {
		const struct criu_mount *m = &s->image->mounts[i];
		_cleanup_free_ char *parent = NULL;

		if (m->kind != CRIU_MOUNT_BIND || is_inside_another(c, m->at))
			continue;
		parent = strndup(m->at, (size_t)(strrchr(m->at, '/') - m->at));
		if (!is_file(s->mounts[i]))
			(void)fd_close(fs_mkdir_beneath(s->b->rootfs_fd, m->at, 0755));
		else if (parent) {
			if (*parent)
				(void)fd_close(fs_mkdir_beneath(s->b->rootfs_fd, parent, 0755));
			(void)fd_close(fs_open_beneath(s->b->rootfs_fd, m->at,
						       O_WRONLY | O_CREAT | O_EXCL, 0644));
		}
	}
}

int restore_stage_open(struct restore_stage *s, struct err *e)
{
	size_t n = s->image->n_mounts;

	s->mounts = malloc((n + 1) * sizeof(*s->mounts));
	if (!s->mounts)
		return err_set(e, ENOMEM, "prepare the mounts");
	for (size_t i = 0; i < n; i++)
		s->mounts[i] = -1;
	for (size_t i = 0; i < n; i++) {
		s->mounts[i] = open_one(s, &s->image->mounts[i], e);
		if (s->mounts[i] < 0 && s->image->mounts[i].kind != CRIU_MOUNT_CGROUP)
			return s->mounts[i];
	}
	make_points(s);
	return open_root(s, e);
}

int restore_stage_args(const struct restore_stage *s, struct strv *args, struct err *e)
{
	int r = strv_addf(args, "--root=%s/root", s->dir);

	for (size_t i = 0; r == 0 && i < s->image->n_mounts; i++)
		r = strv_addf(args, "--external=mnt[%s]:%s/%zu", s->image->mounts[i].at, s->dir, i);
	return r < 0 ? err_set(e, r, "prepare criu") : 0;
}

/* Of the namespace that we are in, or only the container's own directory. */
static int open_cgroup(const struct restore_stage *s, const struct criu_mount *m, struct err *e)
{
	const struct oci_mount *to = find_mount(&s->b->config, m->from);
	_cleanup_free_ char *path = str_printf(CGROUP_ROOT "%s", s->cgroup ? s->cgroup : "");
	_cleanup_fd_ int fd = -1;
	int r;

	if (!path)
		return err_set(e, ENOMEM, "mount the cgroup");
	fd = s->has_cgroup_ns ? mount_create("cgroup2", "cgroup", NULL, 0, e) :
				mount_clone(AT_FDCWD, path, true, e);
	if (fd < 0)
		return fd;
	r = to ? bundle_set_attrs(fd, to, e) : 0;
	return r < 0 ? r : TAKE_FD(fd);
}

static int show_one(const struct restore_stage *s, size_t i, struct err *e)
{
	const struct criu_mount *m = &s->image->mounts[i];
	int fd = m->kind == CRIU_MOUNT_CGROUP ? open_cgroup(s, m, e) : s->mounts[i], r;
	_cleanup_free_ char *at = str_printf("%s/%zu", s->dir, i);

	if (fd < 0)
		return fd;
	if (!at)
		return err_set(e, ENOMEM, "show '%s' to criu", m->at);
	if (is_file(fd))
		r = mknod(at, S_IFREG | 0600, 0);
	else
		r = mkdir(at, 0700);
	if (r < 0)
		return err_set(e, errno, "make '%s'", at);
	r = mount_attach(fd, AT_FDCWD, at);
	return r < 0 ? err_set(e, r, "show '%s' to criu", m->at) : 0;
}

static int show_root(const struct restore_stage *s, struct err *e)
{
	_cleanup_free_ char *at = str_printf("%s/root", s->dir);
	int r;

	if (!at)
		return err_set(e, ENOMEM, "show the root to criu");
	if (mkdir(at, 0700) < 0)
		return err_set(e, errno, "make '%s'", at);
	r = mount_attach(s->root, AT_FDCWD, at);
	return r < 0 ? err_set(e, r, "show the root to criu") : 0;
}

int restore_stage_show(const struct restore_stage *s, struct err *e)
{
	int r;

	if (s->has_cgroup_ns && unshare(CLONE_NEWCGROUP) < 0)
		return err_set(e, errno, "make a cgroup namespace");
	if (unshare(CLONE_NEWNS) < 0)
		return err_set(e, errno, "make a mount namespace");
	if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0 ||
	    mount("tmpfs", s->dir, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0700") < 0)
		return err_set(e, errno, "mount a tmpfs on '%s'", s->dir);
	r = show_root(s, e);
	for (size_t i = 0; r == 0 && i < s->image->n_mounts; i++)
		r = show_one(s, i, e);
	return r;
}
