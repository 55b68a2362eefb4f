// SPDX-License-Identifier: Apache-2.0
/* Paths of the kernel that containers are not shown. */
#include "runtime/masks.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"

const struct launch_path masks_default[MASKS_DEFAULT_COUNT] = {
	{ "/proc/acpi", true },		 { "/proc/asound", true },
	{ "/proc/interrupts", false },	 { "/proc/kcore", false },
	{ "/proc/keys", false },	 { "/proc/latency_stats", false },
	{ "/proc/timer_list", false },	 { "/proc/timer_stats", false },
	{ "/proc/sched_debug", false },	 { "/proc/scsi", true },
	{ "/sys/firmware", true },	 { "/sys/devices/virtual/powercap", true },
};

bool masks_is_dir(const char *path)
{
	for (size_t i = 0; i < ARRAY_SIZE(masks_default); i++)
		if (str_eq(masks_default[i].path, path))
			return masks_default[i].is_dir;
	return strncmp(path, "/sys/", strlen("/sys/")) == 0;
}
