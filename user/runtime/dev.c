// SPDX-License-Identifier: Apache-2.0
/* A container's /dev: a tmpfs with the nodes that every container has. */
#include "runtime/dev.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/io.h"
#include "kern/mount.h"
#include "runtime/config.h"

/* clang-format off */
static const struct { const char *name; unsigned int major, minor; } nodes[] = {
	{ "null", 1, 3 }, { "zero", 1, 5 }, { "full", 1, 7 },
	{ "random", 1, 8 }, { "urandom", 1, 9 }, { "tty", 5, 0 },
};
static const struct { const char *name, *target; } links[] = {
	{ "ptmx", "pts/ptmx" }, { "fd", "/proc/self/fd" }, { "stdin", "/proc/self/fd/0" },
	{ "stdout", "/proc/self/fd/1" }, { "stderr", "/proc/self/fd/2" }, { "core", "/proc/kcore" },
};
static const char *const dirs[] = { "pts", "shm", "mqueue" };
/* clang-format on */

static int add_node(const struct runtime_config *c, int dir, const char *name, mode_t mode, dev_t dev,
		    struct err *e)
{
	if (mknodat(dir, name, mode, dev) < 0)
		return err_set(e, errno, "make device '/dev/%s'", name);
	if ((c->new_ns & CLONE_NEWUSER) &&
	    fchownat(dir, name, c->id_map.outside, c->id_map.outside, AT_SYMLINK_NOFOLLOW) < 0)
		return err_set(e, errno, "change owner of '/dev/%s'", name);
	return 0;
}

/* A device asked for by name; targets outside of /dev are made by the plan as binds. */
static int add_device(const struct runtime_config *c, int dir, const struct runtime_device *d,
		      struct err *e)
{
	const char *name = d->target + strlen("/dev/");
	const char *slash = strrchr(name, '/');
	_cleanup_fd_ int parent = -1;

	if (slash) {
		_cleanup_free_ char *up = strndup(name, (size_t)(slash - name));

		if (!up)
			return err_set(e, ENOMEM, "make device '%s'", d->target);
		parent = fs_mkdir_beneath(dir, up, 0755);
		if (parent < 0)
			return err_set(e, parent, "make directory '/dev/%s'", up);
		name = slash + 1;
	}
	(void)unlinkat(parent >= 0 ? parent : dir, name, 0); /* replaces a default node */
	return add_node(c, parent >= 0 ? parent : dir, name, d->mode, d->rdev, e);
}

/* --privileged: every device node directly below the host's /dev, and one level of directories */
static int add_host_devices(const struct runtime_config *c, int dir, const char *host, int depth,
			    struct err *e)
{
	_cleanup_dir_ DIR *d = opendir(host);
	struct dirent *de;

	if (!d)
		return err_set(e, errno, "open '%s'", host);
	while ((errno = 0, de = readdir(d)) != NULL) {
		struct stat st;
		int r = 0;

		if (de->d_name[0] == '.' || strcmp(de->d_name, "pts") == 0 ||
		    strcmp(de->d_name, "shm") == 0 || strcmp(de->d_name, "mqueue") == 0 ||
		    strcmp(de->d_name, "console") == 0)
			continue;
		if (fstatat(dirfd(d), de->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue; /* unplugged meanwhile */
		if (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode)) {
			r = add_node(c, dir, de->d_name, st.st_mode, st.st_rdev, e);
			if (r == -EEXIST)
				r = 0;
		} else if (S_ISDIR(st.st_mode) && depth > 0) {
			_cleanup_free_ char *sub = str_printf("%s/%s", host, de->d_name);
			_cleanup_fd_ int child = -1;

			if (!sub || (mkdirat(dir, de->d_name, 0755) < 0 && errno != EEXIST))
				return err_set(e, errno, "make directory '/dev/%s'", de->d_name);
			child = openat(dir, de->d_name, O_PATH | O_DIRECTORY | O_CLOEXEC);
			r = child < 0 ? -errno : add_host_devices(c, child, sub, depth - 1, e);
		}
		if (r < 0)
			return r;
	}
	return errno ? err_set(e, errno, "read '%s'", host) : 0;
}

static int add_etc_file(const struct runtime_config *c, int dir, const struct runtime_file *f,
			struct err *e)
{
	char path[32];
	_cleanup_fd_ int fd = -1;
	int r;

	(void)err_format(path, sizeof(path), DEV_ETC_DIR "/%s", f->name);
	fd = openat(dir, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	r = fd < 0 ? -errno : io_write_full(fd, f->text, strlen(f->text));
	if (r == 0 && (c->new_ns & CLONE_NEWUSER) && fchown(fd, c->id_map.outside, c->id_map.outside) < 0)
		r = -errno;
	return r < 0 ? err_set(e, r, "write '/etc/%s'", f->name) : 0;
}

static int add_etc_files(const struct runtime_config *c, int dir, struct err *e)
{
	int r = 0;

	if (!c->n_etc_files)
		return 0;
	if (mkdirat(dir, DEV_ETC_DIR, 0755) < 0)
		return err_set(e, errno, "make '/dev/" DEV_ETC_DIR "'");
	for (size_t i = 0; r == 0 && i < c->n_etc_files; i++)
		r = add_etc_file(c, dir, &c->etc_files[i], e);
	return r;
}

static int fill(const struct runtime_config *c, int dir, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(nodes); i++)
		r = add_node(c, dir, nodes[i].name, S_IFCHR | 0666,
			     makedev(nodes[i].major, nodes[i].minor), e);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(links); i++)
		if (symlinkat(links[i].target, dir, links[i].name) < 0)
			r = err_set(e, errno, "make link '/dev/%s'", links[i].name);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(dirs); i++)
		if (mkdirat(dir, dirs[i], 0755) < 0)
			r = err_set(e, errno, "make directory '/dev/%s'", dirs[i]);
	if (r == 0)
		r = add_etc_files(c, dir, e);
	/* where the terminal is shown; a file to mount on */
	if (r == 0 && c->tty && mknodat(dir, "console", S_IFREG | 0600, 0) < 0)
		r = err_set(e, errno, "make '/dev/console'");
	if (r == 0 && c->is_privileged)
		r = add_host_devices(c, dir, "/dev", 2, e);
	for (size_t i = 0; r == 0 && i < c->n_devices; i++)
		if (str_starts(c->devices[i].target, "/dev/"))
			r = add_device(c, dir, &c->devices[i], e);
	return r;
}

int dev_create(const struct runtime_config *c, struct err *e)
{
	static const struct mount_param params[] = { { "mode", "755" }, { "size", "65536k" }, { NULL } };
	_cleanup_fd_ int fd = mount_create("tmpfs", "tmpfs", params,
					   MOUNT_ATTR_NOSUID | MOUNT_ATTR_STRICTATIME, e);
	int r;

	if (fd < 0)
		return fd;
	if ((c->new_ns & CLONE_NEWUSER) &&
	    fchownat(fd, "", c->id_map.outside, c->id_map.outside, AT_EMPTY_PATH) < 0)
		return err_set(e, errno, "change owner of '/dev'");
	r = fill(c, fd, e);
	return r < 0 ? r : TAKE_FD(fd);
}
