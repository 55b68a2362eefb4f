// SPDX-License-Identifier: Apache-2.0
/* The life of a container's cgroup: create, open, remove, list. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/libc.h"
#include "base/str.h"
#include "kern/cgroup_impl.h"

static bool is_valid_id(const char *id)
{
	size_t n = strlen(id);

	return n > 0 && n <= CGROUP_ID_MAX && id[0] != '.' &&
	       strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") == n;
}

/* Of a path, any file name will do: it was not chosen by us. */
static bool is_valid(const char *slice, const char *id)
{
	if (!cgroup_is_path(slice))
		return is_valid_id(id) && strlen(slice) < CGROUP_SLICE_MAX;
	return *id && !strchr(id, '/') && !str_eq(id, ".") && !str_eq(id, "..") &&
	       strlen(slice) + strlen(id) <= CGROUP_PLACE_MAX;
}

int cgroup_new_handle(const char *slice, const char *id, struct cgroup **ret, struct err *e)
{
	size_t n_slice = strlen(slice) + 1, n_id = strlen(id) + 1;
	struct cgroup *cg;

	if (!is_valid(slice, id))
		return err_plain(e, -EINVAL, "'%s/%s' cannot name a cgroup", slice, id);
	if (!cgroup_mode()) {
		int r = err_plain(e, -EOPNOTSUPP, "no cgroup file system below '" CGROUP_ROOT "'");

		err_hint(e, "mount it: mount -t cgroup2 cgroup2 " CGROUP_ROOT);
		return r;
	}
	cg = calloc(1, sizeof(*cg) + n_slice + n_id);
	if (!cg)
		return err_set(e, ENOMEM, "make cgroup handle");
	cg->fd = -1;
	cg->slice = memcpy(cg->text, slice, n_slice);
	cg->id = memcpy(cg->text + n_slice, id, n_id);
	*ret = cg;
	return 0;
}

static void close_range_of(const int *fds, size_t n)
{
	bool is_run = true;

	for (size_t i = 1; i < n; i++)
		is_run = is_run && fds[i] == fds[0] + (int)i;
	/* opened one after the other, they mostly are a run: one call instead of three */
	if (n > 1 && is_run && close_range((unsigned int)fds[0], (unsigned int)fds[n - 1], 0) == 0)
		return;
	for (size_t i = 0; i < n; i++)
		(void)fd_close(fds[i]);
}

void cgroup_free(struct cgroup *cg)
{
	int fds[CGROUP_JOIN_MAX + 1], saved = errno;
	size_t n = 0;

	if (!cg)
		return;
	if (cg->fd >= 0)
		fds[n++] = cg->fd;
	for (size_t i = 0; i < cg->n_join; i++)
		fds[n++] = cg->join[i];
	close_range_of(fds, n);
	free(cg);
	errno = saved;
}

void cgroup_freep(struct cgroup **cg)
{
	cgroup_free(*cg);
	*cg = NULL;
}

int cgroup_fd(const struct cgroup *cg)
{
	return cg->fd;
}

uint64_t cgroup_inode(const struct cgroup *cg)
{
	return cg->inode;
}

int cgroup_join_fds(struct cgroup *cg, const int **ret, struct err *e)
{
	int r = cgroup_v1_find(cg, e);

	if (r < 0)
		return r;
	*ret = cg->join;
	return (int)cg->n_join;
}

int cgroup_join_self(const int *fds, size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++)
		if (write(fds[i], "0", 1) < 0)
			return err_set(e, errno, "join v1 cgroup %zu", i);
	return 0;
}

int cgroup_open_v2(struct cgroup *cg, const char *path, struct err *e)
{
	struct stat st;

	cg->fd = openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (cg->fd < 0)
		return err_set(e, errno, "open cgroup '%s'", path);
	if (fstat(cg->fd, &st) < 0)
		return err_set(e, errno, "stat cgroup '%s'", path);
	cg->inode = st.st_ino;
	return 0;
}

static int create_v2(struct cgroup *cg, struct err *e)
{
	char path[CGROUP_PATH_MAX];
	int r = mkdir(cgroup_v2_path(path, cg->slice, cg->id), 0755);

	if (r < 0 && errno == ENOENT) {
		r = cgroup_v2_make_slice(cg->slice, e);
		if (r < 0)
			return r;
		r = mkdir(path, 0755);
	}
	if (r < 0)
		return err_set(e, errno, "make cgroup '%s'", path);
	r = cgroup_open_v2(cg, path, e);
	if (r < 0)
		(void)rmdir(path); /* empty: we made it just now */
	return r;
}

static int create_v1(struct cgroup *cg, struct err *e)
{
	/* this directory decides whether the id is free */
	int r = cgroup_v1_join(cg, cgroup_v1_tracker(), CGROUP_V1_EXCLUSIVE, e);

	if (r < 0)
		return r;
	r = cgroup_v1_join(cg, CGROUP_CPUACCT, 0, e);
	if (r == -EOPNOTSUPP) {
		/* statistics without CPU time; no limit needs it */
		err_clear(e);
		r = 0;
	}
	return r;
}

int cgroup_create(const char *slice, const char *id, const struct cgroup_limits *l,
		  struct cgroup **ret, struct err *e)
{
	_cleanup_(cgroup_freep) struct cgroup *cg = NULL;
	int r;

	if (l) {
		r = cgroup_limits_check(l, e);
		if (r < 0)
			return r;
	}
	r = cgroup_new_handle(slice, id, &cg, e);
	if (r < 0)
		return r;
	cg->is_v1_known = true;
	r = cgroup_v2_root() ? create_v2(cg, e) : create_v1(cg, e);
	if (r == 0 && l)
		r = cgroup_limits_apply(cg, l, e);
	if (r < 0) {
		(void)cgroup_destroy(cg, NULL); /* the first error is the one to tell */
		return r;
	}
	*ret = TAKE_PTR(cg);
	return 0;
}

int cgroup_open_handle(struct cgroup *cg, struct err *e)
{
	char path[CGROUP_PATH_MAX];
	int r;

	cg->is_opened = true;
	if (cgroup_v2_root()) {
		r = cgroup_open_v2(cg, cgroup_v2_path(path, cg->slice, cg->id), e);
		/* nothing is on v1 of a pure v2 host */
		cg->is_v1_known = str_eq(cgroup_mode(), "v2");
		return r;
	}
	r = cgroup_v1_find(cg, e);
	return r == 0 && !cg->v1 ? err_set(e, ENOENT, "open cgroup '%s/%s'", cg->slice, cg->id) : r;
}

int cgroup_open(const char *slice, const char *id, struct cgroup **ret, struct err *e)
{
	_cleanup_(cgroup_freep) struct cgroup *cg = NULL;
	int r = cgroup_new_handle(slice, id, &cg, e);

	if (r == 0)
		r = cgroup_open_handle(cg, e);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(cg);
	return 0;
}

int cgroup_slice_fd(const char *slice, struct err *e)
{
	char path[CGROUP_PATH_MAX];
	int fd, r;

	if (!cgroup_v2_root())
		return cgroup_controller_missing("cgroup2", e);
	cgroup_v2_path(path, slice, NULL);
	fd = openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT) {
		r = cgroup_v2_make_slice(slice, e);
		if (r < 0)
			return r;
		fd = openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	return fd < 0 ? err_set(e, errno, "open cgroup '%s'", path) : fd;
}

static int remove_dir(const char *path, struct err *e)
{
	/* 50 us, 100 us, … 12.8 ms, then every 12.8 ms: a second in all */
	for (unsigned int tries = 0, us = 50; tries < 85; tries++) {
		struct timespec pause = { .tv_nsec = (long)us * 1000 };
		int fd, r;

		if (rmdir(path) == 0 || errno == ENOENT)
			return 0;
		if (errno != EBUSY)
			return err_set(e, errno, "remove cgroup '%s'", path);
		fd = openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd >= 0) {
			r = cgroup_remove_below(fd);
			if (r < 0 && r != -EBUSY && r != -ENOENT)
				return err_set(e, r, "remove cgroups below '%s'", path);
		}
		if (tries > 0) {
			(void)nanosleep(&pause, NULL);
			us = us < 12800 ? us * 2 : us;
		}
	}
	return err_set(e, EBUSY, "remove cgroup '%s'", path);
}

static int remove_from(const char *slice, const char *id, unsigned int v1, bool has_v2,
		       struct err *e)
{
	char path[CGROUP_PATH_MAX];
	int r = 0;

	for (enum cgroup_controller c = 0; r == 0 && c < CGROUP_ALL_COUNT; c++)
		if (v1 & 1u << c)
			r = remove_dir(cgroup_v1_path(path, c, slice, id, NULL), e);
	/* last, since this is where a leftover is looked for first */
	if (r == 0 && has_v2)
		r = remove_dir(cgroup_v2_path(path, slice, id), e);
	return r;
}

int cgroup_remove(const char *slice, const char *id, struct err *e)
{
	const char *mode = cgroup_mode();
	unsigned int v1 = (1u << cgroup_v1_count(slice)) - 1;

	if (!is_valid(slice, id))
		return err_plain(e, -EINVAL, "'%s/%s' cannot name a cgroup", slice, id);
	if (!mode)
		return 0;
	if (str_eq(mode, "v2"))
		v1 = 0;
	else if (str_eq(mode, "hybrid") && !cgroup_is_path(slice))
		v1 &= ~CGROUP_V1_ALONE;
	return remove_from(slice, id, v1, cgroup_v2_root() != NULL, e);
}

int cgroup_destroy(struct cgroup *cg, struct err *e)
{
	if (!cg->is_v1_known)
		return cgroup_remove(cg->slice, cg->id, e);
	return remove_from(cg->slice, cg->id, cg->v1, cg->fd >= 0, e);
}

static int list_dir(const char *path, struct strv *ret, struct err *e)
{
	_cleanup_dir_ DIR *d = opendir(path);
	int r = 0;

	if (!d)
		return errno == ENOENT ? 0 : err_set(e, errno, "open cgroup '%s'", path);
	for (struct dirent *de; r == 0 && (de = readdir(d));)
		if (de->d_type == DT_DIR && is_valid_id(de->d_name))
			r = strv_add(ret, de->d_name);
	return r < 0 ? err_set(e, r, "list cgroup '%s'", path) : 0;
}

static int compare_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int cgroup_list(const char *slice, struct strv *ret, struct err *e)
{
	_cleanup_strv_ struct strv all = { .v = NULL };
	char path[CGROUP_PATH_MAX];
	int r = 0;

	if (cgroup_v2_root())
		r = list_dir(cgroup_v2_path(path, slice, NULL), &all, e);
	if (!str_eq(cgroup_mode(), "v2"))
		for (enum cgroup_controller c = 0; r == 0 && c < CGROUP_CONTROLLER_COUNT; c++)
			r = list_dir(cgroup_v1_path(path, c, slice, NULL, NULL), &all, e);
	if (r < 0)
		return r;
	if (all.n)
		qsort(all.v, all.n, sizeof(*all.v), compare_text);
	for (size_t i = 0; r == 0 && i < all.n; i++)
		if (i == 0 || strcmp(all.v[i], all.v[i - 1]) != 0)
			r = strv_add(ret, all.v[i]);
	return r < 0 ? err_set(e, r, "list cgroups of '%s'", slice) : 0;
}
