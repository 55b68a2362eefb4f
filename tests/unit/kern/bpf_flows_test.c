// SPDX-License-Identifier: Apache-2.0
/* What is kept of audited containers, and what is told of all: bounded, and gone with them. */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "bpf_fixture.h"
#include "kern/bpf_internal.h"
#include "kern/bpf_policy.h"
#include "kern/bpf_sys.h"
#include "kselftest_harness.h"

static size_t count_flows(struct bpf_set *s)
{
	struct filter_flow_key key;
	size_t n = 0;
	int map = bpf_set_map(s, MAP_FLOWS, NULL);

	for (int r = bpf_sys_next_key(map, NULL, &key); r == 0;
	     r = bpf_sys_next_key(map, &key, &key))
		n++;
	return n;
}

struct many {
	unsigned int first, n;
};

/* In the container: connect() to so many ports. There is no route: what is allowed is ENETUNREACH. */
static int connect_to_many(void *arg)
{
	const struct many *m = arg;
	struct lab_send s = { .how = LAB_TCP, .addr = "10.1.1.1" };

	for (unsigned int i = 0; i < m->n; i++) {
		s.port = (uint16_t)(m->first + i);
		(void)lab_send(&s);
	}
	return 0;
}

TEST_F(set, flows_are_kept_up_to_a_bound)
{
	const struct net_policy audited = { .is_audited = true }, silent = { .n = 0 };
	struct many few = { 1, 10 }, again = { 5, 10 }, flood = { 100, FILTER_FLOWS_MAX };
	uint64_t id = self->lab.c[0].id, lost = 1;
	struct net_flow *flows = NULL;
	size_t n = 0;

	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	ASSERT_EQ(0, bpf_set_insert(self->s, id, &audited, NULL, &self->e));
	ASSERT_EQ(0, bpf_set_insert(self->s, self->lab.c[1].id, &audited, NULL, &self->e));
	ASSERT_EQ(0, lab_run(&self->lab, 0, connect_to_many, &few));
	ASSERT_EQ(0, lab_run(&self->lab, 0, connect_to_many, &again));
	ASSERT_EQ(0, lab_run(&self->lab, 1, connect_to_many, &few));
	ASSERT_EQ(0, bpf_set_flows(self->s, id, &flows, &n, &lost, &self->e));
	ASSERT_EQ(14, n);
	EXPECT_EQ(0, lost);
	EXPECT_EQ(1, flows[0].denied.port); /* in the order in which they came */
	EXPECT_EQ(1, flows[0].count);
	EXPECT_EQ(2, flows[4].count);
	EXPECT_TRUE(flows[13].is_allowed);
	EXPECT_LT(flows[0].first_ns, flows[13].first_ns);
	EXPECT_LT(flows[4].first_ns, flows[4].denied.monotonic_ns);
	free(flows);
	ASSERT_EQ(0, lab_run(&self->lab, 0, connect_to_many, &flood));
	ASSERT_EQ(0, bpf_set_flows(self->s, id, &flows, &n, &lost, &self->e));
	EXPECT_EQ(FILTER_FLOWS_MAX, n);
	EXPECT_EQ(14, lost);
	free(flows);
	EXPECT_EQ(FILTER_FLOWS_MAX + 10, count_flows(self->s));
	/* no longer audited: nothing is kept */
	ASSERT_EQ(0, bpf_set_change(self->s, id, &silent, &self->e));
	EXPECT_EQ(10, count_flows(self->s));
	ASSERT_EQ(0, bpf_set_change(self->s, id, &audited, &self->e));
	ASSERT_EQ(0, lab_run(&self->lab, 0, connect_to_many, &few));
	EXPECT_EQ(20, count_flows(self->s));
	ASSERT_EQ(0, bpf_set_remove(self->s, id, &self->e));
	EXPECT_EQ(10, count_flows(self->s));
	EXPECT_EQ(-ENOENT, bpf_set_flows(self->s, id, &flows, &n, &lost, NULL));
}

static bool is_nobody(uint64_t id, void *data)
{
	(void)id;
	(void)data;
	return false;
}

TEST_F(set, flows_of_the_dead_are_swept)
{
	const struct net_policy audited = { .is_audited = true };
	uint64_t id = self->lab.c[0].id;
	struct many few = { 1, 10 };

	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	ASSERT_EQ(0, bpf_set_insert(self->s, id, &audited, NULL, &self->e));
	ASSERT_EQ(0, lab_run(&self->lab, 0, connect_to_many, &few));
	/* as if killed behind the row */
	ASSERT_EQ(0, bpf_sys_delete(bpf_set_map(self->s, MAP_ROWS, NULL), &id));
	EXPECT_EQ(10, count_flows(self->s));
	EXPECT_EQ(0, bpf_set_sweep(self->s, is_nobody, NULL, &self->e));
	EXPECT_EQ(0, count_flows(self->s));
}

TEST_F(set, each_reader_gets_each_event_and_not_too_many)
{
	const struct net_policy deny = { .default_deny = NET_BIT(NET_OUT) };
	struct many one = { 9, 1 }, flood = { 1, 1000 };
	struct bpf_watch *w[FILTER_WATCHERS] = { NULL }, *more = NULL;
	unsigned int n = 0;
	struct net_flow f;

	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	ASSERT_EQ(0, bpf_set_insert(self->s, self->lab.c[0].id, &deny, NULL, &self->e));
	for (unsigned int i = 0; i < FILTER_WATCHERS; i++) {
		ASSERT_EQ(0, bpf_watch_open(&self->lab.env, self->s, &w[i], &self->e))
		TH_LOG("%s", self->e.msg);
		EXPECT_FALSE(bpf_watch_next(w[i], &f));
	}
	EXPECT_EQ(-EUSERS, bpf_watch_open(&self->lab.env, self->s, &more, NULL));
	ASSERT_EQ(0, lab_run(&self->lab, 0, connect_to_many, &one));
	for (unsigned int i = 0; i < FILTER_WATCHERS; i++) {
		ASSERT_TRUE(bpf_watch_next(w[i], &f));
		EXPECT_EQ(self->lab.c[0].id, f.cgroup_id);
		EXPECT_EQ(9, f.denied.port);
		EXPECT_EQ(NET_OUT, f.denied.direction);
		EXPECT_EQ(NET_RULE_DEFAULT, f.denied.rule);
		EXPECT_FALSE(f.is_allowed);
		EXPECT_EQ(0, f.suppressed);
		EXPECT_FALSE(bpf_watch_next(w[i], &f));
	}
	ASSERT_EQ(0, lab_run(&self->lab, 0, connect_to_many, &flood));
	while (bpf_watch_next(w[0], &f))
		n++;
	EXPECT_LE(1, n);
	EXPECT_GE(2 * FILTER_EVENTS_MAX, n); /* a second may have begun amid it */
	for (unsigned int i = 0; i < FILTER_WATCHERS; i++)
		bpf_watch_close(w[i]);
	ASSERT_EQ(0, bpf_watch_open(&self->lab.env, self->s, &more, &self->e));
	bpf_watch_close(more);
}

/* A ring of 256 KiB has room for some three thousand: who does not read loses the rest, and reads on. */
TEST_F(set, a_reader_that_sleeps_reads_on)
{
	const struct net_policy deny = { .default_deny = NET_BIT(NET_OUT) };
	struct bpf_watch *w = NULL;
	struct net_flow f;
	unsigned int n = 0;

	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	ASSERT_EQ(0, bpf_set_insert(self->s, self->lab.c[0].id, &deny, NULL, &self->e));
	ASSERT_EQ(0, bpf_watch_open(&self->lab.env, self->s, &w, &self->e));
	for (unsigned int i = 0; i < 40; i++) {
		struct many flood = { 1, FILTER_EVENTS_MAX };
		struct filter_slot *slot;
		struct filter_row row;

		ASSERT_EQ(0, bpf_sys_lookup(self->s->fds[MAP_ROWS], &self->lab.c[0].id, &row));
		ASSERT_EQ(0, bpf_set_slot(self->s, row.slot, &slot, &self->e));
		slot->head.sent = 0; /* as if a second had gone by */
		ASSERT_EQ(0, lab_run(&self->lab, 0, connect_to_many, &flood));
	}
	while (bpf_watch_next(w, &f))
		n++;
	EXPECT_EQ(FILTER_RING_SIZE / (sizeof(struct filter_event) + 8), n);
	for (unsigned int i = 0; i < 3; i++) {
		struct many one = { 10 + i, 1 };
		struct filter_slot *slot;
		struct filter_row row;

		ASSERT_EQ(0, bpf_sys_lookup(self->s->fds[MAP_ROWS], &self->lab.c[0].id, &row));
		ASSERT_EQ(0, bpf_set_slot(self->s, row.slot, &slot, &self->e));
		slot->head.sent = 0;
		ASSERT_EQ(0, lab_run(&self->lab, 0, connect_to_many, &one));
		ASSERT_TRUE(bpf_watch_next(w, &f));
		EXPECT_EQ(10 + i, f.denied.port);
	}
	bpf_watch_close(w);
}

TEST_HARNESS_MAIN
