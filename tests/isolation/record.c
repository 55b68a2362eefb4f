// SPDX-License-Identifier: Apache-2.0
/* What a container tells about its probes. */
#include "record.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "inside.h"
#include "probe.h"
#include "text.h"

__attribute__((format(printf, 2, 3))) static void bad(struct records *r, const char *fmt, ...)
{
	va_list list;

	if (r->n_errors < RECORD_ERRORS_MAX) {
		va_start(list, fmt);
		(void)vsnprintf(r->errors[r->n_errors], sizeof(r->errors[0]), fmt, list);
		va_end(list);
	}
	r->n_errors++;
}

/* Split the next field off *@p at its tab. Return: NULL if there is none. */
static char *field(char **p)
{
	char *start = *p, *tab = start ? strchr(start, '\t') : NULL;

	if (!tab)
		return NULL;
	*tab = '\0';
	*p = tab + 1;
	return start;
}

/* @line behind INSIDE_RECORD and its tab: NAME RESULT SEEN */
static void take_record(struct records *r, char *line)
{
	char *name = field(&line), *result = field(&line);
	struct outcome *row = name ? outcomes_find(r->outcomes, name) : NULL;

	if (!result)
		bad(r, "a record without three fields");
	else if (!row)
		bad(r, "there is no probe '%.64s'", name);
	else if (row->group->is_outside || !row->is_chosen)
		bad(r, "probe '%s' was not asked for", name);
	else if (row->is_done)
		bad(r, "probe '%s' told twice", name);
	else if (strlen(result) != 1 || *result < '0' || *result - '0' >= PROBE_RESULT_COUNT)
		bad(r, "probe '%s' has the result '%.16s'", name, result);
	else if (strlen(line) >= sizeof(row->seen.text))
		bad(r, "probe '%s' saw too much", name);
	else {
		row->seen.result = (uint32_t)(*result - '0');
		memcpy(row->seen.text, line, strlen(line) + 1);
		row->is_done = true;
		r->told++;
	}
}

static void take_line(struct records *r)
{
	const size_t prefix = strlen(INSIDE_RECORD "\t");

	r->line[r->len] = '\0';
	for (char *p = r->line; *p; p++)
		if (*p != '\t' && (*p < ' ' || *p > '~'))
			*p = '?';
	if (strcmp(r->line, INSIDE_DONE) == 0)
		r->is_done = true;
	else if (r->outcomes && strncmp(r->line, INSIDE_RECORD "\t", prefix) == 0)
		take_record(r, r->line + prefix);
	else
		bad(r, "the line '%.64s'", r->line);
}

int records_feed(struct records *r, const char *data, size_t size)
{
	if (r->is_closed)
		return 0;
	r->bytes += size;
	if (r->bytes > RECORD_BYTES_MAX)
		return -EFBIG;
	for (size_t i = 0; i < size; i++) {
		if (data[i] != '\n') {
			if (r->len + 1 < sizeof(r->line))
				/* a NUL would hide the rest of its line */
				r->line[r->len++] = data[i] ? data[i] : '?';
			else
				r->is_too_long = true;
			continue;
		}
		if (r->is_too_long)
			bad(r, "a line of more than %d characters", RECORD_LINE_MAX - 1);
		else
			take_line(r);
		r->len = 0;
		r->is_too_long = false;
	}
	return 0;
}
