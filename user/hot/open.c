// SPDX-License-Identifier: Apache-2.0
/* open(2) in one call: musl's sets FD_CLOEXEC once more, for kernels before 2.6.23. */
#include <fcntl.h>
#include <stdarg.h>

/* NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name): the header has reserved names */
int open(const char *path, int flags, ...)
{
	mode_t mode = 0;
	va_list ap;

	if (flags & (O_CREAT | O_TMPFILE)) {
		va_start(ap, flags);
		mode = va_arg(ap, mode_t);
		va_end(ap);
	}
	return openat(AT_FDCWD, path, flags, mode);
}
