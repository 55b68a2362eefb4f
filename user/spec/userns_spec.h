/* SPDX-License-Identifier: Apache-2.0 */
/* --userns host|auto|private|UID:BASE:COUNT */
#ifndef DAVIT_SPEC_USERNS_SPEC_H
#define DAVIT_SPEC_USERNS_SPEC_H

#include <stdint.h>

struct err;

enum userns_mode {
	USERNS_HOST, /* no user namespace: ids are the host's */
	USERNS_AUTO, /* a range that no other container has, chosen by the engine; "private" too */
	USERNS_RANGE, /* the range given */
	USERNS_MODE_COUNT
};

#define USERNS_SPEC_COUNT_MAX (1u << 30) /* ids of one range */

/**
 * struct userns_spec - id map of a container
 * @first: USERNS_RANGE: first id inside the container
 * @base:  … the host's id that @first stands for
 * @count: … number of ids: @first + i inside is @base + i on the host, for users and groups
 */
struct userns_spec {
	enum userns_mode mode;
	uint32_t first, base, count;
};

/* userns_spec_parse() - NULL or "" is the default, USERNS_HOST. Return: 0 or -EINVAL with @e.
 * A range that gives host id 0 to the container is refused: that is what "host" says. */
int userns_spec_parse(const char *text, struct userns_spec *ret, struct err *e);

#endif
