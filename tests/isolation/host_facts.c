// SPDX-License-Identifier: Apache-2.0
/* What the host and its containers look like, as facts. */
#include "host_facts.h"

#include <inttypes.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "facts.h"
#include "mountinfo.h"
#include "probe.h"

static const char *const namespaces[] = { "pid", "net",	 "mnt",	   "uts",
					  "ipc", "user", "cgroup", "time" };
#define NAMESPACES (sizeof(namespaces) / sizeof(namespaces[0]))

static void tell_namespaces(struct facts *f, const char *who, const char *pid)
{
	for (size_t i = 0; i < NAMESPACES; i++) {
		char key[32];
		uint64_t inode;

		if (ns_inode(pid, namespaces[i], &inode) < 0)
			continue;
		(void)snprintf(key, sizeof(key), "%s.ns.%s", who, namespaces[i]);
		(void)facts_set(f, key, "%" PRIu64, inode);
	}
}

/* the v2 line of /proc/PID/cgroup */
static void tell_cgroup(struct facts *f, const char *key, const char *pid)
{
	char path[64], text[8192];

	(void)snprintf(path, sizeof(path), "/proc/%s/cgroup", pid);
	if (read_text(path, text, sizeof(text)) < 0)
		return;
	for (char *line = text, *next; line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		if (strncmp(line, "0::", 3) == 0)
			(void)facts_set(f, key, "%s", line + 3);
	}
}

static void tell_links(struct facts *f)
{
	struct if_nameindex *list = if_nameindex();
	char text[4096] = "";
	size_t len = 0;

	if (!list)
		return;
	for (struct if_nameindex *i = list; i->if_index && len < sizeof(text) - IF_NAMESIZE - 1;
	     i++)
		if (strcmp(i->if_name, "lo") != 0)
			len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s",
						len ? "," : "", i->if_name);
	if_freenameindex(list);
	(void)facts_set(f, "host.links", "%s", text);
}

/* one value of a file of /proc, as it stands there */
static void tell_file(struct facts *f, const char *key, const char *path)
{
	char text[64];

	if (read_text(path, text, sizeof(text)) < 0)
		return;
	text[strcspn(text, "\n")] = '\0';
	(void)facts_set(f, key, "%s", text);
}

/* cgroups are the same file system in every container; a list that is not complete is not told */
static void tell_mount_devs(struct facts *f)
{
	struct mounts m = { 0 };
	char text[4096] = "";
	size_t len = 0;

	if (mounts_read(&m, "/proc/self/mountinfo") < 0)
		return;
	for (size_t i = 0; i < m.count && len < sizeof(text); i++) {
		char dev[32];

		(void)snprintf(dev, sizeof(dev), "%u:%u", major(m.v[i].dev), minor(m.v[i].dev));
		if (strncmp(m.v[i].type, "cgroup", 6) != 0 && !list_has(text, dev))
			len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s",
						len ? "," : "", dev);
	}
	if (len < sizeof(text))
		(void)facts_set(f, "host.mount_devs", "%s", text);
}

void host_facts_tell(struct facts *f)
{
	struct utsname u;
	struct stat st;

	if (uname(&u) == 0) {
		(void)facts_set(f, "host.kernel", "%s", u.release);
		(void)facts_set(f, "host.hostname", "%s", u.nodename);
	}
	if (stat("/", &st) == 0)
		(void)facts_set(f, "host.root", "%llu:%llu", (unsigned long long)st.st_dev,
				(unsigned long long)st.st_ino);
	tell_namespaces(f, "host", "self");
	tell_cgroup(f, "host.cgroup", "self");
	tell_links(f);
	tell_mount_devs(f);
	(void)facts_set(f, "host.nice", "%d", getpriority(PRIO_PROCESS, 0));
	tell_file(f, "host.oom_score_adj", "/proc/self/oom_score_adj");
}

static void tell_clock(struct facts *f, const char *key, clockid_t clock)
{
	struct timespec ts;

	if (clock_gettime(clock, &ts) == 0)
		(void)facts_set(f, key, "%lld", (long long)ts.tv_sec);
}

void host_facts_clocks(struct facts *f)
{
	tell_clock(f, "host.monotonic", CLOCK_MONOTONIC);
	tell_clock(f, "host.boottime", CLOCK_BOOTTIME);
}

void host_facts_mounts(struct facts *f)
{
	struct mounts m = { 0 };
	size_t len = 0, size;
	char *text;

	if (mounts_read(&m, "/proc/self/mountinfo") < 0)
		return;
	size = m.count * sizeof("4294967295,") + 1;
	text = calloc(1, size);
	for (size_t i = 0, next; text && i < m.count; i = next) {
		/* they mostly follow each other */
		for (next = i + 1; next < m.count && m.v[next].id == m.v[next - 1].id + 1;)
			next++;
		len += (size_t)snprintf(text + len, size - len, "%s%d", len ? "," : "", m.v[i].id);
		if (next > i + 1)
			len += (size_t)snprintf(text + len, size - len, "-%d", m.v[next - 1].id);
	}
	if (text)
		(void)facts_set(f, "container.mounts_before", "%s", text);
	free(text);
}

void host_facts_sibling(struct facts *f, pid_t pid, const char *token, const char *abstract)
{
	char text[16];

	(void)snprintf(text, sizeof(text), "%d", (int)pid);
	(void)facts_set(f, "sibling.pid", "%s", text);
	(void)facts_set(f, "sibling.token", "%s", token);
	(void)facts_set(f, "sibling.abstract", "%s", abstract);
	tell_namespaces(f, "sibling", text);
	tell_cgroup(f, "sibling.cgroup", text);
}
