// SPDX-License-Identifier: Apache-2.0
/* From the container to the log and the queue of the clients. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/param.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "monitor.h"

void queue_init(struct queue *q)
{
	q->p = q->fixed;
	q->size = sizeof(q->fixed);
}

static bool queue_has_room(const struct queue *q, size_t n)
{
	return q->size - q->n >= sizeof(struct queue_item) + n;
}

static bool queue_reserve(struct queue *q, size_t n)
{
	size_t size = 2 * q->size + n;
	uint8_t *p;

	if (queue_has_room(q, n))
		return true;
	p = q->p == q->fixed ? malloc(size) : realloc(q->p, size);
	if (!p)
		return false;
	if (q->p == q->fixed)
		memcpy(p, q->fixed, q->n);
	q->p = p;
	q->size = size;
	return true;
}

static uint8_t *queue_tail(const struct queue *q)
{
	return q->p + q->n + sizeof(struct queue_item);
}

/* The @n bytes at queue_tail() are an item now. */
static void queue_commit(struct queue *q, enum attach_type type, uint32_t n)
{
	struct queue_item item = { .n = n, .type = (uint8_t)type };

	memcpy(q->p + q->n, &item, sizeof(item));
	q->n += sizeof(item) + n;
}

bool queue_add(struct queue *q, enum attach_type type, const void *p, uint32_t n)
{
	if (!queue_reserve(q, n))
		return false;
	memcpy(queue_tail(q), p, n);
	queue_commit(q, type, n);
	return true;
}

static void output_close(struct output *o)
{
	loop_del(&o->m->loop, &o->src);
	if (o->fd != (int)o->m->args.pty_fd)
		(void)fd_close(o->fd); /* the terminal's master is for input and size too */
	o->fd = -1;
}

/* Read once. Return: bytes, 0 = nothing now, -1 = closed. The queue has room for READ_SIZE. */
static ssize_t output_read(struct output *o)
{
	struct monitor *m = o->m;
	ssize_t n = read(o->fd, queue_tail(&m->queue), READ_SIZE);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0) {
		output_close(o);
		return -1;
	}
	log_writer_add(&m->log, o->stream, (const char *)queue_tail(&m->queue), (size_t)n);
	queue_commit(&m->queue, o->stream == LOG_STDOUT ? ATTACH_STDOUT : ATTACH_STDERR,
		     (uint32_t)n);
	m->is_warm = true;
	clients_pump(m);
	return n;
}

static void on_output(struct loop_source *s, uint32_t events)
{
	struct output *o = s->data;

	(void)events; /* also for EPOLLHUP: what is left is read first */
	for (int i = 0; i < READS_IN_ROW && queue_has_room(&o->m->queue, READ_SIZE); i++)
		if (output_read(o) < (ssize_t)READ_SIZE)
			break;
	output_resume(o->m);
}

void output_init(struct output *o, struct monitor *m, int fd, enum log_stream stream)
{
	*o = (struct output){ .m = m, .src = { .fd = -1 }, .fd = fd, .stream = stream };
	if (fd >= 0)
		(void)fcntl(fd, F_SETFL, O_NONBLOCK | fcntl(fd, F_GETFL));
}

void output_resume(struct monitor *m)
{
	bool has_room = queue_has_room(&m->queue, READ_SIZE);

	if (m->has_ended)
		return;
	m->blocked_ms = has_room ? 0 : m->blocked_ms ? m->blocked_ms : now_ms();
	for (size_t i = 0; i < ARRAY_SIZE(m->outputs); i++) {
		struct output *o = &m->outputs[i];

		/* not by an empty event mask: EPOLLHUP would come again and again */
		if (!has_room)
			loop_del(&m->loop, &o->src);
		else if (o->fd >= 0 && o->src.fd < 0)
			(void)loop_add(&m->loop, &o->src, o->fd, EPOLLIN, on_output, o, NULL);
	}
}

void output_shut(struct monitor *m, enum log_stream stream)
{
	if (m->outputs[stream].fd >= 0)
		output_close(&m->outputs[stream]);
}

static size_t drain_limit(int fd)
{
	int size = fcntl(fd, F_GETPIPE_SZ);

	return size > 0 ? (size_t)size : DRAIN_MAX;
}

/* A process outside the container may still hold the other end: bounded, and never waiting. */
void output_drain(struct monitor *m)
{
	for (size_t i = 0; i < ARRAY_SIZE(m->outputs); i++) {
		struct output *o = &m->outputs[i];
		size_t left = o->fd < 0 ? 0 : drain_limit(o->fd);

		while (left && queue_reserve(&m->queue, READ_SIZE)) {
			ssize_t n = output_read(o);

			if (n <= 0)
				break;
			left -= MIN(left, (size_t)n);
		}
		if (o->fd >= 0)
			output_close(o);
	}
	log_writer_end(&m->log);
}
