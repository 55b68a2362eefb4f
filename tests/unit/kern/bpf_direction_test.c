// SPDX-License-Identifier: Apache-2.0
/* What comes in, what answers what, which ports are bound: real sockets on loopback, the container's and ours. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "bpf_fixture.h"
#include "kern/bpf_internal.h"
#include "kern/bpf_policy.h"
#include "kselftest_harness.h"

#define PORT 7000
#define FRIEND "127.0.0.5"
#define STRANGER "127.0.0.6"
#define SHORT_MS 300 /* on loopback an answer takes microseconds */

struct small_policy {
	struct net_policy p;
	struct net_policy_rule rules[64];
};

static struct net_policy_rule *rule(struct small_policy *p, enum net_direction d,
				    enum net_verdict verdict, uint8_t proto, const char *addr,
				    uint16_t lo, uint16_t hi)
{
	struct net_policy_rule *r = &p->rules[p->p.n++];

	*r = (struct net_policy_rule){ .direction = (uint8_t)d,
				       .verdict = (uint8_t)verdict,
				       .proto = proto,
				       .port_lo = lo,
				       .port_hi = hi };
	if (!addr)
		return r;
	r->family = strchr(addr, ':') ? AF_INET6 : AF_INET;
	r->prefix_len = r->family == AF_INET ? 32 : 128;
	if (inet_pton(r->family, addr, r->addr) != 1)
		abort();
	return r;
}

/* Rules that say nothing, so that it is a large policy with the same verdicts. */
static void pad(struct small_policy *p)
{
	char addr[INET_ADDRSTRLEN];

	for (int i = 0; i < 20; i++) {
		(void)err_format(addr, sizeof(addr), "192.0.2.%d", i);
		(void)rule(p, i % 2 ? NET_IN : NET_OUT, NET_DENY, IPPROTO_TCP, addr, 0, 65535);
	}
}

union any_addr {
	struct sockaddr sa;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static socklen_t address(union any_addr *a, const char *text, uint16_t port)
{
	*a = (union any_addr){ .sa = { .sa_family = AF_INET } };
	if (inet_pton(AF_INET, text, &a->v4.sin_addr) == 1) {
		a->v4.sin_port = htons(port);
		return sizeof(a->v4);
	}
	a->v6 = (struct sockaddr_in6){ .sin6_family = AF_INET6, .sin6_port = htons(port) };
	if (inet_pton(AF_INET6, text, &a->v6.sin6_addr) != 1)
		abort();
	return sizeof(a->v6);
}

/* A socket at @from, which may be NULL. */
static int sock(int type, const char *from, uint16_t port)
{
	union any_addr a;
	socklen_t len = from ? address(&a, from, port) : 0;
	int one = 1;
	int fd = socket(from ? a.sa.sa_family : AF_INET, type | SOCK_CLOEXEC, 0);

	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (from && bind(fd, &a.sa, len) < 0) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

static bool is_readable(int fd)
{
	struct pollfd p = { fd, POLLIN, 0 };

	return poll(&p, 1, SHORT_MS) == 1;
}

/* 0; ETIMEDOUT after SHORT_MS; else what connect() says */
static int try_tcp(const char *from, const char *to)
{
	_cleanup_fd_ int fd = sock(SOCK_STREAM | SOCK_NONBLOCK, from, 0);
	struct pollfd p = { fd, POLLOUT, 0 };
	union any_addr a;
	socklen_t len = address(&a, to, PORT), size = sizeof(int);
	int e = 0;

	if (connect(fd, &a.sa, len) == 0)
		return 0;
	if (errno != EINPROGRESS)
		return errno;
	if (poll(&p, 1, SHORT_MS) != 1)
		return ETIMEDOUT;
	(void)getsockopt(fd, SOL_SOCKET, SO_ERROR, &e, &size);
	return e;
}

static bool ask(int fd, const char *to, uint16_t port)
{
	union any_addr a;
	socklen_t len = address(&a, to, port);

	return sendto(fd, "?", 1, 0, &a.sa, len) == 1;
}

static bool is_answered(int fd)
{
	char c;

	return is_readable(fd) && recv(fd, &c, 1, MSG_DONTWAIT) == 1;
}

/* In the container: accept connections, echo datagrams; @arg: where to tell that we are ready. */
static int serve(void *arg)
{
	const int *ready = arg;
	struct pollfd p[2] = { { .events = POLLIN }, { .events = POLLIN } };
	int zero = 0;

	for (int i = 0; i < 2; i++) {
		union any_addr a;
		socklen_t len = address(&a, "::", PORT);

		p[i].fd = socket(AF_INET6, i ? SOCK_DGRAM : SOCK_STREAM, 0);
		(void)setsockopt(p[i].fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof(zero));
		if (bind(p[i].fd, &a.sa, len) < 0 || (!i && listen(p[i].fd, 16) < 0))
			return 1;
	}
	if (write(ready[1], "", 1) != 1)
		return 1;
	while (poll(p, 2, -1) > 0) {
		union any_addr a;
		socklen_t len = sizeof(a);
		char c;

		if (p[0].revents)
			(void)close(accept(p[0].fd, NULL, NULL));
		if (p[1].revents && recvfrom(p[1].fd, &c, 1, 0, &a.sa, &len) == 1)
			(void)!sendto(p[1].fd, "!", 1, 0, &a.sa, len);
	}
	return 0;
}

static pid_t start_server(struct lab *l)
{
	int ready[2];
	char c;
	pid_t pid;

	if (pipe2(ready, O_CLOEXEC) < 0)
		return -1;
	pid = lab_spawn(l, 0, serve, ready);
	(void)close(ready[1]);
	if (pid > 0 && read(ready[0], &c, 1) != 1)
		pid = -1;
	(void)close(ready[0]);
	return pid;
}

static void stop_server(pid_t pid)
{
	(void)kill(pid, SIGKILL);
	(void)lab_wait(pid);
}

FIXTURE(inbound)
{
	struct lab lab;
	struct bpf_set *s;
	struct err e;
	struct small_policy p;
	uint64_t id;
	pid_t server;
};

FIXTURE_VARIANT(inbound)
{
	bool is_large;
};

FIXTURE_VARIANT_ADD(inbound, inline_rules){ .is_large = false };
FIXTURE_VARIANT_ADD(inbound, trie){ .is_large = true };

FIXTURE_SETUP(inbound)
{
	*self = (FIXTURE_DATA(inbound)){ .server = -1 };
	if (!lab_open(&self->lab, ""))
		SKIP(return, "needs root and cgroup2");
	self->id = self->lab.c[0].id;
	if (lab_open_network(&self->lab) &&
	    bpf_set_open(&self->lab.env, self->lab.slice_fd, &self->s, &self->e) == 0 &&
	    bpf_set_insert(self->s, self->id, NULL, NULL, &self->e) == 0)
		self->server = start_server(&self->lab);
	if (self->server > 0)
		return;
	TH_LOG("%s (%s)", self->e.msg, err_text(self->e.code));
	lab_close(&self->lab);
	ASSERT_GT(self->server, 0);
}

FIXTURE_TEARDOWN(inbound)
{
	stop_server(self->server);
	bpf_set_close(self->s);
	lab_close(&self->lab);
}

#define PUT()                                                                         \
	do {                                                                          \
		if (variant->is_large)                                                \
			pad(&self->p);                                                \
		ASSERT_EQ(0, bpf_set_change(self->s, self->id, &self->p.p, &self->e)) \
		TH_LOG("%s", self->e.msg);                                            \
	} while (0)

TEST_F(inbound, connections_are_judged_by_their_syn)
{
	struct net_counters n;
	struct net_denied d;
	uint8_t addr[16] = { 0 };

	ASSERT_EQ(0, try_tcp(STRANGER, "127.0.0.1"));
	self->p.p.default_deny = NET_BIT(NET_IN);
	(void)rule(&self->p, NET_IN, NET_ALLOW, IPPROTO_TCP, FRIEND, PORT, PORT);
	(void)rule(&self->p, NET_OUT, NET_DENY, IPPROTO_TCP, FRIEND, 0, 65535);
	PUT();
	EXPECT_EQ(0, try_tcp(FRIEND, "127.0.0.1")); /* and its answers are no calls */
	EXPECT_EQ(ETIMEDOUT, try_tcp(STRANGER, "127.0.0.1"));
	EXPECT_EQ(ETIMEDOUT, try_tcp("::1", "::1"));
	ASSERT_EQ(0, bpf_set_counters(self->s, self->id, &n, &self->e));
	EXPECT_LE(1, n.drops[NET_IN][NET_IPV4]);
	EXPECT_LE(1, n.drops[NET_IN][NET_IPV6]);
	EXPECT_EQ(0, net_sum(n.drops[NET_OUT]));
	EXPECT_EQ(2, n.connections[NET_IN][NET_IPV4]); /* one before the policy */
	EXPECT_EQ(0, n.connections[NET_IN][NET_IPV6]);
	EXPECT_EQ(ETIMEDOUT, try_tcp(STRANGER, "127.0.0.1"));
	ASSERT_EQ(0, bpf_set_last_denied(self->s, self->id, &d, &self->e));
	EXPECT_EQ(NET_IN, d.direction);
	EXPECT_EQ(PORT, d.port);
	EXPECT_EQ(1, inet_pton(AF_INET, STRANGER, addr));
	EXPECT_EQ(0, memcmp(addr, d.addr, sizeof(addr)));
	EXPECT_EQ(NET_RULE_DEFAULT, d.rule);
}

TEST_F(inbound, a_denial_by_port_and_address)
{
	(void)rule(&self->p, NET_IN, NET_DENY, NET_PROTO_ANY, STRANGER, PORT, PORT);
	PUT();
	EXPECT_EQ(0, try_tcp(FRIEND, "127.0.0.1"));
	EXPECT_EQ(0, try_tcp("::1", "::1"));
	EXPECT_EQ(ETIMEDOUT, try_tcp(STRANGER, "127.0.0.1"));
	/* of another port it does not speak */
	self->p.p.n = 0;
	(void)rule(&self->p, NET_IN, NET_DENY, NET_PROTO_ANY, STRANGER, PORT + 1, PORT + 1);
	PUT();
	EXPECT_EQ(0, try_tcp(STRANGER, "127.0.0.1"));
}

TEST_F(inbound, a_server_of_datagrams_that_may_call_nobody_answers)
{
	_cleanup_fd_ int friend = sock(SOCK_DGRAM, FRIEND, 0), six = sock(SOCK_DGRAM, "::1", 0);
	struct lab_send out = { LAB_UDP, FRIEND, PORT, 1, 1 };

	self->p.p.default_deny = NET_BIT(NET_OUT);
	PUT();
	for (int i = 0; i < 3; i++) {
		EXPECT_TRUE(ask(friend, "127.0.0.1", PORT) && is_answered(friend));
		EXPECT_TRUE(ask(six, "::1", PORT) && is_answered(six));
	}
	/* another socket has been asked nothing */
	EXPECT_EQ(EPERM, lab_run(&self->lab, 0, lab_send, &out));
}

TEST_F(inbound, datagrams_are_judged_by_rules)
{
	_cleanup_fd_ int friend = sock(SOCK_DGRAM, FRIEND, 0);
	_cleanup_fd_ int stranger = sock(SOCK_DGRAM, STRANGER, 0);

	self->p.p.default_deny = NET_BIT(NET_OUT) | NET_BIT(NET_IN);
	(void)rule(&self->p, NET_IN, NET_ALLOW, IPPROTO_UDP, FRIEND, PORT, PORT);
	PUT();
	EXPECT_TRUE(ask(friend, "127.0.0.1", PORT) && is_answered(friend));
	EXPECT_TRUE(ask(stranger, "127.0.0.1", PORT));
	EXPECT_FALSE(is_answered(stranger));
	/* with many at once each gets its answer */
	for (int i = 0; i < 40; i++)
		EXPECT_TRUE(ask(friend, "127.0.0.1", PORT));
	for (int i = 0; i < 40; i++)
		EXPECT_TRUE(is_answered(friend));
}

struct client {
	bool connects;
	const char *to;
	int pipe[2]; /* a byte from us: ask; a byte from it: the answer came, or not */
};

/* In the container: ask when told, say whether it was answered; 'x' ends. */
static int ask_when_told(void *arg)
{
	struct client *c = arg;
	int fd = sock(SOCK_DGRAM, NULL, 0);
	union any_addr a;
	socklen_t len = address(&a, c->to, PORT + 1);
	char order;

	if (c->connects && connect(fd, &a.sa, len) < 0)
		return errno;
	while (read(c->pipe[1], &order, 1) == 1 && order != 'x') {
		char result = 's'; /* could not be sent */

		if (order == 'w' ||
		    sendto(fd, "?", 1, 0, c->connects ? NULL : &a.sa, c->connects ? 0 : len) == 1)
			result = is_answered(fd) ? 'y' : 'n';
		if (write(c->pipe[1], &result, 1) != 1)
			return 1;
	}
	return 0;
}

static char tell(struct client *c, char order)
{
	char result = '?';

	if (write(c->pipe[0], &order, 1) == 1 && order != 'x')
		(void)!read(c->pipe[0], &result, 1);
	return result;
}

/* Wait for a question, answer it from @from, which may be another socket. Return: was there one? */
static bool answer(int fd, int from)
{
	union any_addr a;
	socklen_t len = sizeof(a);
	char c;

	return is_readable(fd) && recvfrom(fd, &c, 1, 0, &a.sa, &len) == 1 &&
	       sendto(from, "!", 1, 0, &a.sa, len) == 1;
}

static char round_trip(struct client *c, int fd, int from)
{
	char result = '?';

	if (write(c->pipe[0], "a", 1) != 1 || !answer(fd, from))
		return '-';
	(void)!read(c->pipe[0], &result, 1);
	return result;
}

TEST_F(inbound, answers_come_in_and_nothing_else)
{
	_cleanup_fd_ int friend = sock(SOCK_DGRAM, FRIEND, PORT + 1);
	_cleanup_fd_ int other_port = sock(SOCK_DGRAM, FRIEND, PORT + 2);
	_cleanup_fd_ int stranger = sock(SOCK_DGRAM, STRANGER, PORT + 1);

	for (int connects = 0; connects < 2; connects++) {
		struct client c = { .connects = connects, .to = FRIEND };
		pid_t pid;

		self->p.p = (struct net_policy){ .default_deny = NET_BIT(NET_IN) };
		PUT();
		ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, c.pipe));
		pid = lab_spawn(&self->lab, 0, ask_when_told, &c);
		EXPECT_EQ('y', round_trip(&c, friend, friend));
		EXPECT_EQ('n', round_trip(&c, friend, stranger));
		EXPECT_EQ('n', round_trip(&c, friend, other_port));
		/* changed: still allowed, no answer is lost … */
		PUT();
		EXPECT_EQ('y', round_trip(&c, friend, friend));
		(void)tell(&c, 'x');
		EXPECT_EQ(0, lab_wait(pid));
		(void)close(c.pipe[0]);
		(void)close(c.pipe[1]);
	}
}

TEST_F(inbound, a_question_that_a_new_policy_denies_is_not_answered)
{
	_cleanup_fd_ int friend = sock(SOCK_DGRAM, FRIEND, PORT + 1);
	struct client c = { .to = FRIEND };
	union any_addr a;
	socklen_t len = sizeof(a);
	char byte;
	pid_t pid;

	self->p.p.default_deny = NET_BIT(NET_IN);
	PUT();
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, c.pipe));
	pid = lab_spawn(&self->lab, 0, ask_when_told, &c);
	EXPECT_EQ('n', tell(&c, 'a'));
	ASSERT_EQ(1, recvfrom(friend, &byte, 1, 0, &a.sa, &len));
	ASSERT_EQ(1, write(c.pipe[0], "w", 1));
	EXPECT_EQ(1, sendto(friend, "!", 1, 0, &a.sa, len)); /* late, and in time */
	ASSERT_EQ(1, read(c.pipe[0], &byte, 1));
	EXPECT_EQ('y', byte);
	self->p.p = (struct net_policy){ .default_deny = NET_BIT(NET_IN) };
	(void)rule(&self->p, NET_OUT, NET_DENY, IPPROTO_UDP, FRIEND, PORT + 1, PORT + 1);
	PUT();
	ASSERT_EQ(1, write(c.pipe[0], "w", 1));
	EXPECT_EQ(1, sendto(friend, "!", 1, 0, &a.sa, len));
	ASSERT_EQ(1, read(c.pipe[0], &byte, 1));
	EXPECT_EQ('n', byte);
	EXPECT_EQ('s', tell(&c, 'a'));
	(void)tell(&c, 'x');
	EXPECT_EQ(0, lab_wait(pid));
	(void)close(c.pipe[0]);
	(void)close(c.pipe[1]);
}

/* In the container: is an echo answered? */
static int ping(void *arg)
{
	_cleanup_fd_ int fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP);
	struct icmphdr echo = { .type = ICMP_ECHO };
	union any_addr a;
	socklen_t len = address(&a, arg, 0);
	char buf[128];

	echo.checksum = (uint16_t)~htons(ICMP_ECHO << 8);
	if (sendto(fd, &echo, sizeof(echo), 0, &a.sa, len) < 0)
		return errno;
	while (is_readable(fd) && recv(fd, buf, sizeof(buf), 0) > 20)
		if (buf[20] == ICMP_ECHOREPLY)
			return 0;
	return ETIMEDOUT;
}

TEST_F(inbound, a_ping_is_answered)
{
	char peer[] = LAB_PEER4;

	self->p.p.default_deny = NET_BIT(NET_IN);
	PUT();
	EXPECT_EQ(0, lab_run(&self->lab, 0, ping, peer));
	(void)rule(&self->p, NET_OUT, NET_DENY, IPPROTO_ICMP, LAB_PEER4, 0, 65535);
	PUT();
	EXPECT_EQ(EPERM, lab_run(&self->lab, 0, ping, peer));
}

struct binding {
	int type;
	const char *addr;
	uint16_t port;
	int want;
};

static int try_bind(void *arg)
{
	const struct binding *b = arg;
	union any_addr a;
	socklen_t len = address(&a, b->addr, b->port);
	_cleanup_fd_ int fd = socket(a.sa.sa_family, b->type | SOCK_CLOEXEC, 0);

	return bind(fd, &a.sa, len) < 0 ? errno : 0;
}

TEST_F(inbound, ports_that_are_bound)
{
	struct binding cases[] = {
		{ SOCK_STREAM, "0.0.0.0", 8080, 0 },
		{ SOCK_STREAM, "0.0.0.0", 80, EPERM },
		{ SOCK_STREAM, "::", 8080, 0 },
		{ SOCK_STREAM, "::", 80, EPERM },
		{ SOCK_STREAM, "0.0.0.0", 0, 0 },
		{ SOCK_DGRAM, "0.0.0.0", 8080, EPERM },
		{ SOCK_DGRAM, "127.0.0.1", 53, 0 },
		{ SOCK_DGRAM, "0.0.0.0", 53, EPERM },
		{ SOCK_STREAM, "127.0.0.1", 8081, EPERM },
		{ SOCK_DGRAM, "::1", 0, 0 },
	};
	struct net_counters n;
	struct net_denied d;

	self->p.p.default_deny = NET_BIT(NET_BIND);
	(void)rule(&self->p, NET_BIND, NET_ALLOW, IPPROTO_TCP, NULL, 8000, 8080);
	(void)rule(&self->p, NET_BIND, NET_ALLOW, IPPROTO_UDP, "127.0.0.1", 53, 53);
	PUT();
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		EXPECT_EQ(cases[i].want, lab_run(&self->lab, 0, try_bind, &cases[i]))
		TH_LOG("case %zu", i);
	}
	ASSERT_EQ(0, bpf_set_counters(self->s, self->id, &n, &self->e));
	EXPECT_EQ(4, n.drops[NET_BIND][NET_IPV4]);
	EXPECT_EQ(1, n.drops[NET_BIND][NET_IPV6]);
	ASSERT_EQ(0, bpf_set_last_denied(self->s, self->id, &d, &self->e));
	EXPECT_EQ(NET_BIND, d.direction);
	EXPECT_EQ(8081, d.port);
	/* what is bound already and what goes out is not judged by it */
	EXPECT_EQ(0, try_tcp(FRIEND, "127.0.0.1"));
}

TEST_F(inbound, a_denied_call_is_told_the_error_that_was_chosen)
{
	struct lab_send tcp = { LAB_TCP, LAB_PEER4, 8000, 0, 0 };
	struct lab_send udp = { LAB_UDP_CONNECT, LAB_PEER6, 8000, 1, 1 };
	struct lab_send datagram = { LAB_UDP, LAB_PEER4, 8000, 1, 1 };

	self->p.p.default_deny = NET_BIT(NET_OUT);
	self->p.p.is_refused = true;
	PUT();
	EXPECT_EQ(ECONNREFUSED, lab_run(&self->lab, 0, lab_send, &tcp));
	EXPECT_EQ(ECONNREFUSED, lab_run(&self->lab, 0, lab_send, &udp));
	EXPECT_EQ(EPERM, lab_run(&self->lab, 0, lab_send, &datagram));
	self->p.p.is_refused = false;
	PUT();
	EXPECT_EQ(EPERM, lab_run(&self->lab, 0, lab_send, &tcp));
}

TEST_F(inbound, families_and_connections_are_counted)
{
	struct lab_send tcp = { LAB_TCP, LAB_PEER4, 8000, 0, 0 };
	struct lab_send tcp6 = { LAB_TCP, LAB_PEER6, 8000, 0, 0 };
	struct lab_send udp6 = { LAB_UDP, LAB_PEER6, 8000, 7, 12 };
	struct net_counters n;
	uint64_t packets, bytes;

	for (int with_policy = 0; with_policy < 2; with_policy++) {
		ASSERT_EQ(0, bpf_set_counters(self->s, self->id, &n, &self->e));
		EXPECT_EQ(2 * with_policy, n.connections[NET_OUT][NET_IPV4]);
		EXPECT_EQ(1 * with_policy, n.connections[NET_OUT][NET_IPV6]);
		ASSERT_EQ(0, lab_run(&self->lab, 0, lab_send, &tcp));
		ASSERT_EQ(0, lab_run(&self->lab, 0, lab_send, &tcp));
		ASSERT_EQ(0, lab_run(&self->lab, 0, lab_send, &tcp6));
		(void)rule(&self->p, NET_OUT, NET_DENY, IPPROTO_SCTP, NULL, 0, 65535);
		PUT();
	}
	ASSERT_EQ(0, bpf_set_counters(self->s, self->id, &n, &self->e));
	EXPECT_EQ(4, n.connections[NET_OUT][NET_IPV4]);
	EXPECT_EQ(2, n.connections[NET_OUT][NET_IPV6]);
	packets = n.packets[NET_OUT][NET_IPV6];
	bytes = n.bytes[NET_OUT][NET_IPV6];
	ASSERT_EQ(0, lab_run(&self->lab, 0, lab_send, &udp6));
	ASSERT_EQ(0, bpf_set_counters(self->s, self->id, &n, &self->e));
	EXPECT_EQ(packets + 7, n.packets[NET_OUT][NET_IPV6]);
	EXPECT_EQ(bytes + 7 * (12 + 48), n.bytes[NET_OUT][NET_IPV6]);
}

TEST_HARNESS_MAIN
