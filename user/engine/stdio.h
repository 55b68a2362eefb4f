/* SPDX-License-Identifier: Apache-2.0 */
/* Which of our own standard descriptors a container may have as they are. */
#ifndef DAVIT_ENGINE_STDIO_H
#define DAVIT_ENGINE_STDIO_H

#include <stdbool.h>
#include <sys/types.h>

struct runtime_config;

enum stdio_kind {
	STDIO_HARMLESS, /* a pipe or a socket */
	STDIO_NULL,	/* the null device: the container gets one of its own */
	STDIO_RELAYED,	/* a file, a terminal, a device: it only sees a pipe that we copy from and to */
};

/**
 * stdio_kind() - what our descriptor @fd is
 *
 * Who has a file open can open it again for anything through /proc/self/fd, and change its mode: a
 * set-user-id program in a directory of the host. A terminal can be typed into (TIOCSTI).
 */
enum stdio_kind stdio_kind(int fd);

/* stdio_needs_relay() - is one of ours, that the process would get, STDIO_RELAYED? */
bool stdio_needs_relay(bool with_stdin);

/* stdio_owner() - the host's number of the user that a container's process starts as */
uid_t stdio_owner(const struct runtime_config *rc);

/**
 * stdio_give() - make @owner, a number of the host, the owner of @fd if it is a pipe that has no name
 *
 * The mode of a pipe is 0600: only its owner may open /dev/stdout. Anything else stays what it is:
 * a named one is a file of the host, a socket cannot be opened. Best effort: a pipe that may not be
 * given away can still be read and written.
 */
void stdio_give(int fd, uid_t owner);

#endif
