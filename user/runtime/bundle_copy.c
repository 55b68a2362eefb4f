// SPDX-License-Identifier: Apache-2.0
/* tmpcopyup: a tmpfs that begins with what it covers. */
#include "runtime/bundle_copy.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/str.h"

#define COPY_STEP (1u << 30) /* bytes of one sendfile(2) */
/* the kernel's: bytes of all names of attributes, and of a value */
#define COPY_NAMES_MAX 65536u
#define COPY_VALUE_MAX 65536u

/* A file with several names: where the first of them is, below the root of the copy. */
struct copied {
	dev_t dev;
	ino_t ino;
	char *path;
};

/**
 * struct copy
 * @root: of the copy
 * @path: of the directory that is copied, below it
 * @names, @value: room for the longest there are
 */
struct copy {
	unsigned int entries;
	int root;
	struct str path;
	struct copied *links;
	size_t n_links;
	char *names, *value;
};

static void copy_done(struct copy *c)
{
	for (size_t i = 0; i < c->n_links; i++)
		free(c->links[i].path);
	free(c->links);
	free(c->names);
	free(c->value);
	str_done(&c->path);
}

static int copy_dir(struct copy *c, int from, int to, unsigned int depth);

static int copy_meta(int fd, const struct stat *st)
{
	const struct timespec times[2] = { st->st_atim, st->st_mtim };

	/* the owner first: it clears set-id bits */
	if (fchown(fd, st->st_uid, st->st_gid) < 0 || fchmod(fd, st->st_mode & 07777) < 0 ||
	    futimens(fd, times) < 0)
		return -errno;
	return 0;
}

/* What tmpfs cannot hold is left behind, as with cp: user.* before Linux 6.6. After the owner, whose change clears capabilities. */
static int copy_xattrs(struct copy *c, int from, int to)
{
	ssize_t n = flistxattr(from, c->names, COPY_NAMES_MAX), size;

	if (n < 0)
		return errno == EOPNOTSUPP ? 0 : -errno;
	for (const char *name = c->names; name < c->names + n; name += strlen(name) + 1) {
		size = fgetxattr(from, name, c->value, COPY_VALUE_MAX);
		if (size < 0 && errno == ENODATA)
			continue; /* removed meanwhile */
		if (size < 0 ||
		    (fsetxattr(to, name, c->value, (size_t)size, 0) < 0 && errno != EOPNOTSUPP))
			return -errno;
	}
	return 0;
}

/* Path of an entry of the directory that is copied. */
static char *path_of(const struct copy *c, const char *name)
{
	return c->path.len ? str_printf("%s/%s", str_text(&c->path), name) : strdup(name);
}

/* Return: 1 if it has a name in the copy already, and now has another; 0; -errno. */
static int copy_hard_link(struct copy *c, const struct stat *st, int to_dir, const char *name)
{
	struct copied *links;

	if (st->st_nlink < 2 || S_ISDIR(st->st_mode))
		return 0;
	for (size_t i = 0; i < c->n_links; i++)
		if (c->links[i].ino == st->st_ino && c->links[i].dev == st->st_dev)
			return linkat(c->root, c->links[i].path, to_dir, name, 0) < 0 ? -errno : 1;
	links = reallocarray(c->links, c->n_links + 1, sizeof(*links));
	if (!links)
		return -ENOMEM;
	c->links = links;
	links[c->n_links] =
		(struct copied){ .dev = st->st_dev, .ino = st->st_ino, .path = path_of(c, name) };
	if (!links[c->n_links].path)
		return -ENOMEM;
	c->n_links++;
	return 0;
}

/* FIFOs, sockets, devices: whether the container may use those is another matter. */
static int copy_node(int to_dir, const char *name, const struct stat *st)
{
	const struct timespec times[2] = { st->st_atim, st->st_mtim };

	if (mknodat(to_dir, name, st->st_mode, st->st_rdev) < 0 ||
	    fchownat(to_dir, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0 ||
	    fchmodat(to_dir, name, st->st_mode & 07777, 0) < 0 ||
	    utimensat(to_dir, name, times, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	return 0;
}

/* @entry: O_PATH, of a file: by its name another could be opened by now, say a disk */
static int copy_file(struct copy *c, int entry, int to_dir, const char *name, const struct stat *st)
{
	char link[32];
	_cleanup_fd_ int from = -1, to = -1;
	ssize_t n;
	int r;

	(void)err_format(link, sizeof(link), "/proc/self/fd/%d", entry);
	from = open(link, O_RDONLY | O_CLOEXEC);
	if (from < 0)
		return -errno;
	to = openat(to_dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (to < 0)
		return -errno;
	while ((n = sendfile(to, from, NULL, COPY_STEP)) > 0)
		;
	r = n < 0 ? -errno : copy_meta(to, st);
	return r < 0 ? r : copy_xattrs(c, from, to);
}

static int copy_link(int entry, int to_dir, const char *name, const struct stat *st)
{
	_cleanup_free_ char *target = fs_read_link(entry, "");

	if (!target || symlinkat(target, to_dir, name) < 0 ||
	    fchownat(to_dir, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	return 0;
}

static int copy_below(struct copy *c, int entry, int to_dir, const char *name,
		      const struct stat *st, unsigned int depth)
{
	_cleanup_fd_ int to = -1;
	size_t len = c->path.len;
	int from, r;

	if (depth == BUNDLE_COPY_DEPTH_MAX)
		return -ELOOP;
	from = openat(entry, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (from < 0)
		return -errno;
	if (mkdirat(to_dir, name, 0700) < 0 ||
	    (to = openat(to_dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)) < 0) {
		r = -errno;
		(void)close(from); /* only read */
		return r;
	}
	str_addf(&c->path, len ? "/%s" : "%s", name);
	r = copy_dir(c, from, to, depth + 1);
	str_truncate(&c->path, len);
	return r < 0 ? r : copy_meta(to, st);
}

static int copy_entry(struct copy *c, int from, int to, const char *name, unsigned int depth)
{
	_cleanup_fd_ int entry = openat(from, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	int r;

	if (++c->entries > BUNDLE_COPY_ENTRIES_MAX)
		return -E2BIG;
	if (entry < 0 || fstat(entry, &st) < 0)
		return errno == ENOENT ? 0 : -errno; /* removed meanwhile */
	r = copy_hard_link(c, &st, to, name);
	if (r)
		return r < 0 ? r : 0;
	switch (st.st_mode & S_IFMT) {
	case S_IFREG:
		return copy_file(c, entry, to, name, &st);
	case S_IFDIR:
		return copy_below(c, entry, to, name, &st, depth);
	case S_IFLNK:
		return copy_link(entry, to, name, &st);
	default:
		return copy_node(to, name, &st);
	}
}

/* Consumes @from. */
static int copy_dir(struct copy *c, int from, int to, unsigned int depth)
{
	int xattrs = copy_xattrs(c, from, to);
	_cleanup_dir_ DIR *dir = fdopendir(from);
	struct dirent *d;

	if (!dir) {
		(void)fd_close(from);
		return -ENOMEM;
	}
	if (xattrs < 0)
		return xattrs;
	while ((errno = 0, d = readdir(dir))) {
		int r;

		if (d->d_name[0] == '.' &&
		    (!d->d_name[1] || (d->d_name[1] == '.' && !d->d_name[2])))
			continue;
		r = copy_entry(c, from, to, d->d_name, depth);
		if (r < 0)
			return r;
	}
	return -errno;
}

int bundle_copy_up(int rootfs_fd, const char *path, int to_fd, struct err *e)
{
	_cleanup_(copy_done) struct copy c = { .entries = 0 };
	struct stat st;
	int from = fs_open_beneath(rootfs_fd, path, O_RDONLY | O_DIRECTORY, 0), r;
	_cleanup_fd_ int to = -1;

	if (from == -ENOENT || from == -ENOTDIR)
		return 0;
	if (from < 0)
		return err_set(e, from, "tmpcopyup: open '%s'", path);
	/* a mount's own descriptor is a path only */
	to = openat(to_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (to < 0 || fstat(from, &st) < 0) {
		r = err_set(e, errno, "tmpcopyup: open '%s'", path);
		(void)close(from); /* only read */
		return r;
	}
	c.root = to;
	c.names = malloc(COPY_NAMES_MAX);
	c.value = malloc(COPY_VALUE_MAX);
	if (!c.names || !c.value) {
		(void)close(from); /* only read */
		return err_set(e, ENOMEM, "tmpcopyup: copy '%s'", path);
	}
	r = copy_dir(&c, from, to, 0);
	if (r == 0)
		r = copy_meta(to, &st);
	if (r == -E2BIG)
		return err_plain(e, r, "tmpcopyup: '%s' has more than %u entries", path,
				 BUNDLE_COPY_ENTRIES_MAX);
	return r < 0 ? err_set(e, r, "tmpcopyup: copy '%s'", path) : 0;
}
