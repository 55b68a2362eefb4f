// SPDX-License-Identifier: Apache-2.0
/* The attach client and the relay, on a terminal of our own and on pipes. */
#include "engine/attach.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "base/err.h"
#include "base/io.h"
#include "kselftest_harness.h"
#include "monitor_help.h"
#include "runtime/relay.h"

#define DETACHED 99
#define FAILED(r) (200 + ((r) == -EPIPE ? 1 : (r) == -ECONNRESET ? 2 : 0))

/* user: a terminal, and a client process on it */
struct user {
	int master, slave;
	pid_t pid;
	struct termios before;
	char text[65536];
	size_t n;
};

FIXTURE(attach) { struct watched w; struct user u; };
FIXTURE_SETUP(attach)
{
	self->w = (struct watched){ .client = -1, .run_fd = -1, .root_fd = -1 };
	self->u = (struct user){ .master = -1 };
}
FIXTURE_TEARDOWN(attach)
{
	if (self->u.pid > 0) {
		(void)kill(self->u.pid, SIGKILL);
		(void)waitpid(self->u.pid, NULL, 0);
	}
	watched_done(&self->w);
}

static int send_signal(int sig, void *data)
{
	return kill(*(pid_t *)data, sig) < 0 ? -errno : 0;
}

static _Noreturn void run_client(int sock, const struct console_opts *o)
{
	struct err e = ERR_INIT;
	int status = 0, r = attach_run(sock, o, &status, &e);

	_exit(r < 0 ? FAILED(r) : status == ATTACH_DETACHED ? DETACHED : status);
}

static bool open_terminal(struct user *u)
{
	struct winsize ws = { .ws_row = 24, .ws_col = 80 };

	u->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (u->master < 0 || unlockpt(u->master) < 0)
		return false;
	u->slave = ioctl(u->master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	return u->slave >= 0 && ioctl(u->master, TIOCSWINSZ, &ws) == 0 &&
	       tcgetattr(u->slave, &u->before) == 0;
}

static void be_on_terminal(const struct user *u)
{
	(void)setsid();
	(void)dup2(u->slave, 0);
	(void)dup2(u->slave, 1);
	(void)dup2(u->slave, 2);
	(void)ioctl(0, TIOCSCTTY, 0);
	(void)signal(SIGPIPE, SIG_IGN);
	/* a shell that runs us in the background ignores these for us */
	(void)signal(SIGINT, SIG_DFL);
	(void)signal(SIGQUIT, SIG_DFL);
}

static bool log_in(struct user *u, int sock, const struct console_opts *o)
{
	if (!open_terminal(u))
		return false;
	u->pid = fork();
	if (u->pid == 0) {
		be_on_terminal(u);
		run_client(sock, o);
	}
	return u->pid > 0;
}

static void type(struct user *u, const char *text)
{
	(void)io_write_full(u->master, text, strlen(text));
}

static bool sees(struct user *u, const char *text)
{
	struct pollfd p = { .fd = u->master, .events = POLLIN };

	while (!strstr(u->text, text)) {
		ssize_t n;

		if (u->n + 1 >= sizeof(u->text) || poll(&p, 1, 5000) <= 0)
			return false;
		n = read(u->master, u->text + u->n, sizeof(u->text) - 1 - u->n);
		if (n <= 0)
			return false;
		u->n += (size_t)n;
		u->text[u->n] = '\0';
	}
	u->n = 0;
	u->text[0] = '\0';
	return true;
}

static int leave(struct user *u)
{
	int status = 0;

	(void)waitpid(u->pid, &status, 0);
	u->pid = 0;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static bool is_raw(const struct user *u)
{
	struct termios t;

	return tcgetattr(u->slave, &t) == 0 && !(t.c_lflag & ICANON);
}

static bool is_restored(const struct user *u)
{
	struct termios t;

	return tcgetattr(u->slave, &t) == 0 && t.c_lflag == u->before.c_lflag &&
	       t.c_iflag == u->before.c_iflag && t.c_oflag == u->before.c_oflag;
}

static const struct console_opts on_tty = { .is_tty = true, .with_stdin = true };

static void start(struct __test_metadata *_metadata, struct watched *w, const char *script, bool pty)
{
	struct watch_how how = { .script = script, .pty = pty };

	ASSERT_TRUE(watched_start(w, &how));
}

TEST_F(attach, a_session_on_a_terminal)
{
	struct winsize ws = { .ws_row = 50, .ws_col = 133 };

	start(_metadata, &self->w,
	      "echo up; read a; trap 'stty size' WINCH; echo got=$a;"
	      "while :; do read a; [ \"$a\" = q ] && exit 6; done",
	      true);
	ASSERT_TRUE(log_in(&self->u, self->w.client, &on_tty));
	ASSERT_TRUE(sees(&self->u, "up\r\n"));
	EXPECT_TRUE(is_raw(&self->u));
	type(&self->u, "a\rb");
	EXPECT_TRUE(sees(&self->u, "got=a\r\n"));
	ASSERT_EQ(ioctl(self->u.master, TIOCSWINSZ, &ws), 0);
	EXPECT_TRUE(sees(&self->u, "50 133"));
	type(&self->u, "\x15q\r");
	EXPECT_EQ(leave(&self->u), 6);
	EXPECT_TRUE(is_restored(&self->u));
}

TEST_F(attach, the_first_size_is_ours)
{
	start(_metadata, &self->w, "while [ \"$(stty size)\" = '0 0' ]; do sleep 0.01; done; stty size",
	      true);
	ASSERT_TRUE(log_in(&self->u, self->w.client, &on_tty));
	EXPECT_TRUE(sees(&self->u, "24 80"));
	EXPECT_EQ(leave(&self->u), 0);
}

TEST_F(attach, detach_keys_and_back)
{
	int sock;

	start(_metadata, &self->w, "echo up; read a; echo got=$a", true);
	ASSERT_TRUE(log_in(&self->u, self->w.client, &on_tty));
	(void)close(self->w.client);
	self->w.client = -1;
	ASSERT_TRUE(sees(&self->u, "up"));
	type(&self->u, "x\x10\x10\x11");
	EXPECT_EQ(leave(&self->u), DETACHED);
	EXPECT_TRUE(is_restored(&self->u));
	EXPECT_EQ(kill(self->w.pid, 0), 0);
	sock = attach_connect(self->w.run_fd, NULL);
	ASSERT_GE(sock, 0);
	self->u = (struct user){ .master = -1 };
	ASSERT_TRUE(log_in(&self->u, sock, &on_tty));
	(void)close(sock);
	type(&self->u, "y\r");
	EXPECT_TRUE(sees(&self->u, "got=x\x10y"));
	EXPECT_EQ(leave(&self->u), 0);
}

TEST_F(attach, own_detach_keys_and_none)
{
	struct console_opts o = on_tty;

	o.detach_keys = "ctrl-a,d";
	start(_metadata, &self->w, "stty raw -echo; echo up; dd bs=1 count=6 2>/dev/null | od -An -tx1", true);
	ASSERT_TRUE(log_in(&self->u, self->w.client, &o));
	ASSERT_TRUE(sees(&self->u, "up"));
	/* prefixes that lead nowhere arrive in order, also in one piece with what follows */
	type(&self->u, "\x01\x01x\x10\x11\x01" "e");
	EXPECT_TRUE(sees(&self->u, "01 01 78 10 11 01"));
	EXPECT_EQ(leave(&self->u), 0);
}

TEST_F(attach, the_terminal_is_restored_when_we_are_killed)
{
	static const int signals[] = { SIGTERM, SIGHUP, SIGINT, SIGQUIT,
#ifndef __SANITIZE_ADDRESS__ /* which has a handler of its own */
				       SIGSEGV
#endif
	};

	/* nohup(1), '&' of a shell: what is ignored around us would not kill our children */
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		(void)signal(signals[i], SIG_DFL);
	start(_metadata, &self->w, "while :; do echo up; sleep 0.1; done", true);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		int sock = attach_connect(self->w.run_fd, NULL);

		ASSERT_GE(sock, 0);
		self->u = (struct user){ .master = -1 };
		ASSERT_TRUE(log_in(&self->u, sock, &on_tty));
		(void)close(sock);
		ASSERT_TRUE(sees(&self->u, "up"));
		ASSERT_TRUE(is_raw(&self->u));
		ASSERT_EQ(kill(self->u.pid, signals[i]), 0);
		EXPECT_EQ(leave(&self->u), 128 + signals[i]);
		EXPECT_TRUE(is_restored(&self->u));
		EXPECT_EQ(kill(self->w.pid, 0), 0);
	}
}

TEST_F(attach, stopped_and_continued)
{
	int status;

	start(_metadata, &self->w, "echo up; read a; echo got=$a", true);
	ASSERT_TRUE(log_in(&self->u, self->w.client, &on_tty));
	ASSERT_TRUE(sees(&self->u, "up"));
	ASSERT_EQ(kill(self->u.pid, SIGTSTP), 0);
	ASSERT_EQ(waitpid(self->u.pid, &status, WUNTRACED), self->u.pid);
	ASSERT_TRUE(WIFSTOPPED(status));
	EXPECT_TRUE(is_restored(&self->u));
	ASSERT_EQ(kill(self->u.pid, SIGCONT), 0);
	for (int i = 0; i < 500 && !is_raw(&self->u); i++)
		(void)poll(NULL, 0, 10);
	EXPECT_TRUE(is_raw(&self->u));
	type(&self->u, "z\r");
	EXPECT_TRUE(sees(&self->u, "got=z"));
	EXPECT_EQ(leave(&self->u), 0);
	EXPECT_TRUE(is_restored(&self->u));
}

/* pipes: [0] to write to its stdin, [1] to read its stdout */
/* A child with pipes for input and for both outputs, whose ends are @ret. Return: its pid, 0 in it; -1. */
static pid_t fork_piped(int ret[2])
{
	int in[2], out[2];
	pid_t pid;

	if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0)
		return -1;
	pid = fork();
	if (pid == 0) {
		(void)dup2(in[0], 0);
		(void)dup2(out[1], 1);
		(void)dup2(out[1], 2);
		(void)close(in[1]);
		(void)close(out[0]);
		(void)close(out[1]);
		(void)signal(SIGPIPE, SIG_IGN);
		return 0;
	}
	(void)close(in[0]);
	(void)close(out[1]);
	ret[0] = in[1];
	ret[1] = out[0];
	return pid;
}

static pid_t start_piped(int sock, const struct console_opts *o, int ret[2])
{
	pid_t pid = fork_piped(ret);

	if (pid == 0)
		run_client(sock, o);
	return pid;
}

TEST_F(attach, pipes_carry_bytes_and_half_close)
{
	struct console_opts o = { .with_stdin = true };
	char *text = NULL;
	int io[2];
	size_t n;

	start(_metadata, &self->w, "cat; echo end >&2; exit 8", false);
	self->u.pid = start_piped(self->w.client, &o, io);
	ASSERT_EQ(io_write_full(io[0], "some \x10\x11 bytes\n", 14), 0);
	(void)close(io[0]);
	ASSERT_EQ(io_read_fd(io[1], 1000, &text, &n), 0);
	EXPECT_EQ(n, 18);
	EXPECT_EQ(memcmp(text, "some \x10\x11 bytes\nend\n", 18), 0);
	EXPECT_EQ(leave(&self->u), 8);
	free(text);
}

TEST_F(attach, signals_go_to_the_container)
{
	struct console_opts o = { .sig_proxy = true, .kill = send_signal, .data = &self->w.pid };
	char buf[64];
	int io[2];

	start(_metadata, &self->w,
	      "trap 'echo usr1' USR1; trap 'echo term; exit 5' TERM; echo up; while :; do sleep 0.1; done",
	      false);
	self->u.pid = start_piped(self->w.client, &o, io);
	ASSERT_EQ(read(io[1], buf, sizeof(buf)), 3);
	ASSERT_EQ(kill(self->u.pid, SIGWINCH), 0); /* ours */
	ASSERT_EQ(kill(self->u.pid, SIGUSR1), 0);
	ASSERT_EQ(read(io[1], buf, sizeof(buf)), 5);
	EXPECT_EQ(memcmp(buf, "usr1\n", 5), 0);
	ASSERT_EQ(kill(self->u.pid, SIGTERM), 0);
	EXPECT_EQ(leave(&self->u), 5);
}

TEST_F(attach, without_the_proxy_signals_are_ours)
{
	struct console_opts o = { .kill = send_signal, .data = &self->w.pid };
	char buf[64];
	int io[2];

	start(_metadata, &self->w, "echo up; sleep 60", false);
	self->u.pid = start_piped(self->w.client, &o, io);
	ASSERT_EQ(read(io[1], buf, sizeof(buf)), 3);
	ASSERT_EQ(kill(self->u.pid, SIGTERM), 0);
	EXPECT_EQ(leave(&self->u), 128 + SIGTERM);
	EXPECT_EQ(kill(self->w.pid, 0), 0);
}

TEST_F(attach, a_closed_stdout_ends_the_container_when_told_so)
{
	struct console_opts o = { .wait_reap = true, .close_output = true };
	int io[2];

	start(_metadata, &self->w, "trap '' PIPE; while echo up; do sleep 0.01; done; exit 12", false);
	self->u.pid = start_piped(self->w.client, &o, io);
	(void)close(self->w.client);
	self->w.client = -1;
	(void)close(io[1]);
	EXPECT_EQ(leave(&self->u), 12);
}

TEST_F(attach, a_closed_stdout_ends_a_later_client_alone)
{
	struct console_opts o = { .with_stdin = false };
	int io[2];

	start(_metadata, &self->w, "while echo up; do sleep 0.01; done", false);
	self->u.pid = start_piped(self->w.client, &o, io);
	(void)close(io[1]);
	EXPECT_EQ(leave(&self->u), 128 + SIGPIPE);
	EXPECT_EQ(kill(self->w.pid, 0), 0);
}

TEST_F(attach, a_slow_reader_gets_all)
{
	struct console_opts o = { .with_stdin = false };
	static char buf[65536];
	size_t total = 0;
	int io[2];

	start(_metadata, &self->w, "yes | head -c 3000000", false);
	self->u.pid = start_piped(self->w.client, &o, io);
	for (ssize_t n = 1; n > 0; total += n > 0 ? (size_t)n : 0) {
		(void)poll(NULL, 0, 5);
		n = read(io[1], buf, sizeof(buf));
	}
	EXPECT_EQ(total, 3000000);
	EXPECT_EQ(leave(&self->u), 0);
	/* what our stdio is shared with did not become non-blocking */
	EXPECT_EQ(fcntl(io[0], F_GETFL) & O_NONBLOCK, 0);
}

TEST_F(attach, a_killed_monitor_is_told)
{
	start(_metadata, &self->w, "echo up; sleep 60", true);
	ASSERT_TRUE(log_in(&self->u, self->w.client, &on_tty));
	ASSERT_TRUE(sees(&self->u, "up"));
	(void)kill(self->w.monitor, SIGKILL);
	EXPECT_EQ(leave(&self->u), FAILED(-ECONNRESET));
	EXPECT_TRUE(is_restored(&self->u));
	(void)kill(self->w.pid, SIGKILL);
}

TEST_F(attach, waits_for_the_teardown_when_told_so)
{
	struct console_opts o = { .wait_reap = true };
	struct watch_how how = { .script = "exit 2", .reap = "sleep 0.3; exit 0" };
	int io[2], status;

	ASSERT_TRUE(watched_start(&self->w, &how));
	self->u.pid = start_piped(self->w.client, &o, io);
	(void)close(self->w.client);
	self->w.client = -1;
	EXPECT_EQ(leave(&self->u), 2);
	/* its end was the end of file: gone but for our wait */
	for (int i = 0; i < 20 && waitpid(self->w.monitor, &status, WNOHANG) == 0; i++)
		(void)poll(NULL, 0, 1);
	EXPECT_EQ(kill(self->w.monitor, 0), -1);
	self->w.monitor = 0;
}

/* relay: a process of ours on a terminal or on pipes */
static _Noreturn void run_relay(const char *script, bool with_pty)
{
	struct relay_fds f = { .pty = -1, .in = -1, .out = -1, .err = -1 };
	struct console_opts o = { .is_tty = with_pty, .with_stdin = true };
	int in[2], out[2], err[2], status = 0, r;
	struct user inner;
	bool detached = false;
	pid_t pid;

	if (with_pty ? !open_terminal(&inner) :
		       pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0 ||
			       pipe2(err, O_CLOEXEC) < 0)
		_exit(250);
	pid = fork();
	if (pid == 0) {
		if (with_pty)
			be_on_terminal(&inner);
		(void)setsid();
		(void)signal(SIGPIPE, SIG_DFL);
		if (!with_pty) {
			(void)dup2(in[0], 0);
			(void)dup2(out[1], 1);
			(void)dup2(err[1], 2);
		}
		(void)execl("/bin/sh", "sh", "-c", script, NULL);
		_exit(127);
	}
	if (with_pty) {
		(void)close(inner.slave);
		f.pty = inner.master;
	} else {
		(void)close(in[0]);
		(void)close(out[1]);
		(void)close(err[1]);
		f.in = in[1];
		f.out = out[0];
		f.err = err[0];
	}
	f.pidfd = pidfd_open(pid, 0);
	r = relay_run(&f, &o, &detached, NULL);
	if (r < 0)
		_exit(FAILED(r));
	if (detached) {
		(void)kill(pid, SIGKILL);
		_exit(DETACHED);
	}
	(void)waitpid(pid, &status, 0);
	_exit(WEXITSTATUS(status));
}

TEST_F(attach, relay_on_a_terminal)
{
	struct winsize ws = { .ws_row = 11, .ws_col = 22 };

	ASSERT_TRUE(open_terminal(&self->u));
	self->u.pid = fork();
	if (self->u.pid == 0) {
		be_on_terminal(&self->u);
		run_relay("echo up; stty size; read a; echo got=$a; stty size; read b; exit 3", true);
	}
	EXPECT_TRUE(sees(&self->u, "24 80"));
	EXPECT_TRUE(is_raw(&self->u));
	ASSERT_EQ(ioctl(self->u.master, TIOCSWINSZ, &ws), 0);
	(void)poll(NULL, 0, 100);
	type(&self->u, "a\r");
	EXPECT_TRUE(sees(&self->u, "11 22"));
	type(&self->u, "\r");
	EXPECT_EQ(leave(&self->u), 3);
	EXPECT_TRUE(is_restored(&self->u));
}

TEST_F(attach, relay_is_left_by_the_detach_keys)
{
	ASSERT_TRUE(open_terminal(&self->u));
	self->u.pid = fork();
	if (self->u.pid == 0) {
		be_on_terminal(&self->u);
		run_relay("echo up; sleep 60", true);
	}
	ASSERT_TRUE(sees(&self->u, "up"));
	type(&self->u, "\x10\x11");
	EXPECT_EQ(leave(&self->u), DETACHED);
	EXPECT_TRUE(is_restored(&self->u));
}

static pid_t relay_piped(const char *script, int ret[2])
{
	pid_t pid = fork_piped(ret);

	if (pid == 0) {
		(void)close_range(3, ~0u, CLOSE_RANGE_CLOEXEC);
		run_relay(script, false);
	}
	return pid;
}

TEST_F(attach, relay_on_pipes)
{
	char *text = NULL;
	size_t n;
	int io[2];

	self->u.pid = relay_piped("wc -c; yes | head -c 300000; echo e >&2; exit 4", io);
	for (int i = 0; i < 100; i++)
		ASSERT_EQ(io_write_full(io[0], "0123456789", 10), 0);
	(void)close(io[0]);
	(void)poll(NULL, 0, 200);
	ASSERT_EQ(io_read_fd(io[1], 1 << 20, &text, &n), 0);
	EXPECT_EQ(n, 300000 + 5 + 2);
	EXPECT_EQ(memcmp(text, "1000\n", 5), 0);
	EXPECT_EQ(leave(&self->u), 4);
	free(text);
}

TEST_F(attach, relay_does_not_wait_for_background_children)
{
	char *text = NULL;
	size_t n;
	int io[2];

	self->u.pid = relay_piped("sleep 7 & echo here; exit 5", io);
	EXPECT_EQ(leave(&self->u), 5);
	(void)close(io[0]);
	ASSERT_EQ(io_read_fd(io[1], 1 << 20, &text, &n), 0);
	EXPECT_STREQ(text, "here\n");
	free(text);
}

TEST_F(attach, relay_closes_what_we_had_closed)
{
	int io[2];

	self->u.pid = relay_piped("trap '' PIPE; while echo up; do sleep 0.01; done; exit 12", io);
	(void)close(io[1]);
	EXPECT_EQ(leave(&self->u), 12);
}

TEST(detach_keys_are_checked)
{
	struct err e = ERR_INIT;

	EXPECT_EQ(console_keys_check("ctrl-p,ctrl-q", NULL), 0);
	EXPECT_EQ(console_keys_check("ctrl-@,ctrl-_,x", NULL), 0);
	EXPECT_EQ(console_keys_check("", NULL), 0);
	EXPECT_EQ(console_keys_check("ctrl-", &e), -EINVAL);
	EXPECT_NE(e.hint[0], '\0');
	EXPECT_EQ(console_keys_check("ctrl-1", NULL), -EINVAL);
	EXPECT_EQ(console_keys_check("xy", NULL), -EINVAL);
	EXPECT_EQ(console_keys_check("a,,b", NULL), -EINVAL);
	EXPECT_EQ(console_keys_check("a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q", NULL), -EINVAL);
}

TEST_HARNESS_MAIN
