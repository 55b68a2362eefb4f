// SPDX-License-Identifier: Apache-2.0
/* Terminals of a detached devpts, and the guard that restores ours. */
#include "kern/tty.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "kselftest_harness.h"

#ifdef __SANITIZE_ADDRESS__
/* its own handlers of fatal signals would be taken for the program's */
const char *__asan_default_options(void)
{
	return "handle_segv=0:handle_sigbus=0:handle_sigfpe=0:handle_sigill=0:handle_abort=0";
}
#endif

static int new_devpts(void)
{
	int fs = fsopen("devpts", FSOPEN_CLOEXEC);

	if (fs < 0 || fsconfig(fs, FSCONFIG_SET_STRING, "ptmxmode", "0666", 0) < 0 ||
	    fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -1;
	return fsmount(fs, FSMOUNT_CLOEXEC, 0);
}

FIXTURE(tty) { int master, slave; };
FIXTURE_SETUP(tty)
{
	int mnt = new_devpts();

	if (mnt < 0)
		SKIP(return, "cannot mount a devpts: %s", strerror(errno));
	ASSERT_EQ(tty_open_pty(mnt, &self->master, &self->slave, NULL), 0);
	(void)close(mnt);
}
FIXTURE_TEARDOWN(tty) {}

TEST_F(tty, a_pty_of_a_detached_devpts_works)
{
	char buf[16];
	int peer;

	EXPECT_EQ(fcntl(self->master, F_GETFD), FD_CLOEXEC);
	EXPECT_EQ(fcntl(self->slave, F_GETFD), FD_CLOEXEC);
	ASSERT_EQ(write(self->slave, "hi\n", 3), 3);
	for (ssize_t n = 0, more; n < 4;
	     n += more) { /* in pieces, as the kernel's worker brings them */
		more = read(self->master, buf + n, sizeof(buf) - (size_t)n);
		ASSERT_GT(more, 0);
		ASSERT_LE(n + more, 4);
	}
	EXPECT_EQ(memcmp(buf, "hi\r\n", 4), 0);
	(void)close(self->slave);
	peer = tty_open_peer(self->master);
	ASSERT_GE(peer, 0);
	EXPECT_TRUE(isatty(peer));
}

TEST_F(tty, another_file_system_is_refused)
{
	int fd = open("/dev", O_RDONLY | O_DIRECTORY | O_CLOEXEC), master, slave;

	EXPECT_EQ(tty_open_pty(fd, &master, &slave, NULL), -ENOTTY);
	(void)close(fd);
}

TEST_F(tty, size_and_raw_mode)
{
	struct winsize ws = { .ws_row = 3, .ws_col = 4 }, got;
	struct termios saved, now;
	int pipe_fds[2];

	EXPECT_EQ(tty_set_winsize(self->master, &ws), 0);
	ASSERT_EQ(tty_get_winsize(self->slave, &got), 0);
	EXPECT_EQ(got.ws_row, 3);
	EXPECT_EQ(got.ws_col, 4);
	ASSERT_EQ(tty_raw(self->slave, false, &saved), 0);
	ASSERT_EQ(tcgetattr(self->slave, &now), 0);
	EXPECT_EQ(now.c_lflag & (ICANON | ECHO | ISIG), 0);
	EXPECT_EQ(tty_restore(self->slave, &saved), 0);
	ASSERT_EQ(tcgetattr(self->slave, &now), 0);
	EXPECT_EQ(now.c_lflag, saved.c_lflag);
	ASSERT_EQ(pipe2(pipe_fds, O_CLOEXEC), 0);
	EXPECT_EQ(tty_raw(pipe_fds[0], false, &saved), -ENOTTY);
}

TEST_F(tty, the_guard_restores_on_every_end_but_sigkill)
{
	static const int ends[] = { 0,	     SIGTERM, SIGHUP, SIGINT,  SIGQUIT,
				    SIGSEGV, SIGABRT, SIGBUS, SIGUSR1, SIGPWR };
	struct termios before, after;

	ASSERT_EQ(tcgetattr(self->slave, &before), 0);
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		int status;
		pid_t pid = fork();

		if (pid == 0) {
			struct termios saved;

			/* a shell starts what runs in its background with SIGINT and SIGQUIT ignored */
			(void)signal(ends[i], SIG_DFL);
			if (tty_raw(self->slave, false, &saved) < 0)
				_exit(1);
			tty_guard(self->slave, &saved);
			if (ends[i])
				(void)kill(getpid(), ends[i]);
			exit(42);
		}
		ASSERT_EQ(waitpid(pid, &status, 0), pid);
		if (ends[i]) {
			EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == ends[i]);
		} else {
			EXPECT_EQ(WEXITSTATUS(status), 42);
		}
		ASSERT_EQ(tcgetattr(self->slave, &after), 0);
		EXPECT_EQ(after.c_lflag, before.c_lflag);
		EXPECT_EQ(after.c_iflag, before.c_iflag);
	}
}

TEST_F(tty, the_guard_leaves_ignored_signals_and_forked_children_alone)
{
	struct termios saved, now;
	struct sigaction sa;
	pid_t pid;

	(void)signal(SIGUSR1, SIG_IGN);
	ASSERT_EQ(tty_raw(self->slave, false, &saved), 0);
	tty_guard(self->slave, &saved);
	pid = fork();
	if (pid == 0)
		exit(0);
	ASSERT_EQ(waitpid(pid, NULL, 0), pid);
	ASSERT_EQ(tcgetattr(self->slave, &now), 0);
	EXPECT_EQ(now.c_lflag & ICANON, 0);
	ASSERT_EQ(sigaction(SIGUSR1, NULL, &sa), 0);
	EXPECT_EQ(sa.sa_handler, SIG_IGN);
	tty_unguard();
	ASSERT_EQ(sigaction(SIGTERM, NULL, &sa), 0);
	EXPECT_EQ(sa.sa_handler, SIG_DFL);
}

TEST_HARNESS_MAIN
