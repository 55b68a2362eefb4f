// SPDX-License-Identifier: Apache-2.0
/* The running program's own file. */
#include "kern/self.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/env.h"
#include "base/err.h"
#include "base/io.h"
#include "kern/mount.h"

#define SELF_EXE      "/proc/self/exe"
#define CMDLINE_BYTES (8u << 20) /* the kernel takes 6 MiB at most */

static int keep_libdir(const struct env *env, struct err *e)
{
	_cleanup_free_ char *helper = NULL;
	int r = env_helper(env, "davit-init", &helper, e);
	char *slash = r < 0 ? NULL : strrchr(helper, '/');

	if (!slash)
		return r;
	*slash = '\0';
	return setenv("DAVIT_LIBDIR", helper, 1) < 0 ? err_set(e, errno, "set environment") : 0;
}

/* @text: arguments, each with a NUL behind it */
static char **split(char *text, size_t n)
{
	size_t count = 0;
	char **argv;

	for (size_t i = 0; i < n; i++)
		count += !text[i];
	argv = calloc(count + 1, sizeof(*argv));
	for (size_t i = 0, at = 0; argv && i < count; i++, at += strlen(text + at) + 1)
		argv[i] = text + at;
	return argv;
}

int self_seal(const struct env *env, struct err *e)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_free_ char **argv = NULL;
	_cleanup_fd_ int fd = -1;
	struct statvfs fs;
	size_t n;
	int r;

	if (statvfs(SELF_EXE, &fs) < 0)
		return err_set(e, errno, "stat '" SELF_EXE "'");
	if (fs.f_flag & ST_RDONLY) {
		/* it is that of the descriptor's number, before Linux 6.14 */
		(void)prctl(PR_SET_NAME, program_invocation_short_name);
		return 0;
	}
	r = keep_libdir(env, e);
	if (r == 0)
		r = io_read_file(AT_FDCWD, "/proc/self/cmdline", CMDLINE_BYTES, &text, &n, e);
	if (r < 0)
		return r;
	argv = split(text, n);
	if (!argv)
		return err_set(e, ENOMEM, "execute '" SELF_EXE "'");
	fd = mount_clone(AT_FDCWD, SELF_EXE, false, e);
	if (fd < 0)
		return fd;
	r = mount_set_attr(fd, "", 0, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, 0, 0);
	if (r < 0)
		return err_set(e, r, "make a mount of '" SELF_EXE "' read-only");
	(void)syscall(SYS_execveat, fd, "", argv, environ, AT_EMPTY_PATH);
	return err_set(e, errno, "execute '" SELF_EXE "'");
}
