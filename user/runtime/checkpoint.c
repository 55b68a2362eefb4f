// SPDX-License-Identifier: Apache-2.0
/* A container taken apart into files by criu. */
#include "runtime/checkpoint.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/io.h"
#include "kern/cgroup.h"
#include "runtime/bundle.h"
#include "runtime/criu.h"
#include "runtime/criu_image.h"

#define CGROUP_EVENTS_MAX 256
#define END_WAIT_MS 10000 /* for processes that criu has killed to be gone */

/**
 * struct dump - a checkpoint under way
 */
struct dump {
	const struct record *r;
	const struct checkpoint_options *o;
	struct bundle bundle;
	struct criu_image image;
	struct strv args;
	int image_fd;
};

static void dump_done(struct dump *d)
{
	bundle_done(&d->bundle);
	criu_image_done(&d->image);
	strv_done(&d->args);
	d->image_fd = fd_close(d->image_fd);
}

int criu_common_args(const struct criu_options *o, struct strv *args, struct err *e)
{
	const struct {
		bool is_set;
		const char *name;
	} flags[] = {
		{ o->tcp_established, "--tcp-established" }, { o->tcp_close, "--tcp-close" },
		{ o->ext_unix_sk, "--ext-unix-sk" },	     { o->shell_job, "--shell-job" },
		{ o->file_locks, "--file-locks" },	     { o->auto_dedup, "--auto-dedup" }
	};
	/* processes are where davit-oci puts them: no cgroup of the image is made again */
	int r = strv_add(args, "--manage-cgroups=ignore");

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(flags); i++)
		r = flags[i].is_set ? strv_add(args, flags[i].name) : 0;
	if (r == 0 && o->network_lock)
		r = strv_addf(args, "--network-lock=%s", o->network_lock);
	if (r == 0 && o->empty_network)
		r = strv_addf(args, "--empty-ns=net");
	/* of a host whose mounts are shared, all mounts of a container are slaves */
	if (r == 0)
		r = strv_add(args, "--enable-external-masters");
	return r < 0 ? err_set(e, r, "prepare criu") : 0;
}

/* A namespace that others made is theirs, also later. Those of IPC and host name are only joined, by the restore. */
static int add_namespaces(struct dump *d, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < CRIU_SHARED_NS; i++) {
		const struct criu_shared_ns *n = &criu_shared_namespaces[i];
		struct stat st;
		char own[40];

		if (!d->bundle.config.linux_.namespaces[n->type].path)
			continue;
		(void)err_format(own, sizeof(own), "/proc/%d/ns/%s", d->r->init.pid, n->name);
		if (stat(own, &st) < 0)
			return err_set(e, errno, "stat '%s'", own);
		r = strv_addf(&d->args, "--external=%s[%llu]:%s", n->name,
			      (unsigned long long)st.st_ino, n->key);
	}
	return r < 0 ? err_set(e, r, "prepare criu") : 0;
}

static int add_externals(struct dump *d, struct err *e)
{
	const struct criu_image *i = &d->image;
	int r = 0;

	for (size_t k = 0; r == 0 && k < i->n_mounts; k++)
		r = strv_addf(&d->args, "--external=mnt[%s]:%s", i->mounts[k].at, i->mounts[k].at);
	for (size_t k = 0; r == 0 && k < CRIU_STREAMS; k++)
		if (str_starts(i->streams[k], "file["))
			r = strv_addf(&d->args, "--external=%s", i->streams[k]);
	return r < 0 ? err_set(e, r, "prepare criu") : add_namespaces(d, e);
}

/* Processes that are not the first one's children are stopped by it, too; and a paused container is thawed. */
static int add_freezer(struct dump *d, struct err *e)
{
	const char *cgroup = d->r->cgroup, *mode = cgroup_mode();
	int r;

	if (!cgroup || !*cgroup || !mode)
		return 0;
	r = strv_addf(&d->args, "--freeze-cgroup=/sys/fs/cgroup%s%s",
		      str_eq(mode, "v2") ? "" : "/freezer", cgroup);
	return r < 0 ? err_set(e, r, "prepare criu") : 0;
}

/* "ADDRESS:PORT", "[ADDRESS]:PORT" */
static int add_page_server(struct dump *d, struct err *e)
{
	const char *text = d->o->page_server, *colon = text ? strrchr(text, ':') : NULL;
	bool has_brackets = text && *text == '[' && colon > text && colon[-1] == ']';
	int r, length;

	if (!text)
		return 0;
	if (!colon || colon == text || !colon[1])
		return err_plain(e, -EINVAL, "option '--page-server': '%s' is not ADDRESS:PORT",
				 text);
	length = (int)(colon - text) - 2 * has_brackets;
	r = strv_add(&d->args, "--page-server");
	if (r == 0)
		r = strv_addf(&d->args, "--address=%.*s", length, text + has_brackets);
	if (r == 0)
		r = strv_addf(&d->args, "--port=%s", colon + 1);
	return r < 0 ? err_set(e, r, "prepare criu") : 0;
}

static int add_options(struct dump *d, struct err *e)
{
	const struct checkpoint_options *o = d->o;
	struct strv *args = &d->args;
	int r = strv_add(args, o->pre_dump ? "pre-dump" : "dump");

	r = r < 0 ? r : strv_addf(args, "--tree=%d", d->r->init.pid);
	r = r < 0 ? r : strv_addf(args, "--images-dir=%s", o->common.image_path);
	if (r == 0 && (o->pre_dump || o->parent_path))
		r = strv_add(args, "--track-mem");
	if (r == 0 && o->parent_path)
		r = strv_addf(args, "--prev-images-dir=%s", o->parent_path);
	if (r == 0 && o->leave_running && !o->pre_dump)
		r = strv_add(args, "--leave-running");
	if (r == 0 && o->tcp_skip_in_flight)
		r = strv_add(args, "--skip-in-flight");
	if (r == 0 && o->link_remap)
		r = strv_add(args, "--link-remap");
	if (r == 0 && o->status_fd >= 0)
		r = strv_addf(args, "--status-fd=%d", CRIU_FD_FIRST);
	if (r < 0)
		return err_set(e, r, "prepare criu");
	r = add_page_server(d, e);
	if (r == 0)
		r = add_freezer(d, e);
	return r < 0 ? r : criu_common_args(&o->common, args, e);
}

static int give_status_fd(void *data, struct err *e)
{
	const struct dump *d = data;

	if (d->o->status_fd < 0)
		return 0;
	return dup2(d->o->status_fd, CRIU_FD_FIRST) < 0 ?
		       err_set(e, errno, "option '--status-fd'") :
		       0;
}

static int run_criu(struct dump *d, struct err *e)
{
	_cleanup_free_ char *program = NULL;
	const struct checkpoint_options *o = d->o;
	struct criu_run run = {
		.work_dir = o->common.work_path ? o->common.work_path : o->common.image_path,
		.log = o->pre_dump ? "pre-dump.log" : "dump.log",
		.args = &d->args,
		.prepare = give_status_fd,
		.data = d,
	};
	int r = criu_find(o->common.program, &program, e);

	run.program = program;
	return r < 0 ? r : criu_run(&run, e);
}

static int make_dir(const char *path, struct err *e)
{
	int r = fs_mkdir_parents(AT_FDCWD, path, 0700);

	return r < 0 ? err_set(e, r, "make '%s'", path) : 0;
}

static int open_image(struct dump *d, struct err *e)
{
	const struct criu_options *o = &d->o->common;
	int r = make_dir(o->image_path, e);

	if (r == 0 && o->work_path)
		r = make_dir(o->work_path, e);
	if (r < 0)
		return r;
	d->image_fd = open(o->image_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return d->image_fd < 0 ? err_set(e, errno, "open '%s'", o->image_path) : 0;
}

static int wait_end(const struct record *r, int pidfd, struct err *e)
{
	struct pollfd fd = { .fd = pidfd, .events = POLLIN };
	int n;

	do {
		n = poll(&fd, 1, END_WAIT_MS);
	} while (n < 0 && errno == EINTR);
	return n > 0 ? 0 : err_plain(e, -EBUSY, "container '%s' does not end", r->id);
}

static int dump(struct dump *d, struct err *e)
{
	int r = criu_image_look(&d->bundle, d->r->init.pid, &d->image, e);

	if (r == 0)
		r = add_options(d, e);
	if (r == 0 && !d->o->pre_dump) /* that is about memory alone */
		r = add_externals(d, e);
	if (r == 0)
		r = open_image(d, e);
	if (r < 0 || d->o->pre_dump)
		return r < 0 ? r : run_criu(d, e);
	/* before: a container that has ended without it could not be restored */
	r = criu_image_write(&d->image, d->image_fd, e);
	if (r < 0)
		return r;
	r = run_criu(d, e);
	if (r < 0)
		criu_image_forget(d->image_fd);
	return r;
}

/* All that is restored is in the container's own cgroup: what was below would be there without its limits. */
static int check_cgroup(const struct record *r, struct err *e)
{
	struct cgroup *cg = container_cgroup(r);
	int fd = cg ? cgroup_fd(cg) : -1, s = 0;
	_cleanup_fd_ int own = fd < 0 ? -1 : openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = own < 0 ? NULL : fdopendir(TAKE_FD(own));
	struct dirent *de;

	while (dir && s == 0 && (de = readdir(dir))) {
		_cleanup_free_ char *events = NULL;
		char text[CGROUP_EVENTS_MAX];

		if (*de->d_name == '.' || de->d_type != DT_DIR)
			continue;
		events = str_printf("%s/cgroup.events", de->d_name);
		if (!events)
			s = err_set(e, ENOMEM, "look at the cgroup");
		else if (io_read_small(fd, events, text, sizeof(text)) > 0 &&
			 strstr(text, "populated 1"))
			s = err_plain(
				e, -EOPNOTSUPP,
				"processes are in '%s' below the container's cgroup: criu could not put them there again",
				de->d_name);
	}
	if (dir)
		(void)closedir(dir);
	cgroup_free(cg);
	return s;
}

static int check(const struct record *r, const struct checkpoint_options *o, struct err *e)
{
	enum record_status status = container_look(r);
	_cleanup_free_ char *program = NULL;

	if (status != RECORD_RUNNING && status != RECORD_PAUSED)
		return err_plain(e, -EINVAL, "cannot checkpoint container '%s': it is %s", r->id,
				 record_status_name(status));
	if (o->parent_path && *o->parent_path == '/')
		return err_plain(e, -EINVAL,
				 "option '--parent-path': '%s' is not relative to the image",
				 o->parent_path);
	return criu_find(o->common.program, &program, e); /* before anything is made */
}

int container_checkpoint(const struct record *r, const char *root,
			 const struct checkpoint_options *o, struct err *e)
{
	_cleanup_(dump_done) struct dump d = {
		.r = r, .o = o, .bundle = { .fd = -1, .rootfs_fd = -1 }, .image_fd = -1
	};
	_cleanup_fd_ int pidfd = -1;
	int s = check(r, o, e);

	if (s == 0)
		s = bundle_open(r->bundle, root, &d.bundle, e);
	if (s == 0)
		s = criu_supports(&d.bundle, e);
	if (s == 0)
		s = check_cgroup(r, e);
	if (s < 0)
		return err_wrap(e, s, "checkpoint container '%s'", r->id);
	pidfd = proc_id_open(&r->init);
	if (pidfd < 0)
		return err_set(e, pidfd, "open the process of container '%s'", r->id);
	s = dump(&d, e);
	if (s < 0)
		return err_wrap(e, s, "checkpoint container '%s'", r->id);
	return o->pre_dump || o->leave_running ? 0 : wait_end(r, pidfd, e);
}
