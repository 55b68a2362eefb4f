// SPDX-License-Identifier: Apache-2.0
/* The directory of a container on disk: taken from the spare ones, given back. */
#include "engine/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h> /* RENAME_NOREPLACE, too */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/fs.h"
#include "engine/container.h"
#include "engine/engine.h"

#define SPARES 4u
#define SPARE_PATH_MAX 16u
#define UPPER_MODE 0755 /* becomes the container's "/" */

static const char *spare_path(char buf[static SPARE_PATH_MAX], unsigned int n)
{
	(void)err_format(buf, SPARE_PATH_MAX, "spare/%u", n);
	return buf;
}

/* A rename is atomic: two starts never take the same one. */
static bool take_spare(struct engine *en, const char *id)
{
	char path[CONTAINER_PATH_MAX], spare[SPARE_PATH_MAX];

	container_path(path, id, NULL);
	for (unsigned int n = 0; n < SPARES; n++)
		if (renameat(en->store.fd, spare_path(spare, n), en->store.fd, path) == 0)
			return true;
	return false;
}

/* In a spare one nothing is expected: what is there all the same was another's "/" and is replaced. */
static int make_dir(struct engine *en, const char *path, mode_t mode, bool is_new)
{
	if (mkdirat(en->store.fd, path, mode) == 0)
		return 0;
	if (errno != EEXIST || !is_new)
		return errno == EEXIST ? 0 : -errno;
	return unlinkat(en->store.fd, path, AT_REMOVEDIR) == 0 &&
			       mkdirat(en->store.fd, path, mode) == 0 ?
		       0 :
		       -errno;
}

int disk_make(struct engine *en, const struct container *c, struct err *e)
{
	static const struct {
		const char *name;
		mode_t mode;
		bool is_in_spare;
	} dirs[] = { { NULL, 0700, true }, { "work", 0700, true }, { "upper", UPPER_MODE, false } };
	bool has_spare = c->is_ephemeral && take_spare(en, c->id);
	char path[CONTAINER_PATH_MAX];
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(dirs); i++) {
		if (has_spare && dirs[i].is_in_spare)
			continue;
		container_path(path, c->id, dirs[i].name);
		r = make_dir(en, path, dirs[i].mode, has_spare);
	}
	if (r == 0)
		return 0;
	(void)err_set(e, r, "make '%s/%s'", en->env->root, path);
	if (r == -ENOSPC || r == -EDQUOT)
		err_hint(e, "no space or inodes are left; 'davit rmi' and 'davit rm' free some");
	return r;
}

/* incompat/volatile is how overlayfs marks an upper layer that was never synced (fs/overlayfs/super.c). */
static bool clean_work(int dir)
{
	static const struct {
		const char *name;
		int flags;
	} known[] = {
		{ "work/work/incompat/volatile/dirty", 0 },
		{ "work/work/incompat/volatile", AT_REMOVEDIR },
		{ "work/work/incompat", AT_REMOVEDIR },
		{ "work/work", AT_REMOVEDIR },
	};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (unlinkat(dir, known[i].name, known[i].flags) < 0 && errno != ENOENT)
			return false;
	return true;
}

/* All of what a spare directory has, and what a start that was killed early, or anybody else, need not have left. */
static bool has_only_work(int dir)
{
	_Alignas(struct dirent) char buf[512];
	long len = syscall(SYS_getdents64, dir, buf, sizeof(buf));
	bool has_work = false;

	for (long at = 0; at < len;) {
		const struct dirent *d = (void *)(buf + at);

		at += d->d_reclen;
		if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
			continue;
		if (has_work || strcmp(d->d_name, "work") != 0)
			return false;
		has_work = true;
	}
	return has_work;
}

static bool give_back(struct engine *en, const char *path)
{
	char spare[SPARE_PATH_MAX];

	for (unsigned int n = 0; n < SPARES; n++) {
		if (syscall(SYS_renameat2, en->store.fd, path, en->store.fd, spare_path(spare, n),
			    RENAME_NOREPLACE) == 0)
			return true;
		if (errno == ENOENT && n == 0 && mkdirat(en->store.fd, "spare", 0700) == 0)
			n--;
		else if (errno != EEXIST)
			return false;
	}
	return false;
}

/*
 * Whoever kept a descriptor of the container's root still has its file system, whose upper/ this is: the next container must
 * not get that one, but one of its own. A directory that has been removed stays empty for good. Fails where the container
 * left a file.
 */
static bool remove_upper(int dir)
{
	return unlinkat(dir, "upper", AT_REMOVEDIR) == 0 || errno == ENOENT;
}

bool disk_recycle(struct engine *en, const char *id)
{
	_cleanup_fd_ int dir = -1;
	char path[CONTAINER_PATH_MAX];

	container_path(path, id, NULL);
	dir = openat(en->store.fd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0)
		return errno == ENOENT;
	if (!remove_upper(dir) || !clean_work(dir))
		return false;
	if (has_only_work(dir) && give_back(en, path))
		return true;
	/* fails where there is more than this directory */
	return (unlinkat(dir, "work", AT_REMOVEDIR) == 0 || errno == ENOENT) &&
	       unlinkat(en->store.fd, path, AT_REMOVEDIR) == 0;
}

void disk_drop_spares(struct engine *en)
{
	char spare[SPARE_PATH_MAX], trash[32];

	for (unsigned int n = 0; n < SPARES; n++) {
		(void)err_format(trash, sizeof(trash), "trash/spare-%u-%d", n, getpid());
		/* out of the way first: another start may be taking it */
		if (renameat(en->store.fd, spare_path(spare, n), en->store.fd, trash) == 0)
			(void)fs_remove_tree(en->store.fd, trash, NULL);
	}
}
