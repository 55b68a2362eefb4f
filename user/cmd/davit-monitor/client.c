// SPDX-License-Identifier: Apache-2.0
/* Attached clients: packets to and from them. */
#include <errno.h>
#include <string.h>
#include <sys/param.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "monitor.h"

static bool client_is_behind(const struct client *c)
{
	return c->is_used && !c->is_deaf && c->pos < c->m->queue.n;
}

/* Send what it has not got. */
static void client_send(struct client *c)
{
	struct queue *q = &c->m->queue;

	while (client_is_behind(c)) {
		struct queue_item item;
		uint32_t n;
		int r;

		memcpy(&item, q->p + c->pos, sizeof(item));
		n = MIN(item.n - (uint32_t)c->taken, ATTACH_PAYLOAD_MAX);
		r = attach_send(c->fd, item.type, q->p + c->pos + sizeof(item) + c->taken, n);
		if (r == -EAGAIN)
			return;
		if (r < 0) {
			c->is_deaf = true;
			return;
		}
		c->progress_ms = now_ms();
		c->taken += n;
		if (c->taken == item.n) {
			c->pos += sizeof(item) + item.n;
			c->taken = 0;
		}
	}
}

static void client_want(struct client *c)
{
	struct monitor *m = c->m;
	uint32_t events = m->input.n || m->has_ended ? 0 : EPOLLIN;

	if (client_is_behind(c))
		events |= EPOLLOUT;
	(void)loop_want(&m->loop, &c->src, events);
}

void clients_pump(struct monitor *m)
{
	bool all_done = true;

	for (int i = 0; i < CLIENTS_MAX; i++) {
		struct client *c = &m->clients[i];

		if (!c->is_used)
			continue;
		client_send(c);
		client_want(c);
		all_done &= !client_is_behind(c);
	}
	if (!all_done)
		return;
	m->queue.n = 0;
	for (int i = 0; i < CLIENTS_MAX; i++)
		m->clients[i].pos = 0;
}

bool clients_pending(const struct monitor *m)
{
	for (int i = 0; i < CLIENTS_MAX; i++)
		if (client_is_behind(&m->clients[i]))
			return true;
	return false;
}

static void client_drop(struct client *c)
{
	struct monitor *m = c->m;
	bool ends_input = m->args.stdin_once && c->has_input && m->args.stdin_fd;

	loop_del(&m->loop, &c->src);
	(void)fd_close(c->fd);
	c->is_used = false;
	c->fd = -1;
	if (ends_input)
		input_end(m);
}

static bool take_packet(struct client *c, const uint8_t *p, size_t n)
{
	struct monitor *m = c->m;
	struct attach_size size;

	switch (p[0]) {
	case ATTACH_STDIN:
		c->has_input = true;
		m->input.n = n;
		m->input.done = 1;
		input_deliver(m);
		return true;
	case ATTACH_EOF:
		c->has_input = true;
		if (m->args.stdin_once && m->args.stdin_fd)
			input_end(m);
		return n == 1;
	case ATTACH_RESIZE:
		if (n != 1 + sizeof(size))
			return false;
		memcpy(&size, p + 1, sizeof(size));
		input_resize(m, &size);
		return true;
	case ATTACH_CLOSE:
		if (n != 2 || !c->is_initial || m->args.pty_fd)
			return false;
		output_shut(m, p[1] == ATTACH_STDERR ? LOG_STDERR : LOG_STDOUT);
		return true;
	default:
		return false;
	}
}

/* Return: false when the client is gone. */
static bool client_receive(struct client *c)
{
	struct input *in = &c->m->input;
	ssize_t n = attach_receive(c->fd, in->packet, sizeof(in->packet));

	if (n <= 0)
		return n == -EAGAIN;
	c->m->is_warm = true;
	return take_packet(c, in->packet, (size_t)n);
}

static void on_client(struct loop_source *s, uint32_t events)
{
	struct client *c = s->data;
	struct monitor *m = c->m;

	if (events & EPOLLOUT) {
		clients_pump(m);
		output_resume(m);
	}
	if (m->has_ended) {
		if (events & (EPOLLHUP | EPOLLERR))
			client_drop(c);
	} else if (m->input.n) {
		/* hung up, with packets that have to wait for their turn */
		if (events & (EPOLLHUP | EPOLLERR)) {
			loop_del(&m->loop, s);
			c->is_parked = true;
		}
		return;
	} else if (events & (EPOLLIN | EPOLLHUP | EPOLLERR) && !client_receive(c)) {
		client_drop(c);
	}
	clients_pump(m); /* the queue may have waited for this one alone */
	output_resume(m);
}

void clients_listen(struct monitor *m)
{
	for (int i = 0; i < CLIENTS_MAX; i++) {
		struct client *c = &m->clients[i];

		if (!c->is_used)
			continue;
		if (c->is_parked && !m->input.n) {
			c->is_parked = false;
			if (loop_add(&m->loop, &c->src, c->fd, EPOLLIN, on_client, c, NULL) < 0) {
				client_drop(c);
				continue;
			}
		}
		client_want(c);
	}
}

void client_add(struct monitor *m, int fd, bool is_initial)
{
	struct attach_hello hello = {
		.version = ATTACH_VERSION,
		.flags = (m->args.pty_fd ? ATTACH_HELLO_TTY : 0) |
			 (input_is_open(m) ? ATTACH_HELLO_STDIN : 0),
	};
	struct client *c = NULL;

	for (int i = 0; i < CLIENTS_MAX && !c; i++)
		if (!m->clients[i].is_used)
			c = &m->clients[i];
	if (!c) {
		(void)fd_close(fd);
		return;
	}
	*c = (struct client){
		.m = m,
		.src = { .fd = -1 },
		.fd = fd,
		.pos = m->queue.n, /* from now on */
		.is_used = true,
		.is_initial = is_initial,
		.has_input = is_initial,
		/* gone already, but what it has sent counts */
		.is_deaf = attach_send(fd, ATTACH_HELLO, &hello, sizeof(hello)) < 0,
	};
	if (loop_add(&m->loop, &c->src, fd, m->input.n ? 0 : EPOLLIN, on_client, c, NULL) < 0)
		client_drop(c);
}

void client_accept(struct loop_source *s, uint32_t events)
{
	int fd = accept4(s->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)events;
	if (fd >= 0)
		client_add(s->data, fd, false);
}

int clients_drop_stalled(struct monitor *m)
{
	int64_t now, next = INT64_MAX;
	bool dropped = false;

	if (!m->blocked_ms)
		return -1;
	now = now_ms();
	for (int i = 0; i < CLIENTS_MAX; i++) {
		struct client *c = &m->clients[i];
		int64_t deadline = MAX(m->blocked_ms, c->progress_ms) + ATTACH_STALL_MS;

		/* the initial client is the container's stdio: slow as its reader pleases */
		if (c->is_initial || !client_is_behind(c))
			continue;
		if (deadline <= now) {
			client_drop(c);
			dropped = true;
		} else {
			next = MIN(next, deadline - now);
		}
	}
	if (dropped) {
		clients_pump(m);
		output_resume(m);
	}
	return next == INT64_MAX ? -1 : (int)next;
}
