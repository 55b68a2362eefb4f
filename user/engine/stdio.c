// SPDX-License-Identifier: Apache-2.0
/* Which of our own standard descriptors a container may have as they are. */
#include "engine/stdio.h"

#include <linux/magic.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "runtime/config.h"

static enum stdio_kind look_at(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return STDIO_RELAYED;
	if (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode))
		return STDIO_HARMLESS;
	return S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3) ? STDIO_NULL : STDIO_RELAYED;
}

enum stdio_kind stdio_kind(int fd)
{
	static enum stdio_kind kinds[3]; /* ours stay what they are */
	static bool is_known[3];

	if (fd > STDERR_FILENO)
		return look_at(fd);
	if (!is_known[fd])
		kinds[fd] = look_at(fd);
	is_known[fd] = true;
	return kinds[fd];
}

bool stdio_needs_relay(bool with_stdin)
{
	return stdio_kind(STDOUT_FILENO) == STDIO_RELAYED || stdio_kind(STDERR_FILENO) == STDIO_RELAYED ||
	       (with_stdin && stdio_kind(STDIN_FILENO) == STDIO_RELAYED);
}

uid_t stdio_owner(const struct runtime_config *rc)
{
	return rc->new_ns & CLONE_NEWUSER ? rc->id_map.outside + (rc->uid - rc->id_map.inside) : rc->uid;
}

void stdio_give(int fd, uid_t owner)
{
	struct statfs fs;

	if (owner != 0 && fstatfs(fd, &fs) == 0 && fs.f_type == PIPEFS_MAGIC)
		(void)fchown(fd, owner, (gid_t)-1);
}
