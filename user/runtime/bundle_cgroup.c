// SPDX-License-Identifier: Apache-2.0
/* A mount of type "cgroup" in a bundle. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/io.h"
#include "base/str.h"
#include "kern/cgroup.h"
#include "kern/mount.h"
#include "runtime/bundle_work.h"

#define CGROUP_ROOT "/sys/fs/cgroup"
#define CGROUP_FILE_MAX (64u << 10) /* bytes of /proc/self/cgroup */
#define NAME_MAX_ 64u

static int add_fd(struct bundle_work *w, const struct oci_mount *m, int fd, const char *target)
{
	struct bundle_mount *to = bundle_next_mount(w, m);

	to->kind = BUNDLE_MOUNT_FD;
	to->fd = fd;
	to->target = target;
	return 0;
}

/* The container's own directory of the hierarchy mounted at @root. */
static int bind_own(struct bundle_work *w, const struct oci_mount *m, const char *root,
		    const char *target, struct err *e)
{
	const char *path =
		bundle_plan_text(w->p, e, "%s%s", root, w->o->cgroup ? w->o->cgroup : "");
	int fd, r;

	if (!path)
		return -ENOMEM;
	fd = bundle_plan_keep(w->p, mount_clone(AT_FDCWD, path, true, e), e);
	if (fd < 0)
		return fd;
	/* what the container mounts below it is not the host's */
	r = mount_set_attr(fd, "", AT_RECURSIVE, 0, 0, MS_SLAVE);
	if (r < 0)
		return err_set(e, r, "make '%s' a slave", path);
	r = bundle_set_attrs(fd, m, e);
	return r < 0 ? r : add_fd(w, m, fd, target);
}

static int plan_v2(struct bundle_work *w, const struct oci_mount *m, struct err *e)
{
	struct bundle_mount *to;

	if (!(w->p->new_ns & CLONE_NEWCGROUP))
		return bind_own(w, m, CGROUP_ROOT, m->destination, e);
	to = bundle_next_mount(w, m);
	to->kind = BUNDLE_MOUNT_NEW;
	to->fstype = "cgroup2";
	to->source = m->source ? m->source : "cgroup";
	bundle_later_attrs(to, m);
	return 0;
}

/* Parameters that name a v1 hierarchy: its controllers, or "none,name=X". */
static const struct mount_param *hierarchy_params(struct bundle_work *w, const char *controllers,
						  struct err *e)
{
	struct mount_param *params = bundle_plan_alloc(w->p, NAME_MAX_, sizeof(*params), e);
	size_t n = 0;

	if (!params)
		return NULL;
	if (str_starts(controllers, "name=")) {
		params[n++].key = "none";
		params[n].key = "name";
		params[n].value = bundle_plan_text(w->p, e, "%s", controllers + strlen("name="));
		return params[n].value ? params : NULL;
	}
	for (const char *c = controllers; *c && n + 1 < NAME_MAX_;) {
		size_t len = strcspn(c, ",");

		params[n].key = bundle_plan_text(w->p, e, "%.*s", (int)len, c);
		if (!params[n++].key)
			return NULL;
		c += len + (c[len] == ',');
	}
	return params;
}

/* Names of one controller lead to the directory that several share. */
static int add_links(int dir, const char *controllers, struct err *e)
{
	char name[NAME_MAX_];

	if (!strchr(controllers, ','))
		return 0;
	for (const char *c = controllers; *c;) {
		size_t len = strcspn(c, ",");

		(void)err_format(name, sizeof(name), "%.*s", (int)len, c);
		if (symlinkat(controllers, dir, name) < 0)
			return err_set(e, errno, "make link '%s'", name);
		c += len + (c[len] == ',');
	}
	return 0;
}

/* The container is where davit-oci is in hierarchies that it does not join: nothing of that is shown. */
static bool has_own(const struct bundle_work *w, const char *root)
{
	char path[CGROUP_PLACE_MAX + 64];

	(void)err_format(path, sizeof(path), "%s%s", root, w->o->cgroup ? w->o->cgroup : "");
	return access(path, F_OK) == 0;
}

static int plan_hierarchy(struct bundle_work *w, const struct oci_mount *m, int dir,
			  const char *controllers, struct err *e)
{
	const char *name = str_starts(controllers, "name=") ? controllers + strlen("name=") :
							      controllers;
	const char *target = bundle_plan_text(w->p, e, "%s/%s", m->destination, name);
	const char *root = bundle_plan_text(w->p, e, CGROUP_ROOT "/%s", name);
	struct bundle_mount *to;
	int r;

	if (!target || !root)
		return -ENOMEM;
	if (!has_own(w, root))
		return 0;
	if (strlen(name) >= NAME_MAX_ || strchr(name, '/') || w->n + 1 >= w->cap)
		return err_plain(e, -E2BIG, "cgroup hierarchy '%s' is one too many", name);
	if (mkdirat(dir, name, 0755) < 0)
		return err_set(e, errno, "make directory '%s'", name);
	r = add_links(dir, controllers, e);
	if (r < 0)
		return r;
	if (!(w->p->new_ns & CLONE_NEWCGROUP))
		return bind_own(w, m, root, target, e);
	to = bundle_next_mount(w, m);
	to->kind = BUNDLE_MOUNT_NEW;
	to->fstype = "cgroup";
	to->source = "cgroup";
	to->target = target;
	to->params = hierarchy_params(w, controllers, e);
	bundle_later_attrs(to, m);
	return to->params ? 0 : -ENOMEM;
}

static int plan_hierarchies(struct bundle_work *w, const struct oci_mount *m, int dir,
			    struct err *e)
{
	_cleanup_free_ char *text = NULL;
	char *save = NULL;
	size_t n;
	int r = io_read_file(AT_FDCWD, "/proc/self/cgroup", CGROUP_FILE_MAX, &text, &n, e);

	if (r < 0)
		return r;
	for (char *line = strtok_r(text, "\n", &save); r == 0 && line;
	     line = strtok_r(NULL, "\n", &save)) {
		char *controllers = strchr(line, ':'),
		     *path = controllers ? strchr(controllers + 1, ':') : NULL;

		if (!path || path == controllers + 1) /* v2 has no controllers here */
			continue;
		*path = '\0';
		r = plan_hierarchy(w, m, dir, controllers + 1, e);
	}
	return r;
}

static int plan_v1(struct bundle_work *w, const struct oci_mount *m, struct err *e)
{
	static const struct mount_param params[] = { { "mode", "0755" },
						     { "size", "64k" },
						     { NULL, NULL } };
	_cleanup_fd_ int dir = -1;
	int fd, r;

	fd = bundle_plan_keep(w->p, mount_create("tmpfs", "tmpfs", params, 0, e), e);
	if (fd < 0)
		return fd;
	(void)add_fd(w, m, fd, m->destination);
	dir = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return err_set(e, errno, "open a tmpfs");
	r = plan_hierarchies(w, m, dir, e);
	return r < 0 ? r : bundle_set_attrs(fd, m, e);
}

int bundle_plan_cgroup(struct bundle_work *w, const struct oci_mount *m, struct err *e)
{
	const char *mode = cgroup_mode();

	if (!mode)
		return err_plain(e, -EOPNOTSUPP,
				 "no cgroup file system is mounted on " CGROUP_ROOT);
	return str_eq(mode, "v2") ? plan_v2(w, m, e) : plan_v1(w, m, e);
}
