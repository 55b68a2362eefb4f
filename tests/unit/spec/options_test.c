// SPDX-License-Identifier: Apache-2.0
/* The small option parsers: users, devices, limits, id maps, sysctls, security options, names. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/resource.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/str.h"
#include "kselftest_harness.h"
#include "spec/clean_path.h"
#include "spec/device_spec.h"
#include "spec/hostname.h"
#include "spec/security_opt.h"
#include "spec/sysctl.h"
#include "spec/ulimit.h"
#include "spec/user_spec.h"
#include "spec/userns_spec.h"

/* A refusal: the code and the whole message. */
struct refusal {
	const char *text;
	int want;
	const char *message;
};

#define EXPECT_REFUSALS(table, call)                        \
	for (size_t i_ = 0; i_ < ARRAY_SIZE(table); i_++) { \
		const char *text = (table)[i_].text;        \
		struct err e = ERR_INIT;                    \
		EXPECT_EQ((table)[i_].want, call)           \
		{                                           \
			TH_LOG("'%s'", text);               \
		}                                           \
		EXPECT_STREQ((table)[i_].message, e.msg);   \
	}

TEST(clean_paths)
{
	/* clang-format off */
	static const struct { const char *text; bool is_inside; const char *want; } cases[] = {
		{ "/", true, "/" }, { "//", true, "/" }, { "/.", false, "/" }, { "/..", true, "/" },
		{ "/a/b/../c", true, "/a/c" }, { "/a/b/../c", false, "/a/b/../c" },
		{ "/../../a", true, "/a" }, { "/a/..", true, "/" }, { "/a//./b/", false, "/a/b" },
		{ "/...", true, "/..." }, { "/a/..b", true, "/a/..b" },
	};
	/* clang-format on */

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_free_ char *got = NULL;

		ASSERT_EQ(0, clean_path(cases[i].text, strlen(cases[i].text), cases[i].is_inside,
					&got, NULL));
		EXPECT_STREQ(cases[i].want, got);
	}
}

TEST(users)
{
	/* clang-format off */
	static const struct { const char *text; struct user_spec want; } cases[] = {
		{ "",            { .is_uid = true } },
		{ "0",           { .user = "0", .is_uid = true } },
		{ "ann",         { .user = "ann" } },
		{ "1000",        { .user = "1000", .is_uid = true, .uid = 1000 } },
		{ "007",         { .user = "007", .is_uid = true, .uid = 7 } },
		{ "4294967294",  { .user = "4294967294", .is_uid = true, .uid = 4294967294 } },
		{ "1000x",       { .user = "1000x" } },
		{ "ann:staff",   { .user = "ann", .group = "staff", .has_group = true } },
		{ "5:6",         { .user = "5", .group = "6", .has_group = true, .is_uid = true,
				   .is_gid = true, .uid = 5, .gid = 6 } },
		{ "ann:50",      { .user = "ann", .group = "50", .has_group = true, .is_gid = true,
				   .gid = 50 } },
	};
	/* clang-format on */

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct user_spec *want = &cases[i].want;
		struct user_spec got;

		ASSERT_EQ(0, user_spec_parse(cases[i].text, &got, NULL));
		EXPECT_STREQ(want->user, got.user);
		EXPECT_STREQ(want->group, got.group);
		EXPECT_EQ(want->has_group, got.has_group);
		EXPECT_EQ(want->is_uid, got.is_uid);
		EXPECT_EQ(want->is_gid, got.is_gid);
		EXPECT_EQ(want->uid, got.uid);
		EXPECT_EQ(want->gid, got.gid);
	}
}

TEST(users_refused)
{
	/* clang-format off */
	static const struct refusal cases[] = {
		{ "4294967295",  -ERANGE, "user '4294967295': user id 4294967295 is not from 0 to 4294967294" },
		{ "4294967296",  -ERANGE, "user '4294967296': user id 4294967296 is not from 0 to 4294967294" },
		{ "18446744073709551616", -ERANGE, "user '18446744073709551616': user id 18446744073709551616 is not from 0 to 4294967294" },
		{ "1:4294967295", -ERANGE, "user '1:4294967295': group id 4294967295 is not from 0 to 4294967294" },
		{ ":",           -EINVAL, "user ':': the user is empty" },
		{ ":5",          -EINVAL, "user ':5': the user is empty" },
		{ "5:",          -EINVAL, "user '5:': the group is empty" },
		{ "5:6:7",       -EINVAL, "user '5:6:7': it has more than two parts" },
		{ "-1",          -EINVAL, "user '-1': the user starts with '-'" },
		{ "+5",          -EINVAL, "user '+5': the user starts with '+'" },
		{ "5:-1",        -EINVAL, "user '5:-1': the group starts with '-'" },
		{ " 5",          -EINVAL, "user ' 5': the user has a blank or control character" },
		{ "a\n",         -EINVAL, "user 'a\n': the user has a blank or control character" },
	};
	/* clang-format on */
	struct user_spec u;

	EXPECT_REFUSALS(cases, user_spec_parse(text, &u, &e));
}

TEST(user_name_has_a_limit)
{
	char name[USER_SPEC_NAME_MAX + 2] = "";
	struct user_spec u;
	struct err e = ERR_INIT;

	memset(name, 'a', USER_SPEC_NAME_MAX);
	EXPECT_EQ(0, user_spec_parse(name, &u, &e));
	name[USER_SPEC_NAME_MAX] = 'a';
	EXPECT_EQ(-EINVAL, user_spec_parse(name, &u, &e));
	EXPECT_NE(NULL, strstr(e.msg, "the user is longer than 256 bytes"));
}

TEST(devices)
{
	enum { R = DEVICE_SPEC_READ, W = DEVICE_SPEC_WRITE, M = DEVICE_SPEC_MKNOD };
	/* clang-format off */
	static const struct { const char *text, *source, *target; unsigned int access; } cases[] = {
		{ "/dev/fuse",            "/dev/fuse", "/dev/fuse", R | W | M },
		{ "/dev/fuse:rw",         "/dev/fuse", "/dev/fuse", R | W },
		{ "/dev/sda:/dev/xvda",   "/dev/sda",  "/dev/xvda", R | W | M },
		{ "/dev/sda:/dev/xvda:r", "/dev/sda",  "/dev/xvda", R },
		{ "/dev//a:/dev/../b:mwr", "/dev/a",   "/b",        R | W | M },
	};
	static const struct refusal refused[] = {
		{ "",                -EINVAL, "device '': path '' is not absolute" },
		{ "fuse",            -EINVAL, "device 'fuse': path 'fuse' is not absolute" },
		{ "vendor.com/a=b",  -EINVAL, "device 'vendor.com/a=b': path 'vendor.com/a=b' is not absolute" },
		{ "/dev/a:",         -EINVAL, "device '/dev/a:': path '' is not absolute" },
		{ "/dev/a:rr",       -EINVAL, "device '/dev/a:rr': path 'rr' is not absolute" },
		{ "/dev/a:/dev/b:",  -EINVAL, "device '/dev/a:/dev/b:': access '' is not made of r, w and m" },
		{ "/dev/a:/dev/b:x", -EINVAL, "device '/dev/a:/dev/b:x': access 'x' is not made of r, w and m" },
		{ "/dev/a:/dev/b:r:w", -EINVAL, "device '/dev/a:/dev/b:r:w': access 'r:w' is not made of r, w and m" },
		{ "/",               -EINVAL, "device '/': '/' is no device" },
		{ "/dev/a:/",        -EINVAL, "device '/dev/a:/': '/' is no device" },
	};
	/* clang-format on */
	struct device_spec d;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		ASSERT_EQ(0, device_spec_parse(cases[i].text, &d, NULL));
		EXPECT_STREQ(cases[i].source, d.source);
		EXPECT_STREQ(cases[i].target, d.target);
		EXPECT_EQ(cases[i].access, d.access);
		device_spec_done(&d);
	}
	EXPECT_REFUSALS(refused, device_spec_parse(text, &d, &e));
}

TEST(ulimits)
{
	/* clang-format off */
	static const struct { const char *text; struct ulimit want; } cases[] = {
		{ "nofile=1024",        { "nofile", RLIMIT_NOFILE, 1024, 1024 } },
		{ "nofile=1024:2048",   { "nofile", RLIMIT_NOFILE, 1024, 2048 } },
		{ "core=-1",            { "core", RLIMIT_CORE, UINT64_MAX, UINT64_MAX } },
		{ "memlock=0:unlimited", { "memlock", RLIMIT_MEMLOCK, 0, UINT64_MAX } },
	};
	static const struct refusal refused[] = {
		{ "",                -EINVAL, "ulimit '': unknown limit ''" },
		{ "files=1",         -EINVAL, "ulimit 'files=1': unknown limit 'files'" },
		{ "nofile",          -EINVAL, "ulimit 'nofile': the value is missing" },
		{ "nofile=",         -EINVAL, "ulimit 'nofile=': the value is missing" },
		{ "nofile=a",        -EINVAL, "ulimit 'nofile=a': 'a' is not a number, -1 or unlimited" },
		{ "nofile=1:",       -EINVAL, "ulimit 'nofile=1:': '' is not a number, -1 or unlimited" },
		{ "nofile=-2",       -EINVAL, "ulimit 'nofile=-2': '-2' is not a number, -1 or unlimited" },
		{ "nofile=2:1",      -EINVAL, "ulimit 'nofile=2:1': the soft limit is above the hard one" },
		{ "nofile=-1:1",     -EINVAL, "ulimit 'nofile=-1:1': the soft limit is above the hard one" },
		{ "nofile=1:2:3",    -EINVAL, "ulimit 'nofile=1:2:3': '2:3' is not a number, -1 or unlimited" },
	};
	/* clang-format on */
	struct ulimit u;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		ASSERT_EQ(0, ulimit_parse(cases[i].text, &u, NULL));
		EXPECT_STREQ(cases[i].want.name, u.name);
		EXPECT_EQ(cases[i].want.resource, u.resource);
		EXPECT_EQ(cases[i].want.soft, u.soft);
		EXPECT_EQ(cases[i].want.hard, u.hard);
	}
	EXPECT_REFUSALS(refused, ulimit_parse(text, &u, &e));
}

TEST(user_namespaces)
{
	/* clang-format off */
	static const struct { const char *text; struct userns_spec want; } cases[] = {
		{ NULL,               { USERNS_HOST, 0, 0, 0 } },
		{ "",                 { USERNS_HOST, 0, 0, 0 } },
		{ "host",             { USERNS_HOST, 0, 0, 0 } },
		{ "auto",             { USERNS_AUTO, 0, 0, 0 } },
		{ "private",          { USERNS_AUTO, 0, 0, 0 } },
		{ "0:100000:65536",   { USERNS_RANGE, 0, 100000, 65536 } },
		{ "4294967294:1:1",   { USERNS_RANGE, 4294967294, 1, 1 } },
	};
	static const struct refusal refused[] = {
		{ "keep-id",        -EINVAL, "user namespace 'keep-id': it is not host, auto or UID:BASE:COUNT" },
		{ "0:100000",       -EINVAL, "user namespace '0:100000': it is not host, auto or UID:BASE:COUNT" },
		{ "0:1:2:3",        -EINVAL, "user namespace '0:1:2:3': it is not host, auto or UID:BASE:COUNT" },
		{ "0::1",           -EINVAL, "user namespace '0::1': '' is not a number from 0 to 4294967295" },
		{ "0:-1:1",         -EINVAL, "user namespace '0:-1:1': '-1' is not a number from 0 to 4294967295" },
		{ "0:5:0",          -EINVAL, "user namespace '0:5:0': the count is not from 1 to 1073741824" },
		{ "0:5:1073741825", -EINVAL, "user namespace '0:5:1073741825': the count is not from 1 to 1073741824" },
		{ "0:4294967294:2", -ERANGE, "user namespace '0:4294967294:2': the range ends above id 4294967294" },
		{ "4294967295:5:1", -ERANGE, "user namespace '4294967295:5:1': the range ends above id 4294967294" },
		{ "0:0:1000",       -EINVAL, "user namespace '0:0:1000': the range would give the container the host's root" },
	};
	/* clang-format on */
	struct userns_spec u;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		ASSERT_EQ(0, userns_spec_parse(cases[i].text, &u, NULL));
		EXPECT_EQ(cases[i].want.mode, u.mode);
		EXPECT_EQ(cases[i].want.first, u.first);
		EXPECT_EQ(cases[i].want.base, u.base);
		EXPECT_EQ(cases[i].want.count, u.count);
	}
	EXPECT_REFUSALS(refused, userns_spec_parse(text, &u, &e));
}

TEST(sysctls)
{
	/* clang-format off */
	static const struct { const char *text, *path, *value; unsigned long ns; } cases[] = {
		{ "net.ipv4.ip_forward=1",  "net/ipv4/ip_forward", "1", CLONE_NEWNET },
		{ "net/ipv4/ip_forward=1",  "net/ipv4/ip_forward", "1", CLONE_NEWNET },
		{ "net.ipv4.conf.eth0/1.forwarding=1", "net/ipv4/conf/eth0.1/forwarding", "1", CLONE_NEWNET },
		{ "net/ipv4/conf/eth0.1/forwarding=1", "net/ipv4/conf/eth0.1/forwarding", "1", CLONE_NEWNET },
		{ "net.ipv4.ping_group_range=0 10", "net/ipv4/ping_group_range", "0 10", CLONE_NEWNET },
		{ "kernel.shmmax=",         "kernel/shmmax", "", CLONE_NEWIPC },
		{ "fs.mqueue.msg_max=5",    "fs/mqueue/msg_max", "5", CLONE_NEWIPC },
		{ "kernel.domainname=a=b",  "kernel/domainname", "a=b", CLONE_NEWUTS },
	};
	static const struct refusal refused[] = {
		{ "",                    -EINVAL, "sysctl '': it is not KEY=VALUE" },
		{ "=1",                  -EINVAL, "sysctl '=1': it is not KEY=VALUE" },
		{ "net.ipv4.ip_forward", -EINVAL, "sysctl 'net.ipv4.ip_forward': it is not KEY=VALUE" },
		{ "kernel.panic=1",      -EINVAL, "sysctl 'kernel.panic=1': it belongs to the whole host, not to a container" },
		{ "vm.swappiness=1",     -EINVAL, "sysctl 'vm.swappiness=1': it belongs to the whole host, not to a container" },
		{ "kernel.msgmax2=1",    -EINVAL, "sysctl 'kernel.msgmax2=1': it belongs to the whole host, not to a container" },
		{ "network.x=1",         -EINVAL, "sysctl 'network.x=1': it belongs to the whole host, not to a container" },
		{ "net=1",               -EINVAL, "sysctl 'net=1': it belongs to the whole host, not to a container" },
		{ "kernel.hostname=a",   -EINVAL, "sysctl 'kernel.hostname=a': the host name is not set this way" },
		{ "net..x=1",            -EINVAL, "sysctl 'net..x=1': the key has an empty part or '..'" },
		{ "net/../kernel/panic=1", -EINVAL, "sysctl 'net/../kernel/panic=1': the key has an empty part or '..'" },
		{ "net.//.kernel.panic=1", -EINVAL, "sysctl 'net.//.kernel.panic=1': the key has an empty part or '..'" },
		{ "net./.x=1",           -EINVAL, "sysctl 'net./.x=1': the key has an empty part or '..'" },
		{ "/net/x=1",            -EINVAL, "sysctl '/net/x=1': the key has an empty part or '..'" },
		{ "net/x/=1",            -EINVAL, "sysctl 'net/x/=1': the key has an empty part or '..'" },
		{ "net.a b=1",           -EINVAL, "sysctl 'net.a b=1': the key has a blank or control character" },
		{ "net.a=1\n2",          -EINVAL, "sysctl 'net.a=1\n2': the value has more than one line" },
	};
	/* clang-format on */
	struct sysctl s;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		ASSERT_EQ(0, sysctl_parse(cases[i].text, &s, NULL));
		EXPECT_STREQ(cases[i].path, s.path);
		EXPECT_STREQ(cases[i].value, s.value);
		EXPECT_EQ(cases[i].ns, s.ns);
		sysctl_done(&s);
	}
	EXPECT_REFUSALS(refused, sysctl_parse(text, &s, &e));
}

TEST(sysctls_need_their_namespace)
{
	struct sysctl s;
	struct err e = ERR_INIT;

	ASSERT_EQ(0, sysctl_parse("net.core.somaxconn=5", &s, NULL));
	EXPECT_EQ(0, sysctl_check(&s, CLONE_NEWNET | CLONE_NEWIPC, &e));
	EXPECT_EQ(-EINVAL, sysctl_check(&s, CLONE_NEWIPC, &e));
	EXPECT_STREQ(
		"sysctl 'net/core/somaxconn': the container shares the host's network namespace",
		e.msg);
	EXPECT_STREQ("give it its own with --network private", e.hint);
	sysctl_done(&s);
}

/* Parse a list of one or two options, separated by a blank. */
static int parse_security(const char *text, struct strv *list, struct security_opts *o,
			  struct err *e)
{
	strv_done(list);
	*list = (struct strv){ NULL, 0 };
	while (*text) {
		size_t n = strcspn(text, " ");

		(void)strv_add_n(list, text, n);
		text += n + (text[n] == ' ');
	}
	return security_opts_parse(list, o, e);
}

TEST(security_options)
{
	/* clang-format off */
	static const struct { const char *text; struct security_opts want; } cases[] = {
		{ "",                                  { .seccomp = "" } },
		{ "no-new-privileges",                 { .no_new_privileges = true, .seccomp = "" } },
		{ "no-new-privileges:true",            { .no_new_privileges = true, .seccomp = "" } },
		{ "no-new-privileges=true no-new-privileges=false", { .seccomp = "" } },
		{ "seccomp=unconfined",                { .seccomp = NULL } },
		{ "seccomp=builtin",                   { .seccomp = "" } },
		{ "seccomp=/a=b.json",                 { .seccomp = "/a=b.json" } },
		{ "seccomp:p.json label:disable",      { .seccomp = "p.json" } },
		{ "apparmor=unconfined systempaths=unconfined", { .has_unconfined_paths = true, .seccomp = "" } },
	};
	static const struct refusal refused[] = {
		{ "secure",               -EINVAL, "option '--security-opt secure': unknown security option 'secure'" },
		{ "seccomp",              -EINVAL, "option '--security-opt seccomp': the profile is missing" },
		{ "seccomp=",             -EINVAL, "option '--security-opt seccomp=': the profile is missing" },
		{ "no-new-privileges=1",  -EINVAL, "option '--security-opt no-new-privileges=1': '1' is not true or false" },
		{ "apparmor=mine",        -EOPNOTSUPP, "option '--security-opt apparmor=mine': AppArmor profiles are not supported yet" },
		{ "label=type:x",         -EOPNOTSUPP, "option '--security-opt label=type:x': SELinux labels are not supported yet" },
		{ "systempaths=all",      -EINVAL, "option '--security-opt systempaths=all': systempaths can only be unconfined" },
	};
	/* clang-format on */
	_cleanup_strv_ struct strv list = { NULL, 0 };
	struct security_opts o;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		ASSERT_EQ(0, parse_security(cases[i].text, &list, &o, NULL));
		EXPECT_EQ(cases[i].want.no_new_privileges, o.no_new_privileges);
		EXPECT_EQ(cases[i].want.has_unconfined_paths, o.has_unconfined_paths);
		EXPECT_EQ(true, str_eq(cases[i].want.seccomp, o.seccomp));
	}
	EXPECT_REFUSALS(refused, parse_security(text, &list, &o, &e));
}

TEST(host_names)
{
	/* clang-format off */
	static const char *const good[] = {
		"a", "web-1", "WEB_2", "a.b.c", "0",
		"a123456789012345678901234567890123456789012345678901234567890bc",
	};
	static const struct refusal refused[] = {
		{ "",     -EINVAL, "host name '' is not valid" },
		{ "-a",   -EINVAL, "host name '-a' is not valid" },
		{ "a-",   -EINVAL, "host name 'a-' is not valid" },
		{ "a..b", -EINVAL, "host name 'a..b' is not valid" },
		{ "a.",   -EINVAL, "host name 'a.' is not valid" },
		{ "a b",  -EINVAL, "host name 'a b' is not valid" },
		{ "a/b",  -EINVAL, "host name 'a/b' is not valid" },
		{ "\xc3\xa9", -EINVAL, "host name '\xc3\xa9' is not valid" },
		{ "a1234567890123456789012345678901234567890123456789012345678.12345", -EINVAL,
		  "host name 'a1234567890123456789012345678901234567890123456789012345678.12345' is longer than 64 bytes" },
	};
	/* clang-format on */

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		EXPECT_EQ(0, hostname_check(good[i], NULL))
		TH_LOG("%s", good[i]);
	}
	EXPECT_REFUSALS(refused, hostname_check(text, &e));
}

TEST_HARNESS_MAIN
