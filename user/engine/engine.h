/* SPDX-License-Identifier: Apache-2.0 */
/* An open engine: the directories of one instance. */
#ifndef DAVIT_ENGINE_ENGINE_H
#define DAVIT_ENGINE_ENGINE_H

#include "base/env.h"
#include "store/store.h"

struct err;

/**
 * struct engine - open directories; zero it with ENGINE_INIT
 * @store: <root>
 * @state_fd: <state>
 */
struct engine {
	const struct env *env;
	struct store store;
	int state_fd;
};

#define ENGINE_INIT { .store = STORE_INIT, .state_fd = -1 }

/* engine_open() - open @env's directories, making them when missing; @env must outlive it. Sets the
 * umask to 0: everything the engine makes has an explicit mode. */
int engine_open(const struct env *env, struct engine *ret, struct err *e);
/* engine_make_state() - make what is missing below <state>; it is a tmpfs that starts empty */
int engine_make_state(struct engine *en, struct err *e);

/**
 * engine_claim_root() - for what changes containers that are kept in <root>
 *
 * <root>/state is a symlink to the state directory that its containers run in: seen from another one
 * they would seem not to run. Return: 0; -EBUSY when it is another.
 */
int engine_claim_root(struct engine *en, struct err *e);
/* engine_check_root() - the same for what looks at them only: a root that is nobody's stays so */
int engine_check_root(struct engine *en, struct err *e);
void engine_done(struct engine *en);

#define _cleanup_engine_ __attribute__((cleanup(engine_done)))

#endif
