/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of resolve(), each in a file of its own; nobody else includes this. */
#ifndef DAVIT_ENGINE_RESOLVE_PARTS_H
#define DAVIT_ENGINE_RESOLVE_PARTS_H

struct container;
struct err;
struct resolved;
struct runtime_config;

/* resolve_namespaces.c: which are private; maps and offsets; host and domain name */
int resolve_namespaces(const struct container *c, struct runtime_config *rc, struct err *e);
int resolve_names(const struct container *c, struct runtime_config *rc, struct err *e);

/* resolve_security.c: capabilities, system call filter, egress policy (after the namespaces) */
int resolve_security(const struct container *c, struct runtime_config *rc, struct err *e);
int resolve_policy(const struct container *c, struct resolved *r, struct err *e);
/* "seccomp=FILE" in *@option becomes the text of the file */
int resolve_inline_profile(char **option, struct err *e);

/* resolve_limits.c: cgroup limits, rlimits, sysctls (after the namespaces) */
int resolve_limits(const struct container *c, struct resolved *r, struct err *e);
int resolve_rlimits(const struct container *c, struct runtime_config *rc, struct err *e);
int resolve_sysctls(const struct container *c, struct runtime_config *rc, struct err *e);

/* resolve_devices.c: --device and --privileged */
int resolve_devices(const struct container *c, struct resolved *r, struct err *e);

#endif
