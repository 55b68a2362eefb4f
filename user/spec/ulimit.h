/* SPDX-License-Identifier: Apache-2.0 */
/* --ulimit NAME=SOFT[:HARD] */
#ifndef DAVIT_SPEC_ULIMIT_H
#define DAVIT_SPEC_ULIMIT_H

#include <stdint.h>

struct err;

/* A resource limit: @resource is RLIMIT_*; -1 in the text is UINT64_MAX (RLIM_INFINITY). */
struct ulimit {
	const char *name; /* static */
	int resource;
	uint64_t soft, hard;
};

/* ulimit_name() - as --ulimit has it, "nofile"; "?" for a number that is none */
const char *ulimit_name(int resource);

/* ulimit_parse() - without HARD both are SOFT. Return: 0 or -EINVAL with @e. */
int ulimit_parse(const char *text, struct ulimit *ret, struct err *e);

#endif
