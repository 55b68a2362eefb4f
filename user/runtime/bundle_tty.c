// SPDX-License-Identifier: Apache-2.0
/* The terminal of a bundle's process. sys_call*() and err_*() only. */
#include "runtime/bundle_tty.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>

#include "base/err.h"
#include "kern/mount.h"
#include "kern/sys.h"
#include "runtime/inside.h"

#ifndef DEVPTS_SUPER_MAGIC
#define DEVPTS_SUPER_MAGIC 0x1cd1
#endif
#define PTMX_MAJOR 5
#define PTMX_MINOR 2

static int open_multiplexer(void)
{
	struct open_how how = {
		.flags = O_RDWR | O_NOCTTY | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	struct statfs fs;
	struct stat st;
	long fd = sys_call4(SYS_openat2, AT_FDCWD, "/dev/pts/ptmx", &how, sizeof(how));

	if (fd < 0)
		return (int)fd;
	if (sys_call2(SYS_fstatfs, fd, &fs) == 0 && fs.f_type == DEVPTS_SUPER_MAGIC &&
	    sys_call4(SYS_newfstatat, fd, "", &st, AT_EMPTY_PATH) == 0 && S_ISCHR(st.st_mode) &&
	    st.st_rdev == makedev(PTMX_MAJOR, PTMX_MINOR))
		return (int)fd;
	(void)sys_call1(SYS_close, fd); /* nothing was written */
	return -ENOTTY;
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

/* The slave's own mount, so no path is involved that could be another's by now. */
static int show_console(int slave, struct err *e)
{
	int target = inside_open_or_make("/dev/console", true), fd = -1;
	int r = target;

	if (r >= 0)
		r = fd = mount_open_tree(slave, "", OPEN_TREE_CLONE | AT_EMPTY_PATH);
	if (r >= 0)
		r = mount_attach(fd, target, "");
	if (fd >= 0)
		(void)sys_call1(SYS_close, fd); /* it is attached, or never will be */
	if (target >= 0)
		(void)sys_call1(SYS_close, target); /* O_PATH */
	return r < 0 ? err_set(e, r, "show the terminal as '/dev/console'") : 0;
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

int bundle_tty_setup(int socket_fd, const struct winsize *size, bool has_console, struct err *e)
{
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
	s = has_console ? show_console(slave, e) : 0;
	if (s == 0)
		s = become_terminal(slave, e);
	if (s < 0)
		return s;
	r = send_master(socket_fd, master);
	if (r < 0)
		return err_set(e, (int)r, "send the terminal to the console socket");
	(void)sys_call1(SYS_close, master); /* the receiver has it */
	return 0;
}
