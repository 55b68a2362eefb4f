// SPDX-License-Identifier: Apache-2.0
/* Creating containers: id, name, record. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/fmt.h"
#include "base/fs.h"
#include "base/lock.h"
#include "engine/attach.h"
#include "engine/container.h"
#include "engine/engine.h"
#include "engine/resolve.h"
#include "engine/run.h"
#include "store/image.h"

/* Is @id a container that somebody has, or is making? Both directories exist before the name. */
static bool is_alive(struct engine *en, const char *id)
{
	char path[CONTAINER_PATH_MAX];

	container_path(path, id, NULL);
	return fs_exists(en->store.fd, path) || fs_exists(en->state_fd, path);
}

static int in_use(const char *name, const char *id, struct err *e)
{
	int r = err_plain(e, -EEXIST, "name '%s' is in use by container '%.12s'", name, id);

	err_hint(e, "remove it with 'davit rm %s', or choose another name", name);
	return r;
}

static int reserve_name(struct engine *en, const struct container *c, struct err *e)
{
	_cleanup_fd_ int lock = -1;
	_cleanup_free_ char *holder = NULL;
	char path[NAME_MAX_LEN + 8];

	if (!c->name)
		return 0;
	(void)err_format(path, sizeof(path), "names/%s", c->name);
	if (symlinkat(c->id, en->store.fd, path) == 0)
		return 0;
	if (errno != EEXIST)
		return err_set(e, errno, "reserve name '%s'", c->name);
	/* only under the lock may a name of nobody be taken over */
	lock = lock_dir(en->store.fd, "names", LOCK_EX, e);
	if (lock < 0)
		return lock;
	holder = fs_read_link(en->store.fd, path);
	if (holder && is_alive(en, holder))
		return in_use(c->name, holder, e);
	if (holder)
		(void)unlinkat(en->store.fd, path, 0); /* the symlink below says if it failed */
	if (symlinkat(c->id, en->store.fd, path) == 0)
		return 0;
	return errno == EEXIST ? in_use(c->name, "?", e) : err_set(e, errno, "reserve name '%s'", c->name);
}

static int make_dirs(struct engine *en, const struct container *c, struct err *e)
{
	char path[CONTAINER_PATH_MAX];

	if (mkdirat(en->store.fd, container_path(path, c->id, NULL), 0700) < 0)
		return err_set(e, errno, "make '%s/%s'", en->env->root, path);
	return 0;
}

static int check_options(const struct container *c, struct err *e)
{
	int r;

	if (c->name && !name_is_valid(c->name)) {
		r = err_plain(e, -EINVAL, "'%s' is no name for a container", c->name);
		err_hint(e, "letters, digits, '_', '.' and '-', starting with a letter or digit, 2 to %u "
			    "characters", NAME_MAX_LEN);
		return r;
	}
	return 0;
}

int container_create(struct engine *en, struct container *c, const struct image *im, struct err *e)
{
	struct resolved res;
	int r = id_new(c->id);

	if (r < 0)
		return err_set(e, r, "make an id");
	if (c->options.name) {
		c->name = strdup(c->options.name);
		if (!c->name)
			return err_set(e, ENOMEM, "set the name");
	}
	c->image_id = strdup(im->id);
	c->created_ns = fmt_now_ns();
	if (!c->image_id)
		return err_set(e, ENOMEM, "make a container");
	r = check_options(c, e);
	if (r < 0)
		return r;
	if (!c->options.auto_remove || c->name) {
		r = make_dirs(en, c, e);
		if (r == 0)
			r = reserve_name(en, c, e);
		if (r < 0)
			goto remove;
	}
	if (c->options.auto_remove)
		return 0;
	r = resolve(c, im, &res, e);
	if (r < 0)
		goto remove;
	resolved_done(&res);
	r = container_save(en, c, e);
	if (r < 0)
		goto remove;
	return 0;
remove:
	(void)container_discard(en, c); /* the first error is the one to tell */
	return r;
}

int container_discard(struct engine *en, const struct container *c)
{
	char path[CONTAINER_PATH_MAX], name[NAME_MAX_LEN + 8];
	_cleanup_free_ char *holder = NULL;

	if (c->name) {
		(void)err_format(name, sizeof(name), "names/%s", c->name);
		holder = fs_read_link(en->store.fd, name);
		if (str_eq(holder, c->id))
			(void)unlinkat(en->store.fd, name, 0); /* a name of nobody is taken over anyway */
	}
	return fs_remove_tree(en->store.fd, container_path(path, c->id, NULL), NULL);
}
