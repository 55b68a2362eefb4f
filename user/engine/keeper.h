/* SPDX-License-Identifier: Apache-2.0 */
/* Who has the terminal of an exec'ed process after the user has detached from it. */
#ifndef DAVIT_ENGINE_KEEPER_H
#define DAVIT_ENGINE_KEEPER_H

struct err;

/**
 * keeper_start() - leave a process in the background that keeps @pty, a master, until the process behind
 * @pidfd ends
 *
 * Without a master the terminal would hang up and take the process with it; unread, it would fill up and
 * block it. What is written to it from now on is lost. The keeper belongs to no session and has nothing
 * else open. It is not in the pid namespace that our children would be in after a setns(2).
 */
int keeper_start(int pty, int pidfd, struct err *e);

#endif
