// SPDX-License-Identifier: Apache-2.0
/* The container as the host sees it. */
#include <errno.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "groups.h"
#include "mountinfo.h"
#include "probe.h"
#include "procs.h"

#define STACKED_MAX 16

static pid_t container(const struct facts *f)
{
	return (pid_t)facts_num(f, "container.pid", -1);
}

/* path of @pid in the hierarchy that line "N:CONTROLLERS:PATH" of /proc/PID/cgroup begins with @head */
static int read_cgroup(pid_t pid, const char *head, char *buf, size_t size)
{
	char text[8192];
	int r = read_text(proc_path(pid, "cgroup"), text, sizeof(text));

	if (r < 0)
		return r;
	for (char *line = text, *next; *line; line = next) {
		next = line + strcspn(line, "\n");
		if (*next)
			*next++ = '\0';
		if (strncmp(line, head, strlen(head)) == 0) {
			(void)snprintf(buf, size, "%s", line + strlen(head));
			return 0;
		}
	}
	return -ENOENT;
}

/* the group of fact @p->path is neither the container's own nor below it */
static int cgroup_is_apart(const struct probe *p, const struct facts *f, struct seen *s)
{
	const char *other = facts_get(f, p->path);
	pid_t pid = container(f);
	char own[4096];
	int r;

	if (pid <= 0)
		return seen_unknown(s, "container.pid");
	if (!other)
		return seen_unknown(s, p->path);
	r = read_cgroup(pid, "0::", own, sizeof(own));
	if (r < 0)
		return seen_skip(s, "no cgroup v2: %s", errno_name(-r));
	return seen_as(s, !path_is_below(other, own), "'%s', the other is in '%s'", own, other);
}

static bool find_cgroup2(char *buf, size_t size)
{
	struct mounts m = { 0 };

	if (mounts_read(&m, "/proc/self/mountinfo") < 0)
		return false;
	for (size_t i = 0; i < m.count; i++)
		if (strcmp(m.v[i].type, "cgroup2") == 0 && strcmp(m.v[i].root, "/") == 0) {
			(void)snprintf(buf, size, "%s", m.v[i].point);
			return true;
		}
	return false;
}

/* every process of the container's group is in its pid namespace or below: no helper was left there */
static int group_has_no_strangers(const struct probe *p, const struct facts *f, struct seen *s)
{
	pid_t pid = container(f);
	char at[4096], group[4096], path[8300], text[65536];
	uint64_t own, theirs;
	int count = 0, r;

	(void)p;
	if (pid <= 0)
		return seen_unknown(s, "container.pid");
	if (!find_cgroup2(at, sizeof(at)) || read_cgroup(pid, "0::", group, sizeof(group)) < 0)
		return seen_skip(s, "cgroup v2 is not mounted");
	(void)snprintf(path, sizeof(path), "%s%s/cgroup.procs", at, group);
	r = read_text(path, text, sizeof(text));
	if (r < 0)
		return seen_skip(s, "%s: %s", group, errno_name(-r));
	(void)snprintf(path, sizeof(path), "%d", (int)pid);
	if (ns_inode(path, "pid", &own) < 0)
		return seen_fail(s, "/proc/%d/ns/pid: %s", (int)pid, errno_name(errno));
	for (char *save, *line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save), count++)
		if (ns_inode(line, "pid", &theirs) == 0 && own != theirs)
			return seen_fail(s, "pid %s in '%s' is not in the container", line, group);
	return seen_pass(s, "%d processes, all in the container's pid namespace", count);
}

static int user_is_mapped(const struct probe *p, const struct facts *f, struct seen *s)
{
	const char *map = facts_get(f, "want.uid_map");
	unsigned long outside, count;
	pid_t pid = container(f);
	uint64_t uid;
	char *at;
	int r;

	if (pid <= 0)
		return seen_unknown(s, "container.pid");
	if (!map)
		return seen_unknown(s, "want.uid_map");
	(void)strtoul(map, &at, 10);
	outside = strtoul(at, &at, 10);
	count = strtoul(at, &at, 10);
	r = proc_field(pid, p->path, 10, &uid);
	if (r < 0)
		return seen_fail(s, "%s: %s", p->path, errno_name(-r));
	return seen_as(s, uid >= outside && uid - outside < count, "%s %lu, mapped are %lu to %lu",
		       p->path, (unsigned long)uid, outside, outside + count - 1);
}

/* lines of /proc/PID/status that a fact asks for */
enum { FIELD_CAPS, FIELD_NO_NEW_PRIVS, FIELD_SECCOMP };
static const struct {
	const char *name, *fact;
	int base;
	uint64_t unit; /* what the fact's 1 is in the file */
} fields[] = {
	[FIELD_CAPS] = { "CapEff", "want.caps.effective", 16, 1 },
	[FIELD_NO_NEW_PRIVS] = { "NoNewPrivs", "want.no_new_privs", 10, 1 },
	[FIELD_SECCOMP] = { "Seccomp", "want.seccomp", 10, 2 },
};

static int field_is_asked(const struct probe *p, const struct facts *f, struct seen *s)
{
	const char *name = fields[p->num].name, *fact = fields[p->num].fact;
	int64_t want = facts_num(f, fact, -1);
	uint64_t is;
	int r;

	if (container(f) <= 0)
		return seen_unknown(s, "container.pid");
	if (want < 0)
		return seen_unknown(s, fact);
	r = proc_field(container(f), name, fields[p->num].base, &is);
	if (r < 0)
		return seen_fail(s, "%s: %s", name, errno_name(-r));
	if (want == 0 && p->num != FIELD_CAPS)
		return seen_skip(s, "%s was not asked for", name);
	return seen_as(s, is == (uint64_t)want * fields[p->num].unit, "%s is %llx, %s is %llx",
		       name, (unsigned long long)is, fact, (unsigned long long)want);
}

static int oom_score_is_no_lower(const struct probe *p, const struct facts *f, struct seen *s)
{
	int64_t host = facts_num(f, "host.oom_score_adj", 10000);
	char text[32];
	int r, is;

	(void)p;
	if (container(f) <= 0)
		return seen_unknown(s, "container.pid");
	if (host == 10000)
		return seen_unknown(s, "host.oom_score_adj");
	r = read_text(proc_path(container(f), "oom_score_adj"), text, sizeof(text));
	if (r < 0)
		return seen_fail(s, "oom_score_adj: %s", errno_name(-r));
	is = (int)strtol(text, NULL, 10);
	return seen_as(s, is >= host, "%d, the host side has %d", is, (int)host);
}

/* is @n in "20-45,47"? */
static bool is_listed(const char *list, int n)
{
	while (*list) {
		char *end;
		long first = strtol(list, &end, 10), last = first;

		if (*end == '-')
			last = strtol(end + 1, &end, 10);
		if (n >= first && n <= last)
			return true;
		list = *end ? end + 1 : end;
	}
	return false;
}

/* "net:[4026531840]": a namespace of the container */
static bool is_its_namespace(const struct facts *f, const struct mount *m)
{
	char pid[16], ns[32];
	uint64_t inode;

	if (strcmp(m->type, "nsfs") != 0)
		return false;
	(void)snprintf(ns, sizeof(ns), "%.*s", (int)strcspn(m->root, ":"), m->root);
	(void)snprintf(pid, sizeof(pid), "%d", (int)container(f));
	return strchr(m->root, '[') && ns_inode(pid, ns, &inode) == 0 &&
	       strtoull(strchr(m->root, '[') + 1, NULL, 10) == inode;
}

/* by what it shows, which @own do, too, or by its name */
static bool is_the_containers(const struct facts *f, const struct mounts *own,
			      const struct mount *m)
{
	const char *id = facts_get(f, "container.id"), *work = facts_get(f, "container.work");

	for (size_t i = 0; i < own->count; i++)
		if (own->v[i].dev == m->dev && strcmp(own->v[i].root, m->root) == 0)
			return true;
	return (id && strstr(m->point, id)) || (work && path_is_below(m->point, work)) ||
	       is_its_namespace(f, m);
}

static bool has_its_parent(const struct mounts *m, const bool *is_its, const struct mount *child)
{
	for (size_t i = 0; i < m->count; i++)
		if (is_its[i] && m->v[i].id == child->parent)
			return true;
	return false;
}

/* Others mount at the same time: only what is the container's counts, and what is mounted on that. */
static int mount_table_is_unchanged(const struct probe *p, const struct facts *f, struct seen *s)
{
	const char *before = facts_get(f, "container.mounts_before");
	struct mounts host = { 0 }, own = { 0 };
	const struct mount *found = NULL;
	size_t count = 0, last;
	bool *is_its;
	int r;

	(void)p;
	if (container(f) <= 0)
		return seen_unknown(s, "container.pid");
	if (!before)
		return seen_unknown(s, "container.mounts_before");
	r = mounts_read(&host, "/proc/self/mountinfo");
	if (!r)
		r = mounts_read(&own, proc_path(container(f), "mountinfo"));
	is_its = r < 0 ? NULL : calloc(host.count + 1, sizeof(*is_its));
	if (!is_its)
		return seen_fail(s, "mountinfo: %s", errno_name(r < 0 ? -r : ENOMEM));
	do {
		last = count;
		for (size_t i = 0; i < host.count; i++) {
			const struct mount *m = &host.v[i];

			if (is_its[i] || is_listed(before, m->id) ||
			    (!is_the_containers(f, &own, m) && !has_its_parent(&host, is_its, m)))
				continue;
			is_its[i] = true;
			found = m;
			count++;
		}
	} while (count > last);
	free(is_its);
	return found ? seen_fail(s, "%zu mounts of the container since its start, as '%s'", count,
				 found->point) :
		       seen_pass(s, "%zu mounts, none of the container", host.count);
}

/* is one of "shared:1 master:2" the tag @kind with the number of a tag of any mount in @m? */
static bool has_peer(const char *tags, const char *kind, const struct mounts *m,
		     const char *const theirs[])
{
	const char *at = strstr(tags, kind);
	unsigned long group = at ? strtoul(at + strlen(kind), NULL, 10) : 0;

	if (!at)
		return false;
	for (size_t i = 0; i < m->count; i++)
		for (const char *const *t = theirs; *t; t++) {
			at = strstr(m->v[i].tags, *t);
			if (at && strtoul(at + strlen(*t), NULL, 10) == group)
				return true;
		}
	return false;
}

/* Numbers of peer groups are those of the whole kernel. @p->num: events arrive, else they leave. */
static int nothing_propagates(const struct probe *p, const struct facts *f, struct seen *s)
{
	static const char *const receivers[] = { "shared:", "master:", NULL };
	static const char *const senders[] = { "shared:", NULL };
	struct mounts host = { 0 }, own = { 0 };
	int r;

	if (container(f) <= 0)
		return seen_unknown(s, "container.pid");
	r = mounts_read(&host, "/proc/self/mountinfo");
	if (!r)
		r = mounts_read(&own, proc_path(container(f), "mountinfo"));
	if (r < 0)
		return seen_fail(s, "mountinfo: %s", errno_name(-r));
	for (size_t i = 0; i < own.count; i++)
		if (p->num ? has_peer(own.v[i].tags, "master:", &host, senders) :
			     has_peer(own.v[i].tags, "shared:", &host, receivers))
			return seen_fail(s, "'%s' is %s, as is a mount of the host", own.v[i].point,
					 own.v[i].tags);
	return seen_pass(s, "none of %zu mounts has a peer on the host", own.count);
}

/* clone(2) flags that an exec does not undo, and those that it does */
static int shares_no_tables(const struct probe *p, const struct facts *f, struct seen *s)
{
	static const struct {
		int type;
		const char *name;
	} kinds[] = {
		{ KCMP_VM, "memory" },
		{ KCMP_FILES, "descriptors" },
		{ KCMP_FS, "root and working directory" },
		{ KCMP_SIGHAND, "signal handlers" },
	};
	pid_t pid = container(f), parent;

	(void)p;
	if (pid <= 0)
		return seen_unknown(s, "container.pid");
	parent = proc_parent(pid);
	if (parent <= 0)
		return seen_skip(s, "its parent is not known");
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		long r = syscall(SYS_kcmp, pid, parent, kinds[i].type, 0, 0);

		if (r < 0)
			return seen_skip(s, "kcmp: %s", errno_name(errno));
		if (r == 0)
			return seen_fail(s, "shares its %s with its parent, pid %d", kinds[i].name,
					 (int)parent);
	}
	return seen_pass(s, "shares no memory, descriptors, root or handlers with pid %d",
			 (int)parent);
}

static int enter(int proc, pid_t pid, const char *ns, int flag)
{
	char path[64];
	int fd, r;

	(void)snprintf(path, sizeof(path), "%d/ns/%s", (int)pid, ns);
	fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = setns(fd, flag) < 0 ? -errno : 0;
	(void)close(fd);
	return r;
}

/* into a private copy of the container's mount namespace */
static int enter_copy(int proc, pid_t pid)
{
	char text[16];
	uint64_t own, theirs;
	int r;

	(void)snprintf(text, sizeof(text), "%d", (int)pid);
	if (ns_inode("self", "user", &own) < 0 || ns_inode(text, "user", &theirs) < 0)
		return -ESRCH;
	r = own == theirs ? 0 : enter(proc, pid, "user", CLONE_NEWUSER);
	if (!r)
		r = enter(proc, pid, "mnt", CLONE_NEWNS);
	if (!r && unshare(CLONE_NEWNS) < 0)
		r = -errno;
	if (!r && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		r = -errno;
	return r;
}

/*
 * In a copy of its mount namespace, take one root after the other away. A runtime that moves its root
 * over the host's, instead of pivot_root(2), leaves the host's root below it: whoever may unmount gets it.
 */
static int old_root_is_gone(const struct probe *p, const struct facts *f, struct seen *s)
{
	const char *host = facts_get(f, "host.root"), *marker = facts_get(f, "host.marker");
	int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC), taken = 0, r;
	struct stat st;

	(void)p;
	if (container(f) <= 0)
		return seen_unknown(s, "container.pid");
	if (!host)
		return seen_unknown(s, "host.root");
	r = proc < 0 ? -errno : enter_copy(proc, container(f));
	if (r < 0)
		return seen_skip(s, "cannot enter a copy of its mounts: %s", errno_name(-r));
	for (; taken < STACKED_MAX; taken++) {
		if (umount2("/", MNT_DETACH) < 0)
			return seen_pass(s, "%d roots taken away, then umount2: %s", taken,
					 errno_name(errno));
		r = enter(proc, getpid(), "mnt", CLONE_NEWNS);
		if (r < 0 || stat("/", &st) < 0)
			return seen_pass(s, "%d roots taken away, nothing below", taken + 1);
		if (is_dev_ino(&st, host) || (marker && access(marker, F_OK) == 0))
			return seen_fail(s, "the host's root is below the container's");
	}
	return seen_fail(s, "%d roots lie on each other", taken);
}

/* Some give their standard input to the container's user: then the null device of all is somebody's. */
static int null_device_is_unchanged(const struct probe *p, const struct facts *f, struct seen *s)
{
	const char *before = facts_get(f, "host.null");
	char now[64];
	struct stat st;

	(void)p;
	if (!before)
		return seen_unknown(s, "host.null");
	if (stat("/dev/null", &st) < 0)
		return seen_fail(s, "/dev/null: %s", errno_name(errno));
	(void)snprintf(now, sizeof(now), "%u:%u %04o", st.st_uid, st.st_gid, st.st_mode & 07777);
	return seen_as(s, strcmp(now, before) == 0, "%s, before the start %s", now, before);
}

/* clang-format off */
static const struct probe probes[] = {
	{ "outside/cgroup-own", "compare the container's cgroup with the host side's",
	  cgroup_is_apart, .path = "host.cgroup" },
	{ "outside/cgroup-not-siblings", "compare the container's cgroup with another container's",
	  cgroup_is_apart, .needs = "outside/cgroup-own", .path = "sibling.cgroup" },
	{ "outside/cgroup-no-strangers", "list the processes in the container's cgroup",
	  group_has_no_strangers, .needs = "outside/cgroup-not-siblings" },
	{ "outside/uid", "read the container's user in the host's /proc", user_is_mapped,
	  .needs = "users/uid-map", .path = "Uid" },
	{ "outside/gid", "read the container's group in the host's /proc", user_is_mapped,
	  .needs = "users/gid-map", .path = "Gid" },
	{ "outside/capabilities", "read CapEff in the host's /proc", field_is_asked,
	  .needs = "caps/effective", .num = FIELD_CAPS },
	{ "outside/no-new-privs", "read NoNewPrivs in the host's /proc", field_is_asked,
	  .needs = "caps/no-new-privs", .num = FIELD_NO_NEW_PRIVS },
	{ "outside/seccomp", "read Seccomp in the host's /proc", field_is_asked,
	  .needs = "seccomp/filter", .num = FIELD_SECCOMP },
	{ "outside/oom-score-adj", "compare oom_score_adj with the host side's",
	  .run = oom_score_is_no_lower },
	{ "outside/mount-table-unchanged", "look for new mounts of the container in the host's mount table",
	  .run = mount_table_is_unchanged },
	{ "outside/null-device-unchanged", "compare owner and mode of the caller's /dev/null with those before",
	  .run = null_device_is_unchanged },
	{ "outside/no-mounts-to-host", "look for mounts of the container that the host would see",
	  nothing_propagates, .needs = "mnt/new-namespace", .num = 0 },
	{ "outside/no-mounts-from-host", "look for mounts of the host that the container would see",
	  nothing_propagates, .needs = "mnt/new-namespace", .num = 1 },
	{ "outside/nothing-shared", "kcmp(2) the container's command and its parent",
	  .run = shares_no_tables },
	{ "outside/old-root-gone", "unmount the root in a copy of the container's mount namespace",
	  old_root_is_gone, .needs = "mnt/new-namespace" },
};
/* clang-format on */

const struct probe_group outside_group = {
	.name = "outside",
	.summary = "the container as the host sees it",
	.is_outside = true,
	PROBES(probes),
};
