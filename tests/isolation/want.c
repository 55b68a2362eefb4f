// SPDX-License-Identifier: Apache-2.0
/* What every container is asked to be, whoever makes it. */
#include "want.h"

#include <inttypes.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>

#include "facts.h"
#include "inside.h"

#define LIST_SIZE 1024

static const struct {
	unsigned int bit;
	const char *name, *ns; /* namespace that comes with it */
} asks[] = {
	{ ASK_USER, "user", "user" },
	{ ASK_TIME, "time", "time" },
	{ ASK_CGROUP_NS, "cgroup-namespace", "cgroup" },
	{ ASK_MEMORY, "memory", NULL },
	{ ASK_PIDS, "pids", NULL },
	{ ASK_CPU, "cpu", NULL },
	{ ASK_NOFILE, "nofile", NULL },
	{ ASK_SECCOMP, "seccomp", NULL },
	{ ASK_NO_NEW_PRIVS, "no-new-privileges", NULL },
	{ ASK_MASKED, "masked-paths", NULL },
	{ ASK_READONLY, "readonly-paths", NULL },
	{ ASK_CAPS, "capabilities", NULL },
	{ ASK_HOSTNAME, "hostname", NULL },
	{ ASK_READONLY_ROOT, "readonly-root", NULL },
};
#define ASKS (sizeof(asks) / sizeof(asks[0]))

/* moby, oci/caps/defaults.go */
const struct want_cap want_caps[] = {
#define C(n)          \
	{             \
#n, n \
	}
	C(CAP_AUDIT_WRITE), C(CAP_CHOWN),      C(CAP_DAC_OVERRIDE), C(CAP_FOWNER),
	C(CAP_FSETID),	    C(CAP_KILL),       C(CAP_MKNOD),	    C(CAP_NET_BIND_SERVICE),
	C(CAP_NET_RAW),	    C(CAP_SETFCAP),    C(CAP_SETGID),	    C(CAP_SETPCAP),
	C(CAP_SETUID),	    C(CAP_SYS_CHROOT), { NULL, 0 },
#undef C
};

/* moby, oci/defaults.go */
const char *const want_masked[] = {
	"/proc/acpi",
	"/proc/asound",
	"/proc/interrupts",
	"/proc/kcore",
	"/proc/keys",
	"/proc/latency_stats",
	"/proc/timer_list",
	"/proc/timer_stats",
	"/proc/sched_debug",
	"/proc/scsi",
	"/sys/firmware",
	"/sys/devices/virtual/powercap",
	NULL,
};
const char *const want_readonly[] = {
	"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger", NULL,
};

/* what the devices controller allows by default: null zero full random urandom tty console ptmx pts */
static const char devices[] = "c:1:3,c:1:5,c:1:7,c:1:8,c:1:9,c:5:0,c:5:1,c:5:2,c:136:*";

const char *ask_name(unsigned int bit)
{
	for (size_t i = 0; i < ASKS; i++)
		if (asks[i].bit == bit)
			return asks[i].name;
	return NULL;
}

unsigned int ask_find(const char *name)
{
	for (size_t i = 0; i < ASKS; i++)
		if ((asks[i].bit & ASK_OPTIONAL) && strcmp(asks[i].name, name) == 0)
			return asks[i].bit;
	return 0;
}

static void tell_list(struct facts *f, const char *key, const char *const list[])
{
	char text[LIST_SIZE] = "";
	size_t len = 0;

	for (size_t i = 0; list[i] && len < sizeof(text); i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s", i ? "," : "",
					list[i]);
	(void)facts_set(f, key, "%s", text);
}

static void tell_namespaces(const struct want *w, struct facts *f)
{
	char text[LIST_SIZE] = "pid,net,mnt,uts,ipc";

	for (size_t i = 0; i < ASKS; i++)
		if (asks[i].ns && (w->asks & asks[i].bit)) {
			size_t len = strlen(text);

			(void)snprintf(text + len, sizeof(text) - len, ",%s", asks[i].ns);
		}
	(void)facts_set(f, "want.ns", "%s", text);
}

static void tell_caps(struct facts *f)
{
	uint64_t mask = 0;

	for (const struct want_cap *c = want_caps; c->name; c++)
		mask |= 1ull << c->num;
	(void)facts_set(f, "want.caps.bounding", "0x%016" PRIx64, mask);
	(void)facts_set(f, "want.caps.effective", "0x%016" PRIx64, mask);
	(void)facts_set(f, "want.caps.permitted", "0x%016" PRIx64, mask);
	(void)facts_set(f, "want.caps.inheritable", "0x%016x", 0);
	(void)facts_set(f, "want.caps.ambient", "0x%016x", 0);
}

void want_tell(const struct want *w, struct facts *f)
{
	tell_namespaces(w, f);
	if (w->asks & ASK_HOSTNAME)
		(void)facts_set(f, "want.hostname", "%s", w->hostname);
	if (w->asks & ASK_CAPS)
		tell_caps(f);
	(void)facts_set(f, "want.no_new_privs", "%d", (w->asks & ASK_NO_NEW_PRIVS) ? 1 : 0);
	(void)facts_set(f, "want.seccomp", "%d", (w->asks & ASK_SECCOMP) ? 1 : 0);
	(void)facts_set(f, "want.devices", "%s", devices);
	if (w->asks & ASK_MASKED)
		tell_list(f, "want.masked", want_masked);
	if (w->asks & ASK_READONLY)
		tell_list(f, "want.readonly", want_readonly);
	(void)facts_set(f, "want.root", (w->asks & ASK_READONLY_ROOT) ? "ro" : "rw");
	(void)facts_set(f, "want.network", "private");
	if (w->asks & ASK_MEMORY)
		(void)facts_set(f, "want.memory", "%llu", WANT_MEMORY);
	if (w->asks & ASK_PIDS)
		(void)facts_set(f, "want.pids", "%d", WANT_PIDS);
	if (w->asks & ASK_CPU)
		(void)facts_set(f, "want.cpu", "%d", WANT_CPU);
	if (w->asks & ASK_NOFILE)
		(void)facts_set(f, "want.nofile", "%d:%d", WANT_NOFILE_SOFT, WANT_NOFILE_HARD);
	if (w->asks & ASK_USER)
		(void)facts_set(f, "want.uid_map", "0 %u %u", w->id_outside, w->id_count);
	if (w->asks & ASK_TIME) {
		(void)facts_set(f, "want.time.monotonic", "%d", WANT_TIME_MONOTONIC);
		(void)facts_set(f, "want.time.boottime", "%d", WANT_TIME_BOOTTIME);
	}
	(void)facts_set(f, "want.mounts", "/tmp," INSIDE_DIR);
}
