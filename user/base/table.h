/* SPDX-License-Identifier: Apache-2.0 */
/* Columns of text, aligned. */
#ifndef DAVIT_BASE_TABLE_H
#define DAVIT_BASE_TABLE_H

#include <stddef.h>

#include "base/str.h"

#define TABLE_COLUMNS_MAX 16u

/**
 * struct table - rows of @n_columns cells; zero it, set @n_columns, add cells in reading order
 */
struct table {
	size_t n_columns;
	struct strv cells;
	bool failed;
};

/* One more cell; table_addf() cuts it at 511 bytes. What does not fit in memory sets .failed. */
void table_add(struct table *t, const char *text);
void table_addf(struct table *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Append all rows to @out, columns three blanks apart, no blanks at line ends. */
void table_print(const struct table *t, struct str *out);
void table_done(struct table *t);

#endif
