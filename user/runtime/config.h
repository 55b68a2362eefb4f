/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a container is to be, in the runtime's terms: no names, no images. Made by the engine from
 * options and image, or from an OCI config.json; turned into a launch plan by plan_build().
 */
#ifndef DAVIT_RUNTIME_CONFIG_H
#define DAVIT_RUNTIME_CONFIG_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/str.h"
#include "kern/cap.h"
#include "runtime/launch.h"

#define RUNTIME_MOUNTS_MAX 128u

struct id_map {
	uint32_t inside, outside, count;
};

enum runtime_mount_type {
	RUNTIME_MOUNT_BIND,
	RUNTIME_MOUNT_TMPFS,
};

/**
 * struct runtime_mount - a mount on top of the default ones
 * @source: bind: path on the host, opened when the plan is built
 * @params: tmpfs: "key=value" parameters
 * @attrs:  MOUNT_ATTR_*; with @is_recursive also for mounts below the source
 * @propagation: bind: MS_PRIVATE (or 0), MS_SLAVE or MS_SHARED
 * @uid, @gid:	 tmpfs: owner, as seen inside
 * @keeps_ids:	 bind: with a user namespace, not mapped; for a file that all may read and execute
 */
struct runtime_mount {
	enum runtime_mount_type type;
	char *source, *target;
	struct strv params;
	uint64_t attrs, propagation;
	uint32_t uid, gid;
	bool is_recursive, is_ro_recursive, keeps_ids;
};

/* A device of the host; @mode and @rdev are those of @source when it was allowed. */
struct runtime_device {
	char *source, *target;
	mode_t mode;
	dev_t rdev;
};

#define RUNTIME_ETC_FILES_MAX 3u

/* A file below /etc: @name is static, @text owned. */
struct runtime_file {
	const char *name;
	char *text;
};

/**
 * struct runtime_config - owned by who made it, runtime_config_done() frees
 * @new_ns:	 CLONE_NEW* of the namespaces to make; the others are shared with the host
 * @uid_map, @gid_map: for CLONE_NEWUSER; one entry each
 * @mono_ns, @boot_ns: offsets of the time namespace, nanoseconds
 * @etc_files:	 files to show in /etc, kept on the container's /dev
 * @etc_dir:	 NULL, or a directory of the host that has them, to be bound read-only: there is no /dev of
 *		 ours
 * @is_privileged: all devices of the host, nothing masked, sys and cgroup writable
 */
struct runtime_config {
	uint64_t new_ns;
	struct id_map id_map;
	int64_t mono_ns, boot_ns;
	char *hostname, *domainname;
	bool keeps_hostname; /* @hostname is that of the host, which a new namespace begins with */
	bool root_readonly, is_privileged, has_unconfined_paths;
	uint64_t shm_size;
	struct runtime_file etc_files[RUNTIME_ETC_FILES_MAX];
	size_t n_etc_files;
	char *etc_dir;
	struct runtime_mount *mounts;
	size_t n_mounts;
	struct runtime_device *devices;
	size_t n_devices;
	struct strv volumes; /* directories of the root to be mounts of their own */
	struct strv sysctls; /* "net/core/somaxconn=1024" */

	struct strv args, env;
	char *cwd;
	uid_t uid;
	gid_t gid;
	gid_t *groups;
	size_t n_groups;
	struct cap_sets caps;
	bool no_new_privs;
	struct sock_filter *seccomp;
	size_t n_seccomp;
	unsigned int seccomp_flags;
	struct launch_rlimit *rlimits;
	size_t n_rlimits;
	bool tty, init;
};

void runtime_config_done(struct runtime_config *c);

#endif
