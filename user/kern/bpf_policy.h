/* SPDX-License-Identifier: Apache-2.0 */
/* What a container may reach: network and device policies as flat data. */
#ifndef DAVIT_KERN_BPF_POLICY_H
#define DAVIT_KERN_BPF_POLICY_H

#include <stdbool.h>
#include <stdint.h>

enum net_verdict { NET_DENY = 0, NET_ALLOW = 1 };

/* NET_BIND: of a socket to an address and port of our own */
enum net_direction { NET_OUT, NET_IN, NET_BIND, NET_DIRECTIONS };

#define NET_TRAFFIC 2 /* directions that have packets */

#define NET_PROTO_ANY 0u /* otherwise an IPPROTO_* number; IPPROTO_ICMP means both families' */
#define NET_POLICY_RULES 131072u /* most rules of one policy */

/**
 * struct net_policy_rule - packets that a rule speaks of, or calls of bind()
 * @verdict:	enum net_verdict
 * @direction:	enum net_direction
 * @proto:	NET_PROTO_ANY or IPPROTO_*; TCP, UDP, SCTP, UDPLITE and DCCP have ports
 * @family:	AF_INET, AF_INET6, or 0 = every address of both
 * @prefix_len: 0 … 32 or 0 … 128 bits of @addr count
 * @addr:	of the other side, with NET_BIND our own; network byte order, 4 or 16 bytes used, bits behind the prefix zero
 * @port_lo:	lowest port that the packet goes to, or that is bound; host byte order
 * @port_hi:	highest; 0 … 65535 = every port and also protocols without ports
 */
struct net_policy_rule {
	uint8_t verdict, proto, family, prefix_len;
	uint8_t addr[16];
	uint16_t port_lo, port_hi;
	uint8_t direction, pad_[3];
};

_Static_assert(sizeof(struct net_policy_rule) == 28, "no padding");

#define NET_BIT(direction) (1u << (direction))

/**
 * struct net_policy - of one container
 * @default_deny: set of NET_BIT(): what no rule speaks of is denied there
 * @is_refused:	  a denied connect() fails with ECONNREFUSED, not with EPERM
 * @is_audited:	  what it talks with is kept (bpf_set_flows())
 * @n:		  number of @rules
 *
 * A deny rule that matches beats every allow rule that matches; the order of rules and the length
 * of prefixes do not matter. Plain malloc memory without pointers: free(), memcpy(), write().
 */
struct net_policy {
	uint8_t default_deny;
	bool is_refused, is_audited;
	uint8_t pad_;
	uint32_t n;
	struct net_policy_rule rules[];
};

/* net_policy_judged() - set of NET_BIT() where something can be denied; NULL is fine */
static inline unsigned int net_policy_judged(const struct net_policy *p)
{
	unsigned int set = p ? p->default_deny : 0;

	for (uint32_t i = 0; p && i < p->n; i++)
		if (p->rules[i].verdict == NET_DENY)
			set |= NET_BIT(p->rules[i].direction);
	return set;
}

#define DEVICE_RULES_MAX 32u
#define DEVICE_ANY (-1) /* as major or minor */

enum device_access { DEVICE_MKNOD = 1, DEVICE_READ = 2, DEVICE_WRITE = 4, DEVICE_ALL = 7 };

/**
 * struct device_rule - one line of an OCI device list
 * @major, @minor: numbers or DEVICE_ANY
 * @type:	   'b', 'c', or 'a' = both
 * @access:	   set of enum device_access
 */
struct device_rule {
	int32_t major, minor;
	char type;
	uint8_t access;
	bool is_allow;
	uint8_t pad_;
};

/**
 * struct device_policy - devices of one container
 * @base:  what holds before the first rule
 * @rules: in order; each grants or takes away its accesses, so later rules win (as cgroup v1 did)
 */
struct device_policy {
	enum { DEVICE_BASE_DEFAULT, DEVICE_BASE_NONE, DEVICE_BASE_ALL } base;
	uint32_t n;
	struct device_rule rules[DEVICE_RULES_MAX];
};

#endif
