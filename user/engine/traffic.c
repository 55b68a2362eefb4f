// SPDX-License-Identifier: Apache-2.0
/* What the network policy of one running container has seen. */
#include "engine/traffic.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/str.h"
#include "engine/container.h"
#include "engine/engine.h"
#include "engine/policy_words.h"
#include "kern/cgroup.h"
#include "network/policy.h"

int traffic_read(struct engine *en, const struct container *c, struct traffic *ret, struct err *e)
{
	_cleanup_(cgroup_freep) struct cgroup *cg = NULL;
	_cleanup_(bpf_set_closep) struct bpf_set *set = NULL;
	struct traffic t = { .has_denied = false };
	_cleanup_fd_ int slice = -1;
	int r = cgroup_open(en->env->slice, c->id, &cg, e);

	if (r < 0)
		return r;
	slice = cgroup_slice_fd(en->env->slice, e);
	if (slice < 0)
		return slice;
	r = bpf_set_find(en->env, slice, &set, e);
	if (r == 0)
		r = bpf_set_counters(set, cgroup_inode(cg), &t.counters, e);
	if (r == 0) {
		r = bpf_set_last_denied(set, cgroup_inode(cg), &t.denied, e);
		t.has_denied = r == 0;
		if (r == -ENODATA) {
			err_clear(e);
			r = 0;
		}
	}
	if (r == 0)
		*ret = t;
	return r;
}

void traffic_target(const struct net_denied *d, struct net_target *ret)
{
	*ret = (struct net_target){
		.direction = d->direction, .family = d->family, .proto = d->proto, .port = d->port
	};
	memcpy(ret->addr, d->addr, sizeof(ret->addr));
}

void traffic_flow(const struct net_denied *d, struct str *out)
{
	struct net_target t;

	traffic_target(d, &t);
	policy_format_flow(&t, out);
}

/* Of a large policy the kernel does not keep which rule it was: ask the same question again. */
static int find_rule(const struct container *c, const struct net_denied *d)
{
	struct net_target t;
	struct net_policy *policy = NULL;
	int rule = NET_RULE_DEFAULT;

	traffic_target(d, &t);
	if (policy_words_build(&c->options, &policy, NULL) == 0 && policy)
		(void)policy_judge(policy, &t, &rule); /* the verdict is known */
	free(policy);
	return rule;
}

/* A policy that was changed since may have other rules. */
static bool is_of(const struct container *c, int rule, bool is_allowed)
{
	size_t n_deny = c->options.net_deny.n;

	return rule >= 0 && (is_allowed ? (size_t)rule >= n_deny &&
						  (size_t)rule - n_deny < c->options.net_allow.n :
					  (size_t)rule < n_deny);
}

void traffic_rule(const struct container *c, const struct net_denied *d, bool is_allowed,
		  struct str *out)
{
	int rule = d->rule == NET_RULE_UNKNOWN ? find_rule(c, d) : d->rule;

	policy_words_source(&c->options, is_of(c, rule, is_allowed) ? rule : NET_RULE_DEFAULT,
			    d->direction, out);
}
