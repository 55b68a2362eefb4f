// SPDX-License-Identifier: Apache-2.0
/* Each namespace that was asked for is a new one. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "groups.h"
#include "probe.h"

/* the namespace in @p->path differs from the host's; one that was not asked for says nothing */
static int is_new(const struct probe *p, const struct facts *f, struct seen *s)
{
	char key[32];
	uint64_t mine;
	int64_t host;
	int r;

	if (!list_has(facts_get(f, "want.ns"), p->path))
		return seen_skip(s, "no %s namespace was asked for", p->path);
	(void)snprintf(key, sizeof(key), "host.ns.%s", p->path);
	host = facts_num(f, key, -1);
	if (host < 0)
		return seen_unknown(s, key);
	r = ns_inode("self", p->path, &mine);
	if (r < 0)
		return seen_fail(s, "/proc/self/ns/%s: %s", p->path, strerror(-r));
	return seen_as(s, mine != (uint64_t)host, "%s:[%" PRIu64 "], the host has %s:[%" PRId64 "]",
		       p->path, mine, p->path, host);
}

#define NEW(ns)                                                                                    \
	{                                                                                          \
		.name = ns "/new-namespace",                                                       \
		.tried = "compare /proc/self/ns/" ns " with the host's", .run = is_new, .path = ns \
	}

static const struct probe probes[] = {
	NEW("pid"), NEW("net"),	   NEW("mnt"),	NEW("uts"),
	NEW("ipc"), NEW("cgroup"), NEW("user"), NEW("time"),
};

const struct probe_group namespace_group = {
	.name = "namespaces",
	.summary = "each namespace that was asked for is new",
	PROBES(probes),
};
