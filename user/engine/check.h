/* SPDX-License-Identifier: Apache-2.0 */
/* Finding and removing what killed processes left behind. */
#ifndef DAVIT_ENGINE_CHECK_H
#define DAVIT_ENGINE_CHECK_H

struct engine;
struct err;
struct strv;

/**
 * engine_check() - find leftovers of containers and remove them
 * @found: gets a line for each thing found
 * @problems: a line for each record that cannot be read; its container is left alone
 *
 * Containers that run, with or without an owner, are left alone. Safe beside other commands: what
 * is being made or taken down is locked.
 *
 * Return: 0, or the first failure after everything was tried.
 */
int engine_check(struct engine *en, struct strv *found, struct strv *problems, struct err *e);

#endif
