/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of plan_build(), each in a file of its own; nobody else includes this. */
#ifndef DAVIT_RUNTIME_PLAN_PARTS_H
#define DAVIT_RUNTIME_PLAN_PARTS_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/plan.h"

#define NOSUID_NODEV_NOEXEC (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)

/* plan_tree.c: what the others are made of */
int plan_keep_fd(struct plan *p, int fd);
bool plan_has_user_mount(const struct runtime_config *c, const char *target);
struct launch_mount *plan_next_mount(struct plan *p, const char *target);
int plan_add_fd_mount(struct plan *p, int fd, const char *target, bool is_file);
int plan_set_attrs(int fd, bool is_recursive, uint64_t set, uint64_t clear, const char *what,
		   struct err *e);
int plan_set_propagation(int fd, const char *source, uint64_t propagation, struct err *e);
int plan_bind_host(const char *source, bool is_recursive, uint64_t attrs, bool attrs_recursive,
		   struct err *e);
int plan_outside_id(const struct runtime_config *c, uint32_t id, uint32_t *ret, struct err *e);

/* plan_defaults.c: what every container has mounted */
int plan_default_mounts(const struct runtime_config *c, struct plan *p, struct err *e);
int plan_etc_files(const struct runtime_config *c, struct plan *p, struct err *e);

/* plan_users.c: what the user asked for */
int plan_user_mounts(const struct runtime_config *c, struct plan *p, struct err *e);
int plan_device_binds(const struct runtime_config *c, struct plan *p, struct err *e);

#endif
