// SPDX-License-Identifier: Apache-2.0
/* The network policy among a container's options. */
#include "engine/policy_words.h"

#include "base/str.h"
#include "engine/options.h"

struct policy_words policy_words_of(const struct container_options *o)
{
	return (struct policy_words){ .allow = &o->net_allow,
				      .deny = &o->net_deny,
				      .dflt = o->net_default,
				      .deny_errno = o->net_deny_errno,
				      .is_audited = o->net_audit };
}

int policy_words_build(const struct container_options *o, struct net_policy **ret, struct err *e)
{
	const struct policy_words words = policy_words_of(o);

	return policy_build(&words, ret, e);
}

static void add_default(const struct container_options *o, enum net_direction d, struct str *out)
{
	const struct policy_words words = policy_words_of(o);
	unsigned int set = 0;

	(void)policy_defaults(&words, &set, NULL); /* they have been checked */
	str_add(out, "--net-default ");
	policy_format_default(set, d, out);
}

void policy_words_source(const struct container_options *o, int rule, enum net_direction d,
			 struct str *out)
{
	if (rule < 0)
		add_default(o, d, out);
	else if ((size_t)rule < o->net_deny.n)
		str_addf(out, "--net-deny %s", o->net_deny.v[rule]);
	else
		str_addf(out, "--net-allow %s", o->net_allow.v[(size_t)rule - o->net_deny.n]);
}
