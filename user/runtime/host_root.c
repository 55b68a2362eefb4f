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

#define DIR_NAME "~roots"
#define MOUNTS_MAX 4096 /* on one another: what runs inside may go on mounting on its root */

static char *path_of(const char *state, const char *id, struct err *e)
{
	char *path = str_printf("%s/" DIR_NAME "/%s", state, id);

	if (!path)
		(void)err_set(e, ENOMEM, "name the root of '%s'", id);
	return path;
}

char *host_root_make(const char *state, const char *id, struct err *e)
{
	_cleanup_free_ char *path = NULL, *dir = NULL;

	if (host_root_remove(state, id, e) < 0)
		return NULL;
	path = path_of(state, id, e);
	if (!path)
		return NULL;
	dir = strndup(path, (size_t)(strrchr(path, '/') - path));
	if (!dir || (mkdir(dir, 0700) < 0 && errno != EEXIST)) {
		(void)err_set(e, errno, "make '%s/" DIR_NAME "'", state);
		return NULL;
	}
	if (mkdir(path, 0700) < 0) {
		(void)err_set(e, errno, "make '%s'", path);
		return NULL;
	}
	return TAKE_PTR(path);
}

int host_root_open(const char *state, const char *id, struct err *e)
{
	_cleanup_free_ char *path = path_of(state, id, e);
	int fd = path ? open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;

	if (!path)
		return -ENOMEM;
	return fd < 0 ? err_set(e, errno, "open '%s'", path) : fd;
}

int host_root_remove(const char *state, const char *id, struct err *e)
{
	_cleanup_free_ char *path = path_of(state, id, e);

	if (!path)
		return -ENOMEM;
	for (int i = 0; umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) == 0; i++)
		if (i == MOUNTS_MAX)
			return err_plain(e, -ELOOP, "'%s' has more than %d mounts on it", path,
					 MOUNTS_MAX);
	if (errno == ENOENT)
		return 0;
	if (errno != EINVAL) /* not, or no longer, a mount */
		return err_set(e, errno, "unmount '%s'", path);
	return rmdir(path) < 0 && errno != ENOENT ? err_set(e, errno, "remove '%s'", path) : 0;
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
	while ((de = readdir(d)) != NULL)
		if (de->d_name[0] != '.' && strv_add(ids, de->d_name) < 0)
			return err_set(e, ENOMEM, "list '%s'", path);
	return 0;
}
