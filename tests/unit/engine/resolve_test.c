// SPDX-License-Identifier: Apache-2.0
/* From options and image to a configuration; options to JSON and back; names of containers. */
#include "engine/resolve.h"

#include <errno.h>
#include <jansson.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/id.h"
#include "base/opt.h"
#include "engine/container.h"
#include "kselftest_harness.h"
#include "store/image.h"

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define ARGS_MAX 8

struct made {
	struct container c;
	struct image im;
	struct resolved r;
	struct err e;
	int ret;
};

static void add_all(struct strv *l, const char *const *texts)
{
	for (; texts && *texts; texts++)
		if (strv_add(l, *texts) < 0)
			abort();
}

/* @line: options and command, at blanks */
static void make(struct made *m, const char *line)
{
	_cleanup_free_ char *copy = strdup(line);
	char *argv[ARGS_MAX], *save = NULL;
	int argc = 0, n;

	*m = (struct made){ .ret = 0 };
	for (char *s = strtok_r(copy, " ", &save); s && argc < ARGS_MAX; s = strtok_r(NULL, " ", &save))
		argv[argc++] = s;
	memcpy(m->c.id, ID, sizeof(ID));
	m->c.image = strdup("img");
	add_all(&m->im.config.entrypoint, (const char *const[]){ "/entry", NULL });
	add_all(&m->im.config.cmd, (const char *const[]){ "cmd", NULL });
	add_all(&m->im.config.env, (const char *const[]){ "A=image", NULL });
	n = opt_parse(container_options, argc, argv, &m->c.options, &m->e);
	m->ret = n < 0 ? n : 0;
	for (int i = n; n >= 0 && i < argc; i++)
		if (strv_add(&m->c.args, argv[i]) < 0)
			abort();
	if (m->ret == 0)
		m->ret = resolve(&m->c, &m->im, &m->r, &m->e);
}

static void done(struct made *m)
{
	if (m->ret == 0)
		resolved_done(&m->r);
	container_done(&m->c);
	image_done(&m->im);
}

static void join(const struct strv *l, struct str *s)
{
	str_truncate(s, 0);
	for (size_t i = 0; i < l->n; i++)
		str_addf(s, "%s%s", i ? " " : "", l->v[i]);
}

/* clang-format off */
static const struct { const char *line, *want; } commands_of[] = {
	{ "",                         "/entry cmd" },
	{ "x y",                      "/entry x y" },
	{ "--entrypoint /e",          "/e" },
	{ "--entrypoint /e x",        "/e x" },
	{ "--entrypoint= x",          "x" },
	{ "--init",                   "/sbin/docker-init -- /entry cmd" },
	{ "-- -x",                    "/entry -x" },
};
/* clang-format on */

TEST(command)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands_of); i++) {
		_cleanup_str_ struct str s = STR_INIT;
		struct made m;

		make(&m, commands_of[i].line);
		ASSERT_EQ(0, m.ret) {
			TH_LOG("%s: %s", commands_of[i].line, m.e.msg);
		}
		join(&m.r.config.args, &s);
		EXPECT_STREQ(commands_of[i].want, s.p);
		done(&m);
	}
}

#define DEFAULT_NS (CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET | CLONE_NEWCGROUP)

/* clang-format off */
static const struct { const char *line; uint64_t want; } namespaces_of[] = {
	{ "",                        DEFAULT_NS },
	{ "--mntns host",            DEFAULT_NS & ~(uint64_t)CLONE_NEWNS },
	{ "--mntns host --userns host", DEFAULT_NS & ~(uint64_t)CLONE_NEWNS },
	{ "--mntns private",         DEFAULT_NS },
	{ "--pid host",              DEFAULT_NS & ~(uint64_t)CLONE_NEWPID },
	{ "--ipc=host",              DEFAULT_NS & ~(uint64_t)CLONE_NEWIPC },
	{ "--uts host",              DEFAULT_NS & ~(uint64_t)CLONE_NEWUTS },
	{ "--network host",          DEFAULT_NS & ~(uint64_t)CLONE_NEWNET },
	{ "--network none",          DEFAULT_NS },
	{ "--cgroupns host",         DEFAULT_NS & ~(uint64_t)CLONE_NEWCGROUP },
	{ "--timens private",        DEFAULT_NS | CLONE_NEWTIME },
	{ "--time-offset boottime=1", DEFAULT_NS | CLONE_NEWTIME },
	{ "--userns auto",           DEFAULT_NS | CLONE_NEWUSER },
	{ "--userns host",           DEFAULT_NS },
	{ "--pid private",           DEFAULT_NS },
};
/* clang-format on */

TEST(namespaces)
{
	for (size_t i = 0; i < ARRAY_SIZE(namespaces_of); i++) {
		struct made m;

		make(&m, namespaces_of[i].line);
		ASSERT_EQ(0, m.ret) {
			TH_LOG("%s: %s", namespaces_of[i].line, m.e.msg);
		}
		EXPECT_EQ(namespaces_of[i].want, m.r.config.new_ns) {
			TH_LOG("%s", namespaces_of[i].line);
		}
		done(&m);
	}
}

TEST(environment)
{
	struct made m;

	make(&m, "-e A=opt -e B=1 -h web -t x");
	ASSERT_EQ(0, m.ret);
	EXPECT_STREQ("opt", strv_get_env(&m.r.config.env, "A"));
	EXPECT_STREQ("1", strv_get_env(&m.r.config.env, "B"));
	EXPECT_STREQ("web", strv_get_env(&m.r.config.env, "HOSTNAME"));
	EXPECT_STREQ("xterm", strv_get_env(&m.r.config.env, "TERM"));
	EXPECT_STREQ("/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		     strv_get_env(&m.r.config.env, "PATH"));
	done(&m);
}

/* clang-format off */
static const struct { const char *line, *message; } bad[] = {
	{ "--pid some",                     "'some' is not host or private" },
	{ "--mntns some",                   "'some' is not host or private" },
	{ "--mntns host --userns auto",     "'--userns' contradicts --mntns host" },
	{ "--mntns host --userns 0:5000:9", "'--userns' contradicts --mntns host" },
	{ "--network web",                  "there is no network 'web'" },
	{ "--uts host -h x",                "'--hostname' contradicts --uts host" },
	{ "--time-offset realtime=1",       "clock 'realtime'" },
	{ "--time-offset boottime",         "not CLOCK=SECONDS" },
	{ "--time-offset boottime=99999999999", "not CLOCK=SECONDS" },
	{ "--timens host --time-offset boottime=1", "private time namespace" },
	{ "--userns 1:2:3",                 "must start at 0" },
	{ "--userns 0:0:9",                 "host's root" },
	{ "--cap-add FLY",                  "FLY" },
	{ "--ulimit wings=1",               "wings" },
	{ "--sysctl vm.swappiness=1",       "vm.swappiness" },
	{ "--sysctl net.core.somaxconn=1 --network host", "network namespace" },
	{ "--stop-signal NONE",             "'NONE' is no signal" },
	{ "-w rel",                         "not an absolute path" },
	{ "-v /a:/m -v /b:/m",              "two mounts have the target '/m'" },
	{ "-v /tmp:/proc",                  "inside /proc" },
	{ "-v /tmp:/proc/sys",              "inside /proc" },
	{ "--device /nonexistent",          "'/nonexistent'" },
	{ "--device-read-bps /dev/null:1m", "not a block device" },
	{ "--device-read-bps 1m",           "not DEVICE:RATE" },
	{ "--security-opt seccomp={",       "the profile" },
	{ "--net-allow what",               "what" },
};
/* clang-format on */

TEST(refused)
{
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct made m;

		make(&m, bad[i].line);
		EXPECT_GT(0, m.ret) {
			TH_LOG("%s", bad[i].line);
		}
		EXPECT_NE(NULL, strstr(m.e.msg, bad[i].message)) {
			TH_LOG("%s: %s", bad[i].line, m.e.msg);
		}
		done(&m);
	}
}

TEST(no_command)
{
	struct made m;

	make(&m, "");
	ASSERT_EQ(0, m.ret);
	resolved_done(&m.r);
	strv_done(&m.im.config.entrypoint);
	strv_done(&m.im.config.cmd);
	m.ret = resolve(&m.c, &m.im, &m.r, &m.e);
	EXPECT_EQ(-EINVAL, m.ret);
	EXPECT_NE(NULL, strstr(m.e.msg, "has no command"));
	done(&m);
}

TEST(another_architecture)
{
	struct made m;

	make(&m, "");
	ASSERT_EQ(0, m.ret);
	resolved_done(&m.r);
	m.im.config.architecture = strdup("s390x");
	m.ret = resolve(&m.c, &m.im, &m.r, &m.e);
	EXPECT_EQ(-ENOEXEC, m.ret);
	EXPECT_NE(NULL, strstr(m.e.msg, "'s390x'"));
	done(&m);
}

TEST(a_hostile_volume_is_kept_for_the_child_to_refuse)
{
	struct made m;

	make(&m, "-v /tmp:/data");
	ASSERT_EQ(0, m.ret);
	resolved_done(&m.r);
	add_all(&m.im.config.volumes, (const char *const[]){ "/data", "rel", "//x/../vol/", "/./data", NULL });
	m.ret = resolve(&m.c, &m.im, &m.r, &m.e);
	ASSERT_EQ(0, m.ret);
	ASSERT_EQ(1, m.r.config.volumes.n);
	EXPECT_STREQ("/vol", m.r.config.volumes.v[0]);
	done(&m);
}

TEST(a_volume_that_is_the_root_is_refused)
{
	static const char *const roots[] = { "/", "//", "/.", "/..", "/../x/..", "/../../", "/a/b/../.." };

	for (size_t i = 0; i < ARRAY_SIZE(roots); i++) {
		struct made m;

		make(&m, "");
		ASSERT_EQ(0, m.ret);
		resolved_done(&m.r);
		add_all(&m.im.config.volumes, (const char *const[]){ roots[i], NULL });
		m.ret = resolve(&m.c, &m.im, &m.r, &m.e);
		EXPECT_EQ(-EINVAL, m.ret) TH_LOG("'%s'", roots[i]);
		EXPECT_NE(NULL, strstr(m.e.msg, "root"));
		done(&m);
	}
}

static const char *value_of(const struct opt *o)
{
	switch (o->type) {
	case OPT_TYPE_BOOL:
		return "true";
	case OPT_TYPE_SIZE:
	case OPT_TYPE_SSIZE:
	case OPT_TYPE_INT:
		return "1048576";
	case OPT_TYPE_NANO:
		return "1.5";
	case OPT_TYPE_DURATION:
		return "10s";
	default:
		return "a=\"b\",\xc3\xa9";
	}
}

/* Every option survives the record. */
TEST(options_round_trip)
{
	struct container_options a = { .name = NULL }, b = { .name = NULL };
	_cleanup_free_ char *first = NULL, *second = NULL;
	struct err e = ERR_INIT;
	size_t n = 0;
	json_t *j;

	for (const struct opt *o = container_options; o->type != OPT_TYPE_END; o++, n++) {
		_cleanup_free_ char *name = strndup(o->name, strcspn(o->name, "|"));

		ASSERT_EQ(0, opt_set(container_options, name, value_of(o), &a, &e)) {
			TH_LOG("%s: %s", name, e.msg);
		}
		if (o->type == OPT_TYPE_LIST)
			ASSERT_EQ(0, opt_set(container_options, name, "second", &a, &e));
	}
	j = opt_to_json(container_options, &a);
	ASSERT_NE(NULL, j);
	EXPECT_EQ(n, json_object_size(j));
	ASSERT_EQ(0, opt_from_json(container_options, j, &b, &e)) {
		TH_LOG("%s", e.msg);
	}
	first = json_dumps(j, JSON_SORT_KEYS);
	json_decref(j);
	j = opt_to_json(container_options, &b);
	second = json_dumps(j, JSON_SORT_KEYS);
	json_decref(j);
	EXPECT_STREQ(first, second);
	opt_done(container_options, &a);
	opt_done(container_options, &b);
}

TEST(names_without_a_name)
{
	char buf[NAME_MAX_LEN + 1], again[NAME_MAX_LEN + 1];
	struct container c = { .name = NULL };

	memcpy(c.id, ID, sizeof(ID));
	EXPECT_TRUE(name_is_valid(container_name(&c, buf)));
	EXPECT_STREQ(container_name(&c, buf), container_name(&c, again));
	c.id[0] = 'f';
	EXPECT_NE(0, strcmp(buf, container_name(&c, again)));
	c.name = (char *)"web";
	EXPECT_STREQ("web", container_name(&c, buf));
}

TEST_HARNESS_MAIN
