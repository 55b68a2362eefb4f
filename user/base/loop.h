/* SPDX-License-Identifier: Apache-2.0 */
/* A small epoll loop: sources call back, the owner keeps the outer loop. */
#ifndef DAVIT_BASE_LOOP_H
#define DAVIT_BASE_LOOP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

struct err;
struct loop_source;

#define LOOP_BATCH 16

typedef void (*loop_fn)(struct loop_source *s, uint32_t events);

/**
 * struct loop_source - one watched descriptor, embedded in its owner's struct
 * @fd:     borrowed; -1 = not in a loop
 * @fn:     called with the epoll events that came
 * @data:   the owner's
 * @events: what the kernel was told last
 */
struct loop_source {
	int fd;
	uint32_t events;
	loop_fn fn;
	void *data;
};

/**
 * struct loop - epoll descriptor and the batch being delivered
 *
 * A callback may remove any source, also one that has an event later in the same batch.
 */
struct loop {
	int fd;
	int n_batch;
	struct epoll_event batch[LOOP_BATCH];
};

#define LOOP_INIT { .fd = -1 }

int loop_init(struct loop *l, struct err *e);
void loop_done(struct loop *l); /* sources and their descriptors stay the callers' */

/* loop_add() - watch @fd. -EPERM: it is of a kind that is always ready (a regular file). */
int loop_add(struct loop *l, struct loop_source *s, int fd, uint32_t events, loop_fn fn, void *data,
	     struct err *e);

/* loop_want() - change the events of a source; does nothing when they are the same already.
 * EPOLLHUP and EPOLLERR are always reported; a source that should rest goes through loop_del(). */
int loop_want(struct loop *l, struct loop_source *s, uint32_t events);

/* loop_del() - stop watching; call before closing the descriptor. No-op if not in the loop. */
void loop_del(struct loop *l, struct loop_source *s);

/**
 * loop_wait() - wait for events and deliver one batch of them
 * @timeout_ms: -1 = no limit
 *
 * Return: number of callbacks made, 0 after a timeout or a signal; -errno of epoll_wait(2).
 */
int loop_wait(struct loop *l, int timeout_ms);

#endif
