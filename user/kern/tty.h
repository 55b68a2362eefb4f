/* SPDX-License-Identifier: Apache-2.0 */
/* Terminals: ptys of a detached devpts, raw mode that is undone on every way out. */
#ifndef DAVIT_KERN_TTY_H
#define DAVIT_KERN_TTY_H

#include <stdbool.h>
#include <sys/ioctl.h>
#include <termios.h>

struct err;

/**
 * tty_open_pty() - new pty of the devpts instance at @devpts_fd
 * @devpts_fd:  mount descriptor (or any directory descriptor) of a devpts instance; it need not
 *		be attached anywhere
 * @ret_master: close-on-exec, blocking
 * @ret_slave:  the same; opened by TIOCGPTPEER, so no path is involved and no name can be forged
 *		by whoever owns the instance; does not become our controlling terminal
 *
 * Return: 0; -ENOTTY when @devpts_fd is of another file system.
 */
int tty_open_pty(int devpts_fd, int *ret_master, int *ret_slave, struct err *e);

/* tty_open_peer() - one more descriptor for the slave of @master. Return: descriptor or -errno. */
int tty_open_peer(int master);

/* tty_raw() - save the settings of terminal @fd and make it raw; @has_output: but for what it does with output. -ENOTTY if it
 * is none. */
int tty_raw(int fd, bool has_output, struct termios *saved);
int tty_restore(int fd, const struct termios *saved);

/* tty_get_winsize(), tty_set_winsize() - Return: 0 or -errno; -ENOTTY if it is none */
int tty_get_winsize(int fd, struct winsize *ret);
int tty_set_winsize(int fd, const struct winsize *ws);

/* tty_copy_winsize() - give @fd the size of our terminal, which is the first of our standard descriptors that is one */
void tty_copy_winsize(int fd);

/**
 * tty_guard() - have @saved put back on @fd when a fatal signal or exit() ends this process
 *
 * One terminal per process. Installs handlers for the signals that kill and that the process
 * neither blocks nor ignores (SIGSEGV, SIGABRT, SIGTERM, SIGHUP …); they restore the terminal and
 * raise the signal again with its default action, so the parent sees the true cause. SIGKILL
 * cannot be helped. tty_unguard() undoes the handlers; it does not restore the terminal.
 */
void tty_guard(int fd, const struct termios *saved);
void tty_unguard(void);

#endif
