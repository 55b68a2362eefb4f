// SPDX-License-Identifier: Apache-2.0
/* Sockets of the attach protocol. */
#include "kern/attach_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"

#define ATTACH_BACKLOG 16

int attach_pair(int ret_fds[2], struct err *e)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
		return err_set(e, errno, "create socket pair");
	ret_fds[0] = fds[0];
	ret_fds[1] = fds[1];
	return 0;
}

/* A path through the descriptor: sun_path ends at 108 bytes, <state> need not. */
static void set_address(struct sockaddr_un *sun, int dirfd)
{
	*sun = (struct sockaddr_un){ .sun_family = AF_UNIX };
	(void)err_format(sun->sun_path, sizeof(sun->sun_path), "/proc/self/fd/%d/" ATTACH_SOCKET,
			 dirfd);
}

int attach_listen(int run_dirfd, struct err *e)
{
	_cleanup_fd_ int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un sun;

	if (fd < 0)
		return err_set(e, errno, "create socket");
	set_address(&sun, run_dirfd);
	if (unlinkat(run_dirfd, ATTACH_SOCKET, 0) < 0 && errno != ENOENT)
		return err_set(e, errno, "remove old '%s'", ATTACH_SOCKET);
	/* the inode of the name gets the mode of the socket's own: no moment with a wider one */
	if (fchmod(fd, 0600) < 0 || bind(fd, (struct sockaddr *)&sun, sizeof(sun)) < 0 ||
	    listen(fd, ATTACH_BACKLOG) < 0)
		return err_set(e, errno, "listen on '%s'", ATTACH_SOCKET);
	return TAKE_FD(fd);
}

int attach_connect(int run_dirfd, struct err *e)
{
	_cleanup_fd_ int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	struct sockaddr_un sun;

	if (fd < 0)
		return err_set(e, errno, "create socket");
	set_address(&sun, run_dirfd);
	if (connect(fd, (struct sockaddr *)&sun, sizeof(sun)) < 0)
		return err_set(e, errno, "connect to the container's monitor");
	return TAKE_FD(fd);
}

int attach_send(int fd, enum attach_type type, const void *payload, uint32_t n)
{
	uint8_t t = (uint8_t)type;
	struct iovec iov[2] = {
		{ .iov_base = &t, .iov_len = 1 },
		{ .iov_base = (void *)(uintptr_t)payload, .iov_len = n },
	};
	struct msghdr m = { .msg_iov = iov, .msg_iovlen = n ? 2 : 1 };

	if (n > ATTACH_PAYLOAD_MAX)
		return -EMSGSIZE;
	if (sendmsg(fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		return -errno;
	return 0;
}

ssize_t attach_receive(int fd, void *buf, size_t size)
{
	ssize_t n;

	/*
	 * A peer that closed with packets of ours unread leaves one ECONNRESET in front of what it
	 * had sent: unix_release_sock()
	 */
	do
		n = recv(fd, buf, size, MSG_DONTWAIT | MSG_TRUNC);
	while (n < 0 && (errno == ECONNRESET || errno == EINTR));
	if (n < 0)
		return -errno;
	return (size_t)n > size ? -EMSGSIZE : n;
}
