// SPDX-License-Identifier: Apache-2.0
/*
 * A network of its own: nothing of the host's is seen in it. A network that is shared with the host is what
 * net/new-namespace reports; then there is nothing to say here.
 */
#include "network.h"

#include <dirent.h>
#include <errno.h>
#include <linux/if_link.h>
#include <linux/inet_diag.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "groups.h"
#include "netlink.h"
#include "probe.h"

#define LINES_SIZE 16384

bool network_is_shared(const struct facts *f, struct seen *s)
{
	const char *want = facts_get(f, "want.network");

	if (want && strcmp(want, "host") != 0)
		return false;
	(void)(want ? seen_skip(s, "the host's network was asked for") :
		      seen_unknown(s, "want.network"));
	return true;
}

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

static int add_link(const struct nlmsghdr *m, void *data)
{
	const struct nlattr *a = netlink_attr_find(m, sizeof(struct ifinfomsg), IFLA_IFNAME);

	if (m->nlmsg_type == RTM_NEWLINK && a)
		names_add(data, netlink_attr_data(a));
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

static int has_lo_only(const struct probe *p, const struct facts *f, struct seen *s)
{
	struct names n = { 0 };
	char copy[sizeof(n.text)];
	int r;

	if (network_is_shared(f, s))
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

static int add_route(const struct nlmsghdr *m, void *data)
{
	const struct rtmsg *route = NLMSG_DATA(m);

	/* the kernel's own, of lo */
	if (m->nlmsg_type == RTM_NEWROUTE && route->rtm_table != RT_TABLE_LOCAL &&
	    !(route->rtm_flags & RTM_F_CLONED)) {
		char name[IF_NAMESIZE] = "?";
		uint32_t link = netlink_attr_u32(netlink_attr_find(m, sizeof(*route), RTA_OIF));

		if (link && if_indextoname(link, name) && strcmp(name, "lo") == 0)
			return 0;
		names_add(data, name);
	}
	return 0;
}

static int add_neighbour(const struct nlmsghdr *m, void *data)
{
	const struct ndmsg *nd = NLMSG_DATA(m);
	char name[IF_NAMESIZE] = "?";

	if (m->nlmsg_type == RTM_NEWNEIGH && !(nd->ndm_state & NUD_NOARP)) {
		(void)if_indextoname((unsigned int)nd->ndm_ifindex, name);
		names_add(data, name);
	}
	return 0;
}

static int add_address(const struct nlmsghdr *m, void *data)
{
	const struct ifaddrmsg *a = NLMSG_DATA(m);
	char name[IF_NAMESIZE] = "?";

	if (m->nlmsg_type == RTM_NEWADDR &&
	    (!if_indextoname(a->ifa_index, name) || strcmp(name, "lo") != 0))
		names_add(data, name);
	return 0;
}

/* what the kernel lists, by probe.num; the functions leave out what is lo's */
static const struct {
	uint16_t request;
	size_t head;
	int (*each)(const struct nlmsghdr *m, void *data);
} lists[] = {
	{ RTM_GETROUTE, sizeof(struct rtmsg), add_route },
	{ RTM_GETNEIGH, sizeof(struct ndmsg), add_neighbour },
	{ RTM_GETADDR, sizeof(struct ifaddrmsg), add_address },
};

static int has_none(const struct probe *p, const struct facts *f, struct seen *s)
{
	struct netlink_request r;
	struct names n = { 0 };
	int err;

	if (network_is_shared(f, s))
		return (int)s->result;
	netlink_start(&r, lists[p->num].request, 0, NULL, lists[p->num].head);
	err = netlink_dump(NETLINK_ROUTE, &r, lists[p->num].each, &n);
	if (err < 0)
		return seen_fail(s, "%s", errno_name(-err));
	return seen_as(s, !n.count, "%d beside lo's%s%s", n.count, n.count ? ": " : "", n.text);
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

	if (network_is_shared(f, s))
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

	if (network_is_shared(f, s))
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
	{ "network/addresses", "list addresses by netlink", has_none, "network/links", NULL, 2, 0 },
	{ "network/routes", "list routes by netlink", has_none, "network/links", NULL, 0, 0 },
	{ "network/neighbours", "list neighbours by netlink", has_none, "network/links", NULL, 1, 0 },
	{ "network/host-sockets", "list TCP sockets by netlink", hosts_port_is_hidden, OWN, NULL, 0, 0 },
	{ "network/host-sockets-proc", "read /proc/net/tcp", hosts_port_is_hidden, OWN, NULL, 1, 0 },
	{ "network/iptables", "read the tables of iptables", has_no_filter_tables, OWN,
	  "/proc/net/ip_tables_names", 0, 0 },
	{ "network/ip6tables", "read the tables of ip6tables", has_no_filter_tables, OWN,
	  "/proc/net/ip6_tables_names", 0, 0 },
};
/* clang-format on */

const struct probe_group network_group = {
	.name = "network",
	.summary = "nothing of the host's network is seen",
	PROBES(probes),
};
