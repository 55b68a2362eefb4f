/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets of callers, at paths that they give us, to hand them descriptors. */
#ifndef DAVIT_RUNTIME_SOCKET_H
#define DAVIT_RUNTIME_SOCKET_H

#include <stddef.h>

struct err;

/**
 * socket_connect() - to the stream socket at @path, of any length
 * @what: what has named it, for messages ("option '--pidfd-socket'")
 *
 * Return: descriptor; -errno with @e.
 */
int socket_connect(const char *what, const char *path, struct err *e);

/* socket_send_fd() - @fd with the @n bytes of @data, in one message. Return: 0; -errno with @e. */
int socket_send_fd(const char *what, int sock, int fd, const void *data, size_t n, struct err *e);

#endif
