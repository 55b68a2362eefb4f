/* SPDX-License-Identifier: Apache-2.0 */
/* rtnetlink(7): requests of some attributes, answers one by one. */
#ifndef DAVIT_KERN_NETLINK_H
#define DAVIT_KERN_NETLINK_H

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stddef.h>
#include <stdint.h>

struct err;

#define NETLINK_REQUEST_MAX 1024u /* bytes of a request */

/**
 * struct netlink_request - a message in the making; netlink_begin(), netlink_add(), netlink_call()
 *
 * One that has got too long is refused by netlink_call() with -E2BIG.
 */
struct netlink_request {
	_Alignas(struct nlmsghdr) unsigned char bytes[NETLINK_REQUEST_MAX];
	size_t n;
};

/* netlink_open() - a socket in the network namespace @netns; -1 = where we are. Return: fd; -errno. */
int netlink_open(int netns, struct err *e);

/* netlink_begin() - a message of @type with its fixed part of @n bytes */
void netlink_begin(struct netlink_request *q, uint16_t type, uint16_t flags, const void *fixed,
		   size_t n);
void netlink_add(struct netlink_request *q, uint16_t attribute, const void *p, size_t n);
void netlink_add_u32(struct netlink_request *q, uint16_t attribute, uint32_t v);
void netlink_add_text(struct netlink_request *q, uint16_t attribute, const char *text);

/* for an answer; not 0 ends the call with it */
typedef int netlink_each_fn(const struct nlmsghdr *h, void *data);

/**
 * netlink_call() - send it and read all answers
 * @each: NULL, or called for each message that is no acknowledgement
 *
 * Return: 0; -errno of the kernel.
 */
int netlink_call(int fd, struct netlink_request *q, netlink_each_fn *each, void *data);

/* netlink_find() - an attribute behind the fixed part of @fixed bytes; NULL = there is none */
const struct rtattr *netlink_find(const struct nlmsghdr *h, size_t fixed, uint16_t attribute);

#endif
