/* SPDX-License-Identifier: Apache-2.0 */
/* Which container a cgroup id is, for who reads events. */
#ifndef DAVIT_ENGINE_FLOW_NAMES_H
#define DAVIT_ENGINE_FLOW_NAMES_H

#include <stddef.h>
#include <stdint.h>

struct container;
struct engine;
struct flow_name;

/* struct flow_names - what is known so far; zero at first, for flow_names_done() */
struct flow_names {
	struct flow_name *v;
	size_t n;
	int64_t listed_ns;
};

/* flow_names_find() - looks at all containers when it does not know it, at most once in a second. NULL: none that is there. */
const struct container *flow_names_find(struct engine *en, struct flow_names *l,
					uint64_t cgroup_id);
void flow_names_done(struct flow_names *l);

#endif
