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
#include "engine/name.h"
#include "engine/resolve.h"
#include "engine/run.h"
#include "kern/monitor_args.h"
#include "store/image.h"

/*
 * Whoever finds the directory without a record and can lock it knows that its maker is dead, and
 * removes it: perhaps between our two steps.
 */
static int make_dir(struct engine *en, const struct container *c, struct err *e)
{
	char path[CONTAINER_PATH_MAX];
	int lock = -ENOENT;

	container_path(path, c->id, NULL);
	for (int tries = 0; lock == -ENOENT && tries < 16; tries++) {
		if (mkdirat(en->store.fd, path, 0700) < 0)
			return err_set(e, errno, "make '%s/%s'", en->env->root, path);
		lock = lock_dir(en->store.fd, path, LOCK_EX, e);
	}
	return lock;
}

static int check_options(const struct container *c, struct err *e)
{
	const struct container_options *o = &c->options;
	int r;

	if (c->name && !name_is_valid(c->name)) {
		r = err_plain(e, -EINVAL, "'%s' is no name for a container", c->name);
		err_hint(e, "letters, digits, '_', '.' and '-', starting with a letter or digit, 2 to %u "
			    "characters", NAME_MAX_LEN);
		return r;
	}
	if (c->args.n > CONTAINER_ARGS_MAX)
		return err_plain(e, -E2BIG, "the command has %zu arguments, at most %u are possible",
				 c->args.n, CONTAINER_ARGS_MAX);
	if (o->log_max && o->log_max < MONITOR_LOG_MAX_MIN)
		return err_plain(e, -EINVAL, "option '--log-max-size': less than %u bytes", MONITOR_LOG_MAX_MIN);
	if (o->log_files < 0 || o->log_files > MONITOR_LOG_FILES_MAX)
		return err_plain(e, -EINVAL, "option '--log-max-files': not 1 to %d", MONITOR_LOG_FILES_MAX);
	if (o->auto_remove && (o->log_max || o->log_files))
		return err_plain(e, -EINVAL, "option '--%s' contradicts --rm, which keeps no log",
				 o->log_max ? "log-max-size" : "log-max-files");
	for (size_t i = 0; i < o->label.n; i++)
		if (!o->label.v[i][0] || o->label.v[i][0] == '=')
			return err_plain(e, -EINVAL, "option '--label': '%s' has no name",
					 o->label.v[i]);
	if (o->shm_size && str_eq(o->ipc, "host"))
		return err_plain(e, -EINVAL, "option '--shm-size' contradicts --ipc host");
	return 0;
}

int container_create(struct engine *en, struct container *c, const struct image *im, struct err *e)
{
	_cleanup_fd_ int lock = -1; /* until there is a record */
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
	if (r < 0 || c->is_ephemeral)
		return r;
	r = resolve(c, im, &res, e);
	if (r < 0)
		return r;
	resolved_done(&res);
	lock = make_dir(en, c, e);
	if (lock < 0)
		return lock;
	r = name_reserve(en, c, e);
	if (r == 0)
		r = container_save(en, c, e);
	if (r < 0)
		(void)container_discard(en, c); /* the first error is the one to tell */
	return r;
}

int container_discard(struct engine *en, const struct container *c)
{
	char path[CONTAINER_PATH_MAX];

	if (c->is_ephemeral)
		return 0;
	name_release(en, c);
	return fs_remove_tree(en->store.fd, container_path(path, c->id, NULL), NULL);
}
