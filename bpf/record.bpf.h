/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* What is kept and told of verdicts: counters, the last refusal, flows, events. */
#ifndef DAVIT_BPF_RECORD_H
#define DAVIT_BPF_RECORD_H

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, FILTER_ROWS_MAX);
	__type(key, struct filter_flow_key);
	__type(value, struct filter_flow);
} flows SEC(".maps");

struct event_ring {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, FILTER_RING_SIZE);
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, FILTER_WATCHERS);
	__type(key, __u32);
	__array(values, struct event_ring);
} watchers SEC(".maps");

/* Return: is it a new one? */
static __always_inline bool note_flow(struct filter_slot_head *head,
				      const struct filter_flow_key *key, __u64 now)
{
	struct filter_flow *flow = bpf_map_lookup_elem(&flows, key);
	struct filter_flow first = { .first = now, .last = now, .count = 1 };

	if (flow) {
		flow->last = now;
		__sync_fetch_and_add(&flow->count, 1);
		return false;
	}
	if (head->flows < FILTER_FLOWS_MAX &&
	    bpf_map_update_elem(&flows, key, &first, BPF_NOEXIST) == 0) {
		__sync_fetch_and_add(&head->flows, 1);
		return true;
	}
	__sync_fetch_and_add(&head->lost, 1);
	return false;
}

/* No container makes its readers, or this host, do nothing but read. Two at a time may count as one. */
static __always_inline bool may_send(struct filter_slot_head *head, __u64 now)
{
	if (head->window != now >> 30) {
		head->window = now >> 30;
		head->sent = 0;
	}
	if (head->sent < FILTER_EVENTS_MAX) {
		head->sent++;
		return true;
	}
	__sync_fetch_and_add(&head->suppressed, 1);
	return false;
}

static __always_inline void send_event(struct filter_slot_head *head, struct filter_event *event)
{
	event->suppressed = head->suppressed;
	head->suppressed = 0;
	for (__u32 i = 0; i < FILTER_WATCHERS; i++) {
		__u32 key = i;
		void *ring = bpf_map_lookup_elem(&watchers, &key);

		if (ring)
			(void)bpf_ringbuf_output(ring, event, sizeof(*event), 0);
	}
}

#define RECORD(verdict, rule) ((__u64)(verdict) << 32 | (rule))

/* @what: RECORD() of a verdict and of the rule that it came from; @who: NULL = nobody knows */
__noinline int davit_record(const struct filter_row *row, const struct target *t, __u64 id,
			    __u64 what, const struct filter_who *who)
{
	struct filter_event event = { .rule = (__u32)what };
	struct filter_slot *slot;
	__u32 direction, number;
	bool is_told;

	if (!row || !t)
		return 0;
	direction = *(const volatile __u8 *)&t
			     ->direction; /* read once: the bound is for what is used below */
	if (direction >= FILTER_DIRECTIONS)
		return 0;
	number = row->slot; /* before 6.2 a key is not read through such a pointer */
	slot = bpf_map_lookup_elem(&counters, &number);
	if (!slot)
		return 0;
	event.time = bpf_ktime_get_ns();
	event.flow.id = id;
	event.flow.addr_hi = t->addr_hi;
	event.flow.addr_lo = t->addr_lo;
	event.flow.port = target_port(t);
	event.flow.proto = t->proto;
	event.flow.family = t->family;
	event.flow.direction = direction;
	event.flow.verdict = what >> 32 == FILTER_ALLOW ? FILTER_ALLOW : FILTER_DENY;
	is_told = event.flow.verdict == FILTER_DENY;
	if (is_told) {
		struct filter_denied d = { .time = event.time,
					   .addr_hi = t->addr_hi,
					   .addr_lo = t->addr_lo,
					   .rule = event.rule,
					   .port = event.flow.port,
					   .proto = t->proto,
					   .family = t->family,
					   .direction = direction };

		__sync_fetch_and_add(&slot->head.drops[direction][family_of(t->family)], 1);
		(void)bpf_map_update_elem(&denials, &id, &d,
					  BPF_ANY); /* the counter tells anyway */
	}
	if (row->flags & FILTER_AUDIT && note_flow(&slot->head, &event.flow, event.time))
		is_told = true;
	if (!is_told || !may_send(&slot->head, event.time))
		return 0;
	if (who)
		event.who = *who;
	send_event(&slot->head, &event);
	return 0;
}

#endif
