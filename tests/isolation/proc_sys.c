// SPDX-License-Identifier: Apache-2.0
/* What of /proc and /sys is the whole kernel's is hidden or read-only. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <linux/capability.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "attempt.h"
#include "groups.h"
#include "mountinfo.h"
#include "probe.h"

/* the fact @key is a list that has @path: the container was asked to treat it so */
static bool is_asked(const struct facts *f, const char *key, const char *path)
{
	const char *list = facts_get(f, key);

	return list && list_has(list, path);
}

/* something else is mounted on @path than the /proc or /sys that it is in */
static bool is_covered(const char *path, const struct stat *st)
{
	struct stat top;

	return stat(path_is_below(path, "/sys") ? "/sys" : "/proc", &top) == 0 &&
	       top.st_dev != st->st_dev;
}

/* entries of a directory without "." and "..". Return: their number, -errno; one of them in @ret_name */
static int count_entries(const char *path, char *ret_name, size_t size)
{
	DIR *dir = opendir(path);
	int n = 0;

	if (!dir)
		return -errno;
	for (struct dirent *d; (d = readdir(dir));)
		if (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0 && n++ == 0)
			(void)snprintf(ret_name, size, "%s", d->d_name);
	(void)closedir(dir);
	return n;
}

static int dir_is_masked(const char *path, bool is_cover, struct seen *s)
{
	char name[256] = "";
	int n = count_entries(path, name, sizeof(name));

	if (n < 0)
		return seen_as(s, n == -EACCES || is_cover, "opendir: %s", errno_name(-n));
	if (n > 0)
		return seen_fail(s, "%d entries, one of them '%s'", n, name);
	return seen_as(s, is_cover, "%s, no entries", is_cover ? "covered" : "not covered");
}

/* EPERM of a file that is not covered is a capability's doing, not a mask's (/proc/kcore) */
static int file_is_masked(const char *path, bool is_cover, struct seen *s)
{
	char buf[64];
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC), err = errno;
	ssize_t n;

	if (fd < 0)
		return seen_as(s, err == EACCES || is_cover, "%sopen: %s",
			       is_cover ? "covered, " : "not covered, ", errno_name(err));
	n = read(fd, buf, sizeof(buf));
	err = errno;
	(void)close(fd);
	if (n > 0)
		return seen_fail(s, "%zd bytes can be read", n);
	return seen_as(s, is_cover, "%s, read: %s", is_cover ? "covered" : "not covered",
		       n < 0 ? errno_name(err) : "no bytes");
}

static int is_masked(const struct probe *p, const struct facts *f, struct seen *s)
{
	struct stat st;

	if (!is_asked(f, "want.masked", p->path))
		return seen_skip(s, "nobody asked for it");
	if (lstat(p->path, &st) < 0)
		return seen_skip(s, "there is no %s here: %s", p->path, errno_name(errno));
	return S_ISDIR(st.st_mode) ? dir_is_masked(p->path, is_covered(p->path, &st), s) :
				     file_is_masked(p->path, is_covered(p->path, &st), s);
}

static bool is_sysfs(const char *path)
{
	struct statfs fs;

	return statfs(path, &fs) == 0 && fs.f_type == SYSFS_MAGIC;
}

/* opening a file there for writing is tried, nothing is written; @p->num: if somebody asked for it */
static int is_readonly(const struct probe *p, const struct facts *f, struct seen *s)
{
	struct statvfs fs;
	struct stat st;
	int err;

	if (!p->num && !is_sysfs(p->path))
		return seen_skip(s, "%s is no sysfs", p->path);
	if (p->num && !is_asked(f, "want.readonly", p->path))
		return seen_skip(s, "nobody asked for it");
	if (lstat(p->path, &st) < 0 || statvfs(p->path, &fs) < 0)
		return seen_skip(s, "there is no %s here: %s", p->path, errno_name(errno));
	if (is_covered(p->path, &st))
		return seen_pass(s, "covered by another file system");
	if (S_ISDIR(st.st_mode))
		return seen_as(s, (fs.f_flag & ST_RDONLY) != 0, "mounted %s",
			       fs.f_flag & ST_RDONLY ? "read-only" : "writable");
	err = open_errno(p->path, O_WRONLY);
	return seen_as(s, err == EROFS || err == EACCES || err == EPERM, "open for writing: %s",
		       errno_name(err));
}

/* one file, without a byte written */
static int is_not_writable(const struct probe *p, const struct facts *f, struct seen *s)
{
	int err = open_errno(p->path, O_WRONLY);

	(void)f;
	if (err == ENOENT)
		return seen_skip(s, "the kernel has no %s", p->path);
	return seen_as(s, err != 0, "open for writing: %s", errno_name(err));
}

/* nftw(3) knows no argument of the caller's */
static struct {
	int tried, opened;
	char first[256];
} walk;

/* values that each UTS, IPC or pid namespace has for itself */
static bool is_namespaced(const char *path)
{
	static const char *const names[] = {
		"/proc/sys/kernel/hostname",	"/proc/sys/kernel/domainname",
		"/proc/sys/kernel/sem",		"/proc/sys/kernel/shm",
		"/proc/sys/kernel/msg",		"/proc/sys/kernel/auto_msgmni",
		"/proc/sys/kernel/ns_last_pid", "/proc/sys/kernel/pid_max",
		"/proc/sys/kernel/random/",	"/proc/sys/fs/mqueue/",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strncmp(path, names[i], strlen(names[i])) == 0)
			return true;
	return false;
}

static int try_file(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)ftw;
	if (type != FTW_F || !S_ISREG(st->st_mode) || !(st->st_mode & 0222) || is_namespaced(path))
		return 0;
	walk.tried++;
	if (open_errno(path, O_WRONLY) == 0 && walk.opened++ == 0)
		(void)snprintf(walk.first, sizeof(walk.first), "%s", path);
	return 0;
}

/* every file below @p->path that has a bit for writing */
static int nothing_is_writable(const struct probe *p, const struct facts *f, struct seen *s)
{
	(void)f;
	if (access(p->path, F_OK) < 0)
		return seen_skip(s, "the kernel has no %s", p->path);
	if (nftw(p->path, try_file, 16, FTW_PHYS) < 0)
		return seen_fail(s, "%s: %s", p->path, errno_name(errno));
	if (walk.opened)
		return seen_fail(s, "%d of %d files open for writing, one of them %s", walk.opened,
				 walk.tried, walk.first);
	return seen_pass(s, "none of %d files opens for writing", walk.tried);
}

/* a directory where one of the kernel's file systems is mounted on the host */
static int is_not_mounted(const struct probe *p, const struct facts *f, struct seen *s)
{
	char name[256] = "";
	int n = count_entries(p->path, name, sizeof(name));

	(void)f;
	if (n == -EACCES || n == -EPERM || n == -ENOENT)
		return seen_pass(s, "%s", errno_name(-n));
	if (n < 0)
		return seen_fail(s, "%s", errno_name(-n));
	return seen_as(s, n == 0, "%d entries%s%s", n, n ? ", one of them " : "", name);
}

/* proc(5): below the lowest value that a process with CAP_SYS_RESOURCE set */
static int oom_score_stays(const struct probe *p, const struct facts *f, struct seen *s)
{
	const char value[] = "-1000";
	int fd, err;

	(void)p;
	if (cap_was_asked(f, CAP_SYS_RESOURCE))
		return seen_skip(s, "CAP_SYS_RESOURCE was asked for");
	fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return seen_pass(s, "open: %s", errno_name(errno));
	err = write(fd, value, sizeof(value) - 1) < 0 ? errno : 0;
	(void)close(fd);
	return seen_as(s, err != 0, "write %s: %s", value, errno_name(err));
}

/* a mount below that is writable again makes a hole into what is read-only */
static int no_mount_is_writable(const struct probe *p, const struct facts *f, struct seen *s)
{
	struct mounts m = { 0 };
	int below = 0, r = mounts_read(&m, "/proc/self/mountinfo");

	(void)f;
	if (r < 0)
		return seen_fail(s, "/proc/self/mountinfo: %s", errno_name(-r));
	for (size_t i = 0; i < m.count; i++) {
		const struct mount *at = &m.v[i];

		if (strcmp(at->type, "sysfs") != 0 || strcmp(at->point, p->path) == 0)
			continue;
		below++;
		if (!list_has(at->options, "ro"))
			return seen_fail(s, "'%s' is %s", at->point, at->options);
	}
	return seen_pass(s, "%d other mounts of it, none writable", below);
}

/* clang-format off */
#define MASKED(word, at) \
	{ "proc-sys/" word "-masked", "read " at, is_masked, .path = at }
#define READONLY(word, at) \
	{ "proc-sys/" word "-readonly", "open " at " for writing", is_readonly, .path = at, .num = 1 }
#define SYSCTLS(word) \
	{ "proc-sys/sysctl-" word, "open all files below /proc/sys/" word " for writing", \
	  nothing_is_writable, .needs = "proc-sys/sysctl-readonly", .path = "/proc/sys/" word }
#define SYSFS(word, at) \
	{ "proc-sys/" word, "open all files below " at " for writing", \
	  nothing_is_writable, .needs = "proc-sys/no-writable-sysfs", .path = at }
#define NOT_MOUNTED(word, at) \
	{ "proc-sys/no-" word, "list " at, is_not_mounted, .path = at }

static const struct probe probes[] = {
	MASKED("acpi", "/proc/acpi"),
	MASKED("asound", "/proc/asound"),
	MASKED("interrupts", "/proc/interrupts"),
	MASKED("kcore", "/proc/kcore"),
	MASKED("keys", "/proc/keys"),
	MASKED("latency-stats", "/proc/latency_stats"),
	MASKED("timer-list", "/proc/timer_list"),
	MASKED("timer-stats", "/proc/timer_stats"),
	MASKED("sched-debug", "/proc/sched_debug"),
	MASKED("scsi", "/proc/scsi"),
	MASKED("firmware", "/sys/firmware"),
	MASKED("powercap", "/sys/devices/virtual/powercap"),
	READONLY("bus", "/proc/bus"),
	READONLY("fs", "/proc/fs"),
	READONLY("irq", "/proc/irq"),
	READONLY("sysctl", "/proc/sys"),
	READONLY("sysrq-trigger", "/proc/sysrq-trigger"),
	{ "proc-sys/sys-readonly", "look whether /sys is read-only", is_readonly, .path = "/sys" },
	{ "proc-sys/no-writable-sysfs", "look for other mounts of sysfs that are writable",
	  no_mount_is_writable, .needs = "proc-sys/sys-readonly", .path = "/sys" },
	SYSCTLS("kernel"),
	SYSCTLS("vm"),
	SYSCTLS("fs"),
	SYSCTLS("user"),
	SYSCTLS("debug"),
	SYSCTLS("dev"),
	{ "proc-sys/uevent-helper", "open /sys/kernel/uevent_helper for writing",
	  is_not_writable, .needs = "proc-sys/no-writable-sysfs", .path = "/sys/kernel/uevent_helper" },
	{ "proc-sys/power-state", "open /sys/power/state for writing",
	  is_not_writable, .needs = "proc-sys/no-writable-sysfs", .path = "/sys/power/state" },
	SYSFS("kernel-mm", "/sys/kernel/mm"),
	SYSFS("module-parameters", "/sys/module"),
	NOT_MOUNTED("debugfs", "/sys/kernel/debug"),
	NOT_MOUNTED("tracefs", "/sys/kernel/tracing"),
	NOT_MOUNTED("securityfs", "/sys/kernel/security"),
	NOT_MOUNTED("configfs", "/sys/kernel/config"),
	NOT_MOUNTED("bpffs", "/sys/fs/bpf"),
	NOT_MOUNTED("fuse-control", "/sys/fs/fuse/connections"),
	NOT_MOUNTED("pstore", "/sys/fs/pstore"),
	{ "proc-sys/oom-score-adj", "write -1000 to /proc/self/oom_score_adj",
	  .run = oom_score_stays },
};
/* clang-format on */

const struct probe_group proc_sys_group = {
	.name = "proc-sys",
	.summary = "what of /proc and /sys is the whole kernel's is hidden or read-only",
	PROBES(probes),
};
