// SPDX-License-Identifier: Apache-2.0
/* Where a part of a JSON text is, without parsing the text. */
#include "base/json_span.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

struct scan {
	const char *p, *end;
};

static void skip_space(struct scan *s)
{
	while (s->p < s->end && (*s->p == ' ' || *s->p == '\n' || *s->p == '\t' || *s->p == '\r'))
		s->p++;
}

static bool take(struct scan *s, char c)
{
	skip_space(s);
	if (s->p == s->end || *s->p != c)
		return false;
	s->p++;
	return true;
}

/* Behind the opening quote: to behind the closing one. Strings are short: a call of memchr(3) for each costs more. */
static bool skip_string(struct scan *s)
{
	const char *p = s->p;

	for (; p < s->end && *p != '"'; p++)
		if (*p == '\\' && ++p == s->end)
			return false;
	if (p == s->end)
		return false;
	s->p = p + 1;
	return true;
}

static bool skip_nested(struct scan *s)
{
	size_t depth = 0;

	while (s->p < s->end) {
		char c = *s->p++;

		if (c == '"') {
			if (!skip_string(s))
				return false;
		} else if ((c & ~0x20) == '[') { /* and '{' */
			depth++;
		} else if ((c & ~0x20) == ']' && --depth == 0) { /* and '}' */
			return true;
		}
	}
	return false;
}

static bool skip_value(struct scan *s)
{
	const char *start;

	skip_space(s);
	if (s->p == s->end)
		return false;
	if (*s->p == '{' || *s->p == '[')
		return skip_nested(s);
	if (*s->p == '"') {
		s->p++;
		return skip_string(s);
	}
	start = s->p;
	while (s->p < s->end && !strchr(",]} \n\t\r", *s->p))
		s->p++;
	return s->p > start;
}

/* Behind '{': at the value of @key. */
static int find_member(struct scan *s, const char *key)
{
	size_t len = strlen(key);

	if (take(s, '}'))
		return -ENOENT;
	do {
		const char *name;
		bool is_it;

		if (!take(s, '"'))
			return -EBADMSG;
		name = s->p;
		if (!skip_string(s))
			return -EBADMSG;
		is_it = (size_t)(s->p - name) == len + 1 && memcmp(name, key, len) == 0;
		if (!take(s, ':'))
			return -EBADMSG;
		skip_space(s);
		if (is_it)
			return 0;
		if (!skip_value(s))
			return -EBADMSG;
	} while (take(s, ','));
	return take(s, '}') ? -ENOENT : -EBADMSG;
}

int json_span_find(const char *text, size_t n, const char *const *keys, size_t n_keys, size_t *ret_start,
		   size_t *ret_len)
{
	struct scan s = { text, text + n };
	const char *start;
	int r;

	for (size_t i = 0; i < n_keys; i++) {
		if (!take(&s, '{'))
			return -EBADMSG;
		r = find_member(&s, keys[i]);
		if (r < 0)
			return r;
	}
	start = s.p;
	if (!skip_value(&s))
		return -EBADMSG;
	*ret_start = (size_t)(start - text);
	*ret_len = (size_t)(s.p - start);
	return 0;
}
