// SPDX-License-Identifier: Apache-2.0
/*
 * Steps of a runtime as they must not be done: look at a path, then use it. What races are tested with has to
 * lead these astray, or the test proves nothing of a runtime that it does not lead astray.
 *
 *	naive STEP ROOT HOST
 *
 * ROOT is a container's root file system, in which names are being exchanged; HOST a directory outside with
 * `file` in it. Exit status 42 when the step has ended up in HOST or has missed what it was to hide, 0 when
 * not after TRIES. It runs in a mount namespace of its own.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define LED_ASTRAY 42
#define TRIES 2000

static const char *root, *host;

static const char *in(const char *dir, const char *name)
{
	static char paths[4][4096];
	static unsigned int next;
	char *p = paths[next++ % 4];

	(void)snprintf(p, sizeof(paths[0]), "%s/%s", dir, name);
	return p;
}

static bool is_kind(const char *path, mode_t type)
{
	struct stat st;

	return lstat(path, &st) == 0 && (st.st_mode & S_IFMT) == type;
}

static mode_t mode_of(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? st.st_mode & 07777 : 0;
}

static bool is_null(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3);
}

static bool has_word(const char *path, const char *word)
{
	char text[64] = "";
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);

	if (fd >= 0)
		(void)close(fd);
	return n > 0 && strncmp(text, word, strlen(word)) == 0;
}

/* CVE-2021-30465: mount on what was a directory */
static bool mount_target(void)
{
	bool astray;

	if (!is_kind(in(root, "m"), S_IFDIR) ||
	    mount("naive", in(root, "m"), "tmpfs", 0, "size=4k") < 0)
		return false;
	astray = access(in(host, "file"), F_OK) < 0;
	(void)umount2(astray ? host : in(root, "m"), MNT_DETACH);
	return astray;
}

/* CVE-2024-45310: make the mount point */
static bool make_target(void)
{
	if (!is_kind(in(root, "p"), S_IFDIR) || mkdir(in(root, "p/a"), 0755) < 0)
		return false;
	if (rmdir(in(host, "a")) == 0)
		return true;
	(void)rmdir(in(root, "p/a"));
	(void)rmdir(in(root, "p.x/a"));
	return false;
}

/* CVE-2025-31133: bind the container's /dev/null over what is to be hidden */
static bool mask_source(void)
{
	bool astray;

	if (!is_null(in(root, "dev/null")) ||
	    mount(in(root, "dev/null"), in(root, "etc/passwd"), NULL, MS_BIND, NULL) < 0)
		return false;
	astray = !is_null(in(root, "etc/passwd"));
	(void)umount2(in(root, "etc/passwd"), MNT_DETACH);
	return astray;
}

/* … by a path that leads to another directory for a moment: the one with "real" in it is meant */
static bool mask_target(void)
{
	bool astray;

	if (mount("/dev/null", in(root, "proc/kcore"), NULL, MS_BIND, NULL) < 0)
		return false;
	do { /* whichever name it has now */
		if (chdir(in(root, "proc")) < 0)
			return false;
	} while (access("real", F_OK) < 0);
	astray = !is_null("kcore");
	(void)chdir("/");
	while (umount2(in(root, "proc/kcore"), MNT_DETACH) == 0 ||
	       umount2(in(root, "proc.x/kcore"), MNT_DETACH) == 0)
		;
	return astray;
}

/* CVE-2025-52565: bind the terminal over /dev/console */
static bool console_target(void)
{
	bool astray;

	if (!is_kind(in(root, "dev/console"), S_IFREG) ||
	    mount("/dev/null", in(root, "dev/console"), NULL, MS_BIND, NULL) < 0)
		return false;
	astray = is_null(in(host, "file"));
	while (umount2(in(host, "file"), MNT_DETACH) == 0 ||
	       umount2(in(root, "dev/console"), MNT_DETACH) == 0 ||
	       umount2(in(root, "dev/console.x"), MNT_DETACH) == 0)
		;
	return astray;
}

/* the mode of a device, by its name */
static bool node_mode(void)
{
	mode_t before = mode_of(in(host, "file"));
	bool astray;

	if (mknod(in(root, "dev/x"), S_IFCHR | 0600, makedev(1, 3)) < 0 && errno != EEXIST)
		return false;
	astray = chmod(in(root, "dev/x"), 0777) == 0 && mode_of(in(host, "file")) != before;
	(void)unlink(in(root, "dev/x"));
	(void)unlink(in(root, "dev/x.x"));
	(void)symlink(in(host, "file"), in(root, "dev/x.x"));
	(void)chmod(in(host, "file"), before);
	return astray;
}

/* tmpcopyup */
static bool copy_file(void)
{
	return is_kind(in(root, "c/f"), S_IFREG) && has_word(in(root, "c/f"), "secret");
}

/* CVE-2025-52881, CVE-2019-19921: write below what was looked at before */
static bool proc_write(void)
{
	bool astray;
	int fd;

	if (!is_kind(in(root, "proc/sys"), S_IFDIR))
		return false;
	fd = open(in(root, "proc/sys/file"), O_WRONLY | O_TRUNC | O_CLOEXEC);
	astray = fd >= 0 && write(fd, "written", 7) == 7 &&
		 has_word(in(host, "sys/file"), "written");
	if (fd >= 0)
		(void)close(fd);
	return astray;
}

/* CVE-2024-21626 */
static bool cwd(void)
{
	if (!is_kind(in(root, "w"), S_IFDIR) || chdir(in(root, "w")) < 0)
		return false;
	return access("file", F_OK) == 0;
}

static const struct {
	const char *name;
	bool (*step)(void);
} steps[] = {
	{ "mount-target", mount_target },
	{ "make-target", make_target },
	{ "mask-source", mask_source },
	{ "mask-target", mask_target },
	{ "console", console_target },
	{ "node-mode", node_mode },
	{ "copy", copy_file },
	{ "proc-write", proc_write },
	{ "cwd", cwd },
};

int main(int argc, char *argv[])
{
	bool (*step)(void) = NULL;

	for (size_t i = 0; argc == 4 && i < sizeof(steps) / sizeof(steps[0]); i++)
		if (strcmp(argv[1], steps[i].name) == 0)
			step = steps[i].step;
	if (!step || unshare(CLONE_NEWNS) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return 125;
	root = argv[2];
	host = argv[3];
	for (int i = 0; i < TRIES; i++)
		if (step())
			return LED_ASTRAY;
	return 0;
}
