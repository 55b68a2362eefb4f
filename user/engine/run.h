/* SPDX-License-Identifier: Apache-2.0 */
/* Creating and starting containers. */
#ifndef DAVIT_ENGINE_RUN_H
#define DAVIT_ENGINE_RUN_H

#include <stdbool.h>
#include <sys/types.h>

struct container;
struct engine;
struct err;
struct image;
struct timing;

/**
 * container_create() - check the options, reserve id and name, write the record
 * @c: options, image name and args set; id, image_id and created_ns are filled in
 *
 * A container with --rm is recorded by its start, which reserves its name, too: here only its id is
 * chosen.
 *
 * Return: 0; -EEXIST when the name is in use.
 */
int container_create(struct engine *en, struct container *c, const struct image *im, struct err *e);

/* container_discard() - undo container_create() */
int container_discard(struct engine *en, const struct container *c);

/* run_can_be_direct() - may this process be the parent itself: --rm, no terminal on either side,
 * in the foreground? */
bool run_can_be_direct(const struct container *c);

/**
 * run_direct() - start @c as our child with our stdio, wait, take it down
 *
 * Signals that we get are passed on. Return: 0 with the exit code; -EEXIST when the name is in use.
 */
int run_direct(struct engine *en, const struct container *c, const struct image *im,
	       struct timing *timing, int *ret_code, struct err *e);

/**
 * run_monitored() - start @c under a davit-monitor
 * @client:  end of attach_pair() for the monitor, taken over; -1 = none
 * @ret_pid: of the workload, which may have ended by now; NULL = not wanted
 *
 * Return: 0 once the workload has been executed; -EEXIST when the name is in use; -EALREADY when @c runs.
 */
int run_monitored(struct engine *en, const struct container *c, const struct image *im, int client,
		  struct timing *timing, pid_t *ret_pid, struct err *e);

/* run_reap() - what `davit reap` does: @lock_fd is the owner's lock, taken over from the monitor */
int run_reap(struct engine *en, const struct container *c, int lock_fd, struct err *e);

#endif
