/* SPDX-License-Identifier: Apache-2.0 */
/* Phases of a start, for `run --timings`. */
#ifndef DAVIT_BASE_TIMING_H
#define DAVIT_BASE_TIMING_H

#include <stdint.h>

enum timing_phase {
	TIMING_PLAN,
	TIMING_CGROUP,
	TIMING_POLICY,
	TIMING_ROOTFS,
	TIMING_CLONE, /* clone3 to the child's first instruction */
	TIMING_STEPS, /* to the exec of davit-init; with --timens, clone3 as well */
	TIMING_EXEC,  /* davit-init to the workload */
	TIMING_EXIT,  /* the workload's own time */
	TIMING_TEARDOWN,
	TIMING_COUNT
};

struct timing {
	uint64_t last_ns, ns[TIMING_COUNT];
};

/* timing_mark() - add the time since the last mark to @phase; NULL does nothing */
void timing_mark(struct timing *t, enum timing_phase phase);
/* timing_mark_at() - the same for a moment on CLOCK_MONOTONIC that has passed */
void timing_mark_at(struct timing *t, enum timing_phase phase, uint64_t at_ns);
/* timing_begin() - start counting here */
void timing_begin(struct timing *t);
const char *timing_name(enum timing_phase phase);

#endif
