// SPDX-License-Identifier: Apache-2.0
/* The container's mounts are its own, and nothing leads back to the host's root. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "attempt.h"
#include "groups.h"
#include "inside.h"
#include "mountinfo.h"
#include "probe.h"
#include "procs.h"

#define MOUNTINFO "/proc/self/mountinfo"

static int root_is_own(const struct probe *p, const struct facts *f, struct seen *s)
{
	const char *host = facts_get(f, "host.root");
	struct stat st;

	(void)p;
	if (!host)
		return seen_unknown(s, "host.root");
	if (stat("/", &st) < 0)
		return seen_fail(s, "/: %s", errno_name(errno));
	return seen_as(s, !is_dev_ino(&st, host), "%llu:%llu, the host's is %s",
		       (unsigned long long)st.st_dev, (unsigned long long)st.st_ino, host);
}

static int marker_is_hidden(const struct probe *p, const struct facts *f, struct seen *s)
{
	const char *marker = facts_get(f, "host.marker");
	int err;

	(void)p;
	if (!marker)
		return seen_unknown(s, "host.marker");
	err = open_errno(marker, O_RDONLY);
	return seen_as(s, err == ENOENT || err == ENOTDIR, "%s: %s", marker, errno_name(err));
}

/* after pivot_root(".", ".") the old root lies above the new one until it is unmounted: ".." is it */
static int old_root_is_unmounted(const struct probe *p, const struct facts *f, struct seen *s)
{
	struct mounts m = { 0 };
	struct stat root, up;
	int roots = 0, r = mounts_read(&m, MOUNTINFO);

	(void)p;
	(void)f;
	if (r < 0)
		return seen_fail(s, MOUNTINFO ": %s", errno_name(-r));
	if (stat("/", &root) < 0 || stat("/..", &up) < 0)
		return seen_fail(s, "/..: %s", errno_name(errno));
	if (root.st_dev != up.st_dev || root.st_ino != up.st_ino)
		return seen_fail(s, "/.. is another directory than /");
	for (size_t i = 0; i < m.count; i++)
		roots += strcmp(m.v[i].point, "/") == 0;
	return seen_as(s, roots <= 1, "/.. is /, mounts there: %d", roots);
}

/* a directory outside of the new root, and up from there: stops at the namespace's root only */
static int chroot_does_not_escape(const struct probe *p, const struct facts *f, struct seen *s)
{
	int fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct mounts m = { 0 };
	struct stat root, top;

	(void)p;
	(void)f;
	if (mounts_read(&m, MOUNTINFO) == 0 && !mounts_at(&m, "/"))
		return seen_fail(s, "/ is no mount point: a chroot and no more");
	if (fd < 0 || fstat(fd, &root) < 0)
		return seen_fail(s, "/: %s", errno_name(errno));
	if (chroot("/proc") < 0)
		return seen_pass(s, "chroot: %s", errno_name(errno));
	if (fchdir(fd) < 0)
		return seen_pass(s, "fchdir: %s", errno_name(errno));
	for (int i = 0; i < 64; i++)
		if (chdir("..") < 0)
			break;
	if (stat(".", &top) < 0)
		return seen_fail(s, "..: %s", errno_name(errno));
	return seen_as(s, top.st_dev == root.st_dev && top.st_ino == root.st_ino,
		       "up from / is %llu:%llu, / was %llu:%llu", (unsigned long long)top.st_dev,
		       (unsigned long long)top.st_ino, (unsigned long long)root.st_dev,
		       (unsigned long long)root.st_ino);
}

/* "shocker": the root inode of a file system of which some directory was mounted */
static int handle_is_refused(const struct probe *p, const struct facts *f, struct seen *s)
{
	struct {
		struct file_handle head;
		uint32_t inode, generation;
	} handle = { .head = { .handle_bytes = 8, .handle_type = 1 } }; /* FILEID_INO32_GEN */
	const char *host = facts_get(f, "host.root"), *colon = host ? strchr(host, ':') : NULL;
	int dir, fd, err;
	struct stat st;

	(void)p;
	if (cap_was_asked(f, CAP_DAC_READ_SEARCH))
		return seen_skip(s, "CAP_DAC_READ_SEARCH was asked for");
	if (!colon)
		return seen_unknown(s, "host.root");
	handle.inode = (uint32_t)strtoul(colon + 1, NULL, 10);
	dir = open(INSIDE_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return seen_skip(s, INSIDE_DIR ": %s", errno_name(errno));
	fd = (int)syscall(SYS_open_by_handle_at, dir, &handle, O_RDONLY | O_CLOEXEC);
	err = errno;
	if (fd >= 0 && fstat(fd, &st) == 0)
		return seen_fail(s, "opened inode %llu, %s", (unsigned long long)st.st_ino,
				 is_dev_ino(&st, host) ? "the host's root" : "of the host");
	/* ESTALE and EINVAL judge the handle: the call as such was allowed */
	return seen_as(s, err == EPERM || err == ENOSYS || err == EACCES, "open_by_handle_at: %s",
		       errno_name(err));
}

static const struct {
	unsigned long flag;
	const char *name;
} mount_flags[] = {
	{ ST_NOSUID, "nosuid" },
	{ ST_NODEV, "nodev" },
	{ ST_NOEXEC, "noexec" },
};

/* @p->path has the flags; what is mounted below as well if @p->num */
static int has_flags(const struct probe *p, const struct facts *f, struct seen *s)
{
	struct mounts m = { 0 };
	const char *options = NULL;
	int r = mounts_read(&m, MOUNTINFO);

	(void)f;
	if (r < 0)
		return seen_fail(s, MOUNTINFO ": %s", errno_name(-r));
	for (size_t i = 0; i < m.count; i++) {
		const struct mount *at = &m.v[i];

		if (strcmp(at->point, p->path) != 0 &&
		    !(p->num && path_is_below(at->point, p->path)))
			continue;
		options = at->options;
		for (size_t k = 0; k < sizeof(mount_flags) / sizeof(mount_flags[0]); k++)
			if ((p->flags & mount_flags[k].flag) &&
			    !list_has(at->options, mount_flags[k].name))
				return seen_fail(s, "'%s' is %s", at->point, at->options);
	}
	return options ? seen_pass(s, "%s", options) : seen_skip(s, "nothing is mounted there");
}

/* files that engines make for each container */
static bool is_of_engine(const char *point)
{
	static const char *const files[] = { "/etc/hosts",	 "/etc/hostname",
					     "/etc/resolv.conf", "/run/.containerenv",
					     "/run/secrets",	 "/run/host/os-release" };

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (strcmp(point, files[i]) == 0)
			return true;
	return false;
}

static bool is_of_kernel(const char *point)
{
	return path_is_below(point, "/proc") || path_is_below(point, "/sys") ||
	       path_is_below(point, "/dev");
}

/* what masks and devices may come from: other rows judge them */
static bool is_pseudo(const char *type)
{
	static const char *const types[] = { "proc",	 "sysfs",  "tmpfs",
					     "devtmpfs", "devpts", "mqueue" };

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(type, types[i]) == 0)
			return true;
	return strncmp(type, "cgroup", 6) == 0;
}

/* a file system of the host; if the host side did not list them, every one is */
static bool is_of_host(const struct facts *f, dev_t dev)
{
	const char *list = facts_get(f, "host.mount_devs");
	char text[32];

	(void)snprintf(text, sizeof(text), "%u:%u", major(dev), minor(dev));
	return !list || list_has(list, text);
}

static int mounts_are_known(const struct probe *p, const struct facts *f, struct seen *s)
{
	struct mounts m = { 0 };
	int r = mounts_read(&m, MOUNTINFO);

	(void)p;
	if (r < 0)
		return seen_fail(s, MOUNTINFO ": %s", errno_name(-r));
	for (size_t i = 0; i < m.count; i++) {
		const struct mount *at = &m.v[i];

		if (strcmp(at->point, "/") == 0 || is_of_engine(at->point) ||
		    list_has(facts_get(f, "want.mounts"), at->point) ||
		    list_has(facts_get(f, "want.masked"), at->point))
			continue;
		if (is_of_host(f, at->dev) && !(is_of_kernel(at->point) && is_pseudo(at->type)))
			return seen_fail(s, "'%s' is '%s' of %s, which nobody asked for", at->point,
					 at->root, at->type);
	}
	return seen_pass(s, "%zu mounts, all asked for or the container's own", m.count);
}

/* An escape through core_pattern, release_agent or a uevent helper begins with such a path. */
static int root_tells_no_path(const struct probe *p, const struct facts *f, struct seen *s)
{
	struct mounts m = { 0 };
	const struct mount *root;
	int r = mounts_read(&m, MOUNTINFO);

	(void)p;
	(void)f;
	if (r < 0)
		return seen_fail(s, MOUNTINFO ": %s", errno_name(-r));
	root = mounts_at(&m, "/");
	if (!root)
		return seen_skip(s, "nothing is mounted on /");
	if (strcmp(root->root, "/") != 0)
		return seen_fail(s, "/ is '%s' of %s", root->root, root->source);
	if (strstr(root->super_options, "=/") || strstr(root->super_options, ":/"))
		return seen_fail(s, "%s with %s", root->type, root->super_options);
	return seen_pass(s, "%s with %s", root->type, root->super_options);
}

/* a file cannot be made in @p->path */
static int dir_is_readonly(const struct probe *p, const struct facts *f, struct seen *s)
{
	const char *root = facts_get(f, "want.root");
	char path[256];
	int fd, err;

	if (strcmp(p->path, "/") == 0 && (!root || strcmp(root, "ro") != 0))
		return seen_skip(s, "no read-only root was asked for");
	if (access(p->path, F_OK) < 0)
		return seen_skip(s, "%s: %s", p->path, errno_name(errno));
	(void)snprintf(path, sizeof(path), "%s/.davit-probe-%d", p->path, (int)getpid());
	fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
	err = fd < 0 ? errno : 0;
	if (fd >= 0)
		(void)unlink(path);
	return seen_as(s, err == EROFS, "create a file: %s", errno_name(err));
}

static int mount_is_refused(const struct probe *p, const struct facts *f, struct seen *s)
{
	(void)p;
	if (cap_was_asked(f, CAP_SYS_ADMIN))
		return seen_skip(s, "CAP_SYS_ADMIN was asked for");
	if (mount("davit-probe", INSIDE_DIR, "tmpfs", MS_NOSUID | MS_NODEV, "size=4k") < 0)
		return seen_as(s, is_refused(errno), "%s", errno_name(errno));
	(void)umount2(INSIDE_DIR, MNT_DETACH);
	return seen_fail(s, "a tmpfs was mounted");
}

/* what is read-only on @p->path does not become writable */
static int remount_is_refused(const struct probe *p, const struct facts *f, struct seen *s)
{
	const unsigned long flags = MS_REMOUNT | MS_BIND | p->flags;
	struct mounts m = { 0 };
	const struct mount *at;

	if (cap_was_asked(f, CAP_SYS_ADMIN))
		return seen_skip(s, "CAP_SYS_ADMIN was asked for");
	at = mounts_read(&m, MOUNTINFO) < 0 ? NULL : mounts_at(&m, p->path);
	if (!at || !list_has(at->options, "ro"))
		return seen_skip(s, "nothing is mounted read-only there");
	if (mount(NULL, p->path, NULL, flags, NULL) < 0)
		return seen_as(s, is_refused(errno), "%s", errno_name(errno));
	(void)mount(NULL, p->path, NULL, flags | MS_RDONLY, NULL);
	return seen_fail(s, "it was made writable");
}

static int masks_stay(const struct probe *p, const struct facts *f, struct seen *s)
{
	static const char *const masks[] = { "/proc/keys", "/proc/timer_list", "/proc/kcore",
					     "/proc/acpi", "/sys/firmware" };
	struct mounts m = { 0 };
	int tried = 0, err = 0, r;

	(void)p;
	if (cap_was_asked(f, CAP_SYS_ADMIN))
		return seen_skip(s, "CAP_SYS_ADMIN was asked for");
	r = mounts_read(&m, MOUNTINFO);
	if (r < 0)
		return seen_fail(s, MOUNTINFO ": %s", errno_name(-r));
	for (size_t i = 0; i < sizeof(masks) / sizeof(masks[0]); i++) {
		if (!mounts_at(&m, masks[i]))
			continue;
		tried++;
		if (umount2(masks[i], MNT_DETACH | UMOUNT_NOFOLLOW) == 0)
			return seen_fail(s, "%s was unmounted", masks[i]);
		err = errno;
		if (rename(masks[i], "/davit-probe-mask") == 0)
			return seen_fail(s, "%s was moved away", masks[i]);
	}
	return tried ? seen_pass(s, "umount2 of %d masks: %s", tried, errno_name(err)) :
		       seen_skip(s, "there are no masks");
}

static int dev_is_own(const struct probe *p, const struct facts *f, struct seen *s)
{
	struct mounts m = { 0 };
	const struct mount *dev;
	int r = mounts_read(&m, MOUNTINFO);

	(void)p;
	if (r < 0)
		return seen_fail(s, MOUNTINFO ": %s", errno_name(-r));
	dev = mounts_at(&m, "/dev");
	if (!dev)
		return seen_skip(s, "nothing is mounted on /dev");
	if (facts_get(f, "host.mount_devs") && is_of_host(f, dev->dev))
		return seen_fail(s, "/dev is a %s of the host", dev->type);
	return seen_as(s, strcmp(dev->type, "devtmpfs") != 0, "/dev is a %s", dev->type);
}

static bool is_terminal_of_command(dev_t rdev)
{
	static const char *const fds[] = { "fd/0", "fd/1", "fd/2" };
	struct stat st;

	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		if (stat(proc_path(getppid(), fds[i]), &st) == 0 && S_ISCHR(st.st_mode) &&
		    st.st_rdev == rdev)
			return true;
	return false;
}

/* an instance of devpts of its own has no terminal but the container's */
static int terminals_are_own(const struct probe *p, const struct facts *f, struct seen *s)
{
	DIR *dir = opendir("/dev/pts");
	struct stat st;
	int others = 0;

	(void)p;
	if (!dir || fstat(dirfd(dir), &st) < 0)
		return seen_skip(s, "/dev/pts: %s", errno_name(errno));
	if (facts_get(f, "host.mount_devs") && is_of_host(f, st.st_dev))
		return seen_fail(s, "/dev/pts is the host's file system");
	for (struct dirent *d; (d = readdir(dir));)
		if (isdigit((unsigned char)d->d_name[0]) &&
		    fstatat(dirfd(dir), d->d_name, &st, 0) == 0 &&
		    !is_terminal_of_command(st.st_rdev))
			others++;
	return seen_as(s, !others, "%d terminals of others", others);
}

/* a namespace that is mounted somewhere can be entered or kept alive */
static int no_namespace_is_mounted(const struct probe *p, const struct facts *f, struct seen *s)
{
	struct mounts m = { 0 };
	int r = mounts_read(&m, MOUNTINFO);

	(void)p;
	(void)f;
	if (r < 0)
		return seen_fail(s, MOUNTINFO ": %s", errno_name(-r));
	for (size_t i = 0; i < m.count; i++)
		if (strcmp(m.v[i].type, "nsfs") == 0)
			return seen_fail(s, "'%s' is %s", m.v[i].point, m.v[i].root);
	return seen_pass(s, "none of %zu mounts is a namespace", m.count);
}

/* clang-format off */
#define OWN_MOUNTS "mnt/new-namespace"
#define FLAGS(word, at, what, want) \
	{ "mounts/" word "-flags", "look for " what " on " at, \
	  has_flags, .path = at, .flags = want }

static const struct probe probes[] = {
	{ "mounts/root-is-own", "compare / with the host's root",
	  .run = root_is_own },
	{ "mounts/marker-hidden", "open a file of the host by its absolute path",
	  marker_is_hidden, .needs = "mounts/root-is-own" },
	{ "mounts/old-root-unmounted", "look for the old root at /.. and for a second mount on /",
	  old_root_is_unmounted, .needs = "mounts/root-is-own" },
	{ "mounts/chroot-escape", "chroot below an open directory and climb up from there",
	  chroot_does_not_escape, .needs = "mounts/old-root-unmounted" },
	{ "mounts/open-by-handle", "open the root inode of the host's file system by its handle",
	  handle_is_refused, .needs = "mounts/root-is-own" },
	{ "mounts/none-unasked", "look for mounts of the host's file systems that nobody asked for",
	  mounts_are_known, .needs = OWN_MOUNTS },
	{ "mounts/no-host-path", "look for a path of the host in the mount of /",
	  root_tells_no_path, .needs = "mounts/root-is-own" },
	{ "mounts/no-namespace", "look for namespaces that are mounted somewhere",
	  no_namespace_is_mounted, .needs = OWN_MOUNTS },
	FLAGS("proc", "/proc", "nosuid, nodev, noexec", ST_NOSUID | ST_NODEV | ST_NOEXEC),
	FLAGS("sys", "/sys", "nosuid, nodev, noexec", ST_NOSUID | ST_NODEV | ST_NOEXEC),
	FLAGS("dev", "/dev", "nosuid", ST_NOSUID),
	FLAGS("pts", "/dev/pts", "nosuid, noexec", ST_NOSUID | ST_NOEXEC),
	FLAGS("shm", "/dev/shm", "nosuid, nodev", ST_NOSUID | ST_NODEV),
	FLAGS("mqueue", "/dev/mqueue", "nosuid, nodev, noexec", ST_NOSUID | ST_NODEV | ST_NOEXEC),
	{ "mounts/cgroup-flags", "look for nosuid, nodev, noexec on /sys/fs/cgroup and below",
	  has_flags, .path = "/sys/fs/cgroup", .num = 1,
	  .flags = ST_NOSUID | ST_NODEV | ST_NOEXEC },
	{ "mounts/dev-is-own", "compare /dev with the kernel's devtmpfs", .run = dev_is_own },
	{ "mounts/terminals-own", "list /dev/pts for terminals of others", .run = terminals_are_own },
	{ "mounts/root-readonly", "create a file in /", dir_is_readonly, .path = "/" },
	{ "mounts/bind-readonly", "create a file in a directory that is mounted read-only",
	  dir_is_readonly, .path = INSIDE_DIR },
	{ "mounts/mount-refused", "mount a tmpfs", mount_is_refused, .needs = OWN_MOUNTS },
	{ "mounts/remount-bind", "make a directory that is mounted read-only writable",
	  remount_is_refused, .needs = OWN_MOUNTS, .path = INSIDE_DIR },
	{ "mounts/remount-sys", "make /sys writable", remount_is_refused,
	  .needs = OWN_MOUNTS, .path = "/sys", .flags = MS_NOSUID | MS_NODEV | MS_NOEXEC },
	{ "mounts/remount-proc-sys", "make /proc/sys writable", remount_is_refused,
	  .needs = OWN_MOUNTS, .path = "/proc/sys", .flags = MS_NOSUID | MS_NODEV | MS_NOEXEC },
	{ "mounts/masks-stay", "unmount and rename the masks of /proc", masks_stay,
	  .needs = OWN_MOUNTS },
};
/* clang-format on */

const struct probe_group mount_group = {
	.name = "mounts",
	.summary = "mounts are the container's own, and nothing leads back to the host's root",
	PROBES(probes),
};
