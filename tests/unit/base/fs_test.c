// SPDX-License-Identifier: Apache-2.0
/* Paths beneath a directory, and removing trees. */
#include "kselftest_harness.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/fs.h"

FIXTURE(dir)
{
	char path[64];
	int fd;
};

FIXTURE_SETUP(dir)
{
	strcpy(self->path, "/tmp/davit-fs-XXXXXX");
	ASSERT_NE(mkdtemp(self->path), NULL);
	self->fd = open(self->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ASSERT_GE(self->fd, 0);
}

FIXTURE_TEARDOWN(dir)
{
	close(self->fd);
	EXPECT_EQ(fs_remove_tree(AT_FDCWD, self->path, NULL), 0);
	EXPECT_NE(access(self->path, F_OK), 0);
}

static int touch(int dir, const char *path)
{
	int fd = openat(dir, path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	if (fd < 0)
		return -errno;
	return close(fd);
}

TEST_F(dir, links_stay_beneath)
{
	static const char *const links[][2] = {
		{ "/etc/passwd", "absolute" },
		{ "../../../../../../etc/passwd", "up" },
		{ "/proc/self/root/etc/passwd", "magic" },
		{ "loop", "loop" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(links); i++) {
		ASSERT_EQ(symlinkat(links[i][0], self->fd, links[i][1]), 0);
		EXPECT_LT(fs_open_beneath(self->fd, links[i][1], O_RDONLY, 0), 0)
		TH_LOG("%s", links[i][1]);
	}
	ASSERT_EQ(mkdirat(self->fd, "etc", 0755), 0);
	ASSERT_EQ(touch(self->fd, "etc/passwd"), 0);
	for (size_t i = 0; i < 2; i++) {
		struct stat a, b;
		int fd = fs_open_beneath(self->fd, links[i][1], O_RDONLY, 0);

		ASSERT_GE(fd, 0) TH_LOG("%s", links[i][1]);
		ASSERT_EQ(fstat(fd, &a), 0);
		ASSERT_EQ(fstatat(self->fd, "etc/passwd", &b, 0), 0);
		EXPECT_EQ(a.st_ino, b.st_ino);
		close(fd);
	}
}

TEST_F(dir, directories_are_made_beneath)
{
	int fd = fs_mkdir_beneath(self->fd, "/a//b/./c", 0750);
	struct stat st;

	ASSERT_GE(fd, 0);
	close(fd);
	ASSERT_EQ(fstatat(self->fd, "a/b/c", &st, 0), 0);
	EXPECT_EQ(symlinkat("/tmp", self->fd, "out"), 0);
	fd = fs_mkdir_beneath(self->fd, "out/davit-escaped", 0755);
	EXPECT_LT(fd, 0); /* dangling inside: refused, not made outside */
	EXPECT_NE(access("/tmp/davit-escaped", F_OK), 0);
}

TEST_F(dir, removes_deep_trees_and_follows_no_link)
{
	_cleanup_fd_ int at = dup(self->fd);

	ASSERT_EQ(mkdirat(self->fd, "keep", 0755), 0);
	ASSERT_EQ(touch(self->fd, "keep/me"), 0);
	ASSERT_EQ(mkdirat(self->fd, "tree", 0755), 0);
	ASSERT_EQ(symlinkat("../keep", self->fd, "tree/link"), 0);
	at = fd_close(at);
	at = openat(self->fd, "tree", O_RDONLY | O_DIRECTORY);
	for (int i = 0; i < 3000; i++) { /* far deeper than PATH_MAX and the limit of descriptors */
		int next;

		ASSERT_EQ(mkdirat(at, "deeper", 0755), 0);
		ASSERT_EQ(touch(at, "file"), 0);
		next = openat(at, "deeper", O_RDONLY | O_DIRECTORY);
		ASSERT_GE(next, 0);
		at = fd_close(at);
		at = next;
	}
	EXPECT_EQ(fs_remove_tree(self->fd, "tree", NULL), 0);
	EXPECT_FALSE(fs_exists(self->fd, "tree"));
	EXPECT_TRUE(fs_exists(self->fd, "keep/me"));
	EXPECT_EQ(fs_remove_tree(self->fd, "tree", NULL), 0); /* nothing there is success */
}

TEST_F(dir, is_private_without_other_writers)
{
	static const struct {
		mode_t mode;
		bool want;
	} cases[] = { { 0700, true },  { 0755, true },	{ 0600, true },
		      { 0720, false }, { 0702, false }, { 01777, false } };
	struct stat st;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		ASSERT_EQ(fchmod(self->fd, cases[i].mode), 0);
		ASSERT_EQ(fstat(self->fd, &st), 0);
		EXPECT_EQ(fs_is_private(&st), cases[i].want) TH_LOG("mode %o", cases[i].mode);
	}
	ASSERT_EQ(fchmod(self->fd, 0700), 0);
	ASSERT_EQ(fstat(self->fd, &st), 0);
	st.st_uid++;
	EXPECT_FALSE(fs_is_private(&st));
}

TEST_F(dir, is_full_at_its_limit)
{
	EXPECT_FALSE(fs_is_full(self->path, 1));
	EXPECT_TRUE(fs_is_full(self->path, 0));
	ASSERT_EQ(touch(self->fd, "a"), 0);
	ASSERT_EQ(mkdirat(self->fd, "b", 0755), 0);
	EXPECT_FALSE(fs_is_full(self->path, 3));
	EXPECT_TRUE(fs_is_full(self->path, 2));
	EXPECT_TRUE(fs_is_full(self->path, 1));
	EXPECT_TRUE(fs_is_full("/nonexistent/davit", 100));
}

TEST_HARNESS_MAIN
