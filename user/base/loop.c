// SPDX-License-Identifier: Apache-2.0
/* A small epoll loop. */
#include "base/loop.h"

#include <errno.h>
#include <stddef.h>

#include "base/cleanup.h"
#include "base/err.h"

int loop_init(struct loop *l, struct err *e)
{
	l->n_batch = 0;
	l->fd = epoll_create1(EPOLL_CLOEXEC);
	return l->fd < 0 ? err_set(e, errno, "create event loop") : 0;
}

void loop_done(struct loop *l)
{
	l->fd = fd_close(l->fd);
}

int loop_add(struct loop *l, struct loop_source *s, int fd, uint32_t events, loop_fn fn, void *data,
	     struct err *e)
{
	struct epoll_event ev = { .events = events, .data = { .ptr = s } };

	if (epoll_ctl(l->fd, EPOLL_CTL_ADD, fd, &ev) < 0) {
		s->fd = -1;
		return err_set(e, errno, "watch descriptor %d", fd);
	}
	*s = (struct loop_source){ .fd = fd, .events = events, .fn = fn, .data = data };
	return 0;
}

int loop_want(struct loop *l, struct loop_source *s, uint32_t events)
{
	struct epoll_event ev = { .events = events, .data = { .ptr = s } };

	if (s->fd < 0 || s->events == events)
		return 0;
	if (epoll_ctl(l->fd, EPOLL_CTL_MOD, s->fd, &ev) < 0)
		return -errno;
	s->events = events;
	return 0;
}

void loop_del(struct loop *l, struct loop_source *s)
{
	if (s->fd < 0)
		return;
	(void)epoll_ctl(l->fd, EPOLL_CTL_DEL, s->fd, NULL); /* fails only if it is not there */
	s->fd = -1;
	for (int i = 0; i < l->n_batch; i++)
		if (l->batch[i].data.ptr == s)
			l->batch[i].data.ptr = NULL;
}

int loop_wait(struct loop *l, int timeout_ms)
{
	int n = epoll_wait(l->fd, l->batch, LOOP_BATCH, timeout_ms), called = 0;

	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	l->n_batch = n;
	for (int i = 0; i < n; i++) {
		struct loop_source *s = l->batch[i].data.ptr;

		if (!s)
			continue; /* removed by a callback of this batch */
		s->fn(s, l->batch[i].events);
		called++;
	}
	l->n_batch = 0;
	return called;
}
