// SPDX-License-Identifier: Apache-2.0
/* All groups of probes, in the order of the report. */
#include "groups.h"

#include "probe.h"

const struct probe_group *const probe_groups[] = {
	&namespace_group,
	&capability_group,
	&seccomp_group,
	&device_group,
	&kernel_group,
	&network_group,
	&packet_group,
	&network_change_group,
	&time_group,
	&cgroup_group,
	&limit_group,
	&process_group,
	&mount_group,
	&proc_sys_group,
	&descriptor_group,
	&ipc_group,
	&user_group,
	&outside_group,
	NULL,
};
