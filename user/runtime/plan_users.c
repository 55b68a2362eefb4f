// SPDX-License-Identifier: Apache-2.0
/* Volumes, tmpfs and devices that the user asked for. */
#include "runtime/plan_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/io.h"
#include "base/libc.h"

#define MOUNTINFO_MAX (64u << 20) /* bytes of the host's mount table */

static int open_tmpfs(const struct runtime_config *c, const struct runtime_mount *m, struct err *e)
{
	struct mount_param params[16] = { { NULL, NULL } };
	_cleanup_strv_ struct strv all = { NULL, 0 };
	uint32_t uid = 0, gid = 0;
	int r = plan_outside_id(c, m->uid, &uid, e);

	if (r == 0)
		r = plan_outside_id(c, m->gid, &gid, e);
	if (r < 0)
		return r;
	if (strv_add_all(&all, &m->params) < 0 || (uid && strv_addf(&all, "uid=%u", uid) < 0) ||
	    (gid && strv_addf(&all, "gid=%u", gid) < 0))
		return err_set(e, ENOMEM, "plan a tmpfs");
	for (size_t i = 0; i < all.n && i + 1 < ARRAY_SIZE(params); i++) {
		char *eq = strchr(all.v[i], '=');

		if (eq)
			*eq = '\0';
		params[i] = (struct mount_param){ all.v[i], eq ? eq + 1 : NULL };
	}
	return mount_create("tmpfs", "tmpfs", params, m->attrs, e);
}

static int mount_id(const char *path, uint64_t *ret, struct err *e)
{
	_cleanup_fd_ int fd = openat(AT_FDCWD, path, O_PATH | O_CLOEXEC);
	char name[40], text[256];
	const char *at;
	int r;

	if (fd < 0)
		return err_set(e, errno, "bind '%s'", path);
	(void)err_format(name, sizeof(name), "/proc/self/fdinfo/%d", fd);
	r = (int)io_read_small(AT_FDCWD, name, text, sizeof(text));
	at = r < 0 ? NULL : strstr(text, "mnt_id:");
	if (!at)
		return err_set(e, r < 0 ? r : -EPROTO, "read '%s'", name);
	*ret = strtoull(at + strlen("mnt_id:"), NULL, 10);
	return 0;
}

/* As in Docker: shared and slave need a source that propagates, or they would do nothing. */
static int check_propagation(const struct runtime_mount *m, struct err *e)
{
	_cleanup_free_ char *text = NULL;
	char *save = NULL;
	uint64_t id = 0;
	size_t n;
	int r;

	if (m->propagation != MS_SHARED && m->propagation != MS_SLAVE)
		return 0;
	r = mount_id(m->source, &id, e);
	if (r == 0)
		r = io_read_file(AT_FDCWD, "/proc/self/mountinfo", MOUNTINFO_MAX, &text, &n, e);
	if (r < 0)
		return r;
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		const char *end = strstr(line, " - "), *tag = strstr(line, " shared:");

		if (strtoull(line, NULL, 10) != id)
			continue;
		if (!tag && m->propagation == MS_SLAVE)
			tag = strstr(line, " master:");
		if (tag && tag < end)
			return 0;
		break;
	}
	r = err_plain(e, -EINVAL, "'%s' is not on a shared%s mount", m->source,
		      m->propagation == MS_SLAVE ? " or slave" : "");
	err_hint(e, "mount --make-shared makes one");
	return r;
}

static int open_bind(const struct plan *p, const struct runtime_mount *m, struct err *e)
{
	_cleanup_fd_ int fd = -1;
	int r = check_propagation(m, e);

	if (r < 0)
		return r;
	fd = mount_clone(AT_FDCWD, m->source, m->is_recursive, e);
	if (fd < 0)
		return fd;
	r = plan_set_propagation(fd, m->source, m->propagation, e);
	if (r == 0)
		r = plan_set_attrs(fd, m->is_ro_recursive, m->attrs, 0, m->source, e);
	if (r == 0 && p->userns_fd >= 0 && !m->keeps_ids)
		r = mount_idmap(fd, p->userns_fd, m->is_recursive, m->source, e);
	return r < 0 ? r : TAKE_FD(fd);
}

static int add_user_mount(const struct runtime_config *c, struct plan *p, const struct runtime_mount *m,
			  struct err *e)
{
	bool is_bind = m->type == RUNTIME_MOUNT_BIND;
	struct stat st = { .st_mode = S_IFDIR };
	int fd = is_bind ? open_bind(p, m, e) : open_tmpfs(c, m, e), r;

	if (fd < 0)
		return err_wrap(e, fd, "volume '%s'", m->target);
	if (is_bind && fstatat(fd, "", &st, AT_EMPTY_PATH) < 0) {
		r = err_set(e, errno, "stat '%s'", m->source);
		(void)close(fd); /* the stat is the error to tell */
		return r;
	}
	r = plan_add_fd_mount(p, fd, m->target, !S_ISDIR(st.st_mode));
	if (r == 0)
		p->mounts[p->launch.n_mounts - 1].is_users = true;
	return r;
}

static size_t path_depth(const char *path)
{
	size_t n = 0;

	for (; *path; path++)
		n += *path == '/';
	return n;
}

/* Parents before children, otherwise as they came: /etc of a user, then our /etc/hosts. */
static void sort_mounts(struct plan *p)
{
	for (size_t i = 1; i < p->launch.n_mounts; i++) {
		struct launch_mount m = p->mounts[i];
		size_t depth = path_depth(m.target), at = i;

		for (; at > 0 && path_depth(p->mounts[at - 1].target) > depth; at--)
			p->mounts[at] = p->mounts[at - 1];
		p->mounts[at] = m;
	}
}

int plan_user_mounts(const struct runtime_config *c, struct plan *p, struct err *e)
{
	if (c->n_mounts > RUNTIME_MOUNTS_MAX)
		return err_plain(e, -E2BIG, "more than %u mounts", RUNTIME_MOUNTS_MAX);
	for (size_t i = 0; i < c->n_mounts; i++) {
		int r = add_user_mount(c, p, &c->mounts[i], e);

		if (r < 0)
			return r;
	}
	if (c->n_mounts)
		sort_mounts(p);
	return 0;
}

static int bind_device(const struct runtime_device *d, struct err *e)
{
	_cleanup_fd_ int fd = plan_bind_host(d->source, false, 0, false, e);
	struct stat st;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return err_set(e, errno, "stat '%s'", d->source);
	if ((st.st_mode & S_IFMT) != (d->mode & S_IFMT) || st.st_rdev != d->rdev)
		return err_plain(e, -ESTALE, "option '--device': '%s' has become another file",
				 d->source);
	return TAKE_FD(fd);
}

/* --device with a target outside of /dev: a bind, since only our tmpfs takes nodes */
int plan_device_binds(const struct runtime_config *c, struct plan *p, struct err *e)
{
	for (size_t i = 0; i < c->n_devices; i++) {
		int r;

		if (str_starts(c->devices[i].target, "/dev/"))
			continue;
		r = plan_add_fd_mount(p, bind_device(&c->devices[i], e), c->devices[i].target,
				      true);
		if (r < 0)
			return r;
		p->mounts[p->launch.n_mounts - 1].is_users = true;
	}
	return 0;
}
