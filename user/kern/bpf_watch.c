// SPDX-License-Identifier: Apache-2.0
/* Reading events: a ring buffer of our own among those that the programs write to (Documentation/bpf/ringbuf.rst). */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/env.h"
#include "base/err.h"
#include "base/lock.h"
#include "kern/bpf.h"
#include "kern/bpf_internal.h"
#include "kern/bpf_sys.h"

/**
 * struct bpf_watch
 * @lock:     on the file that says who has @number
 * @consumer: page with our position
 * @producer: page with theirs, and the data behind it, twice in a row
 */
struct bpf_watch {
	struct bpf_set *set;
	int ring, lock;
	uint32_t number;
	unsigned long *consumer;
	char *producer;
};

static size_t page_size(void)
{
	return (size_t)getpagesize();
}

static size_t producer_size(void)
{
	return page_size() + 2ul * FILTER_RING_SIZE;
}

/* A number whose reader is gone: the lock went with it. */
static int take_number(const struct env *env, struct bpf_watch *w, struct err *e)
{
	char path[BPF_SET_PATH_MAX];

	for (w->number = 0; w->number < FILTER_WATCHERS; w->number++) {
		(void)err_format(path, sizeof(path), "%s/watch.%u.lock", env->state, w->number);
		w->lock = lock_open(AT_FDCWD, path, LOCK_EX | LOCK_NB, e);
		if (w->lock >= 0)
			return 0;
		if (w->lock != -EWOULDBLOCK)
			return w->lock;
		err_clear(e);
	}
	return err_plain(e, -EUSERS, "there are %u readers of events, and there can be no more",
			 FILTER_WATCHERS);
}

static int map_ring(struct bpf_watch *w)
{
	void *p = mmap(NULL, page_size(), PROT_READ | PROT_WRITE, MAP_SHARED, w->ring, 0);

	if (p == MAP_FAILED)
		return -errno;
	w->consumer = p;
	p = mmap(NULL, producer_size(), PROT_READ, MAP_SHARED, w->ring, (off_t)page_size());
	if (p == MAP_FAILED)
		return -errno;
	w->producer = p;
	return 0;
}

static int open_ring(struct bpf_watch *w, struct err *e)
{
	int watchers = bpf_set_map(w->set, MAP_WATCHERS, e), r;

	if (watchers < 0)
		return watchers;
	w->ring = bpf_sys_map_create(BPF_MAP_TYPE_RINGBUF, 0, 0, FILTER_RING_SIZE, 0, -1,
				     "davit_events");
	if (w->ring < 0)
		return err_set(e, w->ring, "create BPF ring buffer");
	r = map_ring(w);
	if (r < 0)
		return err_set(e, r, "map BPF ring buffer");
	r = bpf_sys_update(watchers, &w->number, &w->ring, BPF_ANY);
	return r < 0 ? err_set(e, r, "add to '%s/watchers'", w->set->dir) : 0;
}

int bpf_watch_open(const struct env *env, struct bpf_set *set, struct bpf_watch **ret,
		   struct err *e)
{
	_cleanup_(bpf_watch_closep) struct bpf_watch *w = malloc(sizeof(*w));
	int r;

	if (!w)
		return err_set(e, ENOMEM, "read events");
	*w = (struct bpf_watch){ .set = set, .ring = -1, .lock = -1 };
	r = take_number(env, w, e);
	if (r == 0)
		r = open_ring(w, e);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(w);
	return 0;
}

void bpf_watch_close(struct bpf_watch *w)
{
	if (!w)
		return;
	if (w->lock >= 0 && w->set->fds[MAP_WATCHERS] >= 0)
		(void)bpf_sys_delete(w->set->fds[MAP_WATCHERS],
				     &w->number); /* perhaps it was not there */
	if (w->consumer)
		(void)munmap(w->consumer, page_size());
	if (w->producer)
		(void)munmap(w->producer, producer_size());
	(void)fd_close(w->ring);
	(void)fd_close(w->lock); /* last: the number is free from here on */
	free(w);
}

void bpf_watch_closep(struct bpf_watch **w)
{
	bpf_watch_close(*w);
}

int bpf_watch_fd(const struct bpf_watch *w)
{
	return w->ring;
}

static void event_from(const struct filter_event *event, struct net_flow *ret)
{
	bpf_set_flow_from(&event->flow, event->rule, ret);
	ret->denied.monotonic_ns = event->time;
	ret->suppressed = event->suppressed;
	ret->pid = event->who.pid;
	memcpy(ret->comm, event->who.comm, NET_COMM);
}

bool bpf_watch_next(struct bpf_watch *w, struct net_flow *ret)
{
	const unsigned long *produced = (const unsigned long *)(const void *)w->producer;
	const char *data = w->producer + page_size();
	unsigned long at = *w->consumer;

	while (at < __atomic_load_n(produced, __ATOMIC_ACQUIRE)) {
		const char *record = data + (at & (FILTER_RING_SIZE - 1));
		uint32_t len =
			__atomic_load_n((const uint32_t *)(const void *)record, __ATOMIC_ACQUIRE);
		uint32_t size = len & ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);
		struct filter_event event;
		bool is_event = !(len & BPF_RINGBUF_DISCARD_BIT) && size == sizeof(event);

		if (len & BPF_RINGBUF_BUSY_BIT)
			return false;
		if (is_event)
			memcpy(&event, record + BPF_RINGBUF_HDR_SZ, sizeof(event));
		at += (size + BPF_RINGBUF_HDR_SZ + 7) & ~7ul;
		__atomic_store_n(w->consumer, at, __ATOMIC_RELEASE);
		if (is_event) {
			event_from(&event, ret);
			return true;
		}
	}
	return false;
}
