/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hooks run without the lock of their container's record, as they may take any time: others can look at the container,
 * kill and delete it meanwhile. <root>/<id>/busy is locked in its place, so that no second start runs the hooks again and
 * a container whose create is under way is not taken for what a killed one has left.
 *
 * Taken and given back under the record's lock only.
 */
#ifndef DAVIT_RUNTIME_BUSY_H
#define DAVIT_RUNTIME_BUSY_H

#include <stdbool.h>

struct err;

/* busy_begin() - before the hooks: the record is unlocked. @dirfd: its directory. Return: a descriptor for busy_end();
 * -EBUSY: hooks of it run already, and the record is still locked. */
int busy_begin(int dirfd, struct err *e);

/* busy_end() - behind them: waits for the record's lock, closes @fd. Return: 0; -ENOENT: the container was deleted. */
int busy_end(int dirfd, int fd, struct err *e);

/* busy_is() - is a process between the two? */
bool busy_is(int dirfd);

#endif
