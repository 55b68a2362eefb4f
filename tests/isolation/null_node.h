/* SPDX-License-Identifier: Apache-2.0 */
/* The null device that engines get: a node of ours, since some change owner or mode of what they are given. */
#ifndef DAVIT_ISOLATION_NULL_NODE_H
#define DAVIT_ISOLATION_NULL_NODE_H

struct facts;

/**
 * null_node_make() - a copy of the mount namespace, in which another null device is mounted on /dev/null
 *
 * Engines and what they start (podman's conmon opens /dev/null by itself) find that one. Mounts of this namespace are
 * seen by all in it, as on the host; nothing of it reaches the host's. What is started later has no way back.
 *
 * Return: 0; -1, complained.
 */
int null_node_make(void);

/* null_node_tell() - host.null: owner and mode of /dev/null now */
void null_node_tell(struct facts *f);

#endif
