// SPDX-License-Identifier: Apache-2.0
/* The file "state" of a running container. */
#include "engine/run_state.h"

#include <errno.h>
#include <unistd.h>

int run_state_read(int fd, struct run_state *ret)
{
	ssize_t n = pread(fd, ret, sizeof(*ret), 0);

	if (n < 0)
		return -errno;
	return n == (ssize_t)sizeof(*ret) && ret->magic == RUN_STATE_MAGIC ? 0 : -EAGAIN;
}

int run_state_write(int fd, const struct run_state *s)
{
	ssize_t n = pwrite(fd, s, sizeof(*s), 0);

	if (n < 0)
		return -errno;
	return n == (ssize_t)sizeof(*s) ? 0 : -EIO;
}
