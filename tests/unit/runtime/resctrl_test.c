// SPDX-License-Identifier: Apache-2.0
/* Tests of runtime/resctrl.c, in a directory that looks like a resctrl file system. */
#include "runtime/resctrl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/io.h"
#include "kselftest_harness.h"
#include "spec/oci_config.h"

FIXTURE(resctrl)
{
	char dir[64];
	int fd;
	struct err e;
};

FIXTURE_SETUP(resctrl)
{
	static const char schemata[] = "    MB:0= 20;1= 70\n    L3:0=7f0;1=01f\n";

	(void)snprintf(self->dir, sizeof(self->dir), "/tmp/resctrl-test-XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->dir));
	self->fd = open(self->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	ASSERT_LE(0, self->fd);
	self->e = (struct err)ERR_INIT;
	/* the class "gold", as the kernel shows it */
	ASSERT_EQ(0, mkdirat(self->fd, "gold", 0755));
	ASSERT_EQ(0, mkdirat(self->fd, "gold/mon_groups", 0755));
	ASSERT_EQ(0, io_replace_file(self->fd, "gold/schemata", schemata, strlen(schemata), 0644, 0,
				     NULL));
	ASSERT_EQ(0, io_replace_file(self->fd, "gold/tasks", "", 0, 0644, 0, NULL));
}

FIXTURE_TEARDOWN(resctrl)
{
	char command[96];

	(void)close(self->fd);
	(void)snprintf(command, sizeof(command), "rm -r '%s'", self->dir);
	EXPECT_EQ(0, system(command));
}

/* clang-format off */
TEST_F(resctrl, names_what_is_the_containers_own)
{
	static const struct {
		struct oci_intel_rdt rdt;
		const char *want;
	} cases[] = {
		{ { .l3_cache_schema = "L3:0=1" }, "c1" },
		{ { .enable_monitoring = true }, "c1" },
		{ { .clos_id = "gold" }, "" },
		{ { .clos_id = "gold", .enable_monitoring = true }, "gold/mon_groups/c1" },
		{ { .clos_id = "gold", .enable_cmt = true }, "gold/mon_groups/c1" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_free_ char *own = resctrl_own(&cases[i].rdt, "c1");

		EXPECT_STREQ(cases[i].want, own);
	}
}

TEST_F(resctrl, compares_with_a_class_there_is)
{
	char *same[] = { (char *)"L3:1=1F", NULL }, *other[] = { (char *)"L2:0=1", NULL };
	const struct {
		struct oci_intel_rdt rdt;
		int want;
	} cases[] = {
		{ { .clos_id = "gold" }, 0 },
		{ { .clos_id = "gold", .l3_cache_schema = "L3:0=7f0;1=1f" }, 0 },
		{ { .clos_id = "gold", .l3_cache_schema = "L3:0=7f0" }, 0 },
		{ { .clos_id = "gold", .l3_cache_schema = "L3:0=7f" }, -EEXIST },
		{ { .clos_id = "gold", .l3_cache_schema = "L3:2=7f0" }, -EEXIST },
		{ { .clos_id = "gold", .l3_cache_schema = "L3:0=7f0\nMB:0=99", .mem_bw_schema = "MB:0=20" }, 0 },
		{ { .clos_id = "gold", .l3_cache_schema = "L3:0=7f0\nMB:0=99" }, -EEXIST },
		{ { .clos_id = "gold", .schemata = { same, 1 } }, 0 },
		{ { .clos_id = "gold", .schemata = { other, 1 } }, -EEXIST },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		err_clear(&self->e);
		EXPECT_EQ(cases[i].want, resctrl_prepare(self->fd, &cases[i].rdt, "c1", &self->e)) {
			TH_LOG("case %zu: %s", i, self->e.msg);
		}
	}
}
/* clang-format on */

TEST_F(resctrl, refuses_a_class_that_is_missing_and_has_no_schema)
{
	const struct oci_intel_rdt rdt = { .clos_id = "silver" };

	EXPECT_EQ(-ENOENT, resctrl_prepare(self->fd, &rdt, "c1", &self->e));
	EXPECT_NE(NULL, strstr(self->e.msg, "linux.intelRdt.closID"));
	EXPECT_NE(0, faccessat(self->fd, "silver", F_OK, 0)); /* and leaves nothing */
}

/* This directory makes no files, so that what is new cannot be filled: it is removed again. */
TEST_F(resctrl, leaves_nothing_when_a_schema_is_refused)
{
	const struct oci_intel_rdt rdt = { .l3_cache_schema = "L3:0=1" };

	EXPECT_EQ(-ENOENT, resctrl_prepare(self->fd, &rdt, "c1", &self->e));
	EXPECT_NE(NULL, strstr(self->e.msg, "'L3:0=1'"));
	EXPECT_NE(0, faccessat(self->fd, "c1", F_OK, 0));
}

TEST_F(resctrl, does_not_take_a_class_without_closID_over)
{
	const struct oci_intel_rdt rdt = { .enable_monitoring = true };

	EXPECT_EQ(-EEXIST, resctrl_prepare(self->fd, &rdt, "gold", &self->e));
	EXPECT_EQ(0, faccessat(self->fd, "gold/schemata", F_OK, 0));
}

TEST_F(resctrl, joins_class_and_group_and_removes_what_is_its_own)
{
	const struct oci_intel_rdt rdt = { .clos_id = "gold", .enable_monitoring = true };
	_cleanup_free_ char *own = resctrl_own(&rdt, "c1");
	char text[32];

	ASSERT_EQ(0, resctrl_prepare(self->fd, &rdt, "c1", &self->e));
	/* what the kernel makes in a new group */
	ASSERT_EQ(0, io_replace_file(self->fd, "gold/mon_groups/c1/tasks", "", 0, 0644, 0, NULL));
	ASSERT_EQ(0, resctrl_join(self->fd, &rdt, "c1", 4711, &self->e));
	EXPECT_LT(0, io_read_small(self->fd, "gold/tasks", text, sizeof(text)));
	EXPECT_STREQ("4711", text);
	EXPECT_LT(0, io_read_small(self->fd, "gold/mon_groups/c1/tasks", text, sizeof(text)));
	EXPECT_STREQ("4711", text);
	ASSERT_EQ(0, unlinkat(self->fd, "gold/mon_groups/c1/tasks", 0));
	EXPECT_EQ(0, resctrl_remove(self->fd, own, &self->e));
	EXPECT_NE(0, faccessat(self->fd, "gold/mon_groups/c1", F_OK, 0));
	EXPECT_EQ(0, resctrl_remove(self->fd, own, &self->e)); /* gone is gone */
	EXPECT_EQ(0, faccessat(self->fd, "gold", F_OK, 0));
}

TEST_HARNESS_MAIN
