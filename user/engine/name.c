// SPDX-License-Identifier: Apache-2.0
/* Names of containers: reserved, released, taken from the dead. */
#include "engine/name.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/lock.h"
#include "engine/container.h"
#include "engine/engine.h"

#define NAME_PATH_MAX (NAME_MAX_LEN + 8)

static const char *name_path(char buf[static NAME_PATH_MAX], const struct container *c)
{
	(void)err_format(buf, NAME_PATH_MAX, "names/%s", c->name);
	return buf;
}

/* Does somebody hold the lock on @id's directory below @dirfd? */
static bool is_locked(int dirfd, const char *id)
{
	char path[CONTAINER_PATH_MAX];
	_cleanup_fd_ int lock = -1;

	lock = lock_dir(dirfd, container_path(path, id, NULL), LOCK_EX | LOCK_NB, NULL);
	return lock == -EWOULDBLOCK;
}

/* Is @id a container that somebody has, or is making? What is dead stays dead: ids are used once. */
static bool is_alive(struct engine *en, const char *id)
{
	struct container c = { .name = NULL };
	struct container_state st;
	int r;

	if (!id_is_valid(id))
		return false;
	r = container_load(en, id, &c, NULL);
	if (r == 0) {
		r = container_state(en, &c, &st, NULL); /* takes it down if its owner was killed */
		container_done(&c);
	}
	if (r != -ENOENT)
		return true;
	return is_locked(en->store.fd, id) || is_locked(en->state_fd, id);
}

static int in_use(const char *name, const char *id, struct err *e)
{
	int r = err_plain(e, -EEXIST, "name '%s' is in use by container '%.12s'", name, id);

	err_hint(e, "remove it with 'davit rm %s', or choose another name", name);
	return r;
}

int name_reserve(struct engine *en, const struct container *c, struct err *e)
{
	_cleanup_fd_ int lock = -1;
	_cleanup_free_ char *holder = NULL, *now = NULL;
	char path[NAME_PATH_MAX];

	if (!c->name || symlinkat(c->id, en->store.fd, name_path(path, c)) == 0)
		return 0;
	if (errno != EEXIST)
		return err_set(e, errno, "reserve name '%s'", c->name);
	holder = fs_read_link(en->store.fd, path);
	if (holder && is_alive(en, holder))
		return in_use(c->name, holder, e);
	lock = lock_dir(en->store.fd, "names", LOCK_EX, e);
	if (lock < 0)
		return lock;
	now = fs_read_link(en->store.fd, path);
	if (now && !str_eq(now, holder))
		return in_use(c->name, now, e);
	if (now)
		(void)unlinkat(en->store.fd, path, 0); /* the symlink below says if it failed */
	if (symlinkat(c->id, en->store.fd, path) == 0)
		return 0;
	return errno == EEXIST ? in_use(c->name, "?", e) : err_set(e, errno, "reserve name '%s'", c->name);
}

void name_release(struct engine *en, const struct container *c)
{
	_cleanup_fd_ int lock = -1;
	_cleanup_free_ char *holder = NULL;
	char path[NAME_PATH_MAX];

	if (!c->name)
		return;
	lock = lock_dir(en->store.fd, "names", LOCK_EX, NULL);
	holder = lock < 0 ? NULL : fs_read_link(en->store.fd, name_path(path, c));
	if (str_eq(holder, c->id))
		(void)unlinkat(en->store.fd, path, 0); /* a stale name is taken over by its next user */
}

void name_release_all(struct engine *en, const char *id)
{
	_cleanup_fd_ int lock = lock_dir(en->store.fd, "names", LOCK_EX, NULL);
	int fd = openat(en->store.fd, "names", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_dir_ DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *de;

	if (!d) {
		(void)fd_close(fd); /* not there: no names */
		return;
	}
	while (lock >= 0 && (de = readdir(d)) != NULL) {
		_cleanup_free_ char *holder = de->d_name[0] == '.' ? NULL : fs_read_link(fd, de->d_name);

		if (str_eq(holder, id))
			(void)unlinkat(fd, de->d_name, 0); /* a stale name is taken over by its next user */
	}
}
