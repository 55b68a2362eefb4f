// SPDX-License-Identifier: Apache-2.0
/* From the clients to the container's stdin, and the size of its terminal. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "kern/tty.h"
#include "monitor.h"

bool input_is_open(const struct monitor *m)
{
	return m->input.fd >= 0 && !m->input.is_ending;
}

static void input_close(struct monitor *m)
{
	struct input *in = &m->input;

	loop_del(&m->loop, &in->src);
	in->fd = fd_close(in->fd);
	in->n = 0; /* nobody will read it */
}

static void input_write(struct monitor *m);

static void on_input(struct loop_source *s, uint32_t events)
{
	struct monitor *m = s->data;

	/* a pipe that nobody reads any more reports EPOLLERR; the write then says EPIPE */
	(void)events;
	input_write(m);
	clients_listen(m);
}

static void input_write(struct monitor *m)
{
	struct input *in = &m->input;

	while (in->done < in->n && in->fd >= 0) {
		ssize_t w = write(in->fd, in->packet + in->done, in->n - in->done);

		if (w > 0) {
			in->done += (size_t)w;
		} else if (w < 0 && errno == EAGAIN) {
			if (in->src.fd < 0 &&
			    loop_add(&m->loop, &in->src, in->fd, EPOLLOUT, on_input, m, NULL) < 0)
				input_close(m);
			return;
		} else if (w == 0 || errno != EINTR) {
			input_close(m);
		}
	}
	in->n = 0;
	loop_del(&m->loop, &in->src);
	if (in->is_ending)
		input_close(m);
}

void input_deliver(struct monitor *m)
{
	input_write(m);
	if (m->input.n)
		clients_listen(m); /* that is: no more of it for now */
}

void input_end(struct monitor *m)
{
	m->input.is_ending = true;
	if (!m->input.n)
		input_close(m);
}

void input_resize(struct monitor *m, const struct attach_size *size)
{
	struct winsize ws = { .ws_row = size->rows, .ws_col = size->cols };

	if (m->args.pty_fd)
		(void)tty_set_winsize((int)m->args.pty_fd, &ws);
}

void input_init(struct monitor *m)
{
	struct input *in = &m->input;

	in->src.fd = -1;
	in->fd = -1;
	if (m->args.pty_fd)
		in->fd = fcntl((int)m->args.pty_fd, F_DUPFD_CLOEXEC, 3);
	else if (m->args.stdin_fd)
		in->fd = (int)m->args.stdin_fd;
	if (in->fd < 0)
		return;
	(void)fcntl(in->fd, F_SETFL, O_NONBLOCK | fcntl(in->fd, F_GETFL));
	/* without a client, and not to be kept open for one: nothing will ever come */
	if (m->args.stdin_fd && !m->args.open_stdin && !m->args.client_fd)
		input_close(m);
}
