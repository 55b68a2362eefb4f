// SPDX-License-Identifier: Apache-2.0
/* An open engine: the directories of one instance. */
#include "engine/engine.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/fs.h"

static int open_state(const char *path, struct err *e)
{
	int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC), r;

	if (fd >= 0)
		return fd;
	if (errno != ENOENT)
		return err_set(e, errno, "open '%s'", path);
	r = fs_mkdir_parents(AT_FDCWD, path, 0711);
	if (r < 0)
		return err_set(e, r, "make '%s'", path);
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_set(e, errno, "open '%s'", path);
	/* empty/ covers masked directories; pivot/ is where a container's root is put for an instant */
	if ((mkdirat(fd, "containers", 0700) < 0 && errno != EEXIST) ||
	    (mkdirat(fd, "empty", 0555) < 0 && errno != EEXIST) ||
	    (mkdirat(fd, "pivot", 0700) < 0 && errno != EEXIST)) {
		r = err_set(e, errno, "make directories in '%s'", path);
		(void)fd_close(fd);
		return r;
	}
	return fd;
}

int engine_open(const struct env *env, struct engine *ret, struct err *e)
{
	struct engine en = ENGINE_INIT;
	int r;

	(void)umask(0); /* cannot fail */
	en.env = env;
	r = store_open(env->root, &en.store, e);
	if (r < 0)
		return r;
	en.state_fd = open_state(env->state, e);
	if (en.state_fd < 0) {
		r = en.state_fd;
		store_done(&en.store);
		return r;
	}
	*ret = en;
	return 0;
}

void engine_done(struct engine *en)
{
	store_done(&en->store);
	en->state_fd = fd_close(en->state_fd);
}
