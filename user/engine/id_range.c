// SPDX-License-Identifier: Apache-2.0
/* The ranges of host ids that --userns auto gives to containers, one container each. */
#include "engine/id_range.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/env.h"
#include "base/err.h"
#include "base/fmt.h"
#include "engine/engine.h"
#include "runtime/config.h"

/* above the ids that hosts hand out to people, below the sign bit */
#define RANGE_FIRST 0x40000000u
#define RANGE_IDS 65536u
#define RANGES 16000u

_Static_assert(RANGE_FIRST + (uint64_t)RANGES * RANGE_IDS <= INT32_MAX,
	       "some programs take uids for int");

static struct id_map map_of(uint32_t range)
{
	return (struct id_map){ 0, RANGE_FIRST + range * RANGE_IDS, RANGE_IDS };
}

static void path_of(uint32_t range, char path[static 32])
{
	(void)err_format(path, 32, ID_RANGE_DIR "/%u", range);
}

void id_range_choose(const char *id, struct id_map *ret)
{
	char digits[9] = { 0 };
	uint64_t n = 0;

	memcpy(digits, id, 8);
	(void)fmt_parse_u64_base(digits, 16, &n); /* an id is hex */
	*ret = map_of((uint32_t)(n % RANGES));
}

int id_range_reserve(struct engine *en, const char *id, struct id_map *map, uint32_t *ret_slot,
		     struct err *e)
{
	uint32_t range = (map->outside - RANGE_FIRST) / RANGE_IDS;
	char path[32];

	if (mkdirat(en->state_fd, ID_RANGE_DIR, 0700) < 0 && errno != EEXIST)
		return err_set(e, errno, "make '%s/" ID_RANGE_DIR "'", en->env->state);
	for (uint32_t tries = 0; tries < RANGES; tries++, range = (range + 1) % RANGES) {
		path_of(range, path);
		if (symlinkat(id, en->state_fd, path) == 0) {
			*map = map_of(range);
			*ret_slot = range + 1;
			return 0;
		}
		if (errno != EEXIST)
			return err_set(e, errno, "reserve ids in '%s/%s'", en->env->state, path);
	}
	return err_plain(e, -ENOSPC, "all %u id ranges of --userns auto are in use", RANGES);
}

void id_range_release(struct engine *en, uint32_t slot)
{
	char path[32];

	if (!slot)
		return;
	path_of(slot - 1, path);
	(void)unlinkat(en->state_fd, path, 0); /* a range lost at worst, until `system check` */
}
