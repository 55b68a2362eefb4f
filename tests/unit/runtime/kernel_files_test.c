// SPDX-License-Identifier: Apache-2.0
/* Tests of runtime/kernel_files.c: what is mounted over proc redirects no write (CVE-2025-52881). */
#include "runtime/kernel_files.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "kselftest_harness.h"

#define SYSCTL "sys/kernel/domainname"

TEST(tells_what_lies_below)
{
	static const struct {
		const char *path, *rest;
	} rows[] = {
		{ "/proc/kcore", "kcore" },
		{ "proc/kcore", "kcore" },
		{ "//proc///sys//net", "sys//net" },
		{ "/proc", NULL },
		{ "/proc/", NULL },
		{ "/proc/..", NULL },
		{ "/proc/../etc/passwd", NULL },
		{ "/proc/sys/../../etc", NULL },
		{ "/proc/..kcore", "..kcore" },
		{ "/processes/x", NULL },
		{ "/x/proc/kcore", NULL },
		{ "", NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *rest = path_below(rows[i].path, "proc");

		EXPECT_EQ(rows[i].rest == NULL, rest == NULL)
		{
			TH_LOG("%s", rows[i].path);
		}
		if (rest && rows[i].rest)
			EXPECT_STREQ(rows[i].rest, rest);
	}
}

TEST(notes_the_last_mount_of_each)
{
	struct kernel_files k = { .proc_fd = -1, .sys_fd = -1 };

	kernel_files_note(&k, "/data", 3, false);
	EXPECT_EQ(-1, k.proc_fd);
	kernel_files_note(&k, "/proc/", 4, false);
	EXPECT_EQ(4, k.proc_fd);
	EXPECT_FALSE(k.has_self);
	kernel_files_note(&k, "proc", 5, true);
	EXPECT_EQ(5, k.proc_fd);
	EXPECT_TRUE(k.has_self);
	kernel_files_note(&k, "//sys", 6, false);
	EXPECT_EQ(6, k.sys_fd);
	EXPECT_TRUE(k.has_self);
	kernel_files_note(&k, "/proc/sys", 7, false);
	EXPECT_EQ(5, k.proc_fd);
}

/* A proc, with a file of ours over one of its. */
FIXTURE(covered)
{
	char file[64];
};

FIXTURE_SETUP(covered)
{
	int fd;

	if (unshare(CLONE_NEWNS | CLONE_NEWUTS) < 0)
		SKIP(return, "needs root");
	ASSERT_EQ(0, mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	(void)snprintf(self->file, sizeof(self->file), "/tmp/davit-kernel-files-XXXXXX");
	fd = mkstemp(self->file);
	ASSERT_GE(fd, 0);
	(void)close(fd);
	ASSERT_EQ(0, mount(self->file, "/proc/" SYSCTL, NULL, MS_BIND, NULL));
}

FIXTURE_TEARDOWN(covered)
{
	(void)unlink(self->file);
}

static bool is_empty(const char *file)
{
	struct stat st;

	return stat(file, &st) == 0 && st.st_size == 0;
}

static bool has_domain(const char *want)
{
	char name[65];

	return getdomainname(name, sizeof(name)) == 0 && strcmp(name, want) == 0;
}

TEST_F(covered, a_naive_write_is_redirected)
{
	_cleanup_fd_ int fd = open("/proc/" SYSCTL, O_WRONLY | O_CLOEXEC);

	ASSERT_GE(fd, 0);
	EXPECT_EQ(5, write(fd, "naive", 5));
	EXPECT_FALSE(is_empty(self->file));
	EXPECT_FALSE(has_domain("naive"));
}

TEST_F(covered, what_is_mounted_over_it_is_left_out)
{
	_cleanup_fd_ int proc = proc_open_host();

	ASSERT_GE(proc, 0);
	EXPECT_EQ(0, proc_write(proc, SYSCTL, "inside"));
	EXPECT_TRUE(is_empty(self->file));
	EXPECT_TRUE(has_domain("inside"));
}

TEST_F(covered, a_mount_is_not_crossed)
{
	_cleanup_fd_ int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);

	EXPECT_EQ(-EXDEV, proc_write(proc, SYSCTL, "inside"));
	EXPECT_TRUE(is_empty(self->file));
}

TEST_F(covered, nothing_else_is_taken_for_proc)
{
	ASSERT_EQ(0, mount("tmpfs", "/proc", "tmpfs", 0, NULL));
	EXPECT_EQ(-EXDEV, proc_open_host());
}

TEST_F(covered, no_descriptor_and_no_root_is_reached)
{
	_cleanup_fd_ int proc = proc_open_host(), fd = open(self->file, O_WRONLY | O_CLOEXEC);
	char link[96];

	(void)snprintf(link, sizeof(link), "self/fd/%d", fd);
	EXPECT_EQ(-ELOOP, proc_write(proc, link, "inside"));
	(void)snprintf(link, sizeof(link), "self/root/%s", self->file);
	EXPECT_EQ(-ELOOP, proc_write(proc, link, "inside"));
	(void)snprintf(link, sizeof(link), "..%s", self->file);
	EXPECT_EQ(-EXDEV, proc_write(proc, link, "inside"));
	EXPECT_TRUE(is_empty(self->file));
}

TEST_HARNESS_MAIN
