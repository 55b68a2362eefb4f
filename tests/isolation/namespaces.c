// SPDX-License-Identifier: Apache-2.0
/* Each namespace that was asked for is a new one, and the container's alone. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/nsfs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "groups.h"
#include "probe.h"

/* the namespace in @p->path differs from the host's; one that was not asked for says nothing */
static int is_new(const struct probe *p, const struct facts *f, struct seen *s)
{
	char key[32];
	uint64_t mine;
	int64_t host;
	int r;

	if (!list_has(facts_get(f, "want.ns"), p->path))
		return seen_skip(s, "no %s namespace was asked for", p->path);
	(void)snprintf(key, sizeof(key), "host.ns.%s", p->path);
	host = facts_num(f, key, -1);
	if (host < 0)
		return seen_unknown(s, key);
	r = ns_inode("self", p->path, &mine);
	if (r < 0)
		return seen_fail(s, "/proc/self/ns/%s: %s", p->path, strerror(-r));
	return seen_as(s, mine != (uint64_t)host, "%s:[%" PRIu64 "], the host has %s:[%" PRId64 "]",
		       p->path, mine, p->path, host);
}

/* /proc of another pid namespace numbers us otherwise, or says several numbers */
static int proc_is_own(const struct probe *p, const struct facts *f, struct seen *s)
{
	char self[32] = "", numbers[128] = "";
	ssize_t len = readlink("/proc/self", self, sizeof(self) - 1);

	(void)p;
	(void)f;
	if (len < 0 && errno == ENOENT)
		return seen_skip(s, "/proc is not mounted");
	if (len < 0)
		return seen_fail(s, "/proc/self: %s", errno_name(errno));
	(void)read_field("/proc/self/status", "NSpid", numbers, sizeof(numbers));
	return seen_as(s, strtol(self, NULL, 10) == getpid() && !strpbrk(numbers, " \t"),
		       "pid %d, /proc/self is %s, NSpid is %s", (int)getpid(), self, numbers);
}

/* a runtime that unshares pid or time but does not fork stays in its own namespace itself */
static int is_the_commands(const struct probe *p, const struct facts *f, struct seen *s)
{
	char parent[16];
	uint64_t mine, theirs;
	int r;

	(void)f;
	if (getppid() == 0)
		return seen_fail(s, "the container's command is outside of our %s namespace",
				 p->path);
	(void)snprintf(parent, sizeof(parent), "%d", (int)getppid());
	r = ns_inode("self", p->path, &mine);
	if (!r)
		r = ns_inode(parent, p->path, &theirs);
	if (r < 0)
		return seen_fail(s, "/proc/%s/ns/%s: %s", parent, p->path, errno_name(-r));
	return seen_as(s, mine == theirs,
		       "ours is %s:[%" PRIu64 "], the command's %s:[%" PRIu64 "]", p->path, mine,
		       p->path, theirs);
}

/* ioctl_ns(2): EPERM when the parent is not below the caller's own namespace */
static int parent_is_hidden(const struct probe *p, const struct facts *f, struct seen *s)
{
	char path[32];
	int fd, parent, err;

	(void)f;
	(void)snprintf(path, sizeof(path), "/proc/self/ns/%s", p->path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return seen_fail(s, "%s: %s", path, errno_name(errno));
	parent = ioctl(fd, NS_GET_PARENT);
	err = errno;
	if (parent >= 0)
		return seen_fail(s, "NS_GET_PARENT opened the namespace above");
	if (err == ENOTTY)
		return seen_skip(s, "the kernel has no NS_GET_PARENT");
	return seen_as(s, err == EPERM, "NS_GET_PARENT: %s", errno_name(err));
}

static int hostname_is_own(const struct probe *p, const struct facts *f, struct seen *s)
{
	const char *want = facts_get(f, "want.hostname"), *host = facts_get(f, "host.hostname");
	struct utsname u;

	(void)p;
	if (!want && !host)
		return seen_unknown(s, "host.hostname");
	if (uname(&u) < 0)
		return seen_fail(s, "uname: %s", errno_name(errno));
	if (want)
		return seen_as(s, strcmp(u.nodename, want) == 0, "'%s', asked for was '%s'",
			       u.nodename, want);
	return seen_as(s, strcmp(u.nodename, host) != 0, "'%s', the host is '%s'", u.nodename,
		       host);
}

/* what is shared with the host, or was not asked for, is told by other rows */
static int is_not_siblings(const struct probe *p, const struct facts *f, struct seen *s)
{
	static const char *const all[] = { "pid", "net",  "mnt",    "uts",
					   "ipc", "user", "cgroup", "time" };
	const char *want = facts_get(f, "want.ns");
	char shared[64] = "";
	size_t len = 0;
	int compared = 0;

	(void)p;
	if (!facts_get(f, "sibling.pid"))
		return seen_unknown(s, "sibling.pid");
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		char host[32], sibling[32];
		uint64_t mine;

		(void)snprintf(host, sizeof(host), "host.ns.%s", all[i]);
		(void)snprintf(sibling, sizeof(sibling), "sibling.ns.%s", all[i]);
		if (!list_has(want, all[i]) || facts_num(f, sibling, -1) < 0 ||
		    ns_inode("self", all[i], &mine) < 0 || (int64_t)mine == facts_num(f, host, -1))
			continue;
		compared++;
		if ((int64_t)mine == facts_num(f, sibling, -1))
			len += (size_t)snprintf(shared + len, sizeof(shared) - len, " %s", all[i]);
	}
	if (!compared)
		return seen_skip(s, "no namespace of its own to compare");
	return seen_as(s, !shared[0], "%d compared, shared:%s", compared,
		       shared[0] ? shared : " none");
}

/* clang-format off */
#define NEW(ns) \
	{ ns "/new-namespace", "compare /proc/self/ns/" ns " with the host's", is_new, .path = ns }

static const struct probe probes[] = {
	NEW("pid"), NEW("net"), NEW("mnt"), NEW("uts"),
	NEW("ipc"), NEW("cgroup"), NEW("user"), NEW("time"),
	{ "pid/own-proc", "compare our pid with /proc/self and NSpid",
	  proc_is_own, .needs = "pid/new-namespace" },
	{ "pid/of-the-command", "compare our pid namespace with that of the container's command",
	  is_the_commands, .needs = "pid/own-proc", .path = "pid" },
	{ "time/of-the-command", "compare our time namespace with that of the container's command",
	  is_the_commands, .needs = "time/new-namespace", .path = "time" },
	{ "pid/parent-hidden", "open the pid namespace above ours (NS_GET_PARENT)",
	  parent_is_hidden, .needs = "pid/new-namespace", .path = "pid" },
	{ "user/parent-hidden", "open the user namespace above ours (NS_GET_PARENT)",
	  parent_is_hidden, .needs = "user/new-namespace", .path = "user" },
	{ "uts/hostname", "read the host name by uname(2)",
	  hostname_is_own, .needs = "uts/new-namespace" },
	{ "sibling/namespaces", "compare our namespaces with those of another container",
	  .run = is_not_siblings },
};
/* clang-format on */

const struct probe_group namespace_group = {
	.name = "namespaces",
	.summary = "each namespace that was asked for is new, and the container's alone",
	PROBES(probes),
};
