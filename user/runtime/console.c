// SPDX-License-Identifier: Apache-2.0
/* Our own stdio while it is at the disposal of a container. */
#include "runtime/console.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/param.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "kern/tty.h"

/* Not forwarded: what is about us (children, our pipes, our terminal, job control), and faults. */
static const int own_signals[] = {
	SIGKILL, SIGSTOP, SIGCHLD, SIGPIPE, SIGURG, SIGWINCH, SIGTSTP, SIGTTIN, SIGTTOU, SIGCONT,
	SIGSEGV, SIGBUS,  SIGILL,  SIGFPE,  SIGABRT, SIGTRAP, SIGSYS,
};

static int parse_key(const char *p, size_t n)
{
	static const char prefix[] = "ctrl-";
	unsigned char c;

	if (n == 1 && (unsigned char)p[0] > ' ' && (unsigned char)p[0] < 0x7f)
		return p[0];
	if (n != sizeof(prefix) || memcmp(p, prefix, n - 1) != 0)
		return -EINVAL;
	c = (unsigned char)p[n - 1];
	if (c >= 'a' && c <= 'z')
		c -= 'a' - 'A';
	return c >= '@' && c <= '_' ? c - '@' : -EINVAL;
}

int console_keys_parse(const char *text, unsigned char ret[static CONSOLE_KEYS_MAX], struct err *e)
{
	const char *p = text;
	int n = 0;

	while (*text) {
		size_t len = strcspn(p, ",");
		int key = parse_key(p, len);

		if (key < 0 || n == (int)CONSOLE_KEYS_MAX) {
			key = err_plain(e, -EINVAL, "'%s' is not a sequence of detach keys", text);
			err_hint(e, "keys are separated by commas, each a character or "
				    "ctrl- and one of a-z @ [ \\ ] ^ _: ctrl-p,ctrl-q");
			return key;
		}
		ret[n++] = (unsigned char)key;
		p += len;
		if (!*p++)
			break;
	}
	return n;
}

int console_keys_check(const char *keys, struct err *e)
{
	unsigned char bytes[CONSOLE_KEYS_MAX];
	int n = console_keys_parse(keys, bytes, e);

	return n < 0 ? n : 0;
}

/* O_NONBLOCK is a flag of the open file, shared with the shell and others: open it anew. */
static void fd_init(struct console_fd *f, int fd, int access)
{
	char path[32];
	struct stat st;
	int again;

	*f = (struct console_fd){ .fd = fd, .kind = CONSOLE_PLAIN };
	if (fstat(fd, &st) < 0) {
		f->fd = -1;
	} else if (S_ISSOCK(st.st_mode)) {
		f->kind = CONSOLE_SOCKET;
	} else if (S_ISFIFO(st.st_mode) || (S_ISCHR(st.st_mode) && isatty(fd))) {
		(void)err_format(path, sizeof(path), "/proc/self/fd/%d", fd);
		again = open(path, access | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
		f->kind = again < 0 ? CONSOLE_BLOCKING : CONSOLE_NONBLOCK;
		f->fd = again < 0 ? fd : again;
	}
}

static void fd_done(struct console_fd *f)
{
	if (f->kind == CONSOLE_NONBLOCK)
		(void)fd_close(f->fd);
	f->fd = -1;
}

static void make_raw(struct console *c)
{
	sigset_t all, old;

	if (!c->o->is_tty || !c->o->with_stdin)
		return;
	/* no signal between the change and what undoes it */
	(void)sigfillset(&all);
	(void)sigdelset(&all, SIGTTOU); /* in the background we stop here, as any program */
	(void)sigprocmask(SIG_BLOCK, &all, &old);
	if (tty_raw(STDIN_FILENO, c->o->has_plain_newlines, &c->saved) == 0) {
		c->is_raw = true;
		tty_guard(STDIN_FILENO, &c->saved);
	}
	(void)sigprocmask(SIG_SETMASK, &old, NULL);
}

static void make_cooked(struct console *c)
{
	if (!c->is_raw)
		return;
	(void)tty_restore(STDIN_FILENO, &c->saved); /* it may be gone */
	tty_unguard();
	c->is_raw = false;
}

static int open_signals(struct console *c, struct err *e)
{
	sigset_t set;

	(void)sigemptyset(&set);
	if (c->o->kill && (c->o->is_tty ? c->o->tty_proxy : c->o->sig_proxy)) {
		(void)sigfillset(&set);
		for (size_t i = 0; i < ARRAY_SIZE(own_signals); i++)
			(void)sigdelset(&set, own_signals[i]);
	}
	if (c->o->is_tty) {
		(void)sigaddset(&set, SIGWINCH);
		(void)sigaddset(&set, SIGTSTP);
		(void)sigaddset(&set, SIGCONT);
	}
	if (sigprocmask(SIG_BLOCK, &set, &c->old_mask) < 0)
		return err_set(e, errno, "block signals");
	c->sig_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (c->sig_fd < 0) {
		int r = err_set(e, errno, "create signal descriptor");

		(void)sigprocmask(SIG_SETMASK, &c->old_mask, NULL);
		return r;
	}
	return 0;
}

int console_open(struct console *c, const struct console_opts *o, struct err *e)
{
	int n;

	*c = (struct console){
		.o = o,
		.in = { .fd = -1 },
		.out = { { .fd = -1 }, { .fd = -1 } },
		.size_fd = -1,
		.sig_fd = -1,
	};
	n = console_keys_parse(o->detach_keys ? o->detach_keys : CONSOLE_DETACH_KEYS, c->keys, e);
	if (n < 0)
		return n;
	n = o->with_stdin && isatty(STDIN_FILENO) ? n : 0;
	c->n_keys = (size_t)n;
	n = open_signals(c, e);
	if (n < 0)
		return n;
	if (o->with_stdin)
		fd_init(&c->in, STDIN_FILENO, O_RDONLY);
	fd_init(&c->out[0], STDOUT_FILENO, O_WRONLY);
	fd_init(&c->out[1], STDERR_FILENO, O_WRONLY);
	for (int i = 0; i < 3 && c->size_fd < 0; i++)
		if (isatty(i))
			c->size_fd = i;
	make_raw(c);
	return 0;
}

void console_close(struct console *c)
{
	struct signalfd_siginfo si;

	make_cooked(c);
	fd_done(&c->in);
	fd_done(&c->out[0]);
	fd_done(&c->out[1]);
	if (c->sig_fd < 0)
		return;
	/* what came while it was ending was meant for the container: not to kill us now */
	while (read(c->sig_fd, &si, sizeof(si)) == sizeof(si))
		;
	(void)sigprocmask(SIG_SETMASK, &c->old_mask, NULL);
	c->sig_fd = fd_close(c->sig_fd);
}

/*
 * Pass @n typed bytes from @in to @out, holding back what may become the detach sequence; room for
 * what was held back is the caller's. Return: bytes in @out.
 */
static size_t filter_keys(struct console *c, const unsigned char *in, size_t n, unsigned char *out)
{
	size_t done = 0;

	for (size_t i = 0; i < n; i++) {
		unsigned char held[CONSOLE_KEYS_MAX + 1];
		size_t len = c->n_matched;

		memcpy(held, c->keys, len);
		held[len++] = in[i];
		/* the longest end of it that starts the sequence stays, the rest goes */
		for (size_t drop = 0;; drop++) {
			if (memcmp(held + drop, c->keys, len - drop) == 0) {
				memcpy(out + done, held, drop);
				done += drop;
				c->n_matched = len - drop;
				break;
			}
		}
		c->is_detached = c->n_matched == c->n_keys;
		if (c->is_detached)
			break;
	}
	return done;
}

ssize_t console_read(struct console *c, void *buf, size_t n)
{
	unsigned char typed[1024];
	ssize_t r;

	if (c->n_keys)
		r = read(c->in.fd, typed, MIN(sizeof(typed), n - CONSOLE_KEYS_MAX));
	else
		r = read(c->in.fd, buf, n);
	if (r < 0 && (errno == EAGAIN || errno == EINTR))
		return -EAGAIN;
	if (r <= 0) {
		fd_done(&c->in); /* a terminal that hung up is an end as well */
		return 0;
	}
	if (!c->n_keys)
		return r;
	r = (ssize_t)filter_keys(c, typed, (size_t)r, buf);
	return r == 0 ? -EAGAIN : r;
}

ssize_t console_write(struct console *c, unsigned int i, const void *p, size_t n)
{
	struct console_fd *f = &c->out[i];
	struct pollfd pfd = { .fd = f->fd, .events = POLLOUT };
	ssize_t w;

	if (f->fd < 0)
		return (ssize_t)n; /* closed before we started: as /dev/null */
	switch (f->kind) {
	case CONSOLE_SOCKET:
		w = send(f->fd, p, n, MSG_DONTWAIT | MSG_NOSIGNAL);
		break;
	case CONSOLE_BLOCKING:
		if (poll(&pfd, 1, 0) == 0)
			return -EAGAIN;
		w = write(f->fd, p, MIN(n, (size_t)PIPE_BUF));
		break;
	default:
		w = write(f->fd, p, n);
	}
	if (w >= 0)
		return w;
	return errno == EINTR ? -EAGAIN : -errno;
}

void console_lose(struct console *c, unsigned int i)
{
	fd_done(&c->out[i]);
}

/* Stop as we would have without us in between: with the terminal as it was. */
static void stop_here(struct console *c)
{
	make_cooked(c);
	(void)raise(SIGSTOP);
	make_raw(c);
}

static bool has_hung_up(const struct console *c)
{
	struct pollfd p = { .fd = c->size_fd >= 0 ? c->size_fd : STDIN_FILENO };

	return poll(&p, 1, 0) == 1 && (p.revents & (POLLHUP | POLLERR));
}

bool console_signals(struct console *c)
{
	struct signalfd_siginfo si;
	bool resized = false;

	while (read(c->sig_fd, &si, sizeof(si)) == sizeof(si)) {
		int sig = (int)si.ssi_signo;

		if (!c->o->is_tty || (sig != SIGWINCH && sig != SIGTSTP && sig != SIGCONT)) {
			(void)c->o->kill(sig, c->o->data); /* it may have ended by itself */
			if (sig == SIGHUP && c->o->is_tty && has_hung_up(c))
				c->is_detached = true; /* nobody sees it any more */
			continue;
		}
		resized = true;
		if (sig == SIGTSTP) {
			stop_here(c);
		} else if (sig == SIGCONT && c->is_raw) {
			struct termios saved = c->saved;

			/* the shell has set its own mode meanwhile */
			make_raw(c);
			c->saved = saved;
			tty_guard(STDIN_FILENO, &saved);
		}
	}
	return resized;
}

bool console_size(const struct console *c, struct winsize *ret)
{
	return c->size_fd >= 0 && tty_get_winsize(c->size_fd, ret) == 0 && ret->ws_row &&
	       ret->ws_col;
}
