/* SPDX-License-Identifier: Apache-2.0 */
/* The single options of `davit-oci update`, as the document that --resources would be. */
#ifndef DAVIT_CMD_OCI_UPDATE_H
#define DAVIT_CMD_OCI_UPDATE_H

#include <stddef.h>

#include "base/opt.h"

struct err;

/* struct update_values - as given, NULL = not; in the order of the table */
struct update_values {
	char *blkio_weight, *cpu_period, *cpu_quota, *cpu_burst, *cpu_share, *cpu_idle;
	char *cpu_rt_period, *cpu_rt_runtime, *cpuset_cpus, *cpuset_mems;
	char *memory, *memory_reservation, *memory_swap, *kernel_memory_tcp, *pids_limit;
	char *kernel_memory, *l3_cache, *mem_bw;
};

extern const struct opt update_value_options[];

/* update_values_any() - name of one that is given, NULL = none is */
const char *update_values_any(const struct update_values *v);

/* update_values_text() - JSON; *@ret is the caller's. Return: 0; -EINVAL, -EOPNOTSUPP naming the option. */
int update_values_text(const struct update_values *v, char **ret, size_t *ret_n, struct err *e);

#endif
