/* SPDX-License-Identifier: Apache-2.0 */
/* FIXTURE(cg): a slice on the host as it is, on v1 alone, on v2 alone; behind kselftest_harness.h. */
#ifndef DAVIT_TESTS_CGROUP_FIXTURE_H
#define DAVIT_TESTS_CGROUP_FIXTURE_H

#include <stdio.h>
#include <unistd.h>

#include "base/err.h"
#include "cgroup_lab.h"
#include "kern/cgroup.h"
#include "kselftest_harness.h"

FIXTURE(cg)
{
	char slice[32];
	struct cgroup *cg;
	struct err e;
};

FIXTURE_VARIANT(cg)
{
	const char *mode; /* NULL = as it is */
};

FIXTURE_VARIANT_ADD(cg, host){ .mode = NULL };
FIXTURE_VARIANT_ADD(cg, v1){ .mode = "v1" };
FIXTURE_VARIANT_ADD(cg, v2){ .mode = "v2" };

FIXTURE_SETUP(cg)
{
	/* first: Linux 6.1's harness runs the test of a fixture that is skipped, too */
	snprintf(self->slice, sizeof(self->slice), "davit-test-%d", getpid());
	if (geteuid() != 0)
		SKIP(return, "needs root");
	if (variant->mode && !cgroup_lab_enter(variant->mode))
		SKIP(return, "no way to %s alone on this host", variant->mode);
}

FIXTURE_TEARDOWN(cg)
{
	if (self->cg)
		(void)cgroup_kill(self->cg, NULL);
	cgroup_free(self->cg);
	cgroup_lab_remove(self->slice);
}

/* the cgroup "a" of the slice */
#define CREATE(limits)                                                             \
	ASSERT_EQ(0, cgroup_create(self->slice, "a", limits, &self->cg, &self->e)) \
	{                                                                          \
		TH_LOG("%s: %s", self->e.msg, err_text(self->e.code));             \
	}

#endif
