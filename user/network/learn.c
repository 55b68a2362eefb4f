// SPDX-License-Identifier: Apache-2.0
/* Rules that allow what was seen, and nothing else. */
#include "network/learn.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "network/policy.h"

static int compare_without_addr(const struct net_policy_rule *a, const struct net_policy_rule *b)
{
	int r = a->direction - b->direction;

	if (r == 0)
		r = a->proto - b->proto;
	if (r == 0)
		r = a->family - b->family;
	if (r == 0)
		r = a->port_lo - b->port_lo;
	return r ? r : a->port_hi - b->port_hi;
}

static int compare_addr(const struct net_policy_rule *a, const struct net_policy_rule *b)
{
	int r = memcmp(a->addr, b->addr, sizeof(a->addr));

	return r ? r : a->prefix_len - b->prefix_len;
}

/* So that those that may become one prefix stand beside each other. */
static int by_port_then_addr(const void *x, const void *y)
{
	int r = compare_without_addr(x, y);

	return r ? r : compare_addr(x, y);
}

/* So that those that may become one range of ports stand beside each other. */
static int by_addr_then_port(const void *x, const void *y)
{
	const struct net_policy_rule *a = x, *b = y;
	int r = a->direction - b->direction;

	if (r == 0)
		r = a->proto - b->proto;
	if (r == 0)
		r = a->family - b->family;
	if (r == 0)
		r = compare_addr(a, b);
	return r ? r : a->port_lo - b->port_lo;
}

/* Are they the halves of a prefix? Of equal ones @b is dropped as well. */
static bool join_prefix(struct net_policy_rule *a, const struct net_policy_rule *b)
{
	unsigned int bit = a->prefix_len ? a->prefix_len - 1u : 0;
	uint8_t other[16];

	if (compare_without_addr(a, b) != 0 || a->prefix_len != b->prefix_len)
		return false;
	if (memcmp(a->addr, b->addr, sizeof(a->addr)) == 0)
		return true;
	if (!a->prefix_len)
		return false;
	memcpy(other, a->addr, sizeof(other));
	other[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
	if (memcmp(other, b->addr, sizeof(other)) != 0)
		return false;
	a->prefix_len--;
	return true;
}

static bool join_ports(struct net_policy_rule *a, const struct net_policy_rule *b)
{
	if (a->direction != b->direction || a->proto != b->proto || a->family != b->family ||
	    compare_addr(a, b) != 0 || b->port_lo > a->port_hi + 1)
		return false;
	a->port_hi = a->port_hi > b->port_hi ? a->port_hi : b->port_hi;
	return true;
}

/* Of a stack: what was joined may be joined with what is below. Return: how many are left. */
static size_t join_all(struct net_policy_rule *v, size_t n,
		       bool (*join)(struct net_policy_rule *a, const struct net_policy_rule *b))
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		v[kept++] = v[i];
		while (kept > 1 && join(&v[kept - 2], &v[kept - 1]))
			kept--;
	}
	return kept;
}

static bool has_port(const struct net_target *t)
{
	return t->port != 0;
}

static void rule_from(const struct net_target *t, struct net_policy_rule *ret)
{
	*ret = (struct net_policy_rule){ .verdict = NET_ALLOW,
					 .direction = t->direction,
					 .proto = t->proto == IPPROTO_ICMPV6 ? IPPROTO_ICMP :
									       t->proto,
					 .family = t->family,
					 .prefix_len = t->family == AF_INET ? 32 : 128,
					 .port_lo = t->port,
					 .port_hi = has_port(t) ? t->port : UINT16_MAX };
	memcpy(ret->addr, t->addr, t->family == AF_INET ? 4 : 16);
}

int learn_rules(const struct net_target *seen, size_t n, struct strv *ret)
{
	_cleanup_free_ struct net_policy_rule *v = calloc(n + 1, sizeof(*v));
	int r = 0;

	if (!v)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		rule_from(&seen[i], &v[i]);
	qsort(v, n, sizeof(*v), by_port_then_addr);
	n = join_all(v, n, join_prefix);
	qsort(v, n, sizeof(*v), by_addr_then_port);
	n = join_all(v, n, join_ports);
	for (size_t i = 0; i < n && r == 0; i++) {
		_cleanup_str_ struct str text = STR_INIT;

		policy_format_rule(&v[i], &text);
		r = str_failed(&text) ? -ENOMEM : strv_add(ret, str_text(&text));
	}
	return r;
}
