// SPDX-License-Identifier: Apache-2.0
/*
 * Control groups: the container sees its own as the top, nothing above and beside it, and cannot change
 * what limits it. Both versions; a container may have mounts of several.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "attempt.h"
#include "cgroupfs.h"
#include "groups.h"
#include "probe.h"

#define MOUNTINFO "/proc/self/mountinfo"
#define TEXT_SIZE 16384
#define LIMIT_SIZE 256

/* "4:memory:/path" in each line of @p->path */
static int is_at_top(const struct probe *p, const struct facts *f, struct seen *s)
{
	char text[TEXT_SIZE];
	int r = read_text(p->path, text, sizeof(text)), count = 0;

	(void)f;
	if (r < 0)
		return seen_fail(s, "%s: %s", p->path, errno_name(-r));
	for (char *save, *line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		char *path = strchr(line, '/');

		if (!path || strcmp(path, "/") != 0)
			return seen_fail(s, "%s", line);
		count++;
	}
	return seen_pass(s, "/ in %d hierarchies", count);
}

/* Return: how many mounts of cgroup file systems there are; -1, seen, if nobody tells */
static int read_mounts(struct mounts *m, struct seen *s)
{
	int r = mounts_read(m, MOUNTINFO), count = 0;

	if (r < 0) {
		(void)seen_fail(s, MOUNTINFO ": %s", errno_name(-r));
		return -1;
	}
	for (size_t i = 0; i < m->count; i++)
		if (cgroupfs_is(&m->v[i]))
			m->v[count++] = m->v[i];
	m->count = (size_t)count;
	if (!count)
		(void)seen_skip(s, "no cgroup file system is mounted");
	return count ? count : -1;
}

static int mounts_are_at_top(const struct probe *p, const struct facts *f, struct seen *s)
{
	struct mounts m = { 0 };

	(void)p;
	(void)f;
	if (read_mounts(&m, s) < 0)
		return (int)s->result;
	for (size_t i = 0; i < m.count; i++)
		/* the top of the host's is what cgroup/not-the-top reports */
		if (strcmp(m.v[i].root, "/") != 0 && !cgroupfs_is_top(&m.v[i]))
			return seen_fail(s, "%s is %s of its hierarchy", m.v[i].point, m.v[i].root);
	return seen_pass(s, "/ in %zu mounts", m.count);
}

static int is_not_real_top(const struct probe *p, const struct facts *f, struct seen *s)
{
	struct mounts m = { 0 };

	(void)p;
	(void)f;
	if (read_mounts(&m, s) < 0)
		return (int)s->result;
	for (size_t i = 0; i < m.count; i++)
		if (cgroupfs_is_top(&m.v[i]))
			return seen_fail(s, "%s is the top of the host's hierarchy", m.v[i].point);
	return seen_pass(s, "%zu mounts are below the top", m.count);
}

/* a process of a pid namespace that is not below ours is listed as 0 */
static int has_own_processes_only(const struct probe *p, const struct facts *f, struct seen *s)
{
	struct mounts m = { 0 };
	char path[PATH_MAX], text[TEXT_SIZE];
	int total = 0;

	(void)p;
	(void)f;
	if (read_mounts(&m, s) < 0)
		return (int)s->result;
	for (size_t i = 0; i < m.count; i++) {
		int foreign = 0;

		if (read_text(cgroupfs_path(path, &m.v[i], "cgroup.procs"), text, sizeof(text)) < 0)
			continue;
		for (char *save, *pid = strtok_r(text, "\n", &save); pid;
		     pid = strtok_r(NULL, "\n", &save)) {
			total++;
			foreign += strcmp(pid, "0") == 0;
		}
		if (foreign)
			return seen_fail(s, "%d processes of others in %s", foreign, path);
	}
	return seen_pass(s, "%d processes in %zu mounts", total, m.count);
}

/* @p->path names a fact that is a path of the host; its text is told nowhere */
static int is_untold(const struct probe *p, const struct facts *f, struct seen *s)
{
	static const char *const files[] = { "/proc/self/cgroup", "/proc/1/cgroup", MOUNTINFO };
	const char *cgroup = facts_get(f, p->path);
	char text[TEXT_SIZE];

	if (!cgroup)
		return seen_unknown(s, p->path);
	if (strlen(cgroup) < 2)
		return seen_skip(s, "it is the top");
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (read_text(files[i], text, sizeof(text)) > 0 && strstr(text, cgroup))
			return seen_fail(s, "%s tells %s", files[i], cgroup);
	return seen_pass(s, "%s is told nowhere", cgroup);
}

static int sibling_is_hidden(const struct probe *p, const struct facts *f, struct seen *s)
{
	const char *cgroup = facts_get(f, "sibling.cgroup"), *name;
	struct mounts m = { 0 };
	char path[PATH_MAX];

	(void)p;
	if (!cgroup)
		return seen_unknown(s, "sibling.cgroup");
	name = strrchr(cgroup, '/');
	if (!name || !name[1])
		return seen_skip(s, "it is in the top");
	if (read_mounts(&m, s) < 0)
		return (int)s->result;
	/* beside our own, where a mount of the hierarchy from above has it, and where the host has it */
	for (size_t i = 0; i < m.count; i++)
		if (access(cgroupfs_path(path, &m.v[i], name + 1), F_OK) == 0 ||
		    access(cgroupfs_path(path, &m.v[i], cgroup + 1), F_OK) == 0)
			return seen_fail(s, "%s", path);
	return seen_pass(s, "%s is in none of %zu mounts", name + 1, m.count);
}

/* a payload with a service manager may be given its subtree, to make groups in it */
static bool is_delegated(const struct facts *f, const struct mount *m)
{
	const char *want = facts_get(f, "want.mounts");

	return list_has(want, m->point) || list_has(want, "/sys/fs/cgroup");
}

static int is_read_only(const struct probe *p, const struct facts *f, struct seen *s)
{
	struct mounts m = { 0 };
	size_t delegated = 0;

	(void)p;
	if (read_mounts(&m, s) < 0)
		return (int)s->result;
	for (size_t i = 0; i < m.count; i++) {
		if (list_has(m.v[i].options, "ro") || list_has(m.v[i].super_options, "ro"))
			continue;
		if (!is_delegated(f, &m.v[i]))
			return seen_fail(s, "%s is writable", m.v[i].point);
		delegated++;
	}
	return seen_pass(s, "%zu mounts are read-only, %zu writable as asked for",
			 m.count - delegated, delegated);
}

/* what is in the file is written again. Return: 0; errno */
static int rewrite(const char *path)
{
	char text[LIMIT_SIZE];
	int len = read_text(path, text, sizeof(text)), err, fd;

	if (len <= 0)
		return EACCES;
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return errno;
	err = write(fd, text, (size_t)len) < 0 ? errno : 0;
	(void)close(fd);
	return err;
}

enum { NEVER, IF_DELEGATED };

/* each of the files @p->path, in each mount. @p->num: IF_DELEGATED, may be written in a subtree that was
 * given to the container; NEVER, since it limits the container itself (nsdelegate, man 7 cgroups) */
static int is_not_writable(const struct probe *p, const struct facts *f, struct seen *s)
{
	struct mounts m = { 0 };
	char list[512], path[PATH_MAX];
	int count = 0;

	if (read_mounts(&m, s) < 0)
		return (int)s->result;
	for (size_t i = 0; i < m.count; i++) {
		bool may = is_delegated(f, &m.v[i]);

		(void)snprintf(list, sizeof(list), "%s", p->path);
		for (char *save, *file = strtok_r(list, ",", &save); file;
		     file = strtok_r(NULL, ",", &save)) {
			int err;

			if (access(cgroupfs_path(path, &m.v[i], file), F_OK) < 0 || (may && p->num))
				continue;
			err = may ? rewrite(path) : open_errno(path, O_WRONLY);
			if (!err)
				return seen_fail(s, "%s can be written", path);
			count++;
		}
	}
	return count ? seen_pass(s, "%d files refuse to be written", count) :
		       seen_skip(s, "there is no such file, or it was asked for");
}

static int is_mkdir_refused(const struct probe *p, const struct facts *f, struct seen *s)
{
	struct mounts m = { 0 };
	char path[PATH_MAX];
	int err = 0;

	(void)p;
	if (read_mounts(&m, s) < 0)
		return (int)s->result;
	for (size_t i = 0; i < m.count; i++) {
		if (is_delegated(f, &m.v[i]))
			return seen_skip(s, "a writable subtree was asked for");
		if (mkdir(cgroupfs_path(path, &m.v[i], "davit-probe"), 0755) == 0) {
			(void)rmdir(path);
			return seen_fail(s, "%s was made", path);
		}
		err = errno;
	}
	return seen_pass(s, "mkdir: %s", errno_name(err));
}

/* an option that no hierarchy has: EINVAL for those who may mount one, and nothing is mounted */
static int is_mount_refused(const struct probe *p, const struct facts *f, struct seen *s)
{
	int err;

	if (cap_was_asked(f, CAP_SYS_ADMIN))
		return seen_skip(s, "CAP_SYS_ADMIN was asked for");
	err = mount("davit-probe", "/", p->path, 0, "davit_probe") < 0 ? errno : 0;
	return seen_as(s, is_refused(err) || err == ENODEV, "mount: %s", errno_name(err));
}

/* the device policy and other programs of the host that are attached to our cgroup */
static int is_query_refused(const struct probe *p, const struct facts *f, struct seen *s)
{
	struct mounts m = { 0 };
	union bpf_attr a;
	int err, fd;

	(void)p;
	if (cap_was_asked(f, CAP_SYS_ADMIN) || cap_was_asked(f, CAP_NET_ADMIN))
		return seen_skip(s, "a capability for it was asked for");
	if (read_mounts(&m, s) < 0)
		return (int)s->result;
	fd = open(m.v[0].point, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return seen_skip(s, "%s: %s", m.v[0].point, errno_name(errno));
	memset(&a, 0, sizeof(a));
	a.query.target_fd = (uint32_t)fd;
	a.query.attach_type = BPF_CGROUP_DEVICE;
	err = syscall(SYS_bpf, BPF_PROG_QUERY, &a, sizeof(a)) < 0 ? errno : 0;
	return seen_as(s, is_refused(err), "%s", errno_name(err));
}

/* clang-format off */
#define OWN  "cgroup/new-namespace"
#define READ "cgroup/read-only"
#define TOP  "cgroup/not-the-top"

static const struct probe probes[] = {
	{ TOP, "look for files that only the top of a hierarchy has", is_not_real_top,
	  NULL, NULL, 0, 0 },
	{ "cgroup/own-root", "read /proc/self/cgroup", is_at_top, OWN, "/proc/self/cgroup", 0, 0 },
	{ "cgroup/init-root", "read /proc/1/cgroup", is_at_top, "cgroup/own-root", "/proc/1/cgroup", 0, 0 },
	{ "cgroup/mount-roots", "read the roots of cgroup mounts in " MOUNTINFO, mounts_are_at_top,
	  OWN, NULL, 0, 0 },
	{ "cgroup/own-processes", "list the processes of the uppermost cgroup", has_own_processes_only,
	  TOP, NULL, 0, 0 },
	{ "cgroup/host-path", "look for the host's cgroup in /proc", is_untold, "cgroup/own-root",
	  "host.cgroup", 0, 0 },
	{ "cgroup/sibling-path", "look for another container's cgroup in /proc", is_untold, "cgroup/own-root",
	  "sibling.cgroup", 0, 0 },
	{ "cgroup/sibling", "look for another container's cgroup in the mounts", sibling_is_hidden,
	  TOP, NULL, 0, 0 },
	{ READ, "look whether the mounts are read-only", is_read_only, TOP, NULL, 0, 0 },
	{ "cgroup/limits", "write to the limits", is_not_writable, READ,
	  "memory.max,memory.high,memory.swap.max,cpu.max,cpu.weight,pids.max,io.max,cpuset.cpus,"
	  "memory.limit_in_bytes,memory.memsw.limit_in_bytes,memory.oom_control,cpu.cfs_quota_us,"
	  "cpu.shares,blkio.throttle.read_bps_device", NEVER, 0 },
	{ "cgroup/devices", "write to the list of devices", is_not_writable, READ,
	  "devices.allow,devices.deny", NEVER, 0 },
	{ "cgroup/release-agent", "write to what runs a program of the host", is_not_writable, READ,
	  "release_agent,notify_on_release,cgroup.event_control", NEVER, 0 },
	{ "cgroup/freezer", "write to what freezes or kills", is_not_writable, READ,
	  "cgroup.freeze,cgroup.kill,freezer.state", NEVER, 0 },
	{ "cgroup/processes", "write to the lists of processes", is_not_writable, READ,
	  "cgroup.procs,cgroup.threads,tasks", IF_DELEGATED, 0 },
	{ "cgroup/controllers", "write to the list of controllers", is_not_writable, READ,
	  "cgroup.subtree_control,cgroup.type", IF_DELEGATED, 0 },
	{ "cgroup/mkdir", "make a cgroup", is_mkdir_refused, READ, NULL, 0, 0 },
	{ "cgroup/mount-v2", "mount cgroup v2 with a wrong option", is_mount_refused,
	  "caps/effective", "cgroup2", 0, 0 },
	{ "cgroup/mount-v1", "mount cgroup v1 with a wrong option", is_mount_refused,
	  "caps/effective", "cgroup", 0, 0 },
	{ "cgroup/bpf-query", "list the BPF programs of the cgroup", is_query_refused,
	  "caps/effective", NULL, 0, 0 },
};
/* clang-format on */

const struct probe_group cgroup_group = {
	.name = "cgroups",
	.summary = "the own cgroup is the top, and its limits are out of reach",
	PROBES(probes),
};
