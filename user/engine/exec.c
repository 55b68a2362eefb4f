// SPDX-License-Identifier: Apache-2.0
/* One more process in a running container. */
#include "engine/exec.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/io.h"
#include "base/libc.h"
#include "engine/container.h"
#include "engine/engine.h"
#include "engine/keeper.h"
#include "engine/pause.h"
#include "engine/resolve.h"
#include "engine/signal.h"
#include "engine/stdio.h"
#include "kern/cap.h"
#include "kern/cgroup.h"
#include "kern/clone.h"
#include "kern/exit_record.h"
#include "kern/tty.h"
#include "runtime/console.h"
#include "runtime/plan.h"
#include "runtime/relay.h"
#include "runtime/start.h"
#include "store/image.h"

#define CHILD_NS (CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWCGROUP | CLONE_NEWUSER)

struct exec {
	struct engine *en;
	const struct container *c;
	const struct exec_options *o;
	struct resolved resolved;
	struct plan plan;
	bool has_plan;
	int pidfd, root_fd;
	uint64_t mount_ns; /* CLONE_NEWNS of a container in the host's, when we are elsewhere */
	struct cgroup *cgroup;
	int member_fd; /* where in it the process is born, -1 = at its top */
	char *init_path;
	struct relay_fds relay; /* our ends */
	int theirs[3];		/* the process' ends */
	struct started started;
};

/* What differs from the container's own process. */
static int adjust(struct exec *x, struct err *e)
{
	struct runtime_config *rc = &x->resolved.config;
	const struct exec_options *o = x->o;
	int r = 0;

	strv_done(&rc->args);
	if (strv_add_all(&rc->args, &o->args) < 0)
		r = -ENOMEM;
	for (size_t i = 0; r == 0 && i < o->env.n; i++)
		r = strv_set_env(&rc->env, o->env.v[i]);
	if (r == 0 && o->tty && !strv_get_env(&rc->env, "TERM"))
		r = strv_add(&rc->env, "TERM=xterm");
	if (r == 0 && o->workdir) {
		free(rc->cwd);
		rc->cwd = strdup(o->workdir);
		r = rc->cwd ? 0 : -ENOMEM;
	}
	if (r < 0)
		return err_set(e, r, "set up the process");
	if (o->workdir && o->workdir[0] != '/')
		return err_plain(e, -EINVAL, "working directory '%s' is not an absolute path", o->workdir);
	if (o->user)
		x->resolved.user = o->user;
	if (o->privileged) {
		struct cap_sets own;
		uint64_t all;

		r = cap_get(&own);
		if (r < 0)
			return err_set(e, r, "read our own capabilities");
		all = own.permitted; /* what we do not have we cannot give */
		rc->caps = (struct cap_sets){ .bounding = all, .permitted = all, .effective = all };
		free(rc->seccomp);
		rc->seccomp = NULL;
		rc->n_seccomp = 0;
	}
	rc->tty = o->tty;
	return resolve_user(x->root_fd, x->c, &x->resolved, e);
}

static int not_running(const struct container *c, struct err *e)
{
	return err_plain(e, -ESRCH, "container '%s' is not running", c->name ? c->name : c->id);
}

static bool is_elsewhere(pid_t pid)
{
	struct stat ours, theirs;
	char path[32];

	(void)err_format(path, sizeof(path), "/proc/%d/ns/mnt", pid);
	return stat("/proc/self/ns/mnt", &ours) == 0 && stat(path, &theirs) == 0 &&
	       ours.st_ino != theirs.st_ino;
}

static int open_container(struct exec *x, struct err *e)
{
	struct container_state st;
	struct image im = { .size = 0 };
	char path[32];
	int r = container_state(x->en, x->c, &st, e);

	if (r == 0)
		r = pause_refuse(x->c, &st, "exec", e); /* the process would hang in the cgroup */
	if (r < 0)
		return r;
	x->pidfd = container_pidfd(x->en, x->c, e);
	if (x->pidfd < 0)
		return x->pidfd;
	(void)err_format(path, sizeof(path), "/proc/%d/root", st.pid);
	x->root_fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (x->root_fd < 0 && (errno == ENOENT || errno == ESRCH)) /* it is exiting */
		return not_running(x->c, e);
	if (x->root_fd < 0)
		return err_set(e, errno, "open '%s'", path);
	if (container_is_on_host(x->c) && is_elsewhere(st.pid))
		x->mount_ns = CLONE_NEWNS;
	/* the number was the container's while we opened it if the process is still there */
	if (syscall(SYS_pidfd_send_signal, x->pidfd, 0, NULL, 0) < 0)
		return not_running(x->c, e);
	r = image_find(&x->en->store, x->c->image_id, &im, e);
	if (r == 0)
		r = resolve_exec(x->c, &im, &x->resolved, e);
	if (r == 0)
		r = adjust(x, e);
	/* the image's strings may be what .user points to: it has been looked up */
	image_done(&im);
	if (r == 0)
		r = cgroup_open(x->en->env->slice, x->c->id, &x->cgroup, e);
	if (r == 0)
		r = cgroup_member_fd(x->cgroup, st.pid, &x->member_fd, e);
	if (r == 0)
		r = env_helper(x->en->env, "davit-init", &x->init_path, e);
	return r;
}

/* Host id of @uid of the container: its map is what counts, --userns auto may have moved. */
static int host_id(struct exec *x, uid_t uid, uid_t *ret, struct err *e)
{
	struct container_state st;
	unsigned int inside, outside, count;
	char path[32], text[128];
	int r = container_state(x->en, x->c, &st, e);

	if (r < 0)
		return r;
	(void)err_format(path, sizeof(path), "/proc/%d/uid_map", st.pid);
	r = (int)io_read_small(AT_FDCWD, path, text, sizeof(text));
	if (r < 0)
		return err_set(e, r, "read '%s'", path);
	if (sscanf(text, "%u %u %u", &inside, &outside, &count) != 3 || inside != 0)
		return err_plain(e, -EBADMSG, "'%s' is not a map from 0", path);
	if (uid >= count)
		return err_plain(e, -EINVAL, "id %u is not mapped in the container's user namespace", uid);
	*ret = outside + uid;
	return 0;
}

static int open_terminal(struct exec *x, struct err *e)
{
	const struct runtime_config *rc = &x->resolved.config;
	_cleanup_fd_ int pts = fs_open_beneath(x->root_fd, "/dev/pts", O_PATH | O_DIRECTORY, 0);
	uid_t owner;
	int slave, r;

	if (pts < 0)
		return err_set(e, pts, "open '/dev/pts' of the container");
	r = tty_open_pty(pts, &x->relay.pty, &slave, e);
	if (r < 0)
		return r;
	tty_copy_winsize(slave);
	x->theirs[0] = slave;
	r = host_id(x, rc->uid, &owner, e);
	if (r < 0)
		return r;
	if (fchown(slave, owner, (gid_t)-1) < 0)
		return err_set(e, errno, "change owner of the terminal");
	x->plan.launch.stdio[0] = x->plan.launch.stdio[1] = x->plan.launch.stdio[2] = slave;
	x->plan.launch.is_tty = true;
	return 0;
}

static int open_null(struct exec *x, int i, struct err *e)
{
	_cleanup_fd_ int own = fs_open_beneath(x->root_fd, "/dev/null", O_PATH | O_NOFOLLOW, 0);
	char path[40] = "/dev/null";

	if (own >= 0 && stdio_kind(own) == STDIO_NULL)
		(void)err_format(path, sizeof(path), "/proc/self/fd/%d", own);
	x->theirs[i] = open(path, O_RDWR | O_CLOEXEC);
	return x->theirs[i] < 0 ? err_set(e, errno, "open '/dev/null'") : 0;
}

static int open_pipe(struct exec *x, int i, int *ours, struct err *e)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_set(e, errno, "make a pipe");
	x->theirs[i] = fds[i != 0];
	*ours = fds[i == 0];
	return 0;
}

/* Files and terminals of the host never go inside: pipes replace them, and its own null device ours. */
static int open_stdio(struct exec *x, struct err *e)
{
	int *const ours[] = { &x->relay.in, &x->relay.out, &x->relay.err };
	const struct runtime_config *rc = &x->resolved.config;
	bool relays = !x->o->detach && stdio_needs_relay(x->o->interactive);
	uid_t owner = 0;

	if (x->o->tty)
		return open_terminal(x, e);
	if (!x->o->detach && (rc->uid != 0 || (rc->new_ns & CLONE_NEWUSER))) {
		int r = host_id(x, rc->uid, &owner, e);

		if (r < 0)
			return r;
	}
	for (int i = 0; i < 3; i++) {
		bool is_null = x->o->detach || (i == 0 && !x->o->interactive) ||
			       (!relays && stdio_kind(i) == STDIO_NULL);
		int r = is_null ? open_null(x, i, e) : relays ? open_pipe(x, i, ours[i], e) : 0;

		if (r < 0)
			return r;
		x->plan.launch.stdio[i] = x->theirs[i];
		stdio_give(x->theirs[i] < 0 ? i : x->theirs[i], owner);
	}
	return 0;
}

/* Namespaces that only a parent can enter for its children. */
static int enter_for_children(struct exec *x, uint64_t *flags, struct err *e)
{
	uint64_t ns = x->resolved.config.new_ns;

	*flags = CLONE_VM;
	if ((ns & CLONE_NEWPID) && setns(x->pidfd, CLONE_NEWPID) < 0)
		return err_set(e, errno, "enter the pid namespace");
	if (ns & CLONE_NEWTIME) {
		*flags = 0; /* one address space cannot be in two time namespaces */
		if (setns(x->pidfd, CLONE_NEWTIME) < 0)
			return err_set(e, errno, "enter the time namespace");
	}
	return 0;
}

/* Nothing that we start from here on is to be inside: a keeper, a tool that watches us. */
static int leave_for_children(struct exec *x, struct err *e)
{
	_cleanup_fd_ int self = -1;

	if (!(x->resolved.config.new_ns & CLONE_NEWPID))
		return 0;
	self = pidfd_open(getpid(), 0);
	if (self < 0 || setns(self, CLONE_NEWPID) < 0)
		return err_set(e, errno, "return to our own pid namespace");
	return 0;
}

static int spawn(struct exec *x, struct err *e)
{
	uint64_t flags, ns = (x->resolved.config.new_ns & CHILD_NS) | x->mount_ns;
	const int *join;
	int n, r, left;

	r = plan_build_exec(&x->resolved.config, x->init_path, x->pidfd, ns, &x->plan, e);
	if (r < 0)
		return r;
	x->has_plan = true;
	if (container_is_on_host(x->c))
		x->plan.launch.chroot_fd = x->root_fd;
	r = open_stdio(x, e);
	if (r < 0)
		return r;
	n = cgroup_join_fds(x->cgroup, &join, e);
	if (n < 0)
		return n;
	x->plan.launch.join_fds = join;
	x->plan.launch.n_join_fds = (size_t)n;
	r = enter_for_children(x, &flags, e);
	if (r == 0)
		r = runtime_spawn(flags, &x->plan,
				  x->member_fd >= 0 ? x->member_fd : cgroup_fd(x->cgroup), NULL,
				  NULL, &x->started, e);
	left = leave_for_children(x, r < 0 ? NULL : e);
	if (r == 0)
		r = left;
	for (int i = 0; i < 3; i++)
		x->theirs[i] = fd_close(x->theirs[i]);
	return r;
}

static int send_signal(int sig, void *data)
{
	struct exec *x = data;

	return syscall(SYS_pidfd_send_signal, x->started.pidfd, sig, NULL, 0) < 0 ? -errno : 0;
}

static int finish(struct exec *x, int *ret_code, struct err *e)
{
	struct console_opts ao = {
		.is_tty = x->o->tty,
		.with_stdin = x->o->interactive,
		.sig_proxy = true,
		.detach_keys = x->o->detach_keys,
		.kill = send_signal,
		.data = x,
	};
	struct exit_record exit;
	bool detached = false;
	siginfo_t si;
	int r;

	*ret_code = 0;
	if (x->o->detach)
		return 0;
	x->relay.pidfd = x->started.pidfd;
	/* without pipes there is nothing to copy, but signals still have to be passed on */
	r = relay_run(&x->relay, &ao, &detached, e);
	if (r == 0 && detached && x->relay.pty >= 0)
		return keeper_start(x->relay.pty, x->started.pidfd, e);
	if (r < 0 || detached)
		return r;
	while (waitid(P_PIDFD, (id_t)x->started.pidfd, &si, WEXITED | __WALL) < 0)
		if (errno != EINTR)
			return err_set(e, errno, "wait for the process");
	if (x->relay.lost)
		return err_set(e, x->relay.lost, "write to standard output");
	exit_record_set(&exit, &si);
	*ret_code = exit_record_code(&exit);
	return 0;
}

static bool has_ended(const struct exec *x)
{
	struct pollfd p = { .fd = x->pidfd, .events = POLLIN };

	return x->pidfd >= 0 && poll(&p, 1, 0) == 1;
}

bool exec_needs_seal(const struct container *c)
{
	const struct container_options *o = &c->options;
	uint64_t caps;

	if (o->userns && *o->userns && !str_eq(o->userns, "host"))
		return false; /* its capabilities say nothing about us, who come from outside */
	return o->privileged || cap_resolve(CAP_DEFAULT, &o->cap_add, &o->cap_drop, &caps, NULL) < 0 ||
	       (caps & CAP_BIT(CAP_SYS_PTRACE));
}

int container_exec(struct engine *en, const struct container *c, const struct exec_options *o,
		   int *ret_code, struct err *e)
{
	struct exec *x = calloc(1, sizeof(*x));
	int r;

	if (!x)
		return err_set(e, ENOMEM, "start a process");
	*x = (struct exec){ .en = en,
			    .c = c,
			    .o = o,
			    .pidfd = -1,
			    .root_fd = -1,
			    .member_fd = -1,
			    .relay = { -1, -1, -1, -1, -1 },
			    .theirs = { -1, -1, -1 },
			    .started = { .pidfd = -1 } };
	r = open_container(x, e);
	if (r == 0)
		r = spawn(x, e);
	/* what failed then is not what is wrong */
	if (r == -ESRCH || (r < 0 && has_ended(x)))
		r = not_running(c, e);
	if (r == 0)
		r = finish(x, ret_code, e);
	if (x->has_plan)
		plan_done(&x->plan);
	resolved_done(&x->resolved);
	cgroup_free(x->cgroup);
	(void)fd_close(x->member_fd);
	for (int i = 0; i < 3; i++)
		x->theirs[i] = fd_close(x->theirs[i]);
	(void)fd_close(x->relay.pty);
	(void)fd_close(x->relay.in);
	(void)fd_close(x->relay.out);
	(void)fd_close(x->relay.err);
	(void)fd_close(x->started.pidfd);
	(void)fd_close(x->root_fd);
	(void)fd_close(x->pidfd);
	free(x->init_path);
	free(x);
	return r;
}
