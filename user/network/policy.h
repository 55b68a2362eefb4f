/* SPDX-License-Identifier: Apache-2.0 */
/* Network policy in words: the rules of --net-allow, --net-deny and --net-default. */
#ifndef DAVIT_NETWORK_POLICY_H
#define DAVIT_NETWORK_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "kern/bpf_policy.h"

struct err;
struct str;
struct strv;

/**
 * policy_parse_rule() - parse "[out:]PROTO[:CIDR][:PORT[-PORT]]"
 *
 * PROTO is any, tcp, udp, sctp, dccp, udplite, icmp or a number 1 … 255; icmp means ICMPv6, too.
 * CIDR is an address with an optional prefix length, IPv6 in brackets ("[fd00::]/8" or
 * "[fd00::/8]"), or "*". Bits behind the prefix must be zero. Ports need a protocol that has ports,
 * or "any", which then means all that have. A field of digits and '-' alone is a port.
 *
 *	tcp:10.0.0.0/8:443   udp:[fd00::/8]:53   any:192.0.2.1   icmp   tcp:*:80-90   tcp:443
 *
 * Return: 0; -EINVAL with the position and reason; -EOPNOTSUPP for "in:".
 */
int policy_parse_rule(const char *text, bool is_allow, struct net_policy_rule *ret, struct err *e);

/**
 * policy_build() - make a policy from options
 * @allow, @deny: rules, may be empty or NULL
 * @dflt:	  "allow", "deny", or NULL = deny if there is an allow rule, allow otherwise
 *
 * Rules stand in the order deny, allow, so rule i < deny->n is deny->v[i].
 *
 * Return: 0 and *@ret for free(), or NULL there when everything is allowed; -EINVAL.
 */
int policy_build(const struct strv *allow, const struct strv *deny, const char *dflt,
		 struct net_policy **ret, struct err *e);

struct net_target;

/**
 * policy_parse_flow() - "[out:]PROTO:ADDRESS[:PORT]": one packet, as policy_judge() takes it
 *
 * PROTO is not any, ADDRESS has no prefix, and PORT is there for protocols that have ports.
 * Return: 0; -EINVAL.
 */
int policy_parse_flow(const char *text, struct net_target *ret, struct err *e);

/* policy_format_rule() - the canonical text, which parses to the same rule */
void policy_format_rule(const struct net_policy_rule *rule, struct str *out);

/* struct net_target - where a packet goes; @port: 0 for protocols without */
struct net_target {
	uint8_t family, proto;
	uint16_t port;
	uint8_t addr[16];
};

/**
 * policy_judge() - what the programs in the kernel say of a packet, and why
 * @ret_rule: index of the deciding rule, -1 = the default; may be NULL
 *
 * The first denial of all that match, else the first allowance.
 */
enum net_verdict policy_judge(const struct net_policy *policy, const struct net_target *t,
			      int *ret_rule);

#endif
