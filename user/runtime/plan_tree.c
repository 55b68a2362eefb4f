// SPDX-License-Identifier: Apache-2.0
/* Mounts of a plan: adding them, binds of host paths. */
#include "runtime/plan_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>

#include "base/cleanup.h"
#include "base/err.h"

/* The plan closes @fd when it is done. */
int plan_keep_fd(struct plan *p, int fd)
{
	if (fd >= 0)
		p->fds[p->n_fds++] = fd;
	return fd;
}

/* A user's mount takes the place of ours with the same target. */
bool plan_has_user_mount(const struct runtime_config *c, const char *target)
{
	for (size_t i = 0; i < c->n_mounts; i++)
		if (strcmp(c->mounts[i].target, target) == 0)
			return true;
	return false;
}

struct launch_mount *plan_next_mount(struct plan *p, const char *target)
{
	struct launch_mount *m = &p->mounts[p->launch.n_mounts++];

	*m = (struct launch_mount){ .fd = -1, .target = target };
	return m;
}

int plan_add_fd_mount(struct plan *p, int fd, const char *target, bool is_file)
{
	struct launch_mount *m;

	if (plan_keep_fd(p, fd) < 0)
		return fd;
	m = plan_next_mount(p, target);
	m->source = LAUNCH_FD;
	m->fd = fd;
	m->is_file = is_file;
	return 0;
}

int plan_set_attrs(int fd, bool is_recursive, uint64_t set, uint64_t clear, const char *what,
		     struct err *e)
{
	int r = set | clear ? mount_set_attr(fd, "", is_recursive ? AT_RECURSIVE : 0, set, clear, 0) : 0;

	return r < 0 ? err_set(e, r, "set mount attributes of '%s'", what) : 0;
}

/* A clone is a peer of its source: shared stays so, anything else is taken out of the group. */
int plan_set_propagation(int fd, const char *source, uint64_t propagation, struct err *e)
{
	int r;

	if (propagation == MS_SHARED)
		return 0;
	r = mount_set_attr(fd, "", AT_RECURSIVE, 0, 0, propagation == MS_SLAVE ? MS_SLAVE : MS_PRIVATE);
	return r < 0 ? err_set(e, r, "set the propagation of '%s'", source) : 0;
}

/* Bind of a host path, private, with @attrs. Return: detached mount. */
int plan_bind_host(const char *source, bool is_recursive, uint64_t attrs, bool attrs_recursive,
		     struct err *e)
{
	_cleanup_fd_ int fd = mount_clone(AT_FDCWD, source, is_recursive, e);
	int r;

	if (fd < 0)
		return fd;
	r = plan_set_propagation(fd, source, MS_PRIVATE, e);
	if (r < 0)
		return r;
	r = plan_set_attrs(fd, attrs_recursive, attrs, 0, source, e);
	return r < 0 ? r : TAKE_FD(fd);
}

/* The host's number of an id inside. */
int plan_outside_id(const struct runtime_config *c, uint32_t id, uint32_t *ret, struct err *e)
{
	*ret = id;
	if (!(c->new_ns & CLONE_NEWUSER))
		return 0;
	if (id < c->id_map.inside || id - c->id_map.inside >= c->id_map.count)
		return err_plain(e, -EINVAL, "id %u is not mapped in the container's user namespace", id);
	*ret = c->id_map.outside + (id - c->id_map.inside);
	return 0;
}
