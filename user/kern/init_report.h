/* SPDX-License-Identifier: Apache-2.0 */
/* What davit-init says when it cannot execute the workload: one write of this. */
#ifndef DAVIT_KERN_INIT_REPORT_H
#define DAVIT_KERN_INIT_REPORT_H

#include <stdint.h>

enum init_stage { INIT_ARGS, INIT_EXEC };

struct init_report {
	int32_t code;	/* -errno */
	uint32_t stage; /* enum init_stage */
};

_Static_assert(sizeof(struct init_report) == 8, "crosses a pipe between programs");

#endif
