// SPDX-License-Identifier: Apache-2.0
/* mounts[] of a bundle: what the parent can open it opens here, the rest is for the child. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/str.h"
#include "kern/mount.h"
#include "kern/mount_lock.h"
#include "runtime/bundle.h"
#include "runtime/bundle_copy.h"
#include "runtime/bundle_idmap.h"
#include "runtime/bundle_plan.h"
#include "runtime/bundle_work.h"

struct bundle_mount *bundle_next_mount(struct bundle_work *w, const struct oci_mount *m)
{
	struct bundle_mount *to = &w->mounts[w->n++];

	*to = (struct bundle_mount){ .fd = -1,
				     .target = m->destination,
				     .index = (unsigned int)(m - w->b->config.mounts.v),
				     .is_entry = m->flags & OCI_MOUNT_DST_NOFOLLOW,
				     .propagation = m->propagation,
				     .n_propagation = m->n_propagation };
	return to;
}

/* Attributes of a detached mount: what is said of all below is also said of the mount itself, whatever else is. */
int bundle_set_attrs(int fd, const struct oci_mount *m, struct err *e)
{
	int r = 0;

	if (m->set || m->clear)
		r = mount_set_attr(fd, "", 0, m->set, m->clear, 0);
	if (r == 0 && (m->rec_set || m->rec_clear))
		r = mount_set_attr(fd, "", AT_RECURSIVE, m->rec_set, m->rec_clear, 0);
	return r < 0 ? err_set(e, r, "set mount attributes") : 0;
}

static int open_source(const struct bundle_work *w, const struct oci_mount *m, struct err *e)
{
	int nofollow = m->flags & (OCI_MOUNT_SRC_NOFOLLOW | OCI_MOUNT_COPY_SYMLINK) ? O_NOFOLLOW :
										      0;
	int fd;

	if (!m->source)
		return err_plain(e, -EINVAL, "source: is missing");
	fd = openat(w->b->fd, m->source, O_PATH | O_CLOEXEC | nofollow);
	return fd < 0 ? err_set(e, errno, "source: open '%s'", m->source) : fd;
}

/* "/", and what is no more than that: "/./..//" */
static bool is_root(const char *path)
{
	while (*path) {
		size_t n = strcspn(path, "/");

		if (n > 2 || (n && memcmp(path, "..", n) != 0))
			return false;
		path += n + (path[n] == '/');
	}
	return true;
}

/* A bind mount has none of its own: its data are ignored, as the kernel does. */
static bool changes_super(const struct oci_mount *m)
{
	return m->data.n && !(m->flags & OCI_MOUNT_BIND);
}

static bool changes_nothing(const struct oci_mount *m)
{
	return !m->set && !m->clear && !m->rec_set && !m->rec_clear && !m->n_propagation &&
	       !changes_super(m);
}

static int refuse(const struct oci_mount *m, struct err *e)
{
	if (is_root(m->destination) && !(m->flags & OCI_MOUNT_REMOUNT))
		return err_plain(e, -EINVAL, "destination: is the root, which root.path says");
	if (m->flags & OCI_MOUNT_REMOUNT && changes_nothing(m))
		return err_plain(e, -EINVAL, "options: 'remount' with nothing to change");
	if (m->flags & (OCI_MOUNT_COPY_SYMLINK | OCI_MOUNT_SRC_NOFOLLOW) &&
	    (!(m->flags & OCI_MOUNT_BIND) || (m->flags & OCI_MOUNT_REMOUNT)))
		return err_plain(
			e, -EINVAL,
			"options: 'copy-symlink' and 'src-nofollow' are for bind mounts only");
	if ((m->flags & (OCI_MOUNT_IDMAP | OCI_MOUNT_RIDMAP)) &&
	    (!(m->flags & OCI_MOUNT_BIND) || (m->flags & OCI_MOUNT_REMOUNT)))
		return err_plain(e, -EOPNOTSUPP, "options: only bind mounts can have ids mapped");
	return 0;
}

/* copy-symlink: the container gets one of its own, which leads to something inside, or nowhere. */
static int plan_link(struct bundle_work *w, const struct oci_mount *m, int source, struct err *e)
{
	char *text = bundle_plan_alloc(w->p, PATH_MAX, 1, e);
	struct bundle_mount *to;
	ssize_t n;

	if (!text)
		return -ENOMEM;
	n = readlinkat(source, "", text, PATH_MAX - 1);
	if (n < 0)
		return err_set(e, errno, "source: read the link '%s'", m->source);
	to = bundle_next_mount(w, m);
	to->kind = BUNDLE_MOUNT_LINK;
	to->source = text;
	return 0;
}

static bool has_userns(const struct bundle *b)
{
	return b->config.linux_.namespaces[OCI_NS_USER].is_listed;
}

/* Of a tmpfs: what comes below finds nothing to stand on there, and has it made. */
static bool is_sealed(const struct oci_mount *m)
{
	return m->type && str_eq(m->type, "tmpfs") && (m->set | m->rec_set) & MOUNT_ATTR_RDONLY;
}

/* what the parent has made, but for its attributes */
static int add_made(struct bundle_work *w, const struct oci_mount *m, int fd, bool is_file,
		    struct err *e)
{
	struct oci_mount now = *m;
	struct bundle_mount *to;
	int r = 0;

	if (is_sealed(m)) {
		now.set &= ~(uint64_t)MOUNT_ATTR_RDONLY;
		now.rec_set &= ~(uint64_t)MOUNT_ATTR_RDONLY;
	}
	if (!has_userns(w->b)) /* else lock_mounts() does */
		r = bundle_set_attrs(fd, &now, e);
	if (r < 0)
		return r;
	to = bundle_next_mount(w, m);
	if (has_userns(w->b))
		bundle_later_attrs(to, &now);
	to->kind = BUNDLE_MOUNT_FD;
	to->fd = fd;
	to->is_file = is_file;
	to->is_sealed = is_sealed(m);
	return 0;
}

static int plan_bind(struct bundle_work *w, const struct oci_mount *m, struct err *e)
{
	bool is_recursive = (m->flags & OCI_MOUNT_RECURSIVE) != 0;
	_cleanup_fd_ int source = open_source(w, m, e);
	struct stat st;
	int fd, r;

	if (source < 0)
		return source;
	if (fstat(source, &st) < 0)
		return err_set(e, errno, "source: stat '%s'", m->source);
	if (m->flags & OCI_MOUNT_COPY_SYMLINK && S_ISLNK(st.st_mode))
		return plan_link(w, m, source, e);
	fd = bundle_plan_keep(w->p, mount_clone(source, "", is_recursive, e), e);
	if (fd < 0)
		return fd;
	/* as in the container's namespace, where all mounts of the host are slaves */
	if (!m->n_propagation) {
		r = mount_set_attr(fd, "", AT_RECURSIVE, 0, 0, MS_SLAVE);
		if (r < 0)
			return err_set(e, r, "make '%s' a slave", m->source);
	}
	r = bundle_idmap_mount(&w->b->config.linux_, m, fd, e);
	if (r == 0)
		r = add_made(w, m, fd, !S_ISDIR(st.st_mode), e);
	if (r == 0)
		w->mounts[w->n - 1].source = m->source; /* to be told */
	return r;
}

/* Flags of a super block that its parameters can say. */
static const struct {
	uint64_t flag;
	const char *name;
} sb_names[] = { { MS_SYNCHRONOUS, "sync" },
		 { MS_DIRSYNC, "dirsync" },
		 { MS_LAZYTIME, "lazytime" },
		 { MS_MANDLOCK, "mand" } };

static int add_param(struct bundle_work *w, struct mount_param *param, const char *text,
		     struct err *e)
{
	const char *eq = strchr(text, '=');

	param->key = eq ? bundle_plan_text(w->p, e, "%.*s", (int)(eq - text), text) : text;
	param->value = eq ? eq + 1 : NULL;
	return param->key ? 0 : -ENOMEM;
}

/* linux.mountLabel: the kernel's own file systems have labels of the policy. */
static bool takes_label(const char *type)
{
	static const char *const own[] = { "proc", "sysfs", "cgroup", "cgroup2", "mqueue" };

	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		if (str_eq(type, own[i]))
			return false;
	return true;
}

static int plan_params(struct bundle_work *w, const struct oci_mount *m,
		       const struct mount_param **ret, struct err *e)
{
	size_t n = 0;
	uint64_t sb = m->sb_set;
	const char *label = w->b->config.linux_.mount_label;
	struct mount_param *params =
		bundle_plan_alloc(w->p, m->data.n + ARRAY_SIZE(sb_names) + 2, sizeof(*params), e);

	if (!params)
		return -ENOMEM;
	for (size_t i = 0; i < m->data.n; i++)
		if (add_param(w, &params[n++], m->data.v[i], e) < 0)
			return -ENOMEM;
	for (size_t i = 0; i < ARRAY_SIZE(sb_names); i++) {
		if (sb & sb_names[i].flag)
			params[n++].key = sb_names[i].name;
		sb &= ~sb_names[i].flag;
	}
	if (label && m->type && takes_label(m->type))
		params[n++] = (struct mount_param){ "context", label };
	/* MS_SILENT asks for fewer messages, of which this way of mounting has none */
	if (sb & ~(uint64_t)MS_SILENT)
		return err_plain(e, -EOPNOTSUPP,
				 "options: super block flags 0x%llx are not supported",
				 (unsigned long long)sb);
	*ret = params;
	return 0;
}

void bundle_later_attrs(struct bundle_mount *to, const struct oci_mount *m)
{
	to->set = m->set;
	to->clear = m->clear;
	to->rec_set = m->rec_set;
	to->rec_clear = m->rec_clear;
}

static bool is_long(const char *source, const struct mount_param *params)
{
	for (const struct mount_param *p = params; p->key; p++)
		if (p->value && strlen(p->value) > BUNDLE_PARAM_MAX)
			return true;
	return source && strlen(source) > BUNDLE_PARAM_MAX;
}

/* Of parameters that are too long for fsconfig(2). */
static int join_params(struct bundle_work *w, const struct mount_param *params, const char **ret,
		       struct err *e)
{
	char *text = bundle_plan_alloc(w->p, BUNDLE_DATA_MAX + 1, 1, e);
	size_t n = 0;

	if (!text)
		return -ENOMEM;
	for (const struct mount_param *p = params; p->key; p++) {
		size_t room = BUNDLE_DATA_MAX + 1 - n,
		       len = strlen(p->key) + (p->value ? strlen(p->value) + 1 : 0) + (n > 0);

		if (len >= room)
			return err_plain(e, -E2BIG, "options: longer than %u bytes together",
					 BUNDLE_DATA_MAX);
		n += err_format(text + n, room, "%s%s%s%s", n ? "," : "", p->key,
				p->value ? "=" : "", p->value ? p->value : "");
	}
	*ret = text;
	return 0;
}

static int plan_new(struct bundle_work *w, const struct oci_mount *m, struct err *e)
{
	const struct mount_param *params = NULL;
	const char *data = NULL;
	struct bundle_mount *to;
	int r = plan_params(w, m, &params, e);

	if (r == 0 && is_long(m->source, params))
		r = join_params(w, params, &data, e);
	if (r < 0)
		return r;
	to = bundle_next_mount(w, m);
	to->kind = BUNDLE_MOUNT_NEW;
	to->fstype = m->type;
	to->source = m->source ? m->source : m->type;
	to->params = params;
	to->data = data;
	to->is_optional = str_eq(m->type, "mqueue");
	bundle_later_attrs(to, m);
	to->is_sealed = is_sealed(m);
	return 0;
}

/* tmpcopyup: made and filled by the parent, who may read all of the root. */
static int plan_copied(struct bundle_work *w, const struct oci_mount *m, struct err *e)
{
	const struct mount_param *params = NULL;
	int fd, r;

	if (!str_eq(m->type, "tmpfs"))
		return err_plain(e, -EINVAL, "options: 'tmpcopyup' is for tmpfs only");
	r = plan_params(w, m, &params, e);
	if (r < 0)
		return r;
	fd = bundle_plan_keep(
		w->p, mount_create("tmpfs", m->source ? m->source : "tmpfs", params, 0, e), e);
	if (fd < 0)
		return fd;
	r = bundle_copy_up(w->b->rootfs_fd, m->destination, fd, e);
	return r < 0 ? r : add_made(w, m, fd, false, e);
}

static int plan_remount(struct bundle_work *w, const struct oci_mount *m, struct err *e)
{
	const struct mount_param *params = NULL;
	struct bundle_mount *to;
	int r = changes_super(m) ? plan_params(w, m, &params, e) : 0;

	if (r < 0)
		return r;
	to = bundle_next_mount(w, m);
	to->kind = BUNDLE_MOUNT_REMOUNT;
	to->fstype = m->type;
	to->params = params;
	bundle_later_attrs(to, m);
	to->is_sealed = is_sealed(m);
	return 0;
}

static int plan_one(struct bundle_work *w, const struct oci_mount *m, struct err *e)
{
	int r = refuse(m, e);

	if (r < 0)
		return r;
	if (m->flags & OCI_MOUNT_REMOUNT)
		return plan_remount(w, m, e);
	if ((m->flags & OCI_MOUNT_BIND) || str_eq(m->type, "bind"))
		return plan_bind(w, m, e);
	if (!m->type)
		return err_plain(e, -EINVAL, "type: is missing");
	if (str_eq(m->type, "cgroup"))
		return bundle_plan_cgroup(w, m, e);
	return m->flags & OCI_MOUNT_COPY_UP ? plan_copied(w, m, e) : plan_new(w, m, e);
}

static int set_later_attrs(struct bundle_mount *m, struct err *e)
{
	const struct oci_mount now = {
		.set = m->set, .clear = m->clear, .rec_set = m->rec_set, .rec_clear = m->rec_clear
	};
	int r = bundle_set_attrs(m->fd, &now, e);

	m->set = m->clear = m->rec_set = m->rec_clear = 0;
	if (r == -EPERM)
		err_hint(
			e,
			"in a user namespace a mount keeps the flags that it has on the host (ro, nosuid …)");
	return r < 0 ? err_wrap(e, r, "mounts[%u] ('%s')", m->index, m->target) : 0;
}

/* What the container's root may not take away from mounts of the host; what the document asks for, it may. */
static int lock_mounts(struct bundle_work *w, struct bundle_plan *p, struct err *e)
{
	int *fds = bundle_plan_alloc(p, w->n + 1, sizeof(*fds), e);
	size_t n = 0;
	int r;

	if (!fds)
		return -ENOMEM;
	if (p->launch.common.root_fd >= 0)
		fds[n++] = p->launch.common.root_fd;
	for (size_t i = 0; i < w->n; i++)
		if (w->mounts[i].kind == BUNDLE_MOUNT_FD)
			fds[n++] = w->mounts[i].fd;
	r = mount_lock(fds, n, e);
	for (size_t i = 0; r == 0 && i < w->n; i++)
		if (w->mounts[i].kind == BUNDLE_MOUNT_FD)
			r = set_later_attrs(&w->mounts[i], e);
	return r;
}

/* Most are one mount of the plan each. */
static size_t count_mounts(const struct bundle *b)
{
	size_t n = b->config.mounts.n;

	for (size_t i = 0; i < b->config.mounts.n; i++)
		n += str_eq(b->config.mounts.v[i].type, "cgroup") ? BUNDLE_CGROUP_MOUNTS_MAX : 0;
	return n;
}

int bundle_plan_mounts(const struct bundle *b, const struct bundle_options *o,
		       struct bundle_plan *p, struct err *e)
{
	struct bundle_work w = { .b = b, .o = o, .p = p, .cap = count_mounts(b) };

	w.mounts = bundle_plan_alloc(p, w.cap, sizeof(*w.mounts), e);
	if (!w.mounts)
		return -ENOMEM;
	for (size_t i = 0; i < b->config.mounts.n; i++) {
		const struct oci_mount *m = &b->config.mounts.v[i];
		int r = plan_one(&w, m, e);

		if (r < 0)
			return err_wrap(e, r, "mounts[%zu] ('%s')", i, m->destination);
	}
	if (has_userns(b)) {
		int r = lock_mounts(&w, p, e);

		if (r < 0)
			return r;
	}
	p->launch.mounts = w.mounts;
	p->launch.n_mounts = w.n;
	return 0;
}
