// SPDX-License-Identifier: Apache-2.0
/* rtnetlink(7): requests of some attributes, answers one by one. */
#include "kern/netlink.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"

#define ANSWER_MAX 32768u /* what the kernel puts into one datagram of a dump */

static int make_socket(struct err *e)
{
	static const int yes = 1;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	if (fd < 0)
		return err_set(e, errno, "make a netlink socket");
	/* errors without a copy of the request; a kernel that cannot sends the copy */
	(void)setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &yes, sizeof(yes));
	return fd;
}

int netlink_open(int netns, struct err *e)
{
	_cleanup_fd_ int own = -1, fd = -1;

	if (netns < 0)
		return make_socket(e);
	own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (own < 0 || setns(netns, CLONE_NEWNET) < 0)
		return err_set(e, errno, "enter a network namespace");
	fd = make_socket(e);
	if (setns(own, CLONE_NEWNET) < 0)
		return err_set(e, errno, "return from a network namespace");
	return TAKE_FD(fd);
}

void netlink_begin(struct netlink_request *q, uint16_t type, uint16_t flags, const void *fixed,
		   size_t n)
{
	struct nlmsghdr h = { .nlmsg_type = type,
			      .nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags) };

	memset(q, 0, sizeof(*q));
	memcpy(q->bytes, &h, sizeof(h));
	memcpy(q->bytes + NLMSG_HDRLEN, fixed, n);
	q->n = NLMSG_SPACE(n);
}

void netlink_add(struct netlink_request *q, uint16_t attribute, const void *p, size_t n)
{
	struct rtattr a = { .rta_type = attribute, .rta_len = (uint16_t)RTA_LENGTH(n) };

	if (q->n > sizeof(q->bytes) || RTA_SPACE(n) > sizeof(q->bytes) - q->n) {
		q->n = SIZE_MAX; /* sticky */
		return;
	}
	memcpy(q->bytes + q->n, &a, sizeof(a));
	if (n)
		memcpy(q->bytes + q->n + RTA_LENGTH(0), p, n);
	q->n += RTA_SPACE(n);
}

void netlink_add_u32(struct netlink_request *q, uint16_t attribute, uint32_t v)
{
	netlink_add(q, attribute, &v, sizeof(v));
}

void netlink_add_text(struct netlink_request *q, uint16_t attribute, const char *text)
{
	netlink_add(q, attribute, text, strlen(text) + 1);
}

static int send_request(int fd, struct netlink_request *q)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	struct nlmsghdr *h = (void *)q->bytes;

	if (q->n > sizeof(q->bytes))
		return -E2BIG;
	h->nlmsg_len = (uint32_t)q->n;
	/* a dump ends with NLMSG_DONE, what else there is with an acknowledgement */
	if ((h->nlmsg_flags & NLM_F_DUMP) != NLM_F_DUMP)
		h->nlmsg_flags |= NLM_F_ACK;
	return sendto(fd, q->bytes, q->n, 0, (const struct sockaddr *)&kernel, sizeof(kernel)) < 0 ?
		       -errno :
		       0;
}

/* Return: 1 = the last one, 0 = more follow; -errno */
static int take_answer(const struct nlmsghdr *h, netlink_each_fn *each, void *data)
{
	const struct nlmsgerr *error = NLMSG_DATA(h);

	if (h->nlmsg_type == NLMSG_DONE)
		return 1;
	if (h->nlmsg_type == NLMSG_ERROR) {
		if (h->nlmsg_len < NLMSG_LENGTH(sizeof(error->error)))
			return -EBADMSG;
		return error->error ? error->error : 1;
	}
	return each ? each(h, data) : 0;
}

int netlink_call(int fd, struct netlink_request *q, netlink_each_fn *each, void *data)
{
	static _Alignas(struct nlmsghdr) unsigned char answer[ANSWER_MAX];
	int r = send_request(fd, q), failed = 0;

	while (r == 0) {
		ssize_t got = recv(fd, answer, sizeof(answer), MSG_TRUNC);
		size_t n = (size_t)got;

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (n > sizeof(answer))
			return -EMSGSIZE;
		for (const struct nlmsghdr *h = (void *)answer; r == 0 && NLMSG_OK(h, n);
		     h = NLMSG_NEXT(h, n)) {
			r = take_answer(h, failed ? NULL : each, data);
			/* the rest is read all the same: the next call starts with its own answer */
			if (r < 0 && h->nlmsg_type != NLMSG_ERROR) {
				failed = r;
				r = 0;
			}
		}
	}
	return failed ? failed : r < 0 ? r : 0;
}

const struct rtattr *netlink_find(const struct nlmsghdr *h, size_t fixed, uint16_t attribute)
{
	const struct rtattr *a = (const void *)((const char *)NLMSG_DATA(h) + NLMSG_ALIGN(fixed));
	size_t n;

	if (h->nlmsg_len < NLMSG_SPACE(fixed))
		return NULL;
	for (n = h->nlmsg_len - NLMSG_SPACE(fixed); RTA_OK(a, n); a = RTA_NEXT(a, n))
		if ((a->rta_type & NLA_TYPE_MASK) == attribute)
			return a;
	return NULL;
}
