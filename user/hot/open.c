// SPDX-License-Identifier: Apache-2.0
/* open(2) in one call: musl's sets FD_CLOEXEC once more, for kernels before 2.6.23. */
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>

/* NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name): the header has reserved names */
int open(const char *path, int flags, ...)
{
	bool has_mode = (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE;
	mode_t mode;
	va_list ap;

	va_start(ap, flags);
	mode = has_mode ? va_arg(ap, mode_t) : 0; /* NOLINT(clang-analyzer-valist.Uninitialized): it is */
	va_end(ap);
	return openat(AT_FDCWD, path, flags, mode);
}
