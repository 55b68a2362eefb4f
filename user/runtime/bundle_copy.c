// SPDX-License-Identifier: Apache-2.0
/* tmpcopyup: a tmpfs that begins with what it covers. */
#include "runtime/bundle_copy.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/fs.h"

#define COPY_STEP (1u << 30) /* bytes of one sendfile(2) */

struct copy {
	unsigned int entries;
};

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

/* @entry: O_PATH, of a file: by its name another could be opened by now, say a disk */
static int copy_file(int entry, int to_dir, const char *name, const struct stat *st)
{
	char link[32];
	_cleanup_fd_ int from = -1, to = -1;
	ssize_t n;

	(void)err_format(link, sizeof(link), "/proc/self/fd/%d", entry);
	from = open(link, O_RDONLY | O_CLOEXEC);
	if (from < 0)
		return -errno;
	to = openat(to_dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (to < 0)
		return -errno;
	while ((n = sendfile(to, from, NULL, COPY_STEP)) > 0)
		;
	return n < 0 ? -errno : copy_meta(to, st);
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
	r = copy_dir(c, from, to, depth + 1);
	return r < 0 ? r : copy_meta(to, st);
}

static int copy_entry(struct copy *c, int from, int to, const char *name, unsigned int depth)
{
	_cleanup_fd_ int entry = openat(from, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (++c->entries > BUNDLE_COPY_ENTRIES_MAX)
		return -E2BIG;
	if (entry < 0 || fstat(entry, &st) < 0)
		return errno == ENOENT ? 0 : -errno; /* removed meanwhile */
	switch (st.st_mode & S_IFMT) {
	case S_IFREG:
		return copy_file(entry, to, name, &st);
	case S_IFDIR:
		return copy_below(c, entry, to, name, &st, depth);
	case S_IFLNK:
		return copy_link(entry, to, name, &st);
	default:
		return 0;
	}
}

/* Consumes @from. */
static int copy_dir(struct copy *c, int from, int to, unsigned int depth)
{
	_cleanup_dir_ DIR *dir = fdopendir(from);
	struct dirent *d;

	if (!dir) {
		(void)fd_close(from);
		return -ENOMEM;
	}
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
	struct copy c = { .entries = 0 };
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
	r = copy_dir(&c, from, to, 0);
	if (r == 0)
		r = copy_meta(to, &st);
	if (r == -E2BIG)
		return err_plain(e, r, "tmpcopyup: '%s' has more than %u entries", path,
				 BUNDLE_COPY_ENTRIES_MAX);
	return r < 0 ? err_set(e, r, "tmpcopyup: copy '%s'", path) : 0;
}
