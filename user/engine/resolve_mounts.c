// SPDX-License-Identifier: Apache-2.0
/* Volumes and tmpfs of a container's options. */
#include "engine/resolve_mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/fs.h"
#include "engine/container.h"
#include "engine/resolve.h"
#include "engine/resolve_parts.h"
#include "spec/clean_path.h"
#include "spec/mount_spec.h"
#include "store/image.h"

/* clang-format off */
static const struct { unsigned long flag; uint64_t attr; } attr_of_flag[] = {
	{ MS_RDONLY, MOUNT_ATTR_RDONLY }, { MS_NOSUID, MOUNT_ATTR_NOSUID },
	{ MS_NODEV, MOUNT_ATTR_NODEV },   { MS_NOEXEC, MOUNT_ATTR_NOEXEC },
	{ MS_NOATIME, MOUNT_ATTR_NOATIME }, { MS_STRICTATIME, MOUNT_ATTR_STRICTATIME },
	{ MS_NODIRATIME, MOUNT_ATTR_NODIRATIME },
};
/* clang-format on */

static uint64_t attrs_of(unsigned long flags)
{
	uint64_t attrs = 0;

	for (size_t i = 0; i < ARRAY_SIZE(attr_of_flag); i++)
		if (flags & attr_of_flag[i].flag)
			attrs |= attr_of_flag[i].attr;
	return attrs;
}

static int tmpfs_params(const struct mount_spec *s, struct runtime_mount *m)
{
	int r = strv_addf(&m->params, "mode=%o", s->mode);

	if (r == 0 && s->size)
		r = strv_addf(&m->params, "size=%llu", (unsigned long long)s->size);
	if (r == 0 && s->inodes)
		r = strv_addf(&m->params, "nr_inodes=%llu", (unsigned long long)s->inodes);
	m->uid = s->uid;
	m->gid = s->gid;
	return r;
}

/*
 * What lies over /proc would hide what security relies on (CVE-2019-16884), except for files that
 * lxcfs and CRIU supply: the list is runc's (libcontainer/rootfs_linux.go, checkProcMount).
 */
static int check_proc(const struct mount_spec *s, struct err *e)
{
	static const char *const files[] = {
		"/proc/cpuinfo", "/proc/diskstats", "/proc/meminfo",   "/proc/stat",
		"/proc/swaps",	 "/proc/uptime",    "/proc/loadavg",   "/proc/slabinfo",
		"/proc/sys/kernel/ns_last_pid",	    "/proc/sys/crypto/fips_enabled",
	};
	int r;

	if (!str_eq(s->target, "/proc") && !str_starts(s->target, "/proc/"))
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		if (strcmp(files[i], s->target) == 0)
			return 0;
	r = err_plain(e, -EINVAL, "the target '%s' is inside /proc", s->target);
	err_hint(e, "only files like /proc/meminfo can be replaced");
	return r;
}

static int add_mount(const struct mount_spec *s, struct runtime_config *rc, struct err *e)
{
	struct runtime_mount *m = &rc->mounts[rc->n_mounts];
	int r = check_proc(s, e);

	if (r < 0)
		return r;
	for (size_t i = 0; i < rc->n_mounts; i++)
		if (strcmp(rc->mounts[i].target, s->target) == 0)
			return err_plain(e, -EINVAL, "two mounts have the target '%s'", s->target);
	if (s->type == MOUNT_SPEC_BIND && s->create_source && !fs_exists(AT_FDCWD, s->source)) {
		r = fs_mkdir_parents(AT_FDCWD, s->source, 0755);
		if (r < 0)
			return err_set(e, r, "make directory '%s'", s->source);
	}
	rc->n_mounts++;
	m->type = s->type == MOUNT_SPEC_BIND ? RUNTIME_MOUNT_BIND : RUNTIME_MOUNT_TMPFS;
	m->source = s->source ? strdup(s->source) : NULL;
	m->target = strdup(s->target);
	if (!m->target || (s->source && !m->source))
		return err_set(e, ENOMEM, "mount '%s'", s->target);
	m->attrs = attrs_of(s->attr) | (s->is_readonly ? MOUNT_ATTR_RDONLY : 0);
	m->propagation = s->propagation & ~(unsigned long)MS_REC;
	m->is_recursive = s->is_recursive;
	m->is_ro_recursive = s->is_recursive && s->is_readonly && !s->is_ro_top_only;
	if (s->type == MOUNT_SPEC_TMPFS && tmpfs_params(s, m) < 0)
		return err_set(e, ENOMEM, "mount '%s'", s->target);
	return 0;
}

static int add_all(const struct strv *l, const char *option,
		   int (*parse)(const char *text, struct mount_spec *ret, struct err *e),
		   struct runtime_config *rc, struct err *e)
{
	for (size_t i = 0; i < l->n; i++) {
		struct mount_spec s;
		int r = parse(l->v[i], &s, e);

		if (r < 0)
			return r;
		r = mount_spec_check_host(&s, e);
		if (r == 0)
			r = add_mount(&s, rc, e);
		mount_spec_done(&s);
		if (r < 0)
			return err_wrap(e, r, "option '--%s'", option);
	}
	return 0;
}

static bool has_target(const struct runtime_config *rc, const char *target)
{
	for (size_t i = 0; i < rc->n_mounts; i++)
		if (strcmp(rc->mounts[i].target, target) == 0)
			return true;
	return false;
}

/*
 * A volume of the image without a mount on it: the directory of the container's own root, as a mount
 * of its own, which stays writable under --read-only.
 */
static int add_image_volumes(const struct image *im, struct runtime_config *rc, struct err *e)
{
	for (size_t i = 0; i < im->config.volumes.n; i++) {
		const char *text = im->config.volumes.v[i];
		_cleanup_free_ char *target = NULL;
		int r;

		if (*text != '/')
			continue;
		r = clean_path(text, strlen(text), true, &target, e);
		if (r < 0)
			return err_wrap(e, r, "volume of the image");
		if (!target[1])
			return err_plain(e, -EINVAL, "volume '%s' of the image is its root directory", text);
		if (!has_target(rc, target) && strv_add(&rc->volumes, target) < 0)
			return err_set(e, ENOMEM, "volume '%s'", target);
	}
	return 0;
}

static int add_init(const struct container *c, struct runtime_config *rc, struct err *e)
{
	static const char *const places[] = { "/usr/bin/tini-static", "/usr/libexec/docker/docker-init",
					      "/usr/bin/catatonit", "/usr/libexec/podman/catatonit",
					      "/usr/lib/podman/catatonit" };
	struct runtime_mount *m = &rc->mounts[rc->n_mounts];
	int r;

	if (!c->options.init)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		if (!fs_exists(AT_FDCWD, places[i]))
			continue;
		m->type = RUNTIME_MOUNT_BIND;
		m->source = strdup(places[i]);
		m->target = strdup(INIT_PATH);
		m->attrs = MOUNT_ATTR_RDONLY;
		m->keeps_ids = true;
		rc->n_mounts++;
		return m->source && m->target ? 0 : err_set(e, ENOMEM, "option '--init'");
	}
	r = err_plain(e, -ENOENT, "option '--init': no static init program is installed");
	err_hint(e, "apt install tini (tini-static), or catatonit");
	return r;
}

int resolve_mounts(const struct container *c, const struct image *im, struct resolved *ret,
		   struct err *e)
{
	const struct container_options *o = &c->options;
	struct runtime_config *rc = &ret->config;
	size_t n = o->volume.n + o->mount.n + o->tmpfs.n + 1;
	int r;

	rc->mounts = calloc(n, sizeof(*rc->mounts));
	if (!rc->mounts)
		return err_set(e, ENOMEM, "resolve mounts");
	r = add_all(&o->volume, "volume", mount_spec_parse_volume, rc, e);
	if (r == 0)
		r = add_all(&o->mount, "mount", mount_spec_parse_mount, rc, e);
	if (r == 0)
		r = add_all(&o->tmpfs, "tmpfs", mount_spec_parse_tmpfs, rc, e);
	if (r == 0)
		r = add_image_volumes(im, rc, e);
	if (r == 0)
		r = add_init(c, rc, e);
	if (r == 0)
		r = resolve_devices(c, ret, e);
	return r;
}
