// SPDX-License-Identifier: Apache-2.0
/* Tests of spec/systemd_unit.c and spec/systemd_property.c. */
#include "spec/systemd_unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/str.h"

#include "kselftest_harness.h"

TEST(reads_paths)
{
	/* clang-format off */
	static const struct { const char *path, *slice, *scope; } cases[] = {
		{ NULL, "system.slice", "davit-x.scope" },
		{ "", "system.slice", "davit-x.scope" },
		{ "machine.slice:libpod:0a1b", "machine.slice", "libpod-0a1b.scope" },
		{ ":docker:0a1b", "system.slice", "docker-0a1b.scope" },
		{ "a-b.slice::0a1b", "a-b.slice", "0a1b.scope" },
		{ "-.slice:p:n", "-.slice", "p-n.scope" },
		{ "kubepods-pod12_3.slice:cri-containerd:0a1b", "kubepods-pod12_3.slice", "cri-containerd-0a1b.scope" },
	};
	/* clang-format on */
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_free_ char *slice = NULL, *scope = NULL;
		struct err e = ERR_INIT;

		ASSERT_EQ(0, systemd_scope_parse(cases[i].path, "x", &slice, &scope, &e)) TH_LOG("%s", e.msg);
		EXPECT_STREQ(cases[i].slice, slice);
		EXPECT_STREQ(cases[i].scope, scope);
	}
}

TEST(refuses_paths)
{
	/* clang-format off */
	static const char *const bad[] = {
		"/a/b", "a.slice", "a.slice:p", "a.slice:p:", "a.slice:p:n:m", "::", "a:p:n", "a/b.slice:p:n",
		"a--b.slice:p:n", "-a.slice:p:n", "a-.slice:p:n", ".slice:p:n", "a.slice:p:n/m", "a.slice:p/q:n",
		"a.slice:p:n m", "../a.slice:p:n",
	};
	/* clang-format on */
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		char *slice = NULL, *scope = NULL;
		struct err e = ERR_INIT;

		EXPECT_EQ(-EINVAL, systemd_scope_parse(bad[i], "x", &slice, &scope, &e)) TH_LOG("%s", bad[i]);
		EXPECT_EQ(0, strncmp(e.msg, "linux.cgroupsPath: ", 19)) TH_LOG("%s", e.msg);
		EXPECT_EQ(NULL, slice);
		EXPECT_EQ(NULL, scope);
	}
}

TEST(names_are_bounded)
{
	char id[SYSTEMD_NAME_MAX + 1] = "", *slice = NULL, *scope = NULL;

	memset(id, 'x', SYSTEMD_NAME_MAX - strlen("davit-.scope"));
	ASSERT_EQ(0, systemd_scope_parse(NULL, id, &slice, &scope, NULL));
	EXPECT_EQ(SYSTEMD_NAME_MAX, strlen(scope));
	free(slice);
	free(scope);
	id[strlen(id)] = 'x';
	EXPECT_EQ(-EINVAL, systemd_scope_parse(NULL, id, &slice, &scope, NULL));
}

TEST(finds_cgroups_of_slices)
{
	static const char *const cases[][2] = {
		{ "system.slice", "/system.slice" },
		{ "-.slice", "" },
		{ "a-b-c.slice", "/a.slice/a-b.slice/a-b-c.slice" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_free_ char *path = systemd_slice_path(cases[i][0]);

		EXPECT_STREQ(cases[i][1], path);
	}
}

static char *joined(const struct strv *words)
{
	_cleanup_str_ struct str s = STR_INIT;

	for (size_t i = 0; i < words->n; i++)
		str_addf(&s, "%s%s", i ? "|" : "", words->v[i]);
	str_add(&s, "");
	return str_take(&s);
}

TEST(reads_properties)
{
	/* clang-format off */
	static const struct { const char *name, *value, *want; } cases[] = {
		{ "Description", "'a text'", "Description|s|a text" },
		{ "Description", "\"it's \\\"x\\\"\"", "Description|s|it's \"x\"" },
		{ "Description", "''", "Description|s|" },
		{ "AllowIsolate", "true", "AllowIsolate|b|true" },
		{ "AllowIsolate", " false", "AllowIsolate|b|false" },
		{ "CPUWeight", "uint64 77", "CPUWeight|t|77" },
		{ "MemoryMax", "uint64 18446744073709551615", "MemoryMax|t|18446744073709551615" },
		{ "OOMScoreAdjust", "-5", "OOMScoreAdjust|i|-5" },
		{ "OOMScoreAdjust", "int32 -5", "OOMScoreAdjust|i|-5" },
		{ "Some", "int64 -9223372036854775808", "Some|x|-9223372036854775808" },
		{ "Some", "byte 255", "Some|y|255" },
		{ "TimeoutStopSec", "uint64 3", "TimeoutStopUSec|t|3000000" },
		{ "TimeoutStopSec", "3", "TimeoutStopUSec|t|3000000" },
		{ "TimeoutStopUSec", "uint64 3", "TimeoutStopUSec|t|3" },
		{ "After", "['a.service', \"b.service\"]", "After|as|2|a.service|b.service" },
		{ "After", "[]", "After|as|0" },
		{ "After", "@as []", "After|as|0" },
	};
	/* clang-format on */
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_strv_ struct strv out = { .v = NULL };
		_cleanup_free_ char *text = NULL;
		struct err e = ERR_INIT;

		ASSERT_EQ(0, systemd_property_parse(cases[i].name, cases[i].value, &out, &e)) TH_LOG("%s", e.msg);
		text = joined(&out);
		EXPECT_STREQ(cases[i].want, text);
	}
}

TEST(refuses_properties)
{
	/* clang-format off */
	static const char *const bad[][2] = {
		{ "", "1" }, { "Ab", "1" }, { "CPU-Weight", "1" }, { "CPUWeight\n", "1" },
		{ "PIDs", "[]" }, { "Slice", "'a.slice'" }, { "DevicePolicy", "'auto'" }, { "DeviceAllow", "[]" },
		{ "CPUWeight", "" }, { "CPUWeight", "uint64" }, { "CPUWeight", "uint64 -1" }, { "CPUWeight", "uint64 1x" },
		{ "CPUWeight", "18446744073709551616" }, { "CPUWeight", "uint64 18446744073709551616" },
		{ "CPUWeight", "4294967295" }, { "CPUWeight", "float 1" }, { "CPUWeight", "- 1" }, { "CPUWeight", "byte 256" },
		{ "TimeoutStopSec", "-1" }, { "TimeoutStopSec", "uint64 18446744073709551615" },
		{ "Description", "'open" }, { "Description", "'a' b" }, { "Description", "'a\\" },
		{ "After", "['a'" }, { "After", "['a' 'b']" }, { "After", "[1]" }, { "After", "['a'] x" }, { "After", "[" },
	};
	/* clang-format on */
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		_cleanup_strv_ struct strv out = { .v = NULL };
		struct err e = ERR_INIT;

		EXPECT_EQ(-EINVAL, systemd_property_parse(bad[i][0], bad[i][1], &out, &e)) {
			TH_LOG("%s %s", bad[i][0], bad[i][1]);
		}
		EXPECT_EQ(0, out.n);
		EXPECT_NE('\0', e.msg[0]);
	}
}

TEST(reads_sets)
{
	static const char *const cases[][2] = {
		{ "0", "ay|1|1" },
		{ "0-3", "ay|1|15" },
		{ "1,8-9\n", "ay|2|2|3" },
		{ "16, 0", "ay|3|1|0|1" },
	};
	static const char *const bad[] = { "", "a", "1-", "3-1", "1,,2", "1 2", "-1", "8192", "1,", "99999999999999999999" };

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_strv_ struct strv out = { .v = NULL };
		_cleanup_free_ char *text = NULL;

		ASSERT_EQ(0, systemd_set_parse(cases[i][0], &out, NULL));
		text = joined(&out);
		EXPECT_STREQ(cases[i][1], text);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		_cleanup_strv_ struct strv out = { .v = NULL };

		EXPECT_EQ(-EINVAL, systemd_set_parse(bad[i], &out, NULL)) TH_LOG("%s", bad[i]);
		EXPECT_EQ(0, out.n);
	}
}

TEST_HARNESS_MAIN
