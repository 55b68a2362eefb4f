/* SPDX-License-Identifier: Apache-2.0 */
/* Who makes the cgroup of a container: davit-oci itself, systemd, or nobody. One file each. */
#ifndef DAVIT_RUNTIME_CGROUP_MANAGER_H
#define DAVIT_RUNTIME_CGROUP_MANAGER_H

#include "runtime/scope.h"

struct cgroup;
struct err;
struct oci_config;
struct oci_resources;
struct record;

/**
 * struct cgroup_hold - a cgroup while its container is made
 * @cg:	   NULL = none: the container is where we are
 * @scope: keeps systemd's from being empty until the container's first process is in
 * @bpffs: where device programs are kept for the next container; NULL = nowhere
 * @shown: path that a mount of it shows, where that is not the record's; owned
 */
struct cgroup_hold {
	struct cgroup *cg;
	struct scope scope;
	const char *bpffs;
	char *shown;
};

#define CGROUP_HOLD_INIT            \
	{                           \
		.scope = SCOPE_INIT \
	}
void cgroup_hold_done(struct cgroup_hold *h);

/**
 * struct cgroup_manager - one way to have it
 * @name:   as --cgroup-manager has it
 * @place:  where it will be: .cgroup and .scope of @r, before anything is made
 * @make:   and its limits; the container is cloned into it next. On failure nothing is left.
 * @settle: the container's first process is in; NULL = nothing is to be done then
 * @update: new limits of one that runs
 * @remove: no process is in it; @cg: NULL when it is gone already, or another has its path
 */
struct cgroup_manager {
	const char *name;
	int (*place)(const struct oci_config *c, struct record *r, struct err *e);
	int (*make)(const struct oci_config *c, struct record *r, struct cgroup_hold *h,
		    struct err *e);
	int (*settle)(const struct oci_config *c, struct cgroup_hold *h, struct err *e);
	int (*update)(const struct record *r, struct cgroup *cg, const struct oci_resources *limits,
		      const char *bpffs, struct err *e);
	int (*remove)(const struct record *r, struct cgroup *cg, struct err *e);
};

extern const struct cgroup_manager cgroup_manager_cgroupfs, cgroup_manager_systemd,
	cgroup_manager_disabled;

/* cgroup_manager_find() - by name; NULL = there is none of it */
const struct cgroup_manager *cgroup_manager_find(const char *name);

/* cgroup_manager_settle() - the manager's @settle, if it has one */
int cgroup_manager_settle(const struct cgroup_manager *by, const struct oci_config *c,
			  struct cgroup_hold *h, struct err *e);

/* cgroup_manager_of() - that made the cgroup of a container: no option is needed again */
const struct cgroup_manager *cgroup_manager_of(const struct record *r);

#endif
