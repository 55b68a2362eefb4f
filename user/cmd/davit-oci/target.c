// SPDX-License-Identifier: Apache-2.0
/* A container that a command works on: its record, locked, and its cgroup. */
#include "target.h"

#include <errno.h>

#include "base/cleanup.h"
#include "kern/cgroup.h"
#include "oci.h"
#include "runtime/cgroup_manager.h"
#include "runtime/create.h"

void target_done(struct target *t)
{
	record_done(&t->record);
	cgroup_free(t->cg);
	t->cg = NULL;
	t->dir = fd_close(t->dir);
}

int target_look(const struct oci_env *env, const char *id, struct record *ret, struct err *e)
{
	_cleanup_fd_ int root = record_open_root(env->root, NULL);

	if (root < 0)
		return err_plain(e, -ENOENT, "container '%s' does not exist", id);
	return record_look(root, id, ret, e);
}

int target_open(const struct oci_env *env, const char *id, struct target *t, struct err *e)
{
	int r;

	t->dir = record_open(env->root, id, e);
	if (t->dir < 0)
		return t->dir;
	r = record_read(t->dir, id, &t->record, e);
	if (r < 0)
		return r;
	t->cg = container_cgroup(&t->record);
	if (t->cg)
		return 0;
	r = err_plain(e, -ENOENT, "container '%s' has no cgroup", id);
	if (cgroup_manager_of(&t->record) == &cgroup_manager_disabled)
		err_hint(e, "it was made with --cgroup-manager=disabled");
	return r;
}
