/* SPDX-License-Identifier: Apache-2.0 */
/* Options of `run` and `create` that make a container; stored in its record. */
#ifndef DAVIT_ENGINE_OPTIONS_H
#define DAVIT_ENGINE_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/opt.h"
#include "base/str.h"

/* Members are named like the options; the table in options.c documents each. */
struct container_options {
	/* identity and process */
	char *name, *hostname, *domainname, *workdir, *user, *entrypoint, *stop_signal;
	char *stop_timeout; /* text: 0 is not the default */
	bool tty, interactive, auto_remove, init;
	struct strv env, env_file, label, group_add;
	/* files */
	struct strv volume, mount, tmpfs, device;
	bool read_only;
	uint64_t shm_size;
	/* isolation */
	char *pid, *ipc, *uts, *mntns, *userns, *cgroupns, *timens, *time_offset;
	bool privileged;
	struct strv cap_add, cap_drop, security_opt, ulimit, sysctl;
	/* network */
	char *network, *net_default, *net_deny_errno;
	bool net_audit;
	struct strv net_allow, net_deny;
	/* limits */
	int64_t memory, memory_swap, memory_reservation;
	uint64_t cpus;
	int64_t cpu_shares, pids_limit, blkio_weight;
	char *cpuset_cpus, *cpuset_mems;
	struct strv device_read_bps, device_write_bps, device_read_iops, device_write_iops;
	struct strv cgroup_conf;
	/* log */
	char *log_driver;
	uint64_t log_max;
	int64_t log_files;
};

extern const struct opt container_options[];

#endif
