// SPDX-License-Identifier: Apache-2.0
/* Helper programs. */
#include "base/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "kselftest_harness.h"

static char sh[] = "sh", dash_c[] = "-c";

#define SHELL(script)                                                       \
	{                                                                   \
		.path = "/bin/sh", .argv = (char *[]){ sh, dash_c, script, NULL }, \
		.stdio = { SPAWN_NULL, SPAWN_INHERIT, SPAWN_INHERIT }       \
	}

TEST(status_is_told)
{
	char seven[] = "exit 7", killed[] = "kill -9 $$";
	struct spawn a = SHELL(seven), b = SHELL(killed);

	EXPECT_EQ(spawn_run(&a, NULL), 7);
	EXPECT_EQ(spawn_run(&b, NULL), 137);
}

TEST(exec_failure_is_an_error_with_the_program)
{
	char none[] = "";
	struct spawn s = SHELL(none);
	struct err e = ERR_INIT;

	s.path = "/nonexistent";
	EXPECT_EQ(spawn_run(&s, &e), -ENOENT);
	EXPECT_NE(strstr(e.msg, "/nonexistent"), NULL);
	s.path = "/etc/passwd";
	EXPECT_EQ(spawn_run(&s, &e), -EACCES);
}

TEST(output_is_captured_up_to_its_bound)
{
	char few[] = "printf abc; exit 3", many[] = "exec cat /dev/zero";
	struct spawn a = SHELL(few), b = SHELL(many);
	char *text = NULL;
	size_t n = 0;

	EXPECT_EQ(spawn_capture(&a, 100, &text, &n, NULL), 3);
	EXPECT_EQ(n, 3);
	EXPECT_STREQ(text, "abc");
	free(text);
	text = NULL;
	EXPECT_EQ(spawn_capture(&b, 100000, &text, &n, NULL), -EFBIG);
	EXPECT_EQ(text, NULL);
}

TEST(descriptors_arrive_where_they_are_said)
{
	char swap[] = "echo one; echo two >&2; echo kept >&9; "
		      "[ -e /proc/self/fd/8 ] && echo leaked";
	struct spawn s = SHELL(swap);
	int x[2], y[2], z[2], keep = 9, n;
	char buf[32];

	ASSERT_EQ(pipe2(x, O_CLOEXEC), 0);
	ASSERT_EQ(pipe2(y, O_CLOEXEC), 0);
	ASSERT_EQ(pipe2(z, O_CLOEXEC), 0);
	for (int i = 0; i < 2; i++) {
		x[i] = fcntl(x[i], F_DUPFD_CLOEXEC, 20);
		y[i] = fcntl(y[i], F_DUPFD_CLOEXEC, 20);
		z[i] = fcntl(z[i], F_DUPFD_CLOEXEC, 20);
	}
	ASSERT_EQ(dup3(z[1], 9, O_CLOEXEC), 9);
	ASSERT_EQ(dup3(z[1], 8, O_CLOEXEC), 8);
	/* our 1 is its 2 and the other way round */
	ASSERT_EQ(dup2(x[1], 1), 1);
	ASSERT_EQ(dup2(y[1], 2), 2);
	s.stdio[1] = 2;
	s.stdio[2] = 1;
	s.keep = &keep;
	s.n_keep = 1;
	(void)spawn_run(&s, NULL);
	n = (int)read(x[0], buf, sizeof(buf));
	ASSERT_EQ(n, 4);
	EXPECT_EQ(memcmp(buf, "two\n", 4), 0);
	n = (int)read(y[0], buf, sizeof(buf));
	ASSERT_EQ(n, 4);
	EXPECT_EQ(memcmp(buf, "one\n", 4), 0);
	n = (int)read(z[0], buf, sizeof(buf));
	ASSERT_EQ(n, 5);
	EXPECT_EQ(memcmp(buf, "kept\n", 5), 0);
}

TEST(signals_are_as_at_boot)
{
	char self[] = "grep -E 'Sig(Ign|Blk)' /proc/self/status";
	struct spawn s = SHELL(self);
	char *text = NULL;
	sigset_t set;
	size_t n;

	(void)signal(SIGPIPE, SIG_IGN);
	(void)sigfillset(&set);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	ASSERT_EQ(spawn_capture(&s, 1000, &text, &n, NULL), 0);
	/* 32 and 33 are the C library's own */
	EXPECT_STREQ(text, "SigBlk:\t0000000000000000\nSigIgn:\t0000000180000000\n");
	free(text);
}

TEST_HARNESS_MAIN
