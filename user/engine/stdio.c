// SPDX-License-Identifier: Apache-2.0
/* Which of our own standard descriptors a container may have as they are. */
#include "engine/stdio.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

enum stdio_kind stdio_kind(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return STDIO_RELAYED;
	if (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode))
		return STDIO_HARMLESS;
	return S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3) ? STDIO_NULL : STDIO_RELAYED;
}

bool stdio_needs_relay(bool with_stdin)
{
	return stdio_kind(STDOUT_FILENO) == STDIO_RELAYED || stdio_kind(STDERR_FILENO) == STDIO_RELAYED ||
	       (with_stdin && stdio_kind(STDIN_FILENO) == STDIO_RELAYED);
}
