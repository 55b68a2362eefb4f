// SPDX-License-Identifier: Apache-2.0
/* Policies in the shape of the maps: inline rules, or prefixes with classes of port rules. */
#include <endian.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "kern/bpf_internal.h"
#include "kern/bpf_policy.h"

static uint64_t load_be64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return be64toh(v);
}

void filter_rule_from(const struct net_policy_rule *rule, struct filter_rule *ret)
{
	*ret = (struct filter_rule){
		.proto = rule->proto == IPPROTO_ICMPV6 ? IPPROTO_ICMP : rule->proto,
		.verdict = rule->verdict == NET_ALLOW ? FILTER_ALLOW : FILTER_DENY,
		.direction = rule->direction,
		.port_lo = rule->port_lo,
		.port_hi = rule->port_hi,
	};
	if (rule->family == AF_INET) {
		uint32_t v4;

		memcpy(&v4, rule->addr, sizeof(v4));
		ret->addr_lo = 0xffff00000000ull | be32toh(v4);
		ret->prefix_len = (uint8_t)(FILTER_PREFIX_V4 + rule->prefix_len);
	} else if (rule->family == AF_INET6) {
		ret->addr_hi = load_be64(rule->addr);
		ret->addr_lo = load_be64(rule->addr + 8);
		ret->prefix_len = rule->prefix_len;
	}
}

static int compare_u64(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

/* By direction and address, then shortest prefix first: what encloses a prefix comes before it. */
static int compare_prefix(const void *x, const void *y)
{
	const struct filter_rule *a = x, *b = y;
	int r = a->direction - b->direction;

	if (r == 0)
		r = compare_u64(a->addr_hi, b->addr_hi);
	if (r == 0)
		r = compare_u64(a->addr_lo, b->addr_lo);
	return r ? r : a->prefix_len - b->prefix_len;
}

static bool encloses(const struct filter_rule *a, const struct filter_rule *b)
{
	if (a->direction != b->direction || a->prefix_len > b->prefix_len)
		return false;
	if (a->prefix_len == 0)
		return true;
	if (a->prefix_len <= 64)
		return (a->addr_hi ^ b->addr_hi) >> (64 - a->prefix_len) == 0;
	return a->addr_hi == b->addr_hi && (a->addr_lo ^ b->addr_lo) >> (128 - a->prefix_len) == 0;
}

static bool covers(const struct filter_class_rule *a, const struct filter_class_rule *b)
{
	return (a->verdict == FILTER_DENY || a->verdict == b->verdict) &&
	       (a->proto == 0 || a->proto == b->proto) && a->port_lo <= b->port_lo &&
	       a->port_hi >= b->port_hi;
}

/* Add @rule unless it changes nothing; drop what it makes superfluous. Denials stay in front. */
static int class_add(struct filter_class *c, const struct filter_class_rule *rule)
{
	uint32_t n = 0, at;

	for (uint32_t i = 0; i < c->n; i++)
		if (covers(&c->rules[i], rule))
			return 0;
	for (uint32_t i = 0; i < c->n; i++)
		if (!covers(rule, &c->rules[i]))
			c->rules[n++] = c->rules[i];
	if (n == FILTER_CLASS_RULES)
		return -E2BIG;
	for (at = 0; at < n && c->rules[at].verdict <= rule->verdict; at++)
		;
	memmove(&c->rules[at + 1], &c->rules[at], (n - at) * sizeof(*rule));
	c->rules[at] = *rule;
	/* equal classes are compared by bytes */
	memset(&c->rules[n + 1], 0, (FILTER_CLASS_RULES - n - 1) * sizeof(*rule));
	c->n = n + 1;
	return 0;
}

/* Classes under construction, found by content. */
struct class_table {
	struct filter_class *classes;
	uint32_t n, cap;
	uint32_t *buckets; /* index + 1; 0 = empty; @n_buckets is a power of two above 2 * cap */
	uint32_t n_buckets;
};

static uint64_t hash_class(const struct filter_class *c)
{
	const uint8_t *p = (const uint8_t *)c->rules;
	uint64_t h = 14695981039346656037ull;

	for (size_t i = 0; i < c->n * sizeof(c->rules[0]); i++)
		h = (h ^ p[i]) * 1099511628211ull;
	return h ^ h >> 32;
}

static void class_index(struct class_table *t, uint32_t i)
{
	uint32_t b = (uint32_t)hash_class(&t->classes[i]) & (t->n_buckets - 1);

	while (t->buckets[b])
		b = (b + 1) & (t->n_buckets - 1);
	t->buckets[b] = i + 1;
}

static int class_table_grow(struct class_table *t)
{
	uint32_t cap = t->cap ? t->cap * 2 : 16;
	struct filter_class *classes = reallocarray(t->classes, cap, sizeof(*classes));
	uint32_t *buckets = calloc(cap * 4, sizeof(*buckets));

	if (classes)
		t->classes = classes;
	if (!classes || !buckets) {
		free(buckets);
		return -ENOMEM;
	}
	free(t->buckets);
	t->buckets = buckets;
	t->n_buckets = cap * 4;
	t->cap = cap;
	for (uint32_t i = 0; i < t->n; i++)
		class_index(t, i);
	return 0;
}

static int class_intern(struct class_table *t, const struct filter_class *c, uint32_t *ret)
{
	if (t->n == t->cap) {
		int r = class_table_grow(t);

		if (r < 0)
			return r;
	}
	for (uint32_t b = (uint32_t)hash_class(c) & (t->n_buckets - 1); t->buckets[b];
	     b = (b + 1) & (t->n_buckets - 1)) {
		uint32_t i = t->buckets[b] - 1;

		if (memcmp(&t->classes[i], c, sizeof(*c)) == 0) {
			*ret = i;
			return 0;
		}
	}
	t->classes[t->n] = *c;
	class_index(t, t->n);
	*ret = t->n++;
	return 0;
}

static void prefix_from(const struct filter_rule *r, struct filter_prefix *ret)
{
	uint64_t hi = htobe64(r->addr_hi), lo = htobe64(r->addr_lo);

	ret->prefix_len = FILTER_PREFIX_DIRECTION + r->prefix_len;
	ret->direction = htobe32(r->direction);
	memcpy(ret->addr, &hi, sizeof(hi));
	memcpy(ret->addr + 8, &lo, sizeof(lo));
}

/* A prefix around the current one. */
struct enclosing {
	const struct filter_rule *rule;
	uint32_t class;
};

static int flatten(const struct filter_rule *rules, uint32_t n, struct class_table *t,
		   struct large_policy *p, struct err *e)
{
	struct enclosing stack[130]; /* one per prefix length at most */
	uint32_t depth = 0;

	for (uint32_t i = 0, next; i < n; i = next) {
		struct filter_class c = { .n = 0 };
		struct prefix_node *node = &p->nodes[p->n_nodes];
		int r = 0;

		while (depth && !encloses(stack[depth - 1].rule, &rules[i]))
			depth--;
		if (depth)
			c = t->classes[stack[depth - 1].class];
		for (next = i; next < n && compare_prefix(&rules[i], &rules[next]) == 0; next++) {
			const struct filter_rule *f = &rules[next];
			struct filter_class_rule rule = { .proto = f->proto,
							  .verdict = f->verdict,
							  .port_lo = f->port_lo,
							  .port_hi = f->port_hi };

			r = class_add(&c, &rule);
			if (r < 0)
				return err_plain(
					e, r,
					"more than %u rules for one address in a policy of more than %u rules",
					FILTER_CLASS_RULES, FILTER_RULES_INLINE);
		}
		r = class_intern(t, &c, &node->class);
		if (r < 0)
			return err_set(e, r, "flatten %u rules", n);
		prefix_from(&rules[i], &node->prefix);
		p->n_nodes++;
		stack[depth++] = (struct enclosing){ &rules[i], node->class };
	}
	return 0;
}

int large_policy_build(const struct net_policy *policy, struct large_policy *ret, struct err *e)
{
	_cleanup_(large_policy_done) struct large_policy p = { .nodes = NULL };
	_cleanup_free_ struct filter_rule *rules = calloc(policy->n, sizeof(*rules));
	struct class_table t = { .classes = NULL };
	int r;

	p.nodes = calloc(policy->n, sizeof(*p.nodes));
	if (!rules || !p.nodes)
		return err_set(e, ENOMEM, "flatten %u rules", policy->n);
	for (uint32_t i = 0; i < policy->n; i++)
		filter_rule_from(&policy->rules[i], &rules[i]);
	qsort(rules, policy->n, sizeof(*rules), compare_prefix);
	r = flatten(rules, policy->n, &t, &p, e);
	free(t.buckets);
	p.classes = t.classes;
	p.n_classes = t.n;
	if (r < 0)
		return r;
	*ret = p;
	p = (struct large_policy){ .nodes = NULL };
	return 0;
}

void large_policy_done(struct large_policy *p)
{
	free(p->nodes);
	free(p->classes);
	*p = (struct large_policy){ .nodes = NULL };
}
