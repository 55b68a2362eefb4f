// SPDX-License-Identifier: Apache-2.0
/* Packets: those of a network of its own stay inside, and none come in. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "groups.h"
#include "network.h"
#include "probe.h"

#define LISTEN_MS 200
/* TEST-NET-1 (RFC 5737): nobody has these addresses */
#define NOWHERE 0xc0000201u /* 192.0.2.1 */
#define FORGED 0xc0000263u /* 192.0.2.99 */

static int connect_to(uint16_t port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), err;

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0)
		return errno;
	err = connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0 ? errno : 0;
	(void)close(fd);
	return err;
}

static int hosts_port_is_closed(const struct probe *p, const struct facts *f, struct seen *s)
{
	int64_t port = facts_num(f, "host.tcp", -1);
	int err;

	(void)p;
	if (network_is_shared(f, s))
		return (int)s->result;
	if (port < 0)
		return seen_unknown(s, "host.tcp");
	err = connect_to((uint16_t)port);
	return seen_as(s, err, "127.0.0.1:%d: %s", (int)port, err ? errno_name(err) : "connected");
}

/* what a container may expect: its own loopback device is up */
static int lo_works(const struct probe *p, const struct facts *f, struct seen *s)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t size = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), err;

	(void)p;
	if (network_is_shared(f, s))
		return (int)s->result;
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, size) < 0 || listen(fd, 1) < 0 ||
	    getsockname(fd, (struct sockaddr *)&a, &size) < 0)
		return seen_fail(s, "no listener on 127.0.0.1: %s", errno_name(errno));
	err = connect_to(ntohs(a.sin_port));
	return seen_as(s, !err, "127.0.0.1:%u: %s", ntohs(a.sin_port),
		       err ? errno_name(err) : "connected");
}

/* every packet socket of a namespace sees all of its packets, and no others */
static int hears_nothing(const struct probe *p, const struct facts *f, struct seen *s)
{
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL));
	struct sockaddr_ll from;
	socklen_t size = sizeof(from);
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	char frame[64], name[IF_NAMESIZE];
	int count = 0;

	(void)p;
	if (network_is_shared(f, s))
		return (int)s->result;
	if (fd < 0)
		return seen_pass(s, "no packet socket: %s", errno_name(errno));
	while (poll(&pfd, 1, LISTEN_MS) == 1 && count++ < 100) {
		if (recvfrom(fd, frame, sizeof(frame), 0, (struct sockaddr *)&from, &size) < 0)
			break;
		if (!if_indextoname((unsigned int)from.sll_ifindex, name) ||
		    strcmp(name, "lo") != 0)
			return seen_fail(s, "a frame on device %d (%s)", from.sll_ifindex, name);
	}
	return seen_pass(s, "no frame in %d ms but %d on lo", LISTEN_MS, count);
}

/* there is no device of the host to send on, whatever its number */
static int cannot_send_on_hosts_links(const struct probe *p, const struct facts *f, struct seen *s)
{
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	static const char frame[60]; /* to nobody, of no protocol */

	(void)p;
	if (network_is_shared(f, s))
		return (int)s->result;
	if (fd < 0)
		return seen_pass(s, "no packet socket: %s", errno_name(errno));
	for (int i = 2; i < 64; i++) {
		struct sockaddr_ll to = { .sll_family = AF_PACKET,
					  .sll_ifindex = i,
					  .sll_halen = ETH_ALEN };

		if (sendto(fd, frame, sizeof(frame), 0, (struct sockaddr *)&to, sizeof(to)) >= 0)
			return seen_fail(s, "a frame went out on device %d", i);
	}
	return seen_pass(s, "devices 2 to 63: %s", errno_name(errno));
}

static int forged_stay_inside(const struct probe *p, const struct facts *f, struct seen *s)
{
	struct {
		struct iphdr ip;
		char data[8];
	} packet = { .ip = { .version = 4, .ihl = 5, .ttl = 1, .protocol = IPPROTO_UDP } };
	struct sockaddr_in to = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);

	(void)p;
	if (network_is_shared(f, s))
		return (int)s->result;
	if (fd < 0)
		return seen_pass(s, "no raw socket: %s", errno_name(errno));
	packet.ip.tot_len = htons(sizeof(packet));
	packet.ip.saddr = htonl(FORGED);
	packet.ip.daddr = to.sin_addr.s_addr = htonl(NOWHERE);
	if (sendto(fd, &packet, sizeof(packet), 0, (struct sockaddr *)&to, sizeof(to)) >= 0)
		return seen_fail(s, "sent from 192.0.2.99 to 192.0.2.1");
	return seen_pass(s, "192.0.2.99 to 192.0.2.1: %s", errno_name(errno));
}

static int nowhere_is_unreachable(const struct probe *p, const struct facts *f, struct seen *s)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(9) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	(void)p;
	if (network_is_shared(f, s))
		return (int)s->result;
	to.sin_addr.s_addr = htonl(NOWHERE);
	/* looks for a route, sends nothing */
	if (fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0)
		return seen_fail(s, "there is a way to 192.0.2.1");
	return seen_pass(s, "192.0.2.1: %s", errno_name(errno));
}

/* clang-format off */
#define OWN "net/new-namespace"

static const struct probe probes[] = {
	{ "network/loopback", "connect to an own listener on 127.0.0.1", lo_works, OWN, NULL, 0, 0 },
	{ "network/host-port", "connect to a listener of the host on 127.0.0.1", hosts_port_is_closed,
	  OWN, NULL, 0, 0 },
	{ "network/unreachable", "look for a way to 192.0.2.1", nowhere_is_unreachable,
	  "network/routes", NULL, 0, 0 },
	{ "network/forged-source", "send a raw packet from a forged address", forged_stay_inside,
	  "network/routes", NULL, 0, 0 },
	{ "network/frames-in", "receive on a packet socket", hears_nothing, "network/links", NULL, 0, 0 },
	{ "network/frames-out", "send on a packet socket to devices by number", cannot_send_on_hosts_links,
	  "network/links", NULL, 0, 0 },
};
/* clang-format on */

const struct probe_group packet_group = {
	.name = "packets",
	.summary = "no packet leaves the container's network or comes in",
	PROBES(probes),
};
