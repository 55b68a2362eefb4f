/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pausing containers: the freezer of their cgroup.
 *
 * Nothing is written down. Whether a container is paused is what the kernel says of its cgroup
 * (container_state()), so no crash can leave a record that tells otherwise.
 */
#ifndef DAVIT_ENGINE_PAUSE_H
#define DAVIT_ENGINE_PAUSE_H

struct container;
struct container_state;
struct engine;
struct err;

/**
 * container_pause() - stop all processes of a running container where they are
 *
 * Return: 0 when all have stopped; -ESRCH when it does not run; -EALREADY when it is paused;
 * -ETIMEDOUT, running again, when a process does not stop; -EOPNOTSUPP without a freezer.
 */
int container_pause(struct engine *en, const struct container *c, struct err *e);

/* container_unpause() - let them go on. Return: 0; -ESRCH when it does not run; -EINVAL when it is
 * not paused, not even half-way. */
int container_unpause(struct engine *en, const struct container *c, struct err *e);

/* container_thaw() - let its processes act on a signal: no error if they were not paused, or are gone */
int container_thaw(struct engine *en, const struct container *c, struct err *e);

/* pause_refuse() - for what a paused container would leave hanging. Return: 0; -EBUSY with a message
 * that it must be unpaused before @what. */
int pause_refuse(const struct container *c, const struct container_state *st, const char *what,
		 struct err *e);

#endif
