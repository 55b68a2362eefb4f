// SPDX-License-Identifier: Apache-2.0
/* The directory tree of a layer while it is being filled. */
#include "image/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "store/limits.h"

/* struct how_made - attributes of a directory that only paths mention */
struct how_made {
	mode_t mode;
	uid_t uid;
	gid_t gid;
	struct timespec times[2];
};

static int open_dir(int parent, const char *name)
{
	return openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

int tree_set_opaque(int fd, struct err *e)
{
	/* a user namespace may not set trusted.*; overlay reads user.* there ("userxattr") */
	if (fsetxattr(fd, "trusted.overlay.opaque", "y", 1, 0) == 0 ||
	    (errno == EPERM && fsetxattr(fd, "user.overlay.opaque", "y", 1, 0) == 0))
		return 0;
	return err_set(e, errno, "set 'trusted.overlay.opaque'");
}

static bool is_opaque(int dirfd, const char *path, size_t len)
{
	char buf[TREE_PATH_MAX], value[2];
	int fd;
	ssize_t n;

	memcpy(buf, path, len);
	buf[len] = '\0';
	fd = open_dir(dirfd, buf);
	if (fd < 0)
		return false;
	n = fgetxattr(fd, "trusted.overlay.opaque", value, sizeof(value));
	if (n < 0)
		n = fgetxattr(fd, "user.overlay.opaque", value, sizeof(value));
	(void)fd_close(fd);
	return n == 1 && value[0] == 'y';
}

/* Does @lower hide what layers below it have at @path? A parent of it is opaque or no directory. */
static bool hides(int lower, const char *path)
{
	for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/'))
		if (is_opaque(lower, path, (size_t)(slash - path)))
			return true;
	return false;
}

/* What the merged layers below have at @path, if it is a directory. */
static bool find_below(const struct tree *t, const char *path, struct how_made *ret)
{
	for (size_t i = 0; i < t->n_lower; i++) {
		struct open_how how = { .flags = O_PATH | O_NOFOLLOW | O_CLOEXEC,
					.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS };
		int fd = (int)syscall(SYS_openat2, t->lower[i], path, &how, sizeof(how));
		struct stat st;

		if (fd < 0 && errno == ENOENT) {
			if (hides(t->lower[i], path))
				return false;
			continue;
		}
		if (fd < 0)
			return false;
		if (fstat(fd, &st) < 0)
			st.st_mode = 0;
		(void)fd_close(fd);
		if (!S_ISDIR(st.st_mode))
			return false;
		*ret = (struct how_made){ .mode = st.st_mode & 07777, .uid = st.st_uid,
					  .gid = st.st_gid, .times = { st.st_atim, st.st_mtim } };
		return true;
	}
	return false;
}

static int push(struct tree *t, int fd, size_t path_len, struct err *e)
{
	struct tree_level *l;
	struct stat st;

	if (t->n == t->cap) {
		size_t cap = t->cap ? t->cap * 2 : 16;

		l = realloc(t->levels, cap * sizeof(*l));
		if (!l) {
			(void)fd_close(fd);
			return err_set(e, ENOMEM, "enter '%s'", t->path);
		}
		t->levels = l;
		t->cap = cap;
	}
	if (fstat(fd, &st) < 0) {
		(void)fd_close(fd);
		return err_set(e, errno, "look at '%s'", t->path);
	}
	l = &t->levels[t->n++];
	*l = (struct tree_level){ .fd = fd,
				  .times = { st.st_atim, st.st_mtim },
				  .path_len = path_len,
				  .is_setgid = (st.st_mode & S_ISGID) != 0 };
	if (t->has_acl)
		l->has_default_acl = fgetxattr(fd, "system.posix_acl_default", NULL, 0) > 0;
	return 0;
}

static int pop(struct tree *t, struct err *e)
{
	struct tree_level *l = &t->levels[t->n - 1];
	int r = 0;

	if (futimens(l->fd, l->times) < 0)
		r = err_set(e, errno, "set times of '%s'", t->path);
	l->fd = fd_close(l->fd);
	t->n--;
	t->path[t->n ? t->levels[t->n - 1].path_len : 0] = '\0';
	return r;
}

/* Make a directory that only paths mention; its looks are those of the layers below. */
static int make_implicit(struct tree *t, int parent, const char *name, struct err *e)
{
	struct how_made how = { .mode = 0755 };
	int fd;

	(void)find_below(t, t->path, &how);
	t->has_implicit = true;
	if (mkdirat(parent, name, 0700) < 0)
		return err_set(e, errno, "create directory '%s'", t->path);
	fd = open_dir(parent, name);
	if (fd < 0)
		return err_set(e, errno, "open directory '%s'", t->path);
	if (fchown(fd, how.uid, how.gid) < 0 || fchmod(fd, how.mode) < 0 ||
	    futimens(fd, how.times) < 0) {
		(void)fd_close(fd);
		return err_set(e, errno, "set attributes of '%s'", t->path);
	}
	return fd;
}

/* t->path goes through a symbolic link: follow it if it stays in the layer. */
static int follow(struct tree *t, struct err *e)
{
	struct open_how how = { .flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC,
				.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS };
	int fd = (int)syscall(SYS_openat2, t->levels[0].fd, t->path, &how, sizeof(how));

	if (fd < 0 && errno == EXDEV)
		return err_plain(e, -EXDEV, "'%s' is a symbolic link that leads out of the layer",
				 t->path);
	return fd < 0 ? err_set(e, errno, "follow symbolic link '%s'", t->path) : fd;
}

/* Open or make the last component of t->path in @parent. Return: descriptor. */
static int open_child(struct tree *t, int parent, const char *name, struct err *e)
{
	int fd = open_dir(parent, name);
	struct stat st;
	int r;

	if (fd >= 0)
		return fd;
	if (errno == ENOENT)
		return make_implicit(t, parent, name, e);
	if (errno != ENOTDIR && errno != ELOOP)
		return err_set(e, errno, "open directory '%s'", t->path);
	if (fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_set(e, errno, "look at '%s'", t->path);
	if (S_ISLNK(st.st_mode))
		return follow(t, e);
	if (!S_ISCHR(st.st_mode) || st.st_rdev != makedev(0, 0))
		return err_plain(e, -ENOTDIR, "'%s' is not a directory", t->path);
	/* a whiteout of this layer: hide what is below, show what comes now */
	if (unlinkat(parent, name, 0) < 0)
		return err_set(e, errno, "replace whiteout '%s'", t->path);
	fd = make_implicit(t, parent, name, e);
	if (fd < 0)
		return fd;
	r = tree_set_opaque(fd, e);
	if (r < 0) {
		(void)fd_close(fd);
		return err_wrap(e, r, "hide '%s' of the layers below", t->path);
	}
	return fd;
}

int tree_open(struct tree *t, int dirfd, const char *name, const int *lower, size_t n_lower,
	      struct err *e)
{
	const struct timespec epoch[2] = { { 0, 0 }, { 0, 0 } };
	int fd;

	*t = (struct tree){ .lower = lower, .n_lower = n_lower };
	if (mkdirat(dirfd, name, 0755) < 0)
		return err_set(e, errno, "create directory '%s'", name);
	fd = open_dir(dirfd, name);
	if (fd < 0 || fchmod(fd, 0755) < 0 || futimens(fd, epoch) < 0) {
		int r = err_set(e, errno, "prepare directory '%s'", name);

		(void)fd_close(fd);
		return r;
	}
	return push(t, fd, 0, e);
}

/* Is level @l's path @dir itself or above it? */
static bool is_prefix(const struct tree *t, const struct tree_level *l, const char *dir)
{
	size_t n = l->path_len;

	return n == 0 || (strncmp(t->path, dir, n) == 0 && (dir[n] == '/' || dir[n] == '\0'));
}

int tree_enter(struct tree *t, const char *dir, struct tree_level **ret, struct err *e)
{
	size_t len;
	int r;

	while (!is_prefix(t, &t->levels[t->n - 1], dir)) {
		r = pop(t, e);
		if (r < 0)
			return r;
	}
	for (len = t->levels[t->n - 1].path_len; dir[len]; ) {
		size_t at = len + (dir[len] == '/');
		size_t n = strcspn(dir + at, "/");
		int fd;

		if (at + n >= TREE_PATH_MAX || n > LIMIT_NAME)
			return err_plain(e, -ENAMETOOLONG, "path '%.100s...' is too long", dir);
		if (t->n >= LIMIT_DEPTH)
			return err_plain(e, -ELOOP, "'%.100s...' is more than %u directories deep",
					 dir, LIMIT_DEPTH);
		memcpy(t->path, dir, at + n);
		t->path[at + n] = '\0';
		fd = open_child(t, t->levels[t->n - 1].fd, t->path + at, e);
		r = fd < 0 ? fd : push(t, fd, at + n, e);
		if (r < 0) {
			t->path[t->levels[t->n - 1].path_len] = '\0';
			return r;
		}
		len = at + n;
	}
	*ret = &t->levels[t->n - 1];
	return 0;
}

bool tree_hides(const struct tree *t, const char *dir)
{
	struct open_how how = { .flags = O_PATH | O_NOFOLLOW | O_CLOEXEC,
				.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS };
	struct stat st = { .st_mode = S_IFDIR };
	int fd;

	if (!*dir)
		return false;
	fd = (int)syscall(SYS_openat2, t->levels[0].fd, dir, &how, sizeof(how));
	if (fd < 0)
		return errno == ELOOP || errno == ENOTDIR;
	(void)fstat(fd, &st); /* a fresh descriptor */
	(void)fd_close(fd);
	/* a whiteout that comes before is no obstacle: tree_enter() replaces it */
	return !S_ISDIR(st.st_mode) && !(S_ISCHR(st.st_mode) && st.st_rdev == makedev(0, 0));
}

int tree_close(struct tree *t, struct err *e)
{
	int r = 0;

	while (t->n && r == 0)
		r = pop(t, e);
	return r;
}

void tree_done(struct tree *t)
{
	while (t->n)
		(void)pop(t, NULL); /* the tree is being thrown away */
	free(t->levels);
	t->levels = NULL;
}
