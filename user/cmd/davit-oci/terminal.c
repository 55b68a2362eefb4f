// SPDX-License-Identifier: Apache-2.0
/* The terminal of a process in the foreground: the container makes it, ours is passed through. */
#include "terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/libc.h"
#include "base/spawn.h"
#include "kern/tty.h"
#include "oci.h"
#include "runtime/console.h"
#include "runtime/relay.h"
#include "spec/oci_config.h"

/* So that the process sees no other size before ours. */
static void set_size(struct oci_process *p)
{
	struct winsize ws;

	if (p->console_height || p->console_width)
		return;
	for (int i = 0; i < 3; i++)
		if (tty_get_winsize(i, &ws) == 0 && ws.ws_row && ws.ws_col) {
			p->console_height = ws.ws_row;
			p->console_width = ws.ws_col;
			return;
		}
}

int terminal_open(struct oci_process *process, void *data, struct err *e)
{
	struct terminal *t = data;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return err_set(e, errno, "make a socket for the terminal");
	t->sock = pair[0];
	set_size(process);
	process->has_plain_newlines = true; /* not only our terminal may read it */
	return pair[1];
}

/* The runtime's side of the socket is closed by now: there is the master, or the end. */
static int take_master(struct terminal *t, int *ret, struct err *e)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	char name[64];
	struct iovec iov = { .iov_base = name, .iov_len = sizeof(name) };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = &control,
			      .msg_controllen = sizeof(control) };
	ssize_t n = recvmsg(t->sock, &msg, MSG_CMSG_CLOEXEC);

	if (n < 0)
		return err_set(e, errno, "receive the terminal");
	if (n == 0 || msg.msg_controllen < CMSG_LEN(sizeof(int)) ||
	    control.head.cmsg_level != SOL_SOCKET || control.head.cmsg_type != SCM_RIGHTS)
		return err_plain(e, -EPROTO, "receive the terminal: there is none");
	memcpy(ret, CMSG_DATA(&control.head), sizeof(*ret));
	return 0;
}

static int pass_on(int sig, void *data)
{
	return pidfd_send_signal(*(const int *)data, sig, NULL, 0) < 0 ? -errno : 0;
}

int terminal_wait(struct terminal *t, int pidfd, struct err *e)
{
	struct console_opts o = { .is_tty = true,
				  .has_plain_newlines = true,
				  .with_stdin = true,
				  .tty_proxy = true,
				  .detach_keys = "",
				  .kill = pass_on,
				  .data = &pidfd };
	struct relay_fds f = { .pty = -1, .in = -1, .out = -1, .err = -1, .pidfd = pidfd };
	_cleanup_fd_ int master = -1, peer = -1;
	bool is_detached;
	int r;

	if (t->sock < 0)
		return oci_wait(pidfd, e);
	r = take_master(t, &master, e);
	if (r < 0)
		return r;
	f.pty = master;
	/* while we have its other end open, too, it is no end that nobody else has: it may be opened again */
	peer = tty_open_peer(master);
	r = relay_run(&f, &o, &is_detached, e);
	if (r == 0 &&
	    is_detached) { /* our terminal is gone: so is the process', and what it does without is its own */
		peer = fd_close(peer);
		master = fd_close(master);
		return oci_wait(pidfd, e);
	}
	if (f.lost)
		oci_log_warning("write to standard output: %s; what came behind is lost",
				err_text(f.lost));
	return r < 0 ? r : spawn_wait(fcntl(pidfd, F_DUPFD_CLOEXEC, 3), e);
}

void terminal_done(struct terminal *t)
{
	t->sock = fd_close(t->sock);
}
