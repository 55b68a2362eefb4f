// SPDX-License-Identifier: Apache-2.0
/* Changes of the network, which nobody inside may make. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/if_link.h>
#include <linux/if_tun.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "attempt.h"
#include "groups.h"
#include "netlink.h"
#include "probe.h"

#define NOWHERE 0xc0000201u /* 192.0.2.1 of TEST-NET-1 (RFC 5737), which nobody has */

/* Changes, which CAP_NET_ADMIN decides on, of what is not there. Return: as in
 * attempt_is_refused() */
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

/* clang-format off */
static const struct probe probes[] = {
	ATTEMPT("network/link-change", "delete a device that is not there", try_link, CAP_NET_ADMIN),
	ATTEMPT("network/address-change", "add an address to no device", try_address, CAP_NET_ADMIN),
	ATTEMPT("network/route-change", "add a route by no device", try_route, CAP_NET_ADMIN),
	ATTEMPT("network/link-move", "move lo to the namespace of no process", try_move, CAP_NET_ADMIN),
	ATTEMPT("network/nftables", "ask nf_tables for its generation", try_filter, CAP_NET_ADMIN),
	ATTEMPT("network/tun", "create a tunnel with /dev/net/tun", try_tun, CAP_NET_ADMIN),
};
/* clang-format on */

const struct probe_group network_change_group = {
	.name = "network-changes",
	.summary = "nobody inside changes the network",
	PROBES(probes),
};
