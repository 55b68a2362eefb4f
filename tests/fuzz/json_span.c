// SPDX-License-Identifier: Apache-2.0
/* Fuzz target: what is found in a text without a parser is the value that the parser has there, and leaves a
 * valid text when it is blanked out, as user/runtime/bundle.c does. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "base/json_span.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const keys[] = { "linux", "seccomp" };

static void check_blanked(const char *text, size_t n, size_t start, size_t len)
{
	_cleanup_free_ char *copy = malloc(n);
	_cleanup_json_ json_t *doc = NULL;

	if (!copy || len < strlen("null"))
		return;
	memcpy(copy, text, n);
	memset(copy + start, ' ', len);
	memcpy(copy + start, "null", strlen("null"));
	doc = json_parse(copy, n, "blanked", NULL);
	if (!doc || !json_is_null(json_object_get(json_object_get(doc, keys[0]), keys[1])))
		abort();
}

/* All members, in order, are those of the parser. */
static void check_members(const char *text, size_t n, const json_t *doc)
{
	struct json_members members = { .p = text, .end = text + n };
	struct json_member m;
	size_t count = 0;
	int r;

	while ((r = json_span_next(&members, &m)) > 0) {
		_cleanup_json_ json_t *value = NULL;

		if (m.key < text || m.value + m.value_len > text + n || !m.value_len)
			abort();
		count++;
		if (!json_is_object(doc))
			continue;
		value = json_parse(m.value, m.value_len, "value", NULL);
		if (!value)
			abort();
		if (!memchr(m.key, '\\', m.key_len) &&
		    !json_equal(value, json_object_getn(doc, m.key, m.key_len)))
			abort();
	}
	/* jansson overlooks a NUL that follows a number */
	if (json_is_object(doc) && !memchr(text, 0, n) && (r < 0 || count != json_object_size(doc)))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* its own memory: a look behind the end is found */
	_cleanup_free_ char *text = malloc(size ? size : 1);
	_cleanup_json_ json_t *doc = NULL, *part = NULL;
	size_t start = 0, len = 0;
	int r;

	if (!text)
		return 0;
	memcpy(text, data, size);
	r = json_span_find(text, size, keys, 2, &start, &len);
	if (r == 0 && (!len || start > size || len > size - start))
		abort();
	doc = json_parse(text, size, "text", NULL);
	check_members(text, size, doc);
	if (!doc || r < 0)
		return 0;
	part = json_parse(text + start, len, "part", NULL);
	if (!part || !json_equal(part, json_object_get(json_object_get(doc, keys[0]), keys[1])))
		abort();
	check_blanked(text, size, start, len);
	return 0;
}
