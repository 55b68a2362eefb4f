// SPDX-License-Identifier: Apache-2.0
/* Stale rows, stale pins: what killed processes and removed cgroups leave. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/env.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/fmt.h"
#include "base/lock.h"
#include "base/str.h"
#include "kern/bpf.h"
#include "kern/bpf_internal.h"
#include "kern/bpf_sys.h"

struct id_list {
	uint64_t *v;
	size_t n, cap;
};

static int id_list_add(struct id_list *l, uint64_t id)
{
	if (l->n == l->cap) {
		size_t cap = l->cap ? l->cap * 2 : 256;
		uint64_t *v = reallocarray(l->v, cap, sizeof(*v));

		if (!v)
			return -ENOMEM;
		l->v = v;
		l->cap = cap;
	}
	l->v[l->n++] = id;
	return 0;
}

static void id_list_done(struct id_list *l)
{
	free(l->v);
}

static int compare_id(const void *x, const void *y)
{
	const uint64_t *a = x, *b = y;

	return *a < *b ? -1 : *a > *b;
}

/* All keys of a map, sorted; a walk restarts when its key is deleted: collect first, then delete. */
static int list_keys(int map, struct id_list *l)
{
	uint64_t key = 0;
	size_t kept = 1;
	int r;

	for (r = bpf_sys_next_key(map, NULL, &key); r == 0; r = bpf_sys_next_key(map, &key, &key)) {
		r = id_list_add(l, key);
		if (r < 0)
			return r;
		if (l->n > 2u * FILTER_ROWS_MAX)
			break; /* walking in circles behind a busy deleter */
	}
	if (r < 0 && r != -ENOENT)
		return r;
	if (!l->n)
		return 0;
	qsort(l->v, l->n, sizeof(*l->v), compare_id);
	for (size_t i = 1; i < l->n; i++)
		if (l->v[i] != l->v[i - 1])
			l->v[kept++] = l->v[i];
	l->n = kept;
	return 0;
}

static int list_map(struct bpf_set *s, enum bpf_set_map which, struct id_list *l, struct err *e)
{
	int map = bpf_set_map(s, which, e), r;

	if (map < 0)
		return map;
	r = list_keys(map, l);
	return r < 0 ? err_set(e, r, "list '%s/%s'", s->dir, bpf_set_map_names[which]) : 0;
}

int bpf_set_each(struct bpf_set *s, int (*fn)(uint64_t cgroup_id, void *data), void *data,
		 struct err *e)
{
	_cleanup_(id_list_done) struct id_list ids = { .v = NULL };
	int r = list_map(s, MAP_ROWS, &ids, e);

	for (size_t i = 0; r == 0 && i < ids.n; i++)
		r = fn(ids.v[i], data);
	return r;
}

struct liveness {
	bool (*is_alive)(uint64_t id, void *data);
	void *data;
};

/* Parts whose row was never inserted, or whose remover was killed behind the row. */
static int sweep_parts(struct bpf_set *s, enum bpf_set_map which, const struct liveness *l,
		       struct err *e)
{
	_cleanup_(id_list_done) struct id_list ids = { .v = NULL };
	int r = list_map(s, which, &ids, e);

	if (r < 0)
		return r;
	for (size_t i = 0; i < ids.n; i++)
		if (!l->is_alive(ids.v[i] & ~(FILTER_SECOND_KEY | FILTER_SECOND_KEY >> 1), l->data))
			(void)bpf_sys_delete(s->fds[which], &ids.v[i]); /* gone is fine */
	return 0;
}

static int sweep_slots(struct bpf_set *s, const struct liveness *l, struct err *e)
{
	for (uint32_t slot = 1; slot < s->slots; slot++) {
		struct filter_slot *counters;
		int r = bpf_set_slot(s, slot, &counters, e);
		uint64_t owner;

		if (r < 0)
			return r;
		owner = __atomic_load_n(&counters->head.owner, __ATOMIC_ACQUIRE);
		if (owner && owner != FILTER_MAGIC && !l->is_alive(owner, l->data)) {
			r = bpf_set_free_slot(s, slot, e);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

int bpf_set_sweep(struct bpf_set *s, bool (*is_alive)(uint64_t cgroup_id, void *data), void *data,
		  struct err *e)
{
	_cleanup_(id_list_done) struct id_list ids = { .v = NULL };
	const struct liveness l = { is_alive, data };
	int r = list_map(s, MAP_ROWS, &ids, e), removed = 0;

	for (size_t i = 0; r == 0 && i < ids.n; i++) {
		if (is_alive(ids.v[i], data))
			continue;
		r = bpf_set_remove(s, ids.v[i], e);
		removed++;
	}
	for (int which = MAP_TRIES; r == 0 && which <= MAP_DENIALS; which++)
		r = sweep_parts(s, which, &l, e);
	if (r == 0)
		r = bpf_set_sweep_flows(s, is_alive, data, e);
	if (r == 0)
		r = sweep_slots(s, &l, e);
	return r < 0 ? r : removed;
}

static int check_link(const char *dir, const struct bpf_set_link *l, uint64_t slice_id,
		      struct err *e)
{
	char path[BPF_SET_PATH_MAX];
	_cleanup_fd_ int fd = -1;
	uint32_t attach_type = 0;
	uint64_t id = 0;
	int r;

	(void)err_format(path, sizeof(path), "%s/%s", dir, l->name);
	fd = bpf_sys_obj_get(path);
	if (fd < 0)
		return err_set(e, fd, "open BPF link '%s'", path);
	r = bpf_sys_link_cgroup(fd, &id, &attach_type);
	if (r < 0)
		return err_set(e, r, "inspect BPF link '%s'", path);
	if (id != slice_id || attach_type != l->attach_type)
		return err_plain(e, -ESTALE,
				 "BPF link '%s' is not attached to the containers' cgroup", path);
	return 0;
}

int bpf_set_check(const struct env *env, int slice_cgroup_fd, struct err *e)
{
	_cleanup_(bpf_set_closep) struct bpf_set *s = NULL;
	struct stat st;
	int r = bpf_set_find(env, slice_cgroup_fd, &s, e);

	if (r < 0)
		return r;
	if (fstat(slice_cgroup_fd, &st) < 0)
		return err_set(e, errno, "inspect cgroup '%s.slice'", env->slice);
	for (const struct bpf_set_link *l = bpf_set_links; r == 0 && l->name; l++)
		r = check_link(s->dir, l, st.st_ino, e);
	return r;
}

int bpf_set_lock(const struct env *env, struct err *e)
{
	char path[BPF_SET_PATH_MAX];
	int r = fs_mkdir_parents(AT_FDCWD, env->state, 0700);

	if (r < 0)
		return err_set(e, r, "create '%s'", env->state);
	(void)err_format(path, sizeof(path), "%s/bpf.lock", env->state);
	return lock_open(AT_FDCWD, path, LOCK_EX, e);
}

/* Unpin one set; by its new name first, so that nobody opens half of it. */
static int remove_dir(int parent, const char *name, struct err *e)
{
	char doomed[64];

	if (str_ends(name, "-new"))
		return fs_remove_tree(parent, name, e);
	(void)err_format(doomed, sizeof(doomed), "%s-new", name);
	(void)fs_remove_tree(parent, doomed, NULL); /* else the rename fails and says so */
	if (renameat(parent, name, parent, doomed) < 0)
		return err_set(e, errno, "rename pins '%s'", name);
	return fs_remove_tree(parent, doomed, e);
}

/* "v<ABI>-<cgroup id>", perhaps with "-new" behind. Return: false for anything else. */
static bool parse_name(const char *name, uint64_t *ret_id, bool *ret_is_ours)
{
	char number[24] = "";
	const char *dash = strchr(name, '-');
	size_t n;
	uint64_t abi;

	if (name[0] != 'v' || !dash)
		return false;
	n = strspn(dash + 1, "0123456789");
	if (n >= sizeof(number) || (size_t)(dash - name) >= sizeof(number))
		return false;
	memcpy(number, name + 1, (size_t)(dash - name) - 1);
	if (fmt_parse_u64(number, &abi) < 0)
		return false;
	memset(number, 0, sizeof(number));
	memcpy(number, dash + 1, n);
	*ret_is_ours = abi == BPF_SET_ABI;
	return fmt_parse_u64(number, ret_id) == 0 && (!dash[1 + n] || str_eq(dash + 1 + n, "-new"));
}

static int clear_entry(int parent, const char *name, uint64_t slice_id, struct err *e)
{
	bool is_ours = false;
	uint64_t id = 0;
	int r;

	if (!parse_name(name, &id, &is_ours))
		return 0; /* not ours to judge */
	if (id == slice_id && !is_ours && !str_ends(name, "-new")) {
		r = err_plain(e, -EEXIST,
			      "BPF programs of another davit version are in force ('%s')", name);
		err_hint(e, "stop all containers, then run that version's 'davit system reset'");
		return r;
	}
	return remove_dir(parent, name, e);
}

int bpf_set_clear(const struct env *env, uint64_t slice_id, struct err *e)
{
	char path[BPF_SET_PATH_MAX];
	_cleanup_dir_ DIR *dir = NULL;
	struct dirent *d;
	int r = 0;

	(void)err_format(path, sizeof(path), "%s/%s", env->bpffs, env->slice);
	dir = opendir(path);
	if (!dir)
		return errno == ENOENT ? 0 : err_set(e, errno, "open '%s'", path);
	while (r == 0 && (errno = 0, d = readdir(dir)))
		if (d->d_name[0] != '.')
			r = clear_entry(dirfd(dir), d->d_name, slice_id, e);
	if (r == 0 && errno)
		return err_set(e, errno, "read '%s'", path);
	return r < 0 ? err_wrap(e, r, "clean '%s'", path) : 0;
}

int bpf_set_remove_all(const struct env *env, struct err *e)
{
	_cleanup_fd_ int lock = bpf_set_lock(env, e);
	char path[BPF_SET_PATH_MAX];
	int r;

	if (lock < 0)
		return lock;
	r = bpf_set_clear(env, 0, e);
	if (r < 0)
		return r;
	(void)err_format(path, sizeof(path), "%s/%s", env->bpffs, env->slice);
	if (rmdir(path) < 0 && errno != ENOENT && errno != ENOTEMPTY)
		return err_set(e, errno, "remove '%s'", path);
	return 0;
}
