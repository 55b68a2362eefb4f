/* SPDX-License-Identifier: Apache-2.0 */
/* What davit-scope tells the program that started it: one write to standard output. */
#ifndef DAVIT_RUNTIME_SCOPE_REPORT_H
#define DAVIT_RUNTIME_SCOPE_REPORT_H

#include "base/err.h"

/**
 * struct scope_report
 * @err: .code 0 = done
 * @pid: of davit-scope, in its reader's pid namespace: the first member of a scope that it started
 */
struct scope_report {
	struct err err;
	int32_t pid;
};

_Static_assert(sizeof(struct scope_report) < 4096, "one write must not be torn (PIPE_BUF)");

#endif
