// SPDX-License-Identifier: Apache-2.0
/* From a configuration to a launch plan: all that can fail on user input fails here. */
#include "runtime/plan.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/libc.h"
#include "kern/cap.h"
#include "kern/mount_lock.h"
#include "runtime/masks.h"
#include "runtime/null_device.h"
#include "runtime/plan_parts.h"

static const char *const default_readonly[] = { "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys",
						"/proc/sysrq-trigger" };

static int add_thermal_throttle(struct plan *p)
{
	char path[64];

	for (unsigned int cpu = 0; p->launch.n_masked < ARRAY_SIZE(p->masked); cpu++) {
		(void)err_format(path, sizeof(path), "/sys/devices/system/cpu/cpu%u/thermal_throttle", cpu);
		if (access(path, F_OK) < 0)
			break;
		if (strv_add(&p->texts, path) < 0)
			return -ENOMEM;
		p->masked[p->launch.n_masked++] =
			(struct launch_path){ p->texts.v[p->texts.n - 1], true };
	}
	return 0;
}

static int plan_paths(const struct runtime_config *c, const struct plan_places *places,
		      struct plan *p, struct err *e)
{
	struct launch *l = &p->launch;
	int r;

	l->root_readonly = c->root_readonly;
	l->volumes = c->volumes.v;
	l->n_volumes = c->volumes.n;
	if (c->is_privileged || c->has_unconfined_paths)
		return 0;
	l->readonly = default_readonly;
	l->n_readonly = ARRAY_SIZE(default_readonly);
	memcpy(p->masked, masks_default, sizeof(masks_default));
	l->n_masked = ARRAY_SIZE(masks_default);
	if (add_thermal_throttle(p) < 0)
		return err_set(e, ENOMEM, "plan masked paths");
	l->masked = p->masked;
	l->null_fd = plan_keep_fd(p, null_device_clone(e));
	if (l->null_fd < 0)
		return l->null_fd;
	l->empty_fd = plan_keep_fd(p, mount_clone(AT_FDCWD, places->empty_dir, false, e));
	if (l->empty_fd < 0)
		return l->empty_fd;
	/* a clone is a peer of its source: on most hosts all mounts are shared */
	r = mount_set_attr(l->empty_fd, "", 0, MOUNT_ATTR_RDONLY | NOSUID_NODEV_NOEXEC, 0,
			   MS_PRIVATE);
	return r < 0 ? err_set(e, r, "set mount attributes of '%s'", places->empty_dir) : 0;
}

static int plan_sysctls(const struct runtime_config *c, struct plan *p, struct err *e)
{
	if (!c->sysctls.n)
		return 0;
	p->sysctls = calloc(c->sysctls.n, sizeof(*p->sysctls));
	if (!p->sysctls)
		return err_set(e, ENOMEM, "plan sysctls");
	for (size_t i = 0; i < c->sysctls.n; i++) {
		char *path = str_printf("sys/%s", c->sysctls.v[i]);
		char *eq;

		if (strv_take(&p->texts, path) < 0)
			return err_set(e, ENOMEM, "plan sysctls");
		eq = strchr(path, '=');
		if (!eq)
			return err_plain(e, -EINVAL, "sysctl '%s' has no value", c->sysctls.v[i]);
		*eq = '\0';
		p->sysctls[p->launch.n_sysctls++] = (struct launch_write){ path, eq + 1 };
	}
	p->launch.sysctls = p->sysctls;
	return 0;
}

static int plan_process(const struct runtime_config *c, const struct plan_places *places,
			struct plan *p, struct err *e)
{
	struct launch *l = &p->launch;
	int r;

	p->argv = calloc(c->args.n + 2, sizeof(*p->argv));
	if (!p->argv)
		return err_set(e, ENOMEM, "plan the command");
	p->argv[0] = p->init_arg;
	if (c->args.n)
		memcpy(p->argv + 1, c->args.v, c->args.n * sizeof(*p->argv));
	l->argv = p->argv;
	l->envp = c->env.v;
	l->cwd = c->cwd ? c->cwd : "/";
	l->make_cwd = true;
	l->umask = 022;
	l->has_umask = true;
	l->uid = c->uid;
	l->gid = c->gid;
	l->groups = c->groups;
	l->n_groups = c->n_groups;
	/* what the kernel said at our exec; davit has not changed any since */
	l->is_plain_root = !getauxval(AT_UID) && !getauxval(AT_EUID) && !getauxval(AT_GID) &&
			   !getauxval(AT_EGID);
	l->caps = c->caps;
	l->no_new_privs = c->no_new_privs;
	l->seccomp = c->seccomp;
	l->n_seccomp = c->n_seccomp;
	l->seccomp_flags = c->seccomp_flags;
	l->rlimits = c->rlimits;
	l->n_rlimits = c->n_rlimits;
	l->hostname = c->keeps_hostname ? NULL : c->hostname;
	l->cap_end = cap_last() + 1;
	l->domainname = c->domainname;
	l->bring_up_lo = (c->new_ns & CLONE_NEWNET) != 0;
	l->new_ns = c->new_ns;
	l->is_at_pivot = l->root_fd >= 0 && (c->new_ns & CLONE_NEWUSER);
	l->new_keyring = true;
	l->init_fd = plan_keep_fd(p, mount_clone(AT_FDCWD, places->init_path, false, e));
	if (l->init_fd < 0)
		return l->init_fd;
	r = plan_set_attrs(l->init_fd, false, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV, 0, places->init_path, e);
	return r;
}

static void plan_init(struct plan *p, const struct plan_places *places)
{
	*p = (struct plan){ .pty_master = -1,
			    .userns_fd = places->userns_fd,
			    .kernel = { .proc_fd = -1, .sys_fd = -1 },
			    .launch = { .sync_fd = -1,
					.err_fd = -1,
					.root_fd = places->root_fd,
					.chroot_fd = -1,
					.pivot_dir = places->pivot_dir,
					.null_fd = -1,
					.empty_fd = -1,
					.stdio = { -1, -1, -1 },
					.init_fd = -1,
					.wait_fd = -1 } };
	p->launch.mounts = p->mounts;
	p->launch.kernel = &p->kernel;
}

int plan_build_exec(const struct runtime_config *c, const char *init_path, int pidfd, uint64_t join_ns,
		    struct plan *p, struct err *e)
{
	struct plan_places places = { .root_fd = -1, .userns_fd = -1, .init_path = init_path };
	int r;

	plan_init(p, &places);
	r = plan_process(c, &places, p, e);
	if (r < 0) {
		plan_done(p);
		return r;
	}
	p->launch.new_ns = 0;
	p->launch.hostname = p->launch.domainname = NULL;
	p->launch.bring_up_lo = false;
	p->launch.make_cwd = false;
	p->launch.join_ns[0].fd = pidfd;
	p->launch.join_ns[0].flag = join_ns;
	p->launch.n_join_ns = join_ns != 0;
	return 0;
}

/* What users bind is of the host, and its flags are not for the root of a user namespace to change. */
static int lock_users_mounts(const struct runtime_config *c, const struct plan *p, struct err *e)
{
	int fds[LAUNCH_MOUNTS_MAX];
	size_t n = 0;

	for (size_t i = 0; c->new_ns & CLONE_NEWUSER && i < p->launch.n_mounts; i++)
		if (p->mounts[i].is_users && p->mounts[i].source == LAUNCH_FD)
			fds[n++] = p->mounts[i].fd;
	return mount_lock(fds, n, e);
}

int plan_build(const struct runtime_config *c, const struct plan_places *places, struct plan *p,
	       struct err *e)
{
	int r;

	plan_init(p, places);
	r = plan_process(c, places, p, e);
	if (r == 0)
		r = plan_default_mounts(c, p, e);
	if (r == 0)
		r = plan_etc_files(c, p, e);
	if (r == 0)
		r = plan_user_mounts(c, p, e);
	if (r == 0)
		r = plan_device_binds(c, p, e);
	if (r == 0)
		r = lock_users_mounts(c, p, e);
	if (r == 0)
		r = plan_paths(c, places, p, e);
	if (r == 0)
		r = plan_sysctls(c, p, e);
	if (r < 0)
		plan_done(p);
	return r;
}

int plan_open_null(const struct plan *p, struct err *e)
{
	return null_device_open(p->launch.null_fd, e);
}

void plan_done(struct plan *p)
{
	/* most numbers are consecutive */
	for (size_t i = 0, run; i < p->n_fds; i += run) {
		for (run = 1; i + run < p->n_fds && p->fds[i + run] == p->fds[i] + (int)run; run++)
			;
		(void)close_range((unsigned int)p->fds[i], (unsigned int)(p->fds[i] + (int)run - 1), 0);
	}
	p->n_fds = 0;
	p->pty_master = fd_close(p->pty_master);
	free(p->argv);
	free(p->sysctls);
	p->argv = NULL;
	p->sysctls = NULL;
	strv_done(&p->texts);
}
