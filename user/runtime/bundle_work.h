/* SPDX-License-Identifier: Apache-2.0 */
/* Mounts of a plan in the making, for the files that make them; nobody else includes this. */
#ifndef DAVIT_RUNTIME_BUNDLE_WORK_H
#define DAVIT_RUNTIME_BUNDLE_WORK_H

#include "runtime/bundle.h"
#include "runtime/bundle_plan.h"

/* @mounts has room for @cap; bundle_next_mount() takes one. */
struct bundle_work {
	const struct bundle *b;
	const struct bundle_options *o;
	struct bundle_plan *p;
	struct bundle_mount *mounts;
	size_t n, cap;
};

struct bundle_mount *bundle_next_mount(struct bundle_work *w, const struct oci_mount *m);
/* Attributes of a detached mount. */
int bundle_set_attrs(int fd, const struct oci_mount *m, struct err *e);
/* … of one that the child makes. */
void bundle_later_attrs(struct bundle_mount *to, const struct oci_mount *m);

/* Mounts that one of type "cgroup" becomes at most. */
#define BUNDLE_CGROUP_MOUNTS_MAX 24u

/**
 * bundle_plan_cgroup() - a mount of type "cgroup"
 *
 * v2: the hierarchy, in a cgroup namespace, or a bind of the container's own directory. Hybrid and v1: a tmpfs
 * with a directory for each v1 hierarchy that davit-oci is in, and links for controllers that share one.
 */
int bundle_plan_cgroup(struct bundle_work *w, const struct oci_mount *m, struct err *e);

#endif
