// SPDX-License-Identifier: Apache-2.0
/* A value found without a parser is the parser's. */
#include "base/json_span.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "kselftest_harness.h"

static const char *const path[] = { "a", "b" };

struct span_case {
	const char *text, *want; /* NULL: @error */
	int error;
};

/* clang-format off */
static const struct span_case cases[] = {
	{ "{\"a\":{\"b\":1}}", "1", 0 },
	{ " {\n\t\"a\" : { \"b\" : [1, {\"b\": 2}] } } ", "[1, {\"b\": 2}]", 0 },
	{ "{\"b\":0,\"x\":{\"a\":{\"b\":7}},\"a\":{\"c\":\"}\",\"b\":\"x\"}}", "\"x\"", 0 },
	{ "{\"a\":{\"b\":\"\\\"\"}}", "\"\\\"\"", 0 },
	{ "{\"a\":{\"c\":\"\\\\\",\"b\":\"\\\\\\\"}\"}}", "\"\\\\\\\"}\"", 0 },
	{ "{\"a\":{\"b\":{\"c\":\"]}\\\"\",\"d\":[\"{\"]}}}", "{\"c\":\"]}\\\"\",\"d\":[\"{\"]}", 0 },
	{ "{\"a\":{\"b\":-1.5e3,\"c\":null}}", "-1.5e3", 0 },
	{ "{\"a\":{\"b\":true}}", "true", 0 },
	{ "{}", NULL, -ENOENT },
	{ "{\"a\":{}}", NULL, -ENOENT },
	{ "{\"a\":{\"c\":1}}", NULL, -ENOENT },
	{ "{\"c\":{\"b\":1}}", NULL, -ENOENT },
	{ "{\"a\":{\"\\u0062\":1}}", NULL, -ENOENT },
	{ "{\"a\":{\"bb\":1}}", NULL, -ENOENT },
	{ "", NULL, -EBADMSG },
	{ "[]", NULL, -EBADMSG },
	{ "{\"a\":1}", NULL, -EBADMSG },
	{ "{\"a\":{\"b\"}}", NULL, -EBADMSG },
	{ "{\"a\":{\"b\":}}", NULL, -EBADMSG },
	{ "{\"a\":{\"b\":\"x}}", NULL, -EBADMSG },
	{ "{\"a\":{\"b\":\"x\\\"}}", NULL, -EBADMSG },
	{ "{\"a\":{\"b\":[1", NULL, -EBADMSG },
	{ "{\"x\":[\"a\",\"a\":{\"b\":1}}", NULL, -EBADMSG },
	{ "{\"a\"", NULL, -EBADMSG },
	{ "{\"a", NULL, -EBADMSG },
};
/* clang-format on */

TEST(finds_what_is_there)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct span_case *c = &cases[i];
		size_t start = 0, len = 0;
		int r = json_span_find(c->text, strlen(c->text), path, ARRAY_SIZE(path), &start, &len);

		EXPECT_EQ(c->error, r)
		{
			TH_LOG("in %s", c->text);
		}
		if (!c->want || r)
			continue;
		EXPECT_EQ(strlen(c->want), len)
		{
			TH_LOG("in %s", c->text);
		}
		EXPECT_EQ(0, strncmp(c->text + start, c->want, len))
		{
			TH_LOG("in %s", c->text);
		}
	}
}

/* Which begin, end and have quotes and brackets at any place of eight bytes. */
static const char *const values[] = {
	"{}",
	"[]",
	"[[[[[[[[]]]]]]]]",
	"[[[]],[[],[]]]",
	"{\"x\":\"]]]]]]]]}}}}}}}}\"}",
	"[\"[\",\"[[[[[[[[[[\",\"{\"]",
	"[\"\\\"]\",\"\\\\\",\"]\"]",
	"[\"|\",\"||||||||\",\"\\\\\\\\\"]",
	"{\"a\":[1,2,{\"b\":\"}\"},3],\"c\":[[]]}",
	"[\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"]\",\"\"]",
};

/* What is skipped by the eight bytes begins, ends and is escaped at each place of them. */
TEST(finds_the_end_at_any_place)
{
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		for (int pad = 0; pad < 32; pad++) {
			char text[400], want[160];
			size_t start, len;

			(void)snprintf(want, sizeof(want), "[\"%.*s\",%s,%*s%s]", pad,
				       "................................", values[i], pad % 9, "",
				       values[i]);
			(void)snprintf(text, sizeof(text), "{\"a\":{\"c\":%s,\"b\":%s}}", want,
				       want);
			ASSERT_EQ(0, json_span_find(text, strlen(text), path, 2, &start, &len))
			{
				TH_LOG("in %s", text);
			}
			ASSERT_EQ(strlen(want), len)
			{
				TH_LOG("in %s", text);
			}
			EXPECT_EQ(0, strncmp(text + start, want, len));
		}
	}
}

/* Memory that ends at a page nobody may read. */
static char *before_the_end(const char *text, size_t n)
{
	static char *end;

	if (!end) {
		char *p = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			       0);

		if (p == MAP_FAILED || mprotect(p + 4096, 4096, PROT_NONE) < 0)
			abort();
		end = p + 4096;
	}
	return memcpy(end - n, text, n);
}

static void cut_everywhere(struct __test_metadata *_metadata, const char *text)
{
	for (size_t n = 0; n <= strlen(text); n++) {
		const char *copy = before_the_end(text, n);
		struct json_members members = { .p = copy, .end = copy + n };
		struct json_member m;
		size_t start = 0, len = 0;

		if (json_span_find(copy, n, path, ARRAY_SIZE(path), &start, &len) == 0) {
			EXPECT_LE(start + len, n);
		}
		while (json_span_next(&members, &m) > 0)
			EXPECT_LE(m.value + m.value_len, copy + n);
	}
}

/* Every beginning of a text. */
TEST(looks_at_nothing_behind_the_end)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		cut_everywhere(_metadata, cases[i].text);
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		for (int pad = 0; pad < 9; pad++) {
			char text[200];

			(void)snprintf(text, sizeof(text), "{\"a\":{\"c\":\"%.*s\",\"b\":%s}}", pad,
				       ".........", values[i]);
			cut_everywhere(_metadata, text);
		}
	}
}

TEST_HARNESS_MAIN
