/* SPDX-License-Identifier: Apache-2.0 */
/* FIXTURE(set): a lab with its program set, for the tests beside; behind kselftest_harness.h. */
#ifndef DAVIT_TESTS_BPF_FIXTURE_H
#define DAVIT_TESTS_BPF_FIXTURE_H

#include "base/err.h"
#include "bpf_lab.h"
#include "kern/bpf.h"
#include "kselftest_harness.h"

FIXTURE(set)
{
	struct lab lab;
	struct bpf_set *s;
	struct err e;
};

FIXTURE_SETUP(set)
{
	self->s = NULL;
	self->e = (struct err)ERR_INIT;
	if (!lab_open(&self->lab, ""))
		SKIP(return, "needs root and cgroup2");
	if (bpf_set_open(&self->lab.env, self->lab.slice_fd, &self->s, &self->e) == 0)
		return;
	TH_LOG("%s (%s)", self->e.msg, err_text(self->e.code));
	lab_close(&self->lab); /* there is no tear-down after a failed set-up */
	ASSERT_NE(NULL, self->s);
}

FIXTURE_TEARDOWN(set)
{
	bpf_set_close(self->s);
	lab_close(&self->lab);
}

#endif
