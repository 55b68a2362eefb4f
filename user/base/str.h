/* SPDX-License-Identifier: Apache-2.0 */
/* Growing strings and string lists. */
#ifndef DAVIT_BASE_STR_H
#define DAVIT_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>

/**
 * struct str - growing byte string, always NUL-terminated once written to
 *
 * A failed allocation is sticky: later calls do nothing and str_failed() is true, so that a
 * sequence of str_add*() needs one check at its end. Zero-initialised is empty.
 */
struct str {
	char *p;
	size_t len, cap;
	bool failed;
};

#define STR_INIT { .p = NULL }

void str_add(struct str *s, const char *text);
void str_add_mem(struct str *s, const void *p, size_t n);
void str_add_char(struct str *s, char c);
void str_addf(struct str *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Append @text as a JSON string with its quotes; what is not UTF-8 becomes U+FFFD. */
void str_add_json(struct str *s, const char *text);
/* Make room for @n more bytes. Return: false when out of memory. */
bool str_reserve(struct str *s, size_t n);
void str_truncate(struct str *s, size_t len);
void str_done(struct str *s);
/* Take the bytes (never NULL unless failed); caller frees. */
char *str_take(struct str *s);

static inline bool str_failed(const struct str *s)
{
	return s->failed;
}

static inline const char *str_text(const struct str *s)
{
	return s->p ? s->p : "";
}

#define _cleanup_str_ __attribute__((cleanup(str_done)))

/**
 * struct strv - list of strings; @v is NULL-terminated (or NULL when empty), owns its strings
 */
struct strv {
	char **v;
	size_t n;
};

/* All return 0 or -ENOMEM and leave the list as it was on failure. */
int strv_add(struct strv *l, const char *text);
int strv_add_n(struct strv *l, const char *text, size_t n);
int strv_addf(struct strv *l, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int strv_take(struct strv *l, char *text); /* takes @text over, frees it on failure */
int strv_add_all(struct strv *l, const struct strv *from);
/* "KEY=VALUE" list: replace the entry with the same KEY or append. */
int strv_set_env(struct strv *l, const char *entry);
/* Value of KEY or NULL. */
const char *strv_get_env(const struct strv *l, const char *key);
bool strv_has(const struct strv *l, const char *text);
void strv_done(struct strv *l);

#define _cleanup_strv_ __attribute__((cleanup(strv_done)))

bool str_eq(const char *a, const char *b); /* NULL equals only NULL */
size_t str_utf8_length(const char *text); /* of the UTF-8 sequence at its start, 0 if it is none */
bool str_starts(const char *s, const char *prefix);
bool str_ends(const char *s, const char *suffix);

/* printf into a new string; NULL when out of memory; caller frees */
char *str_printf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
