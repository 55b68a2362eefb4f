// SPDX-License-Identifier: Apache-2.0
/*
 * The child between clone3(2) and exec: an ordered table of steps. Runs in the new process, with
 * CLONE_VM in its parent's memory: sys_call*() and err_*() only.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/if.h>
#include <linux/seccomp.h>
#include <linux/sockios.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "kern/clone.h"
#include "kern/sys.h"
#include "runtime/inside.h"
#include "runtime/launch.h"

#ifndef MOVE_MOUNT_F_EMPTY_PATH
#define MOVE_MOUNT_F_EMPTY_PATH 0x4
#endif

static int step_cgroup_v1(const struct launch *l, struct err *e)
{
	for (size_t i = 0; i < l->n_join_fds; i++) {
		/* "0" to tasks: this one thread, without the lock that thread groups need */
		long r = sys_call3(SYS_write, l->join_fds[i], "0", 1);

		if (r < 0)
			return err_set(e, (int)r, "join a v1 cgroup");
	}
	return 0;
}

/* Before anything of the container can see us: no ptrace, no /proc/PID/exe (CVE-2019-5736). */
static int step_hide(const struct launch *l, struct err *e)
{
	long r = sys_call5(SYS_prctl, PR_SET_DUMPABLE, 0, 0, 0, 0);

	(void)l;
	return r < 0 ? err_set(e, (int)r, "clear the dumpable flag") : 0;
}

static int step_signals(const struct launch *l, struct err *e)
{
	uint64_t none = 0;
	struct {
		void *handler;
		unsigned long flags;
		void *restorer;
		uint64_t mask;
	} dfl = { 0 };
	/*
	 * CLONE_CLEAR_SIGHAND leaves ignored signals ignored: SIGPIPE is, in our own programs; the others
	 * are what nohup(1), '&' and job control of shells, perl and python around us ignore, and 32
	 * and 33 what glibc's posix_spawn(3) does (of its own two, in the child).
	 */
	static const int ignored[] = { SIGPIPE, SIGHUP,	 SIGINT,  SIGQUIT, SIGTERM, SIGTSTP, SIGTTIN,
				       SIGTTOU, SIGUSR1, SIGUSR2, SIGXFSZ, 32,	    33 };
	long r = sys_call4(SYS_rt_sigprocmask, SIG_SETMASK, &none, NULL, sizeof(none));

	(void)l;
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(ignored); i++)
		r = sys_call4(SYS_rt_sigaction, ignored[i], &dfl, NULL, sizeof(dfl.mask));
	return r < 0 ? err_set(e, (int)r, "reset signals") : 0;
}

static int become_root(struct err *e)
{
	long r = sys_call3(SYS_setresgid, 0, 0, 0);

	if (r == 0)
		r = sys_call3(SYS_setresuid, 0, 0, 0);
	return r < 0 ? err_set(e, (int)r, "become root of the user namespace") : 0;
}

static int step_join_namespaces(const struct launch *l, struct err *e)
{
	int s = 0;

	for (size_t i = 0; s == 0 && i < l->n_join_ns; i++) {
		long r = sys_call2(SYS_setns, l->join_ns[i].fd, l->join_ns[i].flag);

		if (r < 0)
			return err_set(e, (int)r, "enter the namespaces (flags 0x%llx)",
				       (unsigned long long)l->join_ns[i].flag);
		if (l->join_ns[i].flag & CLONE_NEWUSER)
			s = become_root(e);
	}
	return s;
}

static int step_sync(const struct launch *l, struct err *e)
{
	char c;
	long r;

	if (l->sync_fd < 0)
		return 0;
	/* our copy of the other end would keep us here when the parent is killed */
	(void)sys_call1(SYS_close, l->sync_write_fd);
	r = sys_call3(SYS_read, l->sync_fd, &c, 1);
	if (r != 1)
		return err_set(e, r < 0 ? (int)r : -ECANCELED, "wait for the id maps");
	return become_root(e); /* the maps exist from here on */
}

static int step_session(const struct launch *l, struct err *e)
{
	long r = sys_call0(SYS_setsid);

	(void)l;
	/* EPERM: leads a group already */
	return r < 0 && r != -EPERM ? err_set(e, (int)r, "start a session") : 0;
}

static int step_stdio(const struct launch *l, struct err *e)
{
	for (int i = 0; i < 3; i++) {
		long r = l->stdio[i] < 0 ? 0 : sys_call3(SYS_dup3, l->stdio[i], i, 0);

		if (r < 0)
			return err_set(e, (int)r, "set up file descriptor %d", i);
	}
	if (l->is_tty) {
		long r = sys_call3(SYS_ioctl, 0, TIOCSCTTY, 0);

		if (r < 0)
			return err_set(e, (int)r, "make the terminal controlling");
	}
	return 0;
}

static int step_hostname(const struct launch *l, struct err *e)
{
	long r = 0;

	if (l->hostname)
		r = sys_call2(SYS_sethostname, l->hostname, strlen(l->hostname));
	if (r < 0)
		return err_set(e, (int)r, "set host name '%s'", l->hostname);
	if (l->domainname)
		r = sys_call2(SYS_setdomainname, l->domainname, strlen(l->domainname));
	if (r < 0)
		return err_set(e, (int)r, "set domain name '%s'", l->domainname);
	return 0;
}

static int step_loopback(const struct launch *l, struct err *e)
{
	struct ifreq ifr = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	long fd, r;

	if (!l->bring_up_lo)
		return 0;
	fd = sys_call3(SYS_socket, AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd == -EAFNOSUPPORT)
		fd = sys_call3(SYS_socket, AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	r = fd < 0 ? fd : sys_call3(SYS_ioctl, fd, SIOCSIFFLAGS, &ifr);
	if (r < 0)
		return err_set(e, (int)r, "bring up 'lo'");
	(void)sys_call1(SYS_close, fd); /* a socket without data cannot fail */
	return 0;
}

/*
 * New instances of proc and sysfs are only allowed where a full one is visible (user namespaces:
 * mount_too_revealing()), so they are made before the host's tree goes away.
 */
static int make_child_mounts(const struct launch *l, int fds[], struct err *e)
{
	for (size_t i = 0; i < l->n_mounts; i++) {
		const struct launch_mount *m = &l->mounts[i];
		const char *failed;

		fds[i] = m->fd;
		if (m->source != LAUNCH_FSTYPE)
			continue;
		fds[i] = mount_new(m->fstype, m->fstype, m->params, m->attrs, &failed);
		if (fds[i] == -ENODEV && m->optional)
			continue;
		if (fds[i] < 0)
			return err_set(e, fds[i], "mount %s (%s) for '%s'", m->fstype, failed,
				       m->target);
	}
	return 0;
}

static int enter_root(const struct launch *l, struct err *e)
{
	long r;

	/* nothing we do below may show up in the host's namespace, nor the other way round */
	r = mount_set_attr(AT_FDCWD, "/", AT_RECURSIVE, 0, 0, MS_PRIVATE);
	if (r < 0)
		return err_set(e, (int)r, "make mounts private");
	r = mount_attach(l->root_fd, AT_FDCWD, l->pivot_dir);
	if (r < 0)
		return err_set(e, (int)r, "attach the root file system on '%s'", l->pivot_dir);
	r = sys_call1(SYS_fchdir, l->root_fd);
	if (r == 0)
		r = sys_call2(SYS_pivot_root, ".", ".");
	if (r < 0)
		return err_set(e, (int)r, "change to the root file system");
	/* the old root now lies over the new one */
	r = sys_call2(SYS_umount2, ".", MNT_DETACH);
	if (r < 0)
		return err_set(e, (int)r, "detach the host's file systems");
	r = sys_call1(SYS_chdir, "/");
	return r < 0 ? err_set(e, (int)r, "change to '/'") : 0;
}

/*
 * Attach @fd on @m->target. The targets of our own mounts are looked up as they are: the kernel
 * refuses those that a symlink of the image leads out of our namespace, or that are a symlink.
 */
static int attach(const struct launch_mount *m, int fd)
{
	int target, r;

	if (!m->is_users) {
		r = mount_attach(fd, AT_FDCWD, m->target);
		if (r != -ENOENT)
			return r;
		r = inside_make(m->target, m->is_file);
		return r < 0 ? r : mount_attach(fd, AT_FDCWD, m->target);
	}
	target = inside_open_or_make(m->target, m->is_file);
	if (target < 0)
		return target;
	/* what hides parts of /proc would hide what security relies on (CVE-2019-16884) */
	if (inside_is_proc(target) && strncmp(m->target, "/proc/", 6) != 0)
		return -EPERM;
	r = mount_attach(fd, target, "");
	(void)sys_call1(SYS_close, target); /* O_PATH */
	return r;
}

static int clone_inside(const struct launch_mount *m)
{
	int fd = mount_open_tree(AT_FDCWD, m->inside, OPEN_TREE_CLONE);
	int r = fd >= 0 && m->attrs ? mount_set_attr(fd, "", 0, m->attrs, 0, 0) : 0;

	return r < 0 ? r : fd;
}

/* The kernel's word for it is EINVAL or ENOTDIR. */
static bool is_other_kind(const struct launch_mount *m)
{
	struct stat st;

	return sys_call4(SYS_newfstatat, AT_FDCWD, m->target, &st, 0) == 0 && S_ISDIR(st.st_mode) == m->is_file;
}

static int attach_failed(const struct launch_mount *m, int r, struct err *e)
{
	if ((r != -EINVAL && r != -ENOTDIR) || !is_other_kind(m))
		return err_set(e, r, "mount on '%s'", m->target);
	r = m->is_file ? err_plain(e, -EISDIR, "a file cannot be mounted on '%s', which is a directory", m->target) :
			 err_plain(e, -ENOTDIR, "a directory cannot be mounted on '%s', which is a file", m->target);
	err_hint(e, "mount a directory on a directory, or a file on a file");
	return r;
}

static int step_root(const struct launch *l, struct err *e)
{
	int fds[LAUNCH_MOUNTS_MAX];
	int r;

	if (l->root_fd < 0)
		return 0;
	r = make_child_mounts(l, fds, e);
	if (r == 0)
		r = enter_root(l, e);
	for (size_t i = 0; r == 0 && i < l->n_mounts; i++) {
		const struct launch_mount *m = &l->mounts[i];

		if (m->source == LAUNCH_INSIDE) {
			r = fds[i] = clone_inside(m);
			if (r < 0)
				return err_set(e, r, "bind '%s'", m->inside);
		}
		if (fds[i] < 0)
			continue;
		r = attach(m, fds[i]);
		if (r < 0)
			return attach_failed(m, r, e);
	}
	return r;
}

static int step_volumes(const struct launch *l, struct err *e)
{
	for (size_t i = 0; i < l->n_volumes; i++) {
		const char *path = l->volumes[i];
		int dir = inside_open_or_make(path, false);
		int r = dir;

		/* a symlink of the image may lead anywhere inside */
		if (r >= 0 && (inside_is_proc(dir) || inside_is_root(dir)))
			r = -EPERM;
		if (r >= 0)
			r = mount_open_tree(dir, "", OPEN_TREE_CLONE | AT_EMPTY_PATH);
		if (r >= 0)
			r = mount_attach(r, dir, "");
		if (r < 0)
			return err_set(e, r, "mount volume '%s'", path);
	}
	return 0;
}

/* Cloned inside, where the devpts is attached: a detached mount cannot be cloned before 6.15. */
static int step_console(const struct launch *l, struct err *e)
{
	int fd, r;

	if (!l->console)
		return 0;
	fd = mount_open_tree(AT_FDCWD, l->console, OPEN_TREE_CLONE);
	r = fd < 0 ? fd : mount_attach(fd, AT_FDCWD, "/dev/console");
	return r < 0 ? err_set(e, r, "show terminal '%s' as '/dev/console'", l->console) : 0;
}

/*
 * clone3() makes a cgroup namespace of the parent's cgroup; unshare(2), once inside, of ours.
 */
static int step_cgroup_namespace(const struct launch *l, struct err *e)
{
	long r = l->new_ns & CLONE_NEWCGROUP ? sys_call1(SYS_unshare, CLONE_NEWCGROUP) : 0;

	return r < 0 ? err_set(e, (int)r, "make a cgroup namespace") : 0;
}

static int step_sysctls(const struct launch *l, struct err *e)
{
	for (size_t i = 0; i < l->n_sysctls; i++) {
		const struct launch_write *w = &l->sysctls[i];
		long fd = sys_call4(SYS_openat, AT_FDCWD, w->path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW, 0);
		long r = fd < 0 ? fd : sys_call3(SYS_write, fd, w->text, strlen(w->text));

		if (r < 0)
			return err_set(e, (int)r, "set '%s' to '%s'", w->path, w->text);
		(void)sys_call1(SYS_close, fd); /* the write has taken effect */
	}
	return 0;
}

/* By path, since clones as descriptors cost a namespace each: the tree is ours, nobody runs in it yet. */
static int bind_path(const char *from, const char *to, unsigned long flags)
{
	return (int)sys_call5(SYS_mount, from, to, NULL, MS_BIND | flags, NULL);
}

static int step_readonly_paths(const struct launch *l, struct err *e)
{
	for (size_t i = 0; i < l->n_readonly; i++) {
		const char *path = l->readonly[i];
		int r = bind_path(path, path, MS_REC);

		if (r == -ENOENT)
			continue;
		if (r == 0)
			r = mount_set_attr(AT_FDCWD, path, AT_RECURSIVE, MOUNT_ATTR_RDONLY, 0, 0);
		if (r < 0)
			return err_set(e, r, "make '%s' read-only", path);
	}
	return 0;
}

/* A clone that has been attached is gone from us; the next one is cloned off where it went. */
struct cover {
	int fd;
	const char *attached;
};

static int cover_path(struct cover *c, const char *path)
{
	int r;

	r = c->fd < 0 ? bind_path(c->attached, path, 0) : mount_attach(c->fd, AT_FDCWD, path);
	if (r < 0)
		return r;
	c->attached = path;
	c->fd = -1; /* stays open until exec; it names the attached mount now */
	return 0;
}

static int step_masked_paths(const struct launch *l, struct err *e)
{
	struct cover file = { .fd = l->null_fd }, dir = { .fd = l->empty_fd };

	for (size_t i = 0; i < l->n_masked; i++) {
		const struct launch_path *m = &l->masked[i];
		int r = cover_path(m->is_dir ? &dir : &file, m->path);

		if (r == -ENOTDIR) /* not the kind the plan expects: an image or a user mount there */
			r = cover_path(m->is_dir ? &file : &dir, m->path);
		if (r < 0 && r != -ENOENT)
			return err_set(e, r, "mask '%s'", m->path);
	}
	return 0;
}

static int step_readonly_root(const struct launch *l, struct err *e)
{
	int r;

	if (!l->root_readonly)
		return 0;
	if (l->cwd && l->make_cwd)
		(void)inside_make(l->cwd, false); /* step_cwd() says if that failed */
	r = mount_set_attr(AT_FDCWD, "/", 0, MOUNT_ATTR_RDONLY, 0, 0);
	return r < 0 ? err_set(e, r, "make the root file system read-only") : 0;
}

static int step_limits(const struct launch *l, struct err *e)
{
	for (size_t i = 0; i < l->n_rlimits; i++) {
		long r = sys_call4(SYS_prlimit64, 0, l->rlimits[i].resource, &l->rlimits[i].limit, 0);

		if (r < 0) {
			(void)err_set(e, (int)r, "set resource limit %d to %llu:%llu",
				      l->rlimits[i].resource,
				      (unsigned long long)l->rlimits[i].limit.rlim_cur,
				      (unsigned long long)l->rlimits[i].limit.rlim_max);
			if (r == -EPERM)
				err_hint(e, "raising a hard limit needs CAP_SYS_RESOURCE, which davit "
					    "was started without");
			return (int)r;
		}
	}
	if (l->has_umask)
		(void)sys_call1(SYS_umask, l->umask); /* cannot fail */
	return 0;
}

static int step_cwd(const struct launch *l, struct err *e)
{
	int fd;
	long r;

	if (!l->cwd || strcmp(l->cwd, "/") == 0) /* where step_root has left us */
		return 0;
	fd = inside_open(l->cwd, true);
	if (fd == -ENOENT && l->make_cwd) {
		fd = inside_make(l->cwd, false);
		if (fd == 0)
			fd = inside_open(l->cwd, true);
	}
	r = fd < 0 ? fd : sys_call1(SYS_fchdir, fd);
	return r < 0 ? err_set(e, (int)r, "change to working directory '%s'", l->cwd) : 0;
}

/* clang-format off */
static int (*const steps[])(const struct launch *l, struct err *e) = {
	step_hide,
	step_cgroup_v1,
	step_signals,
	step_sync,
	step_join_namespaces,
	step_session,
	step_cgroup_namespace,
	step_hostname,
	step_loopback,
	step_root,
	step_volumes,
	step_console,
	step_sysctls,
	step_readonly_paths,
	step_masked_paths,
	step_readonly_root,
	step_stdio,
	step_cwd,
	step_limits, /* nothing may be opened below a limit of files */
	launch_exec,
};
/* clang-format on */

int launch_child(void *arg)
{
	const struct launch *l = arg;
	struct err e = ERR_INIT;

	if (l->entered)
		(void)sys_call2(SYS_clock_gettime, CLOCK_MONOTONIC, l->entered); /* cannot fail */
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++)
		if (steps[i](l, &e) < 0)
			break;
	(void)sys_call3(SYS_write, l->err_fd, &e, sizeof(e)); /* the parent sees the exit status */
	return 126;
}
