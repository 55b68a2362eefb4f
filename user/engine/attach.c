// SPDX-License-Identifier: Apache-2.0
/* A client of a container's monitor. */
#include "engine/attach.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/err.h"
#include "base/timing.h"
#include "runtime/console.h"

/**
 * struct attached - one connection
 * @got:  the packet being written to our stdout or stderr: @n_got bytes, @done of them written
 * @typed, @n_typed: input that the socket did not take yet
 * @eof_due, @size_due, @close_due: messages to be sent when it does
 */
struct attached {
	struct console console;
	int sock;
	const struct console_opts *o;
	bool has_exit, is_over, eof_due, size_due;
	unsigned char close_due; /* ATTACH_STDOUT or ATTACH_STDERR */
	int status;
	size_t n_got, done;
	uint32_t n_typed;
	unsigned char got[ATTACH_PACKET_MAX];
	unsigned char typed[ATTACH_PAYLOAD_MAX];
};

static int lost(struct err *e)
{
	(void)err_plain(e, -ECONNRESET, "the container's monitor closed the connection");
	err_hint(e, "the container may still be running: 'davit ps'");
	return -ECONNRESET;
}

static int other_version(struct err *e)
{
	return err_plain(e, -EPROTO, "the container's monitor is of another version");
}

static int send_size(struct attached *a)
{
	struct attach_size size;
	struct winsize ws;

	if (!console_size(&a->console, &ws))
		return 0;
	size = (struct attach_size){ .rows = ws.ws_row, .cols = ws.ws_col };
	return attach_send(a->sock, ATTACH_RESIZE, &size, sizeof(size));
}

/* Send what is due. A peer that is gone shows when we read. */
static void send_due(struct attached *a)
{
	if (a->size_due && send_size(a) != -EAGAIN)
		a->size_due = false;
	if (a->n_typed && attach_send(a->sock, ATTACH_STDIN, a->typed, a->n_typed) != -EAGAIN)
		a->n_typed = 0;
	if (a->close_due && attach_send(a->sock, ATTACH_CLOSE, &a->close_due, 1) != -EAGAIN)
		a->close_due = 0;
	if (a->eof_due && !a->n_typed && attach_send(a->sock, ATTACH_EOF, NULL, 0) != -EAGAIN)
		a->eof_due = false;
}

static bool is_sending(const struct attached *a)
{
	return !a->has_exit && (a->n_typed || a->eof_due || a->size_due || a->close_due);
}

/* The reader of our stdout or stderr is gone. */
static void lose_output(struct attached *a)
{
	unsigned int i = a->got[0] == ATTACH_STDERR;

	console_lose(&a->console, i);
	if (a->o->close_output && !a->o->is_tty) {
		a->close_due = a->got[0];
	} else if (i == 0) {
		a->status = 128 + SIGPIPE;
		a->is_over = true;
	}
}

static int flush_output(struct attached *a, struct err *e)
{
	unsigned int i = a->got[0] == ATTACH_STDERR;

	while (a->done < a->n_got) {
		ssize_t w = console_write(&a->console, i, a->got + a->done, a->n_got - a->done);

		if (w == -EAGAIN)
			return 0;
		if (w == -EPIPE)
			lose_output(a);
		else if (w < 0 && i == 0)
			return err_set(e, (int)w, "write to standard output");
		/* without a stderr the rest still counts */
		a->done += w < 0 ? a->n_got - a->done : (size_t)w;
	}
	a->n_got = 0;
	return 0;
}

static int take_packet(struct attached *a, size_t n, struct err *e)
{
	struct attach_hello hello;
	struct attach_exit end;

	switch (a->got[0]) {
	case ATTACH_HELLO:
		if (n != 1 + sizeof(hello))
			break;
		memcpy(&hello, a->got + 1, sizeof(hello));
		if (hello.version != ATTACH_VERSION)
			break;
		return 0;
	case ATTACH_STDOUT:
	case ATTACH_STDERR:
		a->n_got = n;
		a->done = 1;
		return flush_output(a, e);
	case ATTACH_EXIT:
		if (n != 1 + sizeof(end))
			break;
		memcpy(&end, a->got + 1, sizeof(end));
		a->status = end.signal ? 128 + end.signal : end.status;
		a->has_exit = true;
		timing_mark(a->o->timing, TIMING_EXIT);
		a->is_over = !a->o->wait_reap;
		return 0;
	default:
		break;
	}
	return other_version(e);
}

static int receive(struct attached *a, struct err *e)
{
	ssize_t n = attach_receive(a->sock, a->got, sizeof(a->got));

	if (n > 0)
		return take_packet(a, (size_t)n, e);
	if (n == -EAGAIN)
		return 0;
	if (n == -EMSGSIZE)
		return other_version(e);
	a->is_over = true;
	return a->has_exit ? 0 : lost(e);
}

static void read_input(struct attached *a)
{
	ssize_t n = console_read(&a->console, a->typed, sizeof(a->typed));

	if (n == 0)
		a->eof_due = true;
	else if (n > 0)
		a->n_typed = (uint32_t)n;
	send_due(a);
	if (a->console.is_detached) {
		a->status = ATTACH_DETACHED;
		a->is_over = true;
	}
}

enum { AT_SOCK, AT_SIGNAL, AT_IN, AT_OUT, AT_COUNT };

static int step(struct attached *a, struct err *e)
{
	struct console *c = &a->console;
	bool has_output = a->n_got, wants_input = !a->n_typed && !a->has_exit;
	short sock_events = (short)((has_output ? 0 : POLLIN) | (is_sending(a) ? POLLOUT : 0));
	struct pollfd p[AT_COUNT] = {
		[AT_SOCK] = { .fd = sock_events ? a->sock : -1, .events = sock_events },
		[AT_SIGNAL] = { .fd = c->sig_fd, .events = POLLIN },
		[AT_IN] = { .fd = wants_input ? c->in.fd : -1, .events = POLLIN },
		[AT_OUT] = { .fd = has_output ? c->out[a->got[0] == ATTACH_STDERR].fd : -1,
			       .events = POLLOUT },
	};
	int r = 0;

	if (poll(p, AT_COUNT, -1) < 0)
		return errno == EINTR ? 0 : err_set(e, errno, "wait for input and output");
	if (p[AT_SIGNAL].revents && console_signals(c))
		a->size_due = true;
	if (c->is_detached) {
		a->status = ATTACH_DETACHED;
		a->is_over = true;
		return 0;
	}
	if (p[AT_OUT].revents)
		r = flush_output(a, e);
	else if (!has_output && p[AT_SOCK].revents & ~POLLOUT)
		r = receive(a, e);
	if (r == 0 && !a->is_over && p[AT_IN].revents)
		read_input(a);
	if (is_sending(a))
		send_due(a);
	return r;
}

int attach_run(int sock, const struct console_opts *o, int *ret_status, struct err *e)
{
	struct attached a;
	int r;

	memset(&a, 0, offsetof(struct attached, got));
	a.sock = sock;
	a.o = o;
	a.size_due = o->is_tty;
	r = console_open(&a.console, o, e);
	while (r == 0 && !a.is_over)
		r = step(&a, e);
	console_close(&a.console);
	if (r == 0)
		*ret_status = a.status;
	return r;
}
