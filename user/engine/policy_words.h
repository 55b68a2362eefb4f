/* SPDX-License-Identifier: Apache-2.0 */
/* The network policy among a container's options. */
#ifndef DAVIT_ENGINE_POLICY_WORDS_H
#define DAVIT_ENGINE_POLICY_WORDS_H

#include "network/policy.h"

struct container_options;
struct err;
struct str;

/* policy_words_of() - borrowed from @o */
struct policy_words policy_words_of(const struct container_options *o);

/* policy_words_build() - as policy_build() */
int policy_words_build(const struct container_options *o, struct net_policy **ret, struct err *e);

/* policy_words_source() - the option that rule @rule of policy_build() came from, with -1 the default of @d:
 * "--net-deny tcp:*:80", "--net-default in:deny" */
void policy_words_source(const struct container_options *o, int rule, enum net_direction d,
			 struct str *out);

#endif
