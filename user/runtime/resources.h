/* SPDX-License-Identifier: Apache-2.0 */
/* linux.resources of a bundle, written to its cgroup. */
#ifndef DAVIT_RUNTIME_RESOURCES_H
#define DAVIT_RUNTIME_RESOURCES_H

#include <stdbool.h>

#include "spec/oci_config.h"

struct cgroup;
struct err;

/**
 * resources_apply() - write what is given; what is not stays as it is
 * @has_devices: also the device rules; an update leaves them alone when it has none
 * @bpffs:	 where device programs are kept for the next container; NULL = nowhere
 *
 * Return: 0; -errno with the property named: "linux.resources.memory.limit: …".
 */
int resources_apply(struct cgroup *cg, const struct oci_resources *r, bool has_devices,
		    const char *bpffs, struct err *e);

#endif
