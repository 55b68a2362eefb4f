/* SPDX-License-Identifier: Apache-2.0 */
/* What a container may reach: network and device policies as flat data. */
#ifndef DAVIT_KERN_BPF_POLICY_H
#define DAVIT_KERN_BPF_POLICY_H

#include <stdbool.h>
#include <stdint.h>

enum net_verdict { NET_DENY = 0, NET_ALLOW = 1 };

#define NET_PROTO_ANY 0u /* otherwise an IPPROTO_* number; IPPROTO_ICMP means both families' */
#define NET_POLICY_RULES 131072u /* most rules of one policy */

/**
 * struct net_policy_rule - egress packets that a rule speaks of
 * @verdict:	enum net_verdict
 * @proto:	NET_PROTO_ANY or IPPROTO_*; TCP, UDP, SCTP, UDPLITE and DCCP have ports
 * @family:	AF_INET, AF_INET6, or 0 = every address of both
 * @prefix_len: 0 … 32 or 0 … 128 bits of @addr count
 * @addr:	destination, network byte order, 4 or 16 bytes used, bits behind the prefix zero
 * @port_lo:	lowest destination port, host byte order
 * @port_hi:	highest; 0 … 65535 = every port and also protocols without ports
 */
struct net_policy_rule {
	uint8_t verdict, proto, family, prefix_len;
	uint8_t addr[16];
	uint16_t port_lo, port_hi;
};

_Static_assert(sizeof(struct net_policy_rule) == 24, "no padding");

/**
 * struct net_policy - egress policy of one container
 * @default_verdict: of packets that no rule speaks of
 * @n:		     number of @rules
 *
 * A deny rule that matches beats every allow rule that matches; the order of rules and the length
 * of prefixes do not matter. Plain malloc memory without pointers: free(), memcpy(), write().
 */
struct net_policy {
	uint8_t default_verdict;
	uint8_t pad_[3];
	uint32_t n;
	struct net_policy_rule rules[];
};

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
