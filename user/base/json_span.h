/* SPDX-License-Identifier: Apache-2.0 */
/* Where a part of a JSON text is, without parsing the text. */
#ifndef DAVIT_BASE_JSON_SPAN_H
#define DAVIT_BASE_JSON_SPAN_H

#include <stdbool.h>
#include <stddef.h>

/**
 * json_span_find() - the value at @keys, one key per level of objects
 * @text, @n: need not be valid JSON; what is found in a text that json_parse() takes is the value that
 *	      json_parse() has there
 *
 * Keys are compared as written: one with an escape is not found.
 * Return: 0; -ENOENT; -EBADMSG when the text is no JSON as far as it was looked at.
 */
int json_span_find(const char *text, size_t n, const char *const *keys, size_t n_keys,
		   size_t *ret_start, size_t *ret_len);

/* struct json_members - place in an object: begin with { .p = text, .end = text + n } */
struct json_members {
	const char *p, *end;
	bool is_inside;
};

/* struct json_member - parts of the text: the name without its quotes, as written, and the value */
struct json_member {
	const char *key, *value;
	size_t key_len, value_len;
};

/**
 * json_span_next() - the next member of the text's one object
 *
 * A value is only measured: json_parse() tells whether it is one.
 * Return: 1; 0 when the object and the text have ended; -EBADMSG.
 */
int json_span_next(struct json_members *m, struct json_member *ret);

#endif
