// SPDX-License-Identifier: Apache-2.0
/* Devices of a container's options: what is bound into its /dev, and what it may open. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/str.h"
#include "engine/container.h"
#include "engine/resolve.h"
#include "engine/resolve_parts.h"
#include "spec/device_spec.h"

#define DEPTH_MAX 32 /* of directories below the one that is given */

static bool is_device(const struct stat *st)
{
	return S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode);
}

static int add_rule(struct resolved *ret, const struct stat *st, unsigned int access, struct err *e)
{
	if (ret->devices.base == DEVICE_BASE_ALL) /* no rule allows more */
		return 0;
	if (ret->devices.n == DEVICE_RULES_MAX)
		return err_plain(e, -E2BIG, "option '--device': more than %u devices",
				 DEVICE_RULES_MAX);
	ret->has_devices = true;
	ret->devices.rules[ret->devices.n++] = (struct device_rule){
		.major = (int32_t)major(st->st_rdev),
		.minor = (int32_t)minor(st->st_rdev),
		.type = S_ISBLK(st->st_mode) ? 'b' : 'c',
		.access = (uint8_t)((access & DEVICE_SPEC_READ ? DEVICE_READ : 0) |
				    (access & DEVICE_SPEC_WRITE ? DEVICE_WRITE : 0) |
				    (access & DEVICE_SPEC_MKNOD ? DEVICE_MKNOD : 0)),
		.is_allow = true,
	};
	return 0;
}

/* Takes the paths of @d. */
static int add_device(struct resolved *ret, struct device_spec *d, const struct stat *st,
		      struct err *e)
{
	struct runtime_config *rc = &ret->config;
	struct runtime_device *all;
	int r = add_rule(ret, st, d->access, e);

	if (r < 0)
		return r;
	all = reallocarray(rc->devices, rc->n_devices + 1, sizeof(*all));
	if (!all)
		return err_set(e, ENOMEM, "option '--device'");
	rc->devices = all;
	all[rc->n_devices++] = (struct runtime_device){ TAKE_PTR(d->source), TAKE_PTR(d->target),
							st->st_mode, st->st_rdev };
	return 0;
}

static int add_dir(struct resolved *ret, const struct device_spec *d, int fd, int depth,
		   struct err *e);

/* What is no device and no directory is passed over, links too: who gives a directory has not asked for what is
 * elsewhere. What vanishes meanwhile was not there. */
static int add_entry(struct resolved *ret, const struct device_spec *d, int dir, const char *name,
		     int depth, struct err *e)
{
	_cleanup_(device_spec_done) struct device_spec in = { .access = d->access };
	struct stat st;
	int fd;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 :
					 err_set(e, errno, "option '--device': find '%s/%s'",
						 d->source, name);
	if (!is_device(&st) && !S_ISDIR(st.st_mode))
		return 0;
	in.source = str_printf("%s/%s", d->source, name);
	in.target = str_printf("%s/%s", d->target, name);
	if (!in.source || !in.target)
		return err_set(e, ENOMEM, "option '--device'");
	if (!S_ISDIR(st.st_mode))
		return add_device(ret, &in, &st, e);
	fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP))
		return 0;
	return add_dir(ret, &in, fd, depth + 1, e);
}

/* @fd: of the directory, taken over; negative with errno where it could not be opened */
static int add_dir(struct resolved *ret, const struct device_spec *d, int fd, int depth,
		   struct err *e)
{
	_cleanup_dir_ DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *de;
	int r = 0;

	if (!dir) {
		r = err_set(e, errno, "option '--device': read '%s'", d->source);
		(void)fd_close(fd);
		return r;
	}
	if (depth > DEPTH_MAX)
		return err_plain(e, -ELOOP,
				 "option '--device': '%s' is more than %d directories deep",
				 d->source, DEPTH_MAX);
	while (r == 0 && (errno = 0, de = readdir(dir)) != NULL)
		if (strcmp(de->d_name, ".") != 0 && strcmp(de->d_name, "..") != 0)
			r = add_entry(ret, d, dirfd(dir), de->d_name, depth, e);
	return r == 0 && errno ? err_set(e, errno, "option '--device': read '%s'", d->source) : r;
}

/* A device, or all below a directory. Only here links are followed: the user has named them. */
static int add_path(struct resolved *ret, struct device_spec *d, struct err *e)
{
	size_t before = ret->config.n_devices;
	struct stat st;
	int r = 0;

	if (stat(d->source, &st) < 0)
		return err_set(e, errno, "option '--device': find '%s'", d->source);
	if (is_device(&st))
		return add_device(ret, d, &st, e);
	if (S_ISDIR(st.st_mode))
		r = add_dir(ret, d, open(d->source, O_RDONLY | O_DIRECTORY | O_CLOEXEC), 0, e);
	if (r < 0 || ret->config.n_devices > before)
		return r;
	r = err_plain(e, -ENODEV, "option '--device': '%s' is not a device%s", d->source,
		      S_ISDIR(st.st_mode) ? " and holds none" : "");
	err_hint(e, "-v passes files and directories");
	return r;
}

int resolve_devices(const struct container *c, struct resolved *ret, struct err *e)
{
	const struct strv *l = &c->options.device;
	int r = 0;

	if (c->options.privileged) {
		ret->devices.base = DEVICE_BASE_ALL;
		ret->has_devices = true;
	}
	for (size_t i = 0; r == 0 && i < l->n; i++) {
		_cleanup_(device_spec_done) struct device_spec d = { .source = NULL };

		r = device_spec_parse(l->v[i], &d, e);
		if (r == 0)
			r = add_path(ret, &d, e);
	}
	return r;
}
