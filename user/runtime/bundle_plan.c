// SPDX-License-Identifier: Apache-2.0
/* From a bundle to its launch: memory of the plan, paths, and the order of the parts. */
#include "runtime/bundle_plan.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/str.h"
#include "kern/bare_ns.h"
#include "kern/clone.h"
#include "kern/mount.h"
#include "runtime/bundle.h"
#include "runtime/host_root.h"
#include "runtime/masks.h"
#include "runtime/bundle_stdio.h"
#include "runtime/null_device.h"

void *bundle_plan_alloc(struct bundle_plan *p, size_t n, size_t size, struct err *e)
{
	void **chunks = reallocarray(p->chunks, p->n_chunks + 1, sizeof(*chunks));
	void *v;

	if (!chunks) {
		(void)err_set(e, ENOMEM, "plan the container");
		return NULL;
	}
	p->chunks = chunks;
	v = calloc(n ? n : 1, size);
	if (v)
		p->chunks[p->n_chunks++] = v;
	else
		(void)err_set(e, ENOMEM, "plan the container");
	return v;
}

const char *bundle_plan_text(struct bundle_plan *p, struct err *e, const char *fmt, ...)
{
	char *text = NULL;
	va_list args;
	int n;

	va_start(args, fmt);
	n = vasprintf(&text, fmt, args);
	va_end(args);
	if (n < 0 || strv_take(&p->texts, text) < 0) {
		(void)err_set(e, ENOMEM, "plan the container");
		return NULL;
	}
	return p->texts.v[p->texts.n - 1];
}

/* The plan closes @fd when it is done, also when it cannot be kept. */
int bundle_plan_keep(struct bundle_plan *p, int fd, struct err *e)
{
	if (fd < 0)
		return fd;
	if (p->n_fds == p->fds_cap) {
		size_t cap = p->fds_cap ? p->fds_cap * 2 : 32;
		int *fds = reallocarray(p->fds, cap, sizeof(*fds));

		if (!fds) {
			(void)close(fd); /* nothing was written to it */
			return err_set(e, ENOMEM, "plan the container");
		}
		p->fds = fds;
		p->fds_cap = cap;
	}
	p->fds[p->n_fds++] = fd;
	return fd;
}

void bundle_plan_done(struct bundle_plan *p)
{
	for (size_t i = 0; i < p->n_fds; i++)
		(void)close(p->fds[i]); /* mounts and paths: nothing to lose */
	for (size_t i = 0; i < p->n_chunks; i++)
		free(p->chunks[i]);
	free(p->fds);
	free(p->chunks);
	strv_done(&p->texts);
	*p = (struct bundle_plan){ .n_fds = 0 };
}

static void plan_init(struct bundle_plan *p, const struct bundle_options *o)
{
	*p = (struct bundle_plan){ .launch = {
					   .common = { .sync_fd = -1,
						       .sync_write_fd = -1,
						       .err_fd = -1,
						       .root_fd = -1,
						       .chroot_fd = -1,
						       .null_fd = -1,
						       .empty_fd = -1,
						       .stdio = { -1, -1, -1 },
						       .init_fd = -1,
						       .wait_fd = -1 },
					   .mount_ns_fd = -1,
					   .bare_ns_fd = -1,
					   .console_fd = o->console_fd,
					   .no_pivot = o->no_pivot,
				   },
				   .kernel = { .proc_fd = -1, .sys_fd = -1 } };
	p->launch.common.kernel = &p->kernel;
}

static int plan_init_program(const struct bundle_options *o, struct bundle_plan *p, struct err *e)
{
	struct launch *l = &p->launch.common;
	int r;

	l->init_fd = bundle_plan_keep(p, mount_clone(AT_FDCWD, o->init_path, false, e), e);
	if (l->init_fd < 0)
		return l->init_fd;
	r = mount_set_attr(l->init_fd, "", 0, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV, 0, MS_PRIVATE);
	return r < 0 ? err_set(e, r, "protect '%s'", o->init_path) : 0;
}

/* Where the root is attached: on itself, which only the container sees; in the host's namespace aside. */
static int plan_root_place(const struct bundle *b, const struct bundle_options *o,
			   struct bundle_plan *p, struct err *e)
{
	struct launch *l = &p->launch.common;
	char *place;
	int r;

	l->pivot_dir = b->rootfs;
	if (p->new_ns & CLONE_NEWNS)
		return 0;
	r = host_root_make(o->state, o->id, &place, e);
	if (r < 0)
		return r;
	l->pivot_dir = place;
	return strv_take(&p->texts, place) < 0 ? err_set(e, ENOMEM, "plan the container") : 0;
}

/* The root as a detached mount, with what is mounted below it. */
static int plan_root(const struct bundle *b, const struct bundle_options *o, struct bundle_plan *p,
		     struct err *e)
{
	struct launch *l = &p->launch.common;
	int r;

	l->root_fd = bundle_plan_keep(p, mount_clone(b->rootfs_fd, "", true, e), e);
	if (l->root_fd < 0)
		return err_wrap(e, l->root_fd, "root file system '%s'", b->rootfs);
	r = mount_set_attr(l->root_fd, "", AT_RECURSIVE, 0, 0, MS_PRIVATE);
	if (r < 0)
		return err_set(e, r, "make '%s' private", b->rootfs);
	r = plan_root_place(b, o, p, e);
	if (r < 0)
		return r;
	l->is_at_pivot = b->config.linux_.namespaces[OCI_NS_USER].is_listed;
	p->launch.propagation = b->config.linux_.propagation;
	l->root_readonly = b->config.root_readonly;
	return 0;
}

/*
 * The caller's null device is the host's, of which the container's root could change mode and owner: containerd and
 * others hand it over. It gets one of which it cannot. Without the right to mounts there is nobody to protect from.
 */
static int plan_stdio(const struct bundle_options *o, struct bundle_plan *p, struct err *e)
{
	struct launch *l = &p->launch.common;
	int fd = -1, r;

	for (int i = 0; o->console_fd < 0 && i < 3; i++) {
		if (!null_device_is(i))
			continue;
		if (l->null_fd < 0) {
			r = bundle_plan_keep(p, null_device_clone(e), e);
			if (r < 0)
				return r == -EPERM ? 0 : r;
			l->null_fd = r;
		}
		if (fd < 0)
			fd = bundle_plan_keep(p, null_device_open(l->null_fd, e), e);
		if (fd < 0)
			return fd;
		l->stdio[i] = fd;
	}
	return 0;
}

static int plan_masked(const struct oci_strv *paths, struct bundle_plan *p, struct err *e)
{
	static const struct mount_param small[] = { { "size", "0" },
						    { "nr_inodes", "1" },
						    { NULL, NULL } };
	struct launch *l = &p->launch.common;
	struct launch_path *masked;

	if (!paths->n)
		return 0;
	masked = bundle_plan_alloc(p, paths->n, sizeof(*masked), e);
	if (!masked)
		return -ENOMEM;
	for (size_t i = 0; i < paths->n; i++)
		masked[i] = (struct launch_path){ paths->v[i], masks_is_dir(paths->v[i]) };
	l->masked = masked;
	l->n_masked = paths->n;
	l->null_fd = bundle_plan_keep(p, null_device_clone(e), e);
	if (l->null_fd < 0)
		return l->null_fd;
	l->empty_fd = bundle_plan_keep(p,
				       mount_create("tmpfs", "tmpfs", small,
						    MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID |
							    MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC,
						    e),
				       e);
	return l->empty_fd < 0 ? l->empty_fd : 0;
}

static int plan_paths(const struct bundle *b, struct bundle_plan *p, struct err *e)
{
	const struct oci_linux *linux_ = &b->config.linux_;

	p->launch.common.readonly = (const char *const *)linux_->readonly_paths.v;
	p->launch.common.n_readonly = linux_->readonly_paths.n;
	return plan_masked(&linux_->masked_paths, p, e);
}

static int plan_sysctls(const struct bundle *b, struct bundle_plan *p, struct err *e)
{
	const struct oci_linux *linux_ = &b->config.linux_;
	struct launch_write *writes;

	if (!linux_->sysctls.n)
		return 0;
	writes = bundle_plan_alloc(p, linux_->sysctls.n, sizeof(*writes), e);
	if (!writes)
		return -ENOMEM;
	for (size_t i = 0; i < linux_->sysctls.n; i++) {
		writes[i].path = bundle_plan_text(p, e, "sys/%s", linux_->sysctls.v[i].path);
		writes[i].text = linux_->sysctls.v[i].value;
		if (!writes[i].path)
			return -ENOMEM;
	}
	p->launch.host_writes = writes;
	p->launch.n_host_writes = linux_->sysctls.n;
	return 0;
}

/* Hooks that run and devices that arrive while the child waits. */
static void plan_hooks(const struct bundle *b, struct bundle_plan *p)
{
	const struct oci_hooks *h = &b->config.hooks;

	p->launch.tells_namespaces = h->at[OCI_HOOK_PRESTART].n ||
				     h->at[OCI_HOOK_CREATE_RUNTIME].n ||
				     b->config.linux_.net_devices.n;
	p->launch.tells_root = h->at[OCI_HOOK_CREATE_CONTAINER].n != 0;
}

/* What the kernel has of its own needs no path of the host. */
static bool needs_host_mounts(const struct bundle_mount *m)
{
	static const char *const own[] = { "proc", "sysfs", "tmpfs", "devpts", "mqueue", "cgroup", "cgroup2" };

	if (m->kind != BUNDLE_MOUNT_NEW)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		if (str_eq(m->fstype, own[i]))
			return false;
	return true;
}

/* Hooks may look for the host's mounts in the container's namespace; a user namespace may not enter another's. */
static void plan_bare_ns(const struct bundle_options *o, struct bundle_plan *p)
{
	const struct bundle_launch *b = &p->launch;

	if (!o->state || !(p->new_ns & CLONE_NEWNS) || (p->new_ns & CLONE_NEWUSER) || o->no_pivot ||
	    b->common.root_fd < 0 || b->tells_namespaces || b->tells_root)
		return;
	for (size_t i = 0; i < p->n_early; i++)
		if (p->early[i].flag & CLONE_NEWUSER)
			return;
	for (size_t i = 0; i < b->n_mounts; i++)
		if (needs_host_mounts(&b->mounts[i]))
			return;
	/* without it a start is slower */
	if (bare_ns_pays())
		p->launch.bare_ns_fd = bundle_plan_keep(p, bare_ns_open(o->state, NULL), NULL);
}

static int plan_all(const struct bundle *b, const struct bundle_options *o, struct bundle_plan *p,
		    struct err *e)
{
	bool has_own_mounts = !b->config.linux_.namespaces[OCI_NS_MOUNT].path;
	int r = plan_init_program(o, p, e);

	if (r == 0)
		r = bundle_plan_namespaces(b, p, e);
	if (r == 0 && has_own_mounts)
		r = plan_root(b, o, p, e);
	if (r == 0 && has_own_mounts)
		r = bundle_plan_mounts(b, o, p, e);
	if (r == 0 && has_own_mounts)
		r = bundle_plan_devices(b, p, e);
	if (r == 0 && has_own_mounts)
		r = plan_paths(b, p, e);
	if (r == 0)
		r = plan_sysctls(b, p, e);
	if (r == 0)
		r = bundle_plan_process(&b->config.process, o, p, e);
	if (r == 0) /* behind the capabilities, which its rules may depend on */
		r = bundle_plan_seccomp(b, p, e);
	if (r == 0)
		r = bundle_plan_kernel(&b->config.linux_, p, e);
	if (r == 0 && !o->no_new_keyring && o->id) {
		p->launch.common.new_keyring = true;
		p->launch.common.keyring = bundle_plan_text(p, e, "_ses.%s", o->id);
		r = p->launch.common.keyring ? 0 : -ENOMEM;
	}
	if (r == 0)
		r = plan_stdio(o, p, e);
	if (r == 0)
		r = bundle_stdio_map(&b->config.linux_, &b->config.process, e);
	if (r < 0)
		return r;
	plan_hooks(b, p);
	plan_bare_ns(o, p);
	return 0;
}

int bundle_plan_build(const struct bundle *b, const struct bundle_options *o, struct bundle_plan *p,
		      struct err *e)
{
	int r;

	plan_init(p, o);
	r = plan_all(b, o, p, e);
	if (r < 0)
		bundle_plan_done(p);
	return r;
}

int bundle_plan_exec(const struct oci_process *process, const struct bundle *b, int pidfd,
		     int chroot_fd, uint64_t ns, const struct bundle_options *o,
		     struct bundle_plan *p, struct err *e)
{
	const uint64_t early = CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWTIME;
	struct launch *l;
	int r;

	plan_init(p, o);
	l = &p->launch.common;
	if (ns & early) {
		p->early[0].fd = pidfd;
		p->early[p->n_early++].flag = ns & early;
		p->enters_time = (ns & CLONE_NEWTIME) != 0;
		p->launch.becomes_root = (ns & CLONE_NEWUSER) != 0;
	}
	if (ns & ~(early | CLONE_NEWNS)) {
		l->join_ns[0].fd = pidfd;
		l->join_ns[l->n_join_ns++].flag = ns & ~(early | CLONE_NEWNS);
	}
	p->launch.mount_ns_fd = ns & CLONE_NEWNS ? pidfd : -1;
	l->chroot_fd = chroot_fd;
	r = plan_init_program(o, p, e);
	if (r == 0)
		r = bundle_plan_process(process, o, p, e);
	if (r == 0)
		r = bundle_plan_affinity(process, p, e);
	if (r == 0)
		r = bundle_plan_seccomp(b, p, e);
	if (r == 0)
		r = plan_stdio(o, p, e);
	if (r == 0)
		r = bundle_stdio_map(&b->config.linux_, process, e);
	l->make_cwd = false;
	if (r < 0)
		bundle_plan_done(p);
	return r;
}
