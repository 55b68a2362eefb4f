// SPDX-License-Identifier: Apache-2.0
/*
 * Is what a container was promised there? Run in one while another exchanges names under it; exit status 42
 * and a line on standard error when not, 7 when what is to be looked at did not come by.
 *
 *	look proc | sys		masked and read-only paths below the real one
 *	look fds		nothing open but 0, 1 and 2
 *	look hook HOST FILE	a createContainer hook: nothing is mounted on or below HOST; else make FILE
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#define LED_ASTRAY 42
#define NOT_SEEN 7
#define SECONDS_MAX 10 /* until the name is the one that we are after */

/* As the default of `davit-oci spec` has them; a kernel has not all. */
static const char *const masked_proc[] = { "acpi",	  "asound",	   "kcore",
					   "keys",	  "latency_stats", "timer_list",
					   "timer_stats", "sched_debug",   "scsi",
					   NULL };
static const char *const readonly_proc[] = { "bus", "fs", "irq", "sys", "sysrq-trigger", NULL };
static const char *const masked_sys[] = { "firmware", NULL };
static const char *const readonly_none[] = { NULL };

static const struct view {
	const char *name, *path;
	unsigned long magic;
	const char *const *masked, *const *readonly;
} views[] = { { "proc", "/proc", PROC_SUPER_MAGIC, masked_proc, readonly_proc },
	      { "sys", "/sys", SYSFS_MAGIC, masked_sys, readonly_none } };

static int astray(const char *what, const char *path)
{
	(void)fprintf(stderr, "look: %s: %s\n", path, what);
	return LED_ASTRAY;
}

/* The one that is the kernel's, whichever directory has the name most of the time. */
static int open_real(const struct view *v)
{
	for (time_t until = time(NULL) + SECONDS_MAX; time(NULL) < until;) {
		int fd = open(v->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		struct statfs fs;

		if (fd >= 0 && fstatfs(fd, &fs) == 0 && (unsigned long)fs.f_type == v->magic)
			return fd;
		if (fd >= 0)
			(void)close(fd);
	}
	return -1;
}

static bool is_empty(int dirfd_, const char *name)
{
	int fd = openat(dirfd_, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC), n = 0;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	while (dir && readdir(dir))
		n++;
	if (dir)
		(void)closedir(dir);
	return dir && n == 2;
}

static bool is_masked(int dir, const char *name)
{
	struct stat st;

	if (fstatat(dir, name, &st, 0) < 0)
		return errno == ENOENT;
	return S_ISDIR(st.st_mode) ? is_empty(dir, name) :
				     S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3);
}

static bool is_readonly(int dir, const char *name)
{
	int fd = openat(dir, name, O_PATH | O_CLOEXEC);
	struct statvfs fs;

	if (fd < 0)
		return errno == ENOENT;
	return fstatvfs(fd, &fs) == 0 && (fs.f_flag & ST_RDONLY);
}

static int look_view(const struct view *v)
{
	int fd = open_real(v);

	if (fd < 0)
		return NOT_SEEN;
	for (const char *const *p = v->masked; *p; p++)
		if (!is_masked(fd, *p))
			return astray("is not masked", *p);
	for (const char *const *p = v->readonly; *p; p++)
		if (!is_readonly(fd, *p))
			return astray("is not read-only", *p);
	return 0;
}

static int look_fds(void)
{
	for (int fd = 3; fd < 1024; fd++)
		if (fcntl(fd, F_GETFD) >= 0) {
			char link[32], to[256];
			ssize_t n;

			(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
			n = readlink(link, to, sizeof(to) - 1);
			to[n < 0 ? 0 : n] = '\0';
			return astray("is open", to);
		}
	return 0;
}

static int look_mounts(const char *host, const char *file)
{
	FILE *f = fopen("/proc/self/mountinfo", "re");
	size_t len = strlen(host);
	char line[8192], at[4096];

	if (!f)
		return 1;
	while (fgets(line, sizeof(line), f)) {
		int fd;

		if (sscanf(line, "%*s %*s %*s %*s %4095s", at) != 1 ||
		    strncmp(at, host, len) != 0 || (at[len] && at[len] != '/'))
			continue;
		fd = open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
		if (fd < 0 || write(fd, line, strlen(line)) < 0)
			return 1;
		return astray("is mounted on", at);
	}
	return 0;
}

int main(int argc, char *argv[])
{
	for (size_t i = 0; argc == 2 && i < sizeof(views) / sizeof(views[0]); i++)
		if (strcmp(argv[1], views[i].name) == 0)
			return look_view(&views[i]);
	if (argc == 2 && strcmp(argv[1], "fds") == 0)
		return look_fds();
	if (argc == 4 && strcmp(argv[1], "hook") == 0)
		return look_mounts(argv[2], argv[3]);
	(void)fputs("usage: look proc | sys | fds | hook HOST FILE\n", stderr);
	return 125;
}
