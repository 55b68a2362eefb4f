// SPDX-License-Identifier: Apache-2.0
/* What arrives in the pipe of a start, and what a process of the container could write there. */
#include "runtime/outcome.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "kern/init_report.h"
#include "kselftest_harness.h"

static int outcome_of(const void *bytes, size_t n, struct err *e)
{
	int fds[2], r;

	if (pipe2(fds, O_CLOEXEC) < 0 || write(fds[1], bytes, n) != (ssize_t)n)
		return 1;
	(void)close(fds[1]);
	r = outcome_read(fds[0], "/bin/x", e);
	(void)close(fds[0]);
	return r;
}

TEST(end_of_file_is_success)
{
	EXPECT_EQ(0, outcome_of("", 0, NULL));
}

TEST(an_error_of_ours_arrives)
{
	struct err sent = ERR_INIT, e = ERR_INIT;

	(void)err_set(&sent, -EACCES, "mount on '%s'", "/m");
	err_hint(&sent, "look");
	EXPECT_EQ(-EACCES, outcome_of(&sent, sizeof(sent), &e));
	EXPECT_STREQ("mount on '/m'", e.msg);
	EXPECT_STREQ("look", e.hint);
	EXPECT_EQ(-EACCES, outcome_of(&sent, sizeof(sent), NULL));
}

TEST(a_report_of_davit_init_arrives)
{
	struct init_report report = { .code = -ENOENT, .stage = INIT_EXEC };
	struct err e = ERR_INIT;

	EXPECT_EQ(-ENOENT, outcome_of(&report, sizeof(report), &e));
	EXPECT_EQ(127, e.exit_code);
	EXPECT_NE(NULL, strstr(e.msg, "/bin/x"));
}

/* clang-format off */
static const struct { const char *what; size_t at, n; int byte; } forged[] = {
	{ "code 0",           offsetof(struct err, code),      4,            0 },
	{ "a code above 0",   offsetof(struct err, code),      4,            1 },
	{ "INT_MIN",          offsetof(struct err, code),      3,            0 },
	{ "exit status 0x11", offsetof(struct err, exit_code), 1,            0x11 },
	{ "exit status 128",  offsetof(struct err, exit_code), 1,            128 },
	{ "no bool",          offsetof(struct err, is_plain),  1,            2 },
	{ "an endless text",  offsetof(struct err, msg),       ERR_MSG_MAX,  'x' },
	{ "an endless hint",  offsetof(struct err, hint),      ERR_HINT_MAX, 'x' },
};
/* clang-format on */

TEST(a_forged_error_is_refused)
{
	for (size_t i = 0; i < sizeof(forged) / sizeof(forged[0]); i++) {
		struct err sent = ERR_INIT, e = ERR_INIT;

		(void)err_set(&sent, -EACCES, "x");
		if (strcmp(forged[i].what, "INT_MIN") == 0)
			sent.code = INT32_MIN;
		memset((unsigned char *)&sent + forged[i].at, forged[i].byte, forged[i].n);
		EXPECT_EQ(-EPROTO, outcome_of(&sent, sizeof(sent), &e)) TH_LOG("%s", forged[i].what);
		EXPECT_STREQ("read how the start went", e.msg);
		EXPECT_EQ(0, e.exit_code);
	}
}

TEST(a_forged_report_is_refused)
{
	static const int32_t codes[] = { 0, 1, INT32_MIN, -4096 };

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		struct init_report report = { .code = codes[i] };

		EXPECT_EQ(-EPROTO, outcome_of(&report, sizeof(report), NULL));
	}
}

TEST(any_other_length_is_refused)
{
	static const char bytes[sizeof(struct err)] = { 1 };

	for (size_t n = 1; n < sizeof(bytes); n += n < 16 ? 1 : 97)
		if (n != sizeof(struct init_report))
			EXPECT_EQ(-EPROTO, outcome_of(bytes, n, NULL));
}

/* What the pipe could not carry. */
TEST(an_error_on_the_board)
{
	for (int is_shared = 0; is_shared < 2; is_shared++) {
		struct err *board = outcome_board(is_shared), e = ERR_INIT;
		pid_t pid;

		ASSERT_NE(NULL, board);
		EXPECT_EQ(0, outcome_failed(board, 0, &e));
		EXPECT_EQ(-ECANCELED, outcome_failed(board, -ECANCELED, &e));
		pid = is_shared ? 0 : fork();
		ASSERT_GE(pid, 0);
		if (pid == 0)
			(void)err_set(board, ENOMEM, "make a keyring");
		if (pid == 0 && !is_shared)
			_exit(0);
		ASSERT_EQ(is_shared ? -1 : pid, waitpid(is_shared ? -1 : pid, NULL, 0));
		EXPECT_EQ(-EPROTO, outcome_failed(board, -EPROTO, &e)); /* the pipe had one */
		EXPECT_EQ(0, e.code);
		EXPECT_EQ(-ENOMEM, outcome_failed(board, 0, &e));
		EXPECT_STREQ("make a keyring", e.msg);
		EXPECT_NE(NULL, strstr(e.hint, "memory limit"));
		EXPECT_EQ(-ENOMEM, outcome_failed(board, -ECANCELED, NULL));
		EXPECT_EQ(board, outcome_board(is_shared)); /* the next start's */
		EXPECT_EQ(0, outcome_failed(board, 0, &e));
	}
	EXPECT_EQ(-EIO, outcome_failed(NULL, -EIO, NULL));
}

TEST_HARNESS_MAIN
