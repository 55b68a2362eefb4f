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
#include "base/fs.h"
#include "base/io.h"
#include "base/libc.h"
#include "kern/clone.h"
#include "kern/tty.h"
#include "runtime/dev.h"
#include "runtime/userns.h"

#define MOUNTINFO_MAX (64u << 20) /* bytes of the host's mount table */
#define NOSUID_NODEV_NOEXEC (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)

/* What Docker masks (moby, oci/defaults.go); the child skips what its kernel does not have. */
static const struct launch_path default_masked[] = {
	{ "/proc/acpi", true },		 { "/proc/asound", true },
	{ "/proc/interrupts", false },	 { "/proc/kcore", false },
	{ "/proc/keys", false },	 { "/proc/latency_stats", false },
	{ "/proc/timer_list", false },	 { "/proc/timer_stats", false },
	{ "/proc/sched_debug", false },	 { "/proc/scsi", true },
	{ "/sys/firmware", true },	 { "/sys/devices/virtual/powercap", true },
};
static const char *const default_readonly[] = { "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys",
						"/proc/sysrq-trigger" };

/* The plan closes @fd when it is done. */
static int keep_fd(struct plan *p, int fd)
{
	if (fd >= 0)
		p->fds[p->n_fds++] = fd;
	return fd;
}

/* A user's mount takes the place of ours with the same target. */
static bool has_user_mount(const struct runtime_config *c, const char *target)
{
	for (size_t i = 0; i < c->n_mounts; i++)
		if (strcmp(c->mounts[i].target, target) == 0)
			return true;
	return false;
}

static struct launch_mount *next_mount(struct plan *p, const char *target)
{
	struct launch_mount *m = &p->mounts[p->launch.n_mounts++];

	*m = (struct launch_mount){ .fd = -1, .target = target };
	return m;
}

static int add_fd_mount(struct plan *p, int fd, const char *target, bool is_file)
{
	struct launch_mount *m;

	if (keep_fd(p, fd) < 0)
		return fd;
	m = next_mount(p, target);
	m->source = LAUNCH_FD;
	m->fd = fd;
	m->is_file = is_file;
	return 0;
}

static void add_fs_mount(struct plan *p, const char *fstype, const char *target, uint64_t attrs)
{
	struct launch_mount *m = next_mount(p, target);

	m->source = LAUNCH_FSTYPE;
	m->fstype = fstype;
	m->attrs = attrs;
	m->optional = strcmp(fstype, "mqueue") == 0;
}

static int set_attrs(int fd, bool is_recursive, uint64_t set, uint64_t clear, const char *what,
		     struct err *e)
{
	int r = set | clear ? mount_set_attr(fd, "", is_recursive ? AT_RECURSIVE : 0, set, clear, 0) : 0;

	return r < 0 ? err_set(e, r, "set mount attributes of '%s'", what) : 0;
}

/* A clone is a peer of its source: shared stays so, anything else is taken out of the group. */
static int set_propagation(int fd, const char *source, uint64_t propagation, struct err *e)
{
	int r;

	if (propagation == MS_SHARED)
		return 0;
	r = mount_set_attr(fd, "", AT_RECURSIVE, 0, 0, propagation == MS_SLAVE ? MS_SLAVE : MS_PRIVATE);
	return r < 0 ? err_set(e, r, "set the propagation of '%s'", source) : 0;
}

/* Bind of a host path, private, with @attrs. Return: detached mount. */
static int bind_host(const char *source, bool is_recursive, uint64_t attrs, bool attrs_recursive,
		     struct err *e)
{
	_cleanup_fd_ int fd = mount_clone(AT_FDCWD, source, is_recursive, e);
	int r;

	if (fd < 0)
		return fd;
	r = set_propagation(fd, source, MS_PRIVATE, e);
	if (r < 0)
		return r;
	r = set_attrs(fd, attrs_recursive, attrs, 0, source, e);
	return r < 0 ? r : TAKE_FD(fd);
}

/* The host's number of an id inside. */
static int outside_id(const struct runtime_config *c, uint32_t id, uint32_t *ret, struct err *e)
{
	*ret = id;
	if (!(c->new_ns & CLONE_NEWUSER))
		return 0;
	if (id < c->id_map.inside || id - c->id_map.inside >= c->id_map.count)
		return err_plain(e, -EINVAL, "id %u is not mapped in the container's user namespace", id);
	*ret = c->id_map.outside + (id - c->id_map.inside);
	return 0;
}

static int add_devpts(const struct runtime_config *c, struct plan *p, struct err *e)
{
	uint32_t tty_gid = 5; /* "tty" in every distribution */
	struct mount_param *q = p->devpts_params;
	uint32_t owner = 0;
	int fd, slave, r;

	if (has_user_mount(c, "/dev/pts") && !c->tty)
		return 0;
	r = c->tty ? outside_id(c, c->uid, &owner, e) : 0;
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
	r = add_fd_mount(p, fd, "/dev/pts", false);
	if (r < 0 || !c->tty)
		return r;
	r = tty_open_pty(fd, &p->pty_master, &slave, e);
	if (r < 0)
		return r;
	(void)keep_fd(p, slave);
	if (fchown(slave, owner, tty_gid) < 0)
		return err_set(e, errno, "change owner of the terminal");
	for (int i = 0; i < 3; i++)
		p->launch.stdio[i] = slave;
	p->launch.is_tty = true;
	/* the first pty of a new instance */
	(void)err_format(p->console, sizeof(p->console), "/dev/pts/0");
	p->launch.console = p->console;
	return 0;
}

static int add_host_ipc(const struct runtime_config *c, struct plan *p, struct err *e)
{
	static const char *const dirs[] = { "/dev/shm", "/dev/mqueue" };

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		int r;

		if (has_user_mount(c, dirs[i]) || !fs_exists(AT_FDCWD, dirs[i]))
			continue;
		r = add_fd_mount(p, bind_host(dirs[i], false, 0, false, e), dirs[i], false);
		if (r < 0)
			return r;
	}
	return 0;
}

static int add_shm(const struct runtime_config *c, struct plan *p, struct err *e)
{
	if (!(c->new_ns & CLONE_NEWIPC))
		return add_host_ipc(c, p, e);
	if (!has_user_mount(c, "/dev/mqueue"))
		add_fs_mount(p, "mqueue", "/dev/mqueue", NOSUID_NODEV_NOEXEC);
	if (has_user_mount(c, "/dev/shm"))
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
	return add_fd_mount(p, mount_create("tmpfs", "shm", p->shm_params, NOSUID_NODEV_NOEXEC, e),
			    "/dev/shm", false);
}

static int add_sys(const struct runtime_config *c, struct plan *p, struct err *e)
{
	uint64_t ro = c->is_privileged ? 0 : MOUNT_ATTR_RDONLY;
	bool owns_net = (c->new_ns & CLONE_NEWNET) || !(c->new_ns & CLONE_NEWUSER);
	int r = 0;

	if (has_user_mount(c, "/sys"))
		; /* with whatever is below it */
	else if (owns_net)
		add_fs_mount(p, "sysfs", "/sys", NOSUID_NODEV_NOEXEC | ro);
	else /* a sysfs of the host's network cannot be made from a user namespace */
		r = add_fd_mount(p, bind_host("/sys", true, NOSUID_NODEV_NOEXEC | ro, true, e), "/sys",
				 false);
	if (r < 0)
		return r;
	if (!has_user_mount(c, "/sys/fs/cgroup") && !has_user_mount(c, "/sys") &&
	    ((c->new_ns & CLONE_NEWCGROUP) || !(c->new_ns & CLONE_NEWUSER)))
		add_fs_mount(p, "cgroup2", "/sys/fs/cgroup", NOSUID_NODEV_NOEXEC | ro);
	return 0;
}

static int add_default_mounts(const struct runtime_config *c, struct plan *p, struct err *e)
{
	int r = 0;

	if ((c->new_ns & CLONE_NEWPID) || !(c->new_ns & CLONE_NEWUSER))
		add_fs_mount(p, "proc", "/proc", NOSUID_NODEV_NOEXEC);
	else /* a proc of the host's processes cannot be made from a user namespace */
		r = add_fd_mount(p, bind_host("/proc", true, NOSUID_NODEV_NOEXEC, false, e), "/proc", false);
	if (r == 0 && !has_user_mount(c, "/dev"))
		r = add_fd_mount(p, dev_create(c, e), "/dev", false);
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
	return add_fd_mount(p, bind_host(source, false, MOUNT_ATTR_RDONLY, false, e), target, true);
}

static int add_etc_file(const struct runtime_config *c, struct plan *p, const char *name, struct err *e)
{
	char *target = str_printf("/etc/%s", name);
	char *inside = str_printf("/dev/" DEV_ETC_DIR "/%s", name);
	struct launch_mount *m;

	if (strv_take(&p->texts, target) < 0 || strv_take(&p->texts, inside) < 0)
		return err_set(e, ENOMEM, "plan '/etc/%s'", name);
	if (has_user_mount(c, target))
		return 0;
	if (c->etc_dir)
		return bind_etc_file(c, p, name, target, e);
	m = next_mount(p, target);
	m->source = LAUNCH_INSIDE;
	m->inside = inside;
	m->is_file = true;
	m->attrs = c->root_readonly ? MOUNT_ATTR_RDONLY : 0;
	return 0;
}

static int add_etc_files(const struct runtime_config *c, struct plan *p, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < c->n_etc_files; i++)
		r = add_etc_file(c, p, c->etc_files[i].name, e);
	return r;
}

static int open_tmpfs(const struct runtime_config *c, const struct runtime_mount *m, struct err *e)
{
	struct mount_param params[16] = { { NULL, NULL } };
	_cleanup_strv_ struct strv all = { NULL, 0 };
	uint32_t uid = 0, gid = 0;
	int r = outside_id(c, m->uid, &uid, e);

	if (r == 0)
		r = outside_id(c, m->gid, &gid, e);
	if (r < 0)
		return r;
	if (strv_add_all(&all, &m->params) < 0 || (uid && strv_addf(&all, "uid=%u", uid) < 0) ||
	    (gid && strv_addf(&all, "gid=%u", gid) < 0))
		return err_set(e, ENOMEM, "plan a tmpfs");
	for (size_t i = 0; i < all.n && i + 1 < ARRAY_SIZE(params); i++) {
		char *eq = strchr(all.v[i], '=');

		if (eq)
			*eq = '\0';
		params[i] = (struct mount_param){ all.v[i], eq ? eq + 1 : NULL };
	}
	return mount_create("tmpfs", "tmpfs", params, m->attrs, e);
}

static int mount_id(const char *path, uint64_t *ret, struct err *e)
{
	_cleanup_fd_ int fd = openat(AT_FDCWD, path, O_PATH | O_CLOEXEC);
	char name[40], text[256];
	const char *at;
	int r;

	if (fd < 0)
		return err_set(e, errno, "bind '%s'", path);
	(void)err_format(name, sizeof(name), "/proc/self/fdinfo/%d", fd);
	r = (int)io_read_small(AT_FDCWD, name, text, sizeof(text));
	at = r < 0 ? NULL : strstr(text, "mnt_id:");
	if (!at)
		return err_set(e, r < 0 ? r : -EPROTO, "read '%s'", name);
	*ret = strtoull(at + strlen("mnt_id:"), NULL, 10);
	return 0;
}

/* As in Docker: shared and slave need a source that propagates, or they would do nothing. */
static int check_propagation(const struct runtime_mount *m, struct err *e)
{
	_cleanup_free_ char *text = NULL;
	char *save = NULL;
	uint64_t id = 0;
	size_t n;
	int r;

	if (m->propagation != MS_SHARED && m->propagation != MS_SLAVE)
		return 0;
	r = mount_id(m->source, &id, e);
	if (r == 0)
		r = io_read_file(AT_FDCWD, "/proc/self/mountinfo", MOUNTINFO_MAX, &text, &n, e);
	if (r < 0)
		return r;
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		const char *end = strstr(line, " - "), *tag = strstr(line, " shared:");

		if (strtoull(line, NULL, 10) != id)
			continue;
		if (!tag && m->propagation == MS_SLAVE)
			tag = strstr(line, " master:");
		if (tag && tag < end)
			return 0;
		break;
	}
	r = err_plain(e, -EINVAL, "'%s' is not on a shared%s mount", m->source,
		      m->propagation == MS_SLAVE ? " or slave" : "");
	err_hint(e, "mount --make-shared makes one");
	return r;
}

static int open_bind(const struct plan *p, const struct runtime_mount *m, struct err *e)
{
	_cleanup_fd_ int fd = -1;
	int r = check_propagation(m, e);

	if (r < 0)
		return r;
	fd = mount_clone(AT_FDCWD, m->source, m->is_recursive, e);
	if (fd < 0)
		return fd;
	r = set_propagation(fd, m->source, m->propagation, e);
	if (r == 0)
		r = set_attrs(fd, m->is_ro_recursive, m->attrs, 0, m->source, e);
	if (r == 0 && p->userns_fd >= 0)
		r = mount_idmap(fd, p->userns_fd, m->is_recursive, m->source, e);
	return r < 0 ? r : TAKE_FD(fd);
}

static int add_user_mount(const struct runtime_config *c, struct plan *p, const struct runtime_mount *m,
			  struct err *e)
{
	bool is_bind = m->type == RUNTIME_MOUNT_BIND;
	struct stat st = { .st_mode = S_IFDIR };
	int fd = is_bind ? open_bind(p, m, e) : open_tmpfs(c, m, e), r;

	if (fd < 0)
		return err_wrap(e, fd, "volume '%s'", m->target);
	if (is_bind && fstatat(fd, "", &st, AT_EMPTY_PATH) < 0) {
		r = err_set(e, errno, "stat '%s'", m->source);
		(void)close(fd); /* the stat is the error to tell */
		return r;
	}
	r = add_fd_mount(p, fd, m->target, !S_ISDIR(st.st_mode));
	if (r == 0)
		p->mounts[p->launch.n_mounts - 1].is_users = true;
	return r;
}

static size_t path_depth(const char *path)
{
	size_t n = 0;

	for (; *path; path++)
		n += *path == '/';
	return n;
}

/* Parents before children, otherwise as they came: /etc of a user, then our /etc/hosts. */
static void sort_mounts(struct plan *p)
{
	for (size_t i = 1; i < p->launch.n_mounts; i++) {
		struct launch_mount m = p->mounts[i];
		size_t depth = path_depth(m.target), at = i;

		for (; at > 0 && path_depth(p->mounts[at - 1].target) > depth; at--)
			p->mounts[at] = p->mounts[at - 1];
		p->mounts[at] = m;
	}
}

static int add_user_mounts(const struct runtime_config *c, struct plan *p, struct err *e)
{
	if (c->n_mounts > RUNTIME_MOUNTS_MAX)
		return err_plain(e, -E2BIG, "more than %u mounts", RUNTIME_MOUNTS_MAX);
	for (size_t i = 0; i < c->n_mounts; i++) {
		int r = add_user_mount(c, p, &c->mounts[i], e);

		if (r < 0)
			return r;
	}
	if (c->n_mounts)
		sort_mounts(p);
	return 0;
}

/* --device with a target outside of /dev: a bind, since only our tmpfs takes nodes */
static int add_device_binds(const struct runtime_config *c, struct plan *p, struct err *e)
{
	for (size_t i = 0; i < c->n_devices; i++) {
		int r;

		if (str_starts(c->devices[i].target, "/dev/"))
			continue;
		r = add_fd_mount(p, bind_host(c->devices[i].source, false, 0, false, e),
				 c->devices[i].target, true);
		if (r < 0)
			return r;
		p->mounts[p->launch.n_mounts - 1].is_users = true;
	}
	return 0;
}

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
	memcpy(p->masked, default_masked, sizeof(default_masked));
	l->n_masked = ARRAY_SIZE(default_masked);
	if (add_thermal_throttle(p) < 0)
		return err_set(e, ENOMEM, "plan masked paths");
	l->masked = p->masked;
	l->null_fd = keep_fd(p, mount_clone(AT_FDCWD, "/dev/null", false, e));
	if (l->null_fd < 0)
		return l->null_fd;
	/* the inode is the host's: devices on a read-only mount can be written to, but not chmod'ed */
	r = set_attrs(l->null_fd, false, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, 0,
		      "/dev/null", e);
	if (r < 0)
		return r;
	l->empty_fd = keep_fd(p, mount_clone(AT_FDCWD, places->empty_dir, false, e));
	if (l->empty_fd < 0)
		return l->empty_fd;
	r = set_attrs(l->empty_fd, false, MOUNT_ATTR_RDONLY | NOSUID_NODEV_NOEXEC, 0, places->empty_dir,
		      e);
	return r;
}

static int plan_sysctls(const struct runtime_config *c, struct plan *p, struct err *e)
{
	if (!c->sysctls.n)
		return 0;
	p->sysctls = calloc(c->sysctls.n, sizeof(*p->sysctls));
	if (!p->sysctls)
		return err_set(e, ENOMEM, "plan sysctls");
	for (size_t i = 0; i < c->sysctls.n; i++) {
		char *path = str_printf("/proc/sys/%s", c->sysctls.v[i]);
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
	l->hostname = c->hostname;
	l->domainname = c->domainname;
	l->bring_up_lo = (c->new_ns & CLONE_NEWNET) != 0;
	l->new_ns = c->new_ns;
	l->init_fd = keep_fd(p, mount_clone(AT_FDCWD, places->init_path, false, e));
	if (l->init_fd < 0)
		return l->init_fd;
	r = set_attrs(l->init_fd, false, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV, 0, places->init_path, e);
	return r;
}

static void plan_init(struct plan *p, const struct plan_places *places)
{
	*p = (struct plan){ .pty_master = -1,
			    .userns_fd = places->userns_fd,
			    .launch = { .sync_fd = -1,
					.err_fd = -1,
					.root_fd = places->root_fd,
					.pivot_dir = places->pivot_dir,
					.null_fd = -1,
					.empty_fd = -1,
					.stdio = { -1, -1, -1 },
					.init_fd = -1 } };
	p->launch.mounts = p->mounts;
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
	p->launch.n_join_ns = 1;
	return 0;
}

int plan_build(const struct runtime_config *c, const struct plan_places *places, struct plan *p,
	       struct err *e)
{
	int r;

	plan_init(p, places);
	r = plan_process(c, places, p, e);
	if (r == 0)
		r = add_default_mounts(c, p, e);
	if (r == 0)
		r = add_etc_files(c, p, e);
	if (r == 0)
		r = add_user_mounts(c, p, e);
	if (r == 0)
		r = add_device_binds(c, p, e);
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
	char path[40] = "/dev/null";
	int fd;

	if (p->launch.null_fd >= 0)
		(void)err_format(path, sizeof(path), "/proc/self/fd/%d", p->launch.null_fd);
	fd = openat(AT_FDCWD, path, O_RDWR | O_CLOEXEC);
	return fd < 0 ? err_set(e, errno, "open '/dev/null'") : fd;
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
