// SPDX-License-Identifier: Apache-2.0
/* The standard streams that a bundle's process gets from the caller. */
#include "runtime/bundle_stdio.h"

#include <errno.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/err.h"
#include "spec/oci_config.h"

bool bundle_stdio_is_given(const struct stat *st, bool keeps_files)
{
	if (S_ISFIFO(st->st_mode) || S_ISSOCK(st->st_mode))
		return true;
	return !keeps_files && !(S_ISCHR(st->st_mode) && st->st_rdev == makedev(1, 3));
}

static bool find_outside(const struct oci_id_maps *maps, uint32_t inside, uid_t *ret)
{
	for (size_t i = 0; i < maps->n; i++)
		if (inside >= maps->v[i].inside && inside - maps->v[i].inside < maps->v[i].count) {
			*ret = maps->v[i].outside + (inside - maps->v[i].inside);
			return true;
		}
	return false;
}

int bundle_stdio_map(const struct oci_linux *linux_, const struct oci_process *process,
		     struct err *e)
{
	struct stat st;
	uid_t uid;

	if (process->terminal || !find_outside(&linux_->uid_map, process->user.uid, &uid))
		return 0;
	for (int fd = 0; fd < 3; fd++) {
		if (fstat(fd, &st) < 0 || st.st_uid == uid ||
		    !bundle_stdio_is_given(&st, process->keeps_files))
			continue;
		/* of a read-only mount, or one that has nobody like that: they work as they are */
		if (fchown(fd, uid, (gid_t)-1) < 0 && errno != EPERM && errno != EROFS &&
		    errno != EINVAL)
			return err_set(e, errno, "give file descriptor %d to user %u", fd, uid);
	}
	return 0;
}
