// SPDX-License-Identifier: Apache-2.0
/* Engines that take directories and namespaces instead of images and defaults. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "args.h"
#include "engines.h"
#include "inside.h"
#include "job.h"
#include "options.h"

/* what it leaves by default and Docker does not (man systemd-nspawn); "all" would win over --capability */
#define NSPAWN_DROPS                                                                              \
	"CAP_AUDIT_CONTROL,CAP_DAC_READ_SEARCH,CAP_IPC_OWNER,CAP_LEASE,CAP_LINUX_IMMUTABLE,"      \
	"CAP_NET_ADMIN,CAP_NET_BROADCAST,CAP_SYS_ADMIN,CAP_SYS_BOOT,CAP_SYS_NICE,CAP_SYS_PTRACE," \
	"CAP_SYS_RESOURCE,CAP_SYS_TTY_CONFIG"

static const char *root_of(const struct job *j)
{
	return j->options->image ? j->options->image : j->root;
}

static void add_command(const struct role *r, struct args *a)
{
	args_add(a, INSIDE_DIR "/davit-probe");
	args_add(a, r->verb);
	args_add(a, INSIDE_DIR);
	args_add(a, r->token);
	for (size_t i = 0; i < r->n_names; i++)
		args_add(a, r->names[i]);
}

int engine_run_nspawn(const struct job *j, const struct role *r, struct args *a)
{
	static const char *const fixed[] = {
		"--quiet",	     "--register=no",
		"--keep-unit",	     "--console=pipe",
		"--private-network", "--read-only",
		"--resolv-conf=off", "--timezone=off",
		"--link-journal=no", "--no-new-privileges=yes",
	};

	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
		args_add(a, fixed[i]);
	args_addf(a, "--directory=%s", root_of(j));
	args_addf(a, "--machine=%s", r->id);
	args_addf(a, "--hostname=%s", j->want.hostname);
	args_addf(a, "--tmpfs=/tmp:nodev,mode=1777,size=%llu", WANT_TMP_SIZE);
	args_addf(a, "--bind-ro=%s:" INSIDE_DIR, j->share);
	args_addf(a, "--rlimit=NOFILE=%d:%d", WANT_NOFILE_SOFT, WANT_NOFILE_HARD);
	args_add(a, "--drop-capability=" NSPAWN_DROPS);
	for (const struct want_cap *c = want_caps; c->name; c++)
		args_addf(a, "--capability=%s", c->name);
	if (j->want.asks & ASK_USER)
		args_addf(a, "--private-users=%u:%u", j->want.id_outside, j->want.id_count);
	else
		args_add(a, "--private-users=no");
	args_add(a, "--");
	add_command(r, a);
	return 0;
}

static void mask_by_mount(const char *path, struct args *a)
{
	struct stat st;

	/* it has no /sys at all, and nothing is mounted on what is not there */
	if (strncmp(path, "/sys/", 5) == 0 || stat(path, &st) < 0)
		return;
	if (S_ISDIR(st.st_mode)) {
		args_add(a, "--tmpfs");
		args_add(a, path);
		args_add(a, "--remount-ro");
	} else {
		args_add(a, "--ro-bind");
		args_add(a, "/dev/null");
	}
	args_add(a, path);
}

int engine_run_bwrap(const struct job *j, const struct role *r, struct args *a)
{
	static const char *const fixed[] = {
		"--unshare-pid",     "--unshare-net",	 "--unshare-ipc",
		"--unshare-uts",     "--unshare-cgroup", "--as-pid-1",
		"--die-with-parent", "--clearenv",	 "--hostname",
	};
	static const char *const mounts[] = { "/",    "--proc",	 "/proc", "--dev",
					      "/dev", "--tmpfs", "/tmp",  "--ro-bind" };

	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
		args_add(a, fixed[i]);
	args_add(a, j->want.hostname);
	args_add(a, "--ro-bind");
	args_add(a, root_of(j));
	for (size_t i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++)
		args_add(a, mounts[i]);
	args_add(a, j->share);
	args_add(a, INSIDE_DIR);
	for (size_t i = 0; want_masked[i]; i++)
		mask_by_mount(want_masked[i], a);
	for (size_t i = 0; want_readonly[i]; i++) {
		if (access(want_readonly[i], F_OK) < 0)
			continue;
		args_add(a, "--ro-bind");
		args_add(a, want_readonly[i]);
		args_add(a, want_readonly[i]);
	}
	args_add(a, "--cap-drop");
	args_add(a, "ALL");
	for (const struct want_cap *c = want_caps; c->name; c++) {
		args_add(a, "--cap-add");
		args_add(a, c->name);
	}
	args_add(a, "--");
	add_command(r, a);
	return 0;
}
