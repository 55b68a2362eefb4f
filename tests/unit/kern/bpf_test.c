// SPDX-License-Identifier: Apache-2.0
/* The program set on this kernel: real sockets, real devices. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/str.h"
#include "bpf_fixture.h"
#include "kern/bpf_internal.h"
#include "kern/bpf_policy.h"
#include "kselftest_harness.h"

#define SLOW_MS 200 /* a denial takes microseconds; a time-out would take seconds */

struct small_policy {
	struct net_policy p;
	struct net_policy_rule rules[FILTER_RULES_INLINE];
};

static struct net_policy *policy(struct small_policy *p, enum net_verdict dflt)
{
	*p = (struct small_policy){ .p = { .default_deny = dflt == NET_DENY ? NET_BIT(NET_OUT) :
									      0 } };
	return &p->p;
}

static struct net_policy_rule *rule(struct small_policy *p, enum net_verdict verdict, uint8_t proto,
				    const char *addr, uint8_t prefix_len, uint16_t lo, uint16_t hi)
{
	struct net_policy_rule *r = &p->rules[p->p.n++];

	*r = (struct net_policy_rule){ .verdict = verdict,
				       .proto = proto,
				       .prefix_len = prefix_len,
				       .port_lo = lo,
				       .port_hi = hi };
	if (!addr)
		return r;
	r->family = strchr(addr, ':') ? AF_INET6 : AF_INET;
	if (inet_pton(r->family, addr, r->addr) != 1)
		abort();
	return r;
}

static double now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

TEST_F(set, verdicts)
{
	/* default deny; what is allowed and denied is in the rules below */
	static const struct {
		struct lab_send s;
		int want;
	} cases[] = {
		{ { LAB_TCP, LAB_PEER4, 8000, 0, 0 }, 0 },
		{ { LAB_TCP, LAB_PEER4, 8003, 0, 0 }, 0 },
		{ { LAB_TCP, LAB_PEER4, 8004, 0, 0 }, EPERM },
		{ { LAB_TCP, LAB_PEER4, 8002, 0, 0 }, EPERM }, /* denied amid an allowed range */
		{ { LAB_TCP, LAB_PEER6, 8000, 0, 0 }, 0 },
		{ { LAB_TCP, LAB_PEER6, 8001, 0, 0 }, EPERM },
		{ { LAB_TCP, "::ffff:" LAB_PEER4, 8000, 0, 0 }, 0 },
		{ { LAB_TCP, "::ffff:" LAB_PEER4, 8004, 0, 0 }, EPERM },
		{ { LAB_TCP, "127.0.0.1", 8000, 0, 0 }, EPERM },
		{ { LAB_TCP, "0.0.0.0", 8000, 0, 0 }, EPERM },
		{ { LAB_TCP, "::1", 8000, 0, 0 }, EPERM },
		{ { LAB_UDP, LAB_PEER4, 8005, 1, 10 }, 0 },
		{ { LAB_UDP, LAB_PEER4, 8006, 1, 10 }, EPERM },
		{ { LAB_UDP_CONNECT, LAB_PEER4, 8005, 1, 10 }, 0 },
		{ { LAB_UDP_CONNECT, LAB_PEER4, 8006, 1, 10 }, EPERM },
		{ { LAB_UDP, LAB_PEER6, 8005, 1, 10 }, EPERM },
		{ { LAB_UDP, LAB_PEER6, 8007, 1, 10 }, 0 },
		{ { LAB_UDP_CONNECT, LAB_PEER6, 8007, 1, 10 }, 0 },
		{ { LAB_UDP_CONNECT, LAB_PEER6, 8008, 1, 10 }, EPERM },
		{ { LAB_ICMP, LAB_PEER4, 0, 1, 10 }, 0 },
		{ { LAB_ICMP, LAB_PEER6, 0, 1, 10 }, EPERM },
		{ { LAB_ICMP, "10.77.0.3", 0, 1, 10 }, EPERM },
		/* a crafted segment is no reply of an established connection */
		{ { LAB_RAW_TCP, LAB_PEER4, 8004, 1, 0 }, EPERM },
		{ { LAB_RAW_TCP, LAB_PEER4, 8000, 1, 0 }, 0 },
		{ { LAB_RAW_TCP, LAB_PEER6, 8001, 1, 0 }, EPERM },
	};
	struct small_policy p;

	if (!lab_open_network(&self->lab))
		SKIP(return, "needs veth and iproute2");
	(void)policy(&p, NET_DENY);
	(void)rule(&p, NET_DENY, IPPROTO_TCP, LAB_PEER4, 32, 8002, 8002);
	(void)rule(&p, NET_ALLOW, IPPROTO_TCP, "10.77.0.0", 24, 8000, 8003);
	(void)rule(&p, NET_ALLOW, IPPROTO_TCP, "fd77::", 16, 8000, 8000);
	(void)rule(&p, NET_ALLOW, IPPROTO_UDP, LAB_PEER4, 32, 8005, 8005);
	(void)rule(&p, NET_ALLOW, NET_PROTO_ANY, "fd77::2", 128, 8007, 8007);
	(void)rule(&p, NET_ALLOW, IPPROTO_ICMP, LAB_PEER4, 32, 0, 65535);
	ASSERT_EQ(0, bpf_set_insert(self->s, self->lab.c[0].id, &p.p, NULL, &self->e));
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct lab_send s = cases[i].s;
		double start = now_ms();

		EXPECT_EQ(cases[i].want, lab_run(&self->lab, 0, lab_send, &s))
		TH_LOG("case %zu: %s %u", i, s.addr, s.port);
		EXPECT_GT(SLOW_MS, now_ms() - start) TH_LOG("case %zu", i);
	}
}

/* its subflows are TCP sockets that the kernel opens; not all kernels ask at the call */
TEST_F(set, multipath_tcp_is_tcp)
{
	struct lab_send allowed = { LAB_MPTCP, LAB_PEER4, 8000, 0, 0 };
	struct lab_send denied = { LAB_MPTCP, LAB_PEER4, 8001, 0, 0 };
	struct net_counters n;
	struct small_policy p;
	int r;

	if (!lab_open_network(&self->lab))
		SKIP(return, "needs veth and iproute2");
	r = lab_send(&allowed);
	if (r == EPROTONOSUPPORT || r == ENOPROTOOPT)
		SKIP(return, "needs multipath TCP");
	ASSERT_EQ(0, r);
	(void)policy(&p, NET_ALLOW);
	(void)rule(&p, NET_DENY, IPPROTO_TCP, LAB_PEER4, 32, 8001, 8001);
	ASSERT_EQ(0, bpf_set_insert(self->s, self->lab.c[0].id, &p.p, NULL, &self->e));
	EXPECT_EQ(0, lab_run(&self->lab, 0, lab_send, &allowed));
	r = lab_run(&self->lab, 0, lab_send, &denied);
	EXPECT_NE(0, r);
	TH_LOG("refused with errno %d", r);
	ASSERT_EQ(0, bpf_set_counters(self->s, self->lab.c[0].id, &n, &self->e));
	EXPECT_LT(0, net_sum(n.drops[NET_OUT]));
}

TEST_F(set, without_a_row_nothing_gets_out)
{
	struct lab_send tcp = { LAB_TCP, LAB_PEER4, 8000, 0, 0 };
	struct lab_send udp = { LAB_UDP, LAB_PEER6, 8000, 1, 1 };
	struct lab_send icmp = { LAB_ICMP, LAB_PEER4, 0, 1, 1 };

	if (!lab_open_network(&self->lab))
		SKIP(return, "needs veth and iproute2");
	EXPECT_EQ(EPERM, lab_run(&self->lab, 0, lab_send, &tcp));
	EXPECT_EQ(EPERM, lab_run(&self->lab, 0, lab_send, &udp));
	EXPECT_EQ(EPERM, lab_run(&self->lab, 0, lab_send, &icmp));
	ASSERT_EQ(0, bpf_set_insert(self->s, self->lab.c[0].id, NULL, NULL, &self->e));
	EXPECT_EQ(0, lab_run(&self->lab, 0, lab_send, &tcp));
	EXPECT_EQ(0, lab_run(&self->lab, 0, lab_send, &udp));
	EXPECT_EQ(0, lab_run(&self->lab, 0, lab_send, &icmp));
	ASSERT_EQ(0, bpf_set_remove(self->s, self->lab.c[0].id, &self->e));
	EXPECT_EQ(EPERM, lab_run(&self->lab, 0, lab_send, &tcp));
	/* who is in no container is not judged */
	EXPECT_EQ(0, lab_send(&tcp));
}

TEST_F(set, counts_what_was_sent)
{
	struct lab_send udp = { LAB_UDP, LAB_PEER4, 8000, 100, 72 };
	struct lab_send udp6 = { LAB_UDP, LAB_PEER6, 8000, 50, 12 };
	struct lab_send denied = { LAB_UDP, LAB_PEER4, 8001, 1, 1 };
	struct lab_send ping = { LAB_ICMP, LAB_PEER4, 0, 3, 56 };
	struct net_counters n;
	struct small_policy p;

	if (!lab_open_network(&self->lab))
		SKIP(return, "needs veth and iproute2");
	(void)policy(&p, NET_ALLOW);
	(void)rule(&p, NET_DENY, IPPROTO_UDP, LAB_PEER4, 32, 8001, 8001);
	ASSERT_EQ(0, bpf_set_insert(self->s, self->lab.c[0].id, &p.p, NULL, &self->e));
	ASSERT_EQ(0, bpf_set_insert(self->s, self->lab.c[1].id, NULL, NULL, &self->e));
	ASSERT_EQ(0, bpf_set_counters(self->s, self->lab.c[0].id, &n, &self->e));
	EXPECT_EQ(0, net_sum(n.packets[NET_OUT]) + net_sum(n.packets[NET_IN]) +
			     net_sum(n.drops[NET_OUT]));

	ASSERT_EQ(0, lab_run(&self->lab, 0, lab_send, &udp));
	ASSERT_EQ(0, lab_run(&self->lab, 0, lab_send, &udp6));
	ASSERT_EQ(EPERM, lab_run(&self->lab, 0, lab_send, &denied));
	ASSERT_EQ(EPERM, lab_run(&self->lab, 0, lab_send, &denied));
	ASSERT_EQ(0, bpf_set_counters(self->s, self->lab.c[0].id, &n, &self->e));
	EXPECT_EQ(150, net_sum(n.packets[NET_OUT]));
	EXPECT_EQ(100 * (72 + 28) + 50 * (12 + 48), net_sum(n.bytes[NET_OUT]));
	EXPECT_EQ(2, net_sum(n.drops[NET_OUT]));

	/* the other one has its own; raw sockets get every echo reply there is */
	ASSERT_EQ(0, lab_run(&self->lab, 1, lab_send, &ping));
	ASSERT_EQ(0, bpf_set_counters(self->s, self->lab.c[1].id, &n, &self->e));
	EXPECT_EQ(3, net_sum(n.packets[NET_OUT]));
	EXPECT_EQ(3 * (20 + 8 + 56), net_sum(n.bytes[NET_OUT]));
	EXPECT_EQ(0, net_sum(n.drops[NET_OUT]));

	/* a replaced policy keeps its counters, a new container starts at zero */
	ASSERT_EQ(0, bpf_set_insert(self->s, self->lab.c[0].id, NULL, NULL, &self->e));
	ASSERT_EQ(0, bpf_set_counters(self->s, self->lab.c[0].id, &n, &self->e));
	EXPECT_EQ(150, net_sum(n.packets[NET_OUT]));
	ASSERT_EQ(0, lab_run(&self->lab, 0, lab_send, &denied));
	ASSERT_EQ(0, bpf_set_remove(self->s, self->lab.c[0].id, &self->e));
	EXPECT_EQ(-ENOENT, bpf_set_counters(self->s, self->lab.c[0].id, &n, NULL));
	ASSERT_EQ(0, bpf_set_insert(self->s, self->lab.c[0].id, NULL, NULL, &self->e));
	ASSERT_EQ(0, bpf_set_counters(self->s, self->lab.c[0].id, &n, &self->e));
	EXPECT_EQ(0, net_sum(n.packets[NET_OUT]));
}

TEST_F(set, names_the_last_denial)
{
	struct lab_send first = { LAB_TCP, LAB_PEER4, 8001, 0, 0 };
	struct lab_send second = { LAB_UDP, LAB_PEER6, 8002, 1, 1 };
	struct lab_send third = { LAB_ICMP, LAB_PEER4, 0, 1, 1 };
	static const struct net_denied want[] = {
		{ .proto = IPPROTO_TCP, .family = AF_INET, .port = 8001, .rule = NET_RULE_DEFAULT },
		{ .proto = IPPROTO_UDP, .family = AF_INET6, .port = 8002, .rule = 0 },
		{ .proto = IPPROTO_ICMP, .family = AF_INET, .rule = NET_RULE_DEFAULT },
	};
	uint8_t addr[16];
	struct lab_send *const sends[] = { &first, &second, &third };
	struct net_denied d;
	struct small_policy p;

	if (!lab_open_network(&self->lab))
		SKIP(return, "needs veth and iproute2");
	(void)policy(&p, NET_DENY);
	(void)rule(&p, NET_DENY, NET_PROTO_ANY, LAB_PEER6, 128, 8000, 8009);
	ASSERT_EQ(0, bpf_set_insert(self->s, self->lab.c[0].id, &p.p, NULL, &self->e));
	EXPECT_EQ(-ENODATA, bpf_set_last_denied(self->s, self->lab.c[0].id, &d, NULL));
	EXPECT_EQ(-ENOENT, bpf_set_last_denied(self->s, self->lab.c[1].id, &d, NULL));
	for (size_t i = 0; i < ARRAY_SIZE(sends); i++) {
		ASSERT_EQ(EPERM, lab_run(&self->lab, 0, lab_send, sends[i]));
		ASSERT_EQ(0, bpf_set_last_denied(self->s, self->lab.c[0].id, &d, &self->e));
		EXPECT_EQ(want[i].proto, d.proto);
		EXPECT_EQ(want[i].port, d.port);
		EXPECT_EQ(want[i].family, d.family);
		memset(addr, 0, sizeof(addr));
		EXPECT_EQ(1, inet_pton(d.family, sends[i]->addr, addr));
		EXPECT_EQ(0, memcmp(addr, d.addr, sizeof(addr)));
		EXPECT_EQ(want[i].rule, d.rule);
	}
}

/* in the container: accept one connection, say hello */
static int serve_one(void *arg)
{
	int listener = *(int *)arg, fd = accept(listener, NULL, NULL);

	return fd < 0 || write(fd, "hello", 5) != 5;
}

static int listen_in_container(void *arg)
{
	int *pipefd = arg, one = 1;
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(7000) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	a.sin_addr.s_addr = inet_addr("127.0.0.1");
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0 || listen(fd, 1) < 0 ||
	    write(pipefd[1], "", 1) != 1)
		return 2;
	return serve_one(&fd);
}

TEST_F(set, a_server_that_may_call_nobody_still_answers)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(7000) };
	struct small_policy p;
	int pipefd[2], fd;
	char buf[8];
	pid_t pid;

	if (!lab_open_network(&self->lab))
		SKIP(return, "needs veth and iproute2");
	ASSERT_EQ(0, bpf_set_insert(self->s, self->lab.c[0].id, policy(&p, NET_DENY), NULL, NULL));
	ASSERT_EQ(0, pipe2(pipefd, O_CLOEXEC));
	pid = lab_spawn(&self->lab, 0, listen_in_container, pipefd);
	ASSERT_EQ(1, read(pipefd[0], buf, 1));
	fd = socket(AF_INET, SOCK_STREAM, 0);
	a.sin_addr.s_addr = inet_addr("127.0.0.1");
	EXPECT_EQ(0, connect(fd, (struct sockaddr *)&a, sizeof(a)));
	EXPECT_EQ(5, read(fd, buf, sizeof(buf)));
	(void)close(fd);
	EXPECT_EQ(0, lab_wait(pid));
}

struct device_case {
	const char *path;
	unsigned int major, minor;
	int flags;
};

static int open_device(void *arg)
{
	const struct device_case *d = arg;
	char node[64];
	int fd;

	(void)snprintf(node, sizeof(node), "%s", d->path);
	if (d->major) {
		/* on the file system of /dev: /tmp may be nodev */
		(void)snprintf(node, sizeof(node), "/dev/davit-test-%d", getpid());
		if (mknod(node, S_IFCHR | 0600, makedev(d->major, d->minor)) < 0)
			return errno;
	}
	fd = open(node, d->flags | O_CLOEXEC);
	if (d->major)
		(void)unlink(node);
	return fd < 0 ? errno : 0;
}

TEST_F(set, devices)
{
	struct device_case null = { "/dev/null", 0, 0, O_RDWR };
	struct device_case tty = { NULL, 5, 0, O_RDWR };
	struct device_case kmsg = { NULL, 1, 11, O_RDONLY };
	struct device_case kmsg_rw = { NULL, 1, 11, O_RDWR };
	struct device_policy fuse = { .base = DEVICE_BASE_DEFAULT, .n = 1 };
	struct device_policy all = { .base = DEVICE_BASE_ALL, .n = 1 };
	struct device_policy none = { .base = DEVICE_BASE_NONE };

	fuse.rules[0] = (struct device_rule){ 1, 11, 'c', DEVICE_READ, true, 0 };
	all.rules[0] = (struct device_rule){ 1, 3, 'c', DEVICE_WRITE, false, 0 };
	/* a row is not needed for the default list */
	EXPECT_EQ(0, lab_run(&self->lab, 0, open_device, &null));
	EXPECT_NE(EPERM, lab_run(&self->lab, 0, open_device, &tty));
	EXPECT_EQ(EPERM, lab_run(&self->lab, 0, open_device, &kmsg));

	ASSERT_EQ(0, bpf_set_insert(self->s, self->lab.c[0].id, NULL, &fuse, &self->e));
	EXPECT_EQ(0, lab_run(&self->lab, 0, open_device, &null));
	EXPECT_EQ(0, lab_run(&self->lab, 0, open_device, &kmsg));
	EXPECT_EQ(EPERM, lab_run(&self->lab, 0, open_device, &kmsg_rw));

	ASSERT_EQ(0, bpf_set_insert(self->s, self->lab.c[1].id, NULL, &all, &self->e));
	EXPECT_EQ(EPERM, lab_run(&self->lab, 1, open_device, &null));
	EXPECT_EQ(0, lab_run(&self->lab, 1, open_device, &kmsg_rw));

	ASSERT_EQ(0, bpf_set_insert(self->s, self->lab.c[2].id, NULL, &none, &self->e));
	EXPECT_EQ(EPERM, lab_run(&self->lab, 2, open_device, &null));
	EXPECT_EQ(EPERM, lab_run(&self->lab, 2, open_device, &tty));

	/* back to the default list */
	ASSERT_EQ(0, bpf_set_insert(self->s, self->lab.c[0].id, NULL, NULL, &self->e));
	EXPECT_EQ(EPERM, lab_run(&self->lab, 0, open_device, &kmsg));
	ASSERT_EQ(0, bpf_set_remove(self->s, self->lab.c[1].id, &self->e));
	EXPECT_EQ(EPERM, lab_run(&self->lab, 1, open_device, &kmsg));
}

TEST_F(set, two_sets_do_not_meet)
{
	struct lab_send tcp = { LAB_TCP, "127.0.0.1", 8000, 0, 0 };
	struct small_policy p;
	struct bpf_set *other = NULL;
	struct lab lab;

	ASSERT_TRUE(lab_open(&lab, "b"));
	/* one bpf file system for both */
	lab.env.bpffs = self->lab.env.bpffs;
	if (!lab_open_network(&self->lab))
		SKIP(return, "needs veth and iproute2");
	ASSERT_EQ(0, bpf_set_open(&lab.env, lab.slice_fd, &other, &self->e))
	TH_LOG("%s", self->e.msg);
	ASSERT_EQ(0, bpf_set_insert(self->s, self->lab.c[0].id, policy(&p, NET_DENY), NULL, NULL));
	ASSERT_EQ(0, bpf_set_insert(other, lab.c[0].id, NULL, NULL, NULL));
	EXPECT_EQ(EPERM, lab_run(&self->lab, 0, lab_send, &tcp));
	EXPECT_EQ(ECONNREFUSED, lab_run(&lab, 0, lab_send, &tcp));
	bpf_set_close(other);
	EXPECT_EQ(0, bpf_set_remove_all(&lab.env, &self->e));
	EXPECT_EQ(0, bpf_set_check(&self->lab.env, self->lab.slice_fd, &self->e));
	lab_close(&lab);
}

TEST(features_are_there)
{
	struct err e = ERR_INIT;

	if (geteuid() != 0)
		SKIP(return, "needs root");
	for (const struct bpf_feature *f = bpf_features; f->name; f++) {
		EXPECT_EQ(0, f->probe(f, &e)) TH_LOG("%s: %s", f->name, e.msg);
		EXPECT_NE(NULL, f->lost);
		EXPECT_NE(NULL, f->since);
	}
}

TEST_HARNESS_MAIN
