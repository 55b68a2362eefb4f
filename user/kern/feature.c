// SPDX-License-Identifier: Apache-2.0
/* The table of features and the walk over it. */
#include "kern/feature.h"

#include <errno.h>
#include <linux/sched.h>

#include "base/err.h"
#include "kern/bpf.h"
#include "kern/cgroup.h"
#include "kern/feature_probe.h"

#define KERNEL "kernel"
#define FILES "files"
#define CGROUPS "cgroups"
#define BPF "bpf"
#define PROGRAMS "programs"
#define EVERY "containers"
#define LIMITS(x) "the options " x

#define CONFIG(since, options) "Linux " since " or later with " options
#define MOUNT_IT \
	"mount the controller (cgroup v1), or boot with systemd.unified_cgroup_hierarchy=1 (v2)"

/* clang-format off */
#define REQUIRED(group, name, probe, lost, how) \
	{ group, name, FEATURE_REQUIRED, lost, how, feature_probe_##probe, 0 }
#define OPTIONAL(group, name, probe, lost, how) \
	{ group, name, FEATURE_OPTIONAL, lost, how, feature_probe_##probe, 0 }
#define INFO(group, name, probe) \
	{ group, name, FEATURE_INFO, NULL, NULL, feature_probe_##probe, 0 }
#define NAMESPACE(name, need, flag, lost, config) \
	{ KERNEL, name " namespaces", need, lost, "CONFIG_" config "=y, and more than 0 in /proc/sys/user", \
	  feature_probe_namespace, flag }
#define HELPER(program, need, lost) \
	{ PROGRAMS, program, need, lost, "install it beside davit, or set DAVIT_LIBDIR to the directory that holds it", \
	  feature_probe_helper, 0 }
#define CONTROLLER(c, name, lost) \
	{ CGROUPS, name " controller", FEATURE_OPTIONAL, lost, MOUNT_IT, feature_probe_controller, CGROUP_##c }

const struct feature features[] = {
	REQUIRED(KERNEL, "capabilities", capabilities, EVERY, "run as root, not inside of a restricted container"),
	REQUIRED(KERNEL, "clone3 into a cgroup", clone_into_cgroup, EVERY, CONFIG("5.7", "CONFIG_CGROUPS")),
	REQUIRED(KERNEL, "close_range", close_range, EVERY, "Linux 5.9 or later"),
	REQUIRED(KERNEL, "pidfd", pidfd, EVERY, "Linux 5.3 or later"),
	REQUIRED(KERNEL, "openat2", openat2, EVERY, "Linux 5.6 or later"),
	REQUIRED(KERNEL, "seccomp filter", seccomp, "containers, but for --security-opt seccomp=unconfined",
		 "CONFIG_SECCOMP_FILTER=y"),
	NAMESPACE("mount", FEATURE_REQUIRED, CLONE_NEWNS, EVERY, "NAMESPACES"),
	NAMESPACE("pid", FEATURE_REQUIRED, CLONE_NEWPID, "--pid private, the default", "PID_NS"),
	NAMESPACE("network", FEATURE_REQUIRED, CLONE_NEWNET, "--network private, the default", "NET_NS"),
	NAMESPACE("uts", FEATURE_REQUIRED, CLONE_NEWUTS, "--uts private, the default", "UTS_NS"),
	NAMESPACE("ipc", FEATURE_REQUIRED, CLONE_NEWIPC, "--ipc private, the default", "IPC_NS"),
	NAMESPACE("cgroup", FEATURE_REQUIRED, CLONE_NEWCGROUP, "--cgroupns private, the default", "CGROUPS"),
	NAMESPACE("user", FEATURE_OPTIONAL, CLONE_NEWUSER, "--userns", "USER_NS"),
	NAMESPACE("time", FEATURE_OPTIONAL, CLONE_NEWTIME, "time namespaces", "TIME_NS"),
	REQUIRED(KERNEL, "mount API by descriptors", mount_api, EVERY, "Linux 5.2 or later"),
	REQUIRED(KERNEL, "mount_setattr", mount_setattr, EVERY, "Linux 5.12 or later"),

	INFO(FILES, "file system of the root", root_fs),
	REQUIRED(FILES, "overlay on the root", overlay, EVERY,
		 "CONFIG_OVERLAY_FS or modprobe overlay; keep --root on a local file system that is no overlay itself"),
	OPTIONAL(FILES, "overlay lowerdir+", overlay_lowerdir_plus,
		 "images of more than some 40 layers", "Linux 6.8 or later"),
	OPTIONAL(FILES, "idmapped overlay on the root", idmapped_overlay, "--userns",
		 "Linux 5.19 or later, --root on ext4, xfs, btrfs or f2fs"),
	OPTIONAL(FILES, "idmapped mounts of the root", idmapped_root, "volumes and bind mounts with --userns",
		 "keep --root on ext4, xfs, btrfs, f2fs or (Linux 6.3) tmpfs"),
	OPTIONAL(FILES, "reflink", reflink, "clones of layers that share their blocks: files are copied",
		 "keep --root on xfs (made with reflink=1) or btrfs"),
	OPTIONAL(FILES, "module /dev/davit", module, "faster clones and comparisons of layer trees; results are the same",
		 "not in this release, which has no module"),

	REQUIRED(CGROUPS, "cgroup file system", cgroup_fs, EVERY, "mount -t cgroup2 cgroup2 /sys/fs/cgroup"),
	OPTIONAL(CGROUPS, "cgroup v2 hierarchy", cgroup2, "network policies, traffic counters, the device policy by BPF, cgroup.kill",
		 "mount -t cgroup2 cgroup2 /sys/fs/cgroup/unified"),
	OPTIONAL(CGROUPS, "cgroup.kill", cgroup_kill, "kill in one step", "Linux 5.14 or later with cgroup v2"),
	CONTROLLER(MEMORY, "memory", LIMITS("--memory, --memory-swap, --memory-reservation; memory statistics")),
	OPTIONAL(CGROUPS, "swap accounting", swap_accounting, "the option --memory-swap",
		 "boot with swapaccount=1; CONFIG_SWAP=y"),
	CONTROLLER(PIDS, "pids", "the option --pids-limit"),
	CONTROLLER(CPU, "cpu", LIMITS("--cpus, --cpu-shares")),
	CONTROLLER(CPUSET, "cpuset", LIMITS("--cpuset-cpus, --cpuset-mems")),
	CONTROLLER(IO, "io", LIMITS("--blkio-weight, --device-read-bps and its like; I/O statistics")),
	OPTIONAL(CGROUPS, "I/O weights", weight, "the option --blkio-weight",
		 "choose bfq for a device: echo bfq > /sys/block/DEVICE/queue/scheduler"),

	HELPER("davit-init", FEATURE_REQUIRED, EVERY),
	HELPER("davit-bpf", FEATURE_REQUIRED, "containers on a host with cgroup v2, which need it at the first start"),
	HELPER("davit-monitor", FEATURE_OPTIONAL, "containers, but for those of run --rm in the foreground without a terminal"),
	HELPER("davit-image", FEATURE_OPTIONAL, "the commands load and import"),

	OPTIONAL(BPF, "bpf file system", bpffs, "nothing: it is mounted when the first container starts",
		 "mount -t bpf bpf /sys/fs/bpf"),
	{ .name = NULL },
};
/* clang-format on */

struct walk {
	void (*fn)(const struct feature_result *r, void *data);
	void *data;
	bool is_bad;
};

/* A probe's error tells why; without one the detail is what it found. */
static int report(struct walk *w, struct feature_result *r, int found, struct str *detail,
		  const struct err *e)
{
	r->is_there = found == 0;
	if (found < 0 && e->msg[0])
		str_addf(detail, "%s%s%s%s", detail->len ? ", " : "", e->msg,
			 e->is_plain ? "" : ": ", e->is_plain ? "" : err_text(e->code));
	else if (found < 0 && !detail->len)
		str_add(detail, err_text(found));
	if (str_failed(detail))
		return -ENOMEM;
	r->detail = str_text(detail);
	w->fn(r, w->data);
	w->is_bad = w->is_bad || (!r->is_there && r->need == FEATURE_REQUIRED);
	return 0;
}

static int walk_table(const struct env *env, struct walk *w)
{
	for (const struct feature *f = features; f->name; f++) {
		_cleanup_str_ struct str detail = STR_INIT;
		struct err e = ERR_INIT;
		struct feature_result result = {
			.group = f->group,
			.name = f->name,
			.lost = f->lost,
			.how = f->how,
			.need = f->need,
		};
		int r = report(w, &result, f->probe(f, env, &detail, &e), &detail, &e);

		if (r < 0)
			return r;
	}
	return 0;
}

/* Every container has a row in the BPF maps where there is a cgroup2 to attach to. */
static int walk_bpf(struct walk *w)
{
	for (const struct bpf_feature *f = bpf_features; f->name; f++) {
		_cleanup_str_ struct str detail = STR_INIT, how = STR_INIT;
		struct err e = ERR_INIT;
		struct feature_result result = {
			.group = BPF,
			.name = f->name,
			.lost = f->lost,
			.need = FEATURE_REQUIRED,
		};
		int r;

		str_addf(&how, CONFIG("%s", "CONFIG_BPF_SYSCALL and CONFIG_CGROUP_BPF"), f->since);
		result.how = str_text(&how);
		r = report(w, &result, f->probe(f, &e), &detail, &e);
		if (r < 0)
			return r;
	}
	return 0;
}

int feature_each(const struct env *env, void (*fn)(const struct feature_result *r, void *data),
		 void *data, struct err *e)
{
	struct walk w = { .fn = fn, .data = data };
	int r = walk_table(env, &w);

	if (r == 0)
		r = walk_bpf(&w);
	return r < 0 ? err_set(e, r, "probe features") : w.is_bad;
}
