/* SPDX-License-Identifier: Apache-2.0 */
/* A container that has been created: davit-init waits in it, with two pipes (docs/design/oci-runtime.md). */
#ifndef DAVIT_RUNTIME_WAITING_H
#define DAVIT_RUNTIME_WAITING_H

#include <stdbool.h>
#include <stdint.h>

struct err;
struct record;

/* waiting_is() - does the container's process still wait to be started? Who has that pipe under that number is it. */
bool waiting_is(const struct record *r);

/**
 * waiting_start() - let it execute the workload and read how that went
 *
 * Return: 0; -errno with @e as after runtime_start(); -EBUSY when it does not wait (any more).
 */
int waiting_start(const struct record *r, struct err *e);

#endif
