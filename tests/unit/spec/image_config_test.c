// SPDX-License-Identifier: Apache-2.0
/* Image configurations: what is read, what is refused, round trip, times. */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/json.h"
#include "spec/image_config.h"
#include "kselftest_harness.h"

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static int parse(const char *text, struct image_config *c, struct err *e)
{
	_cleanup_json_ json_t *j = json_parse(text, strlen(text), "text", e);

	return j ? image_config_parse(j, c, e) : -EBADMSG;
}

TEST(reads_all_members)
{
	struct image_config c;
	struct err e = ERR_INIT;

	ASSERT_EQ(0, parse("{\"os\":\"linux\",\"architecture\":\"arm64\",\"variant\":\"v8\","
			   "\"created\":\"2024-01-02T03:04:05.5Z\",\"unknown\":[1],"
			   "\"config\":{\"Env\":[\"A=b\"],\"Cmd\":[\"x\",\"y\"],\"Entrypoint\":null,"
			   "\"User\":\"u\",\"WorkingDir\":\"/w\",\"StopSignal\":\"TERM\","
			   "\"Volumes\":{\"/v\":{}},\"ExposedPorts\":{\"80/tcp\":{}},"
			   "\"Labels\":{\"k\":\"v=w\"}},"
			   "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"sha256:" HEX "\"]}}",
			   &c, &e))
	{
		TH_LOG("%s", e.msg);
	}
	EXPECT_STREQ("linux", c.os);
	EXPECT_STREQ("arm64", c.architecture);
	EXPECT_STREQ("v8", c.variant);
	EXPECT_STREQ("A=b", c.env.v[0]);
	EXPECT_EQ(2, c.cmd.n);
	EXPECT_EQ(0, c.entrypoint.n);
	EXPECT_STREQ("u", c.user);
	EXPECT_STREQ("/w", c.working_dir);
	EXPECT_STREQ("TERM", c.stop_signal);
	EXPECT_STREQ("/v", c.volumes.v[0]);
	EXPECT_STREQ("80/tcp", c.exposed_ports.v[0]);
	EXPECT_STREQ("k=v=w", c.labels.v[0]);
	EXPECT_STREQ(HEX, c.diff_ids.v[0]);
	EXPECT_EQ(1704164645500000000, c.created_ns);
	image_config_done(&c);
}

TEST(survives_a_round_trip)
{
	static const char text[] =
		"{\"architecture\":\"amd64\",\"os\":\"linux\",\"config\":{\"User\":\"1:2\","
		"\"Env\":[\"A=b\"],\"Cmd\":[\"x\"],\"Volumes\":{\"/v\":{}},"
		"\"Labels\":{\"k\":\"v\"}},\"created\":\"2024-01-02T03:04:05.000000000Z\"}";
	struct image_config c, again;
	_cleanup_json_ json_t *j = NULL;
	_cleanup_free_ char *out = NULL;

	ASSERT_EQ(0, parse(text, &c, NULL));
	j = image_config_to_json(&c);
	ASSERT_NE(NULL, j);
	out = json_text(j);
	ASSERT_EQ(0, parse(out, &again, NULL));
	EXPECT_STREQ("1:2", again.user);
	EXPECT_STREQ("k=v", again.labels.v[0]);
	EXPECT_EQ(c.created_ns, again.created_ns);
	image_config_done(&c);
	image_config_done(&again);
}

TEST(refuses_wrong_types)
{
	static const char *const refused[] = {
		"[]", "1", "null", "{\"config\":1}", "{\"os\":1}", "{\"config\":{\"Env\":\"A\"}}",
		"{\"config\":{\"Env\":[1]}}", "{\"config\":{\"Cmd\":{}}}",
		"{\"config\":{\"Labels\":{\"a\":1}}}", "{\"config\":{\"Volumes\":[]}}",
		"{\"created\":\"yesterday\"}", "{\"rootfs\":[]}",
		"{\"rootfs\":{\"diff_ids\":[\"sha256:12\"]}}", "{\"rootfs\":{\"diff_ids\":[\"" HEX "\"]}}",
		"{\"config\":{\"User\":\"a\\u0000b\"}}", "{\"os\":\"a\",\"os\":\"b\"}",
	};
	struct image_config c = { .created_ns = 7 };

	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		EXPECT_EQ(-EBADMSG, parse(refused[i], &c, NULL))
		{
			TH_LOG("accepted %s", refused[i]);
		}
	}
	EXPECT_EQ(7, c.created_ns);
}

struct time_case {
	const char *text;
	int64_t ns;
};

TEST(reads_times)
{
	static const struct time_case cases[] = {
		{ "1970-01-01T00:00:00Z", 0 },
		{ "1970-01-01T00:00:01.000000001Z", 1000000001 },
		{ "1970-01-01T02:00:00+02:00", 0 },
		{ "1969-12-31T23:59:59Z", -1000000000 },
		{ "0001-01-01T00:00:00Z", 0 },
		{ "2024-02-29t12:00:00z", 1709208000000000000 },
	};
	static const char *const refused[] = {
		"", "2024", "2024-13-01T00:00:00Z", "2024-01-32T00:00:00Z", "2024-01-01T24:00:00Z",
		"2024-01-01T00:00:00", "2024-01-01T00:00:00+2", "2024-01-01T00:00:00Zx",
		"2024-01-01T00:60:00Z", "-024-01-01T00:00:00Z",
	};
	int64_t ns;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		ASSERT_EQ(0, image_time_parse(cases[i].text, &ns))
		{
			TH_LOG("%s", cases[i].text);
		}
		EXPECT_EQ(cases[i].ns, ns)
		{
			TH_LOG("%s", cases[i].text);
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		EXPECT_EQ(-EINVAL, image_time_parse(refused[i], &ns))
		{
			TH_LOG("%s", refused[i]);
		}
	}
}

TEST_HARNESS_MAIN
