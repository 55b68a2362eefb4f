// SPDX-License-Identifier: Apache-2.0
/* Cgroups that others place: a path that is the same in all hierarchies. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/io.h"
#include "base/str.h"
#include "kern/cgroup_impl.h"

#define CONTROLLERS_MAX 512u /* bytes of cgroup.controllers */
#define CPUSET_MAX 4096u /* bytes of a list of processors */

static bool has_word(const char *words, const char *word, size_t n)
{
	for (size_t len; *words; words += len + strspn(words + len, " ")) {
		len = strcspn(words, " ");
		if (len == n && strncmp(words, word, n) == 0)
			return true;
	}
	return false;
}

/*
 * Pass on to children of @dir what it has. All in one write, so that a directory with processes, which
 * cannot pass on memory or io, does not pass on the rest either: it would become a threaded domain, whose
 * children take no containers.
 */
static void enable_all(const char *dir)
{
	char path[CGROUP_PATH_MAX], have[CONTROLLERS_MAX], on[CONTROLLERS_MAX], missing[2 * CONTROLLERS_MAX];
	unsigned int n = 0;

	(void)err_format(path, sizeof(path), "%s/cgroup.controllers", dir);
	if (io_read_small(-1, path, have, sizeof(have)) <= 0)
		return;
	/* a write of what is on already walks all groups below, thousands on some hosts */
	(void)err_format(path, sizeof(path), "%s/cgroup.subtree_control", dir);
	if (io_read_small(-1, path, on, sizeof(on)) < 0)
		*on = '\0';
	for (const char *c = have; *c;) {
		size_t len = strcspn(c, " ");

		if (!has_word(on, c, len))
			n += err_format(missing + n, (unsigned int)sizeof(missing) - n, "%s+%.*s",
					n ? " " : "", (int)len, c);
		c += len + strspn(c + len, " ");
	}
	if (n) /* what could not be turned on is told when something asks for it */
		(void)io_write_file(-1, path, missing);
}

/* A new cpuset of v1 has neither processors nor memory, and takes no process then. */
static void fill_cpuset(const char *parent, const char *dir)
{
	static const char *const files[] = { "cpuset.cpus", "cpuset.mems" };

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		char path[CGROUP_PATH_MAX], list[CPUSET_MAX];

		(void)err_format(path, sizeof(path), "%s/%s", dir, files[i]);
		if (io_read_small(-1, path, list, sizeof(list)) != 0)
			continue;
		(void)err_format(path, sizeof(path), "%s/%s", parent, files[i]);
		if (io_read_small(-1, path, list, sizeof(list)) <= 0)
			continue;
		(void)err_format(path, sizeof(path), "%s/%s", dir, files[i]);
		(void)io_write_file(-1, path, list); /* the join says if it did not help */
	}
}

/* Make @root@path and its parents; @each does what a new level needs, parents first. */
static int make_levels(const char *root, const char *path,
		       void (*each)(const char *parent, const char *dir), struct err *e)
{
	char dir[CGROUP_PATH_MAX], parent[CGROUP_PATH_MAX];
	size_t start = strlen(root);

	(void)err_format(dir, sizeof(dir), "%s%s", root, path);
	for (size_t i = start;; i++) {
		char c = dir[i];

		if (c && (c != '/' || i == start))
			continue;
		dir[i] = '\0';
		memcpy(parent, dir, i + 1);
		*strrchr(parent, '/') = '\0';
		if (mkdir(dir, 0755) < 0 && errno != EEXIST)
			return err_set(e, errno, "make cgroup '%s'", dir);
		if (each)
			each(parent, dir);
		dir[i] = c;
		if (!c)
			return 0;
	}
}

static void pass_on(const char *parent, const char *dir)
{
	(void)dir;
	enable_all(parent);
}

static int make_v2(struct cgroup *cg, const char *path, struct err *e)
{
	char dir[CGROUP_PATH_MAX];
	int r;

	r = make_levels(cgroup_v2_root(), path, pass_on, e);
	return r < 0 ? r : cgroup_open_v2(cg, cgroup_v2_path(dir, cg->slice, cg->id), e);
}

static int make_v1_in(struct cgroup *cg, enum cgroup_controller c, const char *path, struct err *e)
{
	char root[CGROUP_PATH_MAX];
	int r;

	(void)err_format(root, sizeof(root), CGROUP_ROOT "/%s", cgroup_v1_name(c));
	r = make_levels(root, path, c == CGROUP_CPUSET ? fill_cpuset : NULL, e);
	return r < 0 ? r : cgroup_v1_join(cg, c, 0, e);
}

static int make_v1(struct cgroup *cg, const char *path, struct err *e)
{
	int r = 0;

	for (enum cgroup_controller c = 0; r == 0 && c < CGROUP_CONTROLLER_COUNT; c++)
		if (cgroup_v1_is_mounted(c))
			r = make_v1_in(cg, c, path, e);
	return r;
}

/* One of the hierarchies that are not joined unasked; who is in the cgroup already goes into it, too. */
static int join_late(struct cgroup *cg, enum cgroup_controller c, struct err *e)
{
	char path[CGROUP_PATH_MAX];
	int r = cg->is_opened ? cgroup_v1_find(cg, e) : 0;

	if (r < 0 || cg->v1 & 1u << c)
		return r;
	(void)err_format(path, sizeof(path), "%s/%s", cg->slice[1] ? cg->slice : "", cg->id);
	r = make_v1_in(cg, c, path, e);
	return r == 0 && cg->is_opened ? cgroup_v1_attach(cg, 1u << c, e) : r;
}

/* "/a//b/" as "/a/b" in @buf; nothing may lead out of where it starts */
static int clean(const char *path, char buf[static CGROUP_PLACE_MAX + 1], struct err *e)
{
	size_t n = 0;

	for (const char *p = path; *p;) {
		size_t len;

		p += strspn(p, "/");
		len = strcspn(p, "/");
		if (!len)
			break;
		if ((len == 1 && p[0] == '.') || (len == 2 && p[0] == '.' && p[1] == '.') ||
		    len > NAME_MAX || n + len + 1 > CGROUP_PLACE_MAX)
			return err_plain(e, -EINVAL, "'%s' cannot be the path of a cgroup", path);
		buf[n++] = '/';
		memcpy(buf + n, p, len);
		n += len;
		p += len;
	}
	buf[n] = '\0';
	return path[0] == '/' && n ?
		       0 :
		       err_plain(e, -EINVAL, "'%s' cannot be the path of a cgroup", path);
}

static int handle_of(const char *path, char buf[static CGROUP_PLACE_MAX + 1], struct cgroup **ret,
		     struct err *e)
{
	char parent[CGROUP_PLACE_MAX + 1];
	char *slash;
	int r = clean(path, buf, e);

	if (r < 0)
		return r;
	memcpy(parent, buf, strlen(buf) + 1);
	slash = strrchr(parent, '/');
	slash[slash == parent] = '\0'; /* "/" stays */
	return cgroup_new_handle(parent, strrchr(buf, '/') + 1, ret, e);
}

/* In all hierarchies of the host. */
static int make_all(struct cgroup *cg, const char *path, struct err *e)
{
	int r = cgroup_v2_root() ? make_v2(cg, path, e) : 0;

	cg->is_v1_known = true;
	return r == 0 && !str_eq(cgroup_mode(), "v2") ? make_v1(cg, path, e) : r;
}

int cgroup_create_path(const char *path, struct cgroup **ret, struct err *e)
{
	_cleanup_(cgroup_freep) struct cgroup *cg = NULL;
	char buf[CGROUP_PLACE_MAX + 1];
	int r = handle_of(path, buf, &cg, e);

	if (r == 0)
		r = make_all(cg, buf, e);
	if (r == 0 && cgroup_is_populated(cg, NULL) > 0)
		r = err_plain(e, -EBUSY, "cgroup '%s' has processes already", buf);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(cg);
	return 0;
}

/* Before its parent passes controllers on, which one with processes cannot. */
static int move_to_v2(const char *path, pid_t pid, struct err *e)
{
	char dir[CGROUP_PATH_MAX], procs[CGROUP_PATH_MAX], text[16];
	int r;

	(void)err_format(dir, sizeof(dir), "%s%s", cgroup_v2_root(), path);
	(void)err_format(procs, sizeof(procs), "%s/cgroup.procs", dir);
	(void)err_format(text, sizeof(text), "%d", pid);
	if (mkdir(dir, 0755) < 0 && errno != EEXIST)
		return err_set(e, errno, "make cgroup '%s'", dir);
	r = io_write_file(-1, procs, text);
	return r < 0 ? err_set(e, r, "move process %d to cgroup '%s'", pid, dir) : 0;
}

int cgroup_adopt_path(const char *path, pid_t pid, struct cgroup **ret, struct err *e)
{
	_cleanup_(cgroup_freep) struct cgroup *cg = NULL;
	char buf[CGROUP_PLACE_MAX + 1];
	int r = handle_of(path, buf, &cg, e);

	if (r == 0 && cgroup_v2_root())
		r = move_to_v2(buf, pid, e);
	if (r == 0)
		r = make_all(cg, buf, e);
	if (r == 0 && !str_eq(cgroup_mode(), "v2")) {
		if (access(CGROUP_NAMED, F_OK) == 0)
			r = make_levels(CGROUP_NAMED, buf, NULL, e);
		if (r == 0)
			r = cgroup_v1_join_named(cg, e);
	}
	if (r < 0)
		return r;
	*ret = TAKE_PTR(cg);
	return 0;
}

int cgroup_open_path(const char *path, struct cgroup **ret, struct err *e)
{
	_cleanup_(cgroup_freep) struct cgroup *cg = NULL;
	char buf[CGROUP_PLACE_MAX + 1];
	int r = handle_of(path, buf, &cg, e);

	if (r == 0)
		r = cgroup_open_handle(cg, e);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(cg);
	return 0;
}

int cgroup_write(struct cgroup *cg, enum cgroup_controller c, const char *v1_file,
		 const char *v2_file, const char *text, struct err *e)
{
	int r;

	switch (cgroup_controller_where(c)) {
	case CGROUP_ON_V2:
		if (!v2_file)
			break;
		return cgroup_v2_write(cg, cgroup_controller_name(c), v2_file, text, e);
	case CGROUP_ON_V1:
		if (!v1_file)
			break;
		r = c < CGROUP_CONTROLLER_COUNT ? 0 : join_late(cg, c, e);
		return r < 0 ? r : cgroup_v1_write(cg, c, v1_file, text, e);
	case CGROUP_NOWHERE:
		if (!v2_file && str_eq(cgroup_mode(), "v2"))
			return err_plain(e, -EOPNOTSUPP, "cgroup v2 has no such setting");
		return cgroup_controller_missing(cgroup_controller_name(c), e);
	}
	return err_plain(e, -EOPNOTSUPP, "cgroup %s has no such setting",
			 cgroup_controller_where(c) == CGROUP_ON_V2 ? "v2" : "v1");
}

int cgroup_read(struct cgroup *cg, enum cgroup_controller c, const char *v1_file,
		const char *v2_file, char **ret)
{
	char path[CGROUP_PATH_MAX];

	switch (cgroup_controller_where(c)) {
	case CGROUP_ON_V2:
		return v2_file ? io_read_file(cg->fd, v2_file, CGROUP_STAT_MAX, ret, NULL, NULL) :
				 -ENOENT;
	case CGROUP_ON_V1:
		if (!v1_file)
			return -ENOENT;
		cgroup_v1_path(path, c, cg->slice, cg->id, v1_file);
		return io_read_file(-1, path, CGROUP_STAT_MAX, ret, NULL, NULL);
	case CGROUP_NOWHERE:
		break;
	}
	return -ENOENT;
}

int cgroup_write_v2(struct cgroup *cg, const char *controller, const char *file, const char *text,
		    struct err *e)
{
	if (cg->fd < 0)
		return err_plain(e, -EOPNOTSUPP, "this host has no cgroup v2");
	if (strchr(file, '/'))
		return err_plain(e, -EINVAL, "'%s' is no file of a cgroup", file);
	/* files of the core, as cgroup.max.depth, are always there */
	if (!str_eq(controller, "cgroup") && !cgroup_v2_offers(controller))
		return cgroup_controller_missing(controller, e);
	return cgroup_v2_write(cg, controller, file, text, e);
}
