// SPDX-License-Identifier: Apache-2.0
/*
 * A network of its own: nothing of the host's is seen, nothing leaves, and nobody inside changes that.
 * A network that is shared with the host is what net/new-namespace reports; then there is nothing to say
 * here.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <linux/inet_diag.h>
#include <linux/neighbour.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "attempt.h"
#include "groups.h"
#include "netlink.h"
#include "probe.h"

#define LISTEN_MS 200
#define LINES_SIZE 16384
/* TEST-NET-1 (RFC 5737): nobody has these addresses */
#define NOWHERE 0xc0000201u /* 192.0.2.1 */
#define FORGED 0xc0000263u /* 192.0.2.99 */

/* devices that the kernel itself adds to every namespace (net.core.fb_tunnels_only_for_init_net) */
static const char fallbacks[] =
	"lo,tunl0,gre0,gretap0,erspan0,ip_vti0,ip6_vti0,sit0,ip6tnl0,ip6gre0,teql0";

/* one list of names, gathered from one source */
struct names {
	char text[400];
	int count;
};

static void names_add(struct names *n, const char *name)
{
	size_t len = strlen(n->text);

	n->count++;
	(void)snprintf(n->text + len, sizeof(n->text) - len, "%s%s", len ? "," : "", name);
}

static const struct nlattr *attr_find(const struct nlmsghdr *m, size_t head, uint16_t type)
{
	const char *p = (const char *)NLMSG_DATA(m) + NLMSG_ALIGN(head);
	const char *end = (const char *)m + m->nlmsg_len;

	while (p + NLA_HDRLEN <= end) {
		const struct nlattr *a = (const void *)p;

		if (a->nla_len < NLA_HDRLEN || p + a->nla_len > end)
			break;
		if ((a->nla_type & NLA_TYPE_MASK) == type)
			return a;
		p += NLA_ALIGN(a->nla_len);
	}
	return NULL;
}

static const void *attr_data(const struct nlattr *a)
{
	return (const char *)a + NLA_HDRLEN;
}

static uint32_t attr_u32(const struct nlattr *a)
{
	uint32_t v = 0;

	if (a && a->nla_len >= NLA_HDRLEN + sizeof(v))
		memcpy(&v, attr_data(a), sizeof(v));
	return v;
}

static int add_link(const struct nlmsghdr *m, void *data)
{
	const struct nlattr *a = attr_find(m, sizeof(struct ifinfomsg), IFLA_IFNAME);

	if (m->nlmsg_type == RTM_NEWLINK && a)
		names_add(data, attr_data(a));
	return 0;
}

static int links_by_netlink(struct names *n)
{
	struct ifinfomsg body = { .ifi_family = AF_UNSPEC };
	struct netlink_request r;

	netlink_start(&r, RTM_GETLINK, 0, &body, sizeof(body));
	return netlink_dump(NETLINK_ROUTE, &r, add_link, n);
}

static int links_by_sysfs(struct names *n)
{
	DIR *dir = opendir("/sys/class/net");

	if (!dir)
		return -errno;
	for (struct dirent *d; (d = readdir(dir));)
		if (d->d_name[0] != '.')
			names_add(n, d->d_name);
	(void)closedir(dir);
	return 0;
}

/* "  eth0: 1 2 3 ..." after two lines of heading */
static int links_by_proc(struct names *n)
{
	char text[LINES_SIZE];
	int r = read_text("/proc/net/dev", text, sizeof(text));

	if (r < 0)
		return r;
	for (char *save, *line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		char *colon = strchr(line, ':');

		if (!colon)
			continue;
		*colon = '\0';
		names_add(n, line + strspn(line, " "));
	}
	return 0;
}

/* sources of names, by probe.num */
static int (*const sources[])(struct names *n) = { links_by_netlink, links_by_sysfs,
						   links_by_proc };

static bool is_shared(const struct facts *f, struct seen *s)
{
	const char *want = facts_get(f, "want.network");

	if (want && strcmp(want, "host") != 0)
		return false;
	(void)(want ? seen_skip(s, "the host's network was asked for") :
		      seen_unknown(s, "want.network"));
	return true;
}

static int has_lo_only(const struct probe *p, const struct facts *f, struct seen *s)
{
	struct names n = { 0 };
	char copy[sizeof(n.text)];
	int r;

	if (is_shared(f, s))
		return (int)s->result;
	r = sources[p->num](&n);
	if (r == -ENOENT)
		return seen_skip(s, "not there");
	if (r < 0)
		return seen_fail(s, "%s", errno_name(-r));
	(void)snprintf(copy, sizeof(copy), "%s", n.text);
	for (char *save, *name = strtok_r(copy, ",", &save); name;
	     name = strtok_r(NULL, ",", &save))
		if (!list_has(fallbacks, name))
			return seen_fail(s, "'%s' among %s", name, n.text);
	return seen_pass(s, "%s", *n.text ? n.text : "none");
}

static int count_route(const struct nlmsghdr *m, void *data)
{
	const struct rtmsg *route = NLMSG_DATA(m);

	/* the kernel's own, of lo */
	if (m->nlmsg_type == RTM_NEWROUTE && route->rtm_table != RT_TABLE_LOCAL &&
	    !(route->rtm_flags & RTM_F_CLONED)) {
		char name[IF_NAMESIZE] = "?";
		uint32_t link = attr_u32(attr_find(m, sizeof(*route), RTA_OIF));

		if (link && if_indextoname(link, name) && strcmp(name, "lo") == 0)
			return 0;
		names_add(data, name);
	}
	return 0;
}

static int has_no_routes(const struct probe *p, const struct facts *f, struct seen *s)
{
	struct rtmsg body = { .rtm_family = AF_UNSPEC };
	struct netlink_request r;
	struct names n = { 0 };
	int err;

	(void)p;
	if (is_shared(f, s))
		return (int)s->result;
	netlink_start(&r, RTM_GETROUTE, 0, &body, sizeof(body));
	err = netlink_dump(NETLINK_ROUTE, &r, count_route, &n);
	if (err < 0)
		return seen_fail(s, "%s", errno_name(-err));
	return seen_as(s, !n.count, "%d routes%s%s", n.count, n.count ? " by " : "", n.text);
}

static int count_neighbour(const struct nlmsghdr *m, void *data)
{
	const struct ndmsg *nd = NLMSG_DATA(m);

	if (m->nlmsg_type == RTM_NEWNEIGH && !(nd->ndm_state & NUD_NOARP))
		(*(int *)data)++;
	return 0;
}

static int has_no_neighbours(const struct probe *p, const struct facts *f, struct seen *s)
{
	struct ndmsg body = { .ndm_family = AF_UNSPEC };
	struct netlink_request r;
	int count = 0, err;

	(void)p;
	if (is_shared(f, s))
		return (int)s->result;
	netlink_start(&r, RTM_GETNEIGH, 0, &body, sizeof(body));
	err = netlink_dump(NETLINK_ROUTE, &r, count_neighbour, &count);
	if (err < 0)
		return seen_fail(s, "%s", errno_name(-err));
	return seen_as(s, !count, "%d neighbours", count);
}

static int count_address(const struct nlmsghdr *m, void *data)
{
	const struct ifaddrmsg *a = NLMSG_DATA(m);
	char name[IF_NAMESIZE] = "?";

	if (m->nlmsg_type == RTM_NEWADDR &&
	    (!if_indextoname(a->ifa_index, name) || strcmp(name, "lo") != 0))
		names_add(data, name);
	return 0;
}

static int has_no_addresses(const struct probe *p, const struct facts *f, struct seen *s)
{
	struct ifaddrmsg body = { .ifa_family = AF_UNSPEC };
	struct netlink_request r;
	struct names n = { 0 };
	int err;

	(void)p;
	if (is_shared(f, s))
		return (int)s->result;
	netlink_start(&r, RTM_GETADDR, 0, &body, sizeof(body));
	err = netlink_dump(NETLINK_ROUTE, &r, count_address, &n);
	if (err < 0)
		return seen_fail(s, "%s", errno_name(-err));
	return seen_as(s, !n.count, "%d addresses beside lo's%s%s", n.count, n.count ? ": " : "",
		       n.text);
}

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
	if (is_shared(f, s))
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
	if (is_shared(f, s))
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
	if (is_shared(f, s))
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
	if (is_shared(f, s))
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
	if (is_shared(f, s))
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
	if (is_shared(f, s))
		return (int)s->result;
	to.sin_addr.s_addr = htonl(NOWHERE);
	/* looks for a route, sends nothing */
	if (fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0)
		return seen_fail(s, "there is a way to 192.0.2.1");
	return seen_pass(s, "192.0.2.1: %s", errno_name(errno));
}

/* changes, which CAP_NET_ADMIN decides on, of what is not there. Return: 0 or an errno */
static int answer(int protocol, struct netlink_request *r)
{
	int err = netlink_ask(protocol, r);

	return is_refused(err) ? err : 0;
}

static int try_link(void)
{
	struct ifinfomsg body = { .ifi_family = AF_UNSPEC, .ifi_index = INT32_MAX };
	struct netlink_request r;

	netlink_start(&r, RTM_DELLINK, 0, &body, sizeof(body));
	return answer(NETLINK_ROUTE, &r);
}

static int try_address(void)
{
	struct ifaddrmsg body = { .ifa_family = AF_INET, .ifa_prefixlen = 32 }; /* of device 0 */
	uint32_t address = htonl(NOWHERE);
	struct netlink_request r;

	netlink_start(&r, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &body, sizeof(body));
	netlink_attr(&r, IFA_LOCAL, &address, sizeof(address));
	return answer(NETLINK_ROUTE, &r);
}

static int try_route(void)
{
	struct rtmsg body = { .rtm_family = AF_INET,
			      .rtm_dst_len = 32,
			      .rtm_table = RT_TABLE_MAIN };
	uint32_t address = htonl(NOWHERE), link = UINT32_MAX; /* no such device */
	struct netlink_request r;

	netlink_start(&r, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, &body, sizeof(body));
	netlink_attr(&r, RTA_DST, &address, sizeof(address));
	netlink_attr(&r, RTA_OIF, &link, sizeof(link));
	return answer(NETLINK_ROUTE, &r);
}

/* lo into the namespace of a process that is not there */
static int try_move(void)
{
	struct ifinfomsg body = { .ifi_family = AF_UNSPEC, .ifi_index = (int)if_nametoindex("lo") };
	uint32_t pid = UINT32_MAX / 2;
	struct netlink_request r;

	netlink_start(&r, RTM_NEWLINK, 0, &body, sizeof(body));
	netlink_attr(&r, IFLA_NET_NS_PID, &pid, sizeof(pid));
	return answer(NETLINK_ROUTE, &r);
}

/* asks only; the kernel guards all of nf_tables alike */
static int try_filter(void)
{
	struct nfgenmsg body = { .nfgen_family = AF_UNSPEC, .version = NFNETLINK_V0 };
	struct netlink_request r;
	int err;

	netlink_start(&r, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETGEN, 0, &body, sizeof(body));
	err = netlink_ask(NETLINK_NETFILTER, &r);
	if (err == EPROTONOSUPPORT || err == EINVAL || err == EOPNOTSUPP)
		return EOPNOTSUPP; /* no nf_tables in this kernel */
	return is_refused(err) ? err : 0;
}

/* a device that forwards what a program writes: on the host's network, anything */
static int try_tun(void)
{
	struct ifreq ifr = { .ifr_name = "davit-probe%d" };
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC), err;

	if (fd < 0)
		return errno == ENOENT || errno == ENXIO || errno == ENODEV ? EPERM : errno;
	ifr.ifr_flags = IFF_TUN | IFF_NO_PI;
	err = ioctl(fd, TUNSETIFF, &ifr) < 0 ? errno : 0;
	(void)close(fd);
	return err;
}

static int (*const changes[])(void) = { try_link, try_address, try_route,
					try_move, try_filter,  try_tun };

static int is_unchangeable(const struct probe *p, const struct facts *f, struct seen *s)
{
	int err;

	if (cap_was_asked(f, CAP_NET_ADMIN))
		return seen_skip(s, "CAP_NET_ADMIN was asked for");
	err = changes[p->num]();
	if (err == EOPNOTSUPP)
		return seen_skip(s, "not in this kernel");
	return seen_as(s, is_refused(err), "%s", err ? errno_name(err) : "granted");
}

/* a listener of the host in the table of all sockets: by netlink, as ss(8) does */
struct port {
	uint16_t port;
	int total, found;
};

static int count_socket(const struct nlmsghdr *m, void *data)
{
	const struct inet_diag_msg *d = NLMSG_DATA(m);
	struct port *p = data;

	p->total++;
	p->found += ntohs(d->id.idiag_sport) == p->port;
	return 0;
}

static int sockets_by_diag(struct port *p)
{
	struct inet_diag_req_v2 body = { .sdiag_family = AF_INET,
					 .sdiag_protocol = IPPROTO_TCP,
					 .idiag_states = UINT32_MAX };
	struct netlink_request r;

	netlink_start(&r, SOCK_DIAG_BY_FAMILY, 0, &body, sizeof(body));
	return netlink_dump(NETLINK_SOCK_DIAG, &r, count_socket, p);
}

/* "0: 0100007F:1F90 00000000:0000 0A ..." after a line of heading */
static int sockets_by_proc(struct port *p)
{
	char text[LINES_SIZE];
	int r = read_text("/proc/net/tcp", text, sizeof(text));
	unsigned int port;

	if (r < 0)
		return r;
	for (char *save, *line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save))
		if (sscanf(line, " %*u: %*8x:%4x", &port) == 1) {
			p->total++;
			p->found += port == p->port;
		}
	return 0;
}

static int (*const tables[])(struct port *p) = { sockets_by_diag, sockets_by_proc };

static int hosts_port_is_hidden(const struct probe *p, const struct facts *f, struct seen *s)
{
	struct port port = { .port = (uint16_t)facts_num(f, "host.tcp", 0) };
	int r;

	if (is_shared(f, s))
		return (int)s->result;
	if (!port.port)
		return seen_unknown(s, "host.tcp");
	r = tables[p->num](&port);
	if (r < 0)
		return seen_skip(s, "%s", errno_name(-r));
	return seen_as(s, !port.found, "%d sockets, %d of them on port %u", port.total, port.found,
		       port.port);
}

/* tables of the old packet filter that somebody uses in this namespace */
static int has_no_filter_tables(const struct probe *p, const struct facts *f, struct seen *s)
{
	char text[256];
	int r;

	if (is_shared(f, s))
		return (int)s->result;
	r = read_text(p->path, text, sizeof(text));
	if (r == -ENOENT)
		return seen_pass(s, "not there");
	if (r < 0)
		return seen_skip(s, "%s", errno_name(-r));
	return seen_as(s, r == 0, "%s", r ? text : "empty");
}

/* clang-format off */
#define OWN "net/new-namespace"

static const struct probe probes[] = {
	{ "network/links", "list devices by netlink", has_lo_only, OWN, NULL, 0, 0 },
	{ "network/links-sysfs", "list /sys/class/net", has_lo_only, "network/links", NULL, 1, 0 },
	{ "network/links-proc", "read /proc/net/dev", has_lo_only, "network/links", NULL, 2, 0 },
	{ "network/addresses", "list addresses by netlink", has_no_addresses, "network/links", NULL, 0, 0 },
	{ "network/routes", "list routes by netlink", has_no_routes, "network/links", NULL, 0, 0 },
	{ "network/neighbours", "list neighbours by netlink", has_no_neighbours, "network/links", NULL, 0, 0 },
	{ "network/loopback", "connect to an own listener on 127.0.0.1", lo_works, OWN, NULL, 0, 0 },
	{ "network/host-port", "connect to a listener of the host on 127.0.0.1", hosts_port_is_closed,
	  OWN, NULL, 0, 0 },
	{ "network/host-sockets", "list TCP sockets by netlink", hosts_port_is_hidden, OWN, NULL, 0, 0 },
	{ "network/host-sockets-proc", "read /proc/net/tcp", hosts_port_is_hidden, OWN, NULL, 1, 0 },
	{ "network/unreachable", "look for a way to 192.0.2.1", nowhere_is_unreachable,
	  "network/routes", NULL, 0, 0 },
	{ "network/forged-source", "send a raw packet from a forged address", forged_stay_inside,
	  "network/routes", NULL, 0, 0 },
	{ "network/frames-in", "receive on a packet socket", hears_nothing, "network/links", NULL, 0, 0 },
	{ "network/frames-out", "send on a packet socket to devices by number", cannot_send_on_hosts_links,
	  "network/links", NULL, 0, 0 },
	{ "network/iptables", "read the tables of iptables", has_no_filter_tables, OWN,
	  "/proc/net/ip_tables_names", 0, 0 },
	{ "network/ip6tables", "read the tables of ip6tables", has_no_filter_tables, OWN,
	  "/proc/net/ip6_tables_names", 0, 0 },
	{ "network/link-change", "delete a device that is not there", is_unchangeable,
	  "caps/effective", NULL, 0, 0 },
	{ "network/address-change", "add an address to no device", is_unchangeable,
	  "caps/effective", NULL, 1, 0 },
	{ "network/route-change", "add a route by no device", is_unchangeable,
	  "caps/effective", NULL, 2, 0 },
	{ "network/link-move", "move lo to the namespace of no process", is_unchangeable,
	  "caps/effective", NULL, 3, 0 },
	{ "network/nftables", "ask nf_tables for its generation", is_unchangeable,
	  "caps/effective", NULL, 4, 0 },
	{ "network/tun", "create a tunnel with /dev/net/tun", is_unchangeable,
	  "caps/effective", NULL, 5, 0 },
};
/* clang-format on */

const struct probe_group network_group = {
	.name = "network",
	.summary = "nothing of the host's network is seen, reached or changed",
	PROBES(probes),
};
