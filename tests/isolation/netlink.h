/* SPDX-License-Identifier: Apache-2.0 */
/* As much of netlink as probes need: requests with an answer, and dumps. */
#ifndef DAVIT_ISOLATION_NETLINK_H
#define DAVIT_ISOLATION_NETLINK_H

#include <linux/netlink.h>
#include <stddef.h>
#include <stdint.h>

#define NETLINK_SIZE 512 /* of a request */

struct netlink_request {
	struct nlmsghdr head;
	char body[NETLINK_SIZE];
};

/* netlink_start() - an empty request with @size bytes of @body, which may be NULL for zeros */
void netlink_start(struct netlink_request *r, uint16_t type, uint16_t flags, const void *body,
		   size_t size);
void netlink_attr(struct netlink_request *r, uint16_t type, const void *data, size_t size);

/* netlink_attr_find() - attribute @type of @m behind @head bytes of the family's header. Return: NULL if there is none */
const struct nlattr *netlink_attr_find(const struct nlmsghdr *m, size_t head, uint16_t type);
const void *netlink_attr_data(const struct nlattr *a);
uint32_t netlink_attr_u32(const struct nlattr *a); /* 0 if @a is NULL or too short */

/* netlink_ask() - send @r on a new socket of @protocol and wait for the answer.
 * Return: 0 or the errno of what failed, which may be the request. */
int netlink_ask(int protocol, struct netlink_request *r);

/* netlink_dump() - call @each for every message of the answer to the dump request @r, until it returns
 * non-zero. Return: that; 0 at the end; -errno */
int netlink_dump(int protocol, struct netlink_request *r,
		 int (*each)(const struct nlmsghdr *m, void *data), void *data);

#endif
