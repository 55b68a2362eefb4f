// SPDX-License-Identifier: Apache-2.0
/* JSON: strings of any bytes, typed members. */
#include "kselftest_harness.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/json.h"

TEST(any_bytes_go_there_and_back)
{
	static const char *const texts[] = { "", "plain", "h\xc3\xa9", "a\xff" "b", "\xc0\x80", "\xed\xa0\x80", "\x01\x7f\n\"" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		json_t *j = json_bytes(texts[i]), *again;
		char *text = json_text(j), *back;

		ASSERT_NE(text, NULL);
		again = json_parse(text, strlen(text), "it", NULL);
		ASSERT_NE(again, NULL);
		back = json_bytes_value(again);
		ASSERT_NE(back, NULL);
		EXPECT_EQ(strcmp(back, texts[i]), 0) TH_LOG("%zu: %s", i, text);
		free(back);
		free(text);
		json_decref(again);
		json_decref(j);
	}
}

TEST(what_is_no_text_is_refused)
{
	static const char *const bad[] = { "1", "null", "[]", "{}", "{\"hex\":1}", "{\"hex\":\"0\"}",
					   "{\"hex\":\"00\"}", "{\"hex\":\"zz\"}", "{\"hex\":\"41\",\"x\":1}" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		json_t *j = json_parse(bad[i], strlen(bad[i]), "it", NULL);

		ASSERT_NE(j, NULL);
		EXPECT_EQ(json_bytes_value(j), NULL) TH_LOG("%s", bad[i]);
		json_decref(j);
	}
}

TEST(documents_that_are_not_json_say_where)
{
	struct err e = ERR_INIT;

	EXPECT_EQ(json_parse("{\"a\":1,\"a\":2}", 13, "the record", &e), NULL);
	EXPECT_EQ(e.code, -EBADMSG);
	EXPECT_NE(strstr(e.msg, "the record is not valid JSON: line 1"), NULL);
	EXPECT_EQ(json_parse("{} x", 4, "it", &e), NULL);
	EXPECT_EQ(json_parse("", 0, "it", &e), NULL);
}

/* A message is one line, whatever the document. */
TEST(messages_have_no_control_characters)
{
	static const char text[] = "[\"a\\\n\tb\"]";
	struct err e = ERR_INIT;

	EXPECT_EQ(NULL, json_parse(text, sizeof(text) - 1, "it", &e));
	EXPECT_NE(NULL, strstr(e.msg, "near"));
	for (const char *c = e.msg; *c; c++)
		EXPECT_GE(*c, ' ');
}

TEST(wide_numbers_are_kept)
{
	static const struct {
		const char *text, *wide;
	} cases[] = {
		{ "18446744073709551615", "18446744073709551615" },
		{ "9223372036854775808", "9223372036854775808" },
		{ "-9223372036854775809", "-9223372036854775809" },
		{ "123456789012345678901234567890", "123456789012345678901234567890" },
		{ "9223372036854775807", NULL },
		{ "-9223372036854775808", NULL },
		{ "\"18446744073709551615\"", NULL },
		{ "\"\\\"18446744073709551615\"", NULL },
		{ "\"\\\\u0000 18446744073709551615\"", NULL },
		{ "18446744073709551615.5", NULL },
		{ "18446744073709551615e1", NULL },
	};
	static const char *const bad[] = { "018446744073709551615", "-", "18446744073709551615 1",
					   "\"18446744073709551615\\u0000\"",
					   "{18446744073709551615:1}", "\"18446744073709551615",
					   "\"18446744073709551615\\" };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_t *j = json_parse_wide(cases[i].text, strlen(cases[i].text), "it", NULL);

		ASSERT_NE(j, NULL) TH_LOG("%s", cases[i].text);
		EXPECT_EQ(str_eq(json_wide(j), cases[i].wide), true) TH_LOG("%s", cases[i].text);
		json_decref(j);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		EXPECT_EQ(json_parse_wide(bad[i], strlen(bad[i]), "it", NULL), NULL)
		TH_LOG("%s", bad[i]);
	}
	EXPECT_EQ(json_parse_wide("18446744073709551615\0", 21, "it", NULL), NULL);
}

TEST(texts_for_people_are_utf8)
{
	static const struct {
		const char *text, *json;
	} cases[] = {
		{ "a\"\\\n\t\x01", "\"a\\\"\\\\\\n\\t\\u0001\"" },
		{ "h\xc3\xa9", "\"h\xc3\xa9\"" },
		{ "a\xff" "b", "\"a\xef\xbf\xbd" "b\"" },
		{ "\xe2\x82", "\"\xef\xbf\xbd\xef\xbf\xbd\"" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct str s = STR_INIT;

		str_add_json(&s, cases[i].text);
		EXPECT_EQ(strcmp(str_text(&s), cases[i].json), 0) TH_LOG("%zu: %s", i, str_text(&s));
		str_done(&s);
	}
}

TEST_HARNESS_MAIN
