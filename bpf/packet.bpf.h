/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Headers of a packet, as the network filter looks at them. */
#ifndef DAVIT_BPF_PACKET_H
#define DAVIT_BPF_PACKET_H

/* macros of UAPI headers, which vmlinux.h does not have */
#define AF_INET 2
#define AF_INET6 10
#define ETH_P_IP 0x0800
#define ETH_P_IPV6 0x86dd
#define IPPROTO_HOPOPTS 0
#define IPPROTO_ROUTING 43
#define IPPROTO_FRAGMENT 44
#define IPPROTO_ICMPV6 58
#define IPPROTO_DSTOPTS 60
#define IP_OFFSET 0x1fff
#define IP6_EXTS_MAX 8

#define TCP_FLAGS 13 /* offset of their byte */
#define TCP_FLAG_SYN_BIT 0x02
#define TCP_FLAG_ACK_BIT 0x10
#define SCTP_CHUNK_TYPE 12 /* offset of that of the first chunk */
#define SCTP_INIT 1

#define IPV4_MAPPED(addr) (0xffff00000000ull | bpf_ntohl(addr))

/* Whom something goes to or comes from, with FILTER_BIND ourselves; all in host byte order, ports 0 for protocols without. */
struct target {
	__u64 addr_hi, addr_lo;
	__u16 own_port, peer_port;
	__u8 proto, family, direction;
};

/* The one that rules speak of. */
static __always_inline __u16 target_port(const struct target *t)
{
	return t->direction == FILTER_OUT ? t->peer_port : t->own_port;
}

static __always_inline bool has_ports(__u32 proto)
{
	return proto == IPPROTO_TCP || proto == IPPROTO_UDP || proto == IPPROTO_SCTP ||
	       proto == IPPROTO_UDPLITE || proto == IPPROTO_DCCP;
}

/* Offset of the transport header, 0 when it has no ports to look at, < 0 when not understood. */
static __always_inline int parse4(struct __sk_buff *skb, struct target *t)
{
	void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
	const struct iphdr *ip = data;

	if ((void *)(ip + 1) > end || ip->ihl < 5)
		return -1;
	t->family = AF_INET;
	t->addr_lo = IPV4_MAPPED(t->direction == FILTER_IN ? ip->saddr : ip->daddr);
	t->proto = ip->protocol;
	return ip->frag_off & bpf_htons(IP_OFFSET) ? 0 : ip->ihl * 4;
}

static __always_inline int skip_extensions(struct __sk_buff *skb, struct target *t)
{
	__u32 off = sizeof(struct ipv6hdr);
	struct {
		__u8 next, len;
		__be16 frag;
	} ext;

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

static __always_inline int parse6(struct __sk_buff *skb, struct target *t)
{
	void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
	const struct ipv6hdr *ip = data;
	const struct in6_addr *addr;

	if ((void *)(ip + 1) > end)
		return -1;
	addr = t->direction == FILTER_IN ? &ip->saddr : &ip->daddr;
	t->family = AF_INET6;
	t->addr_hi = (__u64)bpf_ntohl(addr->in6_u.u6_addr32[0]) << 32 |
		     bpf_ntohl(addr->in6_u.u6_addr32[1]);
	t->addr_lo = (__u64)bpf_ntohl(addr->in6_u.u6_addr32[2]) << 32 |
		     bpf_ntohl(addr->in6_u.u6_addr32[3]);
	t->proto = ip->nexthdr;
	return skip_extensions(skb, t);
}

/* Set all of @t but its direction, which is given. Return: as parse4(). */
__noinline int davit_parse(struct __sk_buff *skb, struct target *t)
{
	__be16 ports[2];
	int off = -1;

	if (!t)
		return -1;
	if (skb->protocol == bpf_htons(ETH_P_IP))
		off = parse4(skb, t);
	else if (skb->protocol == bpf_htons(ETH_P_IPV6))
		off = parse6(skb, t);
	if (t->proto == IPPROTO_ICMPV6)
		t->proto = IPPROTO_ICMP;
	if (off <= 0 || !has_ports(t->proto))
		return off;
	if (bpf_skb_load_bytes(skb, off, ports, sizeof(ports)) < 0)
		return -1;
	t->own_port = bpf_ntohs(ports[t->direction == FILTER_IN]);
	t->peer_port = bpf_ntohs(ports[t->direction != FILTER_IN]);
	return off;
}

#endif
