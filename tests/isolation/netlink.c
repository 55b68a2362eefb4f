// SPDX-License-Identifier: Apache-2.0
/* As much of netlink as probes need. */
#include "netlink.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define ANSWER_WAIT_S 3
#define ANSWER_SIZE 32768

void netlink_start(struct netlink_request *r, uint16_t type, uint16_t flags, const void *body,
		   size_t size)
{
	memset(r, 0, sizeof(*r));
	r->head.nlmsg_type = type;
	r->head.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	r->head.nlmsg_len = (uint32_t)(NLMSG_HDRLEN + NLMSG_ALIGN(size));
	if (body && size <= sizeof(r->body))
		memcpy(r->body, body, size);
}

void netlink_attr(struct netlink_request *r, uint16_t type, const void *data, size_t size)
{
	struct nlattr a = { .nla_len = (uint16_t)(NLA_HDRLEN + size), .nla_type = type };
	size_t at = r->head.nlmsg_len - NLMSG_HDRLEN;

	if (at + NLA_HDRLEN + NLA_ALIGN(size) > sizeof(r->body))
		return;
	memcpy(r->body + at, &a, sizeof(a));
	if (size)
		memcpy(r->body + at + NLA_HDRLEN, data, size);
	r->head.nlmsg_len += (uint32_t)(NLA_HDRLEN + NLA_ALIGN(size));
}

const struct nlattr *netlink_attr_find(const struct nlmsghdr *m, size_t head, uint16_t type)
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

const void *netlink_attr_data(const struct nlattr *a)
{
	return (const char *)a + NLA_HDRLEN;
}

uint32_t netlink_attr_u32(const struct nlattr *a)
{
	uint32_t v = 0;

	if (a && a->nla_len >= NLA_HDRLEN + sizeof(v))
		memcpy(&v, netlink_attr_data(a), sizeof(v));
	return v;
}

/* Return: a socket that has sent @r; -errno */
static int send_request(int protocol, struct netlink_request *r)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	struct timeval wait = { .tv_sec = ANSWER_WAIT_S };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);

	if (fd < 0)
		return -errno;
	r->head.nlmsg_seq = 1;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) == 0 &&
	    sendto(fd, r, r->head.nlmsg_len, 0, (struct sockaddr *)&kernel, sizeof(kernel)) >= 0)
		return fd;

	int err = errno;

	(void)close(fd);
	return -err;
}

static int error_of(const struct nlmsghdr *m)
{
	const struct nlmsgerr *e = NLMSG_DATA(m);

	return m->nlmsg_len < NLMSG_LENGTH(sizeof(*e)) ? -EBADMSG : e->error;
}

static int next_messages(int fd, int (*each)(const struct nlmsghdr *m, void *data), void *data,
			 bool *ret_is_done)
{
	static union {
		struct nlmsghdr head;
		char bytes[ANSWER_SIZE];
	} answer;
	ssize_t n = recv(fd, &answer, sizeof(answer), 0);
	unsigned int left = n < 0 ? 0 : (unsigned int)n;

	*ret_is_done = true;
	if (n < 0)
		return -errno;
	for (struct nlmsghdr *m = &answer.head; NLMSG_OK(m, left); m = NLMSG_NEXT(m, left)) {
		int r;

		if (m->nlmsg_type == NLMSG_DONE)
			return 0;
		if (m->nlmsg_type == NLMSG_ERROR)
			return error_of(m);
		r = each ? each(m, data) : 0;
		if (r)
			return r;
	}
	*ret_is_done = false;
	return 0;
}

int netlink_dump(int protocol, struct netlink_request *r,
		 int (*each)(const struct nlmsghdr *m, void *data), void *data)
{
	int fd, err = 0;
	bool is_done = false;

	r->head.nlmsg_flags |= NLM_F_DUMP;
	fd = send_request(protocol, r);
	if (fd < 0)
		return fd;
	while (!is_done)
		err = next_messages(fd, each, data, &is_done);
	(void)close(fd);
	return err;
}

int netlink_ask(int protocol, struct netlink_request *r)
{
	int fd, err;
	bool is_done;

	r->head.nlmsg_flags |= NLM_F_ACK;
	fd = send_request(protocol, r);
	if (fd < 0)
		return -fd;
	err = next_messages(fd, NULL, NULL, &is_done);
	(void)close(fd);
	return -err;
}
