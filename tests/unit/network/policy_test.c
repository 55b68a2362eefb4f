// SPDX-License-Identifier: Apache-2.0
/* Network policy in words: what parses to what, what is refused and why, who wins. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/str.h"
#include "kselftest_harness.h"
#include "network/policy.h"

static const struct {
	const char *text, *want; /* NULL: the same */
	uint8_t proto, family, prefix_len;
	uint16_t lo, hi;
} good[] = {
	{ "tcp:10.0.0.0/8:443", NULL, IPPROTO_TCP, AF_INET, 8, 443, 443 },
	{ "udp:[fd00::/8]:53", NULL, IPPROTO_UDP, AF_INET6, 8, 53, 53 },
	{ "udp:[fd00::]/8:53", "udp:[fd00::/8]:53", IPPROTO_UDP, AF_INET6, 8, 53, 53 },
	{ "any:192.0.2.1", NULL, 0, AF_INET, 32, 0, 65535 },
	{ "icmp", NULL, IPPROTO_ICMP, 0, 0, 0, 65535 },
	{ "58:[fe80::1]", "icmp:[fe80::1]", IPPROTO_ICMP, AF_INET6, 128, 0, 65535 },
	{ "tcp:*:80-90", "tcp:80-90", IPPROTO_TCP, 0, 0, 80, 90 },
	{ "tcp:443", NULL, IPPROTO_TCP, 0, 0, 443, 443 },
	{ "tcp:1-65535", NULL, IPPROTO_TCP, 0, 0, 1, 65535 },
	{ "out:any", "any", 0, 0, 0, 0, 65535 },
	{ "out:any:*:53", "any:53", 0, 0, 0, 53, 53 },
	{ "any:0.0.0.0/0", NULL, 0, AF_INET, 0, 0, 65535 },
	{ "any:[::/0]", NULL, 0, AF_INET6, 0, 0, 65535 },
	{ "any:[::ffff:10.0.0.0/104]", NULL, 0, AF_INET6, 104, 0, 65535 },
	{ "47:192.0.2.0/24", NULL, IPPROTO_GRE, AF_INET, 24, 0, 65535 },
	{ "in:tcp:192.0.2.0/24:80", NULL, IPPROTO_TCP, AF_INET, 24, 80, 80 },
	{ "in:any", NULL, 0, 0, 0, 0, 65535 },
	{ "bind:tcp:1024-65535", NULL, IPPROTO_TCP, 0, 0, 1024, 65535 },
	{ "bind:any:*:53", "bind:any:53", 0, 0, 0, 53, 53 },
	{ "sctp:[2001:db8::1]:9899", NULL, IPPROTO_SCTP, AF_INET6, 128, 9899, 9899 },
};

TEST(parses_and_formats)
{
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		_cleanup_str_ struct str s = STR_INIT;
		struct net_policy_rule rule, again;
		struct err e = ERR_INIT;

		ASSERT_EQ(0, policy_parse_rule(good[i].text, true, &rule, &e))
		TH_LOG("%s: %s", good[i].text, e.msg);
		EXPECT_EQ(good[i].proto, rule.proto);
		EXPECT_EQ(good[i].family, rule.family);
		EXPECT_EQ(good[i].prefix_len, rule.prefix_len);
		EXPECT_EQ(good[i].lo, rule.port_lo);
		EXPECT_EQ(good[i].hi, rule.port_hi);
		EXPECT_EQ(NET_ALLOW, rule.verdict);
		policy_format_rule(&rule, &s);
		EXPECT_STREQ(good[i].want ? good[i].want : good[i].text, str_text(&s));
		ASSERT_EQ(0, policy_parse_rule(str_text(&s), true, &again, &e));
		EXPECT_EQ(0, memcmp(&rule, &again, sizeof(rule)));
	}
}

static const struct {
	const char *text;
	int want;
	const char *message; /* part of it */
} wrong[] = {
	{ "", -EINVAL, "position 1: '' is empty" },
	{ "out", -EINVAL, "is not followed by a protocol" },
	{ "in", -EINVAL, "is not followed by a protocol" },
	{ "in:in:tcp", -EINVAL, "position 4: 'in' is not any" },
	{ "bind:sctp:80", -EOPNOTSUPP, "position 6: the kernel tells of no bind() of 'sctp'" },
	{ "bind:icmp", -EOPNOTSUPP, "the kernel tells of no bind() of 'icmp'" },
	{ "tpc", -EINVAL, "position 1: 'tpc' is not any" },
	{ "0", -EINVAL, "a number from 1 to 255" },
	{ "256", -EINVAL, "a number from 1 to 255" },
	{ "tcp:", -EINVAL, "position 5: '' is empty" },
	{ "tcp::80", -EINVAL, "position 5: '' is empty" },
	{ "tcp:10.0.0.300", -EINVAL, "position 5: '10.0.0.300' is not an address" },
	{ "tcp:10.0.0.1/8", -EINVAL, "has bits behind its prefix" },
	{ "tcp:[fd00::1/64]", -EINVAL, "has bits behind its prefix" },
	{ "tcp:10.0.0.0/33", -EINVAL, "no valid prefix length" },
	{ "tcp:10.0.0.0/", -EINVAL, "no valid prefix length" },
	{ "tcp:10.0.0.0/8/8", -EINVAL, "no valid prefix length" },
	{ "tcp:[fd00::/129]", -EINVAL, "no valid prefix length" },
	{ "tcp:[fd00::/8]/8", -EINVAL, "behind its bracket" },
	{ "tcp:[fd00::", -EINVAL, "no closing bracket" },
	{ "tcp:[fd00::]x:1", -EINVAL, "behind its bracket" },
	{ "tcp:fd00::1:80", -EINVAL, "" },
	{ "tcp:[10.0.0.1]", -EINVAL, "is not an address" },
	{ "tcp:*:0", -EINVAL, "position 7: '0' is not a port" },
	{ "tcp:*:65536", -EINVAL, "is not a port" },
	{ "tcp:*:90-80", -EINVAL, "ends before it starts" },
	{ "tcp:*:80-", -EINVAL, "is not a port" },
	{ "tcp:*:-", -EINVAL, "is not a port" },
	{ "tcp:*:http", -EINVAL, "is not a port" },
	{ "icmp:*:8", -EINVAL, "the protocol has none" },
	{ "47:192.0.2.1:1", -EINVAL, "the protocol has none" },
	{ "tcp:80:80", -EINVAL, "is one field too many" },
	{ "tcp:*:80:x", -EINVAL, "is one field too many" },
	{ "out:tcp:*:80:x", -EINVAL, "more fields than" },
	{ "TCP", -EINVAL, "is not any" },
	{ "tcp :80", -EINVAL, "is not any" },
};

TEST(refuses_with_position_and_reason)
{
	char huge[400];

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		struct net_policy_rule rule;
		struct err e = ERR_INIT;

		EXPECT_EQ(wrong[i].want, policy_parse_rule(wrong[i].text, false, &rule, &e))
		TH_LOG("%s", wrong[i].text);
		EXPECT_NE(NULL, strstr(e.msg, wrong[i].message))
		TH_LOG("%s: %s", wrong[i].text, e.msg);
	}
	memset(huge, '1', sizeof(huge) - 1);
	huge[sizeof(huge) - 1] = '\0';
	EXPECT_EQ(-EINVAL, policy_parse_rule(huge, false, NULL, NULL));
}

static int build(const char *allow, const char *deny, const char *dflt, struct net_policy **ret)
{
	_cleanup_strv_ struct strv a = { .v = NULL }, d = { .v = NULL };

	*ret = NULL;
	if ((allow && strv_add(&a, allow) < 0) || (deny && strv_add(&d, deny) < 0))
		return -ENOMEM;
	return policy_build(&(struct policy_words){ .allow = &a, .deny = &d, .dflt = dflt }, ret,
			    NULL);
}

TEST(default_follows_from_the_rules)
{
	static const struct {
		const char *allow, *deny, *dflt;
		int want; /* -1: no policy at all */
		unsigned int n;
	} cases[] = {
		{ NULL, NULL, NULL, -1, 0 },
		{ NULL, NULL, "allow", -1, 0 },
		{ NULL, NULL, "deny", NET_BIT(NET_OUT), 0 },
		{ "tcp:80", NULL, NULL, NET_BIT(NET_OUT), 1 },
		{ "tcp:80", NULL, "allow", -1, 0 },
		{ NULL, "tcp:80", NULL, 0, 1 },
		{ "tcp", "udp", NULL, NET_BIT(NET_OUT), 2 },
		{ "tcp", "udp", "allow", 0, 2 },
		{ "tcp:80", NULL, "deny", NET_BIT(NET_OUT), 1 },
		{ "in:tcp:80", NULL, NULL, NET_BIT(NET_IN), 1 },
		{ "in:tcp:80", NULL, "deny", NET_BIT(NET_IN) | NET_BIT(NET_OUT), 1 },
		{ "in:tcp:80", NULL, "in:allow", -1, 1 },
		{ "bind:tcp:80", NULL, "in:deny,out:deny", 7, 1 },
		{ NULL, NULL, "deny,in:deny,bind:deny", 7, 0 },
		{ NULL, "in:udp", "in:allow", 0, 1 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_free_ struct net_policy *p = NULL;

		ASSERT_EQ(0, build(cases[i].allow, cases[i].deny, cases[i].dflt, &p));
		EXPECT_EQ(cases[i].want, p ? p->default_deny : -1) TH_LOG("case %zu", i);
		EXPECT_EQ(p ? cases[i].n : 0, p ? p->n : 0);
	}
}

TEST(defaults_are_said)
{
	_cleanup_str_ struct str s = STR_INIT;
	unsigned int set = 0;

	ASSERT_EQ(0, policy_defaults(&(struct policy_words){ .dflt = "in:deny" }, &set, NULL));
	for (int d = 0; d < NET_DIRECTIONS; d++) {
		policy_format_default(set, d, &s);
		str_add(&s, " ");
	}
	EXPECT_STREQ("allow in:deny bind:allow ", str_text(&s));
}

TEST(bad_default_and_bad_rule_fail)
{
	_cleanup_free_ struct net_policy *p = NULL;
	static const char *const bad[] = { "drop",	 "",	      "deny,",
					   ",deny",	 "deny,deny", "in:deny,in:allow",
					   "up:deny",	 "in:",	      "in",
					   "in:in:deny", "denyx" };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(-EINVAL, build(NULL, NULL, bad[i], &p)) TH_LOG("%s", bad[i]);
	}
	EXPECT_EQ(-EINVAL,
		  policy_build(&(struct policy_words){ .deny_errno = "EACCES" }, &p, NULL));
	EXPECT_EQ(-EINVAL, build("tcp", "tcp:x:y", NULL, &p));
	EXPECT_EQ(NULL, p);
	EXPECT_EQ(0, policy_build(&(struct policy_words){ .allow = NULL }, &p, NULL));
	EXPECT_EQ(NULL, p);
}

static struct net_target target(const char *addr, uint8_t proto, uint16_t port)
{
	struct net_target t = { .family = strchr(addr, ':') ? AF_INET6 : AF_INET,
				.proto = proto,
				.port = port };

	if (inet_pton(t.family, addr, t.addr) != 1)
		abort();
	return t;
}

TEST(a_denial_beats_every_allowance)
{
	static const struct {
		const char *addr;
		uint8_t proto;
		uint16_t port;
		int want, rule;
	} cases[] = {
		{ "10.1.2.3", IPPROTO_TCP, 443, NET_ALLOW, 2 },
		{ "10.1.2.3", IPPROTO_TCP, 80, NET_DENY, -1 },
		{ "10.9.0.1", IPPROTO_TCP, 443, NET_DENY, 0 },
		{ "::ffff:10.9.0.1", IPPROTO_TCP, 443, NET_DENY, 0 },
		{ "192.0.2.1", IPPROTO_TCP, 443, NET_DENY, -1 },
		{ "fd00::1", IPPROTO_UDP, 53, NET_ALLOW, 3 },
		{ "fd00::1", IPPROTO_UDP, 54, NET_DENY, -1 },
		{ "fd00::1", IPPROTO_ICMPV6, 0, NET_DENY, 1 },
		{ "10.1.1.1", IPPROTO_ICMP, 0, NET_DENY, 1 },
	};
	_cleanup_strv_ struct strv allow = { .v = NULL }, deny = { .v = NULL };
	_cleanup_free_ struct net_policy *p = NULL;

	ASSERT_EQ(0, strv_add(&allow, "tcp:10.0.0.0/8:443"));
	ASSERT_EQ(0, strv_add(&allow, "udp:[fd00::/8]:53"));
	ASSERT_EQ(0, strv_add(&deny, "any:10.9.0.0/16"));
	ASSERT_EQ(0, strv_add(&deny, "icmp"));
	ASSERT_EQ(0,
		  policy_build(&(struct policy_words){ .allow = &allow, .deny = &deny }, &p, NULL));
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct net_target t = target(cases[i].addr, cases[i].proto, cases[i].port);
		int rule;

		EXPECT_EQ(cases[i].want, (int)policy_judge(p, &t, &rule)) TH_LOG("case %zu", i);
		EXPECT_EQ(cases[i].rule, rule) TH_LOG("case %zu", i);
	}
}

TEST(rules_speak_of_their_direction_only)
{
	struct net_target t = target("192.0.2.1", IPPROTO_TCP, 80);
	_cleanup_str_ struct str s = STR_INIT;
	_cleanup_free_ struct net_policy *p = NULL;
	int rule;

	ASSERT_EQ(0, build("in:tcp:80", "bind:tcp:80", NULL, &p));
	EXPECT_EQ(NET_ALLOW, policy_judge(p, &t, &rule));
	EXPECT_EQ(-1, rule);
	t.direction = NET_BIND;
	EXPECT_EQ(NET_DENY, policy_judge(p, &t, &rule));
	EXPECT_EQ(0, rule);
	t.direction = NET_IN;
	EXPECT_EQ(NET_ALLOW, policy_judge(p, &t, &rule));
	EXPECT_EQ(1, rule);
	t.port = 81;
	EXPECT_EQ(NET_DENY, policy_judge(p, &t, &rule));
	EXPECT_EQ(-1, rule);
	policy_format_flow(&t, &s);
	EXPECT_STREQ("in:tcp:192.0.2.1:81", str_text(&s));
}

TEST(a_flow_is_one_packet)
{
	static const struct {
		const char *text, *why; /* NULL = good */
		uint8_t family, proto;
		uint16_t port;
	} cases[] = {
		{ "tcp:10.1.2.3:443", NULL, AF_INET, IPPROTO_TCP, 443 },
		{ "out:udp:[fd00::1]:53", NULL, AF_INET6, IPPROTO_UDP, 53 },
		{ "icmp:10.1.2.3", NULL, AF_INET, IPPROTO_ICMP, 0 },
		{ "47:10.1.2.3", NULL, AF_INET, 47, 0 },
		{ "any:10.1.2.3", "one protocol", 0, 0, 0 },
		{ "tcp:10.1.2.3", "one port", 0, 0, 0 },
		{ "tcp:10.1.2.3:80-81", "one port", 0, 0, 0 },
		{ "tcp:80", "one address", 0, 0, 0 },
		{ "tcp:*:80", "one address", 0, 0, 0 },
		{ "tcp:10.1.2.0/24:80", "one address", 0, 0, 0 },
		{ "udp:[fd00::]/8:80", "one address", 0, 0, 0 },
		{ "in:tcp:10.1.2.3:80", NULL, AF_INET, IPPROTO_TCP, 80 },
		{ "bind:udp:[::]:53", NULL, AF_INET6, IPPROTO_UDP, 53 },
		{ "bind:sctp:10.1.2.3:80", "no bind()", 0, 0, 0 },
		{ "tcp:10.1.2.300:80", "is not an address", 0, 0, 0 },
		{ "", "is empty", 0, 0, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct net_target t = { .family = 0 };
		struct err e = ERR_INIT;
		int r = policy_parse_flow(cases[i].text, &t, &e);

		EXPECT_EQ(cases[i].why != NULL, r < 0) TH_LOG("case %zu: %s", i, e.msg);
		EXPECT_TRUE(!cases[i].why || strstr(e.msg, cases[i].why))
		TH_LOG("case %zu: %s", i, e.msg);
		EXPECT_EQ(cases[i].family, t.family);
		EXPECT_EQ(cases[i].proto, t.proto);
		EXPECT_EQ(cases[i].port, t.port);
	}
}

TEST_HARNESS_MAIN
