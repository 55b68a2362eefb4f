// SPDX-License-Identifier: Apache-2.0
/*
 * The child of a bundle between clone3(2) and exec: what only config.json can ask for, and the table of
 * all steps. Runs in the new process, which may share its parent's memory: sys_call*() and err_*() only.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>

#include "base/cleanup.h"
#include "kern/bare_ns.h"
#include "kern/init_report.h"
#include "kern/mount.h"
#include "kern/sys.h"
#include "runtime/bundle_launch.h"
#include "runtime/bundle_stdio.h"
#include "runtime/bundle_tty.h"
#include "runtime/inside.h"
#include "runtime/kernel_files.h"
#include "runtime/steps.h"

/* steps get the common part, which is the first member */
static const struct bundle_launch *bundle_of(const struct launch *l)
{
	return (const struct bundle_launch *)l;
}

/* Let the parent run hooks: it answers with one byte. */
static int tell(const struct launch *l, enum bundle_stage stage, struct err *e)
{
	struct init_report report = { .stage = stage };
	char byte;
	long r = sys_call3(SYS_write, l->err_fd, &report, sizeof(report));

	if (r == (long)sizeof(report))
		r = sys_call3(SYS_read, l->sync_fd, &byte, 1);
	return r == 1 ? 0 : err_set(e, r < 0 ? (int)r : -ECANCELED, "wait for the hooks");
}

static int step_maps(const struct launch *l, struct err *e)
{
	if (bundle_of(l)->waits_for_maps)
		return step_sync(l, e);
	if (l->sync_fd >= 0) /* our copy would keep us here when the parent is killed */
		(void)sys_call1(SYS_close, l->sync_write_fd);
	return bundle_of(l)->becomes_root ? step_become_root(l, e) : 0;
}

static int step_tell_namespaces(const struct launch *l, struct err *e)
{
	return bundle_of(l)->tells_namespaces ? tell(l, BUNDLE_AT_NAMESPACES, e) : 0;
}

static int step_tell_root(const struct launch *l, struct err *e)
{
	return bundle_of(l)->tells_root ? tell(l, BUNDLE_AT_ROOT, e) : 0;
}

/* "/proc" is the host's still: nothing that an image or another container mounts can redirect these. */
static int open_host_proc(struct err *e)
{
	int fd = proc_open_host();

	return fd < 0 ? err_set(e, fd, "open the host's '/proc'") : fd;
}

static int step_host_writes(const struct launch *l, struct err *e)
{
	const struct bundle_launch *b = bundle_of(l);
	int proc = b->n_host_writes ? open_host_proc(e) : 0, r = proc;

	for (size_t i = 0; r >= 0 && i < b->n_host_writes; i++) {
		r = proc_write(proc, b->host_writes[i].path, b->host_writes[i].text);
		if (r < 0)
			(void)err_set(e, r, "write '%s' to '/proc/%s'", b->host_writes[i].text,
				      b->host_writes[i].path);
	}
	if (b->n_host_writes && proc >= 0)
		(void)sys_call1(SYS_close, proc); /* O_PATH */
	return r < 0 ? r : 0;
}

/* Takes effect at the next exec. */
static int step_label(const struct launch *l, struct err *e)
{
	const struct bundle_launch *b = bundle_of(l);
	int proc, r;

	if (!b->label)
		return 0;
	proc = open_host_proc(e);
	if (proc < 0)
		return proc;
	r = proc_write(proc, b->label_file, b->label);
	(void)sys_call1(SYS_close, proc); /* O_PATH */
	return r < 0 ? err_set(e, r, "write '%s' to '/proc/%s'", b->label, b->label_file) : 0;
}

static int step_mount_namespace(const struct launch *l, struct err *e)
{
	const struct bundle_launch *b = bundle_of(l);
	long r = b->mount_ns_fd < 0 ? 0 : sys_call2(SYS_setns, b->mount_ns_fd, CLONE_NEWNS);

	if (r < 0)
		return err_set(e, (int)r, "enter the mount namespace");
	return l->chroot_fd >= 0 ? steps_chroot(l->chroot_fd, e) : 0;
}

/* Its root is to be changed by chroot(2): that of the namespace is the host's. */
static bool is_in_hosts_mounts(const struct launch *l)
{
	return l->root_fd >= 0 && !(l->new_ns & CLONE_NEWNS);
}

/* Mounts of the host may still arrive, as the rootfs propagation has it; ours never leave. */
static int leave_mounts(const struct bundle_launch *b, struct err *e)
{
	long r;

	if (b->bare_ns_fd < 0) {
		r = mount_set_attr(AT_FDCWD, "/", AT_RECURSIVE, 0, 0, MS_SLAVE);
		return r < 0 ? err_set(e, (int)r, "make the host's mounts slaves") : 0;
	}
	r = sys_call2(SYS_setns, b->bare_ns_fd, CLONE_NEWNS);
	if (r < 0)
		return err_set(e, (int)r, "enter the bare mount namespace");
	r = sys_call1(SYS_unshare, CLONE_NEWNS);
	return r < 0 ? err_set(e, (int)r, "make a mount namespace") : 0;
}

/* From here to step_change_root() the working directory is the container's root: inside_*() resolve
 * paths in it, while "/" is the host's. */
static int step_attach_root(const struct launch *l, struct err *e)
{
	const struct bundle_launch *b = bundle_of(l);
	const char *pivot = b->bare_ns_fd >= 0 ? BARE_NS_ROOT : l->pivot_dir;
	long r;

	if (l->root_fd < 0)
		return 0;
	r = is_in_hosts_mounts(l) ? 0 : leave_mounts(b, e);
	if (r < 0)
		return (int)r;
	/* by path: our descriptor of it is in the host's mount namespace */
	r = mount_attach(l->root_fd, AT_FDCWD, l->is_at_pivot ? "" : pivot);
	if (r < 0)
		return err_set(e, (int)r, "attach the root file system on '%s'", pivot);
	/* mounts that follow its parent have a copy now: what comes below is for nobody else */
	if (is_in_hosts_mounts(l))
		r = mount_set_attr(l->root_fd, "", 0, 0, 0, MS_PRIVATE);
	if (r < 0)
		return err_set(e, (int)r, "make '%s' private", pivot);
	r = sys_call1(SYS_fchdir, l->root_fd);
	return r < 0 ? err_set(e, (int)r, "change to the root file system") : 0;
}

static int step_mounts(const struct launch *l, struct err *e)
{
	return bundle_mount_all(bundle_of(l), e);
}

/* Also hooks, which have run now, make nodes in /dev. */
static int step_seal_mounts(const struct launch *l, struct err *e)
{
	return bundle_seal_mounts(bundle_of(l), e);
}

/* The directory that was used last, of the first @len bytes of @path: most nodes and links are in one. */
struct parent {
	const char *path;
	size_t len;
	int fd;
};

static void parent_close(struct parent *p)
{
	if (p->fd >= 0)
		(void)sys_call1(SYS_close, p->fd); /* O_PATH */
	p->fd = -1;
}

static int open_parent(const char *path, size_t len)
{
	char dir[4096];

	if (len >= sizeof(dir))
		return -ENAMETOOLONG;
	if (!len)
		return inside_open("/", true);
	memcpy(dir, path, len);
	dir[len] = '\0';
	return inside_open_or_make(dir, false);
}

/* Directory of @path, made when missing, and where its last part begins. */
static int parent_of(struct parent *p, const char *path, const char **ret_name)
{
	size_t len = strlen(path);

	while (len && path[len - 1] != '/')
		len--;
	*ret_name = path + len;
	if (!**ret_name)
		return -EINVAL;
	if (p->fd >= 0 && p->len == len && memcmp(p->path, path, len) == 0)
		return p->fd;
	parent_close(p);
	p->path = path;
	p->len = len;
	p->fd = open_parent(path, len);
	return p->fd;
}

static bool is_node(const struct stat *st, const struct bundle_node *n)
{
	return (st->st_mode & S_IFMT) == (n->mode & S_IFMT) &&
	       (S_ISFIFO(st->st_mode) || st->st_rdev == n->dev);
}

/* Owner and mode by a descriptor: by its name, this would be another file's (of the host's: that is "/"). */
static int mend_node(int dir, const char *name, const struct bundle_node *n)
{
	long fd = sys_call4(SYS_openat, dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0), r;
	char link[32];
	struct stat st;

	if (fd < 0)
		return (int)fd;
	r = sys_call4(SYS_newfstatat, fd, "", &st, AT_EMPTY_PATH);
	if (r == 0 && !is_node(&st, n))
		r = -EEXIST;
	if (r == 0)
		r = sys_call5(SYS_fchownat, fd, "", n->uid, n->gid, AT_EMPTY_PATH);
	/* fchmod(2) refuses O_PATH; "/proc" is the host's */
	(void)err_format(link, sizeof(link), "/proc/self/fd/%d", (int)fd);
	if (r == 0)
		r = sys_call3(SYS_fchmodat, AT_FDCWD, link, n->mode & 07777);
	(void)sys_call1(SYS_close, fd); /* O_PATH */
	return (int)r;
}

static int make_node(struct parent *p, const struct bundle_node *n)
{
	const char *name;
	int dir = parent_of(p, n->path, &name);
	struct stat st;
	bool is_new;
	long r;

	if (dir < 0)
		return dir;
	r = sys_call4(SYS_mknodat, dir, name, n->mode, n->dev);
	is_new = r == 0;
	if (is_new || r == -EEXIST)
		r = sys_call4(SYS_newfstatat, dir, name, &st, AT_SYMLINK_NOFOLLOW);
	if (r == 0 && !is_node(&st, n))
		r = -EEXIST;
	else if (r == 0 && is_new &&
		 (st.st_mode != n->mode || st.st_uid != n->uid || st.st_gid != n->gid))
		r = mend_node(dir, name, n);
	return (int)r;
}

static int make_link(struct parent *p, const struct bundle_link *link)
{
	const char *name;
	int dir = parent_of(p, link->path, &name);
	long r;

	if (dir < 0)
		return dir;
	r = sys_call3(SYS_symlinkat, link->target, dir, name);
	return r == -EEXIST ? 0 : (int)r;
}

static int make_nodes(struct parent *p, const struct bundle_launch *b, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < b->n_nodes; i++) {
		r = make_node(p, &b->nodes[i]);
		if (r < 0)
			(void)err_set(e, r, "make device '%s'", b->nodes[i].path);
	}
	return r;
}

static int step_nodes(const struct launch *l, struct err *e)
{
	const struct bundle_launch *b = bundle_of(l);
	struct parent p = { .fd = -1 };
	long umask = sys_call1(SYS_umask, 0); /* modes are those of the document; cannot fail */
	int r = make_nodes(&p, b, e);

	(void)sys_call1(SYS_umask, umask);
	for (size_t i = 0; r == 0 && i < b->n_links; i++) {
		r = make_link(&p, &b->links[i]);
		if (r < 0)
			(void)err_set(e, r, "make link '%s'", b->links[i].path);
	}
	parent_close(&p);
	return r;
}

static int step_terminal(const struct launch *l, struct err *e)
{
	const struct bundle_launch *b = bundle_of(l);

	return b->console_fd < 0 ? 0 : bundle_tty_setup(b, l->root_fd >= 0, e);
}

static int step_stdio_owner(const struct launch *l, struct err *e)
{
	struct stat st;

	for (int fd = 0; l->uid && fd < 3; fd++) {
		long r = sys_call4(SYS_newfstatat, fd, "", &st, AT_EMPTY_PATH);

		if (r < 0 || st.st_uid == l->uid ||
		    !bundle_stdio_is_given(&st, bundle_of(l)->keeps_files))
			continue;
		r = sys_call3(SYS_fchown, fd, l->uid, -1);
		/* of a user namespace or a read-only mount that has them not: they work as they are */
		if (r < 0 && r != -EINVAL && r != -EPERM && r != -EROFS)
			return err_set(e, (int)r, "give file descriptor %d to user %u", fd, l->uid);
	}
	return 0;
}

static int change_root_without_pivot(struct err *e)
{
	long r = sys_call5(SYS_mount, ".", "/", NULL, MS_MOVE, NULL);

	if (r == 0)
		r = sys_call1(SYS_chroot, ".");
	if (r == 0)
		r = sys_call1(SYS_chdir, "/");
	return r < 0 ? err_set(e, (int)r, "move the root file system to '/'") : 0;
}

static int change_root(struct err *e)
{
	long r = sys_call2(SYS_pivot_root, ".", ".");

	if (r < 0) {
		(void)err_set(e, (int)r, "change to the root file system");
		if (r == -EINVAL)
			err_hint(e, "on an initial ramdisk, --no-pivot helps");
		return (int)r;
	}
	/* the old root now lies over the new one, which is our "/" and our working directory */
	r = sys_call2(SYS_umount2, ".", MNT_DETACH);
	return r < 0 ? err_set(e, (int)r, "detach the host's file systems") : 0;
}

static int step_change_root(const struct launch *l, struct err *e)
{
	if (l->root_fd < 0)
		return 0;
	if (is_in_hosts_mounts(l))
		return steps_chroot(l->root_fd, e);
	return bundle_of(l)->no_pivot ? change_root_without_pivot(e) : change_root(e);
}

static int step_propagation(const struct launch *l, struct err *e)
{
	uint32_t propagation = bundle_of(l)->propagation;
	int r;

	if (!propagation)
		return 0;
	r = mount_set_attr(AT_FDCWD, "/", propagation & MS_REC ? AT_RECURSIVE : 0, 0, 0,
			   propagation & ~(uint32_t)MS_REC);
	return r < 0 ? err_set(e, r, "linux.rootfsPropagation: set the propagation of '/'") : 0;
}

static int step_schedule(const struct launch *l, struct err *e)
{
	const struct bundle_launch *b = bundle_of(l);
	long r = 0;

	if (b->cpus)
		r = sys_call3(SYS_sched_setaffinity, 0, b->cpus_size, b->cpus);
	if (r < 0)
		return err_set(e, (int)r, "process.execCPUAffinity.final: set it");
	if (b->has_sched)
		r = sys_call3(SYS_sched_setattr, 0, &b->sched, 0);
	if (r < 0)
		return err_set(e, (int)r, "process.scheduler: set it");
	if (b->has_io_priority)
		r = sys_call3(SYS_ioprio_set, 1 /* IOPRIO_WHO_PROCESS */, 0, b->io_priority);
	if (r < 0)
		return err_set(e, (int)r, "process.ioPriority: set it");
	if (b->has_memory_policy)
		r = sys_call3(SYS_set_mempolicy, b->memory_mode, b->nodemask, b->nodemask_bits);
	if (r < 0)
		return err_set(e, (int)r, "linux.memoryPolicy: set it");
	if (b->has_personality)
		r = sys_call1(SYS_personality, b->personality);
	return r < 0 ? err_set(e, (int)r, "linux.personality: set it") : 0;
}

/* clang-format off */
static launch_step *const steps[] = {
	step_hide,
	step_cgroup_v1,
	step_signals,
	step_keyring,
	step_maps,
	step_label,
	step_join_namespaces,
	step_session,
	step_cgroup_namespace,
	step_tell_namespaces,
	step_hostname,
	step_loopback,
	step_host_writes,
	step_mount_namespace,
	step_attach_root,
	step_mounts,
	step_nodes,
	step_terminal,
	step_tell_root,
	step_seal_mounts,
	step_change_root,
	step_protected_paths,
	step_readonly_root,
	step_propagation,
	step_stdio,
	step_stdio_owner,
	step_cwd,
	step_schedule,
	step_home,
	step_limits, /* nothing may be opened below a limit of files */
	launch_exec,
};
/* clang-format on */

int bundle_child(void *arg)
{
	const struct bundle_launch *b = arg;
	struct err e = ERR_INIT;

	for (size_t i = 0; i < ARRAY_SIZE(steps); i++)
		if (steps[i](&b->common, &e) < 0)
			break;
	if (b->common.failed)
		*b->common.failed = e;
	(void)sys_call3(SYS_write, b->common.err_fd, &e,
			sizeof(e)); /* the parent sees the exit status */
	return 126;
}
