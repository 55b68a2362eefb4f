// SPDX-License-Identifier: Apache-2.0
/* Exit records. */
#include "kern/exit_record.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fs.h"
#include "base/io.h"
#include "kselftest_harness.h"

TEST(written_is_read)
{
	char dir[] = "/tmp/davit-exit-test.XXXXXX";
	siginfo_t si = { .si_code = CLD_KILLED, .si_status = 15 };
	struct exit_record a, b;
	struct err e = ERR_INIT;
	int fd;

	ASSERT_NE(mkdtemp(dir), NULL);
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	EXPECT_EQ(exit_record_read(fd, &b, &e), -ENOENT);
	exit_record_set(&a, &si);
	EXPECT_EQ(exit_record_write(fd, &a, NULL), 0);
	EXPECT_EQ(exit_record_read(fd, &b, NULL), 0);
	EXPECT_EQ(b.status, 0);
	EXPECT_EQ(b.signal, 15);
	EXPECT_EQ(b.finished_ns, a.finished_ns);
	EXPECT_EQ(exit_record_code(&b), 143);
	EXPECT_EQ(fs_remove_tree(AT_FDCWD, dir, NULL), 0);
}

TEST(anything_else_is_refused)
{
	static const char *const bad[] = {
		"",
		"status=0",
		"status=0 signal=0 finished=1",
		"status=0 signal=0 finished=1\nx",
		"status=256 signal=0 finished=1\n",
		"status=-1 signal=0 finished=1\n",
		"status=0 signal=128 finished=1\n",
		"status=0 signal=0 finished=99999999999999999999\n",
		"status=0 signal=0 finished=-1\n",
		"signal=0 status=0 finished=1\n",
		"status=00000000000000000000000000000000000000000 signal=0 finished=1\n",
	};
	struct exit_record r;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		EXPECT_EQ(exit_record_parse(bad[i], &r), -EBADMSG);
	EXPECT_EQ(exit_record_parse("status=255 signal=0 finished=1\n", &r), 0);
	EXPECT_EQ(exit_record_code(&r), 255);
}

TEST_HARNESS_MAIN
