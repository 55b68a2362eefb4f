// SPDX-License-Identifier: Apache-2.0
/* A network device on its way from one network namespace to another. */
#include "kern/net_device.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_addr.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "kern/netlink.h"

#define NUMBERS_MAX 1000 /* names to try for "%d" */

/* What of an address is its own: not its label, which is of the name, nor its life, which has no end. */
static const uint16_t kept[] = { IFA_LOCAL, IFA_ADDRESS, IFA_BROADCAST, IFA_RT_PRIORITY };

struct address {
	struct ifaddrmsg head;
	struct {
		unsigned char bytes[16], n;
	} values[ARRAY_SIZE(kept)];
};

struct addresses {
	int index;
	struct address *v;
	size_t n;
};

struct link {
	int index;
	unsigned int flags;
};

static int read_link(const struct nlmsghdr *h, void *data)
{
	const struct ifinfomsg *info = NLMSG_DATA(h);
	struct link *ret = data;

	if (h->nlmsg_type == RTM_NEWLINK && h->nlmsg_len >= NLMSG_LENGTH(sizeof(*info)))
		*ret = (struct link){ info->ifi_index, info->ifi_flags };
	return 0;
}

/* Return: 0; -ENODEV */
static int find_link(int fd, const char *name, struct link *ret)
{
	struct ifinfomsg info = { .ifi_family = AF_UNSPEC };
	struct netlink_request q;
	int r;

	*ret = (struct link){ 0, 0 };
	netlink_begin(&q, RTM_GETLINK, 0, &info, sizeof(info));
	netlink_add_text(&q, IFLA_IFNAME, name);
	r = netlink_call(fd, &q, read_link, ret);
	return r < 0 ? r : ret->index ? 0 : -ENODEV;
}

static bool is_kept(const struct nlmsghdr *h, const struct ifaddrmsg *head, int index)
{
	const struct rtattr *a = netlink_find(h, sizeof(*head), IFA_FLAGS);
	uint32_t flags = head->ifa_flags;

	if (a && RTA_PAYLOAD(a) == sizeof(flags))
		memcpy(&flags, RTA_DATA(a), sizeof(flags));
	return (int)head->ifa_index == index && head->ifa_scope == RT_SCOPE_UNIVERSE &&
	       (flags & IFA_F_PERMANENT);
}

static int read_address(const struct nlmsghdr *h, void *data)
{
	const struct ifaddrmsg *head = NLMSG_DATA(h);
	struct addresses *list = data;
	struct address *to;

	if (h->nlmsg_type != RTM_NEWADDR || h->nlmsg_len < NLMSG_LENGTH(sizeof(*head)) ||
	    !is_kept(h, head, list->index))
		return 0;
	if (list->n == NET_DEVICE_ADDRESSES_MAX)
		return -E2BIG;
	to = &list->v[list->n++];
	*to = (struct address){ .head = *head };
	for (size_t i = 0; i < ARRAY_SIZE(kept); i++) {
		const struct rtattr *a = netlink_find(h, sizeof(*head), kept[i]);

		if (!a || RTA_PAYLOAD(a) > sizeof(to->values[i].bytes))
			continue;
		to->values[i].n = (unsigned char)RTA_PAYLOAD(a);
		memcpy(to->values[i].bytes, RTA_DATA(a), to->values[i].n);
	}
	return 0;
}

static int find_addresses(int fd, int index, struct addresses *ret)
{
	struct ifaddrmsg head = { .ifa_family = AF_UNSPEC };
	struct netlink_request q;

	*ret = (struct addresses){ .index = index,
				   .v = calloc(NET_DEVICE_ADDRESSES_MAX, sizeof(*ret->v)) };
	if (!ret->v)
		return -ENOMEM;
	netlink_begin(&q, RTM_GETADDR, NLM_F_DUMP, &head, sizeof(head));
	return netlink_call(fd, &q, read_address, ret);
}

static void addresses_done(struct addresses *a)
{
	free(a->v);
}

static int add_address(int fd, int index, const struct address *a)
{
	struct ifaddrmsg head = a->head;
	struct netlink_request q;

	head.ifa_index = (unsigned int)index;
	head.ifa_flags = IFA_F_PERMANENT;
	netlink_begin(&q, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &head, sizeof(head));
	for (size_t i = 0; i < ARRAY_SIZE(kept); i++)
		if (a->values[i].n)
			netlink_add(&q, kept[i], a->values[i].bytes, a->values[i].n);
	return netlink_call(fd, &q, NULL, NULL);
}

static int set_up(int fd, int index)
{
	struct ifinfomsg info = { .ifi_index = index, .ifi_flags = IFF_UP, .ifi_change = IFF_UP };
	struct netlink_request q;

	netlink_begin(&q, RTM_NEWLINK, 0, &info, sizeof(info));
	return netlink_call(fd, &q, NULL, NULL);
}

/* The name it is to have: the kernel would choose a number itself, and not tell. */
static int choose_name(int to, struct net_device_move *m, struct err *e)
{
	const char *percent = strstr(m->to_name, "%d");
	struct link other;
	int r = 0;

	for (int i = 0; i < NUMBERS_MAX; i++) {
		if (percent)
			(void)err_format(m->is_named, sizeof(m->is_named), "%.*s%d%s",
					 (int)(percent - m->to_name), m->to_name, i, percent + 2);
		else
			(void)err_format(m->is_named, sizeof(m->is_named), "%s", m->to_name);
		r = find_link(to, m->is_named, &other);
		if (r == -ENODEV)
			return 0;
		if (r < 0 || !percent)
			break;
	}
	return r < 0 ? err_set(e, r, "look for device '%s'", m->is_named) :
		       err_plain(e, -EEXIST, "there is a device '%s' in its network namespace",
				 m->is_named);
}

static int change_namespace(int fd, int index, const struct net_device_move *m, struct err *e)
{
	struct ifinfomsg info = { .ifi_index = index };
	_cleanup_fd_ int own = m->to < 0 ? open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC) : -1;
	struct netlink_request q;
	int r;

	if (m->to < 0 && own < 0)
		return err_set(e, errno, "open '/proc/self/ns/net'");
	netlink_begin(&q, RTM_NEWLINK, 0, &info, sizeof(info));
	netlink_add_u32(&q, IFLA_NET_NS_FD, (uint32_t)(m->to < 0 ? own : m->to));
	netlink_add_text(&q, IFLA_IFNAME, m->is_named);
	r = netlink_call(fd, &q, NULL, NULL);
	if (r == 0)
		return 0;
	(void)err_set(e, r, "move device '%s' to another network namespace", m->name);
	if (r == -EINVAL || r == -EOPNOTSUPP)
		err_hint(e, "a device of this kind is bound to its network namespace");
	return r;
}

static int restore(int to, const struct net_device_move *m, const struct addresses *addresses,
		   struct err *e)
{
	struct link link;
	int r = find_link(to, m->is_named, &link);

	if (r < 0)
		return err_set(e, r, "find device '%s' where it was moved to", m->is_named);
	for (size_t i = 0; i < addresses->n; i++) {
		r = add_address(to, link.index, &addresses->v[i]);
		if (r < 0 && r != -EEXIST)
			return err_set(e, r, "give device '%s' its addresses again", m->is_named);
	}
	r = m->is_up ? set_up(to, link.index) : 0;
	return r < 0 ? err_set(e, r, "set up device '%s'", m->is_named) : 0;
}

int net_device_move(struct net_device_move *m, struct err *e)
{
	_cleanup_fd_ int from = netlink_open(m->from, e), to = -1;
	_cleanup_(addresses_done) struct addresses addresses = { .v = NULL };
	struct link link;
	int r;

	if (from < 0)
		return from;
	to = netlink_open(m->to, e);
	if (to < 0)
		return to;
	r = find_link(from, m->name, &link);
	if (r == -ENODEV)
		return err_plain(e, r, "there is no such device");
	if (r == 0)
		r = find_addresses(from, link.index, &addresses);
	if (r < 0)
		return err_set(e, r, "look at device '%s'", m->name);
	r = choose_name(to, m, e);
	if (r == 0)
		r = change_namespace(from, link.index, m, e);
	m->is_moved = r == 0;
	if (r == 0)
		r = restore(to, m, &addresses, e);
	m->is_up = link.flags & IFF_UP;
	return r;
}
