// SPDX-License-Identifier: Apache-2.0
/* Removing containers. */
#include "engine/remove.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/lock.h"
#include "engine/container.h"
#include "engine/disk.h"
#include "engine/engine.h"
#include "engine/life.h"
#include "engine/name.h"
#include "engine/signal.h"
#include "runtime/host_root.h"

#define LOOKERS_MS 50

int remove_disk(struct engine *en, const struct container *c, struct err *e)
{
	char path[CONTAINER_PATH_MAX], trash[CONTAINER_PATH_MAX];

	if (!c->is_ephemeral || !disk_recycle(en, c->id)) {
		container_path(path, c->id, NULL);
		(void)err_format(trash, sizeof(trash), "trash/c-%s", c->id);
		/* gone for everyone at once, however long unlinking takes */
		if (renameat(en->store.fd, path, en->store.fd, trash) < 0) {
			if (errno != ENOENT)
				return err_set(e, errno, "remove '%s/%s'", en->env->root, path);
		} else {
			int r = fs_remove_tree(en->store.fd, trash, e);

			if (r < 0)
				return r;
		}
	}
	name_release(en, c);
	return 0;
}

/* Against a start in between: it holds the same lock until it runs. */
static int remove_ended(struct engine *en, const struct container *c, struct err *e)
{
	_cleanup_fd_ int lock = -1;
	char path[CONTAINER_PATH_MAX];
	int r;

	lock = lock_dir(en->store.fd, container_path(path, c->id, NULL), LOCK_EX, e);
	if (lock == -ENOENT)
		return err_plain(e, lock, "no container '%s'", c->name ? c->name : c->id);
	if (lock < 0)
		return lock;
	/* who looks at it holds the lock for a moment */
	for (int tries = 0; (r = life_drop(en, c, e)) == -EBUSY && tries < LOOKERS_MS; tries++)
		(void)poll(NULL, 0, 1);
	if (r == -EBUSY)
		return err_plain(e, r, "container '%s' was started meanwhile",
				 c->name ? c->name : c->id);
	if (r < 0)
		return r;
	return remove_disk(en, c, e);
}

int container_remove_unreadable(struct engine *en, const char *id, struct err *e)
{
	struct container c = { .name = NULL };
	int r;

	memcpy(c.id, id, ID_LEN + 1);
	r = container_kill_all(en, &c, e);
	if (r == 0) /* --mntns host may have been among its options */
		r = host_root_remove(en->env->state, id, e);
	if (r >= 0)
		r = remove_ended(en, &c, e);
	if (r == 0)
		name_release_all(en, id);
	return r;
}

int container_remove(struct engine *en, const struct container *c, bool force, struct err *e)
{
	struct container_state st;
	int r = engine_claim_root(en, e);

	if (r == 0)
		r = container_state(en, c, &st, e);
	if (r < 0)
		return r;
	if (st.status == CONTAINER_EXITED && st.has_owner) { /* which is about to write down how */
		r = container_await_owner(en, c, e);
		if (r == -ENOENT || (r == 0 && c->options.auto_remove))
			return 0;
		if (r < 0)
			return r;
		st.has_owner = false;
	}
	if (st.status == CONTAINER_RUNNING || st.status == CONTAINER_PAUSED || st.has_owner) {
		if (!force) {
			r = err_plain(e, -EBUSY, "container '%s' is %s", c->name ? c->name : c->id,
				      st.status == CONTAINER_PAUSED ? "paused" : "running");
			err_hint(e, "stop it first, or use 'davit rm -f'");
			return r;
		}
		r = container_kill_all(en, c, e);
		if (r == -ENOENT || (r == 0 && c->options.auto_remove)) /* its owner removes it */
			return 0;
		if (r < 0)
			return r;
	}
	return remove_ended(en, c, e);
}
