// SPDX-License-Identifier: Apache-2.0
/* linux.devices of a bundle, and the nodes and links that every container has. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/str.h"
#include "kern/mount.h"
#include "runtime/bundle.h"
#include "runtime/bundle_plan.h"

/* clang-format off */
static const struct { const char *path; unsigned int major, minor; } defaults[] = {
	{ "/dev/null", 1, 3 }, { "/dev/zero", 1, 5 }, { "/dev/full", 1, 7 },
	{ "/dev/random", 1, 8 }, { "/dev/urandom", 1, 9 }, { "/dev/tty", 5, 0 },
};
static const struct bundle_link links[] = {
	{ "/proc/self/fd", "/dev/fd" }, { "/proc/self/fd/0", "/dev/stdin" }, { "/proc/self/fd/1", "/dev/stdout" },
	{ "/proc/self/fd/2", "/dev/stderr" }, { "/proc/kcore", "/dev/core" }, { "pts/ptmx", "/dev/ptmx" },
};
/* clang-format on */

/* "/dev", "dev/" … */
static bool is_dev(const char *path)
{
	path += strspn(path, "/");
	return strncmp(path, "dev", 3) == 0 && !path[3 + strspn(path + 3, "/")];
}

/* With the host's /dev bound, all nodes are there, and none is ours to make. */
static bool has_host_dev(const struct oci_config *c)
{
	for (size_t i = 0; i < c->mounts.n; i++) {
		const struct oci_mount *m = &c->mounts.v[i];

		if (is_dev(m->destination) &&
		    ((m->flags & OCI_MOUNT_BIND) || str_eq(m->type, "bind")))
			return true;
	}
	return false;
}

static bool is_listed(const struct oci_config *c, const char *path)
{
	for (size_t i = 0; i < c->linux_.devices.n; i++)
		if (str_eq(c->linux_.devices.v[i].path, path))
			return true;
	return false;
}

static struct bundle_node node_of(const struct oci_device *d)
{
	uint32_t type = d->type == 'b' ? S_IFBLK : d->type == 'p' ? S_IFIFO : S_IFCHR;

	return (struct bundle_node){ .path = d->path,
				     .mode = type | (d->has_mode ? d->mode : 0666),
				     .dev = d->type == 'p' ? 0 : makedev(d->major, d->minor),
				     .uid = d->has_uid ? d->uid : 0,
				     .gid = d->has_gid ? d->gid : 0 };
}

/* A user namespace may make no nodes: the host's are bound. */
static int bind_nodes(struct bundle_plan *p, const struct bundle_node *nodes, size_t n,
		      struct err *e)
{
	size_t have = p->launch.n_mounts;
	struct bundle_mount *mounts = bundle_plan_alloc(p, have + n, sizeof(*mounts), e);

	if (!mounts)
		return -ENOMEM;
	if (have)
		memcpy(mounts, p->launch.mounts, have * sizeof(*mounts));
	for (size_t i = 0; i < n; i++) {
		struct stat st;
		int fd;

		fd = bundle_plan_keep(p, mount_clone(AT_FDCWD, nodes[i].path, false, e), e);
		if (fd < 0)
			return err_wrap(e, fd, "linux.devices");
		/* of what is bound, not of what its path leads to */
		if (fstat(fd, &st) < 0 || (st.st_mode & S_IFMT) != (nodes[i].mode & S_IFMT) ||
		    (!S_ISFIFO(st.st_mode) && st.st_rdev != nodes[i].dev))
			return err_plain(e, -ENODEV,
					 "linux.devices: the host's '%s' is not this device",
					 nodes[i].path);
		if (mount_set_attr(fd, "", 0, 0, 0, MS_PRIVATE) < 0)
			return err_plain(e, -EINVAL, "linux.devices: cannot bind '%s'",
					 nodes[i].path);
		mounts[have + i] = (struct bundle_mount){
			.kind = BUNDLE_MOUNT_FD, .fd = fd, .target = nodes[i].path, .is_file = true
		};
	}
	p->launch.mounts = mounts;
	p->launch.n_mounts = have + n;
	return 0;
}

int bundle_plan_devices(const struct bundle *b, struct bundle_plan *p, struct err *e)
{
	const struct oci_config *c = &b->config;
	struct bundle_node *nodes;
	size_t n = 0;

	if (has_host_dev(c))
		return 0;
	nodes = bundle_plan_alloc(p, ARRAY_SIZE(defaults) + c->linux_.devices.n, sizeof(*nodes), e);
	if (!nodes)
		return -ENOMEM;
	for (size_t i = 0; i < ARRAY_SIZE(defaults); i++)
		if (!is_listed(c, defaults[i].path))
			nodes[n++] = (struct bundle_node){ .path = defaults[i].path,
							   .mode = S_IFCHR | 0666,
							   .dev = makedev(defaults[i].major,
									  defaults[i].minor) };
	for (size_t i = 0; i < c->linux_.devices.n; i++)
		nodes[n++] = node_of(&c->linux_.devices.v[i]);
	p->launch.links = links;
	p->launch.n_links = ARRAY_SIZE(links);
	if ((p->new_ns & CLONE_NEWUSER) || c->linux_.namespaces[OCI_NS_USER].path)
		return bind_nodes(p, nodes, n, e);
	p->launch.nodes = nodes;
	p->launch.n_nodes = n;
	return 0;
}
