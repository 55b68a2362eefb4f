// SPDX-License-Identifier: GPL-2.0-only
/* Network filter and accounting of all containers of a slice, keyed by cgroup id. */
/* only what the UAPI fixes is used: nothing to relocate, so loading need not read the kernel's BTF */
#define BPF_NO_PRESERVE_ACCESS_INDEX
#include "vmlinux.h"

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "filter.h"

#define AF_INET 2
#define AF_INET6 10

/* macros of UAPI headers, which vmlinux.h does not have */
#define ETH_P_IP 0x0800
#define ETH_P_IPV6 0x86dd
#define IPPROTO_HOPOPTS 0
#define IPPROTO_ROUTING 43
#define IPPROTO_FRAGMENT 44
#define IPPROTO_ICMPV6 58
#define IPPROTO_DSTOPTS 60

#define IP_OFFSET 0x1fff
#define IP6_EXTS_MAX 8

#define IPV4_MAPPED(addr) (0xffff00000000ull | bpf_ntohl(addr))

/* verdicts of all hooks here; connect() and sendmsg() turn REFUSE into EPERM */
enum { REFUSE = 0, PASS = 1 };

/* depth of the containers' cgroups below the root of cgroup2; set before loading */
const volatile __u32 level = 2;
/* log2 of the cells per slot; set before loading */
const volatile __u32 stripe_bits = 0;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, FILTER_ROWS_MAX);
	__type(key, __u64);
	__type(value, struct filter_row);
} rows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1); /* slots << stripe_bits, set before loading */
	__type(key, __u32);
	__type(value, struct filter_cell);
} counters SEC(".maps");

struct prefix_trie {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, FILTER_TRIE_MAX);
	__uint(key_size, sizeof(struct filter_prefix)); /* by size: clang has no BTF of it here */
	__uint(value_size, sizeof(__u32));
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH_OF_MAPS);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, FILTER_ROWS_MAX);
	__type(key, __u64);
	__array(values, struct prefix_trie);
} tries SEC(".maps");

struct class_array {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_INNER_MAP); /* each has its own length */
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(struct filter_class));
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH_OF_MAPS);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, FILTER_ROWS_MAX);
	__type(key, __u64);
	__array(values, struct class_array);
} classes SEC(".maps");

/* Where something goes; address and port in host byte order. */
struct target {
	__u64 addr_hi, addr_lo;
	__u16 port; /* 0 for protocols without */
	__u8 proto, family;
};

static __always_inline bool has_ports(__u32 proto)
{
	return proto == IPPROTO_TCP || proto == IPPROTO_UDP || proto == IPPROTO_SCTP ||
	       proto == IPPROTO_UDPLITE || proto == IPPROTO_DCCP;
}

static __always_inline struct filter_cell *cell_of(const struct filter_row *row)
{
	__u32 mask = (1u << stripe_bits) - 1;
	__u32 i = row->slot << stripe_bits | (bpf_get_smp_processor_id() & mask);

	return bpf_map_lookup_elem(&counters, &i);
}

static __always_inline void account(const struct filter_row *row, struct __sk_buff *skb,
				    enum filter_direction dir)
{
	struct filter_cell *c = cell_of(row);
	__u32 segments = skb->gso_segs;

	if (!c)
		return;
	__sync_fetch_and_add(&c->packets[dir], segments ? segments : 1);
	__sync_fetch_and_add(&c->bytes[dir], skb->len);
}

static __always_inline void record_denied(const struct filter_row *row, const struct target *t,
					  __u32 rule)
{
	struct filter_cell *c = cell_of(row);

	if (!c)
		return;
	__sync_fetch_and_add(&c->drops[FILTER_OUT], 1);
	*(volatile __u64 *)&c->denied.time = 0;
	barrier();
	c->denied.addr_hi = t->addr_hi;
	c->denied.addr_lo = t->addr_lo;
	c->denied.rule = rule;
	c->denied.port = t->port;
	c->denied.proto = t->proto;
	c->denied.family = t->family;
	barrier();
	*(volatile __u64 *)&c->denied.time = bpf_ktime_get_ns();
}

static __always_inline bool prefix_matches(const struct filter_rule *r, const struct target *t)
{
	__u32 len = r->prefix_len;

	if (len == 0)
		return true;
	if (len <= 64)
		return (r->addr_hi ^ t->addr_hi) >> (64 - len) == 0;
	return r->addr_hi == t->addr_hi && (r->addr_lo ^ t->addr_lo) >> (128 - len) == 0;
}

/* A deny rule that matches beats all allow rules. @ret_rule: what decided. */
static __noinline int judge_inline(const struct filter_row *row, const struct target *t,
				   __u32 *ret_rule)
{
	__u32 verdict, rule = FILTER_RULE_DEFAULT;

	if (!row || !t || !ret_rule)
		return REFUSE;
	verdict = row->default_verdict;
	for (__u32 i = 0; i < FILTER_RULES_INLINE; i++) {
		const struct filter_rule *r = &row->rules[i];

		if (i >= row->n)
			break;
		if (r->proto && r->proto != t->proto)
			continue;
		if (t->port < r->port_lo || t->port > r->port_hi || !prefix_matches(r, t))
			continue;
		verdict = r->verdict;
		rule = i;
		if (verdict == FILTER_DENY)
			break;
	}
	*ret_rule = rule;
	return verdict == FILTER_ALLOW ? PASS : REFUSE;
}

static __noinline int judge_class(const struct filter_class *c, __u32 fallback,
				  const struct target *t, __u32 *ret_rule)
{
	__u32 verdict = fallback, rule = FILTER_RULE_DEFAULT;

	if (!c || !t || !ret_rule)
		return REFUSE;
	for (__u32 i = 0; i < FILTER_CLASS_RULES; i++) {
		const struct filter_class_rule *r = &c->rules[i];

		if (i >= c->n)
			break;
		if (r->proto && r->proto != t->proto)
			continue;
		if (t->port < r->port_lo || t->port > r->port_hi)
			continue;
		verdict = r->verdict;
		rule = FILTER_RULE_CLASS;
		if (verdict == FILTER_DENY)
			break;
	}
	*ret_rule = rule;
	return verdict == FILTER_ALLOW ? PASS : REFUSE;
}

static __always_inline int judge_trie(__u64 id, const struct filter_row *row,
				      const struct target *t, __u32 *ret_rule)
{
	struct filter_prefix key = { .prefix_len = 128 };
	__u64 policy = row->flags & FILTER_SECOND ? id | FILTER_SECOND_KEY : id;
	void *trie = bpf_map_lookup_elem(&tries, &policy);
	void *array = bpf_map_lookup_elem(&classes, &policy);
	__u64 hi = bpf_cpu_to_be64(t->addr_hi), lo = bpf_cpu_to_be64(t->addr_lo);
	struct filter_class *c;
	__u32 *class;

	*ret_rule = FILTER_RULE_DEFAULT;
	if (!trie || !array)
		return REFUSE; /* half a policy: never a free pass */
	__builtin_memcpy(key.addr, &hi, 8);
	__builtin_memcpy(key.addr + 8, &lo, 8);
	class = bpf_map_lookup_elem(trie, &key);
	if (!class)
		return row->default_verdict == FILTER_ALLOW ? PASS : REFUSE;
	c = bpf_map_lookup_elem(array, class);
	if (!c)
		return REFUSE;
	return judge_class(c, row->default_verdict, t, ret_rule);
}

static __always_inline int judge(__u64 id, const struct filter_row *row, struct target *t)
{
	__u32 rule = FILTER_RULE_DEFAULT;
	int verdict;

	if (t->proto == IPPROTO_ICMPV6)
		t->proto = IPPROTO_ICMP;
	if (row->flags & FILTER_LARGE)
		verdict = judge_trie(id, row, t, &rule);
	else
		verdict = judge_inline(row, t, &rule);
	if (verdict == REFUSE)
		record_denied(row, t, rule);
	return verdict;
}

/* Offset of the transport header, 0 when it has no ports to look at, < 0 when not understood. */
static __always_inline int parse4(struct __sk_buff *skb, struct target *t)
{
	void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
	const struct iphdr *ip = data;

	if ((void *)(ip + 1) > end || ip->ihl < 5)
		return -1;
	t->family = AF_INET;
	t->addr_lo = IPV4_MAPPED(ip->daddr);
	t->proto = ip->protocol;
	return ip->frag_off & bpf_htons(IP_OFFSET) ? 0 : ip->ihl * 4;
}

static __always_inline int parse6(struct __sk_buff *skb, struct target *t)
{
	void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
	const struct ipv6hdr *ip = data;
	__u32 off = sizeof(*ip);
	struct {
		__u8 next, len;
		__be16 frag;
	} ext;

	if ((void *)(ip + 1) > end)
		return -1;
	t->family = AF_INET6;
	t->addr_hi = (__u64)bpf_ntohl(ip->daddr.in6_u.u6_addr32[0]) << 32 |
		     bpf_ntohl(ip->daddr.in6_u.u6_addr32[1]);
	t->addr_lo = (__u64)bpf_ntohl(ip->daddr.in6_u.u6_addr32[2]) << 32 |
		     bpf_ntohl(ip->daddr.in6_u.u6_addr32[3]);
	t->proto = ip->nexthdr;
	for (int i = 0; i < IP6_EXTS_MAX; i++) {
		__u8 proto = t->proto;

		if (proto != IPPROTO_HOPOPTS && proto != IPPROTO_DSTOPTS &&
		    proto != IPPROTO_FRAGMENT && proto != IPPROTO_AH)
			/* behind a routing header the destination is another one */
			return proto == IPPROTO_ROUTING ? -1 : (int)off;
		if (bpf_skb_load_bytes(skb, off, &ext, sizeof(ext)) < 0)
			return -1;
		t->proto = ext.next;
		if (proto == IPPROTO_FRAGMENT) {
			if (ext.frag & bpf_htons(0xfff8))
				return 0;
			off += 8;
		} else if (proto == IPPROTO_AH) {
			off += (ext.len + 2) * 4;
		} else {
			off += (ext.len + 1) * 8;
		}
	}
	return -1;
}

/*
 * A TCP socket that is not opening a connection: its SYN was judged, or it answers a peer. Only
 * sockets of the protocol itself count; whoever crafts segments by raw socket is judged by packet.
 */
static __always_inline bool is_established_tcp(struct __sk_buff *skb)
{
	struct bpf_sock *sk = skb->sk;

	if (!sk)
		return false;
	sk = bpf_sk_fullsock(sk);
	if (!sk)
		return false;
	return sk->type == SOCK_STREAM && sk->protocol == IPPROTO_TCP &&
	       sk->state != BPF_TCP_SYN_SENT;
}

static __always_inline int judge_packet(struct __sk_buff *skb, __u64 id,
					const struct filter_row *row)
{
	struct target t = {};
	__be16 ports[2];
	int off = -1;

	if (is_established_tcp(skb))
		return PASS;
	if (skb->protocol == bpf_htons(ETH_P_IP))
		off = parse4(skb, &t);
	else if (skb->protocol == bpf_htons(ETH_P_IPV6))
		off = parse6(skb, &t);
	if (off > 0 && has_ports(t.proto)) {
		if (bpf_skb_load_bytes(skb, off, ports, sizeof(ports)) < 0)
			off = -1;
		else
			t.port = bpf_ntohs(ports[1]);
	}
	if (off < 0) {
		record_denied(row, &t, FILTER_RULE_DEFAULT);
		return REFUSE;
	}
	return judge(id, row, &t);
}

SEC("cgroup_skb/egress")
int davit_egress(struct __sk_buff *skb)
{
	__u64 id = bpf_skb_ancestor_cgroup_id(skb, level);
	const struct filter_row *row;

	if (!id)
		return PASS;
	row = bpf_map_lookup_elem(&rows, &id);
	if (!row)
		return REFUSE;
	if (row->flags & FILTER_POLICY && judge_packet(skb, id, row) == REFUSE)
		return REFUSE;
	account(row, skb, FILTER_OUT);
	return PASS;
}

SEC("cgroup_skb/ingress")
int davit_ingress(struct __sk_buff *skb)
{
	__u64 id = bpf_skb_ancestor_cgroup_id(skb, level);
	const struct filter_row *row;

	if (!id)
		return PASS;
	row = bpf_map_lookup_elem(&rows, &id);
	if (!row)
		return REFUSE;
	account(row, skb, FILTER_IN);
	return PASS;
}

/* connect() and sendto() fail at once, where the packet hook would leave TCP to its timeout */
static __always_inline int judge_call(struct bpf_sock_addr *ctx, struct target *t)
{
	__u64 id = bpf_get_current_ancestor_cgroup_id(level);
	const struct filter_row *row;
	__u32 proto = ctx->protocol;

	if (!id)
		return PASS;
	row = bpf_map_lookup_elem(&rows, &id);
	if (!row)
		return REFUSE;
	if (!(row->flags & FILTER_POLICY))
		return PASS;
	t->proto = proto == IPPROTO_MPTCP ? IPPROTO_TCP : proto;
	if (has_ports(t->proto))
		t->port = bpf_ntohs(ctx->user_port);
	return judge(id, row, t);
}

static __always_inline int judge_call4(struct bpf_sock_addr *ctx)
{
	struct target t = { .family = AF_INET };
	__u32 addr = ctx->user_ip4;

	if (!addr)
		addr = bpf_htonl(0x7f000001); /* the kernel goes to this host */
	t.addr_lo = IPV4_MAPPED(addr);
	return judge_call(ctx, &t);
}

static __always_inline int judge_call6(struct bpf_sock_addr *ctx)
{
	struct target t = { .family = AF_INET6 };

	t.addr_hi = (__u64)bpf_ntohl(ctx->user_ip6[0]) << 32 | bpf_ntohl(ctx->user_ip6[1]);
	t.addr_lo = (__u64)bpf_ntohl(ctx->user_ip6[2]) << 32 | bpf_ntohl(ctx->user_ip6[3]);
	if (!t.addr_hi && !t.addr_lo)
		t.addr_lo = 1;
	if (!t.addr_hi && t.addr_lo >> 32 == 0xffff)
		t.family = AF_INET;
	return judge_call(ctx, &t);
}

SEC("cgroup/connect4")
int davit_connect4(struct bpf_sock_addr *ctx)
{
	return judge_call4(ctx);
}

SEC("cgroup/connect6")
int davit_connect6(struct bpf_sock_addr *ctx)
{
	return judge_call6(ctx);
}

SEC("cgroup/sendmsg4")
int davit_sendmsg4(struct bpf_sock_addr *ctx)
{
	return judge_call4(ctx);
}

SEC("cgroup/sendmsg6")
int davit_sendmsg6(struct bpf_sock_addr *ctx)
{
	return judge_call6(ctx);
}

char LICENSE[] SEC("license") = "GPL";
