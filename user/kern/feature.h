/* SPDX-License-Identifier: Apache-2.0 */
/* What davit wants of a host: tried out, not looked up by version. */
#ifndef DAVIT_KERN_FEATURE_H
#define DAVIT_KERN_FEATURE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

struct env;
struct err;

/* How much it matters when it is missing. */
enum feature_need {
	FEATURE_OPTIONAL, /* slower, or an option is refused */
	FEATURE_REQUIRED, /* no container starts */
	FEATURE_INFO /* nothing to miss: tells how the host is */
};

/**
 * struct feature - one row of `davit doctor`
 * @group: heading
 * @lost:  what davit cannot do without it
 * @how:   how to get it
 * @probe: try it, leaving nothing behind; may add a word on what it found to @detail.
 *	   Return: 0 = there; -errno = not there, @e may say why.
 * @arg:   for probes that serve several rows
 */
struct feature {
	const char *group, *name;
	enum feature_need need;
	const char *lost, *how;
	int (*probe)(const struct feature *f, const struct env *env, struct str *detail,
		     struct err *e);
	int arg;
};

extern const struct feature features[]; /* ends with a NULL name */

/* One result of feature_each(); strings are borrowed for the call. */
struct feature_result {
	const char *group, *name, *lost, *how, *detail;
	enum feature_need need;
	bool is_there;
};

/**
 * feature_each() - probe everything in features[], then the BPF facilities
 * @fn: gets each result as it comes
 *
 * Return: 0 when nothing that is required is missing, 1 otherwise, -ENOMEM.
 */
int feature_each(const struct env *env, void (*fn)(const struct feature_result *r, void *data),
		 void *data, struct err *e);

#endif
