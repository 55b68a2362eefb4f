// SPDX-License-Identifier: Apache-2.0
/*
 * Devices: the usual ones work, all others stay out of reach, even of who can make a node for them.
 *
 * What a policy says about a node is asked with access(2), which has the same check as open(2) (in
 * inode_permission()) and never reaches a driver: opening a watchdog would start it.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "attempt.h"
#include "groups.h"
#include "probe.h"

#define PTS_MAJOR 136
/* makedev(3) of small numbers, as a constant */
#define DEV(major, minor) ((long)(major) << 8 | (minor))

#ifndef TIOCGDEV
#define TIOCGDEV 0x80045432 /* device number of the terminal behind /dev/tty */
#endif

static bool is_wanted(const struct facts *f, bool is_block, dev_t dev)
{
	const char *list = facts_get(f, "want.devices");
	char type = is_block ? 'b' : 'c', exact[48], family[32];

	/* net/tun is in the built-in lists of runc and crun; what it is good for is network/tun's */
	if (!is_block && dev == (dev_t)DEV(10, 200))
		return true;
	(void)snprintf(exact, sizeof(exact), "%c:%u:%u", type, major(dev), minor(dev));
	(void)snprintf(family, sizeof(family), "%c:%u:*", type, major(dev));
	return list_has(list, exact) || list_has(list, family) ||
	       list_has(list, is_block ? "b:*:*" : "c:*:*");
}

/* @p->num is the device number. /dev/tty has nothing behind it without a terminal. */
static int works(const struct probe *p, const struct facts *f, struct seen *s)
{
	struct stat st;
	int err;

	(void)f;
	if (stat(p->path, &st) < 0)
		return seen_fail(s, "%s: %s", p->path, errno_name(errno));
	if (!S_ISCHR(st.st_mode) || st.st_rdev != (dev_t)p->num)
		return seen_fail(s, "mode 0%o, device %u:%u", st.st_mode, major(st.st_rdev),
				 minor(st.st_rdev));
	err = open_errno(p->path, O_RDWR);
	return seen_as(s, !err || (err == ENXIO && (dev_t)p->num == makedev(5, 0)),
		       "%u:%u, opened with %s", major(st.st_rdev), minor(st.st_rdev),
		       errno_name(err));
}

/* make a node on a mount where nodes count. Return: 0 and @path, for the caller to unlink; an errno:
 * EROFS if there is no such mount */
static int node_make(mode_t type, dev_t dev, char *path, size_t size)
{
	static const char *const dirs[] = { "/dev", "/tmp", "/run", "/var/tmp", "" };
	struct statvfs st;

	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		if (statvfs(*dirs[i] ? dirs[i] : "/", &st) < 0 ||
		    (st.f_flag & (ST_NODEV | ST_RDONLY)))
			continue;
		(void)snprintf(path, size, "%s/davit-probe-%d", dirs[i], (int)getpid());
		if (mknod(path, type | 0666, dev) == 0)
			return 0;
		if (errno != EROFS && errno != EACCES && errno != ENOENT)
			return errno;
	}
	return EROFS;
}

static int is_denied_node(const struct facts *f, struct seen *s, mode_t type, dev_t dev)
{
	char path[64];
	int err, reading, writing;

	if (is_wanted(f, S_ISBLK(type), dev))
		return seen_skip(s, "it was asked for");
	err = node_make(type, dev, path, sizeof(path));
	if (err == EROFS)
		return seen_skip(s, "no writable mount where device nodes count");
	if (err)
		return seen_as(s, is_refused(err), "mknod: %s", errno_name(err));
	reading = access(path, R_OK) < 0 ? errno : 0;
	writing = access(path, W_OK) < 0 ? errno : 0;
	(void)unlink(path);
	return seen_as(s, reading && writing, "mknod works; reading: %s, writing: %s",
		       errno_name(reading), errno_name(writing));
}

/* @p->num is the device number, @p->flags the type */
static int is_denied(const struct probe *p, const struct facts *f, struct seen *s)
{
	return is_denied_node(f, s, (mode_t)p->flags, (dev_t)p->num);
}

static int is_hosts_disk_denied(const struct probe *p, const struct facts *f, struct seen *s)
{
	const char *root = facts_get(f, "host.root");
	dev_t dev = root ? (dev_t)strtoull(root, NULL, 10) : 0;

	(void)p;
	if (!root)
		return seen_unknown(s, "host.root");
	if (!major(dev))
		return seen_skip(s, "the host's root is on no disk");
	return is_denied_node(f, s, S_IFBLK, dev);
}

/* nftw(3) has no argument for its function */
static struct {
	const struct facts *facts;
	bool is_block;
	int count, bad;
	char first[128];
} walk;

static int walk_node(const char *path, const struct stat *st, int flag, struct FTW *where)
{
	(void)flag;
	(void)where;
	if (!(walk.is_block ? S_ISBLK(st->st_mode) : S_ISCHR(st->st_mode)))
		return 0;
	walk.count++;
	if (is_wanted(walk.facts, walk.is_block, st->st_rdev))
		return 0;
	if (!walk.bad++)
		(void)snprintf(walk.first, sizeof(walk.first), "%s (%u:%u)", path,
			       major(st->st_rdev), minor(st->st_rdev));
	return 0;
}

/* @p->num: block devices, not character devices */
static int has_no_others(const struct probe *p, const struct facts *f, struct seen *s)
{
	if (!facts_get(f, "want.devices"))
		return seen_unknown(s, "want.devices");
	walk.facts = f;
	walk.is_block = p->num;
	if (nftw("/dev", walk_node, 16, FTW_PHYS) < 0)
		return seen_fail(s, "/dev: %s", errno_name(errno));
	if (walk.bad)
		return seen_fail(s, "%d that nobody asked for, such as %s", walk.bad, walk.first);
	return seen_pass(s, "%d, all asked for", walk.count);
}

static int console_is_own(const struct probe *p, const struct facts *f, struct seen *s)
{
	struct stat st;

	(void)p;
	(void)f;
	if (stat("/dev/console", &st) < 0)
		return seen_as(s, errno == ENOENT, "/dev/console: %s", errno_name(errno));
	if (!S_ISCHR(st.st_mode))
		return seen_pass(s, "/dev/console is no device");
	return seen_as(s, major(st.st_rdev) == PTS_MAJOR, "/dev/console is %u:%u",
		       major(st.st_rdev), minor(st.st_rdev));
}

static int has_terminals(const struct probe *p, const struct facts *f, struct seen *s)
{
	char path[32];
	unsigned int n = 0, off = 0;
	int fd = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC), err;

	(void)p;
	(void)f;
	if (fd < 0)
		return seen_fail(s, "/dev/ptmx: %s", errno_name(errno));
	if (ioctl(fd, TIOCGPTN, &n) < 0 || ioctl(fd, TIOCSPTLCK, &off) < 0)
		return seen_fail(s, "/dev/ptmx is no terminal: %s", errno_name(errno));
	(void)snprintf(path, sizeof(path), "/dev/pts/%u", n);
	err = open_errno(path, O_RDWR);
	return seen_as(s, !err, "%s opened with %s", path, errno_name(err));
}

/* CVE-2017-5226: a controlling terminal from outside takes input that its user has not typed. A pointer
 * to nowhere: EFAULT is a terminal that would take it. */
static int has_no_foreign_input(const struct probe *p, const struct facts *f, struct seen *s)
{
	char path[32];
	unsigned int dev = 0;
	struct stat st;
	int fd = open("/dev/tty", O_RDWR | O_CLOEXEC), err;

	(void)p;
	(void)f;
	if (fd < 0)
		return seen_pass(s, "no controlling terminal: %s", errno_name(errno));
	if (ioctl(fd, TIOCGDEV, &dev) == 0) {
		(void)snprintf(path, sizeof(path), "/dev/pts/%u", minor(dev));
		if (stat(path, &st) == 0 && st.st_rdev == dev)
			return seen_pass(s, "the controlling terminal is %s", path);
	}
	err = ioctl(fd, TIOCSTI, (char *)1) < 0 ? errno : 0;
	return seen_as(s, err && err != EFAULT, "terminal %u:%u of the host, TIOCSTI: %s",
		       major(dev), minor(dev), errno_name(err));
}

/* clang-format off */
#define WORKS(name, major, minor) \
	{ "devices/" name, "open /dev/" name, works, NULL, "/dev/" name, DEV(major, minor), 0 }
#define DENIED(name, type, major, minor) \
	{ "devices/no-" name, "make and open device " #type " " #major ":" #minor, is_denied, \
	  "devices/policy", NULL, DEV(major, minor), NODE_##type }
#define NODE_c S_IFCHR
#define NODE_b S_IFBLK

static const struct probe probes[] = {
	WORKS("null", 1, 3), WORKS("zero", 1, 5), WORKS("full", 1, 7),
	WORKS("random", 1, 8), WORKS("urandom", 1, 9), WORKS("tty", 5, 0),
	{ "devices/terminals", "open /dev/ptmx and the terminal that belongs to it", has_terminals,
	  NULL, NULL, 0, 0 },
	{ "devices/console", "look whose terminal /dev/console is", console_is_own, NULL, NULL, 0, 0 },
	{ "devices/terminal-input", "type into the controlling terminal with TIOCSTI", has_no_foreign_input,
	  NULL, NULL, 0, 0 },
	{ "devices/no-block-nodes", "look for block devices in /dev", has_no_others, NULL, NULL, 1, 0 },
	{ "devices/no-other-nodes", "look for character devices in /dev that nobody asked for",
	  has_no_others, NULL, NULL, 0, 0 },
	/* a number that is nobody's (Documentation/admin-guide/devices.txt: local use) */
	{ "devices/policy", "make and open device c 60:99, which nobody has", is_denied, NULL, NULL,
	  DEV(60, 99), NODE_c },
	{ "devices/no-host-disk", "make and open the disk of the host's root", is_hosts_disk_denied,
	  "devices/policy", NULL, 0, 0 },
	DENIED("mem", c, 1, 1),
	DENIED("kmem", c, 1, 2),
	DENIED("port", c, 1, 4),
	DENIED("kmsg", c, 1, 11),
	DENIED("oldmem", c, 1, 12),
	DENIED("tty0", c, 4, 0),
	DENIED("serial", c, 4, 64),
	DENIED("virtual-console", c, 7, 0),
	DENIED("mouse", c, 13, 63),
	DENIED("input", c, 13, 64),
	DENIED("framebuffer", c, 29, 0),
	DENIED("ppp", c, 108, 0),
	DENIED("msr", c, 202, 0),
	DENIED("cpuid", c, 203, 0),
	DENIED("drm", c, 226, 0),
	DENIED("watchdog", c, 10, 130),
	DENIED("rtc", c, 10, 135),
	DENIED("nvram", c, 10, 144),
	DENIED("vfio", c, 10, 196),
	DENIED("cuse", c, 10, 203),
	DENIED("uinput", c, 10, 223),
	DENIED("hpet", c, 10, 228),
	DENIED("fuse", c, 10, 229),
	DENIED("snapshot", c, 10, 231),
	DENIED("kvm", c, 10, 232),
	DENIED("btrfs-control", c, 10, 234),
	DENIED("autofs", c, 10, 235),
	DENIED("mapper-control", c, 10, 236),
	DENIED("loop-control", c, 10, 237),
	DENIED("vhost-net", c, 10, 238),
	DENIED("uhid", c, 10, 239),
	DENIED("vhost-vsock", c, 10, 241),
	DENIED("rfkill", c, 10, 242),
	DENIED("loop", b, 7, 0),
	DENIED("scsi-disk", b, 8, 0),
	DENIED("raid", b, 9, 0),
	DENIED("device-mapper", b, 253, 0),
	DENIED("virtio-disk", b, 254, 0),
	DENIED("nvme", b, 259, 0),
};
/* clang-format on */

const struct probe_group device_group = {
	.name = "devices",
	.summary = "the usual devices work, and no others are within reach",
	PROBES(probes),
};
