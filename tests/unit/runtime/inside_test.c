// SPDX-License-Identifier: Apache-2.0
/* Paths inside a container: what images can write there, nothing of it may lead outside. */
#include "runtime/inside.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "kselftest_harness.h"

/* The working directory stands for the root, as after pivot_root(2). */
FIXTURE(root)
{
	char dir[64];
	int outside;
};

FIXTURE_SETUP(root)
{
	(void)snprintf(self->dir, sizeof(self->dir), "/tmp/davit-inside-XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->dir));
	self->outside = open(self->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	ASSERT_GE(self->outside, 0);
	ASSERT_EQ(0, chdir(self->dir));
	ASSERT_EQ(0, mkdir("root", 0755));
	ASSERT_EQ(0, mkdir("secret", 0755));
	ASSERT_EQ(0, chdir("root"));
	ASSERT_EQ(0, mkdir("etc", 0755));
	ASSERT_EQ(0, symlink("/etc", "abs"));
	ASSERT_EQ(0, symlink("../../../../secret", "up"));
	ASSERT_EQ(0, symlink("loop", "loop"));
	ASSERT_EQ(0, symlink("gone/away", "dangling"));
	ASSERT_EQ(0, symlink("made/by/link", "file-link"));
	ASSERT_EQ(0, symlink("/etc/dir/there/", "dir-link"));
	ASSERT_EQ(0, symlink("abs/../chain2", "chain"));
	ASSERT_EQ(0, symlink("/../chained/to", "chain2"));
	ASSERT_EQ(0, symlink("/proc/self/fd", "proc-link")); /* no proc is mounted here */
	ASSERT_EQ(0, symlink("circle2/x", "circle"));
	ASSERT_EQ(0, symlink("circle/x", "circle2"));
	ASSERT_EQ(0, symlink("new-part/../endless/x", "endless"));
	ASSERT_EQ(0, symlink("../../../y/z", "etc/deep"));
	ASSERT_EQ(0, symlink("file/x", "into-file"));
	ASSERT_EQ(0, mknod("file", S_IFREG | 0644, 0));
}

FIXTURE_TEARDOWN(root)
{
	EXPECT_EQ(0, chdir("/"));
	EXPECT_EQ(0, fs_remove_tree(AT_FDCWD, self->dir, NULL));
	(void)close(self->outside);
}

static bool exists(int dir, const char *path)
{
	return faccessat(dir, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* clang-format off */
static const struct { const char *path; bool is_file; int ret; const char *made; } makes[] = {
	{ "/a",                false, 0,            "a" },
	{ "/a/b/c",            false, 0,            "a/b/c" },
	{ "a/b",               false, 0,            "a/b" },
	{ "//a///b//",         false, 0,            "a/b" },
	{ "/",                 false, 0,            "etc" },
	{ "/x/f",              true,  0,            "x/f" },
	{ "/etc",              false, 0,            "etc" },
	{ "/abs/x",            false, 0,            "etc/x" },
	{ "/up/x",             false, 0,            "secret/x" },
	{ "/file-link",        true,  0,            "made/by/link" },
	{ "/dir-link/",        false, 0,            "etc/dir/there" },
	{ "/chain/x",          false, 0,            "chained/to/x" },
	{ "/proc-link/x",      false, 0,            "proc/self/fd/x" },
	{ "/../../../y",       false, 0,            "y" },
	{ "/etc/../../../z/t", false, 0,            "z/t" },
	{ "/loop/x",           false, -ELOOP,       NULL },
	{ "/circle",           false, -ELOOP,       NULL },
	{ "/endless/x",        false, -ELOOP,       NULL },
	{ "/dangling/x",       false, 0,            "gone/away/x" },
	{ "/etc/deep/x",       false, 0,            "y/z/x" },
	{ "/into-file/x",      false, -ENOTDIR,     NULL },
	{ "/file/x",           false, -ENOTDIR,     NULL },
};
/* clang-format on */

TEST_F(root, make)
{
	for (size_t i = 0; i < ARRAY_SIZE(makes); i++) {
		int r = inside_make(makes[i].path, makes[i].is_file);

		EXPECT_EQ(makes[i].ret, r) {
			TH_LOG("%s", makes[i].path);
		}
		if (makes[i].made)
			EXPECT_TRUE(exists(AT_FDCWD, makes[i].made)) {
				TH_LOG("%s", makes[i].made);
			}
	}
	EXPECT_FALSE(exists(self->outside, "secret/x"));
	EXPECT_FALSE(exists(self->outside, "y"));
	EXPECT_FALSE(exists(self->outside, "z"));
	EXPECT_FALSE(exists(self->outside, "chained"));
	EXPECT_FALSE(exists(AT_FDCWD, "file-link/x"));
}

TEST_F(root, too_long)
{
	char path[5000];

	memset(path, 'a', sizeof(path) - 1);
	path[0] = '/';
	path[sizeof(path) - 1] = '\0';
	EXPECT_EQ(-ENAMETOOLONG, inside_make(path, false));
	path[4096 - 1] = '\0';
	EXPECT_EQ(-ENAMETOOLONG, inside_make(path, false));
}

TEST_F(root, open)
{
	EXPECT_GE(inside_open("/etc", true), 0);
	EXPECT_GE(inside_open("/abs", true), 0);
	EXPECT_GE(inside_open("/file", false), 0);
	EXPECT_EQ(-ENOTDIR, inside_open("/file", true));
	EXPECT_EQ(-ENOENT, inside_open("/up", false));
	EXPECT_GE(inside_open_or_make("/new/dir", false), 0);
	EXPECT_GE(inside_open_or_make("/new/file", true), 0);
	EXPECT_FALSE(inside_is_proc(inside_open("/etc", true)));
}

/* What is open in the process leads outside: by itself, with "..", through a symlink of the image. */
TEST_F(root, descriptors_are_no_way_out)
{
	/* "@" stands for the descriptor */
	static const char *const forms[] = { "/proc/self/fd/@", "/proc/self/fd/@/secret",
					     "/proc/self/fd/@/made", "/proc/self/fd/@/../made",
					     "/proc/thread-self/fd/@/made", "/proc/1/root/made",
					     "/link", "/link/made", "/proc/self/cwd/../made",
					     "/proc/self/root/made" };
	char path[96];

	ASSERT_EQ(0, unshare(CLONE_NEWNS));
	ASSERT_EQ(0, mount(NULL, "/", NULL, MS_PRIVATE | MS_REC, NULL));
	ASSERT_EQ(0, mkdir("proc", 0755));
	ASSERT_EQ(0, mount("/proc", "proc", NULL, MS_BIND | MS_REC, NULL));
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", self->outside);
	ASSERT_EQ(0, symlink(path, "link"));
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		const char *at = strchr(forms[i], '@');

		if (at)
			(void)snprintf(path, sizeof(path), "%.*s%d%s", (int)(at - forms[i]), forms[i],
				       self->outside, at + 1);
		else
			(void)snprintf(path, sizeof(path), "%s", forms[i]);
		/* -ELOOP, or -EACCES where the kernel looks at the process first */
		EXPECT_GT(0, inside_open_or_make(path, false)) {
			TH_LOG("%s", path);
		}
		(void)inside_make(path, true); /* what is there is fine */
	}
	EXPECT_FALSE(exists(self->outside, "made"));
	EXPECT_TRUE(inside_is_proc(inside_open("/proc/self", true)));
	ASSERT_EQ(0, umount2("proc", MNT_DETACH));
	ASSERT_EQ(0, rmdir("proc"));
}

TEST_HARNESS_MAIN
