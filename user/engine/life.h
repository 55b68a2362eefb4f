/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One life of a container: from the lock on its running state to the last thing taken away. Every
 * step leaves a trace that life_teardown() of any later process finds by id alone.
 */
#ifndef DAVIT_ENGINE_LIFE_H
#define DAVIT_ENGINE_LIFE_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/container.h"
#include "engine/resolve.h"
#include "engine/run_state.h"
#include "runtime/plan.h"
#include "runtime/start.h"

struct bpf_set;
struct engine;
struct err;
struct exit_record;
struct image;
struct timing;

/**
 * struct life - a container being started, running, or being taken apart, by its owner
 * @fresh:	what @c points to after a start: the record as it was when it was locked
 * @run_fd:	running state directory, flock(2)ed: whoever holds it is the owner
 * @is_unrecorded: all that life_end() could not do is to write on disk how it ended, for want of room, say: the running
 *		state stays and says it, until it can be written or life_drop()
 * @state_fd:	its file "state" (-1: none yet), through which the exit reaches those who wait
 */
struct life {
	struct engine *en;
	const struct container *c;
	struct container fresh;
	int run_fd, state_fd, slice_fd, root_fd, userns_fd;
	char *run_path, *init_path;
	struct cgroup *cgroup;
	struct bpf_set *bpf;
	struct resolved resolved;
	struct plan plan;
	bool has_plan, has_resolved, is_unrecorded;
	struct run_state state; /* what @state_fd has */
	struct started started;
	struct timing *timing;
};

/**
 * life_begin() - become the owner: make and lock the running state of @c
 *
 * Return: 0; -EALREADY when it runs already. @ret is for life_done() from then on.
 */
int life_begin(struct engine *en, const struct container *c, struct timing *timing,
	       struct life *ret, struct err *e);

/* life_prepare() - resolve, cgroup, policy, root file system, plan. On failure call life_end(). */
int life_prepare(struct life *l, const struct image *im, struct err *e);

/* life_start() - clone and execute; the container runs when this returns 0 */
int life_start(struct life *l, struct err *e);

/**
 * life_end() - take away what the running container had; the owner's last call
 * @exit: how it ended, NULL = it never ran or nobody knows
 *
 * Keeps going after a failure and returns the first. What could not be removed is found by
 * `davit system check`.
 */
int life_end(struct life *l, const struct exit_record *exit, struct err *e);

/* life_done() - free and close; takes nothing away */
void life_done(struct life *l);

/**
 * life_adopt() - become the owner of a container whose owner died, or whose monitor hands over
 * @lock_fd: lock on the running state held already, -1 = take it without waiting
 *
 * Return: 0; -EWOULDBLOCK when it has an owner; -ENOENT when it is not running.
 */
int life_adopt(struct engine *en, const struct container *c, int lock_fd, struct life *ret,
	       struct err *e);

/**
 * life_drop() - forget the running state of a container that has ended, whose end did not fit on the disk
 *
 * Return: 0, also when there is none; -EBUSY when it has an owner, or may run.
 */
int life_drop(struct engine *en, const struct container *c, struct err *e);

#endif
