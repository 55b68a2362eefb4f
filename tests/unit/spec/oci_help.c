// SPDX-License-Identifier: Apache-2.0
/* Documents in single quotes, tables of what they become, tables of what is refused. */
#include "oci_help.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/str.h"

static char wrong[2 * ERR_MSG_MAX];

int oci_help_parse(const char *text, struct oci_config *ret, struct err *e)
{
	_cleanup_free_ char *copy = strdup(text);

	for (char *c = copy; *c; c++)
		if (*c == '\'')
			*c = '"';
	return oci_config_parse(copy, strlen(copy), "config.json", ret, e);
}

static uint64_t number_at(const void *at, size_t width)
{
	uint64_t value = 0;

	memcpy(&value, at, width); /* little-endian */
	return value;
}

static const char *judge(const struct oci_good *g, const struct oci_config *c)
{
	const void *at = (const char *)c + g->offset;
	const struct oci_strv *list = at;
	const char *text = "";
	_cleanup_str_ struct str joined = STR_INIT;
	uint64_t mask = g->width < 8 ? (UINT64_C(1) << 8 * g->width) - 1 : UINT64_MAX;

	switch (g->kind) {
	case KIND_NUMBER:
		if (number_at(at, g->width) == (g->number & mask))
			return NULL;
		(void)snprintf(wrong, sizeof(wrong), "it is %lld",
			       (long long)number_at(at, g->width));
		return wrong;
	case KIND_TEXT:
		memcpy(&text, at, sizeof(text));
		if (str_eq(text, g->string))
			return NULL;
		(void)snprintf(wrong, sizeof(wrong), "it is '%s'", text ? text : "(null)");
		return wrong;
	case KIND_TEXTS:
		for (size_t i = 0; i < list->n; i++)
			str_addf(&joined, "%s,", list->v[i]);
		if (list->n == g->number && strcmp(str_text(&joined), g->string) == 0 &&
		    (!list->v || !list->v[list->n]))
			return NULL;
		(void)snprintf(wrong, sizeof(wrong), "it is %zu: '%s'", list->n, str_text(&joined));
		return wrong;
	}
	return "unknown kind";
}

const char *oci_help_good(const struct oci_good *g)
{
	struct err e = ERR_INIT;
	struct oci_config c;
	const char *text;

	if (oci_help_parse(g->text, &c, &e) < 0) {
		(void)snprintf(wrong, sizeof(wrong), "refused: %s", e.msg);
		return wrong;
	}
	text = judge(g, &c);
	oci_config_done(&c);
	return text;
}

const char *oci_help_bad(const struct oci_bad *b)
{
	static const char prefix[] = "config.json: ";
	struct err e = ERR_INIT;
	struct oci_config c;
	int r = oci_help_parse(b->text, &c, &e);

	if (r == 0) {
		oci_config_done(&c);
		return "accepted";
	}
	if (r != b->want || r != e.code) {
		(void)snprintf(wrong, sizeof(wrong), "returned %d: %s", r, e.msg);
		return wrong;
	}
	if (strncmp(e.msg, prefix, strlen(prefix)) != 0 ||
	    strcmp(e.msg + strlen(prefix), b->message) != 0) {
		(void)snprintf(wrong, sizeof(wrong), "said: %s", e.msg);
		return wrong;
	}
	if (c.doc.json || c.doc.chunks)
		return "left something behind";
	return NULL;
}
