// SPDX-License-Identifier: Apache-2.0
/* The program set on this kernel: real sockets, real devices, real crashes. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/str.h"
#include "bpf_lab.h"
#include "kern/bpf.h"
#include "kern/bpf_internal.h"
#include "kern/bpf_policy.h"
#include "kern/bpf_sys.h"
#include "kselftest_harness.h"

#ifdef __SANITIZE_ADDRESS__
/* davit-bpf is killed and traced here: LeakSanitizer, which traces, too, would fail in its place */
static __attribute__((constructor)) void no_leak_check(void)
{
	(void)setenv("ASAN_OPTIONS", "detect_leaks=0", 1);
}
#endif

#define SLOW_MS 200 /* a denial takes microseconds; a time-out would take seconds */

FIXTURE(set)
{
	struct lab lab;
	struct bpf_set *s;
	struct err e;
};

FIXTURE_SETUP(set)
{
	self->s = NULL;
	self->e = (struct err)ERR_INIT;
	if (!lab_open(&self->lab, ""))
		SKIP(return, "needs root and cgroup2");
	if (bpf_set_open(&self->lab.env, self->lab.slice_fd, &self->s, &self->e) == 0)
		return;
	TH_LOG("%s (%s)", self->e.msg, err_text(self->e.code));
	lab_close(&self->lab); /* there is no tear-down after a failed set-up */
	ASSERT_NE(NULL, self->s);
}

FIXTURE_TEARDOWN(set)
{
	bpf_set_close(self->s);
	lab_close(&self->lab);
}

/* A policy of up to 16 rules on the stack. */
struct small_policy {
	struct net_policy p;
	struct net_policy_rule rules[FILTER_RULES_INLINE];
};

static struct net_policy *policy(struct small_policy *p, enum net_verdict dflt)
{
	*p = (struct small_policy){ .p = { .default_verdict = dflt } };
	return &p->p;
}

static void rule(struct small_policy *p, enum net_verdict verdict, uint8_t proto, const char *addr,
		 uint8_t prefix_len, uint16_t lo, uint16_t hi)
{
	struct net_policy_rule *r = &p->rules[p->p.n++];

	*r = (struct net_policy_rule){ .verdict = verdict,
				       .proto = proto,
				       .prefix_len = prefix_len,
				       .port_lo = lo,
				       .port_hi = hi };
	if (!addr)
		return;
	r->family = strchr(addr, ':') ? AF_INET6 : AF_INET;
	if (inet_pton(r->family, addr, r->addr) != 1)
		abort();
}

static double now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

TEST_F(set, a_second_open_finds_the_first)
{
	struct bpf_set *again = NULL;
	int max = 0;

	ASSERT_EQ(0, bpf_set_find(&self->lab.env, self->lab.slice_fd, &again, NULL));
	bpf_set_close(again);
	ASSERT_EQ(0, bpf_set_open(&self->lab.env, self->lab.slice_fd, &again, NULL));
	bpf_set_close(again);
	EXPECT_EQ(7, lab_programs(&self->lab, &max));
	EXPECT_EQ(1, max);
	EXPECT_EQ(0, bpf_set_check(&self->lab.env, self->lab.slice_fd, &self->e));
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
	rule(&p, NET_DENY, IPPROTO_TCP, LAB_PEER4, 32, 8002, 8002);
	rule(&p, NET_ALLOW, IPPROTO_TCP, "10.77.0.0", 24, 8000, 8003);
	rule(&p, NET_ALLOW, IPPROTO_TCP, "fd77::", 16, 8000, 8000);
	rule(&p, NET_ALLOW, IPPROTO_UDP, LAB_PEER4, 32, 8005, 8005);
	rule(&p, NET_ALLOW, NET_PROTO_ANY, "fd77::2", 128, 8007, 8007);
	rule(&p, NET_ALLOW, IPPROTO_ICMP, LAB_PEER4, 32, 0, 65535);
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
	rule(&p, NET_DENY, IPPROTO_TCP, LAB_PEER4, 32, 8001, 8001);
	ASSERT_EQ(0, bpf_set_insert(self->s, self->lab.c[0].id, &p.p, NULL, &self->e));
	EXPECT_EQ(0, lab_run(&self->lab, 0, lab_send, &allowed));
	r = lab_run(&self->lab, 0, lab_send, &denied);
	EXPECT_NE(0, r);
	TH_LOG("refused with errno %d", r);
	ASSERT_EQ(0, bpf_set_counters(self->s, self->lab.c[0].id, &n, &self->e));
	EXPECT_LT(0, n.drops[NET_OUT]);
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
	rule(&p, NET_DENY, IPPROTO_UDP, LAB_PEER4, 32, 8001, 8001);
	ASSERT_EQ(0, bpf_set_insert(self->s, self->lab.c[0].id, &p.p, NULL, &self->e));
	ASSERT_EQ(0, bpf_set_insert(self->s, self->lab.c[1].id, NULL, NULL, &self->e));
	ASSERT_EQ(0, bpf_set_counters(self->s, self->lab.c[0].id, &n, &self->e));
	EXPECT_EQ(0, n.packets[NET_OUT] + n.packets[NET_IN] + n.drops[NET_OUT]);

	ASSERT_EQ(0, lab_run(&self->lab, 0, lab_send, &udp));
	ASSERT_EQ(0, lab_run(&self->lab, 0, lab_send, &udp6));
	ASSERT_EQ(EPERM, lab_run(&self->lab, 0, lab_send, &denied));
	ASSERT_EQ(EPERM, lab_run(&self->lab, 0, lab_send, &denied));
	ASSERT_EQ(0, bpf_set_counters(self->s, self->lab.c[0].id, &n, &self->e));
	EXPECT_EQ(150, n.packets[NET_OUT]);
	EXPECT_EQ(100 * (72 + 28) + 50 * (12 + 48), n.bytes[NET_OUT]);
	EXPECT_EQ(2, n.drops[NET_OUT]);

	/* the other one has its own; raw sockets get every echo reply there is */
	ASSERT_EQ(0, lab_run(&self->lab, 1, lab_send, &ping));
	ASSERT_EQ(0, bpf_set_counters(self->s, self->lab.c[1].id, &n, &self->e));
	EXPECT_EQ(3, n.packets[NET_OUT]);
	EXPECT_EQ(3 * (20 + 8 + 56), n.bytes[NET_OUT]);
	EXPECT_EQ(0, n.drops[NET_OUT]);

	/* a replaced policy keeps its counters, a new container starts at zero */
	ASSERT_EQ(0, bpf_set_insert(self->s, self->lab.c[0].id, NULL, NULL, &self->e));
	ASSERT_EQ(0, bpf_set_counters(self->s, self->lab.c[0].id, &n, &self->e));
	EXPECT_EQ(150, n.packets[NET_OUT]);
	ASSERT_EQ(0, lab_run(&self->lab, 0, lab_send, &denied));
	ASSERT_EQ(0, bpf_set_remove(self->s, self->lab.c[0].id, &self->e));
	EXPECT_EQ(-ENOENT, bpf_set_counters(self->s, self->lab.c[0].id, &n, NULL));
	ASSERT_EQ(0, bpf_set_insert(self->s, self->lab.c[0].id, NULL, NULL, &self->e));
	ASSERT_EQ(0, bpf_set_counters(self->s, self->lab.c[0].id, &n, &self->e));
	EXPECT_EQ(0, n.packets[NET_OUT]);
}

TEST_F(set, names_the_last_denial)
{
	struct lab_send first = { LAB_TCP, LAB_PEER4, 8001, 0, 0 };
	struct lab_send second = { LAB_UDP, LAB_PEER6, 8002, 1, 1 };
	struct lab_send third = { LAB_ICMP, LAB_PEER4, 0, 1, 1 };
	static const char *const want[] = { "tcp 10.77.0.2:8001", "udp [fd77::2]:8002",
					    "icmp 10.77.0.2" };
	static const int want_rule[] = { NET_RULE_DEFAULT, 0, NET_RULE_DEFAULT };
	struct lab_send *const sends[] = { &first, &second, &third };
	struct net_denied d;
	struct small_policy p;

	if (!lab_open_network(&self->lab))
		SKIP(return, "needs veth and iproute2");
	(void)policy(&p, NET_DENY);
	rule(&p, NET_DENY, NET_PROTO_ANY, LAB_PEER6, 128, 8000, 8009);
	ASSERT_EQ(0, bpf_set_insert(self->s, self->lab.c[0].id, &p.p, NULL, &self->e));
	EXPECT_EQ(-ENODATA, bpf_set_last_denied(self->s, self->lab.c[0].id, &d, NULL));
	EXPECT_EQ(-ENOENT, bpf_set_last_denied(self->s, self->lab.c[1].id, &d, NULL));
	for (size_t i = 0; i < ARRAY_SIZE(sends); i++) {
		_cleanup_str_ struct str s = STR_INIT;

		ASSERT_EQ(EPERM, lab_run(&self->lab, 0, lab_send, sends[i]));
		ASSERT_EQ(0, bpf_set_last_denied(self->s, self->lab.c[0].id, &d, &self->e));
		net_denied_format(&d, &s);
		EXPECT_STREQ(want[i], str_text(&s));
		EXPECT_EQ(want_rule[i], d.rule);
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

static bool is_lab_container(uint64_t id, void *data)
{
	const struct lab *l = data;

	for (unsigned int i = 0; i < LAB_CONTAINERS; i++)
		if (l->c[i].id == id)
			return true;
	return false;
}

static int count_row(uint64_t id, void *data)
{
	(void)id;
	(*(unsigned int *)data)++;
	return 0;
}

static unsigned int count_rows(struct bpf_set *s)
{
	unsigned int n = 0;

	return bpf_set_each(s, count_row, &n, NULL) == 0 ? n : ~0u;
}

static unsigned int count_keys(struct bpf_set *s, enum bpf_set_map which)
{
	int map = bpf_set_map(s, which, NULL);
	unsigned int n = 0;
	uint64_t key;

	for (int r = bpf_sys_next_key(map, NULL, &key); r == 0;
	     r = bpf_sys_next_key(map, &key, &key))
		n++;
	return n;
}

static unsigned int count_slots(struct bpf_set *s)
{
	unsigned int n = 0;

	for (uint32_t i = 1; i < s->slots; i++) {
		struct filter_cell *c;

		n += bpf_set_slot(s, i, &c, NULL) == 0 && c->owner != 0;
	}
	return n;
}

static struct net_policy *many_rules(uint32_t n)
{
	struct net_policy *p = calloc(1, sizeof(*p) + n * sizeof(p->rules[0]));

	if (!p)
		abort();
	p->default_verdict = NET_ALLOW;
	p->n = n;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t addr = htonl(0x0b000000u + i * 2);

		p->rules[i] = (struct net_policy_rule){
			.verdict = NET_DENY, .family = AF_INET, .prefix_len = 32, .port_hi = 65535
		};
		memcpy(p->rules[i].addr, &addr, sizeof(addr));
	}
	return p;
}

TEST_F(set, sweep_removes_what_the_dead_left)
{
	_cleanup_free_ struct net_policy *large = many_rules(20);
	struct device_policy dev = { .base = DEVICE_BASE_ALL };
	uint64_t orphan = 12345;
	uint32_t value = 1;
	struct filter_cell *c;
	struct bpf_set *s = self->s;

	ASSERT_EQ(0, bpf_set_insert(s, self->lab.c[0].id, large, &dev, &self->e));
	ASSERT_EQ(0, bpf_set_insert(s, 1001, NULL, NULL, &self->e));
	ASSERT_EQ(0, bpf_set_insert(s, 1002, large, &dev, &self->e));
	/* as if killed: a device row and a slot without a row */
	ASSERT_EQ(0, bpf_set_insert(s, orphan, large, &dev, &self->e));
	ASSERT_EQ(0, bpf_sys_delete(bpf_set_map(s, MAP_ROWS, NULL), &orphan));
	(void)value;
	EXPECT_EQ(3, count_rows(s));
	EXPECT_EQ(4, count_slots(s));
	EXPECT_EQ(3, count_keys(s, MAP_TRIES));
	EXPECT_EQ(2, bpf_set_sweep(s, is_lab_container, &self->lab, &self->e))
	TH_LOG("%s", self->e.msg);
	EXPECT_EQ(1, count_rows(s));
	EXPECT_EQ(1, count_slots(s));
	EXPECT_EQ(1, count_keys(s, MAP_TRIES));
	EXPECT_EQ(1, count_keys(s, MAP_CLASSES));
	EXPECT_EQ(1, count_keys(s, MAP_DEVICES));
	ASSERT_EQ(0, bpf_set_slot(s, 0, &c, NULL));
	EXPECT_EQ(FILTER_MAGIC, c->owner);
	ASSERT_EQ(0, bpf_set_remove(s, self->lab.c[0].id, &self->e));
	ASSERT_EQ(0, bpf_set_remove(s, self->lab.c[0].id, &self->e));
	EXPECT_EQ(0, count_slots(s) + count_keys(s, MAP_TRIES) + count_keys(s, MAP_CLASSES) +
			     count_keys(s, MAP_DEVICES));
}

TEST_F(set, every_slot_can_be_taken_and_no_more)
{
	uint32_t n = self->s->slots - 1;

	for (uint32_t i = 0; i < n; i++)
		ASSERT_EQ(0, bpf_set_insert(self->s, 100000 + i, NULL, NULL, &self->e));
	EXPECT_EQ(n, count_slots(self->s));
	EXPECT_EQ(-ENOSPC, bpf_set_insert(self->s, 1, NULL, NULL, &self->e));
	for (uint32_t i = 0; i < n; i++)
		ASSERT_EQ(0, bpf_set_remove(self->s, 100000 + i, &self->e));
	EXPECT_EQ(0, count_slots(self->s));
	EXPECT_EQ(0, bpf_set_insert(self->s, 1, NULL, NULL, &self->e));
}

static int rewrite_rows(void *arg)
{
	struct lab *l = arg;
	struct bpf_set *s;
	uint64_t base = (uint64_t)getpid() << 20;
	int r = bpf_set_open(&l->env, l->slice_fd, &s, NULL);

	for (unsigned int round = 0; r == 0 && round < 20; round++) {
		for (uint64_t i = 0; r == 0 && i < 100; i++)
			r = bpf_set_insert(s, base + i, NULL, NULL, NULL);
		for (uint64_t i = 0; r == 0 && i < 100; i++)
			r = bpf_set_remove(s, base + i, NULL);
	}
	return r < 0;
}

static pid_t start(int (*fn)(void *arg), void *arg)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(fn(arg));
	return pid;
}

TEST_F(set, many_writers_leave_nothing)
{
	pid_t pids[8];

	for (size_t i = 0; i < ARRAY_SIZE(pids); i++)
		pids[i] = start(rewrite_rows, &self->lab);
	for (size_t i = 0; i < ARRAY_SIZE(pids); i++)
		EXPECT_EQ(0, lab_wait(pids[i]));
	EXPECT_EQ(0, count_rows(self->s));
	EXPECT_EQ(0, count_slots(self->s));
}

static int open_and_insert(void *arg)
{
	struct lab *l = arg;
	struct err e = ERR_INIT;
	struct bpf_set *s;
	int r = bpf_set_open(&l->env, l->slice_fd, &s, &e);

	if (r == 0)
		r = bpf_set_insert(s, (uint64_t)getpid(), NULL, NULL, &e);
	if (r < 0)
		(void)fprintf(stderr, "# %s: %s\n", e.msg, err_text(e.code));
	return r < 0;
}

TEST(sixteen_first_openers_make_one_set)
{
	struct bpf_set *s = NULL;
	struct lab lab;
	pid_t pids[16];
	int max = 0;

	if (!lab_open(&lab, ""))
		SKIP(return, "needs root and cgroup2");
	/* the bpf file system must be theirs together */
	for (size_t i = 0; i < ARRAY_SIZE(pids); i++)
		pids[i] = start(open_and_insert, &lab);
	for (size_t i = 0; i < ARRAY_SIZE(pids); i++)
		EXPECT_EQ(0, lab_wait(pids[i]));
	EXPECT_EQ(7, lab_programs(&lab, &max));
	EXPECT_EQ(1, max);
	ASSERT_EQ(0, bpf_set_find(&lab.env, lab.slice_fd, &s, NULL));
	EXPECT_EQ(16, count_rows(s));
	bpf_set_close(s);
	lab_close(&lab);
}

static int open_traced(void *arg)
{
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0 || raise(SIGSTOP) != 0)
		return 1;
	return open_and_insert(arg);
}

#define TRACED_MAX 4

static void kill_all(const pid_t *pids, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		(void)kill(pids[i], SIGKILL);
	while (waitpid(-1, NULL, __WALL) > 0)
		;
}

/*
 * Kill the opener and the loader that it started, both at once, at the @n-th stop at a system call
 * of either. Return: did they come that far?
 */
static bool kill_opener_at(struct lab *l, unsigned int n)
{
	const long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL | PTRACE_O_TRACEFORK |
			     PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE;
	pid_t pids[TRACED_MAX] = { start(open_traced, l) }, pid = pids[0];
	unsigned int n_pids = 1;
	int status;

	if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status) ||
	    ptrace(PTRACE_SETOPTIONS, pid, NULL, options) < 0)
		return false;
	for (int sig = 0;; sig = 0) {
		if (WIFSTOPPED(status)) {
			if (WSTOPSIG(status) == (SIGTRAP | 0x80) && n-- == 0)
				break;
			if (WSTOPSIG(status) == SIGCHLD)
				sig = SIGCHLD;
			(void)ptrace(PTRACE_SYSCALL, pid, NULL, (long)sig);
		}
		pid = waitpid(-1, &status, __WALL);
		if (pid < 0)
			return false; /* all have ended by themselves */
		for (unsigned int i = 0; i <= n_pids && n_pids < TRACED_MAX; i++) {
			if (i == n_pids)
				pids[n_pids++] = pid;
			else if (pids[i] == pid)
				break;
		}
	}
	kill_all(pids, n_pids);
	return true;
}

FIXTURE(bare)
{
	struct lab lab;
};

FIXTURE_SETUP(bare)
{
	if (!lab_open(&self->lab, ""))
		SKIP(return, "needs root and cgroup2");
}

FIXTURE_TEARDOWN(bare)
{
	lab_close(&self->lab);
}

/* an emulated machine needs minutes for it */
TEST_F_TIMEOUT(bare, a_killed_loader_is_repaired_by_the_next_open, 600)
{
	struct lab_send tcp = { LAB_TCP, "127.0.0.1", 1, 0, 0 };
	struct lab *lab = &self->lab;
	unsigned int kills = 0;

	ASSERT_EQ(0, unshare(CLONE_NEWNET)); /* its loopback is down and still a place to go to */
	/* two stops per call: 11 comes by at entries and at exits */
	for (unsigned int n = 1; kill_opener_at(lab, n); n += 11, kills++) {
		struct err e = ERR_INIT;
		struct bpf_set *s = NULL;
		int max = 0;

		ASSERT_EQ(0, bpf_set_open(&lab->env, lab->slice_fd, &s, &e))
		TH_LOG("killed at %u: %s: %s", n, e.msg, err_text(e.code));
		EXPECT_EQ(7, lab_programs(lab, &max));
		EXPECT_EQ(1, max);
		EXPECT_EQ(0, bpf_set_insert(s, lab->c[0].id, NULL, NULL, &e));
		EXPECT_EQ(ENETUNREACH, lab_run(lab, 0, lab_send, &tcp));
		EXPECT_EQ(EPERM, lab_run(lab, 1, lab_send, &tcp));
		bpf_set_close(s);
		ASSERT_EQ(0, bpf_set_remove_all(&lab->env, &e)) TH_LOG("%s", e.msg);
	}
	EXPECT_LT(10, kills);
	TH_LOG("loader killed at %u points", kills);
}

TEST_F(set, a_slice_made_anew_gets_a_new_set)
{
	struct lab *l = &self->lab;
	struct bpf_set *s = NULL;

	for (unsigned int i = 0; i < LAB_CONTAINERS; i++)
		ASSERT_EQ(0, rmdir(l->c[i].path));
	ASSERT_EQ(0, rmdir(l->slice_path));
	ASSERT_EQ(0, mkdir(l->slice_path, 0755));
	(void)close(l->slice_fd);
	l->slice_fd = open(l->slice_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	EXPECT_EQ(-ENOENT, bpf_set_find(&l->env, l->slice_fd, &s, NULL));
	ASSERT_EQ(0, bpf_set_open(&l->env, l->slice_fd, &s, &self->e)) TH_LOG("%s", self->e.msg);
	bpf_set_close(s);
	EXPECT_EQ(0, bpf_set_check(&l->env, l->slice_fd, &self->e));
	EXPECT_EQ(7, lab_programs(l, NULL));
}

TEST_F(set, pins_removed_by_hand_are_made_anew)
{
	struct bpf_set *s = NULL;
	char path[BPF_SET_PATH_MAX + 32];

	(void)snprintf(path, sizeof(path), "%s/davit_egress", self->s->dir);
	ASSERT_EQ(0, unlink(path));
	EXPECT_EQ(-ENOENT, bpf_set_check(&self->lab.env, self->lab.slice_fd, &self->e));
	(void)snprintf(path, sizeof(path), "%s/rows", self->s->dir);
	ASSERT_EQ(0, unlink(path));
	ASSERT_EQ(0, bpf_set_open(&self->lab.env, self->lab.slice_fd, &s, &self->e))
	TH_LOG("%s", self->e.msg);
	bpf_set_close(s);
	EXPECT_EQ(0, bpf_set_check(&self->lab.env, self->lab.slice_fd, &self->e));
	EXPECT_EQ(7, lab_programs(&self->lab, NULL));
}

TEST_F(set, another_bpf_file_system_is_no_second_set)
{
	struct bpf_set *s = NULL;

	ASSERT_EQ(0, mount("bpf", self->lab.bpffs, "bpf", 0, NULL));
	EXPECT_EQ(-EBUSY, bpf_set_open(&self->lab.env, self->lab.slice_fd, &s, &self->e));
	EXPECT_NE(NULL, strstr(self->e.msg, "not pinned below"));
	ASSERT_EQ(0, umount2(self->lab.bpffs, MNT_DETACH));
}

/* A davit in a cgroup namespace whose root is somewhere in the hierarchy. */
static int run_nested(void *arg)
{
	struct lab_send tcp = { LAB_TCP, "127.0.0.1", 1, 0, 0 };
	const char *cgroup2 = arg;
	struct bpf_set *s = NULL;
	struct err e = ERR_INIT;
	struct small_policy p;
	struct lab lab;
	int r;

	if (unshare(CLONE_NEWCGROUP | CLONE_NEWNS | CLONE_NEWNET) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    /* the same file system does not go on top of itself */
	    mount("none", cgroup2, "tmpfs", 0, NULL) < 0 ||
	    mount("none", cgroup2, "cgroup2", 0, NULL) < 0 || !lab_open(&lab, "n")) {
		perror("# nested lab");
		return 10;
	}
	r = bpf_set_open(&lab.env, lab.slice_fd, &s, &e);
	if (r == 0)
		r = bpf_set_insert(s, lab.c[0].id, policy(&p, NET_DENY), NULL, &e);
	if (r == 0)
		r = bpf_set_insert(s, lab.c[1].id, NULL, NULL, &e);
	if (r < 0)
		(void)fprintf(stderr, "# %s: %s\n", e.msg, err_text(e.code));
	r = r < 0 ? 11 : 0;
	if (r == 0 && lab_run(&lab, 0, lab_send, &tcp) != EPERM)
		r = 12;
	if (r == 0 && lab_run(&lab, 1, lab_send, &tcp) != ENETUNREACH)
		r = 13;
	if (r == 0 && lab_run(&lab, 2, lab_send, &tcp) != EPERM)
		r = 14;
	bpf_set_close(s);
	lab_close(&lab);
	return r;
}

TEST_F(bare, depth_is_found_in_a_cgroup_namespace)
{
	struct lab *l = &self->lab;
	char cgroup2[128];

	(void)snprintf(cgroup2, sizeof(cgroup2), "%s", l->slice_path);
	*strrchr(cgroup2, '/') = '\0';
	EXPECT_EQ(0, lab_run(l, 0, run_nested, cgroup2));
}

TEST(features_are_there)
{
	struct err e = ERR_INIT;

	if (geteuid() != 0)
		SKIP(return, "needs root");
	for (const struct bpf_feature *f = bpf_features; f->name; f++) {
		EXPECT_EQ(0, bpf_probe(f->name, &e)) TH_LOG("%s: %s", f->name, e.msg);
		EXPECT_NE(NULL, f->lost);
		EXPECT_NE(NULL, f->since);
	}
	EXPECT_EQ(-EINVAL, bpf_probe("telepathy", &e));
}

TEST_HARNESS_MAIN
