// SPDX-License-Identifier: Apache-2.0
/* What the program set counted: traffic and refusals of a container. */
#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/str.h"
#include "kern/bpf.h"
#include "kern/bpf_internal.h"
#include "kern/bpf_sys.h"

#define TORN_READS_MAX 1000

static int find_cells(struct bpf_set *s, uint64_t id, struct filter_cell **ret, struct err *e)
{
	struct filter_row row;
	int r = bpf_sys_lookup(s->fds[MAP_ROWS], &id, &row);

	if (r < 0)
		return err_set(e, r, "find cgroup %llu in '%s/rows'", (unsigned long long)id,
			       s->dir);
	return bpf_set_slot(s, row.slot, ret, e);
}

_Static_assert((int)NET_IN == FILTER_IN && (int)NET_OUT == FILTER_OUT &&
		       (int)NET_DIRECTION_COUNT == FILTER_DIRECTIONS,
	       "same order on both sides");

int bpf_set_counters(struct bpf_set *s, uint64_t cgroup_id, struct net_counters *ret, struct err *e)
{
	struct filter_cell *cells;
	int r = find_cells(s, cgroup_id, &cells, e);

	if (r < 0)
		return r;
	*ret = (struct net_counters){ .packets = { 0 } };
	for (uint32_t i = 0; i < 1u << s->stripe_bits; i++) {
		for (int d = 0; d < NET_DIRECTION_COUNT; d++) {
			ret->packets[d] += __atomic_load_n(&cells[i].packets[d], __ATOMIC_RELAXED);
			ret->bytes[d] += __atomic_load_n(&cells[i].bytes[d], __ATOMIC_RELAXED);
			ret->drops[d] += __atomic_load_n(&cells[i].drops[d], __ATOMIC_RELAXED);
		}
	}
	return 0;
}

/* @time is zero while a program writes, and changes with each record. */
static bool read_denied(const struct filter_denied *shared, struct filter_denied *ret)
{
	for (int i = 0; i < TORN_READS_MAX; i++) {
		uint64_t before = __atomic_load_n(&shared->time, __ATOMIC_ACQUIRE);

		memcpy(ret, shared, sizeof(*ret));
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		if (before && before == __atomic_load_n(&shared->time, __ATOMIC_RELAXED)) {
			ret->time = before;
			return true;
		}
		if (!before && i > 2)
			return false;
	}
	return false;
}

static void denied_from(const struct filter_denied *d, struct net_denied *ret)
{
	uint64_t hi = htobe64(d->addr_hi), lo = htobe64(d->addr_lo);
	uint32_t v4 = htobe32((uint32_t)d->addr_lo);

	*ret = (struct net_denied){
		.monotonic_ns = d->time,
		.family = d->family,
		.proto = d->proto,
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
	struct filter_denied last = { .time = 0 }, d;
	struct filter_cell *cells;
	int r = find_cells(s, cgroup_id, &cells, e);

	if (r < 0)
		return r;
	for (uint32_t i = 0; i < 1u << s->stripe_bits; i++)
		if (read_denied(&cells[i].denied, &d) && d.time > last.time)
			last = d;
	if (!last.time)
		return err_plain(e, -ENODATA, "nothing was denied to cgroup %llu",
				 (unsigned long long)cgroup_id);
	denied_from(&last, ret);
	return 0;
}

static const char *proto_name(uint8_t proto)
{
	static const struct {
		uint8_t proto;
		const char *name;
	} names[] = {
		{ IPPROTO_TCP, "tcp" },
		{ IPPROTO_UDP, "udp" },
		{ IPPROTO_SCTP, "sctp" },
		{ IPPROTO_ICMP, "icmp" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (names[i].proto == proto)
			return names[i].name;
	return NULL;
}

void net_denied_format(const struct net_denied *d, struct str *out)
{
	char addr[INET6_ADDRSTRLEN] = "?";
	const char *name = proto_name(d->proto);

	if (name)
		str_addf(out, "%s ", name);
	else
		str_addf(out, "protocol %u ", d->proto);
	(void)inet_ntop(d->family == AF_INET ? AF_INET : AF_INET6, d->addr, addr, sizeof(addr));
	str_addf(out, d->family == AF_INET ? "%s" : "[%s]", addr);
	if (d->port)
		str_addf(out, ":%u", d->port);
}
