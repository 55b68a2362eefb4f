/* SPDX-License-Identifier: Apache-2.0 */
/* The ranges of host ids that --userns auto gives to containers, one container each. */
#ifndef DAVIT_ENGINE_ID_RANGE_H
#define DAVIT_ENGINE_ID_RANGE_H

#include <stdint.h>

struct engine;
struct err;
struct id_map;

#define ID_RANGE_DIR \
	"userns" /* below <state>: a symlink to the container's id for each range in use */

/* id_range_choose() - the range to try first for container @id */
void id_range_choose(const char *id, struct id_map *ret);

/**
 * id_range_reserve() - keep a range for container @id until id_range_release()
 * @map: from id_range_choose(); becomes the next range that is free
 * @ret_slot: number of the range from 1 on
 *
 * Return: 0; -ENOSPC when all are in use.
 */
int id_range_reserve(struct engine *en, const char *id, struct id_map *map, uint32_t *ret_slot,
		     struct err *e);

/* id_range_release() - @slot 0 is none */
void id_range_release(struct engine *en, uint32_t slot);

#endif
