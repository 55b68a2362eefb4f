// SPDX-License-Identifier: Apache-2.0
/* Rules that are learned allow what was seen and nothing else, and are few. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "kselftest_harness.h"
#include "network/learn.h"
#include "network/policy.h"

#define ROUNDS 300
#define SEEN_MAX 60

static struct net_target flow(const char *text)
{
	struct net_target t;

	if (policy_parse_flow(text, &t, NULL) < 0)
		abort();
	return t;
}

TEST(what_belongs_together_is_one_rule)
{
	static const struct {
		const char *seen[8], *want;
	} cases[] = {
		{ { "tcp:10.0.0.1:443" }, "tcp:10.0.0.1:443" },
		{ { "tcp:10.0.0.1:443", "tcp:10.0.0.1:443" }, "tcp:10.0.0.1:443" },
		{ { "tcp:10.0.0.0:443", "tcp:10.0.0.1:443" }, "tcp:10.0.0.0/31:443" },
		{ { "tcp:10.0.0.1:443", "tcp:10.0.0.2:443" }, "tcp:10.0.0.1:443 tcp:10.0.0.2:443" },
		{ { "tcp:10.0.0.7:1", "tcp:10.0.0.4:1", "tcp:10.0.0.6:1", "tcp:10.0.0.5:1" },
		  "tcp:10.0.0.4/30:1" },
		{ { "tcp:10.0.0.1:80", "tcp:10.0.0.1:82", "tcp:10.0.0.1:81" },
		  "tcp:10.0.0.1:80-82" },
		{ { "tcp:10.0.0.2:80", "tcp:10.0.0.3:80", "tcp:10.0.0.2:81", "tcp:10.0.0.3:81" },
		  "tcp:10.0.0.2/31:80-81" },
		{ { "udp:10.0.0.1:80", "tcp:10.0.0.1:80" }, "tcp:10.0.0.1:80 udp:10.0.0.1:80" },
		{ { "in:tcp:10.0.0.1:80", "tcp:10.0.0.1:80", "bind:tcp:0.0.0.0:80" },
		  "tcp:10.0.0.1:80 in:tcp:10.0.0.1:80 bind:tcp:0.0.0.0:80" },
		{ { "udp:[fd00::1]:53", "udp:[fd00::]:53" }, "udp:[fd00::/127]:53" },
		{ { "icmp:10.0.0.1", "icmp:[fd00::1]" }, "icmp:10.0.0.1 icmp:[fd00::1]" },
		{ { NULL }, "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_strv_ struct strv rules = { .v = NULL };
		_cleanup_str_ struct str all = STR_INIT;
		struct net_target seen[8];
		size_t n = 0;

		for (; n < 8 && cases[i].seen[n]; n++)
			seen[n] = flow(cases[i].seen[n]);
		ASSERT_EQ(0, learn_rules(seen, n, &rules));
		for (size_t k = 0; k < rules.n; k++)
			str_addf(&all, k ? " %s" : "%s", rules.v[k]);
		EXPECT_STREQ(cases[i].want, str_text(&all));
	}
}

static unsigned int random_below(unsigned int *seed, unsigned int n)
{
	*seed = *seed * 1103515245u + 12345u;
	return (*seed >> 12) % n;
}

/* of a world so small that a good part of it is seen */
static struct net_target random_target(unsigned int *seed)
{
	struct net_target t = { .direction = (uint8_t)random_below(seed, 2),
				.family = random_below(seed, 2) ? AF_INET : AF_INET6,
				.proto = random_below(seed, 2) ? IPPROTO_TCP : IPPROTO_UDP,
				.port = (uint16_t)(1 + random_below(seed, 4)) };

	t.addr[t.family == AF_INET ? 3 : 15] = (uint8_t)random_below(seed, 8);
	return t;
}

TEST(rules_allow_what_was_seen_and_nothing_else)
{
	unsigned int seed = 7, wrong = 0;
	size_t rules_sum = 0, seen_sum = 0;

	for (int round = 0; round < ROUNDS; round++) {
		_cleanup_strv_ struct strv rules = { .v = NULL };
		_cleanup_free_ struct net_policy *p = NULL;
		struct net_target seen[SEEN_MAX];
		size_t n = random_below(&seed, SEEN_MAX);

		for (size_t i = 0; i < n; i++)
			seen[i] = random_target(&seed);
		ASSERT_EQ(0, learn_rules(seen, n, &rules));
		ASSERT_EQ(0, policy_build(&(struct policy_words){ .allow = &rules,
								  .dflt = "out:deny,in:deny" },
					  &p, NULL));
		for (int i = 0; i < 200; i++) {
			struct net_target t = random_target(&seed);
			bool was_seen = false;

			for (size_t k = 0; k < n; k++)
				was_seen |= memcmp(&seen[k], &t, sizeof(t)) == 0;
			wrong += (policy_judge(p, &t, NULL) == NET_ALLOW) != was_seen;
		}
		rules_sum += rules.n;
		seen_sum += n;
	}
	EXPECT_EQ(0, wrong);
	EXPECT_LT(rules_sum, seen_sum); /* half of what is seen is not beside anything */
	TH_LOG("%zu rules for %zu flows", rules_sum, seen_sum);
}

TEST_HARNESS_MAIN
