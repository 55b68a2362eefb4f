/* SPDX-License-Identifier: Apache-2.0 */
/* jansson with limits and errors that name the field. */
#ifndef DAVIT_BASE_JSON_H
#define DAVIT_BASE_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct err;

#define _cleanup_json_ __attribute__((cleanup(json_decrefp)))

/**
 * json_parse() - parse untrusted bytes; duplicate keys and trailing bytes are refused
 * @what: name of the document in messages ("manifest 'sha256:…'")
 *
 * jansson limits nesting to 2048 levels. Return: new reference, NULL with @e (-EBADMSG).
 */
json_t *json_parse(const char *p, size_t n, const char *what, struct err *e);

/*
 * json_parse_wide() - the same, but whole numbers that int64_t cannot hold are kept: as strings that
 * json_wide() knows and that no text can make otherwise, because a NUL in a string is refused.
 */
json_t *json_parse_wide(const char *p, size_t n, const char *what, struct err *e);
/* json_wide() - digits of such a number, perhaps with a '-' before them; NULL for all other values */
const char *json_wide(const json_t *v);

/* json_read_file() - json_parse() of a file of at most @max bytes. Return: 0 or -errno. */
int json_read_file(int dirfd, const char *path, size_t max, json_t **ret, struct err *e);

/* json_text() - compact text with sorted keys off, NULL when out of memory; caller frees */
char *json_text(const json_t *j);

/*
 * Strings that may be any bytes (arguments, paths, environment): a JSON string where they are UTF-8,
 * {"hex": "ff00…"} where not. json_bytes() is a new reference, NULL when out of memory;
 * json_bytes_value() a new string, NULL for a value of neither form.
 */
json_t *json_bytes(const char *text);
char *json_bytes_value(const json_t *j);

/*
 * Typed members of an object. A missing member leaves *ret untouched and returns 0; a member of
 * another type is -EBADMSG naming @key. JSON null counts as missing. Strings are borrowed.
 */
int json_get_string(const json_t *object, const char *key, const char **ret, struct err *e);
int json_get_bool(const json_t *object, const char *key, bool *ret, struct err *e);
int json_get_i64(const json_t *object, const char *key, int64_t *ret, struct err *e);
int json_get_object(const json_t *object, const char *key, json_t **ret, struct err *e);
int json_get_array(const json_t *object, const char *key, json_t **ret, struct err *e);
/* Array of strings; at most @max entries (-E2BIG). Appends to @ret. */
int json_get_strv(const json_t *object, const char *key, size_t max, struct strv *ret,
		  struct err *e);

#endif
