// SPDX-License-Identifier: Apache-2.0
/* The directory that holds all containers' cgroups: taking it away. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/err.h"
#include "kern/cgroup_impl.h"

static int remove_slice(const char *path, struct err *e)
{
	if (unlinkat(AT_FDCWD, path, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	return err_set(e, errno, "remove cgroup '%s'", path);
}

int cgroup_slice_remove(const char *slice, struct err *e)
{
	char path[CGROUP_PATH_MAX];
	int r = cgroup_v2_root() ? remove_slice(cgroup_v2_path(path, slice, NULL), e) : 0;

	for (int c = 0; r == 0 && c < CGROUP_CONTROLLER_COUNT; c++)
		if (cgroup_v1_is_mounted((enum cgroup_controller)c))
			r = remove_slice(cgroup_v1_path(path, (enum cgroup_controller)c, slice, NULL, NULL), e);
	return r;
}
