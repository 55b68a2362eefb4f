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

#define ECONNREFUSED_NAME "ECONNREFUSED"

/* @can_bind: the kernel asks when a socket of it is bound */
static const struct proto {
	const char *name;
	uint8_t number;
	bool has_ports, can_bind;
} protos[] = {
	{ "any", NET_PROTO_ANY, true, true },	    { "tcp", IPPROTO_TCP, true, true },
	{ "udp", IPPROTO_UDP, true, true },	    { "sctp", IPPROTO_SCTP, true, false },
	{ "icmp", IPPROTO_ICMP, false, false },	    { "dccp", IPPROTO_DCCP, true, false },
	{ "udplite", IPPROTO_UDPLITE, true, true },
};

static const char *const
	directions[NET_DIRECTIONS] = { [NET_OUT] = "out", [NET_IN] = "in", [NET_BIND] = "bind" };

/* Return: number of @name of @n bytes, -1. */
static int direction_of(const char *name, size_t n)
{
	for (int d = 0; d < NET_DIRECTIONS; d++)
		if (strlen(directions[d]) == n && memcmp(directions[d], name, n) == 0)
			return d;
	return -1;
}

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

	err_hint(
		e,
		"a rule is [out:|in:|bind:]PROTO[:CIDR][:PORT[-PORT]], for example tcp:10.0.0.0/8:443, "
		"udp:[fd00::/8]:53, any:192.0.2.1, in:tcp:80-90, icmp");
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

static int check_bind(const char *rule, const struct field *f, const struct net_policy_rule *parsed,
		      struct err *e)
{
	const struct proto *proto = proto_of(parsed->proto);

	if (parsed->direction != NET_BIND || (proto && proto->can_bind))
		return 0;
	return err_plain(e, -EOPNOTSUPP,
			 "network rule '%s', position %zu: the kernel tells of no bind() of '%s'",
			 rule, f->at, f->text);
}

static int parse_fields(const char *rule, const struct fields *fields, struct net_policy_rule *ret,
			struct err *e)
{
	const struct field *f = fields->f, *end = f + fields->n;
	int r, direction = direction_of(f->text, strlen(f->text));

	if (direction >= 0) {
		ret->direction = (uint8_t)direction;
		if (++f == end)
			return bad(rule, f - 1, "is not followed by a protocol", e);
	}
	r = parse_proto(rule, f, &ret->proto, e);
	if (r == 0)
		r = check_bind(rule, f, ret, e);
	f++;
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
	*ret = (struct net_target){ .direction = rule.direction,
				    .family = rule.family,
				    .proto = rule.proto,
				    .port = rule.port_lo };
	memcpy(ret->addr, rule.addr, sizeof(ret->addr));
	return 0;
}

static int bad_default(const char *text, size_t n, struct err *e)
{
	return err_plain(
		e, -EINVAL,
		"option '--net-default': '%.*s' is not allow or deny, in:deny, bind:deny …", (int)n,
		text);
}

/* "deny", "in:deny" */
static int parse_one_default(const char *text, size_t n, unsigned int *seen, uint8_t *set,
			     struct err *e)
{
	const char *colon = memchr(text, ':', n), *word = colon ? colon + 1 : text;
	size_t len = (size_t)(text + n - word);
	int d = colon ? direction_of(text, (size_t)(colon - text)) : NET_OUT;
	bool is_deny = len == strlen("deny") && memcmp(word, "deny", len) == 0;

	if (d < 0 || (!is_deny && (len != strlen("allow") || memcmp(word, "allow", len) != 0)))
		return bad_default(text, n, e);
	if (*seen & NET_BIT(d))
		return err_plain(e, -EINVAL, "option '--net-default': two for '%s'", directions[d]);
	*seen |= NET_BIT(d);
	if (is_deny)
		*set |= (uint8_t)NET_BIT(d);
	else
		*set &= (uint8_t)~NET_BIT(d);
	return 0;
}

/* An allowance says that the rest of its direction is denied. */
static uint8_t implied_defaults(const struct net_policy *p)
{
	uint8_t set = 0;

	for (uint32_t i = 0; i < p->n; i++)
		if (p->rules[i].verdict == NET_ALLOW)
			set |= (uint8_t)NET_BIT(p->rules[i].direction);
	return set;
}

static int parse_defaults(const char *dflt, uint8_t *set, struct err *e)
{
	unsigned int seen = 0;
	int r = 0;

	if (!dflt)
		return 0;
	for (const char *p = dflt; r == 0; p++) {
		size_t n = strcspn(p, ",");

		r = parse_one_default(p, n, &seen, set, e);
		p += n;
		if (!*p)
			break;
	}
	return r;
}

static int parse_errno(const char *name, bool *ret, struct err *e)
{
	if (name && !str_eq(name, ECONNREFUSED_NAME) && !str_eq(name, "EPERM"))
		return err_plain(
			e, -EINVAL,
			"option '--net-deny-errno': '%s' is not EPERM or " ECONNREFUSED_NAME, name);
	*ret = name && str_eq(name, ECONNREFUSED_NAME);
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

static int parse_words(const struct policy_words *w, struct net_policy *p, struct err *e)
{
	int r = parse_list(w->deny, false, p, e);

	if (r == 0)
		r = parse_list(w->allow, true, p, e);
	if (r < 0)
		return r;
	p->is_audited = w->is_audited;
	p->default_deny = implied_defaults(p);
	r = parse_defaults(w->dflt, &p->default_deny, e);
	return r < 0 ? r : parse_errno(w->deny_errno, &p->is_refused, e);
}

static int build(const struct policy_words *w, struct net_policy **ret, struct err *e)
{
	size_t n_allow = w->allow ? w->allow->n : 0, n_deny = w->deny ? w->deny->n : 0;
	struct net_policy *p;
	int r;

	if (n_allow > NET_POLICY_RULES || n_deny > NET_POLICY_RULES - n_allow)
		return err_plain(e, -E2BIG, "more than %u network rules", NET_POLICY_RULES);
	p = calloc(1, sizeof(*p) + (n_allow + n_deny) * sizeof(p->rules[0]));
	if (!p)
		return err_set(e, ENOMEM, "build network policy");
	r = parse_words(w, p, e);
	if (r < 0)
		free(p);
	else
		*ret = p;
	return r;
}

int policy_build(const struct policy_words *w, struct net_policy **ret, struct err *e)
{
	_cleanup_free_ struct net_policy *p = NULL;
	int r = build(w, &p, e);

	if (r == 0)
		*ret = net_policy_judged(p) || p->is_audited ? TAKE_PTR(p) : NULL;
	return r;
}

int policy_defaults(const struct policy_words *w, unsigned int *ret, struct err *e)
{
	_cleanup_free_ struct net_policy *p = NULL;
	int r = build(w, &p, e);

	if (r == 0)
		*ret = p->default_deny;
	return r;
}

void policy_format_default(unsigned int set, enum net_direction d, struct str *out)
{
	if (d != NET_OUT)
		str_addf(out, "%s:", directions[d]);
	str_add(out, set & NET_BIT(d) ? "deny" : "allow");
}

const char *policy_direction_name(enum net_direction d)
{
	return directions[d];
}

static void format_addr(uint8_t family, const uint8_t *addr, unsigned int prefix_len,
			struct str *out)
{
	unsigned int bits = family == AF_INET ? 32 : 128;
	char text[INET6_ADDRSTRLEN] = "";

	(void)inet_ntop(family, addr, text, sizeof(text)); /* always fits */
	str_addf(out, family == AF_INET ? ":%s" : ":[%s", text);
	if (prefix_len < bits)
		str_addf(out, "/%u", prefix_len);
	if (family == AF_INET6)
		str_add_char(out, ']');
}

static void format_proto(uint8_t direction, uint8_t number, struct str *out)
{
	const struct proto *proto = proto_of(number);

	if (direction != NET_OUT && direction < NET_DIRECTIONS)
		str_addf(out, "%s:", directions[direction]);
	if (proto)
		str_add(out, proto->name);
	else
		str_addf(out, "%u", number);
}

void policy_format_flow(const struct net_target *t, struct str *out)
{
	format_proto(t->direction, t->proto, out);
	format_addr(t->family, t->addr, 128, out);
	if (t->port)
		str_addf(out, ":%u", t->port);
}

void policy_format_rule(const struct net_policy_rule *rule, struct str *out)
{
	bool has_range = rule->port_lo != 0 || rule->port_hi != PORT_MAX;

	format_proto(rule->direction, rule->proto, out);
	if (rule->family)
		format_addr(rule->family, rule->addr, rule->prefix_len, out);
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
			 uint8_t proto, const struct net_target *t)
{
	uint8_t prefix[16];
	unsigned int len;

	if (rule->direction != t->direction)
		return false;
	if (rule->proto != NET_PROTO_ANY && rule->proto != proto)
		return false;
	if (t->port < rule->port_lo || t->port > rule->port_hi)
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
	bool is_denied = policy->default_deny & NET_BIT(t->direction);
	enum net_verdict verdict = is_denied ? NET_DENY : NET_ALLOW;
	uint8_t mapped[16];
	int rule = -1;

	(void)to_mapped(t->family, t->addr, mapped);
	for (uint32_t i = 0; i < policy->n; i++) {
		if (!rule_matches(&policy->rules[i], mapped, proto, t))
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
