// SPDX-License-Identifier: Apache-2.0
/* Sockets of callers, at paths that they give us, to hand them descriptors. */
#include "runtime/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"

/* A path that does not fit: through its directory's descriptor, since engines nest their sockets deep. */
static int make_short(const char *what, const char *path, struct sockaddr_un *addr, int *ret_dir,
		      struct err *e)
{
	const char *base = strrchr(path, '/');
	_cleanup_free_ char *parent = base ? strndup(path, (size_t)(base - path)) : NULL;

	*ret_dir = parent ? open(parent, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
	if (*ret_dir >= 0 &&
	    err_format(addr->sun_path, sizeof(addr->sun_path), "/proc/self/fd/%d%s", *ret_dir, base) +
			    1 < sizeof(addr->sun_path))
		return 0;
	return err_set(e, ENAMETOOLONG, "%s '%s'", what, path);
}

static int refused(const char *what, const char *path, struct err *e)
{
	int r = err_set(e, errno, "%s: connect to '%s'", what, path);

	if (r == -ECONNREFUSED)
		err_hint(e, "nobody listens there, or it is no socket");
	return r;
}

int socket_connect(const char *what, const char *path, struct err *e)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	_cleanup_fd_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), dir = -1;
	int r = 0;

	if (fd < 0)
		return err_set(e, errno, "make a socket");
	if (strlen(path) < sizeof(addr.sun_path))
		memcpy(addr.sun_path, path, strlen(path) + 1);
	else
		r = make_short(what, path, &addr, &dir, e);
	if (r < 0)
		return r;
	if (connect(fd, (const struct sockaddr *)&addr, sizeof(addr)) < 0)
		return refused(what, path, e);
	return TAKE_FD(fd);
}

int socket_send_fd(const char *what, int sock, int fd, const void *data, size_t n, struct err *e)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { .room = { 0 } };
	struct iovec iov = { .iov_base = (void *)data, .iov_len = n };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = &control,
			      .msg_controllen = sizeof(control) };
	ssize_t sent;

	control.head.cmsg_level = SOL_SOCKET;
	control.head.cmsg_type = SCM_RIGHTS;
	control.head.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&control.head), &fd, sizeof(fd));
	sent = sendmsg(sock, &msg, MSG_NOSIGNAL);
	if (sent < 0)
		return err_set(e, errno, "%s: send", what);
	return (size_t)sent == n ? 0 : err_plain(e, -EPIPE, "%s: took only a part", what);
}
