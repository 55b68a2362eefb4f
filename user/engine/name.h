/* SPDX-License-Identifier: Apache-2.0 */
/*
 * <root>/names/<name>: symlink to the id. symlink(2) reserves a name; it is given back, or taken from
 * the dead, under the lock on names/, so that nobody removes what has become another one's.
 */
#ifndef DAVIT_ENGINE_NAME_H
#define DAVIT_ENGINE_NAME_H

struct container;
struct engine;
struct err;

/**
 * name_reserve() - make @c->name stand for @c, which may have none
 *
 * The directory of @c, on disk or of its running state, exists and is locked: that is how others tell
 * that the name is in use. A holder whose owner was killed is taken down first.
 *
 * Return: 0; -EEXIST when it is in use.
 */
int name_reserve(struct engine *en, const struct container *c, struct err *e);

/* name_release() - let go of @c's name if it is still its own */
void name_release(struct engine *en, const struct container *c);

/* name_release_all() - every name that stands for @id, for who cannot read which one it has */
void name_release_all(struct engine *en, const char *id);

#endif
