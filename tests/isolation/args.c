// SPDX-License-Identifier: Apache-2.0
/* The arguments of a command that is put together piece by piece. */
#include "args.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void args_add(struct args *a, const char *text)
{
	if (a->n < ARGS_MAX)
		a->v[a->n] = strdup(text);
	if (a->n == ARGS_MAX || !a->v[a->n])
		a->has_failed = true;
	else
		a->n++;
}

void args_addf(struct args *a, const char *fmt, ...)
{
	char text[8192];
	va_list list;
	int len;

	va_start(list, fmt);
	len = vsnprintf(text, sizeof(text), fmt, list);
	va_end(list);
	if (len < 0 || (size_t)len >= sizeof(text))
		a->has_failed = true;
	else
		args_add(a, text);
}

void args_done(struct args *a)
{
	for (size_t i = 0; i < a->n; i++)
		free(a->v[i]);
	memset(a, 0, sizeof(*a));
}
