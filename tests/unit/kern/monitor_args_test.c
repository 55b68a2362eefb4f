// SPDX-License-Identifier: Apache-2.0
/* The monitor's command line. */
#include "kern/monitor_args.h"

#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "kselftest_harness.h"

static char id[] = "an id", dir[] = "/a dir", run_dir[] = "/run";

TEST(what_is_built_is_parsed)
{
	char *reap[] = { dir, (char[]){ "--x" }, NULL };
	struct monitor_args a = { .id = id, .dir = dir, .run_dir = run_dir, .pidfd = 5, .pid = 77,
				  .stdin_fd = 6, .stdout_fd = 7, .stderr_fd = 8, .listen_fd = 9,
				  .client_fd = 10, .lock_fd = 11, .open_stdin = true,
				  .log_max = 1 << 20, .log_files = 5, .reap = { reap, 2 } };
	struct monitor_args b;
	struct strv argv = { .v = NULL };

	ASSERT_EQ(monitor_args_argv(&a, &argv, NULL), 0);
	EXPECT_STREQ(argv.v[0], "davit-monitor");
	ASSERT_EQ(monitor_args_parse((int)argv.n - 1, argv.v + 1, &b, NULL), 0);
	EXPECT_STREQ(b.id, id);
	EXPECT_STREQ(b.dir, dir);
	EXPECT_EQ(b.pidfd, 5);
	EXPECT_EQ(b.pid, 77);
	EXPECT_EQ(b.stdin_fd, 6);
	EXPECT_EQ(b.lock_fd, 11);
	EXPECT_EQ(b.pty_fd, 0);
	EXPECT_TRUE(b.open_stdin);
	EXPECT_FALSE(b.stdin_once);
	EXPECT_EQ(b.log_max, 1 << 20);
	EXPECT_EQ(b.log_files, 5);
	ASSERT_EQ(b.reap.n, 2);
	EXPECT_STREQ(b.reap.v[1], "--x");
	monitor_args_done(&b);
	strv_done(&argv);
}

static int parse(struct monitor_args a)
{
	struct strv argv = { .v = NULL };
	struct monitor_args b;
	int r;

	if (monitor_args_argv(&a, &argv, NULL) < 0)
		return -ENOMEM;
	r = monitor_args_parse((int)argv.n - 1, argv.v + 1, &b, NULL);
	monitor_args_done(&b);
	strv_done(&argv);
	return r;
}

TEST(nonsense_is_refused)
{
	struct monitor_args ok = { .id = id, .dir = dir, .run_dir = run_dir, .pidfd = 5 };
	struct monitor_args a = ok;

	EXPECT_EQ(parse(a), 0);
	a.pidfd = 0;
	EXPECT_EQ(parse(a), -EINVAL);
	a = ok;
	a.id = NULL;
	EXPECT_EQ(parse(a), -EINVAL);
	a = ok;
	a.stdin_fd = 2;
	EXPECT_EQ(parse(a), -EINVAL);
	a = ok;
	a.pty_fd = 6;
	EXPECT_EQ(parse(a), 0);
	a.stdout_fd = 7;
	EXPECT_EQ(parse(a), -EINVAL);
	a = ok;
	a.log_max = 10;
	EXPECT_EQ(parse(a), -EINVAL);
	a = ok;
	a.log_files = 1000;
	EXPECT_EQ(parse(a), -EINVAL);
}

TEST_HARNESS_MAIN
