// SPDX-License-Identifier: Apache-2.0
/* -v, --mount and --tmpfs: what is understood, and what is refused with which words. */
#include "spec/mount_spec.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "kselftest_harness.h"

#define RPRIVATE (MS_PRIVATE | MS_REC)
#define TMPFS (MS_NOSUID | MS_NODEV | MS_NOEXEC)

static int parse_any(const char *option, const char *text, struct mount_spec *m, struct err *e)
{
	if (strcmp(option, "-v") == 0)
		return mount_spec_parse_volume(text, m, e);
	if (strcmp(option, "--tmpfs") == 0)
		return mount_spec_parse_tmpfs(text, m, e);
	return mount_spec_parse_mount(text, m, e);
}

/* clang-format off */
static const struct {
	const char *option, *text, *source, *target;
	unsigned long propagation, attr;
	bool is_readonly, is_recursive, create_source, is_relabel, is_ro_top_only;
	uint64_t size;
	mode_t mode;
} good[] = {
	{ "-v", "/a:/b",                   "/a", "/b", RPRIVATE, 0, .is_recursive = true, .create_source = true },
	{ "-v", "/a/./b//c/:/d/../e/",     "/a/b/c", "/e", RPRIVATE, 0, .is_recursive = true, .create_source = true },
	{ "-v", "/a/../b:/b",              "/a/../b", "/b", RPRIVATE, 0, .is_recursive = true, .create_source = true },
	{ "-v", "/:/host:ro,rslave",       "/", "/host", MS_SLAVE | MS_REC, 0, .is_readonly = true, .is_recursive = true, .create_source = true },
	{ "-v", "/a:/b:rw,shared",         "/a", "/b", MS_SHARED, 0, .is_recursive = true, .create_source = true },
	{ "-v", "/a:/b:Z,cached",          "/a", "/b", RPRIVATE, 0, .is_recursive = true, .create_source = true, .is_relabel = true },
	{ "--mount", "type=bind,src=/a,dst=/b", "/a", "/b", RPRIVATE, 0, .is_recursive = true },
	{ "--mount", "type=bind,source=/a,target=/b,readonly", "/a", "/b", RPRIVATE, 0, .is_readonly = true, .is_recursive = true },
	{ "--mount", "readonly=false,destination=/b,type=bind,src=/a", "/a", "/b", RPRIVATE, 0, .is_recursive = true },
	{ "--mount", "type=bind,src=/a,dst=/b,ro=1,bind-recursive=writable", "/a", "/b", RPRIVATE, 0, .is_readonly = true, .is_recursive = true, .is_ro_top_only = true },
	{ "--mount", "type=bind,src=/a,dst=/b,ro,bind-recursive=readonly", "/a", "/b", RPRIVATE, 0, .is_readonly = true, .is_recursive = true },
	{ "--mount", "type=bind,src=/a,dst=/b,bind-nonrecursive", "/a", "/b", RPRIVATE, 0, .is_recursive = false },
	{ "--mount", "type=bind,src=/a,dst=/b,bind-propagation=slave,consistency=cached", "/a", "/b", MS_SLAVE, 0, .is_recursive = true },
	{ "--mount", "type=bind,src=/a,dst=/b,bind-create-src=true", "/a", "/b", RPRIVATE, 0, .is_recursive = true, .create_source = true },
	{ "--mount", "type=bind,\"src=/a,b\",dst=/b", "/a,b", "/b", RPRIVATE, 0, .is_recursive = true },
	{ "--mount", "type=bind,\"src=/a\"\"b\",dst=/b", "/a\"b", "/b", RPRIVATE, 0, .is_recursive = true },
	{ "--mount", "type=tmpfs,dst=/t",  NULL, "/t", RPRIVATE, TMPFS, .mode = 01777 },
	{ "--mount", "type=tmpfs,dst=/t,tmpfs-size=64m,tmpfs-mode=0700,ro", NULL, "/t", RPRIVATE, TMPFS, .is_readonly = true, .size = 64 << 20, .mode = 0700 },
	{ "--tmpfs", "/t",                 NULL, "/t", RPRIVATE, TMPFS, .mode = 01777 },
	{ "--tmpfs", "/t/x/..:size=1g,mode=755,exec", NULL, "/t", RPRIVATE, MS_NOSUID | MS_NODEV, .size = 1 << 30, .mode = 0755 },
	{ "--tmpfs", "/t:ro,dev,suid,exec,noatime", NULL, "/t", RPRIVATE, MS_NOATIME, .is_readonly = true, .mode = 01777 },
};
/* clang-format on */

TEST(what_is_understood)
{
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		struct mount_spec m;
		struct err e = ERR_INIT;
		int r = parse_any(good[i].option, good[i].text, &m, &e);

		ASSERT_EQ(0, r)
		TH_LOG("%s %s: %s", good[i].option, good[i].text, e.msg);
		EXPECT_EQ(good[i].source == NULL, m.source == NULL);
		if (m.source) {
			EXPECT_STREQ(good[i].source, m.source);
		}
		EXPECT_STREQ(good[i].target, m.target);
		EXPECT_EQ(good[i].source ? MOUNT_SPEC_BIND : MOUNT_SPEC_TMPFS, m.type);
		EXPECT_EQ(good[i].propagation, m.propagation);
		EXPECT_EQ(good[i].attr, m.attr);
		EXPECT_EQ(good[i].is_readonly, m.is_readonly);
		EXPECT_EQ(good[i].is_recursive, m.is_recursive);
		EXPECT_EQ(good[i].create_source, m.create_source);
		EXPECT_EQ(good[i].is_relabel, m.is_relabel);
		EXPECT_EQ(good[i].is_ro_top_only, m.is_ro_top_only);
		EXPECT_EQ(good[i].size, m.size);
		EXPECT_EQ(good[i].mode, m.mode)
		TH_LOG("%s %s", good[i].option, good[i].text);
		mount_spec_done(&m);
	}
}

TEST(ids_and_inodes_of_a_tmpfs)
{
	struct mount_spec m;

	ASSERT_EQ(0, mount_spec_parse_tmpfs("/t:uid=5,gid=6,nr_inodes=10k", &m, NULL));
	EXPECT_EQ(5, m.uid);
	EXPECT_EQ(6, m.gid);
	EXPECT_EQ(10240, m.inodes);
	mount_spec_done(&m);
}

/* clang-format off */
static const struct {
	const char *option, *text;
	int want;
	const char *message;
} bad[] = {
	{ "-v", "",            -EOPNOTSUPP, "option '-v ': anonymous volumes are not supported yet" },
	{ "-v", "/data",       -EOPNOTSUPP, "option '-v /data': anonymous volumes are not supported yet" },
	{ "-v", "data:/b",     -EOPNOTSUPP, "option '-v data:/b': named volume 'data': volumes are not supported yet" },
	{ "-v", "./a:/b",      -EINVAL, "option '-v ./a:/b': source on the host: path './a' is not absolute" },
	{ "-v", "a/b:/b",      -EINVAL, "option '-v a/b:/b': source on the host: path 'a/b' is not absolute" },
	{ "-v", ":/b",         -EINVAL, "option '-v :/b': source on the host: path '' is not absolute" },
	{ "-v", "/a:",         -EINVAL, "option '-v /a:': target in the container: path '' is not absolute" },
	{ "-v", "/a:ro",       -EINVAL, "option '-v /a:ro': target in the container: path 'ro' is not absolute" },
	{ "-v", "/a:/",        -EINVAL, "option '-v /a:/': the target cannot be '/'" },
	{ "-v", "/a:/x/..",    -EINVAL, "option '-v /a:/x/..': the target cannot be '/'" },
	{ "-v", "/a:/b:ro:z",  -EINVAL, "option '-v /a:/b:ro:z': it has more than three parts" },
	{ "-v", "/a:/b:",      -EINVAL, "option '-v /a:/b:': unknown option ''" },
	{ "-v", "/a:/b:fast",  -EINVAL, "option '-v /a:/b:fast': unknown option 'fast'" },
	{ "-v", "/a:/b:ro,rw", -EINVAL, "option '-v /a:/b:ro,rw': option 'rw' contradicts an earlier one" },
	{ "-v", "/a:/b:z,Z",   -EINVAL, "option '-v /a:/b:z,Z': option 'Z' contradicts an earlier one" },
	{ "-v", "/a:/b:rslave,shared", -EINVAL, "option '-v /a:/b:rslave,shared': option 'shared' contradicts an earlier one" },
	{ "-v", "/a:/b:nocopy", -EINVAL, "option '-v /a:/b:nocopy': option 'nocopy' is only for named volumes" },
	{ "-v", "/a:/b:noexec", -EINVAL, "option '-v /a:/b:noexec': unknown option 'noexec'" },
	{ "--tmpfs", "t",      -EINVAL, "option '--tmpfs t': target in the container: path 't' is not absolute" },
	{ "--tmpfs", "/t:size=1q", -EINVAL, "option '--tmpfs /t:size=1q': size '1q' is not a number of bytes, like 64m" },
	{ "--tmpfs", "/t:mode=9", -EINVAL, "option '--tmpfs /t:mode=9': mode '9' is not octal, from 0 to 7777" },
	{ "--tmpfs", "/t:mode=10000", -EINVAL, "option '--tmpfs /t:mode=10000': mode '10000' is not octal, from 0 to 7777" },
	{ "--tmpfs", "/t:uid=-1", -EINVAL, "option '--tmpfs /t:uid=-1': uid '-1' is not a number from 0 to 4294967294" },
	{ "--tmpfs", "/t:gid=4294967295", -EINVAL, "option '--tmpfs /t:gid=4294967295': gid '4294967295' is not a number from 0 to 4294967294" },
	{ "--tmpfs", "/t:nr_inodes=x", -EINVAL, "option '--tmpfs /t:nr_inodes=x': nr_inodes 'x' is not a number" },
	{ "--tmpfs", "/t:z",   -EINVAL, "option '--tmpfs /t:z': unknown option 'z'" },
	{ "--tmpfs", "/t:a=b", -EINVAL, "option '--tmpfs /t:a=b': unknown option 'a'" },
	{ "--mount", "",       -EINVAL, "option '--mount ': unknown key ''" },
	{ "--mount", "src=v,dst=/b", -EOPNOTSUPP, "option '--mount src=v,dst=/b': named volume 'v': volumes are not supported yet" },
	{ "--mount", "type=volume,dst=/b", -EOPNOTSUPP, "option '--mount type=volume,dst=/b': named volume '': volumes are not supported yet" },
	{ "--mount", "type=image,dst=/b", -EINVAL, "option '--mount type=image,dst=/b': 'type=image' is not bind or tmpfs" },
	{ "--mount", "type=bind,src=/a", -EINVAL, "option '--mount type=bind,src=/a': 'target' is missing" },
	{ "--mount", "type=bind,dst=/a", -EINVAL, "option '--mount type=bind,dst=/a': 'source' is missing" },
	{ "--mount", "type=bind,src=a,dst=/a", -EINVAL, "option '--mount type=bind,src=a,dst=/a': source on the host: path 'a' is not absolute" },
	{ "--mount", "type=bind,src=,dst=/a", -EINVAL, "option '--mount type=bind,src=,dst=/a': 'src' needs a value" },
	{ "--mount", "type=bind,src=/a,source=/b,dst=/a", -EINVAL, "option '--mount type=bind,src=/a,source=/b,dst=/a': 'source' is given twice" },
	{ "--mount", "type=bind,src=/a,dst=/b,readonly=maybe", -EINVAL, "option '--mount type=bind,src=/a,dst=/b,readonly=maybe': 'readonly=maybe' is not true or false" },
	{ "--mount", "type=bind,src=/a,dst=/b,bind-propagation=ro", -EINVAL, "option '--mount type=bind,src=/a,dst=/b,bind-propagation=ro': unknown propagation 'ro'" },
	{ "--mount", "type=bind,src=/a,dst=/b,bind-recursive=no", -EINVAL, "option '--mount type=bind,src=/a,dst=/b,bind-recursive=no': 'bind-recursive=no' is not enabled, disabled, writable or readonly" },
	{ "--mount", "type=bind,src=/a,dst=/b,bind-recursive=readonly", -EINVAL, "option '--mount type=bind,src=/a,dst=/b,bind-recursive=readonly': 'bind-recursive=readonly' needs 'readonly'" },
	{ "--mount", "type=bind,src=/a,dst=/b,tmpfs-size=1", -EINVAL, "option '--mount type=bind,src=/a,dst=/b,tmpfs-size=1': 'tmpfs-size' is not for type=bind" },
	{ "--mount", "type=tmpfs,src=/a,dst=/b", -EINVAL, "option '--mount type=tmpfs,src=/a,dst=/b': 'source' is not for type=tmpfs" },
	{ "--mount", "type=tmpfs,dst=/b,bind-propagation=slave", -EINVAL, "option '--mount type=tmpfs,dst=/b,bind-propagation=slave': 'bind-propagation' is not for type=tmpfs" },
	{ "--mount", "type=bind,src=/a,dst=/b,volume-nocopy", -EOPNOTSUPP, "option '--mount type=bind,src=/a,dst=/b,volume-nocopy': 'volume-nocopy': volumes are not supported yet" },
	{ "--mount", "type=bind,src=/a,dst=/b,size=1", -EINVAL, "option '--mount type=bind,src=/a,dst=/b,size=1': unknown key 'size'" },
	{ "--mount", "type=bind,\"src=/a,dst=/b", -EINVAL, "option '--mount type=bind,\"src=/a,dst=/b': a quote is not closed" },
	{ "--mount", "\"type=bind\"x,src=/a,dst=/b", -EINVAL, "option '--mount \"type=bind\"x,src=/a,dst=/b': a quote is not closed" },
};
/* clang-format on */

TEST(refusals_say_why)
{
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct mount_spec m = { .source = NULL };
		struct err e = ERR_INIT;

		EXPECT_EQ(bad[i].want, parse_any(bad[i].option, bad[i].text, &m, &e))
		TH_LOG("%s %s", bad[i].option, bad[i].text);
		EXPECT_STREQ(bad[i].message, e.msg);
		EXPECT_EQ(NULL, m.target); /* out parameters only on success */
	}
}

TEST(hints)
{
	struct mount_spec m;
	struct err e = ERR_INIT;

	(void)mount_spec_parse_volume("./a:/b", &m, &e);
	EXPECT_STREQ("start it with \"$PWD/\"", e.hint);
	err_clear(&e);
	(void)mount_spec_parse_volume("data:/b", &m, &e);
	EXPECT_STREQ("give an absolute path on the host, or --mount type=tmpfs", e.hint);
}

TEST(limits)
{
	_cleanup_free_ char *text = calloc(1, MOUNT_SPEC_TEXT_MAX + 2);
	struct mount_spec m;
	struct err e = ERR_INIT;

	memset(text, 'a', MOUNT_SPEC_TEXT_MAX + 1);
	text[0] = '/';
	EXPECT_EQ(-E2BIG, mount_spec_parse_volume(text, &m, &e));
	EXPECT_STREQ("mount option is longer than 8192 bytes", e.msg);
	text[5000] = ':';
	text[5001] = 0;
	EXPECT_EQ(-ENAMETOOLONG, mount_spec_parse_volume(text, &m, &e));
}

TEST_HARNESS_MAIN
