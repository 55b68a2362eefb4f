/* SPDX-License-Identifier: Apache-2.0 */
/* What the network policy of one running container has seen. */
#ifndef DAVIT_ENGINE_TRAFFIC_H
#define DAVIT_ENGINE_TRAFFIC_H

#include <stdbool.h>

#include "kern/bpf.h"

struct container;
struct engine;
struct err;
struct str;

/**
 * struct traffic - counters, and the last refusal if @has_denied
 */
struct traffic {
	struct net_counters counters;
	struct net_denied denied;
	bool has_denied;
};

/* traffic_read() - Return: 0; -ENOENT when the container does not run or has no policy row */
int traffic_read(struct engine *en, const struct container *c, struct traffic *ret, struct err *e);

/* traffic_target() - where it went to, or came from, as rules speak of it */
struct net_target;
void traffic_target(const struct net_denied *d, struct net_target *ret);

/* traffic_flow() - "in:tcp:192.0.2.1:80", as policy_parse_flow() takes it */
void traffic_flow(const struct net_denied *d, struct str *out);

/* traffic_rule() - the option that refused or allowed @d, as it was given: "--net-deny tcp:*:80", "--net-default in:deny" */
void traffic_rule(const struct container *c, const struct net_denied *d, bool is_allowed,
		  struct str *out);

#endif
