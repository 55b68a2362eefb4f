// SPDX-License-Identifier: Apache-2.0
/* --userns host|auto|private|UID:BASE:COUNT */
#include "spec/userns_spec.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/fmt.h"
#include "spec/user_spec.h"

/* UID:BASE:COUNT; @copy is cut up. */
static int parse_range(char *copy, struct userns_spec *u, struct err *e)
{
	uint32_t *const fields[] = { &u->first, &u->base, &u->count };
	char *at = copy;

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		char *next = strchr(at, ':');

		if (!next != (i + 1 == ARRAY_SIZE(fields)))
			return err_plain(e, -EINVAL, "it is not host, auto or UID:BASE:COUNT");
		if (next)
			*next++ = 0;
		if (fmt_parse_u32(at, fields[i]) < 0)
			return err_plain(e, -EINVAL, "'%s' is not a number from 0 to %u", at,
					 UINT32_MAX);
		at = next;
	}
	return 0;
}

static int check_range(const struct userns_spec *u, struct err *e)
{
	int r;

	if (u->count == 0 || u->count > USERNS_SPEC_COUNT_MAX)
		return err_plain(e, -EINVAL, "the count is not from 1 to %u",
				 USERNS_SPEC_COUNT_MAX);
	if ((uint64_t)u->first + u->count - 1 > USER_SPEC_ID_MAX ||
	    (uint64_t)u->base + u->count - 1 > USER_SPEC_ID_MAX)
		return err_plain(e, -ERANGE, "the range ends above id %u", USER_SPEC_ID_MAX);
	if (u->base == 0) {
		r = err_plain(e, -EINVAL, "the range would give the container the host's root");
		err_hint(
			e,
			"take a base above the host's own ids, like 0:100000:65536, or --userns host");
		return r;
	}
	return 0;
}

int userns_spec_parse(const char *text, struct userns_spec *ret, struct err *e)
{
	static const struct {
		const char *name;
		enum userns_mode mode;
	} modes[] = {
		{ "", USERNS_HOST },
		{ "host", USERNS_HOST },
		{ "auto", USERNS_AUTO },
		{ "private", USERNS_AUTO },
	};
	_cleanup_free_ char *copy = NULL;
	struct userns_spec u = { .mode = USERNS_RANGE };
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		if (strcmp(text ? text : "", modes[i].name) == 0) {
			*ret = (struct userns_spec){ .mode = modes[i].mode };
			return 0;
		}
	}
	copy = strdup(text);
	if (!copy)
		return err_set(e, ENOMEM, "parse user namespace");
	r = parse_range(copy, &u, e);
	if (r == 0)
		r = check_range(&u, e);
	if (r < 0)
		return err_wrap(e, r, "user namespace '%s'", text);
	*ret = u;
	return 0;
}
