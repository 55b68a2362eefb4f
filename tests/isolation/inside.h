/* SPDX-License-Identifier: Apache-2.0 */
/* The side that runs in the container, and how the two sides talk. */
#ifndef DAVIT_ISOLATION_INSIDE_H
#define DAVIT_ISOLATION_INSIDE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The host side bind-mounts one directory read-only into the container, at INSIDE_DIR:
 *	davit-probe	this program
 *	facts		struct facts
 *	go		made by the host side when it has looked from outside: the inside ends
 * The container's command is `INSIDE_DIR/davit-probe inside INSIDE_DIR TOKEN [NAME...]`; the random
 * TOKEN in its argv is how the host side finds its process. Its stdout has one INSIDE_RECORD line per
 * probe and then INSIDE_DONE. The sibling runs `davit-probe hold DIR TOKEN` in the same way.
 */
#define INSIDE_DIR "/.davit-probe"
#define INSIDE_FACTS "facts"
#define INSIDE_GO "go"
#define INSIDE_RECORD "probe"
#define INSIDE_DONE "probes done"
#define INSIDE_WAIT_S 60
#define HOLD_WAIT_S 600
#define HOLD_SOCKET "davit-probe-"

/* inside_main() - run the chosen probes (none named = all), @with_needs: with what they need, and tell them on
 * stdout. Return: exit status */
int inside_main(const char *dir, const char *const names[], size_t count, bool with_needs);

/* hold_main() - a container to be looked at: listen at the abstract UNIX socket HOLD_SOCKET TOKEN, say
 * INSIDE_DONE and wait for the file "go" */
int hold_main(const char *dir, const char *token);

#endif
