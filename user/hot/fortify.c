// SPDX-License-Identifier: Apache-2.0
/*
 * glibc's checking functions for libraries that were compiled against it and are linked with musl
 * (libjansson.a): an overflow ends the program, as there.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int __snprintf_chk(char *s, size_t n, int flag, size_t size, const char *fmt, ...);
int __vsnprintf_chk(char *s, size_t n, int flag, size_t size, const char *fmt, va_list ap);
char *__strncpy_chk(char *to, const char *from, size_t n, size_t size);

int __vsnprintf_chk(char *s, size_t n, int flag, size_t size, const char *fmt, va_list ap)
{
	(void)flag;
	if (size < n)
		abort();
	return vsnprintf(s, n, fmt, ap);
}

int __snprintf_chk(char *s, size_t n, int flag, size_t size, const char *fmt, ...)
{
	va_list ap;
	int r;

	va_start(ap, fmt);
	r = __vsnprintf_chk(s, n, flag, size, fmt, ap);
	va_end(ap);
	return r;
}

char *__strncpy_chk(char *to, const char *from, size_t n, size_t size)
{
	if (size < n)
		abort();
	return strncpy(to, from, n);
}
