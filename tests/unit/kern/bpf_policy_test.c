// SPDX-License-Identifier: Apache-2.0
/* Random policies, judged by the kernel and by a model of 30 lines; and what a container costs. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "bpf_lab.h"
#include "kern/bpf.h"
#include "kern/bpf_internal.h"
#include "kern/bpf_policy.h"
#include "kselftest_harness.h"

#define TARGETS 200
#define POLICIES 150
#define COST_ROUNDS 2001
#define TINY_UNIVERSE 4 /* values of an address byte, so that prefixes nest and collide */

FIXTURE(policy)
{
	struct lab lab;
	struct bpf_set *s;
	struct err e;
	unsigned int seed;
};

FIXTURE_SETUP(policy)
{
	self->s = NULL;
	self->e = (struct err)ERR_INIT;
	self->seed = 1;
	if (!lab_open(&self->lab, ""))
		SKIP(return, "needs root and cgroup2");
	/* no route anywhere: what is allowed fails later and sends nothing */
	if (unshare(CLONE_NEWNET) == 0 &&
	    bpf_set_open(&self->lab.env, self->lab.slice_fd, &self->s, &self->e) == 0)
		return;
	TH_LOG("%s (%s)", self->e.msg, err_text(self->e.code));
	lab_close(&self->lab);
	ASSERT_NE(NULL, self->s);
}

FIXTURE_TEARDOWN(policy)
{
	bpf_set_close(self->s);
	lab_close(&self->lab);
}

struct target {
	uint8_t addr[16]; /* IPv4 mapped */
	uint16_t port;
	uint8_t proto;
	int result; /* errno of connect() */
};

/* The model: bit by bit, rule by rule. */
static bool rule_speaks_of(const struct net_policy_rule *r, const struct target *t)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	const uint8_t *addr = t->addr;

	if (r->direction != NET_OUT)
		return false;
	if ((r->proto && r->proto != t->proto) || t->port < r->port_lo || t->port > r->port_hi)
		return false;
	if (r->family == 0)
		return true;
	if (r->family == AF_INET) {
		if (memcmp(addr, mapped, sizeof(mapped)) != 0)
			return false;
		addr += 12;
	}
	for (unsigned int i = 0; i < r->prefix_len; i++)
		if ((addr[i / 8] >> (7 - i % 8) & 1) != (r->addr[i / 8] >> (7 - i % 8) & 1))
			return false;
	return true;
}

static bool model_allows(const struct net_policy *p, const struct target *t)
{
	bool is_allowed = !(p->default_deny & NET_BIT(NET_OUT));

	for (uint32_t i = 0; i < p->n; i++) {
		if (!rule_speaks_of(&p->rules[i], t))
			continue;
		if (p->rules[i].verdict == NET_DENY)
			return false;
		is_allowed = true;
	}
	return is_allowed;
}

static unsigned int random_below(unsigned int *seed, unsigned int n)
{
	*seed = *seed * 1103515245u + 12345u;
	return (*seed >> 12) % n;
}

/* 10.x.x.x with few values for x, or fd00:… of the same kind */
static uint8_t random_addr(unsigned int *seed, uint8_t addr[16])
{
	bool is_v4 = random_below(seed, 2);

	memset(addr, 0, 16);
	addr[0] = is_v4 ? 10 : 0xfd;
	for (unsigned int i = 1; i < (is_v4 ? 4u : 16u); i++)
		addr[i] = (uint8_t)random_below(seed, TINY_UNIVERSE);
	return is_v4 ? AF_INET : AF_INET6;
}

static void random_rule(unsigned int *seed, bool is_wild_allowed, struct net_policy_rule *r)
{
	static const uint8_t protos[] = { NET_PROTO_ANY, IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMP };
	unsigned int bits;

	*r = (struct net_policy_rule){ .verdict = (uint8_t)random_below(seed, 2),
				       .proto = protos[random_below(seed, ARRAY_SIZE(protos))],
				       .direction = random_below(seed, 4) ?
							    NET_OUT :
							    (uint8_t)(1 + random_below(seed, 2)),
				       .port_hi = 65535 };
	if (random_below(seed, 2)) {
		r->port_lo = (uint16_t)(1 + random_below(seed, 20));
		r->port_hi = (uint16_t)(r->port_lo + random_below(seed, 5));
	}
	if (is_wild_allowed && random_below(seed, 8) == 0)
		return;
	r->family = random_addr(seed, r->addr);
	bits = r->family == AF_INET ? 32 : 128;
	r->prefix_len = (uint8_t)(random_below(seed, 3) ? bits - random_below(seed, 12) :
							  8 + random_below(seed, bits - 7));
	for (unsigned int i = r->prefix_len; i < bits; i++)
		r->addr[i / 8] &= (uint8_t) ~(0x80 >> i % 8);
}

static struct net_policy *random_policy(unsigned int *seed, uint32_t n)
{
	struct net_policy *p = calloc(1, sizeof(*p) + n * sizeof(p->rules[0]));

	if (!p)
		abort();
	p->default_deny = (uint8_t)random_below(seed, 8);
	p->n = n;
	for (uint32_t i = 0; i < n; i++)
		random_rule(seed, n < 1000, &p->rules[i]);
	return p;
}

static void random_target(unsigned int *seed, const struct net_policy *p, struct target *t)
{
	uint8_t addr[16];
	bool is_v4;

	/* half of them at an address that a rule names */
	if (p->n && random_below(seed, 2)) {
		const struct net_policy_rule *r = &p->rules[random_below(seed, p->n)];

		is_v4 = r->family == AF_INET;
		memcpy(addr, r->addr, sizeof(addr));
		if (!r->family)
			addr[0] = 0xfd;
	} else {
		is_v4 = random_addr(seed, addr) == AF_INET;
	}
	*t = (struct target){ .port = (uint16_t)(1 + random_below(seed, 26)),
			      .proto = random_below(seed, 2) ? IPPROTO_TCP : IPPROTO_UDP };
	memcpy(t->addr + (is_v4 ? 12 : 0), addr, is_v4 ? 4 : 16);
	if (is_v4)
		memset(t->addr + 10, 0xff, 2);
}

/* in the container */
static int connect_to_all(void *arg)
{
	struct target *t = arg;

	for (int i = 0; i < TARGETS; i++) {
		struct sockaddr_in6 a = { .sin6_family = AF_INET6, .sin6_port = htons(t[i].port) };
		int fd = socket(AF_INET6, t[i].proto == IPPROTO_TCP ? SOCK_STREAM : SOCK_DGRAM, 0);

		memcpy(&a.sin6_addr, t[i].addr, sizeof(t[i].addr));
		t[i].result = connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0 ? errno : 0;
		(void)close(fd);
	}
	return 0;
}

/* Return: verdicts that differ. */
static unsigned int compare(struct lab *lab, const struct net_policy *p, struct target *t,
			    unsigned int *seed, unsigned int *n_denied)
{
	unsigned int n_wrong = 0;

	for (int i = 0; i < TARGETS; i++)
		random_target(seed, p, &t[i]);
	if (lab_run(lab, 0, connect_to_all, t) != 0)
		return TARGETS;
	for (int i = 0; i < TARGETS; i++) {
		n_wrong += model_allows(p, &t[i]) != (t[i].result != EPERM);
		*n_denied += t[i].result == EPERM;
	}
	return n_wrong;
}

TEST_F(policy, kernel_and_model_agree)
{
	static const uint32_t sizes[] = { 0, 1, 5, 16, 17, 30, 100, 400, 2000, 10000 };
	struct target *t = mmap(NULL, TARGETS * sizeof(*t), PROT_READ | PROT_WRITE,
				MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	unsigned int judged = 0, denied = 0, refused = 0;

	ASSERT_NE(MAP_FAILED, t);
	for (unsigned int i = 0; i < POLICIES; i++) {
		_cleanup_free_ struct net_policy *p =
			random_policy(&self->seed, sizes[i % ARRAY_SIZE(sizes)]);
		int r = bpf_set_insert(self->s, self->lab.c[0].id, p, NULL, &self->e);

		if (r == -E2BIG) {
			refused++;
			continue;
		}
		ASSERT_EQ(0, r) TH_LOG("%s", self->e.msg);
		EXPECT_EQ(0, compare(&self->lab, p, t, &self->seed, &denied))
		TH_LOG("policy %u of %u rules", i, p->n);
		judged += TARGETS;
	}
	EXPECT_LT(refused, POLICIES / 4);
	EXPECT_LT(judged / 5, denied);
	EXPECT_GT(judged / 5 * 4, denied);
	TH_LOG("%u verdicts compared, %u of them denials; %u policies refused as too large", judged,
	       denied, refused);
}

TEST_F(policy, more_than_64_kinds_of_ports_for_one_address_are_refused)
{
	struct net_policy *p = calloc(1, sizeof(*p) + 65 * sizeof(p->rules[0]));

	ASSERT_NE(NULL, p);
	p->default_deny = NET_BIT(NET_OUT);
	p->n = 65;
	for (uint16_t i = 0; i < 65; i++)
		p->rules[i] = (struct net_policy_rule){ .verdict = NET_ALLOW,
							.proto = IPPROTO_TCP,
							.port_lo = (uint16_t)(i * 2 + 1),
							.port_hi = (uint16_t)(i * 2 + 1) };
	EXPECT_EQ(-E2BIG, bpf_set_insert(self->s, self->lab.c[0].id, p, NULL, &self->e));
	p->n = 64;
	EXPECT_EQ(0, bpf_set_insert(self->s, self->lab.c[0].id, p, NULL, &self->e));
	free(p);
}

static int compare_double(const void *x, const void *y)
{
	const double *a = x, *b = y;

	return *a < *b ? -1 : *a > *b;
}

static double median(double *v, size_t n)
{
	qsort(v, n, sizeof(*v), compare_double);
	return v[n / 2];
}

struct cost {
	double open, insert, remove, close;
};

/* What `davit run` adds to a start and to a stop; CPU time, as the host is shared. */
static struct cost measure(struct lab *lab, const struct net_policy *p,
			   const struct device_policy *dev, unsigned int rounds)
{
	double *v = calloc(rounds * 4ul, sizeof(*v));
	double *open = v, *insert = v + rounds, *rem = insert + rounds, *shut = rem + rounds;
	struct cost c;

	if (!v)
		abort();
	for (unsigned int i = 0; i < rounds; i++) {
		uint64_t id = 1000000 + i;
		struct bpf_set *s;
		double t[5];

		t[0] = lab_cpu_us();
		if (bpf_set_open(&lab->env, lab->slice_fd, &s, NULL) < 0)
			abort();
		t[1] = lab_cpu_us();
		if (bpf_set_insert(s, id, p, dev, NULL) < 0)
			abort();
		t[2] = lab_cpu_us();
		if (bpf_set_remove(s, id, NULL) < 0)
			abort();
		t[3] = lab_cpu_us();
		bpf_set_close(s);
		t[4] = lab_cpu_us();
		open[i] = t[1] - t[0];
		insert[i] = t[2] - t[1];
		rem[i] = t[3] - t[2];
		shut[i] = t[4] - t[3];
	}
	c = (struct cost){ median(open, rounds), median(insert, rounds), median(rem, rounds),
			   median(shut, rounds) };
	free(v);
	return c;
}

TEST_F(policy, cost_of_a_container)
{
	_cleanup_free_ struct net_policy *small = random_policy(&self->seed, 16);
	_cleanup_free_ struct net_policy *large = random_policy(&self->seed, 10000);
	const struct device_policy dev = { .base = DEVICE_BASE_ALL };
	const struct {
		const char *name;
		const struct net_policy *p;
		const struct device_policy *dev;
		unsigned int rounds;
	} cases[] = {
		{ "default", NULL, NULL, COST_ROUNDS },
		{ "16 rules", small, NULL, COST_ROUNDS },
		{ "16 rules and devices", small, &dev, COST_ROUNDS },
		{ "10,000 prefixes", large, NULL, 5 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct cost c = measure(&self->lab, cases[i].p, cases[i].dev, cases[i].rounds);

		TH_LOG("%s: open %.1f, insert %.1f, remove %.1f, close %.1f us CPU, median of %u",
		       cases[i].name, c.open, c.insert, c.remove, c.close, cases[i].rounds);
	}
}

TEST_HARNESS_MAIN
