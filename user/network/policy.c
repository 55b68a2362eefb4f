// SPDX-License-Identifier: Apache-2.0
/* Network policy in words. */
#include "network/policy.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/fmt.h"
#include "base/str.h"

#define RULE_TEXT_MAX 256u
#define FIELDS_MAX 4u /* direction, protocol, address, ports */
#define PORT_MAX 65535u

static const struct proto {
	const char *name;
	uint8_t number;
	bool has_ports;
} protos[] = {
	{ "any", NET_PROTO_ANY, true },	      { "tcp", IPPROTO_TCP, true },
	{ "udp", IPPROTO_UDP, true },	      { "sctp", IPPROTO_SCTP, true },
	{ "icmp", IPPROTO_ICMP, false },      { "dccp", IPPROTO_DCCP, true },
	{ "udplite", IPPROTO_UDPLITE, true },
};

static const struct proto *proto_of(uint8_t number)
{
	for (size_t i = 0; i < ARRAY_SIZE(protos); i++)
		if (protos[i].number == number)
			return &protos[i];
	return NULL;
}

/* One field of a rule, in a buffer of its own; @at: its position in the text, from 1. */
struct field {
	char text[RULE_TEXT_MAX + 1];
	size_t at;
};

struct fields {
	struct field f[FIELDS_MAX];
	unsigned int n;
};

static int bad(const char *rule, const struct field *f, const char *why, struct err *e)
{
	int r = err_plain(e, -EINVAL, "network rule '%s', position %zu: '%s' %s", rule, f->at,
			  f->text, why);

	err_hint(e, "a rule is PROTO[:CIDR][:PORT[-PORT]], for example tcp:10.0.0.0/8:443, "
		    "udp:[fd00::/8]:53, any:192.0.2.1, tcp:80-90, icmp");
	return r;
}

/* Split at colons outside of brackets. */
static int split(const char *rule, struct fields *ret, struct err *e)
{
	bool is_inside = false;
	size_t start = 0, i = 0;

	ret->n = 0;
	for (;; i++) {
		struct field *f;

		is_inside = rule[i] == '[' || (is_inside && rule[i] != ']');
		if (rule[i] && (rule[i] != ':' || is_inside))
			continue;
		if (ret->n == FIELDS_MAX)
			return err_plain(
				e, -EINVAL,
				"network rule '%s', position %zu: more fields than PROTO:CIDR:PORT",
				rule, start + 1);
		f = &ret->f[ret->n++];
		memcpy(f->text, rule + start, i - start);
		f->text[i - start] = '\0';
		f->at = start + 1;
		if (!f->text[0])
			return bad(rule, f, "is empty", e);
		if (!rule[i])
			return 0;
		start = i + 1;
	}
}

static int parse_proto(const char *rule, const struct field *f, uint8_t *ret, struct err *e)
{
	uint32_t number;

	for (size_t i = 0; i < ARRAY_SIZE(protos); i++) {
		if (str_eq(protos[i].name, f->text)) {
			*ret = protos[i].number;
			return 0;
		}
	}
	if (fmt_parse_u32(f->text, &number) < 0 || number < 1 || number > 255)
		return bad(rule, f, "is not any, tcp, udp, sctp, icmp or a number from 1 to 255",
			   e);
	/* one name for both: who writes rules thinks of ping, not of the family */
	*ret = number == IPPROTO_ICMPV6 ? IPPROTO_ICMP : (uint8_t)number;
	return 0;
}

static bool has_bits_behind(const uint8_t *addr, unsigned int bits, unsigned int prefix_len)
{
	for (unsigned int i = prefix_len; i < bits; i++)
		if (addr[i / 8] & 0x80 >> i % 8)
			return true;
	return false;
}

/* Take "/LEN" off the end of @text. */
static int take_prefix_len(char *text, uint32_t *ret)
{
	char *slash = strchr(text, '/');

	if (!slash)
		return 0;
	*slash = '\0';
	return fmt_parse_u32(slash + 1, ret);
}

/* "192.0.2.0/24", "[fd00::/8]", "[fd00::]/8" */
static int parse_addr(const char *rule, const struct field *f, struct net_policy_rule *ret,
		      struct err *e)
{
	bool is_v6 = f->text[0] == '[';
	uint32_t bits = is_v6 ? 128 : 32, prefix_len = bits;
	char text[RULE_TEXT_MAX + 1];

	memcpy(text, f->text, sizeof(text));
	if (is_v6) {
		char *end = strchr(text, ']');

		if (!end)
			return bad(rule, f, "has no closing bracket", e);
		if (end[1] && (end[1] != '/' || strchr(text, '/') < end))
			return bad(rule, f, "has something behind its bracket", e);
		/* "[a]/8" becomes "[a/8" */
		memmove(end, end + 1, strlen(end));
	}
	if (take_prefix_len(text, &prefix_len) < 0 || prefix_len > bits)
		return bad(rule, f, "has no valid prefix length", e);
	if (inet_pton(is_v6 ? AF_INET6 : AF_INET, text + is_v6, ret->addr) != 1)
		return bad(rule, f, "is not an address or CIDR (IPv6 goes in brackets)", e);
	if (has_bits_behind(ret->addr, bits, prefix_len))
		return bad(rule, f, "has bits behind its prefix", e);
	ret->family = is_v6 ? AF_INET6 : AF_INET;
	ret->prefix_len = (uint8_t)prefix_len;
	return 0;
}

static int parse_port(const char *text, uint16_t *ret)
{
	uint32_t port;

	if (fmt_parse_u32(text, &port) < 0 || port < 1 || port > PORT_MAX)
		return -EINVAL;
	*ret = (uint16_t)port;
	return 0;
}

static int parse_ports(const char *rule, const struct field *f, struct net_policy_rule *ret,
		       struct err *e)
{
	const struct proto *proto = proto_of(ret->proto);
	char text[RULE_TEXT_MAX + 1];
	char *dash;
	int r;

	memcpy(text, f->text, sizeof(text));
	dash = strchr(text, '-');
	if (dash)
		*dash = '\0';
	r = parse_port(text, &ret->port_lo);
	if (r == 0)
		r = parse_port(dash ? dash + 1 : text, &ret->port_hi);
	if (r < 0)
		return bad(rule, f, "is not a port or a range of ports from 1 to 65535", e);
	if (ret->port_lo > ret->port_hi)
		return bad(rule, f, "is a range that ends before it starts", e);
	if (!proto || !proto->has_ports)
		return bad(rule, f, "is a port, and the protocol has none", e);
	return 0;
}

static bool looks_like_port(const char *text)
{
	return !text[strspn(text, "0123456789-")];
}

static int parse_fields(const char *rule, const struct fields *fields, struct net_policy_rule *ret,
			struct err *e)
{
	const struct field *f = fields->f, *end = f + fields->n;
	int r;

	if (str_eq(f->text, "in"))
		return err_plain(e, -EOPNOTSUPP,
				 "network rule '%s': only outgoing traffic has a policy", rule);
	if (str_eq(f->text, "out") && ++f == end)
		return bad(rule, f - 1, "is not followed by a protocol", e);
	r = parse_proto(rule, f++, &ret->proto, e);
	if (r == 0 && f < end && !looks_like_port(f->text)) {
		if (!str_eq(f->text, "*"))
			r = parse_addr(rule, f, ret, e);
		f++;
	}
	if (r == 0 && f < end)
		r = parse_ports(rule, f++, ret, e);
	if (r == 0 && f < end)
		r = bad(rule, f, "is one field too many", e);
	return r;
}

int policy_parse_rule(const char *text, bool is_allow, struct net_policy_rule *ret, struct err *e)
{
	struct net_policy_rule rule = { .verdict = is_allow ? NET_ALLOW : NET_DENY,
					.port_hi = PORT_MAX };
	struct fields fields;
	int r;

	if (strlen(text) > RULE_TEXT_MAX)
		return err_plain(e, -EINVAL, "network rule '%.40s...' is longer than %u bytes",
				 text, RULE_TEXT_MAX);
	r = split(text, &fields, e);
	if (r == 0)
		r = parse_fields(text, &fields, &rule, e);
	if (r < 0)
		return r;
	*ret = rule;
	return 0;
}

int policy_parse_flow(const char *text, struct net_target *ret, struct err *e)
{
	struct net_policy_rule rule;
	int r = policy_parse_rule(text, true, &rule, e);
	const struct proto *proto;
	const char *why = NULL;

	if (r < 0)
		return r;
	proto = proto_of(rule.proto);
	if (rule.proto == NET_PROTO_ANY)
		why = "says any, where one protocol is needed";
	else if (!rule.family || rule.prefix_len != (rule.family == AF_INET ? 32 : 128))
		why = "needs one address";
	else if (proto && proto->has_ports && (!rule.port_lo || rule.port_lo != rule.port_hi))
		why = "needs one port";
	if (why) {
		r = err_plain(e, -EINVAL, "flow '%s' %s", text, why);
		err_hint(
			e,
			"a flow is PROTO:ADDRESS[:PORT], for example tcp:10.1.2.3:443 or icmp:[fd00::1]");
		return r;
	}
	*ret = (struct net_target){ .family = rule.family,
				    .proto = rule.proto,
				    .port = rule.port_lo };
	memcpy(ret->addr, rule.addr, sizeof(ret->addr));
	return 0;
}

static int parse_default(const char *dflt, size_t n_allow, uint8_t *ret, struct err *e)
{
	if (!dflt)
		*ret = n_allow ? NET_DENY : NET_ALLOW;
	else if (str_eq(dflt, "allow"))
		*ret = NET_ALLOW;
	else if (str_eq(dflt, "deny"))
		*ret = NET_DENY;
	else
		return err_plain(e, -EINVAL, "option '--net-default': '%s' is not allow or deny",
				 dflt);
	return 0;
}

static int parse_list(const struct strv *list, bool is_allow, struct net_policy *p, struct err *e)
{
	for (size_t i = 0; list && i < list->n; i++) {
		int r = policy_parse_rule(list->v[i], is_allow, &p->rules[p->n], e);

		if (r < 0)
			return r;
		p->n++;
	}
	return 0;
}

int policy_build(const struct strv *allow, const struct strv *deny, const char *dflt,
		 struct net_policy **ret, struct err *e)
{
	size_t n_allow = allow ? allow->n : 0, n_deny = deny ? deny->n : 0;
	_cleanup_free_ struct net_policy *p = NULL;
	int r;

	if (n_allow > NET_POLICY_RULES || n_deny > NET_POLICY_RULES - n_allow)
		return err_plain(e, -E2BIG, "more than %u network rules", NET_POLICY_RULES);
	p = calloc(1, sizeof(*p) + (n_allow + n_deny) * sizeof(p->rules[0]));
	if (!p)
		return err_set(e, ENOMEM, "build network policy");
	r = parse_default(dflt, n_allow, &p->default_verdict, e);
	if (r == 0)
		r = parse_list(deny, false, p, e);
	if (r == 0)
		r = parse_list(allow, true, p, e);
	if (r < 0)
		return r;
	*ret = p->default_verdict == NET_ALLOW && n_deny == 0 ? NULL : TAKE_PTR(p);
	return 0;
}

void policy_format_rule(const struct net_policy_rule *rule, struct str *out)
{
	unsigned int bits = rule->family == AF_INET ? 32 : 128;
	bool has_range = rule->port_lo != 0 || rule->port_hi != PORT_MAX;
	const struct proto *proto = proto_of(rule->proto);
	char addr[INET6_ADDRSTRLEN] = "";

	if (proto)
		str_add(out, proto->name);
	else
		str_addf(out, "%u", rule->proto);
	if (rule->family) {
		(void)inet_ntop(rule->family, rule->addr, addr, sizeof(addr)); /* always fits */
		str_addf(out, rule->family == AF_INET ? ":%s" : ":[%s", addr);
		if (rule->prefix_len < bits)
			str_addf(out, "/%u", rule->prefix_len);
		if (rule->family == AF_INET6)
			str_add_char(out, ']');
	}
	if (has_range)
		str_addf(out, ":%u", rule->port_lo);
	if (has_range && rule->port_hi != rule->port_lo)
		str_addf(out, "-%u", rule->port_hi);
}

/* All addresses in one space, IPv4 as ::ffff:a.b.c.d, as the programs see them. */
static unsigned int to_mapped(uint8_t family, const uint8_t *addr, uint8_t ret[16])
{
	if (family != AF_INET) {
		memcpy(ret, addr, 16);
		return 0;
	}
	memset(ret, 0, 10);
	memset(ret + 10, 0xff, 2);
	memcpy(ret + 12, addr, 4);
	return 96;
}

static bool rule_matches(const struct net_policy_rule *rule, const uint8_t mapped[16],
			 uint8_t proto, uint16_t port)
{
	uint8_t prefix[16];
	unsigned int len;

	if (rule->proto != NET_PROTO_ANY && rule->proto != proto)
		return false;
	if (port < rule->port_lo || port > rule->port_hi)
		return false;
	if (!rule->family)
		return true;
	len = to_mapped(rule->family, rule->addr, prefix) + rule->prefix_len;
	for (unsigned int i = 0; i < len; i++)
		if ((prefix[i / 8] ^ mapped[i / 8]) & 0x80 >> i % 8)
			return false;
	return true;
}

enum net_verdict policy_judge(const struct net_policy *policy, const struct net_target *t,
			      int *ret_rule)
{
	uint8_t proto = t->proto == IPPROTO_ICMPV6 ? IPPROTO_ICMP : t->proto;
	enum net_verdict verdict = policy->default_verdict;
	uint8_t mapped[16];
	int rule = -1;

	(void)to_mapped(t->family, t->addr, mapped);
	for (uint32_t i = 0; i < policy->n; i++) {
		if (!rule_matches(&policy->rules[i], mapped, proto, t->port))
			continue;
		if (rule >= 0 && policy->rules[i].verdict == NET_ALLOW)
			continue;
		verdict = policy->rules[i].verdict;
		rule = (int)i;
		if (verdict == NET_DENY)
			break;
	}
	if (ret_rule)
		*ret_rule = rule;
	return verdict;
}
