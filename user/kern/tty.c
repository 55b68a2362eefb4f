// SPDX-License-Identifier: Apache-2.0
/* Terminals. */
#include "kern/tty.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"

int tty_open_peer(int master)
{
	int fd = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int tty_open_pty(int devpts_fd, int *ret_master, int *ret_slave, struct err *e)
{
	_cleanup_fd_ int master = -1;
	int unlock = 0, slave;
	struct statfs fs;

	/* whoever owns the instance could have put another file there, whose opening does things */
	if (fstatfs(devpts_fd, &fs) < 0)
		return err_set(e, errno, "look at the container's devpts");
	if (fs.f_type != DEVPTS_SUPER_MAGIC)
		return err_plain(e, -ENOTTY, "the container's /dev/pts is no devpts");
	master = openat(devpts_fd, "ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NOFOLLOW);
	if (master < 0)
		return err_set(e, errno, "open 'ptmx' of the container's devpts");
	if (ioctl(master, TIOCSPTLCK, &unlock) < 0)
		return err_set(e, errno, "unlock terminal");
	slave = tty_open_peer(master);
	if (slave < 0)
		return err_set(e, slave, "open terminal");
	*ret_master = TAKE_FD(master);
	*ret_slave = slave;
	return 0;
}

int tty_raw(int fd, bool has_output, struct termios *saved)
{
	struct termios t, raw;

	if (tcgetattr(fd, &t) < 0)
		return -errno;
	raw = t;
	cfmakeraw(&raw);
	if (has_output)
		raw.c_oflag = t.c_oflag;
	if (tcsetattr(fd, TCSANOW, &raw) < 0)
		return -errno;
	*saved = t;
	return 0;
}

int tty_restore(int fd, const struct termios *saved)
{
	sigset_t ttou, old;
	int r;

	/* from a background process group this would stop us, unless SIGTTOU is blocked */
	(void)sigemptyset(&ttou);
	(void)sigaddset(&ttou, SIGTTOU);
	(void)sigprocmask(SIG_BLOCK, &ttou, &old);
	/* TCSANOW: output that nobody takes (a stopped terminal) must not hold up our end */
	r = tcsetattr(fd, TCSANOW, saved) < 0 ? -errno : 0;
	(void)sigprocmask(SIG_SETMASK, &old, NULL);
	return r;
}

int tty_get_winsize(int fd, struct winsize *ret)
{
	struct winsize ws;

	if (ioctl(fd, TIOCGWINSZ, &ws) < 0)
		return -errno;
	*ret = ws;
	return 0;
}

int tty_set_winsize(int fd, const struct winsize *ws)
{
	return ioctl(fd, TIOCSWINSZ, ws) < 0 ? -errno : 0;
}

void tty_copy_winsize(int fd)
{
	struct winsize ws;

	for (int i = STDIN_FILENO; i <= STDERR_FILENO; i++) {
		if (tty_get_winsize(i, &ws) == 0) {
			(void)tty_set_winsize(fd, &ws); /* a size is no reason to fail */
			return;
		}
	}
}

/* What a signal handler and exit() need: one terminal, and who is allowed to touch it. */
static struct {
	int fd;
	pid_t pid; /* a forked child must not restore its parent's terminal */
	bool is_registered;
	volatile sig_atomic_t is_armed;
	struct termios saved;
} guard = { .fd = -1 };

static const int fatal_signals[] = {
	SIGHUP,	 SIGINT,  SIGQUIT, SIGILL,  SIGTRAP, SIGABRT, SIGBUS,  SIGFPE,	  SIGUSR1, SIGSEGV,
	SIGUSR2, SIGALRM, SIGTERM, SIGXCPU, SIGXFSZ, SIGSYS,  SIGVTALRM, SIGPROF, SIGIO,   SIGPWR,
};

static void guard_restore(void)
{
	if (!guard.is_armed || guard.pid != getpid())
		return;
	guard.is_armed = 0;
	(void)tty_restore(guard.fd, &guard.saved); /* the terminal may be gone */
}

static void on_fatal_signal(int sig)
{
	int saved = errno;

	guard_restore();
	errno = saved;
	(void)raise(sig); /* SA_RESETHAND, SA_NODEFER: kills right here */
}

void tty_guard(int fd, const struct termios *saved)
{
	struct sigaction sa = { .sa_handler = on_fatal_signal,
				.sa_flags = SA_RESETHAND | SA_NODEFER };
	struct sigaction old;

	guard.fd = fd;
	guard.pid = getpid();
	guard.saved = *saved;
	if (!guard.is_registered)
		guard.is_registered = atexit(guard_restore) == 0;
	guard.is_armed = 1;
	for (size_t i = 0; i < ARRAY_SIZE(fatal_signals); i++)
		if (sigaction(fatal_signals[i], NULL, &old) == 0 && old.sa_handler == SIG_DFL)
			(void)sigaction(fatal_signals[i], &sa, NULL);
}

void tty_unguard(void)
{
	struct sigaction sa = { .sa_handler = SIG_DFL };
	struct sigaction old;

	guard.is_armed = 0;
	for (size_t i = 0; i < ARRAY_SIZE(fatal_signals); i++)
		if (sigaction(fatal_signals[i], NULL, &old) == 0 &&
		    old.sa_handler == on_fatal_signal)
			(void)sigaction(fatal_signals[i], &sa, NULL);
}
