// SPDX-License-Identifier: Apache-2.0
/* The directory of a container on disk: taken from the spare ones, given back. */
#include "engine/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h> /* RENAME_NOREPLACE, too */
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
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
	for (unsigned int n = 0; n < SPARES; n++) {
		if (renameat(en->store.fd, spare_path(spare, n), en->store.fd, path) < 0)
			continue;
		/* the times of a new "/"; without them it is an old one */
		(void)utimensat(en->store.fd, container_path(path, id, "upper"), NULL, 0);
		return true;
	}
	return false;
}

int disk_make(struct engine *en, const struct container *c, struct err *e)
{
	static const struct {
		const char *name;
		mode_t mode;
	} dirs[] = { { NULL, 0700 }, { "upper", UPPER_MODE }, { "work", 0700 } };
	char path[CONTAINER_PATH_MAX];

	if (c->is_ephemeral && take_spare(en, c->id))
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		container_path(path, c->id, dirs[i].name);
		if (mkdirat(en->store.fd, path, dirs[i].mode) < 0 && errno != EEXIST) {
			int r = err_set(e, errno, "make '%s/%s'", en->env->root, path);

			if (r == -ENOSPC || r == -EDQUOT)
				err_hint(e, "no space or inodes are left; 'davit rmi' and 'davit rm' "
					    "free some");
			return r;
		}
	}
	return 0;
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

/* Does @dir have @n entries? */
static bool has_entries(int dir, size_t n)
{
	_Alignas(struct dirent) char buf[512];
	long len = syscall(SYS_getdents64, dir, buf, sizeof(buf));
	size_t found = 0;

	for (long at = 0; at < len; at += ((struct dirent *)(void *)(buf + at))->d_reclen)
		found++;
	return len > 0 && found == n + 2; /* "." and ".." */
}

/* Flags and project: those of its parent, unless the container has changed them. */
static bool has_flags_of(int dir, int parent)
{
	struct fsxattr a = { 0 }, b = { 0 };

	if (ioctl(dir, FS_IOC_FSGETXATTR, &a) < 0 || ioctl(parent, FS_IOC_FSGETXATTR, &b) < 0)
		return errno == ENOTTY || errno == EOPNOTSUPP; /* a file system without them */
	return a.fsx_xflags == b.fsx_xflags && a.fsx_projid == b.fsx_projid;
}

/* As it was made: a container may have changed its "/" without leaving a file there. */
static bool is_new(int upper, int parent)
{
	static const char own[] = "trusted.overlay.uuid"; /* set by the mount */
	char names[64];
	struct stat st;
	ssize_t n;

	if (fstat(upper, &st) < 0 || st.st_mode != (S_IFDIR | UPPER_MODE) || st.st_uid || st.st_gid)
		return false;
	n = flistxattr(upper, names, sizeof(names));
	if (n != 0 && (n != sizeof(own) || memcmp(names, own, sizeof(own)) != 0))
		return false;
	return has_flags_of(upper, parent) && has_entries(upper, 0);
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

/* Nothing that it shared with anybody could carry a descriptor out. The standard ones are of who started it. */
static bool was_shut(const struct container_options *o)
{
	return !str_eq(o->network, "host") && !str_eq(o->ipc, "host") && !str_eq(o->pid, "host") &&
	       !str_eq(o->mntns, "host") && !o->privileged && !o->volume.n && !o->mount.n &&
	       !o->device.n;
}

/* The old upper/ is dead for a file system that still has it: nothing can be made in it. */
static bool replace_upper(int dir)
{
	return unlinkat(dir, "upper", AT_REMOVEDIR) == 0 && mkdirat(dir, "upper", UPPER_MODE) == 0;
}

static bool has_new_upper(int dir, const struct container_options *o)
{
	_cleanup_fd_ int upper = -1;

	if (!was_shut(o))
		return replace_upper(dir);
	upper = openat(dir, "upper", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return upper >= 0 && is_new(upper, dir);
}

bool disk_recycle(struct engine *en, const struct container *c)
{
	_cleanup_fd_ int dir = -1;
	char path[CONTAINER_PATH_MAX];

	container_path(path, c->id, NULL);
	dir = openat(en->store.fd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0)
		return errno == ENOENT;
	if (has_new_upper(dir, &c->options) && clean_work(dir) && has_entries(dir, 2) &&
	    give_back(en, path))
		return true;
	/* fails where there is more than these two directories */
	return (unlinkat(dir, "upper", AT_REMOVEDIR) == 0 || errno == ENOENT) && clean_work(dir) &&
	       (unlinkat(dir, "work", AT_REMOVEDIR) == 0 || errno == ENOENT) &&
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
