// SPDX-License-Identifier: Apache-2.0
/* What the program set counted: traffic and refusals of a container. */
#include <endian.h>
#include <errno.h>
#include <sys/socket.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "kern/bpf.h"
#include "kern/bpf_internal.h"
#include "kern/bpf_sys.h"

static int find_row(struct bpf_set *s, uint64_t id, struct filter_row *ret, struct err *e)
{
	int r = bpf_sys_lookup(s->fds[MAP_ROWS], &id, ret);

	return r < 0 ? err_set(e, r, "find cgroup %llu in '%s/rows'", (unsigned long long)id,
			       s->dir) :
		       0;
}

_Static_assert((int)NET_IPV4 == FILTER_IPV4 && (int)NET_IPV6 == FILTER_IPV6 &&
		       (int)NET_FAMILIES == FILTER_FAMILIES,
	       "same order on both sides");

/* Shared with programs that add. */
static void add(uint64_t *sum, const __u64 *shared, size_t n)
{
	for (size_t i = 0; i < n; i++)
		sum[i] += __atomic_load_n(&shared[i], __ATOMIC_RELAXED);
}

#define ADD(sum, shared)                                                               \
	do {                                                                           \
		_Static_assert(sizeof(sum) == sizeof(shared), "of the same form");     \
		add(&(sum)[0][0], &(shared)[0][0], sizeof(sum) / sizeof((sum)[0][0])); \
	} while (0)

int bpf_set_counters(struct bpf_set *s, uint64_t cgroup_id, struct net_counters *ret, struct err *e)
{
	struct filter_row row;
	struct filter_slot *slot;
	int r = find_row(s, cgroup_id, &row, e);

	if (r == 0)
		r = bpf_set_slot(s, row.slot, &slot, e);
	if (r < 0)
		return r;
	*ret = (struct net_counters){ .packets = { { 0 } } };
	ADD(ret->drops, slot->head.drops);
	ADD(ret->connections, slot->head.connections);
	for (uint32_t i = 0; i < 1u << s->stripe_bits; i++) {
		ADD(ret->packets, slot->stripes[i].packets);
		ADD(ret->bytes, slot->stripes[i].bytes);
	}
	return 0;
}

void bpf_set_denied_from(const struct filter_denied *d, struct net_denied *ret)
{
	uint64_t hi = htobe64(d->addr_hi), lo = htobe64(d->addr_lo);
	uint32_t v4 = htobe32((uint32_t)d->addr_lo);

	*ret = (struct net_denied){
		.monotonic_ns = d->time,
		.family = d->family,
		.proto = d->proto,
		.direction = d->direction,
		.port = d->port,
		.rule = d->rule == FILTER_RULE_DEFAULT ? NET_RULE_DEFAULT :
			d->rule == FILTER_RULE_CLASS   ? NET_RULE_UNKNOWN :
							 (int)d->rule,
	};
	if (d->family == AF_INET) {
		memcpy(ret->addr, &v4, sizeof(v4));
	} else {
		memcpy(ret->addr, &hi, sizeof(hi));
		memcpy(ret->addr + 8, &lo, sizeof(lo));
	}
}

int bpf_set_last_denied(struct bpf_set *s, uint64_t cgroup_id, struct net_denied *ret,
			struct err *e)
{
	struct filter_denied d;
	struct filter_row row;
	int r = find_row(s, cgroup_id, &row, e), map = r < 0 ? r : bpf_set_map(s, MAP_DENIALS, e);

	if (map < 0)
		return map;
	r = bpf_sys_lookup(map, &cgroup_id, &d);
	if (r == -ENOENT)
		return err_plain(e, -ENODATA, "nothing was denied to cgroup %llu",
				 (unsigned long long)cgroup_id);
	if (r < 0)
		return err_set(e, r, "find cgroup %llu in '%s/denials'",
			       (unsigned long long)cgroup_id, s->dir);
	bpf_set_denied_from(&d, ret);
	return 0;
}
