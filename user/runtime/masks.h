/* SPDX-License-Identifier: Apache-2.0 */
/* Paths of the kernel that containers are not shown. */
#ifndef DAVIT_RUNTIME_MASKS_H
#define DAVIT_RUNTIME_MASKS_H

#include <stdbool.h>

#include "runtime/launch.h"

#define MASKS_DEFAULT_COUNT 12u

/* What Docker masks (moby, oci/defaults.go); the child skips what its kernel does not have. */
extern const struct launch_path masks_default[MASKS_DEFAULT_COUNT];

/* masks_is_dir() - is @path likely a directory? To cover it with a file first, and fail, costs the kernel an
 * RCU grace period. */
bool masks_is_dir(const char *path);

#endif
