// SPDX-License-Identifier: Apache-2.0
/* An open engine: the directories of one instance. */
#include "engine/engine.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/fs.h"
#include "engine/disk.h"

int engine_make_state(struct engine *en, struct err *e)
{
	static const struct {
		const char *name;
		mode_t mode;
	} dirs[] = {
		{ "empty", 0555 }, /* covers masked directories */
		{ "pivot", 0700 }, /* where a container's root is put for an instant */
		{ "containers", 0700 }, /* last: it says that the others are there */
	};

	disk_drop_spares(en); /* the state went with the last boot */
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		if (mkdirat(en->state_fd, dirs[i].name, dirs[i].mode) < 0 && errno != EEXIST)
			return err_set(e, errno, "make '%s/%s'", en->env->state, dirs[i].name);
	return 0;
}

static int open_state(struct engine *en, struct err *e)
{
	const char *path = en->env->state;
	int r;

	en->state_fd = openat(AT_FDCWD, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (en->state_fd >= 0)
		return 0;
	if (errno != ENOENT)
		return err_set(e, errno, "open '%s'", path);
	r = fs_mkdir_parents(AT_FDCWD, path, 0711);
	if (r < 0)
		return err_set(e, r, "make '%s'", path);
	en->state_fd = openat(AT_FDCWD, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (en->state_fd < 0)
		return err_set(e, errno, "open '%s'", path);
	return engine_make_state(en, e);
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
	r = open_state(&en, e);
	if (r < 0) {
		engine_done(&en);
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

/* Return: 1 when the root is @en's, 0 when it is nobody's; -EBUSY */
static int look_for_owner(struct engine *en, struct err *e)
{
	_cleanup_free_ char *state = fs_read_link(en->store.fd, "state");
	int r;

	if (!state && errno == ENOENT)
		return 0;
	if (!state)
		return err_set(e, errno, "read '%s/state'", en->env->root);
	if (strcmp(state, en->env->state) == 0)
		return 1;
	r = err_plain(e, -EBUSY, "root '%s' belongs to the state directory '%s'", en->env->root, state);
	err_hint(e, "use '--state %s'; if nothing of it can be running any more, remove '%s/state'", state,
		 en->env->root);
	return r;
}

int engine_claim_root(struct engine *en, struct err *e)
{
	int r = look_for_owner(en, e);

	if (r != 0)
		return r < 0 ? r : 0;
	if (symlinkat(en->env->state, en->store.fd, "state") == 0)
		return 0;
	if (errno != EEXIST)
		return err_set(e, errno, "make '%s/state'", en->env->root);
	r = look_for_owner(en, e); /* somebody was faster */
	return r < 0 ? r : 0;
}

int engine_check_root(struct engine *en, struct err *e)
{
	int r = look_for_owner(en, e);

	return r < 0 ? r : 0;
}
