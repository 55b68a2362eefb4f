// SPDX-License-Identifier: Apache-2.0
/* The terminal of a bundle's process. sys_call*() and err_*() only. */
#include "runtime/bundle_tty.h"

#include <asm/termbits.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/statfs.h>

#include "base/err.h"
#include "kern/sys.h"
#include "runtime/bundle_launch.h"
#include "runtime/inside.h"

#ifndef DEVPTS_SUPER_MAGIC
#define DEVPTS_SUPER_MAGIC 0x1cd1
#endif

static int open_multiplexer(void)
{
	struct open_how how = {
		.flags = O_RDWR | O_NOCTTY | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS,
	};
	struct statfs fs;
	int dir = inside_open("/dev/pts", true);
	long fd;

	if (dir < 0)
		return dir;
	/* only now: opening a device that a container has put there does things */
	if (sys_call2(SYS_fstatfs, dir, &fs) == 0 && fs.f_type == DEVPTS_SUPER_MAGIC)
		fd = sys_call4(SYS_openat2, dir, "ptmx", &how, sizeof(how));
	else
		fd = -ENOTTY;
	(void)sys_call1(SYS_close, dir); /* O_PATH */
	return (int)fd;
}

static int send_master(int socket_fd, int master)
{
	static const char name[] = "/dev/ptmx";
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec iov = { .iov_base = (char *)name, .iov_len = sizeof(name) - 1 };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = &control,
			      .msg_controllen = sizeof(control) };

	memset(&control, 0, sizeof(control));
	control.head.cmsg_level = SOL_SOCKET;
	control.head.cmsg_type = SCM_RIGHTS;
	control.head.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&control.head), &master, sizeof(master));
	return (int)sys_call3(SYS_sendmsg, socket_fd, &msg, MSG_NOSIGNAL);
}

static int become_terminal(int slave, struct err *e)
{
	long r = 0;

	for (int i = 0; r >= 0 && i < 3; i++)
		r = sys_call3(SYS_dup3, slave, i, 0);
	if (r >= 0)
		r = sys_call3(SYS_ioctl, 0, TIOCSCTTY, 0);
	return r < 0 ? err_set(e, (int)r, "make the terminal controlling") : 0;
}

/* LF stays LF: who passes it on to another terminal leaves the CR to that. */
static int keep_newlines(int slave, struct err *e)
{
	struct termios t;
	long r = sys_call3(SYS_ioctl, slave, TCGETS, &t);

	t.c_oflag &= ~(tcflag_t)ONLCR;
	if (r == 0)
		r = sys_call3(SYS_ioctl, slave, TCSETS, &t);
	return r < 0 ? err_set(e, (int)r, "set the terminal's newlines") : 0;
}

int bundle_tty_setup(const struct bundle_launch *b, bool has_console, struct err *e)
{
	const struct winsize *size = &b->console_size;
	int master = open_multiplexer(), unlock = 0, slave, s;
	long r = master;

	if (r < 0) {
		(void)err_set(e, master, "open '/dev/pts/ptmx' of the container");
		err_hint(e, "a terminal needs a devpts file system on /dev/pts");
		return master;
	}
	r = sys_call3(SYS_ioctl, master, TIOCSPTLCK, &unlock);
	if (r == 0)
		r = sys_call3(SYS_ioctl, master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (r < 0)
		return err_set(e, (int)r, "open the container's side of the terminal");
	slave = (int)r;
	if (size->ws_row || size->ws_col) {
		r = sys_call3(SYS_ioctl, slave, TIOCSWINSZ, size);
		if (r < 0)
			return err_set(e, (int)r, "process.consoleSize: set it");
	}
	s = b->has_plain_newlines ? keep_newlines(slave, e) : 0;
	if (s == 0 && has_console)
		s = inside_show_console(slave, e);
	if (s == 0)
		s = become_terminal(slave, e);
	if (s < 0)
		return s;
	r = send_master(b->console_fd, master);
	if (r < 0)
		return err_set(e, (int)r, "send the terminal to the console socket");
	(void)sys_call1(SYS_close, master); /* the receiver has it */
	return 0;
}
