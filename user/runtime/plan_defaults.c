// SPDX-License-Identifier: Apache-2.0
/* What every container has mounted: proc, dev, sys, cgroup, files of /etc. */
#include "runtime/plan_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/fs.h"
#include "kern/tty.h"
#include "runtime/dev.h"

static void add_fs_mount(struct plan *p, const char *fstype, const char *target, uint64_t attrs)
{
	struct launch_mount *m = plan_next_mount(p, target);

	m->source = LAUNCH_FSTYPE;
	m->fstype = fstype;
	m->attrs = attrs;
	m->optional = strcmp(fstype, "mqueue") == 0;
}

static int add_devpts(const struct runtime_config *c, struct plan *p, struct err *e)
{
	uint32_t tty_gid = 5; /* "tty" in every distribution */
	struct mount_param *q = p->devpts_params;
	uint32_t owner = 0;
	int fd, slave, r;

	if (plan_has_user_mount(c, "/dev/pts") && !c->tty)
		return 0;
	r = c->tty ? plan_outside_id(c, c->uid, &owner, e) : 0;
	if (r < 0)
		return r;
	*q++ = (struct mount_param){ "newinstance", NULL };
	*q++ = (struct mount_param){ "ptmxmode", "0666" };
	*q++ = (struct mount_param){ "mode", "0620" };
	if (c->new_ns & CLONE_NEWUSER) {
		struct id_map m = c->id_map;

		tty_gid = m.inside <= 5 && 5 - m.inside < m.count ? m.outside + (5 - m.inside) : m.outside;
	}
	(void)err_format(p->devpts_gid, sizeof(p->devpts_gid), "%u", tty_gid);
	*q = (struct mount_param){ "gid", p->devpts_gid };
	fd = mount_create("devpts", "devpts", p->devpts_params, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, e);
	r = plan_add_fd_mount(p, fd, "/dev/pts", false);
	if (r < 0 || !c->tty)
		return r;
	r = tty_open_pty(fd, &p->pty_master, &slave, e);
	if (r < 0)
		return r;
	(void)plan_keep_fd(p, slave);
	if (fchown(slave, owner, tty_gid) < 0)
		return err_set(e, errno, "change owner of the terminal");
	for (int i = 0; i < 3; i++)
		p->launch.stdio[i] = slave;
	p->launch.is_tty = true;
	return 0;
}

static int add_host_ipc(const struct runtime_config *c, struct plan *p, struct err *e)
{
	static const char *const dirs[] = { "/dev/shm", "/dev/mqueue" };

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		int r;

		if (plan_has_user_mount(c, dirs[i]) || !fs_exists(AT_FDCWD, dirs[i]))
			continue;
		r = plan_add_fd_mount(p, plan_bind_host(dirs[i], false, 0, false, e), dirs[i], false);
		if (r < 0)
			return r;
	}
	return 0;
}

static int add_shm(const struct runtime_config *c, struct plan *p, struct err *e)
{
	if (!(c->new_ns & CLONE_NEWIPC))
		return add_host_ipc(c, p, e);
	if (!plan_has_user_mount(c, "/dev/mqueue"))
		add_fs_mount(p, "mqueue", "/dev/mqueue", NOSUID_NODEV_NOEXEC);
	if (plan_has_user_mount(c, "/dev/shm"))
		return 0;
	(void)err_format(p->shm_size, sizeof(p->shm_size), "%llu",
			 (unsigned long long)(c->shm_size ? c->shm_size : 64ull << 20));
	p->shm_params[0] = (struct mount_param){ "mode", "1777" };
	p->shm_params[1] = (struct mount_param){ "size", p->shm_size };
	if (c->new_ns & CLONE_NEWUSER) {
		(void)err_format(p->shm_owner, sizeof(p->shm_owner), "%u", c->id_map.outside);
		p->shm_params[2] = (struct mount_param){ "uid", p->shm_owner };
		p->shm_params[3] = (struct mount_param){ "gid", p->shm_owner };
	}
	return plan_add_fd_mount(p, mount_create("tmpfs", "shm", p->shm_params, NOSUID_NODEV_NOEXEC, e),
			    "/dev/shm", false);
}

static int add_sys(const struct runtime_config *c, struct plan *p, struct err *e)
{
	uint64_t ro = c->is_privileged ? 0 : MOUNT_ATTR_RDONLY;
	bool owns_net = (c->new_ns & CLONE_NEWNET) || !(c->new_ns & CLONE_NEWUSER);
	int r = 0;

	if (plan_has_user_mount(c, "/sys"))
		; /* with whatever is below it */
	else if (owns_net)
		add_fs_mount(p, "sysfs", "/sys", NOSUID_NODEV_NOEXEC | ro);
	else /* a sysfs of the host's network cannot be made from a user namespace */
		r = plan_add_fd_mount(p, plan_bind_host("/sys", true, NOSUID_NODEV_NOEXEC | ro, true, e), "/sys",
				 false);
	if (r < 0)
		return r;
	if (!plan_has_user_mount(c, "/sys/fs/cgroup") && !plan_has_user_mount(c, "/sys") &&
	    ((c->new_ns & CLONE_NEWCGROUP) || !(c->new_ns & CLONE_NEWUSER)))
		add_fs_mount(p, "cgroup2", "/sys/fs/cgroup", NOSUID_NODEV_NOEXEC | ro);
	return 0;
}

int plan_default_mounts(const struct runtime_config *c, struct plan *p, struct err *e)
{
	int r = 0;

	if ((c->new_ns & CLONE_NEWPID) || !(c->new_ns & CLONE_NEWUSER))
		add_fs_mount(p, "proc", "/proc", NOSUID_NODEV_NOEXEC);
	else /* a proc of the host's processes cannot be made from a user namespace */
		r = plan_add_fd_mount(p, plan_bind_host("/proc", true, NOSUID_NODEV_NOEXEC, false, e), "/proc", false);
	if (r == 0 && !plan_has_user_mount(c, "/dev"))
		r = plan_add_fd_mount(p, dev_create(c, e), "/dev", false);
	if (r == 0)
		r = add_devpts(c, p, e);
	if (r == 0)
		r = add_shm(c, p, e);
	if (r == 0)
		r = add_sys(c, p, e);
	return r;
}

/* Of files that are on the host's side after all, read-only: there is no /dev of ours to hold them. */
static int bind_etc_file(const struct runtime_config *c, struct plan *p, const char *name,
			 const char *target, struct err *e)
{
	char *source = str_printf("%s/%s", c->etc_dir, name);

	if (strv_take(&p->texts, source) < 0)
		return err_set(e, ENOMEM, "plan '%s'", target);
	return plan_add_fd_mount(p, plan_bind_host(source, false, MOUNT_ATTR_RDONLY, false, e), target, true);
}

static int add_etc_file(const struct runtime_config *c, struct plan *p, const char *name, struct err *e)
{
	char *target = str_printf("/etc/%s", name);
	char *inside = str_printf("/dev/" DEV_ETC_DIR "/%s", name);
	struct launch_mount *m;

	if (strv_take(&p->texts, target) < 0 || strv_take(&p->texts, inside) < 0)
		return err_set(e, ENOMEM, "plan '/etc/%s'", name);
	if (plan_has_user_mount(c, target))
		return 0;
	if (c->etc_dir)
		return bind_etc_file(c, p, name, target, e);
	m = plan_next_mount(p, target);
	m->source = LAUNCH_INSIDE;
	m->inside = inside;
	m->is_file = true;
	m->attrs = c->root_readonly ? MOUNT_ATTR_RDONLY : 0;
	return 0;
}

int plan_etc_files(const struct runtime_config *c, struct plan *p, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < c->n_etc_files; i++)
		r = add_etc_file(c, p, c->etc_files[i].name, e);
	return r;
}
