/* SPDX-License-Identifier: Apache-2.0 */
/* What a container tells about its probes. It is not trusted: it may be anything. */
#ifndef DAVIT_ISOLATION_RECORD_H
#define DAVIT_ISOLATION_RECORD_H

#include <stdbool.h>
#include <stddef.h>

struct outcomes;

#define RECORD_LINE_MAX 1024
#define RECORD_BYTES_MAX (1u << 20) /* all that one container may write */
#define RECORD_ERRORS_MAX 16 /* told; the rest is only counted */

/**
 * struct records - reads the output of one container, line by line
 * @is_done:  INSIDE_DONE was seen
 * @is_closed: what comes from now on is not read
 * @n_errors: lines that no davit-probe writes; the first of them are in @errors
 * @told:     rows that were filled
 */
struct records {
	struct outcomes *outcomes; /* NULL: nothing but INSIDE_DONE is expected */
	bool is_done, is_closed;
	size_t told, n_errors;
	char errors[RECORD_ERRORS_MAX][128];
	char line[RECORD_LINE_MAX];
	size_t len, bytes;
	bool is_too_long;
};

/* records_feed() - @size more bytes of output. Return: 0; -EFBIG after RECORD_BYTES_MAX. */
int records_feed(struct records *r, const char *data, size_t size);

#endif
