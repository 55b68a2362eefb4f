// SPDX-License-Identifier: Apache-2.0
/* A policy that is changed while its container talks: never a verdict that neither the old nor the new one has. */
#include <arpa/inet.h>
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "bpf_fixture.h"
#include "kern/bpf_internal.h"
#include "kern/bpf_policy.h"
#include "kern/bpf_sys.h"

#define CHANGES 60
#define ALWAYS_ALLOWED "10.1.1.1" /* by every policy of the test */
#define ALWAYS_DENIED "10.2.2.2"

static size_t count_keys(struct bpf_set *s, enum bpf_set_map which)
{
	uint64_t key;
	size_t n = 0;
	int map = bpf_set_map(s, which, NULL);

	for (int r = bpf_sys_next_key(map, NULL, &key); r == 0;
	     r = bpf_sys_next_key(map, &key, &key))
		n++;
	return n;
}

static void add(struct net_policy *p, enum net_verdict verdict, const char *addr)
{
	struct net_policy_rule *r = &p->rules[p->n++];

	*r = (struct net_policy_rule){
		.verdict = (uint8_t)verdict, .family = AF_INET, .prefix_len = 32, .port_hi = 65535
	};
	(void)inet_pton(AF_INET, addr, r->addr);
}

/* @n rules more, of addresses that depend on @n */
static struct net_policy *make(enum net_verdict dflt, uint32_t n)
{
	struct net_policy *p = calloc(1, sizeof(*p) + (n + 2) * sizeof(p->rules[0]));
	char addr[INET_ADDRSTRLEN];

	if (!p)
		abort();
	p->default_deny = dflt == NET_DENY ? NET_BIT(NET_OUT) : 0;
	add(p, NET_ALLOW, ALWAYS_ALLOWED);
	add(p, NET_DENY, ALWAYS_DENIED);
	for (uint32_t i = 0; i < n; i++) {
		(void)err_format(addr, sizeof(addr), "10.9.%u.%u", n % 250, i % 250);
		add(p, i % 2 ? NET_ALLOW : NET_DENY, addr);
	}
	return p;
}

/* Shared with who talks. */
struct talk {
	volatile bool is_over;
	volatile uint64_t sent, wrong;
};

/* connect() of a datagram socket sends nothing: without a route what is allowed is ENETUNREACH. */
static int talk(void *arg)
{
	struct talk *t = arg;
	struct sockaddr_in to[2] = { { .sin_family = AF_INET, .sin_port = htons(53) },
				     { .sin_family = AF_INET, .sin_port = htons(53) } };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	(void)inet_pton(AF_INET, ALWAYS_ALLOWED, &to[0].sin_addr);
	(void)inet_pton(AF_INET, ALWAYS_DENIED, &to[1].sin_addr);
	while (fd >= 0 && !t->is_over)
		for (int i = 0; i < 2; i++) {
			int r = connect(fd, (struct sockaddr *)&to[i], sizeof(to[i]));

			t->wrong += (r < 0 && errno == EPERM) != (i == 1);
			t->sent++;
		}
	return fd < 0;
}

TEST_F(set, no_verdict_is_of_half_a_policy)
{
	static const uint32_t sizes[] = { 4, 40, 41, 5, 90, 14, 15, 200 };
	struct talk *t =
		mmap(NULL, sizeof(*t), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	uint64_t id = self->lab.c[0].id;
	struct net_counters before, after;
	_cleanup_free_ struct net_policy *first = make(NET_ALLOW, 40);
	pid_t pid;

	ASSERT_NE(MAP_FAILED, t);
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	ASSERT_EQ(0, bpf_set_insert(self->s, id, first, NULL, &self->e));
	pid = lab_spawn(&self->lab, 0, talk, t);
	ASSERT_GT(pid, 0);
	while (t->sent < 1000)
		(void)sched_yield();
	ASSERT_EQ(0, bpf_set_counters(self->s, id, &before, &self->e));
	for (unsigned int i = 0; i < CHANGES; i++) {
		_cleanup_free_ struct net_policy *p =
			make(i % 3 ? NET_ALLOW : NET_DENY, sizes[i % 8]);
		uint64_t sent = t->sent;

		ASSERT_EQ(0, bpf_set_change(self->s, id, p, &self->e))
		TH_LOG("%s", self->e.msg);
		EXPECT_LE(count_keys(self->s, MAP_TRIES), 1);
		EXPECT_EQ(count_keys(self->s, MAP_TRIES), count_keys(self->s, MAP_CLASSES));
		while (t->sent < sent + 200)
			(void)sched_yield();
	}
	ASSERT_EQ(0, bpf_set_counters(self->s, id, &after, &self->e));
	t->is_over = true;
	EXPECT_EQ(0, lab_wait(pid));
	EXPECT_EQ(0, t->wrong);
	EXPECT_GT(net_sum(after.drops[NET_OUT]), net_sum(before.drops[NET_OUT])); /* they go on */
	ASSERT_EQ(0, bpf_set_remove(self->s, id, &self->e));
	EXPECT_EQ(0, count_keys(self->s, MAP_TRIES) + count_keys(self->s, MAP_CLASSES));
	TH_LOG("%llu calls during %d changes, %llu wrong", (unsigned long long)t->sent, CHANGES,
	       (unsigned long long)t->wrong);
	(void)munmap(t, sizeof(*t));
}

TEST_F(set, change_keeps_devices_and_forgets_the_last_refusal)
{
	_cleanup_free_ struct net_policy *small = make(NET_DENY, 1), *large = make(NET_ALLOW, 30);
	struct device_policy dev = { .base = DEVICE_BASE_ALL };
	struct lab_send send = { .how = LAB_UDP_CONNECT, .addr = ALWAYS_DENIED, .port = 53 };
	uint64_t id = self->lab.c[0].id;
	struct net_denied denied;

	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	EXPECT_EQ(-ENOENT, bpf_set_change(self->s, id, small, NULL));
	ASSERT_EQ(0, bpf_set_insert(self->s, id, small, &dev, &self->e));
	EXPECT_EQ(EPERM, lab_run(&self->lab, 0, lab_send, &send));
	EXPECT_EQ(0, bpf_set_last_denied(self->s, id, &denied, NULL));
	ASSERT_EQ(0, bpf_set_change(self->s, id, large, &self->e));
	EXPECT_EQ(1, count_keys(self->s, MAP_DEVICES));
	EXPECT_EQ(-ENODATA, bpf_set_last_denied(self->s, id, &denied, NULL));
	EXPECT_EQ(EPERM, lab_run(&self->lab, 0, lab_send, &send));
	ASSERT_EQ(0, bpf_set_change(self->s, id, NULL, &self->e));
	EXPECT_EQ(ENETUNREACH, lab_run(&self->lab, 0, lab_send, &send));
	EXPECT_EQ(1, count_keys(self->s, MAP_DEVICES));
	EXPECT_EQ(0, count_keys(self->s, MAP_TRIES));
	/* replaced as a whole: nothing of the second key stays */
	ASSERT_EQ(0, bpf_set_change(self->s, id, large, &self->e));
	ASSERT_EQ(0, bpf_set_change(self->s, id, large, &self->e));
	ASSERT_EQ(0, bpf_set_insert(self->s, id, small, NULL, &self->e));
	EXPECT_EQ(0, count_keys(self->s, MAP_TRIES) + count_keys(self->s, MAP_DEVICES));
	ASSERT_EQ(0, bpf_set_remove(self->s, id, &self->e));
}

static bool is_none(uint64_t id, void *data)
{
	(void)id;
	(void)data;
	return false;
}

/* The row of a container is gone, and the policy at its second key is not. */
TEST_F(set, the_second_key_is_swept)
{
	_cleanup_free_ struct net_policy *large = make(NET_ALLOW, 30);
	uint64_t id = self->lab.c[0].id;
	struct filter_row row;

	ASSERT_EQ(0, bpf_set_insert(self->s, id, large, NULL, &self->e));
	ASSERT_EQ(0, bpf_set_change(self->s, id, large, &self->e));
	ASSERT_EQ(0, bpf_sys_lookup(bpf_set_map(self->s, MAP_ROWS, NULL), &id, &row));
	EXPECT_TRUE(row.flags & FILTER_SECOND);
	ASSERT_EQ(0, bpf_sys_delete(bpf_set_map(self->s, MAP_ROWS, NULL), &id));
	EXPECT_EQ(1, count_keys(self->s, MAP_TRIES));
	EXPECT_EQ(0, bpf_set_sweep(self->s, is_none, NULL, &self->e));
	EXPECT_EQ(0, count_keys(self->s, MAP_TRIES) + count_keys(self->s, MAP_CLASSES));
}

TEST_HARNESS_MAIN
