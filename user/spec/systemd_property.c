// SPDX-License-Identifier: Apache-2.0
/* Properties of systemd's units in annotations: the part of GVariant's text form that they need. */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/str.h"
#include "spec/systemd_unit.h"

#define STRINGS_MAX 1024u /* of one array */
#define SET_MAX 8192u /* highest processor or node + 1: the kernel's NR_CPUS */
#define US_PER_S 1000000ull
#define BLANKS " \t\n"

/* clang-format off */
static const struct { const char *name; char type; int64_t min; uint64_t max; } types[] = {
	{ "byte",   'y', 0,         UINT8_MAX },
	{ "int16",  'n', INT16_MIN, INT16_MAX },
	{ "uint16", 'q', 0,         UINT16_MAX },
	{ "int32",  'i', INT32_MIN, INT32_MAX },
	{ "uint32", 'u', 0,         UINT32_MAX },
	{ "int64",  'x', INT64_MIN, INT64_MAX },
	{ "uint64", 't', 0,         UINT64_MAX },
};
#define TYPE_DEFAULT 3 /* int32: GVariant's type of a bare number */

/* what config.json says at a place of its own, or davit-oci itself */
static const char *const taken[] = { "PIDs", "Slice", "DeviceAllow", "DevicePolicy", "BPFProgram" };
/* clang-format on */

static int refuse(const char *value, const char *what, struct err *e)
{
	return err_plain(e, -EINVAL, "'%.200s' %s", value, what);
}

static int check_name(const char *name, struct err *e)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < n; i++)
		if (!isalpha((unsigned char)name[i]))
			return refuse(name, "is no property of a unit", e);
	if (n < 3 || n > SYSTEMD_NAME_MAX)
		return refuse(name, "is no property of a unit", e);
	for (size_t i = 0; i < ARRAY_SIZE(taken); i++)
		if (str_eq(name, taken[i]))
			return refuse(name, "cannot be set by an annotation", e);
	return 0;
}

static int add(struct strv *out, const char *word, struct err *e)
{
	int r = strv_add(out, word);

	return r < 0 ? err_set(e, r, "read a property") : 0;
}

/* A quoted string at *@p, which moves behind it. */
static int read_string(const char **p, struct str *out)
{
	char quote = *(*p)++;

	for (; **p && **p != quote; (*p)++) {
		if (**p == '\\' && !*++*p)
			return -EINVAL;
		str_add_char(out, **p);
	}
	if (!**p)
		return -EINVAL;
	(*p)++;
	return str_failed(out) ? -ENOMEM : 0;
}

static bool is_quote(char c)
{
	return c == '\'' || c == '"';
}

static int add_string(const char **p, struct strv *out)
{
	_cleanup_str_ struct str s = STR_INIT;
	int r = is_quote(**p) ? read_string(p, &s) : -EINVAL;

	return r < 0 ? r : strv_add(out, str_text(&s));
}

static int parse_string(const char *value, struct strv *out, struct err *e)
{
	const char *p = value;
	int r = add(out, "s", e);

	if (r < 0)
		return r;
	r = add_string(&p, out);
	return r < 0 || p[strspn(p, BLANKS)] ? refuse(value, "is no string", e) : 0;
}

/* @p: behind '[' */
static int read_strings(const char *p, struct strv *out)
{
	p += strspn(p, BLANKS);
	while (*p != ']') {
		int r = out->n < STRINGS_MAX ? add_string(&p, out) : -E2BIG;

		if (r < 0)
			return r;
		p += strspn(p, BLANKS);
		if (*p == ',')
			p += 1 + strspn(p + 1, BLANKS);
		else if (*p != ']')
			return -EINVAL;
	}
	return p[1 + strspn(p + 1, BLANKS)] ? -EINVAL : 0;
}

static int parse_strings(const char *value, const char *list, struct strv *out, struct err *e)
{
	_cleanup_strv_ struct strv all = { .v = NULL };
	int r = read_strings(list + 1, &all);

	if (r < 0)
		return refuse(value, "is no array of strings", e);
	r = strv_add(out, "as");
	if (r == 0)
		r = strv_addf(out, "%zu", all.n);
	if (r == 0)
		r = strv_add_all(out, &all);
	return r < 0 ? err_set(e, r, "read a property") : 0;
}

/* *@ret: two's complement */
static int read_number(const char *digits, size_t type, bool *ret_is_negative, uint64_t *ret)
{
	char *end;

	errno = 0;
	*ret_is_negative = *digits == '-';
	if (!isdigit((unsigned char)digits[*ret_is_negative]))
		return -EINVAL;
	if (*ret_is_negative) {
		long long v = strtoll(digits, &end, 10);

		*ret = (uint64_t)v;
		return errno || end[strspn(end, BLANKS)] || v < types[type].min ? -EINVAL : 0;
	}
	*ret = strtoull(digits, &end, 10);
	return errno || end[strspn(end, BLANKS)] || *ret > types[type].max ? -EINVAL : 0;
}

static int parse_number(const char *value, bool is_seconds, struct strv *out, struct err *e)
{
	const char *digits = value;
	size_t type = TYPE_DEFAULT;
	bool is_negative;
	uint64_t v;
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		size_t n = strlen(types[i].name);

		if (strncmp(value, types[i].name, n) == 0 && strspn(value + n, BLANKS)) {
			type = i;
			digits = value + n + strspn(value + n, BLANKS);
		}
	}
	r = read_number(digits, type, &is_negative, &v);
	if (r == 0 && is_seconds && (is_negative || v > UINT64_MAX / US_PER_S))
		r = -ERANGE;
	if (r < 0)
		return refuse(value, "is no value of a property", e);
	r = strv_addf(out, "%c", is_seconds ? 't' : types[type].type);
	if (r == 0)
		r = is_negative ? strv_addf(out, "%lld", (long long)v) :
				  strv_addf(out, "%llu",
					    (unsigned long long)(is_seconds ? v * US_PER_S : v));
	return r < 0 ? err_set(e, r, "read a property") : 0;
}

static int parse_value(const char *value, bool is_seconds, struct strv *out, struct err *e)
{
	const char *v = value + strspn(value, BLANKS);

	if (str_eq(v, "true") || str_eq(v, "false")) {
		int r = add(out, "b", e);

		return r < 0 ? r : add(out, v, e);
	}
	if (is_quote(*v))
		return parse_string(v, out, e);
	if (*v == '[')
		return parse_strings(value, v, out, e);
	if (str_starts(v, "@as ["))
		return parse_strings(value, v + strlen("@as "), out, e);
	return parse_number(v, is_seconds, out, e);
}

int systemd_property_parse(const char *name, const char *value, struct strv *out, struct err *e)
{
	_cleanup_strv_ struct strv words = { .v = NULL };
	bool is_seconds = str_ends(name, "Sec") && !str_ends(name, "USec");
	size_t n = strlen(name);
	int r = check_name(name, e);

	if (r < 0)
		return r;
	r = is_seconds ? strv_addf(&words, "%.*sUSec", (int)(n - strlen("Sec")), name) :
			 strv_add(&words, name);
	if (r == 0)
		r = parse_value(value, is_seconds, &words, e);
	else
		return err_set(e, r, "read property '%s'", name);
	if (r == 0 && strv_add_all(out, &words) < 0)
		r = err_set(e, ENOMEM, "read property '%s'", name);
	return r;
}

/* "3" or "3-7" at *@p */
static bool read_range(const char **p, unsigned long *first, unsigned long *last)
{
	char *end;

	if (!isdigit((unsigned char)**p))
		return false;
	*first = *last = strtoul(*p, &end, 10);
	if (*end == '-') {
		if (!isdigit((unsigned char)end[1]))
			return false;
		*last = strtoul(end + 1, &end, 10);
	}
	*p = end;
	return *first <= *last && *last < SET_MAX;
}

int systemd_set_parse(const char *list, struct strv *out, struct err *e)
{
	unsigned char bits[SET_MAX / CHAR_BIT] = { 0 };
	unsigned long first, last, n = 0;
	const char *p = list + strspn(list, BLANKS);
	int r;

	for (;;) {
		if (!read_range(&p, &first, &last))
			return refuse(list, "is no list of numbers", e);
		for (unsigned long i = first; i <= last; i++)
			bits[i / CHAR_BIT] |= (unsigned char)(1u << i % CHAR_BIT);
		if (last / CHAR_BIT + 1 > n)
			n = last / CHAR_BIT + 1;
		p += strspn(p, BLANKS);
		if (!*p)
			break;
		if (*p++ != ',')
			return refuse(list, "is no list of numbers", e);
		p += strspn(p, BLANKS);
	}
	r = strv_add(out, "ay");
	if (r == 0)
		r = strv_addf(out, "%lu", n);
	for (unsigned long i = 0; r == 0 && i < n; i++)
		r = strv_addf(out, "%u", bits[i]);
	return r < 0 ? err_set(e, r, "read a list") : 0;
}
