// SPDX-License-Identifier: Apache-2.0
/* Options of `run` and `create` that make a container; stored in its record. */
#include "engine/options.h"

#define S struct container_options

/* clang-format off */
const struct opt container_options[] = {
	OPT_WORD(0,   "name", S, name, "NAME",                  "name of the container"),
	OPT_BOOL('i', "interactive", S, interactive,            "keep standard input open"),
	OPT_BOOL('t', "tty", S, tty,                            "give the container a terminal"),
	OPT_BOOL(0,   "rm", S, auto_remove,                     "remove the container when it has ended"),
	OPT_BOOL(0,   "init", S, init,                          "run an init (tini) as pid 1 that reaps orphans"),
	OPT_LIST('e', "env", S, env, "KEY[=VALUE]",             "set an environment variable"),
	OPT_LIST(0,   "env-file", S, env_file, "FILE",          "read environment variables from a file"),
	OPT_WORD('w', "workdir", S, workdir, "DIR",             "working directory"),
	OPT_WORD('u', "user", S, user, "USER[:GROUP]",          "user and group, by name or number"),
	OPT_LIST(0,   "group-add", S, group_add, "GROUP",       "one more supplementary group"),
	OPT_WORD('h', "hostname", S, hostname, "NAME",          "host name (default: short id)"),
	OPT_WORD(0,   "domainname", S, domainname, "NAME",      "NIS domain name"),
	OPT_STR(0,    "entrypoint", S, entrypoint, "COMMAND",   "replace the image's entrypoint"),
	OPT_LIST('l', "label", S, label, "KEY[=VALUE]",         "label of the container"),
	OPT_WORD(0,   "stop-signal", S, stop_signal, "SIGNAL",  "signal that 'davit stop' sends (default SIGTERM)"),
	OPT_STR(0,    "stop-timeout", S, stop_timeout, "SECONDS", "time to stop before SIGKILL (default 10, -1 = wait for ever)"),

	OPT_LIST('v', "volume", S, volume, "SRC:DST[:OPTS]",    "bind mount of a host path"),
	OPT_LIST(0,   "mount", S, mount, "KEY=VALUE,...",       "mount: type=bind|tmpfs,src=,dst=,readonly,..."),
	OPT_LIST(0,   "tmpfs", S, tmpfs, "DST[:OPTS]",          "mount a tmpfs"),
	OPT_LIST(0,   "device", S, device, "SRC[:DST][:rwm]",   "pass a device of the host, or those of a directory (32 at most)"),
	OPT_BOOL(0,   "read-only", S, read_only,                "root file system is read-only"),
	OPT_SIZE(0,   "shm-size", S, shm_size, "BYTES",         "size of /dev/shm (default 64m)"),

	OPT_WORD(0,   "pid", S, pid, "host|private",            "pid namespace"),
	OPT_WORD(0,   "ipc", S, ipc, "host|private",            "IPC namespace"),
	OPT_WORD(0,   "uts", S, uts, "host|private",            "UTS (host name) namespace"),
	OPT_WORD(0,   "mntns", S, mntns, "host|private",        "mount namespace; in the host's, whoever may use chroot(2) sees the host's files"),
	OPT_WORD(0,   "userns", S, userns, "auto|host|UID:BASE:COUNT", "user namespace (default host); bind mounts are mapped: root inside owns what root of the host owns"),
	OPT_WORD(0,   "cgroupns", S, cgroupns, "host|private",  "cgroup namespace"),
	OPT_WORD(0,   "timens", S, timens, "host|private",      "time namespace (default host)"),
	OPT_WORD(0,   "time-offset", S, time_offset, "CLOCK=SECONDS[,...]", "offsets of monotonic and boottime in a private time namespace"),
	OPT_BOOL(0,   "privileged", S, privileged,              "all capabilities and devices, nothing masked, no seccomp"),
	OPT_LIST(0,   "cap-add", S, cap_add, "CAP",             "add a capability, or ALL"),
	OPT_LIST(0,   "cap-drop", S, cap_drop, "CAP",           "drop a capability, or ALL"),
	OPT_LIST(0,   "security-opt", S, security_opt, "OPT",   "no-new-privileges, seccomp=FILE|unconfined, systempaths=unconfined"),
	OPT_LIST(0,   "ulimit", S, ulimit, "NAME=SOFT[:HARD]",  "resource limit of the process"),
	OPT_LIST(0,   "sysctl", S, sysctl, "KEY=VALUE",         "kernel parameter of a private namespace"),

	OPT_WORD(0,   "network", S, network, "private|none|host", "network (default private: own namespace, lo up)"),
	OPT_LIST(0,   "net-allow", S, net_allow, "RULE",        "allow [out:|in:|bind:]PROTO[:CIDR][:PORT[-PORT]]"),
	OPT_LIST(0,   "net-deny", S, net_deny, "RULE",          "deny the same; beats every allow"),
	OPT_STR(0,    "net-default", S, net_default, "[in:|bind:]allow|deny,...", "what no rule names (default: deny where there is an allow rule)"),
	OPT_WORD(0,   "net-deny-errno", S, net_deny_errno, "EPERM|ECONNREFUSED", "error of a denied connect() (default EPERM)"),
	OPT_BOOL(0,   "net-audit", S, net_audit,                "keep what it talks with, for davit policy watch and learn"),

	OPT_SSIZE('m', "memory", S, memory, "BYTES",            "memory limit (suffix k, m, g)"),
	OPT_SSIZE(0,  "memory-swap", S, memory_swap, "BYTES",   "memory and swap together, -1 = no limit"),
	OPT_SSIZE(0,  "memory-reservation", S, memory_reservation, "BYTES", "soft memory limit"),
	OPT_NANO(0,   "cpus", S, cpus, "NUMBER",                "processors, like 1.5"),
	OPT_INT('c',  "cpu-shares", S, cpu_shares, "SHARES",    "relative CPU weight, 2 to 262144"),
	OPT_WORD(0,   "cpuset-cpus", S, cpuset_cpus, "LIST",    "processors to run on (0-2,7)"),
	OPT_WORD(0,   "cpuset-mems", S, cpuset_mems, "LIST",    "memory nodes to use"),
	{ .type = OPT_TYPE_INT, .name = "pids-limit", .offset = offsetof(S, pids_limit), .arg = "NUMBER", .min = -1,
	  .help = "most processes, -1 = no limit" },
	OPT_INT(0,    "blkio-weight", S, blkio_weight, "WEIGHT", "relative block I/O weight, 10 to 1000"),
	OPT_LIST(0,   "device-read-bps", S, device_read_bps, "DEVICE:RATE",    "limit of read bytes per second"),
	OPT_LIST(0,   "device-write-bps", S, device_write_bps, "DEVICE:RATE",  "limit of written bytes per second"),
	OPT_LIST(0,   "device-read-iops", S, device_read_iops, "DEVICE:RATE",  "limit of reads per second"),
	OPT_LIST(0,   "device-write-iops", S, device_write_iops, "DEVICE:RATE", "limit of writes per second"),
	OPT_LIST(0,   "cgroup-conf", S, cgroup_conf, "KEY=VALUE", "write a cgroup v2 file as it is"),

	OPT_WORD(0,   "log-driver", S, log_driver, "json-file|none", "where output is kept for 'davit logs' (default json-file)"),
	OPT_SIZE(0,   "log-max-size", S, log_max, "BYTES",      "bytes after which the log is rotated (default 16m)"),
	{ .type = OPT_TYPE_INT, .name = "log-max-files", .offset = offsetof(S, log_files), .arg = "NUMBER", .min = 1,
	  .help = "log files to keep, 1 to 64 (default 2)" },
	OPT_END
};
/* clang-format on */
