/* SPDX-License-Identifier: Apache-2.0 */
/* A point of a container's life, and the hooks that run there. */
#ifndef DAVIT_RUNTIME_HOOK_POINT_H
#define DAVIT_RUNTIME_HOOK_POINT_H

#include "runtime/hooks.h"
#include "runtime/record.h"

/**
 * hook_point_run() - tell the hooks of @point the state of @r
 * @dirfd: the record, locked: unlocked while they run (busy.h); -1 = left as it is
 *
 * The pid that they are told is the one it has where they are.
 *
 * Return: 0; -EBUSY: hooks of it run already; -ESTALE: the container was deleted meanwhile, the record is no more ours; as
 * hooks_run().
 */
int hook_point_run(const struct oci_hooks *hooks, enum oci_hook_point point, const struct record *r,
		   enum record_status status, const struct hook_place *place, int dirfd,
		   struct err *e);

/* hook_point_run_recorded() - the same, those that the record has */
int hook_point_run_recorded(const struct record *r, enum oci_hook_point point,
			    enum record_status status, const struct hook_place *place, int dirfd,
			    struct err *e);

/* hook_point_is_empty() - has the record no hooks of @point? */
bool hook_point_is_empty(const struct record *r, enum oci_hook_point point);

/**
 * hook_point_keep() - config.json's hooks as a record has them: startContainer hooks without an environment get @env, the
 * process', as `start` does not read config.json
 *
 * Return: a reference; NULL: out of memory.
 */
json_t *hook_point_keep(json_t *hooks, json_t *env);

#endif
