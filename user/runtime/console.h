/* SPDX-License-Identifier: Apache-2.0 */
/* Our own stdio while it is at the disposal of a container: terminal, signals, detach keys. */
#ifndef DAVIT_RUNTIME_CONSOLE_H
#define DAVIT_RUNTIME_CONSOLE_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <termios.h>

struct err;
struct timing;
struct winsize;

#define CONSOLE_DETACH_KEYS "ctrl-p,ctrl-q"
#define CONSOLE_KEYS_MAX 16u /* length of a detach sequence */

/**
 * struct console_opts - how our stdio is used
 * @is_tty:      the far side is a terminal: ours, if stdin is one, becomes raw, and follows the far
 *		 side's size; detach keys work
 * @has_plain_newlines: with is_tty: the far side adds no CR to what it writes, so ours goes on doing that
 * @with_stdin:  pass our stdin on
 * @detach_keys: "ctrl-p,ctrl-q" form, NULL = CONSOLE_DETACH_KEYS, "" = none
 * @sig_proxy:   without is_tty: give signals that we get to @kill instead of dying of them: all but
 *		 SIGCHLD, SIGPIPE, SIGURG, SIGWINCH, those of job control, and those that mean that
 *		 we are broken (SIGSEGV …)
 * @tty_proxy:   the same with is_tty; of a SIGHUP because the terminal is gone, console.is_detached is set as well
 * @kill:        sends @sig to the container; its failure is not fatal
 * @wait_reap:   initial client of a monitor: return only after the container is torn down
 * @close_output: without is_tty: when the reader of our stdout goes, the container's is closed as well
 * @timing:	 NULL, or what an initial client measures: TIMING_EXIT is marked when the workload has ended
 *
 * With is_tty and without tty_proxy a fatal signal to us restores the terminal and ends us; the container lives on.
 */
struct console_opts {
	bool is_tty, has_plain_newlines, with_stdin, sig_proxy, tty_proxy, wait_reap, close_output;
	const char *detach_keys;
	struct timing *timing;
	int (*kill)(int sig, void *data);
	void *data;
};

enum console_kind {
	CONSOLE_PLAIN,	  /* regular file, /dev/null: never blocks */
	CONSOLE_NONBLOCK, /* opened again with O_NONBLOCK: what others share stays as it was */
	CONSOLE_SOCKET,
	CONSOLE_BLOCKING, /* could not be opened again: small pieces after poll(2) */
};

struct console_fd {
	int fd; /* -1 = at its end, or not used */
	enum console_kind kind;
};

/**
 * struct console - zero-initialised, then console_open()
 * @size_fd:  one of 0, 1, 2 that is a terminal; -1
 * @sig_fd:   signalfd
 * @keys:     the detach sequence; @n_matched bytes of it were typed and are held back
 * @is_detached: all of it was typed
 */
struct console {
	const struct console_opts *o;
	struct console_fd in, out[2];
	int size_fd, sig_fd;
	bool is_raw, is_detached;
	struct termios saved;
	sigset_t old_mask;
	unsigned char keys[CONSOLE_KEYS_MAX];
	size_t n_keys, n_matched;
};

/* console_open() - take our stdio over. console_close() undoes it, also after a failure. */
int console_open(struct console *c, const struct console_opts *o, struct err *e);
void console_close(struct console *c);

/**
 * console_read() - what was typed or piped to us
 * @n: room in @buf; more than CONSOLE_KEYS_MAX
 *
 * Return: bytes; 0 at the end (c->in.fd is -1 then); -EAGAIN. c->is_detached may be true after it:
 * the bytes came before the detach keys.
 */
ssize_t console_read(struct console *c, void *buf, size_t n);

/* console_write() - to stdout (0) or stderr (1). Return: bytes taken; -EAGAIN; -EPIPE … */
ssize_t console_write(struct console *c, unsigned int i, const void *p, size_t n);

/* console_lose() - one of them is no more: what goes there is discarded from now on */
void console_lose(struct console *c, unsigned int i);

/* console_signals() - c->sig_fd is readable: forward, stop, continue. Return: true if the size of
 * the terminal may have changed. */
bool console_signals(struct console *c);

/* console_size() - Return: false when we have no terminal, or it has no size */
bool console_size(const struct console *c, struct winsize *ret);

/* console_keys_parse() - "ctrl-p,ctrl-q" to bytes. Return: their number, or -EINVAL with @e. */
int console_keys_parse(const char *text, unsigned char ret[static CONSOLE_KEYS_MAX], struct err *e);

/* console_keys_check() - -EINVAL with @e unless @keys is of the form "ctrl-p,ctrl-q", "ctrl-@,x" */
int console_keys_check(const char *keys, struct err *e);

#endif
