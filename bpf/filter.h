/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * Maps of the network filter: written by davit, read by bpf/filter.bpf.c.
 *
 *	rows     HASH          cgroup id -> struct filter_row     one per container
 *	counters ARRAY, mmap   slot, CPU -> struct filter_cell    row->slot says which
 *	tries    HASH_OF_MAPS  policy key -> LPM_TRIE of prefixes  only for FILTER_LARGE
 *	classes  HASH_OF_MAPS  policy key -> ARRAY of classes      only for FILTER_LARGE
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
#define FILTER_STRIPES_MAX 8u /* cells of one slot; CPUs share them beyond that */
#define FILTER_PREFIX_V4 96u

enum filter_verdict { FILTER_DENY, FILTER_ALLOW };

enum filter_direction { FILTER_IN, FILTER_OUT, FILTER_DIRECTIONS };

/* struct filter_row.flags */
#define FILTER_POLICY 1u /* something is denied: judge */
#define FILTER_LARGE 2u /* rules are in the trie, not in the row */
#define FILTER_DEVICE 4u /* for user space: there is a row in bpf/device.h's map, too */
#define FILTER_SECOND 8u /* of FILTER_LARGE: it is at the second key */

/* An inline rule; address in host byte order, bits behind the prefix zero. */
struct filter_rule {
	__u64 addr_hi, addr_lo;
	__u8 prefix_len, proto; /* proto 0 = any; ICMPv6 is written as ICMP */
	__u8 verdict, pad;
	__u16 port_lo, port_hi; /* host byte order; protocols without ports have port 0 */
};

struct filter_row {
	__u32 slot;
	__u16 flags;
	__u8 default_verdict, n;
	struct filter_rule rules[FILTER_RULES_INLINE];
};

/* Key of the trie: address in network byte order. Value: __u32 index of the class. */
struct filter_prefix {
	__u32 prefix_len;
	__u8 addr[16];
};

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

/* The last refusal; @time is zero while the rest changes. */
struct filter_denied {
	__u64 time; /* CLOCK_MONOTONIC, ns */
	__u64 addr_hi, addr_lo;
	__u32 rule;
	__u16 port;
	__u8 proto, family;
};

/*
 * One CPU's share of a container's counters. @owner is used in the first cell of a slot only: the
 * cgroup id that has the slot, 0 = free. User space takes a slot by compare-and-swap of it.
 */
struct filter_cell {
	__u64 owner;
	__u64 packets[FILTER_DIRECTIONS], bytes[FILTER_DIRECTIONS], drops[FILTER_DIRECTIONS];
	struct filter_denied denied;
	__u64 pad[5];
};

/* What readers need to find a slot; stands in the first cell of slot 0, which nobody gets. */
struct filter_meta {
	__u64 magic; /* where the others have their owner */
	__u32 slots, stripe_bits;
	__u64 pad[14];
};

#define FILTER_SECOND_KEY (1ull << 63) /* no cgroup id has this bit */

#define FILTER_MAGIC 0x7469766164ull /* "davit" */

_Static_assert(sizeof(struct filter_rule) == 24, "layout");
_Static_assert(sizeof(struct filter_row) == 392, "with the kernel's overhead below 512");
_Static_assert(sizeof(struct filter_class_rule) == 8, "layout");
_Static_assert(sizeof(struct filter_cell) == 128, "two cache lines, divides a page");
_Static_assert(sizeof(struct filter_meta) == 128, "takes the place of a cell");

#endif
