// SPDX-License-Identifier: Apache-2.0
/* --ulimit NAME=SOFT[:HARD] */
#include "spec/ulimit.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/fmt.h"
#include "base/str.h"

/* clang-format off */
static const struct {
	const char *name;
	int resource;
} resources[] = {
	{ "as",         RLIMIT_AS },
	{ "core",       RLIMIT_CORE },
	{ "cpu",        RLIMIT_CPU },
	{ "data",       RLIMIT_DATA },
	{ "fsize",      RLIMIT_FSIZE },
	{ "locks",      RLIMIT_LOCKS },
	{ "memlock",    RLIMIT_MEMLOCK },
	{ "msgqueue",   RLIMIT_MSGQUEUE },
	{ "nice",       RLIMIT_NICE },
	{ "nofile",     RLIMIT_NOFILE },
	{ "nproc",      RLIMIT_NPROC },
	{ "rss",        RLIMIT_RSS },
	{ "rtprio",     RLIMIT_RTPRIO },
	{ "rttime",     RLIMIT_RTTIME },
	{ "sigpending", RLIMIT_SIGPENDING },
	{ "stack",      RLIMIT_STACK },
};
/* clang-format on */

const char *ulimit_name(int resource)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(resources); i++)
		if (resources[i].resource == resource)
			return resources[i].name;
	return "?";
}

static int parse_value(const char *text, size_t n, uint64_t *ret, struct err *e)
{
	_cleanup_free_ char *copy = strndup(text, n);

	if (!copy)
		return err_set(e, ENOMEM, "parse limit");
	if (strcmp(copy, "-1") == 0 || strcmp(copy, "unlimited") == 0) {
		*ret = UINT64_MAX;
		return 0;
	}
	if (fmt_parse_u64(copy, ret) < 0)
		return err_plain(e, -EINVAL, "'%s' is not a number, -1 or unlimited", copy);
	return 0;
}

static int parse(const char *text, struct ulimit *ret, struct err *e)
{
	const char *equals = strchr(text, '='), *colon;
	struct ulimit u = { .name = NULL };
	size_t n = equals ? (size_t)(equals - text) : strlen(text);
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(resources); i++)
		if (strlen(resources[i].name) == n && memcmp(resources[i].name, text, n) == 0)
			u = (struct ulimit){ resources[i].name, resources[i].resource, 0, 0 };
	if (!u.name) {
		r = err_plain(e, -EINVAL, "unknown limit '%.*s'", (int)n, text);
		err_hint(
			e,
			"limits are as core cpu data fsize locks memlock msgqueue nice nofile nproc "
			"rss rtprio rttime sigpending stack");
		return r;
	}
	if (!equals || !*++equals)
		return err_plain(e, -EINVAL, "the value is missing");
	colon = strchr(equals, ':');
	r = parse_value(equals, colon ? (size_t)(colon - equals) : strlen(equals), &u.soft, e);
	if (r == 0) {
		u.hard = u.soft;
		if (colon)
			r = parse_value(colon + 1, strlen(colon + 1), &u.hard, e);
	}
	if (r < 0)
		return r;
	if (u.soft > u.hard)
		return err_plain(e, -EINVAL, "the soft limit is above the hard one");
	*ret = u;
	return 0;
}

int ulimit_parse(const char *text, struct ulimit *ret, struct err *e)
{
	int r = parse(text, ret, e);

	if (r < 0)
		return err_wrap(e, r, "ulimit '%s'", text);
	return 0;
}
