/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The protocol between a container's monitor and those attached to it.
 *
 * SOCK_SEQPACKET, root only (0600), <state>/containers/<id>/attach.sock or one end of a socketpair
 * given to the monitor at its start. A packet is one type byte and a payload of at most
 * ATTACH_PAYLOAD_MAX bytes; integers are of the host's byte order (it is one host). A packet of an
 * unknown type or a wrong size ends the connection.
 *
 *   monitor -> client   HELLO   struct attach_hello, first packet, once
 *                       STDOUT  bytes; with a terminal all output comes as this
 *                       STDERR  bytes
 *                       EXIT    struct attach_exit; all output came before it. The initial client's
 *                               socket stays open until the container is torn down as well, so its
 *                               end of file means "nothing is left".
 *   client -> monitor   STDIN   bytes
 *                       EOF     no payload: this client sends no more input
 *                       RESIZE  struct attach_size
 *                       CLOSE   one byte, STDOUT or STDERR: the initial client's own was closed by
 *                               its reader, so the container's is (not with a terminal): what
 *                               writes to it gets SIGPIPE, as it would without us in between
 *
 * To detach is to close the socket. End of file without EXIT: the monitor died, or it dropped this
 * client because it took no output for ATTACH_STALL_MS (a client of a running container that is
 * not the initial one).
 */
#ifndef DAVIT_KERN_ATTACH_SOCKET_H
#define DAVIT_KERN_ATTACH_SOCKET_H

#include <stdint.h>
#include <sys/types.h>

struct err;

#define ATTACH_SOCKET	   "attach.sock"
#define ATTACH_PAYLOAD_MAX 32768u
#define ATTACH_PACKET_MAX  (1u + ATTACH_PAYLOAD_MAX)
#define ATTACH_VERSION	   1u
#define ATTACH_STALL_MS	   10000

enum attach_type {
	ATTACH_HELLO = 1,
	ATTACH_STDOUT,
	ATTACH_STDERR,
	ATTACH_EXIT,
	ATTACH_STDIN = 16,
	ATTACH_EOF,
	ATTACH_RESIZE,
	ATTACH_CLOSE,
};

#define ATTACH_HELLO_TTY   (1u << 0) /* container has a terminal */
#define ATTACH_HELLO_STDIN (1u << 1) /* its stdin is open */

struct attach_hello {
	uint32_t version;
	uint32_t flags;
};

struct attach_exit {
	int32_t status; /* as in struct exit_record */
	int32_t signal;
};

struct attach_size {
	uint16_t rows, cols;
};

/* attach_pair() - connected sockets, close-on-exec: [0] for the client, [1] for --client */
int attach_pair(int ret_fds[2], struct err *e);

/* attach_listen() - bind ATTACH_SOCKET in directory @run_dirfd, 0600, and listen: for --listen.
 * Return: descriptor, close-on-exec. */
int attach_listen(int run_dirfd, struct err *e);

/* attach_connect() - to the monitor behind @run_dirfd. -ENOENT or -ECONNREFUSED: there is none. */
int attach_connect(int run_dirfd, struct err *e);

/* attach_send() - one packet, not blocking. Return: 0; -EAGAIN when the peer is slow; -errno. */
int attach_send(int fd, enum attach_type type, const void *payload, uint32_t n);

/* attach_receive() - one packet, not blocking. Return: its length; 0 = end of file; -EAGAIN;
 * -EMSGSIZE: longer than @size. */
ssize_t attach_receive(int fd, void *buf, size_t size);

#endif
