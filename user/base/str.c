// SPDX-License-Identifier: Apache-2.0
/* Growing strings and string lists. */
#include "base/str.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool str_reserve(struct str *s, size_t n)
{
	size_t cap = s->cap ? s->cap : 64;
	char *p;

	if (s->failed || n > SIZE_MAX / 4 || s->len > SIZE_MAX / 4) {
		s->failed = true;
		return false;
	}
	if (s->cap && s->len + n < s->cap)
		return true;
	while (cap <= s->len + n)
		cap *= 2;
	p = realloc(s->p, cap);
	if (!p) {
		s->failed = true;
		return false;
	}
	s->p = p;
	s->cap = cap;
	return true;
}

void str_add_mem(struct str *s, const void *p, size_t n)
{
	if (!str_reserve(s, n))
		return;
	if (n)
		memcpy(s->p + s->len, p, n);
	s->len += n;
	s->p[s->len] = '\0';
}

void str_add(struct str *s, const char *text)
{
	str_add_mem(s, text, strlen(text));
}

void str_add_char(struct str *s, char c)
{
	str_add_mem(s, &c, 1);
}

static void str_vaddf(struct str *s, const char *fmt, va_list ap)
{
	va_list again;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	if (n < 0)
		s->failed = true;
	else if (str_reserve(s, (size_t)n)) {
		(void)vsnprintf(s->p + s->len, (size_t)n + 1, fmt, again); /* n is known to fit */
		s->len += (size_t)n;
	}
	va_end(again);
}

void str_addf(struct str *s, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	str_vaddf(s, fmt, ap);
	va_end(ap);
}

size_t str_utf8_length(const char *text)
{
	const unsigned char *p = (const unsigned char *)text;
	size_t n = p[0] < 0x80 ? 1 : p[0] >= 0xc2 && p[0] < 0xe0 ? 2 : (p[0] & 0xf0) == 0xe0 ? 3 :
		   p[0] >= 0xf0 && p[0] < 0xf5 ? 4 : 0;

	for (size_t i = 1; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	/* overlong forms, surrogates, beyond U+10FFFF */
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] >= 0xa0) ||
	    (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] >= 0x90))
		return 0;
	return n;
}

void str_add_json(struct str *s, const char *text)
{
	str_add_char(s, '"');
	for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
		size_t n = str_utf8_length((const char *)p);

		if (n != 1) {
			str_add_mem(s, n ? (const char *)p : "\xef\xbf\xbd", n ? n : 3);
			p += n ? n - 1 : 0;
			continue;
		}
		switch (*p) {
		case '"':
		case '\\':
			str_add_char(s, '\\');
			str_add_char(s, (char)*p);
			break;
		case '\n':
			str_add(s, "\\n");
			break;
		case '\t':
			str_add(s, "\\t");
			break;
		default:
			if (*p < 0x20)
				str_addf(s, "\\u%04x", *p);
			else
				str_add_char(s, (char)*p);
		}
	}
	str_add_char(s, '"');
}

void str_truncate(struct str *s, size_t len)
{
	if (len < s->len) {
		s->len = len;
		s->p[len] = '\0';
	}
}

void str_done(struct str *s)
{
	int saved = errno;

	free(s->p);
	*s = (struct str)STR_INIT;
	errno = saved;
}

char *str_take(struct str *s)
{
	char *p;

	if (!s->p && !s->failed)
		str_add(s, "");
	if (s->failed) {
		str_done(s);
		return NULL;
	}
	p = s->p;
	*s = (struct str)STR_INIT;
	return p;
}

char *str_printf(const char *fmt, ...)
{
	struct str s = STR_INIT;
	va_list ap;

	va_start(ap, fmt);
	str_vaddf(&s, fmt, ap);
	va_end(ap);
	return str_take(&s);
}

int strv_take(struct strv *l, char *text)
{
	char **v;

	if (!text)
		return -ENOMEM;
	/* grow by doubling: n + 1 (for the NULL) reaches a power of two */
	if (!l->v || ((l->n + 1) & l->n) == 0) {
		size_t cap = l->v ? (l->n + 1) * 2 : 8;

		if (cap < 8)
			cap = 8;
		v = realloc(l->v, cap * sizeof(*v));
		if (!v) {
			free(text);
			return -ENOMEM;
		}
		l->v = v;
	}
	l->v[l->n++] = text;
	l->v[l->n] = NULL;
	return 0;
}

int strv_add(struct strv *l, const char *text)
{
	return strv_take(l, strdup(text));
}

int strv_add_n(struct strv *l, const char *text, size_t n)
{
	return strv_take(l, strndup(text, n));
}

int strv_addf(struct strv *l, const char *fmt, ...)
{
	struct str s = STR_INIT;
	va_list ap;

	va_start(ap, fmt);
	str_vaddf(&s, fmt, ap);
	va_end(ap);
	return strv_take(l, str_take(&s));
}

int strv_add_all(struct strv *l, const struct strv *from)
{
	size_t before = l->n;

	for (size_t i = 0; i < from->n; i++) {
		if (strv_add(l, from->v[i]) < 0) {
			while (l->n > before)
				free(l->v[--l->n]);
			if (l->v)
				l->v[l->n] = NULL;
			return -ENOMEM;
		}
	}
	return 0;
}

static size_t key_len(const char *entry)
{
	return strcspn(entry, "=");
}

int strv_set_env(struct strv *l, const char *entry)
{
	size_t n = key_len(entry);

	for (size_t i = 0; i < l->n; i++) {
		char *copy;

		if (key_len(l->v[i]) != n || memcmp(l->v[i], entry, n) != 0)
			continue;
		copy = strdup(entry);
		if (!copy)
			return -ENOMEM;
		free(l->v[i]);
		l->v[i] = copy;
		return 0;
	}
	return strv_add(l, entry);
}

const char *strv_get_env(const struct strv *l, const char *key)
{
	size_t n = strlen(key);

	for (size_t i = 0; i < l->n; i++)
		if (key_len(l->v[i]) == n && memcmp(l->v[i], key, n) == 0 && l->v[i][n] == '=')
			return l->v[i] + n + 1;
	return NULL;
}

bool strv_has(const struct strv *l, const char *text)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->v[i], text) == 0)
			return true;
	return false;
}

void strv_done(struct strv *l)
{
	int saved = errno;

	for (size_t i = 0; i < l->n; i++)
		free(l->v[i]);
	free(l->v);
	*l = (struct strv){ NULL, 0 };
	errno = saved;
}

bool str_eq(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

bool str_starts(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool str_ends(const char *s, const char *suffix)
{
	size_t n = strlen(s), m = strlen(suffix);

	return n >= m && memcmp(s + n - m, suffix, m) == 0;
}
