// SPDX-License-Identifier: Apache-2.0
/* tmp/ and trash/: where changes begin and end. */
#include "store/staging.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/lock.h"
#include "store/store.h"

static int random_name(char *ret, size_t size, const char *dir, struct err *e)
{
	unsigned long long n;

	if (getrandom(&n, sizeof(n), 0) != sizeof(n))
		return err_set(e, errno, "read random bytes");
	(void)snprintf(ret, size, "%s%016llx", dir, n); /* callers' buffers fit */
	return 0;
}

int staging_open(const struct store *st, struct staging *ret, struct err *e)
{
	struct staging s = { .store = st, .fd = -1 };

	for (;;) {
		int r = random_name(s.name, sizeof(s.name), "tmp/", e);

		if (r < 0)
			return r;
		if (mkdirat(st->fd, s.name, 0700) < 0)
			return err_set(e, errno, "create '%s'", s.name);
		s.fd = lock_dir(st->fd, s.name, LOCK_EX, e);
		/* a sweep that came between the two took it for a leftover */
		if (s.fd != -ENOENT)
			break;
	}
	if (s.fd < 0)
		return s.fd;
	*ret = s;
	return 0;
}

void staging_done(struct staging *s)
{
	if (s->fd < 0)
		return;
	/* what cannot be removed now is removed by a sweep, once it is not locked */
	(void)fs_remove_tree(s->store->fd, s->name, NULL);
	s->fd = fd_close(s->fd);
}

/* Remove @name in @dir unless its owner lives. Return: 1 if it was dead. */
static int remove_dead(int dir, const char *name, bool only_count, struct err *e)
{
	_cleanup_fd_ int fd = lock_dir(dir, name, LOCK_EX | LOCK_NB, NULL);
	int r;

	if (fd == -EWOULDBLOCK || fd == -ENOENT)
		return 0;
	r = only_count ? 0 : fs_remove_tree(dir, name, e);
	return r < 0 ? r : 1;
}

static int sweep(const struct store *st, const char *name, bool only_count, struct err *e)
{
	int fd = openat(st->fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_dir_ DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *de;
	int n = 0;

	if (!d) {
		int r = err_set(e, errno, "open '%s'", name);

		(void)fd_close(fd);
		return r;
	}
	while ((de = readdir(d)) != NULL) {
		int r;

		if (strcmp(de->d_name, ".") == 0 || strcmp(de->d_name, "..") == 0)
			continue;
		r = remove_dead(dirfd(d), de->d_name, only_count, e);
		if (r < 0)
			return err_wrap(e, r, "empty '%s'", name);
		n += r;
	}
	return n;
}

int staging_unfinished(const struct store *st, struct strv *ret, struct err *e)
{
	int fd = openat(st->fd, "tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_dir_ DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *de;

	if (!d) {
		int r = err_set(e, errno, "open 'tmp'");

		(void)fd_close(fd);
		return r;
	}
	while ((de = readdir(d)) != NULL) {
		_cleanup_fd_ int dead = -1;
		char *id;

		if (strcmp(de->d_name, ".") == 0 || strcmp(de->d_name, "..") == 0)
			continue;
		dead = lock_dir(dirfd(d), de->d_name, LOCK_EX | LOCK_NB, NULL);
		id = dead >= 0 ? fs_read_link(dead, STAGING_NEW_IMAGE) : NULL;
		if (id && strv_take(ret, id) < 0)
			return err_set(e, ENOMEM, "look through 'tmp'");
	}
	return 0;
}

int staging_sweep(const struct store *st, bool only_count, struct err *e)
{
	return sweep(st, "tmp", only_count, e);
}

int trash_put(const struct store *st, const char *path, struct err *e)
{
	char to[24];
	int r = random_name(to, sizeof(to), "trash/", e);

	if (r == 0 && renameat(st->fd, path, st->fd, to) < 0 && errno != ENOENT)
		return err_set(e, errno, "move '%s' to the trash", path);
	return r;
}

int trash_empty(const struct store *st, struct err *e)
{
	return sweep(st, "trash", false, e);
}
