// SPDX-License-Identifier: Apache-2.0
/* Looking up users in a root that an image made: right answers, hostile files, limits. */
#include "spec/passwd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/io.h"
#include "base/str.h"
#include "kselftest_harness.h"
#include "spec/user_spec.h"

static const char passwd_text[] = "root:x:0:0:root:/root:/bin/sh\n"
				  "\n"
				  "# a note\n"
				  "short:x:5\n"
				  "ann:x:1000:1000:Ann,,,:/home/ann:/bin/bash\n"
				  "ann:x:6:6::/six:\n"
				  "1001:x:0:0:trap:/root:\n"
				  "bad:x:notanumber:5::/:\n"
				  "huge:x:4294967295:5::/:\n"
				  "wrap:x:4294967296:0::/:\n"
				  "bob:x:1002:50:no home\n"
				  "rel:x:1003:50::home/rel:\n"
				  "last:x:1004:50::/last:/bin/sh"; /* no newline */
static const char group_text[] = "root:x:0:\n"
				 "staff:x:50:ann,bob\n"
				 "ann:x:1000:\n"
				 "audio:x:29:annx,xann,ann\n"
				 "wheel:x:10:bob,ann,bob\n"
				 "dup:x:29:ann\n"
				 "own:x:1000:ann\n"
				 "bad:x:-5:ann\n"
				 "none:x:4294967295:ann\n";

FIXTURE(root)
{
	char path[64];
	int fd;
};

static void put(int fd, const char *name, const char *text)
{
	(void)fs_mkdir_parents(fd, "etc", 0755);
	(void)io_replace_file(fd, name, text, strlen(text), 0644, 0, NULL);
}

FIXTURE_SETUP(root)
{
	snprintf(self->path, sizeof(self->path), "/tmp/davit-passwd-XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->path));
	self->fd = open(self->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ASSERT_GE(self->fd, 0);
	put(self->fd, "etc/passwd", passwd_text);
	put(self->fd, "etc/group", group_text);
}

FIXTURE_TEARDOWN(root)
{
	close(self->fd);
	(void)fs_remove_tree(AT_FDCWD, self->path, NULL);
}

/* Look up @user with groups to add, separated by commas. */
static int lookup(int fd, const char *user, const char *add, struct passwd_user *u, struct err *e)
{
	_cleanup_strv_ struct strv list = { NULL, 0 };
	struct user_spec spec;
	int r = user_spec_parse(user, &spec, e);

	while (r == 0 && *add) {
		size_t n = strcspn(add, ",");

		r = strv_add_n(&list, add, n);
		add += n + (add[n] == ',');
	}
	return r < 0 ? r : passwd_lookup(fd, &spec, &list, u, e);
}

/* "uid:gid:home:group,group" */
static char *describe(const struct passwd_user *u)
{
	struct str s = STR_INIT;

	str_addf(&s, "%u:%u:%s:", u->uid, u->gid, u->home);
	for (size_t i = 0; i < u->n_groups; i++)
		str_addf(&s, "%s%u", i ? "," : "", u->groups[i]);
	return str_take(&s);
}

/* clang-format off */
static const struct {
	const char *user, *add, *want;
} good[] = {
	{ "",             "", "0:0:/root:" },
	{ "root",         "", "0:0:/root:" },
	{ "0",            "", "0:0:/root:" },
	{ "ann",          "", "1000:1000:/home/ann:50,29,10" },
	{ "1000",         "", "1000:1000:/home/ann:50,29,10" },
	{ "ann:staff",    "", "1000:50:/home/ann:" },
	{ "ann:77",       "", "1000:77:/home/ann:" },
	{ "1001",         "", "1001:0:/:" }, /* not the entry of that name */
	{ "4242",         "", "4242:0:/:" },
	{ "4242:staff",   "", "4242:50:/:" },
	{ "4242:0",       "", "4242:0:/:" },
	{ "bob",          "", "1002:50:/:10" },
	{ "rel",          "", "1003:50:/:" },
	{ "last",         "", "1004:50:/last:" },
	{ "root",         "audio,7,audio,7,0", "0:0:/root:7,29" },
	{ "ann:staff",    "wheel", "1000:50:/home/ann:10" },
	{ "ann",          "audio", "1000:1000:/home/ann:50,29,10" },
};

static const struct {
	const char *user, *add;
	int want;
	const char *message;
} bad[] = {
	{ "eve",      "", -ENOENT, "no user 'eve' in /etc/passwd of the container" },
	{ "short",    "", -ENOENT, "no user 'short' in /etc/passwd of the container" },
	{ "bad",      "", -EINVAL, "user 'bad' has no valid ids in /etc/passwd of the container" },
	{ "huge",     "", -EINVAL, "user 'huge' has no valid ids in /etc/passwd of the container" },
	{ "wrap",     "", -EINVAL, "user 'wrap' has no valid ids in /etc/passwd of the container" },
	{ "ann:eve",  "", -ENOENT, "no group 'eve' in /etc/group of the container" },
	{ "ann:bad",  "", -EINVAL, "group 'bad' has no valid id in /etc/group of the container" },
	{ "ann:none", "", -EINVAL, "group 'none' has no valid id in /etc/group of the container" },
	{ "ann",   "eve", -ENOENT, "no group 'eve' in /etc/group of the container" },
	{ "ann",   "a:b", -EINVAL, "group 'a:b' to add is neither a name nor a number" },
	{ "ann", "-5",    -EINVAL, "group '-5' to add is neither a name nor a number" },
	{ "ann", "4294967295", -EINVAL, "group '4294967295' to add is neither a name nor a number" },
};
/* clang-format on */

TEST_F(root, finds_users)
{
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		_cleanup_free_ char *got = NULL;
		struct passwd_user u;
		struct err e = ERR_INIT;

		ASSERT_EQ(0, lookup(self->fd, good[i].user, good[i].add, &u, &e))
		TH_LOG("'%s': %s", good[i].user, e.msg);
		got = describe(&u);
		EXPECT_STREQ(good[i].want, got)
		TH_LOG("'%s' + '%s'", good[i].user, good[i].add);
		passwd_user_done(&u);
	}
}

TEST_F(root, refusals_say_why)
{
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct passwd_user u;
		struct err e = ERR_INIT;

		EXPECT_EQ(bad[i].want, lookup(self->fd, bad[i].user, bad[i].add, &u, &e));
		EXPECT_STREQ(bad[i].message, e.msg);
	}
}

TEST_F(root, no_files_are_empty_files)
{
	struct passwd_user u;
	struct err e = ERR_INIT;

	ASSERT_EQ(0, fs_remove_tree(self->fd, "etc", NULL));
	ASSERT_EQ(0, lookup(self->fd, "5:6", "", &u, &e));
	EXPECT_EQ(5, u.uid);
	EXPECT_EQ(6, u.gid);
	EXPECT_STREQ("/", u.home);
	passwd_user_done(&u);
	EXPECT_EQ(0, lookup(self->fd, "", "", &u, &e));
	EXPECT_EQ(0, u.uid);
	passwd_user_done(&u);
	EXPECT_EQ(-ENOENT, lookup(self->fd, "root", "", &u, &e));
}

/* Links stay inside the root, where the host's files are not. */
TEST_F(root, links_stay_inside)
{
	struct passwd_user u;
	struct err e = ERR_INIT;

	ASSERT_EQ(0, unlinkat(self->fd, "etc/passwd", 0));
	ASSERT_EQ(0, symlinkat("/usr/../../../../etc/passwd", self->fd, "etc/passwd"));
	EXPECT_EQ(-ENOENT, lookup(self->fd, "root", "", &u, &e));
	ASSERT_EQ(0, unlinkat(self->fd, "etc/passwd", 0));
	ASSERT_EQ(0, symlinkat("/../../etc/passwd", self->fd, "etc/passwd")); /* itself */
	EXPECT_EQ(-ELOOP, lookup(self->fd, "root", "", &u, &e));
	EXPECT_STREQ("open '/etc/passwd' in the container", e.msg);
	ASSERT_EQ(0, unlinkat(self->fd, "etc/passwd", 0));
	ASSERT_EQ(0, symlinkat("../../../../other", self->fd, "etc/passwd"));
	put(self->fd, "other", "in:x:9:9::/in:\n");
	ASSERT_EQ(0, lookup(self->fd, "in", "", &u, &e));
	EXPECT_EQ(9, u.uid);
	passwd_user_done(&u);
}

TEST_F(root, only_regular_files)
{
	struct passwd_user u;
	struct err e = ERR_INIT;

	ASSERT_EQ(0, unlinkat(self->fd, "etc/passwd", 0));
	ASSERT_EQ(0, mkfifoat(self->fd, "etc/passwd", 0644));
	EXPECT_EQ(-EINVAL, lookup(self->fd, "0", "", &u, &e)); /* and does not wait for a writer */
	EXPECT_STREQ("'/etc/passwd' in the container is not a regular file", e.msg);
	ASSERT_EQ(0, unlinkat(self->fd, "etc/passwd", 0));
	ASSERT_EQ(0, mkdirat(self->fd, "etc/passwd", 0755));
	EXPECT_EQ(-EINVAL, lookup(self->fd, "0", "", &u, &e));
}

TEST_F(root, limits)
{
	_cleanup_str_ struct str s = STR_INIT;
	struct passwd_user u;
	struct err e = ERR_INIT;

	str_add(&s, "long:x:1:1:");
	while (s.len <= PASSWD_LINE_MAX)
		str_add_char(&s, 'x');
	str_add(&s, "\nann:x:1:1::/:\n");
	put(self->fd, "etc/passwd", str_text(&s));
	EXPECT_EQ(-E2BIG, lookup(self->fd, "ann", "", &u, &e));
	EXPECT_STREQ("'/etc/passwd' in the container has a line above 65536 bytes", e.msg);

	str_truncate(&s, 0);
	while (s.len <= PASSWD_FILE_MAX)
		str_add(&s, "nobody:x:65534:65534:some text that fills the file:/:\n");
	put(self->fd, "etc/passwd", str_text(&s));
	EXPECT_EQ(-EFBIG, lookup(self->fd, "ann", "", &u, &e));
	EXPECT_STREQ("'/etc/passwd' in the container is larger than 4194304 bytes", e.msg);

	put(self->fd, "etc/passwd", passwd_text);
	str_truncate(&s, 0);
	for (unsigned int i = 0; i <= PASSWD_GROUPS_MAX; i++)
		str_addf(&s, "g%u:x:%u:ann\n", i, 5000 + i);
	put(self->fd, "etc/group", str_text(&s));
	EXPECT_EQ(-E2BIG, lookup(self->fd, "ann", "", &u, &e));
	EXPECT_STREQ("the user is in more than 1024 groups", e.msg);
	EXPECT_EQ(0, lookup(self->fd, "ann:5000", "", &u, &e));
	passwd_user_done(&u);
}

/* Lines that straddle what one read(2) returns. */
TEST_F(root, long_files_are_read_whole)
{
	_cleanup_str_ struct str s = STR_INIT;
	struct passwd_user u;

	for (unsigned int i = 0; i < 20000; i++)
		str_addf(&s, "user%u:x:%u:%u::/home/%u:\n", i, 10000 + i, 20000 + i, i);
	put(self->fd, "etc/passwd", str_text(&s));
	for (unsigned int i = 0; i < 20000; i += 1111) {
		char name[32];

		snprintf(name, sizeof(name), "user%u", i);
		ASSERT_EQ(0, lookup(self->fd, name, "", &u, NULL));
		EXPECT_EQ(10000 + i, u.uid);
		EXPECT_EQ(20000 + i, u.gid);
		passwd_user_done(&u);
	}
}

TEST_HARNESS_MAIN
