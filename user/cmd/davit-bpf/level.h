/* SPDX-License-Identifier: Apache-2.0 */
/* Depth of the containers' cgroups, which the helpers bpf_*_ancestor_cgroup_id() count from. */
#ifndef DAVIT_CMD_BPF_LEVEL_H
#define DAVIT_CMD_BPF_LEVEL_H

#include <stdint.h>

/* find_level() - depth of the cgroups in the slice, seen from the root of the whole hierarchy, also
 * where a cgroup namespace hides that. Return: 0 or -errno. */
int find_level(int slice_fd, uint32_t *ret);

#endif
