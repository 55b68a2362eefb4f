/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Named containers: records and where they are.
 *
 *	<root>/containers/<id>/		config.json, end.json, log, upper/, work/
 *	<root>/names/<name>		symlink to the id: symlink(2) reserves the name atomically
 *	<state>/containers/<id>/	running state, exists from before the start until after the
 *					teardown; flock(2)ed by its owner, the process that is the
 *					parent of the container (davit or davit-monitor)
 *
 * The record of `run --rm` lives in the running state only: it ends with it. That of `create --rm` is
 * kept like any other, and removed by the end of its first run.
 */
#ifndef DAVIT_ENGINE_CONTAINER_H
#define DAVIT_ENGINE_CONTAINER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/id.h"
#include "base/str.h"
#include "engine/options.h"

struct engine;
struct err;
struct json_t;

#define CONTAINER_RECORD_MAX (4u << 20) /* bytes of config.json */
#define CONTAINER_ARGS_MAX   65536u	/* arguments of the command */

enum container_status {
	CONTAINER_CREATED,
	CONTAINER_RUNNING,
	CONTAINER_PAUSED,
	CONTAINER_EXITED,
	CONTAINER_STATUS_COUNT
};

/**
 * struct container - a record; container_done() frees
 * @image:    name as the user gave it
 * @image_id: hex id
 * @args:     command of the command line, empty = the image's
 * @is_ephemeral: of `run --rm`: its record is in the running state
 * @is_loaded: read from its record, which may have been changed since
 */
struct container {
	char id[ID_LEN + 1];
	char *name, *image, *image_id;
	int64_t created_ns;
	struct container_options options;
	struct strv args;
	bool is_ephemeral, is_loaded;
};

/**
 * struct container_state - what is known by looking
 * @pid:	first process, 0 when not running or not known
 * @has_exit:	@exit_code is true; false for an exit that nobody saw (@status EXITED)
 * @has_owner:	its parent (davit or davit-monitor) is alive
 */
struct container_state {
	enum container_status status;
	pid_t pid;
	int64_t started_ns, finished_ns;
	bool has_exit, oom_killed, has_owner;
	int exit_code;
	char error[256];
};

void container_done(struct container *c);

/**
 * container_find() - by id, name, or unique id prefix
 *
 * Return: 0; -ENOENT; -ENOTUNIQ.
 */
int container_find(struct engine *en, const char *ref, struct container *ret, struct err *e);

/* container_load() - by full id. Return: 0; -ENOENT; -EBADMSG: the record cannot be read. */
int container_load(struct engine *en, const char *id, struct container *ret, struct err *e);

/* container_ids() - all there are, appended to @ret, sorted */
int container_ids(struct engine *en, struct strv *ret, struct err *e);

/* container_save() - write the record of a new container where it belongs. Return: 0 or -errno. */
int container_save(struct engine *en, const struct container *c, struct err *e);

/* container_resave() - write a record again, by rename */
int container_resave(struct engine *en, const struct container *c, struct err *e);

/**
 * container_state() - look; finishes what a killed owner left behind
 *
 * Return: 0; -ENOENT when the container is gone (also by this call: --rm with a dead owner).
 */
int container_state(struct engine *en, const struct container *c, struct container_state *ret,
		    struct err *e);

const char *container_status_name(enum container_status s);

/* container_name() - its name, or one made of the id ("calm-otter-3f") for those without */
const char *container_name(const struct container *c, char buf[static NAME_MAX_LEN + 1]);

/* container_is_on_host() - is its root in the host's mount namespace while it runs (runtime/host_root.h)? */
bool container_is_on_host(const struct container *c);

/* container_path() - "containers/<id>/<file>" relative to root or state; buf holds it */
#define CONTAINER_PATH_MAX (ID_LEN + 64u)
const char *container_path(char buf[static CONTAINER_PATH_MAX], const char *id, const char *file);

#endif
