// SPDX-License-Identifier: Apache-2.0
/* Numbers and text: parsers of user input, output for people. */
#include "kselftest_harness.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "base/fmt.h"

TEST(sizes)
{
	static const struct {
		const char *text;
		int r;
		uint64_t bytes;
	} cases[] = {
		{ "0", 0, 0 },
		{ "512", 0, 512 },
		{ "1b", 0, 1 },
		{ "64k", 0, 65536 },
		{ "1K", 0, 1024 },
		{ "2m", 0, 2097152 },
		{ "1.5g", 0, 1610612736 },
		{ "1GiB", 0, 1073741824 },
		{ "1gb", 0, 1073741824 },
		{ "0.5k", 0, 512 },
		{ "", -EINVAL, 0 },
		{ "k", -EINVAL, 0 },
		{ "-1", -EINVAL, 0 },
		{ "1x", -EINVAL, 0 },
		{ "1kk", -EINVAL, 0 },
		{ " 1", -EINVAL, 0 },
		{ "1 ", -EINVAL, 0 },
		{ "1.", -EINVAL, 0 },
		{ "0x10", -EINVAL, 0 },
		{ "9223372036854775807", 0, INT64_MAX },
		{ "9223372036854775808", -ERANGE, 0 },
		{ "8388608t", -ERANGE, 0 },
		{ "99999999999999999999", -ERANGE, 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t got = 7;
		int r = fmt_parse_size(cases[i].text, &got);

		EXPECT_EQ(r, cases[i].r) TH_LOG("'%s'", cases[i].text);
		EXPECT_EQ(got, r ? 7 : cases[i].bytes) TH_LOG("'%s'", cases[i].text);
	}
}

TEST(durations)
{
	static const struct {
		const char *text;
		int r;
		uint64_t ms;
	} cases[] = {
		{ "10", 0, 10000 },   { "0", 0, 0 },	      { "500ms", 0, 500 },   { "1m30s", 0, 90000 },
		{ "1.5s", 0, 1500 },  { "2h", 0, 7200000 },   { "1m30", -EINVAL, 0 }, { "", -EINVAL, 0 },
		{ "s", -EINVAL, 0 },  { "1d", -EINVAL, 0 },   { "-1s", -EINVAL, 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t got = 7;
		int r = fmt_parse_duration_ms(cases[i].text, &got);

		EXPECT_EQ(r, cases[i].r) TH_LOG("'%s'", cases[i].text);
		EXPECT_EQ(got, r ? 7 : cases[i].ms) TH_LOG("'%s'", cases[i].text);
	}
}

TEST(numbers)
{
	int64_t i64 = 0;
	uint64_t u64 = 0;
	uint32_t u32 = 0;

	EXPECT_EQ(fmt_parse_i64("-9223372036854775808", &i64), 0);
	EXPECT_EQ(i64, INT64_MIN);
	EXPECT_EQ(fmt_parse_i64("-9223372036854775809", &i64), -ERANGE);
	EXPECT_EQ(fmt_parse_i64("--1", &i64), -EINVAL);
	EXPECT_EQ(fmt_parse_u64("18446744073709551615", &u64), 0);
	EXPECT_EQ(u64, UINT64_MAX);
	EXPECT_EQ(fmt_parse_u64("18446744073709551616", &u64), -ERANGE);
	EXPECT_EQ(fmt_parse_u64("+1", &u64), -EINVAL);
	EXPECT_EQ(fmt_parse_u32("4294967296", &u32), -ERANGE);
	EXPECT_EQ(fmt_parse_u64_base("ff", 16, &u64), 0);
	EXPECT_EQ(u64, 255);
	EXPECT_EQ(fmt_parse_decimal_nano("1.5", &u64), 0);
	EXPECT_EQ(u64, 1500000000);
	EXPECT_EQ(fmt_parse_decimal_nano(".5", &u64), 0);
	EXPECT_EQ(u64, 500000000);
	EXPECT_EQ(fmt_parse_decimal_nano(".", &u64), -EINVAL);
	EXPECT_EQ(fmt_parse_decimal_nano("0.0000000001", &u64), -ERANGE);
}

TEST(signals)
{
	EXPECT_EQ(fmt_parse_signal("TERM"), 15);
	EXPECT_EQ(fmt_parse_signal("sigterm"), 15);
	EXPECT_EQ(fmt_parse_signal("9"), 9);
	EXPECT_EQ(fmt_parse_signal("RTMIN+1"), 35);
	EXPECT_EQ(fmt_parse_signal("SIGRTMAX"), 64);
	EXPECT_EQ(fmt_parse_signal("RTMIN+31"), -EINVAL);
	EXPECT_EQ(fmt_parse_signal("0"), -EINVAL);
	EXPECT_EQ(fmt_parse_signal("65"), -EINVAL);
	EXPECT_EQ(fmt_parse_signal("NOPE"), -EINVAL);
	EXPECT_EQ(fmt_parse_signal(""), -EINVAL);
}

TEST(times)
{
	static const struct {
		int64_t ns;
		const char *text;
	} cases[] = {
		{ 0, "1970-01-01T00:00:00.000000000Z" },
		{ 1500000000, "1970-01-01T00:00:01.500000000Z" },
		{ -1, "1969-12-31T23:59:59.999999999Z" },
		{ -1000000000, "1969-12-31T23:59:59.000000000Z" },
		{ 1767323045000000006, "2026-01-02T03:04:05.000000006Z" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char buf[FMT_TIME_BUF];

		EXPECT_EQ(strcmp(fmt_time(cases[i].ns, buf), cases[i].text), 0)
		TH_LOG("%s, not %s", buf, cases[i].text);
	}
}

TEST(ages_and_sizes)
{
	char buf[FMT_BUF];

	EXPECT_EQ(strcmp(fmt_age(0, buf), "Less than a second"), 0);
	EXPECT_EQ(strcmp(fmt_age(59, buf), "59 seconds"), 0);
	EXPECT_EQ(strcmp(fmt_age(60, buf), "About a minute"), 0);
	EXPECT_EQ(strcmp(fmt_age(7200, buf), "2 hours"), 0);
	EXPECT_EQ(strcmp(fmt_size(999, buf), "999B"), 0);
	EXPECT_EQ(strcmp(fmt_size(1500000, buf), "1.50MB"), 0);
	EXPECT_EQ(strcmp(fmt_size_binary(1536, buf), "1.50KiB"), 0);
}

TEST_HARNESS_MAIN
