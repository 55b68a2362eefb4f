// SPDX-License-Identifier: Apache-2.0
/* Finding and removing what killed processes left behind. */
#include "engine/check.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/lock.h"
#include "engine/container.h"
#include "engine/engine.h"
#include "engine/id_range.h"
#include "engine/life.h"
#include "engine/remove.h"
#include "kern/bpf.h"
#include "kern/cgroup.h"
#include "runtime/host_root.h"

struct check {
	struct engine *en;
	struct strv *found, *problems;
	struct err *e;
	int first;
};

static void failed(struct check *k, int r, const struct err *why)
{
	if (k->first == 0) {
		k->first = r;
		if (k->e)
			*k->e = *why;
	}
}

static void note(struct check *k, const char *what, const char *id)
{
	struct err one = ERR_INIT;

	if (strv_addf(k->found, "%s '%s'", what, id) < 0)
		failed(k, err_set(&one, ENOMEM, "check"), &one);
}

static bool is_populated(struct check *k, const char *id)
{
	_cleanup_(cgroup_freep) struct cgroup *cg = NULL;

	return cgroup_open(k->en->env->slice, id, &cg, NULL) == 0 && cgroup_is_populated(cg, NULL) == 1;
}

/* Running state, but no record that says whose: the start was killed before it wrote one. */
static void end_nameless(struct check *k, const char *id)
{
	struct container c = { .options = { .auto_remove = true }, .is_ephemeral = true };
	struct err one = ERR_INIT;
	struct life l;
	int r;

	memcpy(c.id, id, ID_LEN + 1);
	r = life_adopt(k->en, &c, -1, &l, &one);
	if (r == -EWOULDBLOCK || r == -ENOENT)
		return;
	if (r == 0) {
		note(k, "unfinished start", id);
		r = life_end(&l, NULL, &one);
		life_done(&l);
	}
	if (r < 0)
		failed(k, r, &one);
}

/* A directory on disk that no record speaks of; its maker, if alive, would hold the lock. */
static void remove_nameless(struct check *k, const char *id)
{
	struct container c = { .options = { .auto_remove = true }, .is_ephemeral = true };
	char path[CONTAINER_PATH_MAX], record[CONTAINER_PATH_MAX];
	struct err one = ERR_INIT;
	_cleanup_fd_ int lock = -1;
	int r;

	lock = lock_dir(k->en->store.fd, container_path(path, id, NULL), LOCK_EX | LOCK_NB, NULL);
	/* the record may have come before the lock went; a start of --rm has its own in the running state */
	if (lock < 0 || fs_exists(k->en->store.fd, container_path(record, id, "config.json")) ||
	    fs_exists(k->en->state_fd, path))
		return;
	memcpy(c.id, id, ID_LEN + 1);
	note(k, "directory without a record", id);
	r = remove_disk(k->en, &c, &one);
	if (r < 0)
		failed(k, r, &one);
}

static void check_id(struct check *k, const char *id)
{
	char path[CONTAINER_PATH_MAX];
	struct container c = { .name = NULL };
	struct container_state st;
	struct err one = ERR_INIT;
	bool was_there;
	int r;

	container_path(path, id, NULL);
	was_there = fs_exists(k->en->state_fd, path);
	r = container_load(k->en, id, &c, &one);
	if (r == 0) {
		/* this finishes what a dead owner left */
		r = container_state(k->en, &c, &st, &one);
		if (was_there && !fs_exists(k->en->state_fd, path))
			note(k, "end of a container whose owner was killed", id);
		container_done(&c);
		if (r < 0 && r != -ENOENT)
			failed(k, r, &one);
		return;
	}
	/* what it was cannot be known, but its files may be all that somebody has */
	if (r == -EBADMSG && fs_exists(k->en->store.fd, container_path(path, id, "config.json"))) {
		if (strv_addf(k->problems, "%s%s%s", one.msg, one.is_plain ? "" : ": ",
			      one.is_plain ? "" : err_text(one.code)) < 0)
			failed(k, err_set(&one, ENOMEM, "check"), &one);
		return;
	}
	if (r != -ENOENT && r != -EBADMSG) {
		failed(k, r, &one);
		return;
	}
	if (was_there)
		end_nameless(k, id);
	else
		remove_nameless(k, id);
}

static void check_cgroups(struct check *k)
{
	_cleanup_strv_ struct strv ids = { NULL, 0 };
	char path[CONTAINER_PATH_MAX];
	struct err one = ERR_INIT;
	int r = cgroup_list(k->en->env->slice, &ids, &one);

	for (size_t i = 0; r == 0 && i < ids.n; i++) {
		if (!id_is_valid(ids.v[i]) ||
		    fs_exists(k->en->state_fd, container_path(path, ids.v[i], NULL)))
			continue;
		/* no running state: whoever made this is gone, and so is all that could be known of it */
		note(k, is_populated(k, ids.v[i]) ? "processes of no container" : "cgroup of no container",
		     ids.v[i]);
		if (is_populated(k, ids.v[i])) {
			_cleanup_(cgroup_freep) struct cgroup *cg = NULL;

			r = cgroup_open(k->en->env->slice, ids.v[i], &cg, &one);
			if (r == 0)
				r = cgroup_kill(cg, &one);
		}
		if (r == 0)
			r = cgroup_remove(k->en->env->slice, ids.v[i], &one);
	}
	if (r < 0)
		failed(k, r, &one);
}

/* Symlinks in @dir whose target id has neither record nor running state. */
static void check_links(struct check *k, int dirfd, const char *dir, const char *what)
{
	int fd = openat(dirfd, dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_dir_ DIR *d = fd < 0 ? NULL : fdopendir(fd);
	_cleanup_fd_ int lock = -1;
	struct dirent *de;

	if (!d) {
		(void)fd_close(fd); /* not there: nothing to check */
		return;
	}
	lock = lock_dir(dirfd, dir, LOCK_EX, NULL);
	while (lock >= 0 && (de = readdir(d)) != NULL) {
		_cleanup_free_ char *id = de->d_name[0] == '.' ? NULL : fs_read_link(fd, de->d_name);
		char path[CONTAINER_PATH_MAX];

		if (!id || !id_is_valid(id))
			continue;
		container_path(path, id, NULL);
		if (fs_exists(k->en->state_fd, path) || fs_exists(k->en->store.fd, path))
			continue;
		note(k, what, de->d_name);
		(void)unlinkat(fd, de->d_name, 0); /* gone already is fine */
	}
}

/* The root of a container without running state. Who starts one that is kept holds the lock of its record. */
static int remove_host_root(struct check *k, const char *id, struct err *e)
{
	char path[CONTAINER_PATH_MAX];
	_cleanup_fd_ int lock =
		lock_dir(k->en->store.fd, container_path(path, id, NULL), LOCK_EX | LOCK_NB, NULL);
	int r;

	if (lock == -EWOULDBLOCK || fs_exists(k->en->state_fd, path) ||
	    !host_root_exists(k->en->env->state, id))
		return 0;
	r = host_root_remove(k->en->env->state, id, e);
	if (r == 0)
		note(k, "mounts of no container", id);
	if (r <= 0)
		return r;
	return strv_addf(k->problems, "somebody has put files into '%s/~roots/%s'",
			 k->en->env->state, id) < 0 ?
		       err_set(e, ENOMEM, "check") :
		       0;
}

static void check_host_roots(struct check *k)
{
	_cleanup_strv_ struct strv ids = { NULL, 0 };
	struct err one = ERR_INIT;
	int r = host_root_list(k->en->env->state, &ids, &one);

	if (r < 0)
		failed(k, r, &one);
	for (size_t i = 0; i < ids.n; i++) {
		r = id_is_valid(ids.v[i]) ? remove_host_root(k, ids.v[i], &one) : 0;
		if (r < 0)
			failed(k, r, &one);
		err_clear(&one);
	}
}

struct alive {
	struct check *k;
	struct strv ids;
	uint64_t *inodes;
};

static bool is_alive(uint64_t cgroup_id, void *data)
{
	const struct alive *a = data;

	for (size_t i = 0; i < a->ids.n; i++)
		if (a->inodes[i] == cgroup_id)
			return true;
	return false;
}

static void check_policies(struct check *k)
{
	_cleanup_(bpf_set_closep) struct bpf_set *set = NULL;
	struct alive a = { .k = k };
	struct err one = ERR_INIT;
	_cleanup_fd_ int slice = cgroup_slice_fd(k->en->env->slice, NULL);
	int r;

	if (slice < 0 || bpf_set_find(k->en->env, slice, &set, NULL) < 0)
		return; /* no set, no rows */
	r = cgroup_list(k->en->env->slice, &a.ids, &one);
	a.inodes = calloc(a.ids.n + 1, sizeof(*a.inodes));
	if (r == 0 && !a.inodes)
		r = err_set(&one, ENOMEM, "check policies");
	for (size_t i = 0; r == 0 && i < a.ids.n; i++) {
		struct stat st;

		if (fstatat(slice, a.ids.v[i], &st, 0) == 0)
			a.inodes[i] = st.st_ino;
	}
	if (r == 0)
		r = bpf_set_sweep(set, is_alive, &a, &one);
	if (r > 0 && strv_addf(k->found, "policy rows of %d cgroups that are gone", r) < 0)
		r = err_set(&one, ENOMEM, "check policies");
	if (r < 0)
		failed(k, r, &one);
	free(a.inodes);
	strv_done(&a.ids);
}

int engine_check(struct engine *en, struct strv *found, struct strv *problems, struct err *e)
{
	struct check k = { .en = en, .found = found, .problems = problems, .e = e };
	_cleanup_strv_ struct strv ids = { NULL, 0 };
	int r = container_ids(en, &ids, e);

	if (r < 0)
		return r;
	for (size_t i = 0; i < ids.n; i++)
		check_id(&k, ids.v[i]);
	check_cgroups(&k);
	check_host_roots(&k);
	check_links(&k, en->store.fd, "names", "name of no container");
	check_links(&k, en->state_fd, ID_RANGE_DIR, "id range of no container");
	check_policies(&k);
	return k.first;
}
