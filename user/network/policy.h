/* SPDX-License-Identifier: Apache-2.0 */
/* Network policy in words: --net-allow, --net-deny, --net-default, --net-deny-errno. */
#ifndef DAVIT_NETWORK_POLICY_H
#define DAVIT_NETWORK_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "kern/bpf_policy.h"

struct err;
struct str;
struct strv;

/**
 * policy_parse_rule() - parse "[out:|in:|bind:]PROTO[:CIDR][:PORT[-PORT]]"
 *
 * PROTO is any, tcp, udp, sctp, dccp, udplite, icmp or a number 1 … 255; icmp means ICMPv6, too.
 * CIDR is an address with an optional prefix length, IPv6 in brackets ("[fd00::]/8" or
 * "[fd00::/8]"), or "*". Bits behind the prefix must be zero. Ports need a protocol that has ports,
 * or "any", which then means all that have. A field of digits and '-' alone is a port.
 *
 *	tcp:10.0.0.0/8:443   udp:[fd00::/8]:53   any:192.0.2.1   icmp   tcp:*:80-90   tcp:443
 *
 *	in:tcp:192.0.2.0/24:80   bind:tcp:1024-65535
 *
 * CIDR is of the other side, with bind: our own; PORT is where a packet goes to, with in: and bind: a port of ours.
 * Return: 0; -EINVAL with the position and reason; -EOPNOTSUPP for a bind() that the kernel does not tell of.
 */
int policy_parse_rule(const char *text, bool is_allow, struct net_policy_rule *ret, struct err *e);

/**
 * struct policy_words - the options of a policy; all the caller's
 * @allow, @deny: rules, may be empty or NULL
 * @dflt:	  "[out:|in:|bind:]allow|deny", more behind commas; of a direction that is not there: deny if it has an allow
 *		  rule, allow otherwise; NULL: of all
 * @is_audited:	  as struct net_policy has it
 * @deny_errno:	  of connect(): "EPERM", "ECONNREFUSED"; NULL is the first
 */
struct policy_words {
	const struct strv *allow, *deny;
	const char *dflt, *deny_errno;
	bool is_audited;
};

/**
 * policy_build() - make a policy from options
 *
 * Rules stand in the order deny, allow, so rule i < deny->n is deny->v[i].
 *
 * Return: 0 and *@ret for free(), or NULL there when everything is allowed and nothing audited; -EINVAL; -E2BIG.
 */
int policy_build(const struct policy_words *w, struct net_policy **ret, struct err *e);

/* policy_defaults() - set of NET_BIT() of the directions where what no rule speaks of is denied. Return: as policy_build(). */
int policy_defaults(const struct policy_words *w, unsigned int *ret, struct err *e);

/* policy_format_default() - "deny", "in:allow": of a set from policy_defaults(), as @dflt takes it */
void policy_format_default(unsigned int set, enum net_direction d, struct str *out);

/* policy_direction_name() - "out", "in", "bind" */
const char *policy_direction_name(enum net_direction d);

struct net_target;

/**
 * policy_parse_flow() - "[out:|in:|bind:]PROTO:ADDRESS[:PORT]": one packet or bind(), as policy_judge() takes it
 *
 * PROTO is not any, ADDRESS has no prefix, and PORT is there for protocols that have ports.
 * Return: 0; -EINVAL.
 */
int policy_parse_flow(const char *text, struct net_target *ret, struct err *e);

/* policy_format_rule() - the canonical text, which parses to the same rule */
void policy_format_rule(const struct net_policy_rule *rule, struct str *out);

/* policy_format_flow() - as policy_parse_flow() takes it */
void policy_format_flow(const struct net_target *t, struct str *out);

/* struct net_target - address and port as struct net_policy_rule speaks of them; @port: 0 for protocols without */
struct net_target {
	uint8_t direction, family, proto;
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
