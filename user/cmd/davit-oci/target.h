/* SPDX-License-Identifier: Apache-2.0 */
/* A container that a command works on: its record, locked, and its cgroup. */
#ifndef DAVIT_CMD_OCI_TARGET_H
#define DAVIT_CMD_OCI_TARGET_H

#include "runtime/record.h"

struct cgroup;
struct err;
struct oci_env;

struct target {
	struct record record;
	struct cgroup *cg;
	int dir;
};

/* .dir = -1 before. Return: 0; -errno with @e; target_done() in both cases. */
int target_open(const struct oci_env *env, const char *id, struct target *t, struct err *e);
void target_done(struct target *t);

/* target_look() - its record as it is just now, without the lock. Return: 0; -ENOENT "does not exist"; as record_read() */
int target_look(const struct oci_env *env, const char *id, struct record *ret, struct err *e);

#endif
