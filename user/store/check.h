/* SPDX-License-Identifier: Apache-2.0 */
/* Verify the store and finish or undo what a crash interrupted. */
#ifndef DAVIT_STORE_CHECK_H
#define DAVIT_STORE_CHECK_H

#include "base/str.h"

struct err;
struct store;

/**
 * struct store_report - what store_check() did and found; one line each
 * @fixed:    leftovers removed, links and index restored
 * @problems: what only loading the image again can mend
 */
struct store_report {
	struct strv fixed, problems;
};

/**
 * store_check() - remove leftovers and garbage, verify every image
 *
 * Each image needs its record, its blobs in their stated sizes, and its layers with their links.
 * Content is not read: blobs are verified when they are loaded. Takes the store lock exclusively.
 * Running twice finds nothing the second time, problems aside.
 */
int store_check(const struct store *st, struct store_report *ret, struct err *e);
void store_report_done(struct store_report *r);

/* store_recover() - the part that a load does first: if a dead load left something, remove it and
 * what it had put in place already */
int store_recover(const struct store *st, struct err *e);

#endif
