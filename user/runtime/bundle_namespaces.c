// SPDX-License-Identifier: Apache-2.0
/* Namespaces of a bundle: those to make, those to enter by path. */
#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>

#include "base/err.h"
#include "kern/clone.h"
#include "runtime/bundle.h"
#include "runtime/bundle_plan.h"

/* Entered before the clone: they decide what the new process is in. */
#define EARLY (CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWTIME)

static int open_namespace(enum oci_ns_type type, const char *path, struct bundle_plan *p,
			  struct err *e)
{
	/* of something else an open could wait */
	int fd = bundle_plan_keep(p, open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC), NULL), kind;

	if (fd < 0)
		return err_set(e, errno, "linux.namespaces: open '%s'", path);
	kind = ioctl(fd, NS_GET_NSTYPE);
	if (kind < 0)
		return err_plain(e, -EINVAL, "linux.namespaces: '%s' is no namespace", path);
	if ((uint64_t)kind != oci_ns_flag(type))
		return err_plain(e, -EINVAL, "linux.namespaces: '%s' is no %s namespace", path,
				 oci_ns_name(type));
	return fd;
}

/* @is_early: also those that the new process could enter itself, were it not in a user namespace: it has no right to the host's */
static int enter(enum oci_ns_type type, const char *path, bool is_early, struct bundle_plan *p,
		 struct err *e)
{
	uint64_t flag = oci_ns_flag(type);
	int fd = open_namespace(type, path, p, e);

	if (fd < 0)
		return fd;
	if (flag & EARLY || (is_early && flag != CLONE_NEWNS)) {
		p->early[p->n_early].fd = fd;
		p->early[p->n_early].path = path;
		p->early[p->n_early++].flag = flag;
		p->enters_time = p->enters_time || flag == CLONE_NEWTIME;
		p->launch.becomes_root = p->launch.becomes_root || flag == CLONE_NEWUSER;
	} else if (flag == CLONE_NEWNS) {
		p->launch.mount_ns_fd = fd;
	} else {
		p->launch.common.join_ns[p->launch.common.n_join_ns].fd = fd;
		p->launch.common.join_ns[p->launch.common.n_join_ns++].flag = flag;
	}
	return 0;
}

int bundle_plan_namespaces(const struct bundle *b, struct bundle_plan *p, struct err *e)
{
	/* the user namespace last: who has entered it cannot enter the host's any more */
	static const enum oci_ns_type order[] = { OCI_NS_PID,	OCI_NS_TIME, OCI_NS_NETWORK,
						  OCI_NS_IPC,	OCI_NS_UTS,  OCI_NS_CGROUP,
						  OCI_NS_MOUNT, OCI_NS_USER };
	const struct oci_config *c = &b->config;
	const struct oci_linux *linux_ = &c->linux_;
	struct launch *l = &p->launch.common;
	bool has_user = linux_->namespaces[OCI_NS_USER].is_listed;

	if (linux_->namespaces[OCI_NS_USER].is_listed &&
	    !linux_->namespaces[OCI_NS_MOUNT].is_listed) {
		int r = err_plain(e, -EINVAL, "linux.namespaces: a mount namespace is missing");

		err_hint(e, "the root of a user namespace may not mount in the host's");
		return r;
	}
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		const struct oci_namespace *n = &linux_->namespaces[order[i]];
		int r = n->is_listed && n->path ? enter(order[i], n->path, has_user, p, e) : 0;

		if (r < 0)
			return r;
	}
	p->new_ns = l->new_ns = oci_linux_new_namespaces(linux_);
	l->bring_up_lo = (p->new_ns & CLONE_NEWNET) != 0;
	l->hostname = c->hostname;
	l->domainname = c->domainname;
	return 0;
}
