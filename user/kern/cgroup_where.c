// SPDX-License-Identifier: Apache-2.0
/* Which hierarchies are mounted, and which of them has a controller. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/io.h"
#include "kern/cgroup_impl.h"

enum layout { LAYOUT_UNKNOWN, LAYOUT_NONE, LAYOUT_V2, LAYOUT_HYBRID, LAYOUT_V1 };

static const struct {
	const char *v1, *v2;
} controllers[CGROUP_ALL_COUNT] = {
	[CGROUP_MEMORY] = { "memory", "memory" },
	[CGROUP_PIDS] = { "pids", "pids" },
	[CGROUP_CPU] = { "cpu", "cpu" },
	[CGROUP_CPUSET] = { "cpuset", "cpuset" },
	[CGROUP_IO] = { "blkio", "io" },
	[CGROUP_CPUACCT] = { "cpuacct", NULL },
	[CGROUP_FREEZER] = { "freezer", NULL },
	[CGROUP_DEVICES] = { "devices", NULL },
	[CGROUP_HUGETLB] = { "hugetlb", "hugetlb" },
	[CGROUP_RDMA] = { "rdma", "rdma" },
	[CGROUP_NET_CLS] = { "net_cls", NULL },
	[CGROUP_NET_PRIO] = { "net_prio", NULL },
};

static bool is_fs(const char *path, unsigned long magic)
{
	struct statfs s;

	return statfs(path, &s) == 0 && (unsigned long)s.f_type == magic;
}

bool cgroup_v1_is_mounted(enum cgroup_controller c)
{
	char path[CGROUP_PATH_MAX];

	err_format(path, sizeof(path), CGROUP_ROOT "/%s", controllers[c].v1);
	return is_fs(path, CGROUP_SUPER_MAGIC);
}

static enum layout find_layout(void)
{
	if (is_fs(CGROUP_ROOT, CGROUP2_SUPER_MAGIC))
		return LAYOUT_V2;
	if (is_fs(CGROUP_UNIFIED, CGROUP2_SUPER_MAGIC))
		return LAYOUT_HYBRID;
	for (enum cgroup_controller c = 0; c < CGROUP_CONTROLLER_COUNT; c++)
		if (cgroup_v1_is_mounted(c))
			return LAYOUT_V1;
	return LAYOUT_NONE;
}

/* Mounts of the host do not move under a running command: asked once per process. */
static enum layout layout(void)
{
	static enum layout found;

	if (found == LAYOUT_UNKNOWN)
		found = find_layout();
	return found;
}

const char *cgroup_mode(void)
{
	static const char *const names[] = {
		[LAYOUT_V2] = "v2",
		[LAYOUT_HYBRID] = "hybrid",
		[LAYOUT_V1] = "v1",
	};
	enum layout l = layout();

	return l == LAYOUT_NONE ? NULL : names[l];
}

const char *cgroup_v2_root(void)
{
	switch (layout()) {
	case LAYOUT_V2:
		return CGROUP_ROOT;
	case LAYOUT_HYBRID:
		return CGROUP_UNIFIED;
	default:
		return NULL;
	}
}

int cgroup_v2_rootfd(void)
{
	static int fd = -1;

	if (fd < 0)
		fd = open(cgroup_v2_root(), O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

const char *cgroup_v1_name(enum cgroup_controller c)
{
	return controllers[c].v1;
}

const char *cgroup_controller_name(enum cgroup_controller c)
{
	return layout() == LAYOUT_V2 && controllers[c].v2 ? controllers[c].v2 : controllers[c].v1;
}

bool cgroup_v2_offers(const char *name)
{
	const char *root = cgroup_v2_root();
	static char text[1024]; /* read once: it does not change within our life */
	char path[CGROUP_PATH_MAX];
	size_t len, n;

	if (!root || !name)
		return false;
	err_format(path, sizeof(path), "%s/cgroup.controllers", root);
	if (!*text && io_read_small(-1, path, text, sizeof(text)) < 0)
		return false;
	n = strlen(name);
	for (const char *w = text; *w; w += len + strspn(w + len, " \n")) {
		len = strcspn(w, " \n");
		if (len == n && strncmp(w, name, n) == 0)
			return true;
	}
	return false;
}

static enum cgroup_where find_where(enum cgroup_controller c)
{
	enum layout l = layout();

	if ((l == LAYOUT_HYBRID || l == LAYOUT_V1) && cgroup_v1_is_mounted(c))
		return CGROUP_ON_V1;
	return cgroup_v2_offers(controllers[c].v2) ? CGROUP_ON_V2 : CGROUP_NOWHERE;
}

enum cgroup_where cgroup_controller_where(enum cgroup_controller c)
{
	static struct {
		bool is_known;
		enum cgroup_where where;
	} found[CGROUP_ALL_COUNT];

	if (!found[c].is_known) {
		found[c].where = find_where(c);
		found[c].is_known = true;
	}
	return found[c].where;
}

const struct cgroup_driver *cgroup_driver_of(enum cgroup_controller c)
{
	switch (cgroup_controller_where(c)) {
	case CGROUP_ON_V1:
		return &cgroup_v1_driver;
	case CGROUP_ON_V2:
		return &cgroup_v2_driver;
	default:
		return NULL;
	}
}

bool cgroup_has_swap(void)
{
	const char *root = cgroup_v2_root();
	_cleanup_dir_ DIR *d = NULL;

	if (cgroup_controller_where(CGROUP_MEMORY) == CGROUP_ON_V1)
		return access(CGROUP_ROOT "/memory/memory.memsw.limit_in_bytes", F_OK) == 0;
	d = root ? opendir(root) : NULL;
	for (struct dirent *de; d && (de = readdir(d));) {
		char path[sizeof(de->d_name) + sizeof("/memory.swap.max")];

		if (de->d_type != DT_DIR || de->d_name[0] == '.')
			continue;
		err_format(path, sizeof(path), "%s/memory.swap.max", de->d_name);
		if (faccessat(dirfd(d), path, F_OK, 0) == 0)
			return true;
	}
	/* nobody has memory on; since 6.1 its accounting of swap cannot be turned off */
	return cgroup_v2_offers("memory") && access("/proc/swaps", F_OK) == 0;
}

static bool is_v1_mounted(const char *name)
{
	char path[CGROUP_PATH_MAX];

	err_format(path, sizeof(path), CGROUP_ROOT "/%s", name);
	return is_fs(path, CGROUP_SUPER_MAGIC);
}

int cgroup_controller_missing(const char *name, struct err *e)
{
	int r = err_plain(e, -EOPNOTSUPP, "the '%s' controller is not available on this host",
			  name);

	/* a cgroup namespace: the true root has no type */
	if (layout() == LAYOUT_V2 && access(CGROUP_ROOT "/cgroup.type", F_OK) == 0)
		err_hint(e,
			 "'" CGROUP_ROOT
			 "' is not the root of the host: the cgroup above it must pass "
			 "'%s' on, by '+%s' in its cgroup.subtree_control",
			 name, name);
	else if (layout() == LAYOUT_V2)
		err_hint(e,
			 "'" CGROUP_ROOT "/cgroup.controllers' does not list it: boot without "
			 "'cgroup_disable=%s', with 'cgroup_enable=%s' where the kernel has it "
			 "off, and without a v1 hierarchy of it",
			 name, name);
	else if (is_v1_mounted(name))
		err_hint(
			e,
			"a v1 hierarchy has it, and a v2 cgroup only what none has: boot with cgroup v2 "
			"('systemd.unified_cgroup_hierarchy=1')");
	else
		err_hint(e,
			 "mount it: mkdir -p " CGROUP_ROOT
			 "/%s && mount -t cgroup -o %s cgroup " CGROUP_ROOT
			 "/%s; or boot with cgroup v2 "
			 "('systemd.unified_cgroup_hierarchy=1')",
			 name, name, name);
	return r;
}

const char *cgroup_v2_path(char buf[static CGROUP_PATH_MAX], const char *slice, const char *id)
{
	err_format(buf, CGROUP_PATH_MAX, "%s/%s%s%s%s", cgroup_v2_root(), slice,
		   cgroup_is_path(slice) ? "" : ".slice", id ? "/" : "", id ? id : "");
	return buf;
}

const char *cgroup_v1_path(char buf[static CGROUP_PATH_MAX], enum cgroup_controller c,
			   const char *slice, const char *id, const char *file)
{
	err_format(buf, CGROUP_PATH_MAX, CGROUP_ROOT "/%s/%s%s%s%s%s", controllers[c].v1, slice,
		   id ? "/" : "", id ? id : "", file ? "/" : "", file ? file : "");
	return buf;
}
