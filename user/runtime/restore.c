// SPDX-License-Identifier: Apache-2.0
/* A container put together by criu. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/fmt.h"
#include "base/fs.h"
#include "base/io.h"
#include "base/libc.h"
#include "kern/cgroup.h"
#include "runtime/cgroup_manager.h"
#include "runtime/checkpoint.h"
#include "runtime/criu.h"
#include "runtime/criu_image.h"
#include "runtime/restore_stage.h"

#define STAGE_DIR "criu" /* in the container's record, for as long as criu runs */
#define PID_FILE "criu.pid"
#define PID_MAX 32u

/**
 * struct restoring - a restore under way; what is set is undone on failure
 * @dir: of the record, absolute
 * @shared: namespaces by path; -1 = none
 */
struct restoring {
	const struct restore_options *o;
	struct created *c;
	struct criu_image image;
	struct cgroup_hold hold;
	struct restore_stage stage;
	struct strv args;
	char *program, *dir, *stage_dir;
	int shared[CRIU_SHARED_NS];
	bool has_record;
};

static void restoring_done(struct restoring *m)
{
	restore_stage_done(&m->stage);
	criu_image_done(&m->image);
	cgroup_hold_done(&m->hold);
	strv_done(&m->args);
	free(m->program);
	free(m->dir);
	free(m->stage_dir);
	for (size_t i = 0; i < CRIU_SHARED_NS; i++)
		m->shared[i] = fd_close(m->shared[i]);
}

static int read_image(struct restoring *m, struct err *e)
{
	const char *path = m->o->common.image_path;
	_cleanup_fd_ int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? err_set(e, errno, "open '%s'", path) : criu_image_read(fd, &m->image, e);
}

/* All that can be refused before anything is made. */
static int check(struct restoring *m, struct err *e)
{
	const struct restore_options *o = m->o;
	int r = criu_find(o->common.program, &m->program, e);

	if (r == 0)
		r = bundle_open(o->create.bundle, o->create.root, &m->c->bundle, e);
	if (r == 0)
		r = criu_supports(&m->c->bundle, e);
	if (r == 0 && o->create.console_socket)
		r = err_plain(e, -EINVAL, "option '--console-socket' needs process.terminal");
	return r < 0 ? r : read_image(m, e);
}

static int open_namespaces(struct restoring *m, struct err *e)
{
	for (size_t i = 0; i < CRIU_SHARED_NS; i++) {
		enum oci_ns_type type = criu_shared_namespaces[i].type;
		const char *path = m->c->bundle.config.linux_.namespaces[type].path;

		if (!path)
			continue;
		m->shared[i] = open(path, O_RDONLY | O_CLOEXEC);
		if (m->shared[i] < 0)
			return err_set(e, errno, "linux.namespaces: open '%s'", path);
	}
	return 0;
}

static int begin_record(struct restoring *m, struct err *e)
{
	const struct create_options *o = &m->o->create;
	struct record *r = &m->c->record;
	_cleanup_free_ char *link = NULL;
	char path[32];
	int s = container_fill_record(&m->c->bundle, o->id, r, e);

	if (s == 0)
		s = o->cgroups->place(&m->c->bundle.config, r, e);
	if (s < 0)
		return s;
	m->c->dirfd = record_make(o->root, o->id, e);
	if (m->c->dirfd < 0)
		return m->c->dirfd;
	m->has_record = true;
	s = record_write(m->c->dirfd, r, e);
	if (s < 0)
		return s;
	(void)err_format(path, sizeof(path), "/proc/self/fd/%d", m->c->dirfd);
	m->dir = fs_read_link(AT_FDCWD, path);
	m->stage_dir = m->dir ? str_printf("%s/" STAGE_DIR, m->dir) : NULL;
	if (!m->stage_dir)
		return err_set(e, ENOMEM, "restore container '%s'", o->id);
	return mkdirat(m->c->dirfd, STAGE_DIR, 0700) < 0 ?
		       err_set(e, errno, "make '%s'", m->stage_dir) :
		       0;
}

static int open_stage(struct restoring *m, struct err *e)
{
	const struct oci_linux *linux_ = &m->c->bundle.config.linux_;

	m->stage.b = &m->c->bundle;
	m->stage.image = &m->image;
	m->stage.dir = m->stage_dir;
	m->stage.cgroup = m->hold.shown ? m->hold.shown : m->c->record.cgroup;
	m->stage.has_cgroup_ns = oci_linux_new_namespaces(linux_) & CLONE_NEWCGROUP;
	return restore_stage_open(&m->stage, e);
}

/* Streams that are one and the same are inherited once. */
static int add_streams(struct restoring *m, struct err *e)
{
	char *const *streams = m->image.streams;
	int r = 0;

	for (int i = 0; r == 0 && i < CRIU_STREAMS; i++) {
		bool is_again = false;

		for (int k = 0; k < i; k++)
			is_again = is_again || str_eq(streams[i], streams[k]);
		if (*streams[i] && !is_again)
			r = strv_addf(&m->args, "--inherit-fd=fd[%d]:%s", CRIU_FD_FIRST + i,
				      streams[i]);
	}
	return r < 0 ? err_set(e, r, "prepare criu") : 0;
}

static int add_namespaces(struct restoring *m, struct err *e)
{
	const struct oci_namespace *all = m->c->bundle.config.linux_.namespaces;
	int r = 0;

	for (int i = 0; r == 0 && i < CRIU_SHARED_NS; i++)
		if (m->shared[i] >= 0)
			r = strv_addf(&m->args, "--inherit-fd=fd[%d]:%s",
				      CRIU_FD_FIRST + CRIU_STREAMS + i,
				      criu_shared_namespaces[i].key);
	if (r == 0 && all[OCI_NS_IPC].path)
		r = strv_addf(&m->args, "--join-ns=ipc:%s", all[OCI_NS_IPC].path);
	if (r == 0 && all[OCI_NS_UTS].path)
		r = strv_addf(&m->args, "--join-ns=uts:%s", all[OCI_NS_UTS].path);
	return r < 0 ? err_set(e, r, "prepare criu") : 0;
}

static int make_args(struct restoring *m, struct err *e)
{
	static const char *const always[] = { "restore", "--restore-detached", "--restore-sibling",
					      "--evasive-devices" };
	const struct restore_options *o = m->o;
	struct strv *args = &m->args;
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(always); i++)
		r = strv_add(args, always[i]);
	r = r < 0 ? r : strv_addf(args, "--images-dir=%s", o->common.image_path);
	r = r < 0 ? r : strv_addf(args, "--pidfile=%s/" PID_FILE, m->dir);
	if (r == 0 && o->lsm_profile)
		r = strv_addf(args, "--lsm-profile=%s", o->lsm_profile);
	if (r == 0 && o->lsm_mount_context)
		r = strv_addf(args, "--lsm-mount-context=%s", o->lsm_mount_context);
	if (r < 0)
		return err_set(e, r, "prepare criu");
	r = criu_common_args(&o->common, args, e);
	if (r == 0)
		r = restore_stage_args(&m->stage, args, e);
	if (r == 0)
		r = add_streams(m, e);
	return r < 0 ? r : add_namespaces(m, e);
}

static int give(int fd, int as, struct err *e)
{
	return dup2(fd, as) < 0 ? err_set(e, errno, "hand descriptor %d to criu", fd) : 0;
}

/*
 * In the process that becomes criu: what it restores is in the cgroups that it is in, and so within the limits and
 * rules from the first moment on.
 */
static int prepare(void *data, struct err *e)
{
	const struct restoring *m = data;
	struct cgroup *cg = m->hold.cg;
	const int *join = NULL;
	int n = cg ? cgroup_join_fds(cg, &join, e) : 0, r = n < 0 ? n : 0;

	if (r == 0 && cg && cgroup_fd(cg) >= 0) {
		r = io_write_file(cgroup_fd(cg), "cgroup.procs", "0");
		if (r < 0)
			return err_set(e, r, "enter the cgroup of container '%s'", m->c->record.id);
	}
	if (r == 0 && n > 0)
		r = cgroup_join_self(join, (size_t)n, e);
	if (r == 0)
		r = restore_stage_show(&m->stage, e);
	for (int i = 0; r == 0 && i < CRIU_STREAMS; i++)
		r = give(i, CRIU_FD_FIRST + i, e);
	for (int i = 0; r == 0 && i < CRIU_SHARED_NS; i++)
		if (m->shared[i] >= 0)
			r = give(m->shared[i], CRIU_FD_FIRST + CRIU_STREAMS + i, e);
	return r;
}

static int run_criu(struct restoring *m, struct err *e)
{
	const struct criu_options *o = &m->o->common;
	struct criu_run run = { .program = m->program,
				.work_dir = o->work_path ? o->work_path : o->image_path,
				.log = "restore.log",
				.args = &m->args,
				.prepare = prepare,
				.data = m };

	if (o->work_path) {
		int r = fs_mkdir_parents(AT_FDCWD, o->work_path, 0700);

		if (r < 0)
			return err_set(e, r, "make '%s'", o->work_path);
	}
	return criu_run(&run, e);
}

/* Its first process is a child of ours: criu has made it a sibling. */
static int take_child(struct restoring *m, struct err *e)
{
	struct bundle_child *child = &m->c->child;
	char text[PID_MAX];
	ssize_t n = io_read_small(m->c->dirfd, PID_FILE, text, sizeof(text));
	uint32_t pid = 0;
	int r = n < 0 ? (int)n : fmt_parse_u32(text, &pid);

	if (r < 0)
		return err_set(e, r, "read the pid that criu has written");
	child->pid = (pid_t)pid;
	child->pidfd = pidfd_open(child->pid, 0);
	if (child->pidfd < 0)
		return err_set(e, errno, "open process %d", child->pid);
	r = proc_id_keep(child->pid, child->pidfd, m->c->dirfd, &m->c->record.init, e);
	if (r < 0)
		return r;
	/* seen no more: the namespace that had it is gone with criu */
	(void)unlinkat(m->c->dirfd, PID_FILE, 0);
	return unlinkat(m->c->dirfd, STAGE_DIR, AT_REMOVEDIR) < 0 ?
		       err_set(e, errno, "remove '%s'", m->stage_dir) :
		       0;
}

static int publish(struct restoring *m, struct err *e)
{
	int r = record_write(m->c->dirfd, &m->c->record, e);

	return r < 0 ? r : write_pid_file(m->o->create.pid_file, m->c->record.init.pid, e);
}

static int restore(struct restoring *m, struct err *e)
{
	const struct cgroup_manager *by = m->o->create.cgroups;
	const struct oci_config *config = &m->c->bundle.config;
	int r = check(m, e);

	if (r == 0)
		r = open_namespaces(m, e);
	if (r == 0)
		r = begin_record(m, e);
	if (r == 0)
		r = container_make_cgroup(by, config, &m->c->record, &m->hold, e);
	if (r == 0) /* delete needs its inode */
		r = record_write(m->c->dirfd, &m->c->record, e);
	if (r == 0)
		r = open_stage(m, e);
	if (r == 0)
		r = make_args(m, e);
	if (r == 0)
		r = run_criu(m, e);
	if (r == 0)
		r = take_child(m, e);
	if (r == 0)
		r = cgroup_manager_settle(by, config, &m->hold, e);
	return r < 0 ? r : publish(m, e);
}

int container_restore(const struct restore_options *o, struct created *ret, struct err *e)
{
	struct created c = { .bundle = { .fd = -1, .rootfs_fd = -1 },
			     .record = { .pipes = { -1, -1 } },
			     .dirfd = -1,
			     .child = { .pidfd = -1, .report_fd = -1, .wait_fd = -1 } };
	struct restoring m = { .o = o,
			       .c = &c,
			       .hold = { .scope = SCOPE_INIT, .bpffs = o->create.bpffs },
			       .stage = { .root = -1 },
			       .shared = { -1 } };
	int r = record_check_id(o->create.id, e);

	if (r == 0)
		r = restore(&m, e);
	if (r < 0) {
		(void)err_wrap(e, r, "restore container '%s'", o->create.id);
		scope_release(&m.hold.scope);
		if (m.has_record) /* the first error is the one to tell */
			(void)container_delete_child(&c, o->create.root, NULL);
	}
	restoring_done(&m);
	if (r < 0) {
		created_done(&c);
		return r;
	}
	*ret = c;
	return 0;
}
