// SPDX-License-Identifier: Apache-2.0
/* Between our stdio and a process of ours. */
#include "runtime/relay.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "kern/tty.h"
#include "runtime/console.h"

#define RELAY_BUF   32768u
#define DRAIN_READS 256u /* from one stream after the end; a pipe holds far less */

/* stream: from a pipe or a terminal to our stdout or stderr */
struct stream {
	int fd; /* -1 = at its end */
	size_t n, done;
	unsigned char buf[RELAY_BUF];
};

struct relay {
	struct console console;
	struct relay_fds *f;
	bool has_ended, is_detached;
	struct stream out[2];
	size_t n_typed, done;
	unsigned char typed[RELAY_BUF];
};

static void set_size(struct relay *r)
{
	struct winsize ws;

	if (r->f->pty >= 0 && console_size(&r->console, &ws))
		(void)tty_set_winsize(r->f->pty, &ws);
}

static int *input_fd(struct relay *r)
{
	return r->f->pty >= 0 ? &r->f->pty : &r->f->in;
}

static void end_input(struct relay *r)
{
	r->n_typed = 0;
	if (r->f->pty < 0)
		r->f->in = fd_close(r->f->in);
}

static void flush_input(struct relay *r)
{
	while (r->done < r->n_typed) {
		ssize_t w = write(*input_fd(r), r->typed + r->done, r->n_typed - r->done);

		if (w < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (w <= 0) {
			end_input(r); /* it reads no more */
			return;
		}
		r->done += (size_t)w;
	}
	r->n_typed = 0;
}

static void read_input(struct relay *r)
{
	ssize_t n = console_read(&r->console, r->typed, sizeof(r->typed));

	if (n == 0) {
		end_input(r);
	} else if (n > 0) {
		r->n_typed = (size_t)n;
		r->done = 0;
		flush_input(r);
	}
	r->is_detached = r->console.is_detached;
}

/* The reader of our stdout or stderr is gone: so is that of the process. */
static void lose_output(struct relay *r, unsigned int i)
{
	console_lose(&r->console, i);
	if (r->f->pty >= 0)
		return;
	if (i == 0)
		r->f->out = fd_close(r->f->out);
	else
		r->f->err = fd_close(r->f->err);
	r->out[i].fd = -1;
}

static int flush_stream(struct relay *r, unsigned int i, struct err *e)
{
	struct stream *s = &r->out[i];

	while (s->done < s->n) {
		ssize_t w = console_write(&r->console, i, s->buf + s->done, s->n - s->done);

		if (w == -EAGAIN)
			return 0;
		if (w < 0 && w != -EPIPE && r->f->pty >= 0)
			r->f->lost = (int)w;
		if (w == -EPIPE || (w < 0 && r->f->pty >= 0))
			lose_output(r, i);
		else if (w < 0 && i == 0)
			return err_set(e, (int)w, "write to standard output");
		s->done += w < 0 ? s->n - s->done : (size_t)w;
	}
	s->n = 0;
	return 0;
}

/* Return: 1 when something came, 0 when not, -errno. */
static int fill_stream(struct relay *r, unsigned int i, struct err *e)
{
	struct stream *s = &r->out[i];
	ssize_t n = read(s->fd, s->buf, sizeof(s->buf));
	int k;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0) { /* EIO of a terminal that nobody has open is an end as well */
		s->fd = -1;
		return 0;
	}
	s->n = (size_t)n;
	s->done = 0;
	k = flush_stream(r, i, e);
	return k < 0 ? k : 1;
}

enum { AT_PID, AT_SIGNAL, AT_IN, AT_IN_TO, AT_OUT, AT_ERR, AT_COUNT };

static struct pollfd poll_stream(const struct relay *r, unsigned int i)
{
	const struct stream *s = &r->out[i];

	if (s->n)
		return (struct pollfd){ .fd = r->console.out[i].fd, .events = POLLOUT };
	return (struct pollfd){ .fd = r->has_ended ? -1 : s->fd, .events = POLLIN };
}

static int serve_stream(struct relay *r, unsigned int i, struct err *e)
{
	return r->out[i].n ? flush_stream(r, i, e) : fill_stream(r, i, e);
}

static int step(struct relay *r, struct err *e)
{
	struct console *c = &r->console;
	bool wants_input = !r->n_typed && *input_fd(r) >= 0 && !r->has_ended;
	struct pollfd p[AT_COUNT] = {
		[AT_PID] = { .fd = r->has_ended ? -1 : r->f->pidfd, .events = POLLIN },
		[AT_SIGNAL] = { .fd = c->sig_fd, .events = POLLIN },
		[AT_IN] = { .fd = wants_input ? c->in.fd : -1, .events = POLLIN },
		[AT_IN_TO] = { .fd = r->n_typed && !r->has_ended ? *input_fd(r) : -1,
				 .events = POLLOUT },
		[AT_OUT] = poll_stream(r, 0),
		[AT_ERR] = poll_stream(r, 1),
	};
	int k;

	if (poll(p, AT_COUNT, -1) < 0)
		return errno == EINTR ? 0 : err_set(e, errno, "wait for input and output");
	for (unsigned int i = 0; i < 2; i++) {
		k = p[AT_OUT + i].revents ? serve_stream(r, i, e) : 0;
		if (k < 0)
			return k;
	}
	if (p[AT_SIGNAL].revents && console_signals(c))
		set_size(r);
	r->is_detached = c->is_detached;
	if (p[AT_IN_TO].revents)
		flush_input(r);
	if (p[AT_IN].revents)
		read_input(r);
	if (p[AT_PID].revents)
		r->has_ended = true;
	return 0;
}

/* The process has ended: pass on what it left; what its children still write is not waited for. */
static int drain(struct relay *r, unsigned int i, struct err *e)
{
	struct stream *s = &r->out[i];
	int k = 1;

	for (unsigned int reads = 0; k > 0; reads++) {
		while (s->n) {
			k = step(r, e);
			if (k < 0)
				return k;
		}
		k = s->fd < 0 || reads == DRAIN_READS ? 0 : fill_stream(r, i, e);
	}
	return k;
}

static void set_nonblock(int fd)
{
	if (fd >= 0)
		(void)fcntl(fd, F_SETFL, O_NONBLOCK | fcntl(fd, F_GETFL));
}

int relay_run(struct relay_fds *f, const struct console_opts *o, bool *ret_detached, struct err *e)
{
	struct relay r;
	int k;

	r.f = f;
	f->lost = 0;
	r.has_ended = r.is_detached = false;
	r.n_typed = r.done = r.out[0].n = r.out[1].n = 0;
	r.out[0].fd = f->pty >= 0 ? f->pty : f->out;
	r.out[1].fd = f->pty >= 0 ? -1 : f->err;
	set_nonblock(f->pty);
	set_nonblock(f->in);
	set_nonblock(f->out);
	set_nonblock(f->err);
	k = console_open(&r.console, o, e);
	if (k == 0)
		set_size(&r);
	if (k == 0 && !o->with_stdin)
		end_input(&r);
	while (k == 0 && !r.has_ended && !r.is_detached)
		k = step(&r, e);
	for (unsigned int i = 0; k == 0 && r.has_ended && i < 2; i++)
		k = drain(&r, i, e);
	console_close(&r.console);
	if (k == 0)
		*ret_detached = r.is_detached;
	return k;
}
