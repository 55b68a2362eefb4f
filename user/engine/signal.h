/* SPDX-License-Identifier: Apache-2.0 */
/* Signals to containers, and waiting for their end. */
#ifndef DAVIT_ENGINE_SIGNAL_H
#define DAVIT_ENGINE_SIGNAL_H

#include <stdbool.h>
#include <stdint.h>

struct container;
struct engine;
struct err;

/* container_pidfd() - of the first process of a running container, proved to be in its cgroup.
 * Return: descriptor; -ESRCH when it does not run. */
int container_pidfd(struct engine *en, const struct container *c, struct err *e);

/* container_kill() - @sig to the first process. SIGKILL ends a paused one too; others wait there until
 * it goes on. -ESRCH when it does not run. */
int container_kill(struct engine *en, const struct container *c, int sig, struct err *e);

/* container_kill_all() - SIGKILL to everything, return when its owner has taken it down (or, without
 * one, after doing that here) */
int container_kill_all(struct engine *en, const struct container *c, struct err *e);

/* container_await_owner() - of a container whose first process has ended: return when its owner has
 * taken it down. A stopped owner is let go on, and killed if it does not. */
int container_await_owner(struct engine *en, const struct container *c, struct err *e);

/**
 * container_stop() - stop signal, then SIGKILL; a paused one goes on, so that it can obey
 * @timeout_ms: between the two; -1 = never kill
 */
int container_stop(struct engine *en, const struct container *c, int sig, int64_t timeout_ms,
		   struct err *e);

/* container_wait() - until it ends; also for one that has ended before.
 * Return: 0 with its exit code; -ENODATA when nobody saw the end. */
int container_wait(struct engine *en, const struct container *c, int *ret_code, struct err *e);

#endif
