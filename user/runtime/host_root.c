// SPDX-License-Identifier: Apache-2.0
/* Roots of containers that have no mount namespace of their own. */
#include "runtime/host_root.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/str.h"
#include "kern/mount.h"

#define DIR_NAME "~roots"
#define MOUNTS_MAX 4096 /* on one another: what runs inside may go on mounting on its root */

static char *path_of(const char *state, const char *id, struct err *e)
{
	char *path = str_printf("%s/" DIR_NAME "/%s", state, id);

	if (!path)
		(void)err_set(e, ENOMEM, "name the root of '%s'", id);
	return path;
}

int host_root_make(const char *state, const char *id, char **ret_path, struct err *e)
{
	_cleanup_free_ char *path = path_of(state, id, e), *dir = NULL;
	int r = path ? host_root_remove(state, id, e) : -ENOMEM;

	if (r < 0)
		return r;
	dir = strndup(path, (size_t)(strrchr(path, '/') - path));
	if (!dir)
		return err_set(e, ENOMEM, "make '%s'", path);
	if (mkdir(dir, 0700) < 0 && errno != EEXIST)
		return err_set(e, errno, "make '%s'", dir);
	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return err_set(e, errno, "make '%s'", path);
	*ret_path = TAKE_PTR(path);
	return 0;
}

/* Unmounting reaches the peers of a mount's parent: below a bind that is shared, mounts of the host. */
static int unmount(const char *path)
{
	int r = mount_set_attr(AT_FDCWD, path, AT_RECURSIVE | AT_SYMLINK_NOFOLLOW, 0, 0,
			       MS_PRIVATE);

	if (r < 0)
		return r;
	return umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) < 0 ? -errno : 0;
}

int host_root_remove(const char *state, const char *id, struct err *e)
{
	_cleanup_free_ char *path = path_of(state, id, e);
	int r = 0;

	if (!path)
		return -ENOMEM;
	for (int i = 0; (r = unmount(path)) == 0; i++)
		if (i == MOUNTS_MAX)
			return err_plain(e, -ELOOP, "'%s' has more than %d mounts on it", path,
					 MOUNTS_MAX);
	if (r == -ENOENT)
		return 0;
	if (r != -EINVAL) /* not, or no longer, a mount */
		return err_set(e, r, "unmount '%s'", path);
	if (rmdir(path) == 0 || errno == ENOENT)
		return 0;
	return errno == ENOTEMPTY ? 1 : err_set(e, errno, "remove '%s'", path);
}

bool host_root_exists(const char *state, const char *id)
{
	_cleanup_free_ char *path = path_of(state, id, NULL);

	return !path || access(path, F_OK) == 0;
}

int host_root_list(const char *state, struct strv *ids, struct err *e)
{
	_cleanup_free_ char *path = str_printf("%s/" DIR_NAME, state);
	_cleanup_dir_ DIR *d = path ? opendir(path) : NULL;
	struct dirent *de;

	if (!path)
		return err_set(e, ENOMEM, "list '" DIR_NAME "'");
	if (!d)
		return errno == ENOENT ? 0 : err_set(e, errno, "open '%s'", path);
	while ((errno = 0, de = readdir(d)) != NULL)
		if (de->d_name[0] != '.' && strv_add(ids, de->d_name) < 0)
			return err_set(e, ENOMEM, "list '%s'", path);
	return errno ? err_set(e, errno, "list '%s'", path) : 0;
}
