// SPDX-License-Identifier: Apache-2.0
/* config.json of a bundle (runtime-spec 1.1). */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "bundle.h"
#include "groups.h"
#include "inside.h"
#include "job.h"
#include "probe.h"
#include "process.h"
#include "text.h"

static void print_list(FILE *f, const char *key, const char *const list[])
{
	(void)fprintf(f, "\"%s\":[", key);
	for (size_t i = 0; list[i]; i++)
		(void)fprintf(f, "%s\"%s\"", i ? "," : "", list[i]);
	(void)fprintf(f, "]");
}

static void print_caps(FILE *f)
{
	static const char *const full[] = { "bounding", "effective", "permitted" };

	(void)fprintf(f, "\"capabilities\":{");
	for (size_t i = 0; i < sizeof(full) / sizeof(full[0]); i++) {
		(void)fprintf(f, "\"%s\":[", full[i]);
		for (const struct want_cap *c = want_caps; c->name; c++)
			(void)fprintf(f, "%s\"%s\"", c == want_caps ? "" : ",", c->name);
		(void)fprintf(f, "],");
	}
	(void)fprintf(f, "\"inheritable\":[],\"ambient\":[]}");
}

static void print_process(FILE *f, const struct role *r)
{
	(void)fprintf(
		f,
		"\"process\":{\"terminal\":false,\"user\":{\"uid\":0,\"gid\":0},\"cwd\":\"/\","
		"\"env\":[\"PATH=/usr/sbin:/usr/bin:/sbin:/bin\"],\"noNewPrivileges\":true,"
		"\"rlimits\":[{\"type\":\"RLIMIT_NOFILE\",\"soft\":%d,\"hard\":%d}],"
		"\"args\":[\"" INSIDE_DIR "/davit-probe\",\"%s\",\"" INSIDE_DIR "\",\"%s\"",
		WANT_NOFILE_SOFT, WANT_NOFILE_HARD, r->verb, r->token);
	for (size_t i = 0; i < r->n_names; i++) {
		(void)fprintf(f, ",");
		text_json(f, r->names[i]);
	}
	(void)fprintf(f, "],");
	print_caps(f);
	(void)fprintf(f, "},");
}

/* what `runc spec` and Docker ask for */
static const struct mount_row {
	const char *target, *type, *source, *options;
} mounts[] = {
	{ "/proc", "proc", "proc", "\"nosuid\",\"noexec\",\"nodev\"" },
	{ "/dev", "tmpfs", "tmpfs", "\"nosuid\",\"strictatime\",\"mode=755\",\"size=65536k\"" },
	{ "/dev/pts", "devpts", "devpts",
	  "\"nosuid\",\"noexec\",\"newinstance\",\"ptmxmode=0666\",\"mode=0620\",\"gid=5\"" },
	{ "/dev/shm", "tmpfs", "shm",
	  "\"nosuid\",\"noexec\",\"nodev\",\"mode=1777\",\"size=65536k\"" },
	{ "/dev/mqueue", "mqueue", "mqueue", "\"nosuid\",\"noexec\",\"nodev\"" },
	{ "/sys", "sysfs", "sysfs", "\"nosuid\",\"noexec\",\"nodev\",\"ro\"" },
	{ "/sys/fs/cgroup", "cgroup", "cgroup",
	  "\"nosuid\",\"noexec\",\"nodev\",\"relatime\",\"ro\"" },
};

static void print_mounts(FILE *f, const struct job *j)
{
	(void)fprintf(f, "\"mounts\":[");
	for (size_t i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++)
		(void)fprintf(f,
			      "{\"destination\":\"%s\",\"type\":\"%s\",\"source\":\"%s\","
			      "\"options\":[%s]},",
			      mounts[i].target, mounts[i].type, mounts[i].source,
			      mounts[i].options);
	(void)fprintf(f,
		      "{\"destination\":\"/tmp\",\"type\":\"tmpfs\",\"source\":\"tmpfs\","
		      "\"options\":[\"nodev\",\"mode=1777\",\"size=%llu\"]},",
		      WANT_TMP_SIZE);
	(void)fprintf(f, "{\"destination\":\"" INSIDE_DIR "\",\"type\":\"bind\",\"source\":");
	text_json(f, j->share);
	(void)fprintf(f, ",\"options\":[\"bind\",\"ro\",\"nosuid\",\"nodev\"]}],");
}

static void print_namespaces(FILE *f, const struct want *w)
{
	(void)fprintf(f, "\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"network\"},"
			 "{\"type\":\"ipc\"},{\"type\":\"uts\"},{\"type\":\"mount\"}");
	if (w->asks & ASK_CGROUP_NS)
		(void)fprintf(f, ",{\"type\":\"cgroup\"}");
	if (w->asks & ASK_USER)
		(void)fprintf(f, ",{\"type\":\"user\"}");
	if (w->asks & ASK_TIME)
		(void)fprintf(f, ",{\"type\":\"time\"}");
	(void)fprintf(f, "],");
	if (w->asks & ASK_TIME)
		(void)fprintf(f,
			      "\"timeOffsets\":{\"monotonic\":{\"secs\":%d},"
			      "\"boottime\":{\"secs\":%d}},",
			      WANT_TIME_MONOTONIC, WANT_TIME_BOOTTIME);
	for (int i = 0; (w->asks & ASK_USER) && i < 2; i++)
		(void)fprintf(f,
			      "\"%sidMappings\":[{\"containerID\":0,\"hostID\":%u,\"size\":%u}],",
			      i ? "g" : "u", w->id_outside, w->id_count);
}

/* one rule about the first argument of @call */
static void print_argument_rule(FILE *f, const char *call, unsigned long value, bool is_bit)
{
	(void)fprintf(
		f,
		",{\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":%d,\"names\":[\"%s\"],\"args\":[{"
		"\"index\":0,\"value\":%lu,\"valueTwo\":%lu,\"op\":\"SCMP_CMP_%s\"}]}",
		EPERM, call, value, is_bit ? value : 0, is_bit ? "MASKED_EQ" : "EQ");
}

static void print_special_rule(FILE *f, const struct probe *p)
{
	unsigned long bits = (unsigned long)p->num;

	if (p->flags == SECCOMP_DENY_UNKNOWN)
		(void)fprintf(f,
			      ",{\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":%d,\"names\":[\"%s\"]}",
			      ENOSYS, p->path);
	else if (p->flags == SECCOMP_DENY_VALUE)
		print_argument_rule(f, p->path, bits, false);
	else if (p->flags == SECCOMP_DENY_BITS)
		/* masks compare all their bits, so each has a rule */
		for (; bits; bits &= bits - 1)
			print_argument_rule(f, p->path, bits & -bits, true);
}

/* the calls that the rows of the group try are those that are to be denied (groups.h) */
static void print_seccomp(FILE *f)
{
	const struct probe_group *g = &seccomp_group;
	bool is_first = true;

	(void)fprintf(
		f,
		"\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ALLOW\","
#ifdef __x86_64__
		"\"architectures\":[\"SCMP_ARCH_X86_64\",\"SCMP_ARCH_X86\",\"SCMP_ARCH_X32\"],"
#endif
		"\"syscalls\":[{\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":%d,\"names\":[",
		EPERM);
	for (size_t i = 0; i < g->count; i++) {
		if (g->probes[i].flags != SECCOMP_DENY_CALL)
			continue;
		(void)fprintf(f, "%s\"%s\"", is_first ? "" : ",", g->probes[i].path);
		is_first = false;
	}
	(void)fprintf(f, "]}");
	for (size_t i = 0; i < g->count; i++)
		print_special_rule(f, &g->probes[i]);
	(void)fprintf(f, "]},");
}

static void print_linux(FILE *f, const struct job *j, const struct role *r)
{
	(void)fprintf(f, "\"linux\":{\"cgroupsPath\":\"/%s\",\"rootfsPropagation\":\"rprivate\",",
		      r->id);
	print_namespaces(f, &j->want);
	print_seccomp(f);
	print_list(f, "maskedPaths", want_masked);
	(void)fprintf(f, ",");
	print_list(f, "readonlyPaths", want_readonly);
	(void)fprintf(f,
		      ",\"resources\":{\"devices\":[{\"allow\":false,\"access\":\"rwm\"}],"
		      "\"memory\":{\"limit\":%llu},\"pids\":{\"limit\":%d},"
		      "\"cpu\":{\"quota\":%d,\"period\":100000}}}",
		      WANT_MEMORY, WANT_PIDS, WANT_CPU * 100);
}

int bundle_write(const struct job *j, const struct role *r)
{
	char path[WORK_SIZE + 64];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s", j->work, r->verb);
	if (mkdir(path, 0755) < 0 && errno != EEXIST)
		return complain("create directory '%s': %s", path, strerror(errno));
	(void)snprintf(path, sizeof(path), "%s/%s/config.json", j->work, r->verb);
	f = fopen(path, "we");
	if (!f)
		return complain("create '%s': %s", path, strerror(errno));
	(void)fprintf(f, "{\"ociVersion\":\"1.0.2\",\"hostname\":\"%s\",\"root\":{\"path\":",
		      j->want.hostname);
	text_json(f, j->root);
	(void)fprintf(f, ",\"readonly\":true},");
	print_process(f, r);
	print_mounts(f, j);
	print_linux(f, j, r);
	(void)fprintf(f, "}\n");
	return fclose(f) == 0 ? 0 : complain("write '%s': %s", path, strerror(errno));
}
