// SPDX-License-Identifier: Apache-2.0
/* jansson with limits and errors that name the field. */
#include "base/json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/fmt.h"
#include "base/io.h"

/* jansson would open /dev/urandom for this; the kernel has handed us 16 random bytes already. */
static void seed_hash(void)
{
	static bool is_seeded;
	const unsigned char *random = (const unsigned char *)getauxval(AT_RANDOM);
	size_t seed = 0;

	if (is_seeded)
		return;
	is_seeded = true;
	/* both halves mixed: glibc's guards, made of the same bytes, do not follow from the seed */
	for (int i = 0; random && i < 16; i++)
		seed = (seed ^ random[i]) * 0x100000001b3ull;
	json_object_seed(seed ? seed : 1);
}

static json_t *load(const char *p, size_t n, size_t flags, const char *what, struct err *e)
{
	json_error_t je;
	json_t *j;

	seed_hash();
	j = json_loadb(p, n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | flags, &je);

	if (j)
		return j;
	for (char *c = je.text; *c; c++) /* it shows a piece of the document */
		if ((unsigned char)*c < ' ')
			*c = ' ';
	(void)err_plain(e, -EBADMSG, "%s is not valid JSON: line %d column %d: %s", what, je.line,
			je.column,
			json_error_code(&je) == json_error_null_character ?
				"a string has a NUL character" :
				je.text);
	return NULL;
}

json_t *json_parse(const char *p, size_t n, const char *what, struct err *e)
{
	return load(p, n, 0, what, e);
}

#define WIDE_DIGITS 19u /* of the largest int64_t */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Is there a run of WIDE_DIGITS digits, in a string or not? Looks at one byte in 19. */
static bool has_wide(const char *p, size_t n)
{
	for (size_t i = WIDE_DIGITS - 1; i < n; i += WIDE_DIGITS) {
		size_t from = i, to = i;

		if (!is_digit(p[i]))
			continue;
		while (from > 0 && is_digit(p[from - 1]))
			from--;
		while (to < n && is_digit(p[to]))
			to++;
		if (to - from >= WIDE_DIGITS)
			return true;
	}
	return false;
}

static size_t number_length(const char *p, size_t n)
{
	size_t len = 1;

	while (len < n && p[len] && (is_digit(p[len]) || strchr("+-.eE", p[len])))
		len++;
	return len;
}

/* Is it a whole number, as JSON writes one, that int64_t cannot hold? */
static bool is_wide(const char *p, size_t n)
{
	size_t sign = p[0] == '-';
	char text[WIDE_DIGITS + 2];
	int64_t value;

	if (n < WIDE_DIGITS || p[sign] == '0')
		return false;
	for (size_t i = sign; i < n; i++)
		if (!is_digit(p[i]))
			return false;
	if (n >= sizeof(text))
		return true;
	memcpy(text, p, n);
	text[n] = 0;
	return fmt_parse_i64(text, &value) < 0;
}

/* Length of the string at @p with its quotes, 0 if it holds a NUL. */
static size_t string_length(const char *p, size_t n)
{
	size_t len = 1;

	while (len < n && p[len] != '"') {
		if (p[len] == '\\' && n - len >= 6 && memcmp(p + len, "\\u0000", 6) == 0)
			return 0;
		len += p[len] == '\\' ? 2 : 1;
	}
	return len < n ? len + 1 : n;
}

json_t *json_parse_wide(const char *p, size_t n, const char *what, struct err *e)
{
	_cleanup_str_ struct str copy = STR_INIT;
	size_t len, done = 0;

	if (!has_wide(p, n))
		return load(p, n, 0, what, e);
	for (size_t i = 0; i < n; i += len) {
		len = 1;
		if (p[i] == '"') {
			len = string_length(p + i, n - i);
		} else if (is_digit(p[i]) || p[i] == '-') {
			len = number_length(p + i, n - i);
			if (is_wide(p + i, len)) {
				str_add_mem(&copy, p + done, i - done);
				str_add(&copy, "\"\\u0000");
				str_add_mem(&copy, p + i, len);
				str_add_char(&copy, '"');
				done = i + len;
			}
		}
		if (len == 0) /* for the message, with its line */
			return load(p, n, 0, what, e);
	}
	str_add_mem(&copy, p + done, n - done);
	if (str_failed(&copy))
		return (void)err_set(e, ENOMEM, "parse %s", what), NULL;
	return load(str_text(&copy), copy.len, JSON_ALLOW_NUL, what, e);
}

const char *json_wide(const json_t *v)
{
	const char *text = json_string_value(v);

	return text && !*text && json_string_length(v) > 0 ? text + 1 : NULL;
}

int json_read_file(int dirfd, const char *path, size_t max, json_t **ret, struct err *e)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_free_ char *what = NULL;
	size_t n;
	json_t *j;
	int r = io_read_file(dirfd, path, max, &text, &n, e);

	if (r < 0)
		return r;
	what = str_printf("'%s'", path);
	j = json_parse(text, n, what ? what : path, e);
	if (!j)
		return -EBADMSG;
	*ret = j;
	return 0;
}

char *json_text(const json_t *j)
{
	return json_dumps(j, JSON_COMPACT | JSON_ENCODE_ANY);
}

json_t *json_bytes(const char *text)
{
	static const char digits[] = "0123456789abcdef";
	_cleanup_str_ struct str hex = STR_INIT;
	json_t *j = json_string(text); /* NULL also when it is not UTF-8 */

	if (j)
		return j;
	for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
		str_add_char(&hex, digits[*p >> 4]);
		str_add_char(&hex, digits[*p & 15]);
	}
	return str_failed(&hex) ? NULL : json_pack("{s:s}", "hex", str_text(&hex));
}

static int hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

char *json_bytes_value(const json_t *j)
{
	const char *hex = json_string_value(json_object_get(j, "hex"));
	struct str s = STR_INIT;

	if (json_is_string(j))
		return strdup(json_string_value(j));
	if (!hex || json_object_size(j) != 1)
		return NULL;
	for (; *hex; hex += 2) {
		int high = hex_digit(hex[0]), low = high < 0 ? -1 : hex_digit(hex[1]);

		if (low < 0 || (high | low) == 0) {
			str_done(&s);
			return NULL;
		}
		str_add_char(&s, (char)(high << 4 | low));
	}
	return str_take(&s);
}

static json_t *member(const json_t *object, const char *key)
{
	json_t *v = json_object_get(object, key);

	return json_is_null(v) ? NULL : v;
}

static int wrong_type(const char *key, const char *want, struct err *e)
{
	return err_plain(e, -EBADMSG, "field '%s' is not %s", key, want);
}

int json_get_string(const json_t *object, const char *key, const char **ret, struct err *e)
{
	json_t *v = member(object, key);

	if (v && !json_is_string(v))
		return wrong_type(key, "a string", e);
	if (v)
		*ret = json_string_value(v);
	return 0;
}

int json_get_bool(const json_t *object, const char *key, bool *ret, struct err *e)
{
	json_t *v = member(object, key);

	if (v && !json_is_boolean(v))
		return wrong_type(key, "true or false", e);
	if (v)
		*ret = json_is_true(v);
	return 0;
}

int json_get_i64(const json_t *object, const char *key, int64_t *ret, struct err *e)
{
	json_t *v = member(object, key);

	if (v && !json_is_integer(v))
		return wrong_type(key, "a whole number", e);
	if (v)
		*ret = json_integer_value(v);
	return 0;
}

int json_get_object(const json_t *object, const char *key, json_t **ret, struct err *e)
{
	json_t *v = member(object, key);

	if (v && !json_is_object(v))
		return wrong_type(key, "an object", e);
	if (v)
		*ret = v;
	return 0;
}

int json_get_array(const json_t *object, const char *key, json_t **ret, struct err *e)
{
	json_t *v = member(object, key);

	if (v && !json_is_array(v))
		return wrong_type(key, "an array", e);
	if (v)
		*ret = v;
	return 0;
}

int json_get_strv(const json_t *object, const char *key, size_t max, struct strv *ret,
		  struct err *e)
{
	json_t *a = NULL, *item;
	size_t i;
	int r = json_get_array(object, key, &a, e);

	if (r < 0 || !a)
		return r;
	if (json_array_size(a) > max)
		return err_plain(e, -E2BIG, "field '%s' has more than %zu entries", key, max);
	json_array_foreach(a, i, item) {
		char *text = json_bytes_value(item);

		if (!text)
			return wrong_type(key, "an array of strings", e);
		if (strv_take(ret, text) < 0)
			return err_set(e, ENOMEM, "read '%s'", key);
	}
	return 0;
}
