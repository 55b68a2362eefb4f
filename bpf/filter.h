/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * Maps of the network filter: written by davit, read by bpf/filter.bpf.c.
 *
 *	rows     HASH          cgroup id -> struct filter_row      one per container
 *	counters ARRAY, mmap   slot -> struct filter_slot          row->slot says which
 *	denials  HASH          cgroup id -> struct filter_denied   of containers to which something was denied
 *	flows    HASH          struct filter_flow_key -> struct filter_flow   of containers with FILTER_AUDIT
 *	watchers ARRAY_OF_MAPS number -> RINGBUF of struct filter_event       one per reader
 *	tries    HASH_OF_MAPS  policy key -> LPM_TRIE of prefixes  only for FILTER_LARGE
 *	classes  HASH_OF_MAPS  policy key -> ARRAY of classes      only for FILTER_LARGE
 *	peers    SK_STORAGE    struct filter_peers                 of sockets without connections, in containers with a policy
 *
 * A policy key is the cgroup id, or that with FILTER_SECOND_KEY, as the row says: a large policy is replaced by another one
 * beside it and then by one write of the row.
 *
 * Addresses are 128 bits; IPv4 is ::ffff:a.b.c.d, so its prefixes are 96 bits longer.
 */
#ifndef DAVIT_BPF_FILTER_H
#define DAVIT_BPF_FILTER_H

#ifndef __VMLINUX_H__
#include <linux/types.h>
#endif

#define FILTER_ROWS_MAX 65536u
#define FILTER_RULES_INLINE 16u
#define FILTER_CLASS_RULES 64u
#define FILTER_TRIE_MAX 262144u
#define FILTER_STRIPES_MAX 8u /* of one slot; CPUs share them beyond that */
#define FILTER_PREFIX_V4 96u

enum filter_verdict { FILTER_DENY, FILTER_ALLOW };

enum filter_direction { FILTER_OUT, FILTER_IN, FILTER_BIND, FILTER_DIRECTIONS };
#define FILTER_TRAFFIC 2 /* those that have packets */

enum filter_family { FILTER_IPV4, FILTER_IPV6, FILTER_FAMILIES };

/* struct filter_row.flags; @d: enum filter_direction */
#define FILTER_JUDGE(d) (1u << (d)) /* something is denied */
#define FILTER_JUDGE_ANY 7u
#define FILTER_DEFAULT_DENY(d) (8u << (d)) /* what no rule speaks of */
#define FILTER_LARGE 64u /* rules are in the trie, not in the row */
#define FILTER_DEVICE 128u /* for user space: there is a row in bpf/device.h's map, too */
#define FILTER_SECOND 256u /* of FILTER_LARGE: it is at the second key */
#define FILTER_AUDIT 1024u /* keep what it talks with in flows */
#define FILTER_REFUSE 512u /* a denied connect() fails with ECONNREFUSED, not with EPERM */

/*
 * An inline rule. Address: of the other side, with FILTER_BIND our own; in host byte order, bits behind the prefix zero.
 * Port: where the packet goes to, or what is bound.
 */
struct filter_rule {
	__u64 addr_hi, addr_lo;
	__u8 prefix_len, proto; /* proto 0 = any; ICMPv6 is written as ICMP */
	__u8 verdict, direction;
	__u16 port_lo, port_hi; /* host byte order; protocols without ports have port 0 */
};

struct filter_row {
	__u32 slot;
	__u16 flags;
	__u8 n, generation; /* of the policy: changes with it */
	struct filter_rule rules[FILTER_RULES_INLINE];
};

/* Key of the trie; @prefix_len counts the bits of @direction; address in network byte order. Value: __u32 index of the class. */
struct filter_prefix {
	__u32 prefix_len;
	__u32 direction;
	__u8 addr[16];
};

#define FILTER_PREFIX_DIRECTION 32u

/* What applies to an address: union of the rules of its prefix and of all enclosing ones. */
struct filter_class_rule {
	__u8 proto, verdict;
	__u16 port_lo, port_hi;
	__u16 pad;
};

struct filter_class {
	__u32 n, pad;
	struct filter_class_rule rules[FILTER_CLASS_RULES];
};

/* struct filter_denied.rule, otherwise the index of an inline rule */
#define FILTER_RULE_DEFAULT 0xffffffffu
#define FILTER_RULE_CLASS 0xfffffffeu /* some rule of a large policy */

/* The last refusal. */
struct filter_denied {
	__u64 time; /* CLOCK_MONOTONIC, ns */
	__u64 addr_hi, addr_lo;
	__u32 rule;
	__u16 port;
	__u8 proto, family; /* AF_* */
	__u8 direction, pad[7];
};

/*
 * What is rarely written of a container's counters. @owner: the cgroup id that has the slot, 0 = free; user space takes a slot
 * by compare-and-swap of it.
 */
struct filter_slot_head {
	__u64 owner;
	__u64 drops[FILTER_DIRECTIONS][FILTER_FAMILIES];
	__u64 connections[FILTER_TRAFFIC][FILTER_FAMILIES];
	__u64 window; /* of the time of the last event, in units of 2^30 ns */
	__u32 sent, flows; /* events in that window; keys in flows */
	__u64 suppressed, lost; /* events, flows for which there was no room */
	__u64 pad;
};

#define FILTER_EVENTS_MAX 128u /* of a container in a window */
#define FILTER_FLOWS_MAX 4096u /* of a container */
#define FILTER_WATCHERS 8u
#define FILTER_RING_SIZE (256u << 10) /* bytes; a power of two */

/* One way of talking, whoever did it how often: as rules speak of it. */
struct filter_flow_key {
	__u64 id; /* cgroup */
	__u64 addr_hi, addr_lo;
	__u16 port;
	__u8 proto, family, direction, verdict;
	__u16 pad;
};

struct filter_flow {
	__u64 first, last; /* CLOCK_MONOTONIC, ns */
	__u64 count;
};

#define FILTER_COMM 16

/* Who did it; all zero where that is not known: packets are not of a process. */
struct filter_who {
	__u32 pid; /* of the host */
	char comm[FILTER_COMM];
};

/* @suppressed: events of the container that were not sent before this one */
struct filter_event {
	__u64 time; /* CLOCK_MONOTONIC, ns */
	struct filter_flow_key flow;
	__u64 suppressed;
	__u32 rule; /* as struct filter_denied has it */
	struct filter_who who;
};

/* One CPU's share: a cache line. */
struct filter_stripe {
	__u64 packets[FILTER_TRAFFIC][FILTER_FAMILIES], bytes[FILTER_TRAFFIC][FILTER_FAMILIES];
};

/* In the map, with as many stripes as struct filter_meta says, slot_size apart. */
struct filter_slot {
	struct filter_slot_head head;
	struct filter_stripe stripes[FILTER_STRIPES_MAX];
};

/* What readers need to find a slot; stands in the head of slot 0, which nobody gets. */
struct filter_meta {
	__u64 magic; /* where the others have their owner */
	__u32 slots, stripe_bits, slot_size, pad[27];
};

/* powers of two: they divide a page */
#define FILTER_SLOT_SIZE_MIN 256u
#define FILTER_SLOT_SIZE_MAX 1024u

/*
 * With whom a socket without connections has talked, for answers: in sets that an address leads to.
 * @time: of the last packet that was no answer, in units of 2^30 ns
 * @port: of the other side; 0 for protocols without
 * @seen: bits of the directions that were allowed, and above them (FILTER_PEER_GENERATION) by which generation; 0 = nobody
 */
struct filter_peer {
	__u64 addr_hi, addr_lo;
	__u32 time;
	__u16 port;
	__u8 proto, seen;
};

#define FILTER_PEER_GENERATION(n) ((n) << FILTER_TRAFFIC & 0xff)

#define FILTER_PEER_SETS 16u
#define FILTER_PEER_WAYS 8u
#define FILTER_PEER_TIME 128u /* for how long an answer is one */

struct filter_peers {
	struct filter_peer p[FILTER_PEER_SETS][FILTER_PEER_WAYS];
};

#define FILTER_SECOND_KEY (1ull << 63) /* no cgroup id has this bit */

#define FILTER_MAGIC 0x7469766164ull /* "davit" */

_Static_assert(sizeof(struct filter_rule) == 24, "layout");
_Static_assert(sizeof(struct filter_row) == 392, "with the kernel's overhead below 512");
_Static_assert(sizeof(struct filter_prefix) == 24, "layout");
_Static_assert(sizeof(struct filter_class_rule) == 8, "layout");
_Static_assert(sizeof(struct filter_denied) == 40, "layout");
_Static_assert(sizeof(struct filter_flow_key) == 32, "no padding");
_Static_assert(sizeof(struct filter_event) == 72, "no padding");
_Static_assert(sizeof(struct filter_slot_head) == 128, "two cache lines");
_Static_assert(sizeof(struct filter_stripe) == 64, "a cache line");
_Static_assert(sizeof(struct filter_slot) <= FILTER_SLOT_SIZE_MAX, "with all stripes");
_Static_assert(sizeof(struct filter_meta) == 128, "takes the place of a head");
_Static_assert(sizeof(struct filter_peer) == 24, "layout");

#endif
