// SPDX-License-Identifier: Apache-2.0
/* Where a part of a JSON text is, without parsing the text. */
#include "base/json_span.h"

#include <endian.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
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

#define EACH(c) (0x0101010101010101u * (c))

/* The lowest bit of each of eight bytes that is @c. */
static uint64_t mark_bytes(uint64_t eight, unsigned char c)
{
	uint64_t x = eight ^ EACH(c);

	/* the highest bit of a byte that is 0 */
	x = ~(((x & EACH(0x7fu)) + EACH(0x7fu)) | x) & EACH(0x80u);
	return x >> 7;
}

/* A bit for each mark, the first byte's lowest. */
static unsigned int gather(uint64_t marks)
{
	return (unsigned int)(marks * 0x0102040810204080u >> 56);
}

static unsigned int is_odd(uint64_t marks)
{
	return marks * EACH(1u) >> 56 & 1;
}

/* Of eight bits: is a string open behind each quote, and up to the next? */
static unsigned int open_after(unsigned int quotes)
{
	quotes ^= quotes << 1;
	quotes ^= quotes << 2;
	return (quotes ^ quotes << 4) & 0xff;
}

/* Is any of eight bytes a bracket, a brace, or a backslash or '|', which are between them? Few are. */
static bool has_structure(uint64_t eight)
{
	uint64_t folded = eight & ~EACH(0x20u), low = folded & EACH(0x7fu);

	return (low + EACH(0x80u - '[')) & ~(low + EACH(0x80u - '^')) & ~folded & EACH(0x80u);
}

/* Brackets of eight bytes, of which those in @strings do not count. Return: false if the last may be closed, or at an escape */
static bool count_brackets(uint64_t eight, unsigned int strings, size_t *depth)
{
	unsigned int closing;

	eight &= ~EACH(
		0x20u); /* '{' is '[' now, '}' is ']', '|' is an escape, which stops us, too */
	closing = gather(mark_bytes(eight, ']')) & ~strings;
	if ((size_t)__builtin_popcount(closing) >= *depth || mark_bytes(eight, '\\'))
		return false;
	*depth += (size_t)__builtin_popcount(gather(mark_bytes(eight, '[')) & ~strings);
	*depth -= (size_t)__builtin_popcount(closing);
	return true;
}

/*
 * From outside of strings on, past blocks of eight bytes, as long as there is no escape and no bracket that may be
 * the last one: several times as fast as a byte at a time. *@s is outside of strings again. Return: false where a string
 * has no end
 */
static bool skip_blocks(struct scan *s, size_t *depth)
{
	unsigned int in_string = 0;

	for (; s->end - s->p >= 8; s->p += 8) {
		uint64_t eight, quotes;

		memcpy(&eight, s->p, sizeof(eight));
		eight = le64toh(eight);
		quotes = mark_bytes(eight, '"');
		if (has_structure(eight) &&
		    !count_brackets(eight, open_after(gather(quotes)) ^ (in_string ? 0xff : 0),
				    depth))
			break;
		in_string ^= is_odd(quotes);
	}
	return !in_string || skip_string(s);
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
			if (++depth == 1 && !skip_blocks(s, &depth))
				return false;
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

/* The name of a member, with *@s then at its value. Return: 1; 0 behind the last member; -EBADMSG */
static int next_name(struct scan *s, bool is_first, const char **ret, size_t *ret_len)
{
	if (take(s, '}'))
		return 0;
	if ((!is_first && !take(s, ',')) || !take(s, '"'))
		return -EBADMSG;
	*ret = s->p;
	if (!skip_string(s))
		return -EBADMSG;
	*ret_len = (size_t)(s->p - *ret) - 1;
	if (!take(s, ':'))
		return -EBADMSG;
	skip_space(s);
	return 1;
}

/* Behind '{': at the value of @key. */
static int find_member(struct scan *s, const char *key)
{
	const char *name;
	size_t len;
	int r;

	for (bool is_first = true; (r = next_name(s, is_first, &name, &len)) > 0;
	     is_first = false) {
		if (len == strlen(key) && memcmp(name, key, len) == 0)
			return 0;
		if (!skip_value(s))
			return -EBADMSG;
	}
	return r < 0 ? r : -ENOENT;
}

int json_span_find(const char *text, size_t n, const char *const *keys, size_t n_keys,
		   size_t *ret_start, size_t *ret_len)
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

int json_span_next(struct json_members *m, struct json_member *ret)
{
	struct scan s = { m->p, m->end };
	int r;

	if (!m->is_inside && !take(&s, '{'))
		return -EBADMSG;
	r = next_name(&s, !m->is_inside, &ret->key, &ret->key_len);
	ret->value = s.p;
	if (r > 0 && !skip_value(&s))
		return -EBADMSG;
	ret->value_len = (size_t)(s.p - ret->value);
	m->p = s.p;
	m->is_inside = true;
	if (r == 0) {
		skip_space(&s);
		return s.p == s.end ? 0 : -EBADMSG;
	}
	return r;
}
