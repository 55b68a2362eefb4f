// SPDX-License-Identifier: Apache-2.0
/* Waiting for the OOM killer. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/io.h"
#include "kern/cgroup_impl.h"

/* An eventfd that the kernel writes to (Documentation/admin-guide/cgroup-v1/memory.rst). */
static int watch_v1(struct cgroup *cg)
{
	_cleanup_fd_ int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), control = -1;
	char path[CGROUP_PATH_MAX], text[32];
	int r;

	if (fd < 0)
		return -errno;
	cgroup_v1_path(path, CGROUP_MEMORY, cg->slice, cg->id, "memory.oom_control");
	control = open(path, O_RDONLY | O_CLOEXEC);
	if (control < 0)
		return -errno;
	(void)err_format(text, sizeof(text), "%d %d", fd, control);
	cgroup_v1_path(path, CGROUP_MEMORY, cg->slice, cg->id, "cgroup.event_control");
	r = io_write_file(-1, path, text);
	return r < 0 ? r : TAKE_FD(fd);
}

int cgroup_oom_watch(struct cgroup *cg, struct pollfd *ret)
{
	int fd;

	switch (cgroup_controller_where(CGROUP_MEMORY)) {
	case CGROUP_ON_V2:
		fd = openat(cg->fd, "memory.events", O_RDONLY | O_CLOEXEC);
		*ret = (struct pollfd){ .fd = fd, .events = POLLPRI };
		return fd < 0 ? -errno : 0;
	case CGROUP_ON_V1:
		fd = watch_v1(cg);
		*ret = (struct pollfd){ .fd = fd < 0 ? -1 : fd, .events = POLLIN };
		return fd < 0 ? fd : 0;
	case CGROUP_NOWHERE:
		break;
	}
	*ret = (struct pollfd){ .fd = -1 };
	return -EOPNOTSUPP;
}

void cgroup_oom_rearm(const struct pollfd *p)
{
	char text[256]; /* of memory.events: read again from its start */

	if (p->events == POLLIN)
		(void)!read(p->fd, text, sizeof(uint64_t));
	else
		(void)!pread(p->fd, text, sizeof(text), 0);
}
