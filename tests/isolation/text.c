// SPDX-License-Identifier: Apache-2.0
/* Text of others in our output. */
#include "text.h"

void text_clean(char *s)
{
	for (; *s; s++)
		if (*s < ' ' || *s > '~')
			*s = '?';
}

void text_json(FILE *out, const char *s)
{
	(void)putc('"', out);
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			(void)putc('\\', out);
		if ((unsigned char)*s < ' ')
			(void)fprintf(out, "\\u%04x", (unsigned int)*s);
		else
			(void)putc(*s, out);
	}
	(void)putc('"', out);
}
