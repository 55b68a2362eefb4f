/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Steps between clone3(2) and exec that engine containers and bundles share. They run in the child, which
 * may share its parent's memory: sys_call*() and err_*() only. Nobody outside of this part includes it.
 */
#ifndef DAVIT_RUNTIME_STEPS_H
#define DAVIT_RUNTIME_STEPS_H

struct err;
struct launch;

/* each does its part of @l. Return: 0; -errno with @e filled */
typedef int launch_step(const struct launch *l, struct err *e);

/* steps_process.c */
launch_step step_cgroup_v1, step_hide, step_signals, step_keyring, step_become_root, step_join_namespaces, step_sync, step_session,
	step_cgroup_namespace, step_hostname, step_loopback, step_stdio, step_limits;

/* steps_home.c */
launch_step step_home;

/* steps_paths.c: "/" is the container's */
launch_step step_protected_paths, step_readonly_root, step_cwd;

/* steps_chroot() - make directory @fd the root and the working directory, in whatever mount namespace this is */
int steps_chroot(int fd, struct err *e);

#endif
