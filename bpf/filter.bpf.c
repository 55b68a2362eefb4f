// SPDX-License-Identifier: GPL-2.0-only
/* Network filter and accounting of all containers of a slice, keyed by cgroup id. */
/* only what the UAPI fixes is used: nothing to relocate, so loading need not read the kernel's BTF */
#define BPF_NO_PRESERVE_ACCESS_INDEX
#include "vmlinux.h"

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "filter.h"
#include "packet.bpf.h"
#include "peers.bpf.h"

/* verdicts of all hooks here; connect() and sendmsg() turn REFUSE into EPERM */
enum { REFUSE = 0, PASS = 1 };

#define ECONNREFUSED 111

/* depth of the containers' cgroups below the root of cgroup2; set before loading */
const volatile __u32 level = 2;
/* log2 of the stripes per slot; set before loading */
const volatile __u32 stripe_bits = 0;
/* may connect() be told another error than EPERM? may it be asked who calls? */
const volatile bool has_set_retval = false;
const volatile bool has_comm = false;

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
	__uint(max_entries, 1); /* this and the next are set before loading */
	__uint(value_size, sizeof(struct filter_slot));
	__uint(key_size, sizeof(__u32));
} counters SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, FILTER_ROWS_MAX);
	__type(key, __u64);
	__type(value, struct filter_denied);
} denials SEC(".maps");

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

static __always_inline enum filter_family family_of(__u32 family)
{
	return family == AF_INET6 ? FILTER_IPV6 : FILTER_IPV4;
}

static __always_inline void account(const struct filter_row *row, struct __sk_buff *skb,
				    enum filter_direction dir)
{
	struct filter_slot *slot = bpf_map_lookup_elem(&counters, &row->slot);
	__u32 cpu = bpf_get_smp_processor_id() & ((1u << stripe_bits) - 1);
	enum filter_family f = skb->protocol == bpf_htons(ETH_P_IPV6) ? FILTER_IPV6 : FILTER_IPV4;
	__u32 segments = skb->gso_segs;
	struct filter_stripe *s;

	if (!slot)
		return;
	s = &slot->stripes[cpu];
	__sync_fetch_and_add(&s->packets[dir][f], segments ? segments : 1);
	__sync_fetch_and_add(&s->bytes[dir][f], skb->len);
}

static __always_inline void count_connection(const struct filter_row *row, const struct target *t)
{
	struct filter_slot *slot = bpf_map_lookup_elem(&counters, &row->slot);

	if (slot)
		__sync_fetch_and_add(
			&slot->head.connections[t->direction == FILTER_IN][family_of(t->family)],
			1);
}

#include "record.bpf.h"

static __always_inline bool prefix_matches(const struct filter_rule *r, const struct target *t)
{
	__u32 len = r->prefix_len;

	if (len == 0)
		return true;
	if (len <= 64)
		return (r->addr_hi ^ t->addr_hi) >> (64 - len) == 0;
	return r->addr_hi == t->addr_hi && (r->addr_lo ^ t->addr_lo) >> (128 - len) == 0;
}

static __always_inline __u32 default_verdict(const struct filter_row *row, const struct target *t)
{
	return row->flags & FILTER_DEFAULT_DENY(t->direction) ? FILTER_DENY : FILTER_ALLOW;
}

/* A deny rule that matches beats all allow rules. @ret_rule: what decided. */
static __always_inline int judge_inline(const struct filter_row *row, const struct target *t,
					__u32 *ret_rule)
{
	__u32 verdict, rule = FILTER_RULE_DEFAULT;
	__u16 port;

	if (!row || !t || !ret_rule)
		return REFUSE;
	verdict = default_verdict(row, t);
	port = target_port(t);
	for (__u32 i = 0; i < FILTER_RULES_INLINE; i++) {
		const struct filter_rule *r = &row->rules[i];

		if (i >= row->n)
			break;
		if (r->direction != t->direction || (r->proto && r->proto != t->proto))
			continue;
		if (port < r->port_lo || port > r->port_hi || !prefix_matches(r, t))
			continue;
		verdict = r->verdict;
		rule = i;
		if (verdict == FILTER_DENY)
			break;
	}
	*ret_rule = rule;
	return verdict == FILTER_ALLOW ? PASS : REFUSE;
}

static __always_inline int judge_class(const struct filter_class *c, __u32 fallback,
				       const struct target *t, __u32 *ret_rule)
{
	__u32 verdict = fallback, rule = FILTER_RULE_DEFAULT;
	__u16 port;

	if (!c || !t || !ret_rule)
		return REFUSE;
	port = target_port(t);
	for (__u32 i = 0; i < FILTER_CLASS_RULES; i++) {
		const struct filter_class_rule *r = &c->rules[i];

		if (i >= c->n)
			break;
		if (r->proto && r->proto != t->proto)
			continue;
		if (port < r->port_lo || port > r->port_hi)
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
	struct filter_prefix key = { .prefix_len = FILTER_PREFIX_DIRECTION + 128,
				     .direction = bpf_htonl(t->direction) };
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
		return default_verdict(row, t) == FILTER_ALLOW ? PASS : REFUSE;
	c = bpf_map_lookup_elem(array, class);
	if (!c)
		return REFUSE;
	return judge_class(c, default_verdict(row, t), t, ret_rule);
}

/* Functions that are not static are verified once, not at each call: loading takes milliseconds, not seconds. */

/* Do the rules allow it? */
__noinline int davit_judge(const struct filter_row *row, const struct target *t, __u64 id,
			   __u32 *ret_rule)
{
	if (!row || !t || !ret_rule)
		return REFUSE;
	if (!(row->flags & FILTER_JUDGE(t->direction)))
		return PASS;
	return row->flags & FILTER_LARGE ? judge_trie(id, row, t, ret_rule) :
					   judge_inline(row, t, ret_rule);
}

/* @who: NULL = nobody knows */
static __always_inline int judge_and_record(const struct filter_row *row, const struct target *t,
					    __u64 id, const struct filter_who *who)
{
	__u32 rule = FILTER_RULE_DEFAULT;

	if (davit_judge(row, t, id, &rule) == REFUSE) {
		davit_record(row, t, id, RECORD(FILTER_DENY, rule), who);
		return REFUSE;
	}
	if (row->flags & FILTER_AUDIT)
		davit_record(row, t, id, RECORD(FILTER_ALLOW, rule), who);
	return PASS;
}

static __always_inline void note_peer(struct bpf_sock *sk, const struct filter_row *row,
				      const struct target *t)
{
	davit_peer_note(bpf_sk_storage_get(&peers, sk, NULL, BPF_SK_STORAGE_GET_F_CREATE), t,
			row->generation);
}

/*
 * Is @t the answer to something that the policy allows? What an earlier policy allowed is judged once more, as it was asked.
 */
static __always_inline bool is_answer(struct bpf_sock *sk, const struct filter_row *row,
				      const struct target *t, __u64 id)
{
	struct filter_peers *all = bpf_sk_storage_get(&peers, sk, NULL, 0);
	__u32 rule = FILTER_RULE_DEFAULT;
	struct target asked = *t;
	int found;

	if (!all)
		return false;
	found = davit_peer_find(all, t, row->generation);
	if (found != PEER_EARLIER)
		return found == PEER_CURRENT;
	asked.direction = t->direction == FILTER_IN ? FILTER_OUT : FILTER_IN;
	if (davit_judge(row, &asked, id, &rule) == REFUSE)
		return false;
	davit_peer_note(all, &asked, row->generation);
	return true;
}

/* Protocols without connections, and crafted packets. @sk: whose; may be NULL */
static __always_inline int judge_datagram(struct bpf_sock *sk, const struct filter_row *row,
					  const struct target *t, __u64 id)
{
	bool is_in = t->direction == FILTER_IN, is_audited = row->flags & FILTER_AUDIT;
	__u32 rule = FILTER_RULE_DEFAULT;
	int verdict;

	/* the kernel gives it nothing but what comes from where it is connected to, and that was judged */
	if (is_in && sk && sk->type == SOCK_DGRAM && sk->state == BPF_TCP_ESTABLISHED &&
	    (sk->protocol == IPPROTO_UDP || sk->protocol == IPPROTO_UDPLITE))
		return PASS;
	verdict = davit_judge(row, t, id, &rule);
	/* an answer is no flow of its own */
	if (sk && (verdict == REFUSE || is_audited) && is_answer(sk, row, t, id))
		return PASS;
	if (verdict == REFUSE) {
		davit_record(row, t, id, RECORD(FILTER_DENY, rule), NULL);
		return REFUSE;
	}
	if (is_audited)
		davit_record(row, t, id, RECORD(FILTER_ALLOW, rule), NULL);
	if (sk && row->flags & (FILTER_JUDGE(is_in ? FILTER_OUT : FILTER_IN) | FILTER_AUDIT))
		note_peer(sk, row, t);
	return PASS;
}

/*
 * Is the socket a TCP one, and what it sends or gets does not open a connection? That was judged when it was opened. Only
 * sockets of the protocol itself count; whoever crafts segments by raw socket is judged by packet.
 */
static __always_inline bool is_past_syn(const struct bpf_sock *sk, enum filter_direction dir)
{
	if (!sk || sk->type != SOCK_STREAM || sk->protocol != IPPROTO_TCP)
		return false;
	return dir == FILTER_OUT ? sk->state != BPF_TCP_SYN_SENT : sk->state != BPF_TCP_LISTEN;
}

/* The same by the packet, where the state of the socket does not tell. @off: of the transport header */
static __always_inline bool opens_nothing(struct __sk_buff *skb, const struct bpf_sock *sk,
					  const struct target *t, int off)
{
	__u8 byte;

	if (!sk || sk->type == SOCK_RAW || sk->protocol != t->proto || off <= 0)
		return false;
	if (t->proto == IPPROTO_TCP)
		return bpf_skb_load_bytes(skb, off + TCP_FLAGS, &byte, 1) == 0 &&
		       (byte & (TCP_FLAG_SYN_BIT | TCP_FLAG_ACK_BIT)) != TCP_FLAG_SYN_BIT;
	return t->proto == IPPROTO_SCTP &&
	       bpf_skb_load_bytes(skb, off + SCTP_CHUNK_TYPE, &byte, 1) == 0 && byte != SCTP_INIT;
}

static __always_inline int judge_connection(const struct filter_row *row, const struct target *t,
					    __u64 id)
{
	__u32 rule = FILTER_RULE_DEFAULT;

	if (davit_judge(row, t, id, &rule) == PASS)
		return PASS;
	davit_record(row, t, id, RECORD(FILTER_DENY, rule), NULL);
	return REFUSE;
}

static __always_inline bool has_connections(const struct bpf_sock *sk, const struct target *t)
{
	return sk && sk->type != SOCK_RAW && (t->proto == IPPROTO_TCP || t->proto == IPPROTO_SCTP);
}

static __noinline int judge_packet(struct __sk_buff *skb, const struct filter_row *row, __u64 id,
				   enum filter_direction dir)
{
	struct target t = { .direction = dir };
	struct bpf_sock *sk = skb->sk;
	int off;

	if (!row)
		return REFUSE;
	if (sk)
		sk = bpf_sk_fullsock(sk);
	if (is_past_syn(sk, dir))
		return PASS;
	off = davit_parse(skb, &t);
	if (off < 0) {
		/* what is not understood is not known to be allowed */
		if (!(row->flags & FILTER_JUDGE(dir)))
			return PASS;
		davit_record(row, &t, id, RECORD(FILTER_DENY, FILTER_RULE_DEFAULT), NULL);
		return REFUSE;
	}
	if (opens_nothing(skb, sk, &t, off))
		return PASS;
	if (!has_connections(sk, &t))
		return judge_datagram(sk, row, &t, id);
	/* those that are made are recorded and counted at the call, if they are allowed */
	if (dir == FILTER_OUT)
		return judge_connection(row, &t, id);
	if (judge_and_record(row, &t, id, NULL) == REFUSE)
		return REFUSE;
	count_connection(row, &t);
	return PASS;
}

/* Whether there is something to judge, or to count as a connection. */
static __always_inline bool is_looked_at(struct __sk_buff *skb, const struct filter_row *row,
					 enum filter_direction dir)
{
	struct bpf_sock *sk = skb->sk;

	if (row->flags & (FILTER_JUDGE(FILTER_IN) | FILTER_JUDGE(FILTER_OUT) | FILTER_AUDIT))
		return true;
	return dir == FILTER_IN && sk && sk->state == BPF_TCP_LISTEN;
}

static __always_inline int filter_packet(struct __sk_buff *skb, enum filter_direction dir)
{
	__u64 id = bpf_skb_ancestor_cgroup_id(skb, level);
	const struct filter_row *row;

	if (!id)
		return PASS;
	row = bpf_map_lookup_elem(&rows, &id);
	if (!row)
		return REFUSE;
	if (is_looked_at(skb, row, dir) && judge_packet(skb, row, id, dir) == REFUSE)
		return REFUSE;
	account(row, skb, dir);
	return PASS;
}

SEC("cgroup_skb/egress")
int davit_egress(struct __sk_buff *skb)
{
	return filter_packet(skb, FILTER_OUT);
}

SEC("cgroup_skb/ingress")
int davit_ingress(struct __sk_buff *skb)
{
	return filter_packet(skb, FILTER_IN);
}

/* Datagrams that are allowed are recorded by the packet. */
static __always_inline int judge_caller(struct bpf_sock *sk, const struct filter_row *row,
					const struct target *t, __u64 id, struct filter_who *who)
{
	__u32 rule = FILTER_RULE_DEFAULT;
	int verdict = davit_judge(row, t, id, &rule);
	bool is_datagram = t->direction == FILTER_OUT && t->proto != IPPROTO_TCP;

	if (verdict == PASS && (is_datagram || !(row->flags & FILTER_AUDIT)))
		return PASS;
	if (verdict == REFUSE && is_datagram && sk && is_answer(sk, row, t, id))
		return PASS;
	if (has_comm) {
		who->pid = bpf_get_current_pid_tgid() >> 32;
		(void)bpf_get_current_comm(who->comm, sizeof(who->comm));
	}
	davit_record(row, t, id, RECORD(verdict == PASS ? FILTER_ALLOW : FILTER_DENY, rule), who);
	return verdict == PASS ? PASS : REFUSE;
}

/* connect(), sendto() and bind() fail at once, where the packet hook would leave TCP to its timeout */
static __always_inline int judge_call(struct bpf_sock_addr *ctx, struct target *t, bool connects)
{
	__u64 id = bpf_get_current_ancestor_cgroup_id(level);
	const struct filter_row *row;
	__u32 proto = ctx->protocol;
	__u16 port = bpf_ntohs(ctx->user_port);
	struct bpf_sock *sk = ctx->sk;
	struct filter_who who = {};

	if (!id)
		return PASS;
	row = bpf_map_lookup_elem(&rows, &id);
	if (!row)
		return REFUSE;
	t->proto = proto == IPPROTO_MPTCP  ? IPPROTO_TCP :
		   proto == IPPROTO_ICMPV6 ? IPPROTO_ICMP :
					     proto;
	if (!has_ports(t->proto))
		port = 0;
	t->peer_port = port;
	t->own_port = t->direction == FILTER_BIND || !sk ? port : sk->src_port;
	if (row->flags & (FILTER_JUDGE(t->direction) | FILTER_AUDIT) &&
	    judge_caller(sk, row, t, id, &who) == REFUSE) {
		if (connects && has_set_retval && row->flags & FILTER_REFUSE)
			bpf_set_retval(-ECONNREFUSED);
		return REFUSE;
	}
	if (connects && t->proto == IPPROTO_TCP)
		count_connection(row, t);
	return PASS;
}

static __always_inline void set_addr4(const struct bpf_sock_addr *ctx, struct target *t)
{
	__u32 addr = ctx->user_ip4;

	if (!addr && t->direction == FILTER_OUT)
		addr = bpf_htonl(0x7f000001); /* the kernel goes to this host */
	t->family = AF_INET;
	t->addr_lo = IPV4_MAPPED(addr);
}

static __always_inline void set_addr6(const struct bpf_sock_addr *ctx, struct target *t)
{
	t->family = AF_INET6;
	t->addr_hi = (__u64)bpf_ntohl(ctx->user_ip6[0]) << 32 | bpf_ntohl(ctx->user_ip6[1]);
	t->addr_lo = (__u64)bpf_ntohl(ctx->user_ip6[2]) << 32 | bpf_ntohl(ctx->user_ip6[3]);
	if (!t->addr_hi && !t->addr_lo && t->direction == FILTER_OUT)
		t->addr_lo = 1;
	if (!t->addr_hi && t->addr_lo >> 32 == 0xffff)
		t->family = AF_INET;
}

#define CALL(section, name, set_addr, dir, connects)                 \
	SEC(section)                                                 \
	int name(struct bpf_sock_addr *ctx)                          \
	{                                                            \
		struct target t = { .direction = dir };              \
                                                                     \
		/* a port that the kernel chooses is none to bind */ \
		if (dir == FILTER_BIND && !ctx->user_port)           \
			return PASS;                                 \
		set_addr(ctx, &t);                                   \
		return judge_call(ctx, &t, connects);                \
	}

CALL("cgroup/connect4", davit_connect4, set_addr4, FILTER_OUT, true)
CALL("cgroup/connect6", davit_connect6, set_addr6, FILTER_OUT, true)
CALL("cgroup/sendmsg4", davit_sendmsg4, set_addr4, FILTER_OUT, false)
CALL("cgroup/sendmsg6", davit_sendmsg6, set_addr6, FILTER_OUT, false)
CALL("cgroup/bind4", davit_bind4, set_addr4, FILTER_BIND, false)
CALL("cgroup/bind6", davit_bind6, set_addr6, FILTER_BIND, false)

char LICENSE[] SEC("license") = "GPL";
