// SPDX-License-Identifier: Apache-2.0
/* Phases of a start, for `run --timings`. */
#include "base/timing.h"

#include <stddef.h>
#include <time.h>

static uint64_t now_ns(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts); /* cannot fail for this clock */
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

void timing_begin(struct timing *t)
{
	if (t)
		t->last_ns = now_ns();
}

void timing_mark(struct timing *t, enum timing_phase phase)
{
	uint64_t now;

	if (!t)
		return;
	now = now_ns();
	t->ns[phase] += now - t->last_ns;
	t->last_ns = now;
}

void timing_mark_at(struct timing *t, enum timing_phase phase, uint64_t at_ns)
{
	if (!t || at_ns < t->last_ns)
		return;
	t->ns[phase] += at_ns - t->last_ns;
	t->last_ns = at_ns;
}

const char *timing_name(enum timing_phase phase)
{
	static const char *const names[TIMING_COUNT] = {
		[TIMING_PLAN] = "plan",	    [TIMING_CGROUP] = "cgroup", [TIMING_POLICY] = "policy",
		[TIMING_ROOTFS] = "rootfs", [TIMING_CLONE] = "clone",	[TIMING_STEPS] = "steps",
		[TIMING_EXEC] = "exec",
		[TIMING_EXIT] = "exit",	    [TIMING_TEARDOWN] = "teardown",
	};

	return phase < TIMING_COUNT ? names[phase] : NULL;
}
