/* SPDX-License-Identifier: Apache-2.0 */
/* The owner of a running container (davit or davit-monitor): who holds the lock of its running state. */
#ifndef DAVIT_ENGINE_OWNER_H
#define DAVIT_ENGINE_OWNER_H

struct container;
struct engine;

/* owner_rouse() - after @waited_ms without an answer: let a stopped owner go on (SIGCONT); if that does
 * not help, kill it, so that its lock becomes free. Owners that are not stopped are left to their work. */
void owner_rouse(struct engine *en, const struct container *c, int waited_ms);

#endif
