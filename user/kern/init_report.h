/* SPDX-License-Identifier: Apache-2.0 */
/* What davit-init says, in one write: that it waits, or why it cannot execute the workload. */
#ifndef DAVIT_KERN_INIT_REPORT_H
#define DAVIT_KERN_INIT_REPORT_H

#include <stdint.h>

enum init_stage {
	INIT_ARGS,
	INIT_EXEC,
	INIT_READY, /* the command is there, and executed as soon as a byte arrives */
	INIT_WAIT,
};

struct init_report {
	int32_t code; /* -errno; 0 with INIT_READY */
	uint32_t stage; /* enum init_stage */
};

_Static_assert(sizeof(struct init_report) == 8, "crosses a pipe between programs");

#endif
