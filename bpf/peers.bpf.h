/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Answers of protocols without connections: what was allowed one way may be answered, by and to the same. */
#ifndef DAVIT_BPF_PEERS_H
#define DAVIT_BPF_PEERS_H

/* Per socket: no container's traffic pushes out what another one waits for, and the memory goes with the socket. */
struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct filter_peers);
} peers SEC(".maps");

static __always_inline __u32 peer_now(void)
{
	return (__u32)(bpf_ktime_get_ns() >> 30);
}

static __always_inline struct filter_peer *peer_set(struct filter_peers *all,
						    const struct target *t)
{
	__u64 h = (t->addr_hi ^ t->addr_lo * 0x9e3779b97f4a7c15ull) + t->peer_port;

	h *= 0xbf58476d1ce4e5b9ull;
	return all->p[h >> 32 & (FILTER_PEER_SETS - 1)];
}

static __always_inline bool is_peer(const struct filter_peer *p, const struct target *t)
{
	return p->seen && p->addr_lo == t->addr_lo && p->addr_hi == t->addr_hi &&
	       p->port == t->peer_port && p->proto == t->proto;
}

enum peer_found { PEER_NONE, PEER_CURRENT, PEER_EARLIER };

/* Does @t answer something that was allowed, by the policy of @generation or by one before it? */
__noinline int davit_peer_find(struct filter_peers *all, const struct target *t, __u32 generation)
{
	struct filter_peer *set;
	__u32 now;
	__u8 asked;

	if (!all || !t)
		return PEER_NONE;
	asked = 1u << (t->direction == FILTER_IN ? FILTER_OUT : FILTER_IN);
	now = peer_now();
	set = peer_set(all, t);
	for (__u32 i = 0; i < FILTER_PEER_WAYS; i++) {
		struct filter_peer *p = &set[i];
		__u8 seen = p->seen;

		/* another CPU's clock may be ahead */
		if (is_peer(p, t) && seen & asked &&
		    (__s32)(now - p->time) <= (__s32)FILTER_PEER_TIME)
			return seen >> FILTER_TRAFFIC == FILTER_PEER_GENERATION(generation) >>
								 FILTER_TRAFFIC ?
				       PEER_CURRENT :
				       PEER_EARLIER;
	}
	return PEER_NONE;
}

/* It is allowed. Of two at a time one may be lost, whose answer is judged as anything is. */
__noinline int davit_peer_note(struct filter_peers *all, const struct target *t, __u32 generation)
{
	__u32 now, oldest = 0, at = 0;
	struct filter_peer *set;
	__u8 seen;

	if (!all || !t)
		return 0;
	seen = FILTER_PEER_GENERATION(generation) | 1u << (t->direction & 1);
	now = peer_now();
	set = peer_set(all, t);
	for (__u32 i = 0; i < FILTER_PEER_WAYS; i++) {
		struct filter_peer *p = &set[i];
		__u32 age = p->seen ? now - p->time + 1 : ~0u;

		if (is_peer(p, t)) {
			p->time = now;
			if ((p->seen ^ seen) >> FILTER_TRAFFIC)
				p->seen = seen;
			else
				p->seen |= seen;
			return 0;
		}
		if (age > oldest) {
			at = i;
			oldest = age;
		}
	}
	set = &set[at & (FILTER_PEER_WAYS - 1)];
	set->seen = 0;
	barrier();
	set->addr_hi = t->addr_hi;
	set->addr_lo = t->addr_lo;
	set->time = now;
	set->port = t->peer_port;
	set->proto = t->proto;
	barrier();
	set->seen = seen;
	return 0;
}

#endif
