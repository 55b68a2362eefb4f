/* SPDX-License-Identifier: Apache-2.0 */
/* Results as KTAP or JSON. */
#ifndef DAVIT_ISOLATION_REPORT_H
#define DAVIT_ISOLATION_REPORT_H

#include <stdbool.h>
#include <stddef.h>

struct facts;
struct job;
struct outcomes;
struct records;

#define REPORT_PASS 0
#define REPORT_FAIL 1
#define REPORT_SKIP 4 /* of kselftest: nothing was tried */

/**
 * struct report - all that a report tells
 * @version: first line of the program's --version
 * @records: what the container wrote; its errors are part of the result
 */
struct report {
	const struct job *job;
	const struct outcomes *outcomes;
	const struct facts *facts;
	const struct records *records;
	const char *version;
};

/* report_print() - on stdout. Return: REPORT_*; -1 when stdout does not take it, complained. */
int report_print(const struct report *r, bool is_json);

/* report_list() - the chosen probes, without results. Return: 0; -1 when stdout does not take it, complained. */
int report_list(const struct outcomes *o, bool is_json);

#endif
