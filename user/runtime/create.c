// SPDX-License-Identifier: Apache-2.0
/* A container from a bundle, up to the process that waits to be started. */
#include "runtime/create.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/fmt.h"
#include "base/io.h"
#include "base/json.h"
#include "base/libc.h"
#include "kern/cgroup.h"
#include "runtime/bundle_network.h"
#include "runtime/bundle_plan.h"
#include "runtime/bundle_spawn.h"
#include "runtime/cgroup_manager.h"
#include "runtime/hook_point.h"
#include "runtime/host_root.h"
#include "runtime/seal.h"
#include "runtime/listener.h"
#include "runtime/resctrl.h"
#include "runtime/socket.h"

/**
 * struct making - a create under way; what is set is undone on failure
 * @is_deleted: by another process, while hooks ran
 */
struct making {
	const struct create_options *o;
	struct created *c;
	struct cgroup_hold hold;
	struct bundle_plan plan;
	struct bundle_network network;
	bool has_plan, has_cgroup, has_record, has_class, is_deleted;
	int console, resctrl;
};

void created_done(struct created *c)
{
	bundle_done(&c->bundle);
	record_done(&c->record);
	c->dirfd = fd_close(c->dirfd);
	bundle_child_done(&c->child);
}

int console_connect(const char *path, struct err *e)
{
	return socket_connect("option '--console-socket'", path, e);
}

static int open_console(struct making *m, struct err *e)
{
	struct oci_process *process = &m->c->bundle.config.process;
	bool has_terminal = process->terminal;

	if (has_terminal && !m->o->console_socket && !m->o->open_console)
		return err_plain(e, -EINVAL, "process.terminal: needs --console-socket");
	if (!has_terminal && m->o->console_socket)
		return err_plain(e, -EINVAL, "option '--console-socket' needs process.terminal");
	if (!has_terminal)
		return 0;
	m->console = m->o->console_socket ? console_connect(m->o->console_socket, e) :
					    m->o->open_console(process, m->o->console_data, e);
	return m->console < 0 ? m->console : 0;
}

int container_fill_record(const struct bundle *b, const char *id, struct record *r, struct err *e)
{
	const json_t *config = b->config.doc.json;
	json_t *annotations = json_object_get(config, "annotations"), *hooks;
	char now[FMT_TIME_BUF];

	r->id = strdup(id);
	r->bundle = strdup(b->path);
	r->rootfs = strdup(b->rootfs);
	r->created = strdup(fmt_time(fmt_now_ns(), now));
	r->owner = strdup("root");
	r->annotations = json_is_object(annotations) ? json_incref(annotations) : NULL;
	hooks = json_object_get(config, "hooks"); /* null is as good as nothing */
	r->hooks =
		json_is_object(hooks) ?
			hook_point_keep(hooks, json_object_get(json_object_get(config, "process"),
							       "env")) :
			NULL;
	r->has_own_pids = oci_linux_new_namespaces(&b->config.linux_) & CLONE_NEWPID;
	r->has_userns = b->config.linux_.namespaces[OCI_NS_USER].is_listed;
	r->has_host_root = !b->config.linux_.namespaces[OCI_NS_MOUNT].is_listed;
	r->resctrl = b->config.linux_.has_intel_rdt ? resctrl_own(&b->config.linux_.intel_rdt, id) :
						      strdup("");
	return r->id && r->bundle && r->rootfs && r->created && r->owner && r->resctrl &&
			       (r->hooks || !json_is_object(hooks)) ?
		       0 :
		       err_set(e, ENOMEM, "create container '%s'", id);
}

static int begin_record(struct making *m, struct err *e)
{
	struct record *r = &m->c->record;
	int s = container_fill_record(&m->c->bundle, m->o->id, r, e);

	if (s == 0)
		s = m->o->cgroups->place(&m->c->bundle.config, r, e);
	if (s < 0)
		return s;
	m->c->dirfd = record_make(m->o->root, m->o->id, e);
	if (m->c->dirfd < 0)
		return m->c->dirfd;
	m->has_record = true;
	/* before the cgroup: whoever finds us killed knows where to look */
	return record_write(m->c->dirfd, r, e);
}

int container_make_cgroup(const struct cgroup_manager *by, const struct oci_config *c,
			  struct record *r, struct cgroup_hold *h, struct err *e)
{
	int s = by->make(c, r, h, e);

	if (s < 0)
		return s;
	r->has_own_cgroup = h->cg;
	r->cgroup_inode = h->cg ? cgroup_inode(h->cg) : 0;
	return 0;
}

static int make_cgroup(struct making *m, struct err *e)
{
	int s = container_make_cgroup(m->o->cgroups, &m->c->bundle.config, &m->c->record, &m->hold,
				      e);

	m->has_cgroup = s == 0;
	return s;
}

static int make_plan(struct making *m, struct err *e)
{
	struct bundle_options o = { .console_fd = m->console,
				    .preserve_fds = m->o->preserve_fds,
				    .no_pivot = m->o->no_pivot,
				    .no_new_keyring = m->o->no_new_keyring,
				    .init_path = m->o->init_path,
				    .cgroup = m->hold.shown ? m->hold.shown : m->c->record.cgroup,
				    .id = m->o->id,
				    .state = m->o->root };
	int r = bundle_plan_build(&m->c->bundle, &o, &m->plan, e);

	m->has_plan = r == 0;
	return r;
}

/* @dirfd: as hook_point_run() has it */
static int run_hooks(struct making *m, enum oci_hook_point point, const struct hook_place *place,
		     int dirfd, struct err *e)
{
	int r = hook_point_run(&m->c->bundle.config.hooks, point, &m->c->record,
			       point == OCI_HOOK_POSTSTOP ? RECORD_STOPPED : RECORD_CREATING, place,
			       dirfd, e);

	m->is_deleted = m->is_deleted || r == -ESTALE;
	return r;
}

static int at_stage(enum bundle_stage stage, pid_t pid, int pidfd, void *data, struct err *e)
{
	struct making *m = data;
	struct created *c = m->c;
	struct hook_place host = { .pidfd = -1, .root_fd = -1, .cwd = c->bundle.path };
	struct hook_place inside = { .pidfd = pidfd,
				     .root_fd = -1,
				     .ns = oci_linux_namespaces(&c->bundle.config.linux_),
				     .cwd = c->bundle.rootfs,
				     .env = c->bundle.config.process.env.v };
	int r = 0;

	c->record.init.pid = pid;
	if (stage == BUNDLE_AT_ROOT)
		return run_hooks(m, OCI_HOOK_CREATE_CONTAINER, &inside, c->dirfd, e);
	if (stage == BUNDLE_AT_NAMESPACES)
		r = bundle_network_give(&c->bundle.config.linux_, pid, &m->network, e);
	if (r == 0)
		r = run_hooks(m, OCI_HOOK_PRESTART, &host, c->dirfd, e);
	return r < 0 ? r : run_hooks(m, OCI_HOOK_CREATE_RUNTIME, &host, c->dirfd, e);
}

static int at_listener(int fd, pid_t pid, void *data, struct err *e)
{
	struct making *m = data;

	m->c->record.init.pid = pid;
	return listener_send(&m->c->bundle.config.linux_.seccomp, fd, pid, &m->c->record,
			     RECORD_CREATING, e);
}

static int spawn_child(struct making *m, struct err *e)
{
	struct bundle_events events = { .at = at_stage, .listener = at_listener, .data = m };
	const struct oci_hooks *hooks = &m->c->bundle.config.hooks;
	struct record *rec = &m->c->record;
	struct bundle_child child;
	const int *join = NULL;
	struct cgroup *cg = m->hold.cg;
	int n = cg ? cgroup_join_fds(cg, &join, e) : 0, r;

	if (n < 0)
		return n;
	/* killed before the record has its pid, it is found by its cgroup; what is done to it from here needs one that waits */
	events.at_once = m->o->at_once && cg && !hooks->at[OCI_HOOK_START_CONTAINER].n &&
			 !m->o->cgroups->settle && !m->has_class;
	r = bundle_spawn(&m->c->bundle.config.linux_, &m->c->bundle.config.process, &m->plan,
			 cg ? cgroup_fd(cg) : -1, join, (size_t)n, &events, &child, e);
	if (r < 0)
		return r;
	m->c->child = child;
	rec->pipes.report = child.report;
	rec->pipes.wait = child.wait;
	rec->wait_dev = child.wait_dev;
	rec->wait_inode = child.wait_inode;
	return proc_id_keep(child.pid, child.pidfd, m->c->dirfd, &rec->init, e);
}

int write_pid_file(const char *path, pid_t pid, struct err *e)
{
	char text[16];

	if (!path)
		return 0;
	return io_replace_file(AT_FDCWD, path, text, err_format(text, sizeof(text), "%d", pid),
			       0644, 0, e);
}

int send_pidfd(const char *path, int pidfd, struct err *e)
{
	static const char what[] = "option '--pidfd-socket'";
	_cleanup_fd_ int fd = -1;

	if (!path)
		return 0;
	fd = socket_connect(what, path, e);
	return fd < 0 ? fd : socket_send_fd(what, fd, pidfd, "", 1, e);
}

static int publish(struct making *m, struct err *e)
{
	const struct record *r = &m->c->record;
	int s = record_write(m->c->dirfd, r, e);

	if (s == 0)
		s = send_pidfd(m->o->pidfd_socket, m->c->child.pidfd, e);
	/* last: it is what callers wait for */
	return s < 0 ? s : write_pid_file(m->o->pid_file, r->init.pid, e);
}

/* The class of linux.intelRdt is there before the process is. */
static int make_class(struct making *m, struct err *e)
{
	const struct oci_linux *linux_ = &m->c->bundle.config.linux_;
	int r;

	if (!linux_->has_intel_rdt)
		return 0;
	m->resctrl = resctrl_open(e);
	if (m->resctrl < 0)
		return m->resctrl;
	r = resctrl_prepare(m->resctrl, &linux_->intel_rdt, m->o->id, e);
	m->has_class = r == 0;
	return r;
}

static int join_class(struct making *m, struct err *e)
{
	return m->has_class ? resctrl_join(m->resctrl, &m->c->bundle.config.linux_.intel_rdt,
					   m->o->id, m->c->child.pid, e) :
			      0;
}

/* The first error is the one to tell. */
static void undo(struct making *m)
{
	struct hook_place host = { .pidfd = -1, .root_fd = -1, .cwd = m->c->bundle.path };
	siginfo_t si;

	bundle_network_take_back(&m->network);
	if (m->c->child.pidfd >= 0) {
		(void)pidfd_send_signal(m->c->child.pidfd, SIGKILL, NULL, 0);
		while (waitid(P_PIDFD, (id_t)m->c->child.pidfd, &si, WEXITED | __WALL) < 0 &&
		       errno == EINTR)
			;
	}
	if (m->c->record.init.pid && !m->is_deleted) /* hooks have seen it */
		(void)run_hooks(m, OCI_HOOK_POSTSTOP, &host, -1, NULL);
	scope_release(&m->hold.scope);
	if (m->is_deleted) /* the rest may be another one's by now */
		return;
	if (m->has_class)
		(void)resctrl_remove(m->resctrl, m->c->record.resctrl, NULL);
	if (m->has_cgroup)
		(void)m->o->cgroups->remove(&m->c->record, m->hold.cg, NULL);
	/* a record stays where something is left for delete */
	if (m->has_record && m->c->record.has_host_root &&
	    host_root_remove(m->o->root, m->o->id, NULL) < 0)
		m->has_record = false;
	if (m->has_record)
		(void)record_remove(m->o->root, m->o->id, NULL);
}

static int make_all(struct making *m, struct err *e)
{
	int r = bundle_open(m->o->bundle, m->o->root, &m->c->bundle, e);

	if (r == 0 && !m->c->bundle.config.has_process)
		r = err_plain(e, -EINVAL, "config.json: process: is missing");
	m->c->bundle.config.process.keeps_files = m->o->keeps_files;
	if (r == 0) /* before there is anything to undo */
		r = seal_for_create(&m->c->bundle, e);
	if (r == 0)
		r = open_console(m, e);
	if (r == 0)
		r = begin_record(m, e);
	if (r == 0)
		r = make_cgroup(m, e);
	if (r == 0)
		r = make_plan(m, e);
	if (r == 0)
		r = make_class(m, e);
	if (r == 0)
		r = spawn_child(m, e);
	if (r == 0)
		r = join_class(m, e);
	if (r == 0)
		r = cgroup_manager_settle(m->o->cgroups, &m->c->bundle.config, &m->hold, e);
	if (r == 0)
		r = publish(m, e);
	return r;
}

int container_create(const struct create_options *o, struct created *ret, struct err *e)
{
	struct created c = { .bundle = { .fd = -1, .rootfs_fd = -1 },
			     .record = { .pipes = { -1, -1 } },
			     .dirfd = -1,
			     .child = { .pidfd = -1, .report_fd = -1, .wait_fd = -1 } };
	struct making m = { .o = o,
			    .c = &c,
			    .hold = { .scope = SCOPE_INIT, .bpffs = o->bpffs },
			    .console = -1,
			    .network = BUNDLE_NETWORK_INIT,
			    .resctrl = -1 };
	int r = record_check_id(o->id, e);

	if (r == 0)
		r = make_all(&m, e);
	if (r < 0)
		undo(&m);
	if (m.has_plan)
		bundle_plan_done(&m.plan);
	cgroup_hold_done(&m.hold);
	bundle_network_done(&m.network);
	(void)fd_close(m.resctrl);
	(void)fd_close(m.console);
	if (r < 0) {
		created_done(&c);
		return r;
	}
	*ret = c;
	return 0;
}
