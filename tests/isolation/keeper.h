/* SPDX-License-Identifier: Apache-2.0 */
/* A process that cleans up when this one is killed. */
#ifndef DAVIT_ISOLATION_KEEPER_H
#define DAVIT_ISOLATION_KEEPER_H

#include <sys/types.h>

/**
 * keeper_start() - a child in a session of its own that calls @clean_up(@data) when this process dies
 * @data: shared with it (MAP_SHARED), since what is to be removed is made after it; written with one process
 *	  being dead, so no locks are needed
 *
 * It holds none of the caller's standard streams. Whoever cleans up as planned ends it by keeper_end().
 *
 * Return: its pid; -errno.
 */
pid_t keeper_start(void (*clean_up)(void *data), void *data);
void keeper_end(pid_t keeper);

#endif
