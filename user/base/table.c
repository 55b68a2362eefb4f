// SPDX-License-Identifier: Apache-2.0
/* Columns of text, aligned. */
#include "base/table.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define GAP 3

void table_add(struct table *t, const char *text)
{
	if (strv_add(&t->cells, text) < 0)
		t->failed = true;
}

void table_addf(struct table *t, const char *fmt, ...)
{
	char buf[512];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(buf, sizeof(buf), fmt, ap); /* a cell is short; a longer one is cut */
	va_end(ap);
	table_add(t, buf);
}

/* Columns on the screen: UTF-8 continuation bytes take none. */
static size_t width(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

void table_print(const struct table *t, struct str *out)
{
	size_t widths[TABLE_COLUMNS_MAX] = { 0 };

	if (t->failed || !t->n_columns || t->n_columns > TABLE_COLUMNS_MAX) {
		out->failed = true;
		return;
	}
	for (size_t i = 0; i < t->cells.n; i++) {
		size_t w = width(t->cells.v[i]), col = i % t->n_columns;

		if (w > widths[col])
			widths[col] = w;
	}
	for (size_t i = 0; i < t->cells.n; i++) {
		size_t col = i % t->n_columns;

		str_add(out, t->cells.v[i]);
		if (col + 1 == t->n_columns)
			str_add(out, "\n");
		else
			str_addf(out, "%*s", (int)(widths[col] - width(t->cells.v[i]) + GAP), "");
	}
}

void table_done(struct table *t)
{
	strv_done(&t->cells);
}
