/* SPDX-License-Identifier: Apache-2.0 */
/* One group of probes per file; its row in groups.c makes it known. */
#ifndef DAVIT_ISOLATION_GROUPS_H
#define DAVIT_ISOLATION_GROUPS_H

struct probe_group;

extern const struct probe_group namespace_group; /* namespaces.c */
extern const struct probe_group process_group; /* processes.c */
extern const struct probe_group mount_group; /* mounts.c */
extern const struct probe_group proc_sys_group; /* proc_sys.c */
extern const struct probe_group descriptor_group; /* descriptors.c */
extern const struct probe_group ipc_group; /* ipc.c */
extern const struct probe_group user_group; /* users.c */
extern const struct probe_group outside_group; /* outside.c */

extern const struct probe_group capability_group; /* capabilities.c */
extern const struct probe_group seccomp_group; /* seccomp.c */
extern const struct probe_group device_group; /* devices.c */
extern const struct probe_group kernel_group; /* kernel.c */
extern const struct probe_group network_group; /* network.c */
extern const struct probe_group packet_group; /* packets.c */
extern const struct probe_group network_change_group; /* network_changes.c */
extern const struct probe_group time_group; /* time.c */
extern const struct probe_group cgroup_group; /* cgroups.c */
extern const struct probe_group limit_group; /* limits.c */

/*
 * How a filter of rules forbids what a row of seccomp_group tries (its probe.flags), for runtimes that are
 * asked for a filter in the words of config.json. Rows without one of these need no rule.
 */
enum {
	SECCOMP_DENY_CALL = 1, /* the call probe.path, EPERM */
	SECCOMP_DENY_UNKNOWN, /* the call, ENOSYS */
	SECCOMP_DENY_BITS, /* the call if its first argument has any of the bits probe.num, EPERM */
	SECCOMP_DENY_VALUE, /* the call if its first argument is probe.num, EPERM */
	SECCOMP_DENY_ABI, /* the other architectures of the processor obey the same rules */
};

#endif
