/* SPDX-License-Identifier: Apache-2.0 */
/* Where a part of a JSON text is, without parsing the text. */
#ifndef DAVIT_BASE_JSON_SPAN_H
#define DAVIT_BASE_JSON_SPAN_H

#include <stddef.h>

/**
 * json_span_find() - the value at @keys, one key per level of objects
 * @text, @n: need not be valid JSON; what is found in a text that json_parse() takes is the value that
 *	      json_parse() has there
 *
 * Keys are compared as written: one with an escape is not found.
 * Return: 0; -ENOENT; -EBADMSG when the text is no JSON as far as it was looked at.
 */
int json_span_find(const char *text, size_t n, const char *const *keys, size_t n_keys, size_t *ret_start,
		   size_t *ret_len);

#endif
