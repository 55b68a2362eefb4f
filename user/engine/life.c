// SPDX-License-Identifier: Apache-2.0
/* One life of a container: prepare and start. The end is in life_end.c. */
#include "engine/life.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/fmt.h"
#include "base/fs.h"
#include "base/io.h"
#include "base/lock.h"
#include "base/timing.h"
#include "engine/container.h"
#include "engine/disk.h"
#include "engine/end_record.h"
#include "engine/engine.h"
#include "engine/etc_files.h"
#include "engine/id_range.h"
#include "kern/bpf.h"
#include "kern/cgroup.h"
#include "kern/overlay.h"
#include "runtime/host_root.h"
#include "runtime/userns.h"
#include "store/image.h"

static int life_init(struct engine *en, const struct container *c, struct timing *timing,
		     struct life *l, struct err *e)
{
	*l = (struct life){ .en = en,
			    .c = c,
			    .run_fd = -1,
			    .state_fd = -1,
			    .slice_fd = -1,
			    .root_fd = -1,
			    .userns_fd = -1,
			    .timing = timing,
			    .started = { .pidfd = -1 } };
	l->run_path = str_printf("%s/containers/%s", en->env->state, c->id);
	return l->run_path ? 0 : err_set(e, ENOMEM, "start '%s'", c->id);
}

/* Who removes the container holds the same lock: from here on it sees the running state, or we that it
 * is gone. */
static int lock_record(struct engine *en, const struct container *c, struct err *e)
{
	char path[CONTAINER_PATH_MAX];
	_cleanup_fd_ int lock = -1;

	lock = engine_claim_root(en, e);
	if (lock == 0)
		lock = lock_dir(en->store.fd, container_path(path, c->id, NULL), LOCK_EX, e);
	if (lock == -ENOENT || (lock >= 0 && !fs_exists(en->store.fd, container_path(path, c->id, "config.json"))))
		return err_plain(e, -ENOENT, "no container '%s'", c->name ? c->name : c->id);
	return TAKE_FD(lock);
}

/* Its policy may have been changed since @l->c was read; from here on that fails, until the container runs. */
static int read_again(struct life *l, struct err *e)
{
	int r;

	if (!l->c->is_loaded || l->c->is_ephemeral)
		return 0;
	r = container_load(l->en, l->c->id, &l->fresh, e);
	if (r == 0)
		l->c = &l->fresh;
	return r;
}

int life_begin(struct engine *en, const struct container *c, struct timing *timing,
	       struct life *ret, struct err *e)
{
	_cleanup_fd_ int record = c->is_ephemeral ? -1 : lock_record(en, c, e);
	char path[CONTAINER_PATH_MAX];
	int r = record < 0 && !c->is_ephemeral ? record : life_init(en, c, timing, ret, e);

	if (r < 0)
		return r;
	r = read_again(ret, e);
	if (r < 0) {
		life_done(ret);
		return r;
	}
	container_path(path, c->id, NULL);
	/* who sweeps may take an unlocked directory away between the two steps: try again */
	for (int tries = 0; tries < 16; tries++) {
		if (mkdirat(en->state_fd, path, 0700) < 0) {
			r = -errno;
			if (r == -ENOENT && tries == 0 && engine_make_state(en, NULL) == 0)
				continue;
			if (r == -EEXIST && tries == 0 && life_drop(en, c, NULL) == 0)
				continue;
			r = r == -EEXIST ?
				    err_plain(e, -EALREADY, "container '%.12s' is running already",
					      c->id) :
				    err_set(e, r, "make '%s'", ret->run_path);
			break;
		}
		ret->run_fd = lock_dir(en->state_fd, path, LOCK_EX, e);
		r = ret->run_fd < 0 ? ret->run_fd : 0;
		if (r != -ENOENT)
			break;
	}
	if (r < 0)
		life_done(ret);
	return r;
}

int life_adopt(struct engine *en, const struct container *c, int lock_fd, struct life *ret,
	       struct err *e)
{
	char path[CONTAINER_PATH_MAX];
	int r = life_init(en, c, NULL, ret, e);

	if (r < 0) {
		(void)fd_close(lock_fd); /* ours from the call on */
		return r;
	}
	container_path(path, c->id, NULL);
	ret->run_fd = lock_fd >= 0 ? lock_fd : lock_dir(en->state_fd, path, LOCK_EX | LOCK_NB, e);
	if (ret->run_fd < 0) {
		r = ret->run_fd;
		life_done(ret);
		return r;
	}
	ret->state_fd = openat(ret->run_fd, RUN_STATE_FILE, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (ret->state_fd >= 0)
		(void)run_state_read(ret->state_fd, &ret->state); /* a start that failed early wrote none */
	return 0;
}

static int make_cgroup(struct life *l, struct err *e)
{
	int r = cgroup_create(l->en->env->slice, l->c->id, &l->resolved.limits, &l->cgroup, e);

	timing_mark(l->timing, TIMING_CGROUP);
	return r;
}

static int write_state(struct life *l, uint32_t slot, struct err *e)
{
	l->state = (struct run_state){
		.magic = RUN_STATE_MAGIC,
		.pid = l->started.pid,
		.started_ns = fmt_now_ns(),
		.cgroup_id = l->cgroup ? cgroup_inode(l->cgroup) : 0,
		.userns_slot = slot,
	};
	int r;

	if (l->state_fd < 0)
		l->state_fd = openat(l->run_fd, RUN_STATE_FILE, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
				     0600);
	r = l->state_fd < 0 ? -errno : run_state_write(l->state_fd, &l->state);
	return r < 0 ? err_set(e, r, "write '%s/" RUN_STATE_FILE "'", l->run_path) : 0;
}

static int insert_policy(struct life *l, struct err *e)
{
	const struct env *env = l->en->env;
	int r;

	if (cgroup_fd(l->cgroup) < 0) { /* pure v1: there is nowhere to link programs */
		if (!l->resolved.policy)
			return cgroup_set_devices(l->cgroup, l->resolved.has_devices ?
						  &l->resolved.devices : NULL, e);
		r = err_plain(e, -EOPNOTSUPP, "a network policy needs cgroup v2, which is not mounted");
		err_hint(e, "boot with systemd.unified_cgroup_hierarchy=1, or mount cgroup2 on "
			    "/sys/fs/cgroup/unified");
		return r;
	}
	l->slice_fd = cgroup_slice_fd(env->slice, e);
	if (l->slice_fd < 0)
		return l->slice_fd;
	r = bpf_set_open(env, l->slice_fd, &l->bpf, e);
	if (r == 0)
		r = bpf_set_insert(l->bpf, cgroup_inode(l->cgroup), l->resolved.policy,
				   l->resolved.has_devices ? &l->resolved.devices : NULL, e);
	timing_mark(l->timing, TIMING_POLICY);
	return r;
}

/* What the end gives back by id_range_release(). */
static int reserve_ids(struct life *l, uint32_t *ret_slot, struct err *e)
{
	const char *userns = l->c->options.userns;

	*ret_slot = 0;
	return str_eq(userns, "auto") || str_eq(userns, "private") ?
		       id_range_reserve(l->en, l->c->id, &l->resolved.config.id_map, ret_slot, e) :
		       0;
}

/*
 * <root>/skel: what is mounted on in every container. As the bottom layer it supplies only what the
 * image lacks, so that a start writes nothing into the container's own layer.
 */
static int fill_skeleton(struct life *l, struct err *e)
{
	static const char *const dirs[] = { "skel.new", "skel.new/dev", "skel.new/proc", "skel.new/sys",
					    "skel.new/etc" };
	static const char *const files[] = { "skel.new/etc/hosts", "skel.new/etc/hostname",
					     "skel.new/etc/resolv.conf" };

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		if (mkdirat(l->en->store.fd, dirs[i], 0755) < 0 && errno != EEXIST)
			return err_set(e, errno, "make '%s/%s'", l->en->env->root, dirs[i]);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		int fd = openat(l->en->store.fd, files[i], O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

		if (fd < 0)
			return err_set(e, errno, "make '%s/%s'", l->en->env->root, files[i]);
		(void)close(fd); /* empty */
	}
	if (renameat(l->en->store.fd, "skel.new", l->en->store.fd, "skel") < 0)
		return err_set(e, errno, "make '%s/skel'", l->en->env->root);
	return 0;
}

/* It appears as a whole. Several may fill the same directory; who comes late takes the other's. */
static int make_skeleton(struct life *l, struct err *e)
{
	int r = fill_skeleton(l, e);

	return r < 0 && fs_exists(l->en->store.fd, "skel") ? 0 : r;
}

static int mount_root(struct life *l, const struct image *im, struct err *e)
{
	char upper[CONTAINER_PATH_MAX], work[CONTAINER_PATH_MAX], inner[CONTAINER_PATH_MAX];
	struct overlay_spec spec = {
		.base_fd = l->en->store.fd,
		.base_path = l->en->env->root,
		.lower = &im->layers,
		.lower_prefix = "l/",
		.bottom = "skel",
		.upper = container_path(upper, l->c->id, "upper"),
		.work = container_path(work, l->c->id, "work"),
		.is_volatile = l->c->options.auto_remove,
		.userns_fd = -1,
	};

	if (l->resolved.config.new_ns & CLONE_NEWUSER) {
		l->userns_fd = userns_create(&l->resolved.config.id_map, e);
		if (l->userns_fd < 0)
			return l->userns_fd;
		spec.userns_fd = l->userns_fd;
		spec.root_id = l->resolved.config.id_map.outside;
	}
	l->root_fd = overlay_mount(&spec, e);
	if (l->root_fd == -ENOENT && make_skeleton(l, NULL) == 0) {
		/* before 6.5, a mount that fails has marked the work directory as volatile by then */
		(void)fs_remove_tree(l->en->store.fd, container_path(inner, l->c->id, "work/work"), NULL);
		l->root_fd = overlay_mount(&spec, e);
	}
	if (l->root_fd < 0)
		return l->root_fd;
	timing_mark(l->timing, TIMING_ROOTFS);
	return 0;
}

static int build_plan(struct life *l, struct err *e)
{
	_cleanup_free_ char *pivot = NULL;
	_cleanup_free_ char *empty = str_printf("%s/empty", l->en->env->state);
	struct plan_places places = { .root_fd = l->root_fd, .userns_fd = l->userns_fd };
	int r;

	if (container_is_on_host(l->c)) {
		r = host_root_make(l->en->env->state, l->c->id, &pivot, e);
		if (r < 0)
			return r;
	} else {
		pivot = str_printf("%s/pivot", l->en->env->state);
	}
	if (!pivot || !empty)
		return err_set(e, ENOMEM, "plan the start");
	r = env_helper(l->en->env, "davit-init", &l->init_path, e);
	if (r < 0)
		return r;
	places.pivot_dir = pivot;
	places.empty_dir = empty;
	places.init_path = l->init_path;
	r = plan_build(&l->resolved.config, &places, &l->plan, e);
	if (r < 0)
		return r;
	l->has_plan = true;
	/* the plan outlives this function and keeps the one path that the child uses */
	return strv_take(&l->plan.texts, TAKE_PTR(pivot)) < 0 ? err_set(e, ENOMEM, "plan the start") : 0;
}

int life_prepare(struct life *l, const struct image *im, struct err *e)
{
	uint32_t slot = 0;
	int r = resolve(l->c, im, &l->resolved, e);

	if (r < 0)
		return r;
	l->has_resolved = true;
	r = disk_make(l->en, l->c, e);
	timing_mark(l->timing, TIMING_PLAN);
	if (r == 0)
		r = reserve_ids(l, &slot, e);
	if (r == 0)
		r = make_cgroup(l, e);
	if (r == 0)
		r = write_state(l, slot, e);
	if (r == 0)
		r = insert_policy(l, e);
	if (r == 0)
		r = mount_root(l, im, e);
	if (r == 0)
		r = resolve_user(l->root_fd, l->c, &l->resolved, e);
	if (r == 0)
		r = etc_files_make(&l->resolved.config, l->run_fd, l->run_path, e);
	if (r == 0)
		r = build_plan(l, e);
	timing_mark(l->timing, TIMING_PLAN);
	return r;
}

int life_start(struct life *l, struct err *e)
{
	int r = runtime_start(&l->resolved.config, &l->plan, l->cgroup, l->timing, &l->started, e);

	if (r == -EOPNOTSUPP)
		(void)cgroup_check_type(l->en->env->slice, e); /* knows better why */
	if (r < 0)
		return r;
	l->state.pid = l->started.pid;
	l->state.started_ns = fmt_now_ns();
	r = run_state_write(l->state_fd, &l->state);
	/* what outlives the boot: that it ran, and nobody saw the end. Where that does not fit, the end of another
	 * run would be wrong */
	if (!l->c->options.auto_remove &&
	    end_record_write(l->en, l->c->id, &l->state, false, NULL) < 0)
		end_record_remove(l->en, l->c->id);
	l->root_fd = fd_close(l->root_fd);
	return r < 0 ? err_set(e, r, "write '%s/" RUN_STATE_FILE "'", l->run_path) : 0;
}

void life_done(struct life *l)
{
	if (l->has_plan)
		plan_done(&l->plan);
	if (l->has_resolved)
		resolved_done(&l->resolved);
	l->has_plan = l->has_resolved = false;
	cgroup_freep(&l->cgroup);
	bpf_set_closep(&l->bpf);
	l->root_fd = fd_close(l->root_fd);
	l->userns_fd = fd_close(l->userns_fd);
	l->slice_fd = fd_close(l->slice_fd);
	l->state_fd = fd_close(l->state_fd);
	l->started.pidfd = fd_close(l->started.pidfd);
	l->run_fd = fd_close(l->run_fd); /* the lock goes last */
	container_done(&l->fresh);
	free(l->run_path);
	free(l->init_path);
	l->run_path = l->init_path = NULL;
}
