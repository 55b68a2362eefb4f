/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OCI runtime-spec 1.3, Linux: config.json as structs, and the two documents that are parts of it
 * (`exec --process`, `update --resources`).
 *
 * Parsing looks at no file and judges what a document can be judged by: types, ranges, names,
 * members that exclude or need each other. What a kernel or a host lacks is for the runtime to say.
 *
 * An error names the property: "config.json: process.rlimits[2].type: 'RLIMIT_FOO' is no resource
 * limit". Properties that the specification does not know are passed over, as it demands; null is as
 * if absent, and so is an empty string unless the property is required.
 *
 * Strings are never changed and borrowed from the document, which a struct oci_doc keeps.
 */
#ifndef DAVIT_SPEC_OCI_CONFIG_H
#define DAVIT_SPEC_OCI_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "kern/cap.h"
#include "spec/seccomp_profile.h"

struct err;
struct json_t;
struct oci_chunk;

/* clang-format off */
/* What a bundle may ask of us. Bytes of a document, of strings; entries of lists. */
#define OCI_CONFIG_SIZE_MAX  (8u << 20)
#define OCI_PATH_MAX         4095u    /* PATH_MAX without its NUL */
#define OCI_NAME_MAX         255u
#define OCI_ARG_MAX          131071u  /* MAX_ARG_STRLEN of execve(2) without its NUL */
#define OCI_ARGS_MAX         32768u   /* args, env; each */
#define OCI_LABEL_MAX        4095u    /* AppArmor, SELinux: a page of /proc/self/attr */
#define OCI_ANNOTATIONS_MAX  4096u
#define OCI_ANNOTATION_MAX   (1u << 20)
#define OCI_MOUNTS_MAX       4096u
#define OCI_OPTIONS_MAX      256u     /* of one mount */
#define OCI_PROPAGATIONS_MAX 4u       /* of one mount */
#define OCI_HOOKS_MAX        256u     /* of one point */
#define OCI_PATHS_MAX        1024u    /* maskedPaths, readonlyPaths */
#define OCI_GROUPS_MAX       65536u   /* NGROUPS_MAX */
#define OCI_CAPS_MAX         256u     /* names in one set */
#define OCI_ID_MAPS_MAX      340u     /* the kernel's UID_GID_MAP_MAX_EXTENTS */
#define OCI_DEVICES_MAX      4096u    /* devices, resources.devices */
#define OCI_NET_DEVICES_MAX  256u
#define OCI_SYSCTLS_MAX      1024u
#define OCI_IO_DEVICES_MAX   256u     /* each list of blockIO */
#define OCI_LIMITS_MAX       256u     /* hugepageLimits, rdma, network.priorities, unified */
#define OCI_SCHEMATA_MAX     256u
#define OCI_LIST_TEXT_MAX    4095u    /* "0-3,8": processors, nodes */
/* clang-format on */

/**
 * struct oci_doc - what a parsed document lives on
 *
 * Zero-initialised is empty. All that was read from it is gone with oci_doc_done().
 */
struct oci_doc {
	struct json_t *json;
	struct oci_chunk *chunks;
};

void oci_doc_done(struct oci_doc *doc);

#define OCI_LIST_OF(type) \
	struct {          \
		type *v;  \
		size_t n; \
	}

/* List of borrowed strings; .v ends in NULL, also when empty, once it was in the document. */
struct oci_strv {
	char **v;
	size_t n;
};

struct oci_pair {
	const char *key, *value;
};

struct oci_map {
	struct oci_pair *v;
	size_t n;
};

/* -- process -------------------------------------------------------------------------------- */

/**
 * struct oci_user
 * @groups: additionalGids
 */
struct oci_user {
	uint32_t uid, gid;
	uint32_t umask;
	bool has_umask;
	OCI_LIST_OF(gid_t) groups;
};

struct oci_rlimit {
	uint32_t resource; /* RLIMIT_* */
	uint64_t soft, hard; /* UINT64_MAX is RLIM_INFINITY */
};

/* oci_rlimit_name() - "RLIMIT_NOFILE" */
const char *oci_rlimit_name(int resource);

/**
 * struct oci_scheduler - for sched_setattr(2)
 * @policy: SCHED_*
 * @flags:  SCHED_FLAG_*
 * @runtime, @deadline, @period: nanoseconds, SCHED_DEADLINE only
 */
struct oci_scheduler {
	uint32_t policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};

/* For ioprio_set(2): .class is 1 (realtime), 2 (best effort) or 3 (idle). */
struct oci_io_priority {
	uint32_t class;
	uint32_t priority; /* 0 to 7 */
};

/* execCPUAffinity: lists as "0-3,8", or NULL. */
struct oci_cpu_affinity {
	const char *initial, *final;
};

/**
 * struct oci_process
 * @caps:	  no set is larger than what its names say; see @has_caps
 * @has_caps:	  false: "capabilities" is absent, and a process then has none
 * @unknown_caps: names that no kernel of ours knows, each once per set: to be warned of, not an error
 * @env:	  each has a '='
 * @console_*:	  0 unless @terminal
 * @has_plain_newlines: not of the document: its terminal writes LF as LF, and ours behind it adds the CR
 * @keeps_files:  not of the document: files and terminals among 0 to 2 stay their owner's, who is at work with them
 */
struct oci_process {
	bool terminal, no_new_privs;
	uint16_t console_height, console_width;
	bool has_plain_newlines, keeps_files;
	struct oci_user user;
	struct oci_strv args, env;
	const char *cwd;
	struct cap_sets caps;
	bool has_caps;
	struct oci_strv unknown_caps;
	OCI_LIST_OF(struct oci_rlimit) rlimits;
	const char *apparmor_profile, *selinux_label;
	int32_t oom_score_adj;
	bool has_oom_score_adj, has_scheduler, has_io_priority;
	struct oci_scheduler scheduler;
	struct oci_io_priority io_priority;
	struct oci_cpu_affinity affinity;
};

/* -- mounts --------------------------------------------------------------------------------- */

/* One range of ids. A type of its own: "inside" may be the ids of a file system, too. */
struct oci_id_map {
	uint32_t inside, outside, count;
};

struct oci_id_maps {
	struct oci_id_map *v;
	size_t n;
};

/* Options of ours that are no attribute of a mount. */
#define OCI_MOUNT_BIND (1u << 0)
#define OCI_MOUNT_RECURSIVE (1u << 1) /* rbind */
#define OCI_MOUNT_REMOUNT (1u << 2)
#define OCI_MOUNT_COPY_UP (1u << 3) /* tmpcopyup: fill the tmpfs with what it covers */
#define OCI_MOUNT_IDMAP (1u << 4) /* idmap, ridmap, or mappings are given */
#define OCI_MOUNT_RIDMAP (1u << 5) /* … with the mounts below */
#define OCI_MOUNT_COPY_SYMLINK (1u << 6) /* crun's: a source that is a symbolic link is copied */
#define OCI_MOUNT_SRC_NOFOLLOW (1u << 7) /* crun's */
#define OCI_MOUNT_DST_NOFOLLOW (1u << 8) /* crun's */

/**
 * struct oci_mount
 * @destination: as written; one without a leading '/' is below the root, too
 * @source:	 NULL or as written; that of a bind mount may be relative to the bundle
 * @type:	 NULL for a bind mount without one
 * @flags:	 OCI_MOUNT_*
 * @set, @clear: MOUNT_ATTR_* of this mount, for mount_setattr(2). A choice of access times clears
 *		 MOUNT_ATTR__ATIME and sets one of its values. "ro" of a new file system also means
 *		 its super block.
 * @rec_set, @rec_clear: the same for it and all mounts below ("rro", "rnosuid" …)
 * @sb_set, @sb_clear: MS_SYNCHRONOUS, MS_DIRSYNC, MS_MANDLOCK, MS_LAZYTIME, MS_I_VERSION,
 *		 MS_SILENT, MS_POSIXACL: of the super block
 * @propagation: MS_SHARED, MS_SLAVE, MS_PRIVATE, MS_UNBINDABLE, perhaps | MS_REC, in this order
 * @data:	 all other options, one parameter each ("size=65536k", "newinstance"), split at commas
 *		 that are neither in double quotes nor behind a backslash; none for a bind mount
 * @uid_map, @gid_map: for OCI_MOUNT_IDMAP; empty = those of the container's user namespace
 * @is_map_relative: their outside ids are those of the container's user namespace (crun's
 *		 "idmap=uids=@…")
 */
struct oci_mount {
	const char *destination, *source, *type;
	uint32_t flags;
	uint64_t set, clear, rec_set, rec_clear;
	uint64_t sb_set, sb_clear;
	uint32_t propagation[OCI_PROPAGATIONS_MAX];
	size_t n_propagation;
	struct oci_strv data;
	struct oci_id_maps uid_map, gid_map;
	bool is_map_relative;
};

/* oci_mount_option_name() - the @i-th option that is understood, for `features`; NULL past the last */
const char *oci_mount_option_name(size_t i);

/* -- hooks ---------------------------------------------------------------------------------- */

enum oci_hook_point {
	OCI_HOOK_PRESTART, /* deprecated, runs before OCI_HOOK_CREATE_RUNTIME */
	OCI_HOOK_CREATE_RUNTIME,
	OCI_HOOK_CREATE_CONTAINER,
	OCI_HOOK_START_CONTAINER,
	OCI_HOOK_POSTSTART,
	OCI_HOOK_POSTSTOP,
	OCI_HOOK_COUNT
};

/* Name of the property ("createRuntime"). */
const char *oci_hook_point_name(enum oci_hook_point p);

/**
 * struct oci_hook
 * @args: argv including argv[0]; may be empty
 * @timeout: seconds; 0 = none given
 */
struct oci_hook {
	const char *path;
	struct oci_strv args, env;
	uint32_t timeout;
};

typedef OCI_LIST_OF(struct oci_hook) oci_hook_list;

struct oci_hooks {
	oci_hook_list at[OCI_HOOK_COUNT];
};

/* -- linux: namespaces ---------------------------------------------------------------------- */

enum oci_ns_type {
	OCI_NS_PID,
	OCI_NS_NETWORK,
	OCI_NS_MOUNT,
	OCI_NS_IPC,
	OCI_NS_UTS,
	OCI_NS_USER,
	OCI_NS_CGROUP,
	OCI_NS_TIME,
	OCI_NS_COUNT
};

/* Name of the type ("network") and its CLONE_NEW*. */
const char *oci_ns_name(enum oci_ns_type t);
uint64_t oci_ns_flag(enum oci_ns_type t);

/* Not listed: the runtime's own. Listed without .path: a new one. */
struct oci_namespace {
	bool is_listed;
	const char *path;
};

struct oci_time_offset {
	bool is_set;
	int64_t secs;
	uint32_t nanosecs;
};

/* A network device of the runtime's namespace to move into the container's. */
struct oci_net_device {
	const char *host_name;
	const char *name; /* NULL = the same; may have one "%d" */
};

/* -- linux: devices ------------------------------------------------------------------------- */

/**
 * struct oci_device - a node to make
 * @type: 'c' (also for "u"), 'b' or 'p'
 * @mode: permission bits
 */
struct oci_device {
	char type;
	const char *path;
	uint32_t major, minor;
	uint32_t mode, uid, gid;
	bool has_mode, has_uid, has_gid;
};

/**
 * struct oci_device_rule - resources.devices; the last that matches decides
 * @type: 'a' (both), 'c', 'b'
 * @access: OCI_DEVICE_*; 0 if none is given
 */
struct oci_device_rule {
	bool is_allow, has_major, has_minor; /* without: every number */
	char type;
	uint32_t major, minor;
	uint32_t access;
};

#define OCI_DEVICE_READ (1u << 0)
#define OCI_DEVICE_WRITE (1u << 1)
#define OCI_DEVICE_MKNOD (1u << 2)

/* -- linux: resources ----------------------------------------------------------------------- */

/* Bytes; -1 = no limit. kernel, kernelTCP and useHierarchy are of cgroup v1 and gone from kernels. */
struct oci_memory {
	int64_t limit, reservation, swap, kernel, kernel_tcp;
	uint64_t swappiness; /* 0 to 100 */
	bool disable_oom_killer, use_hierarchy, check_before_update;
	bool has_limit, has_reservation, has_swap, has_kernel, has_kernel_tcp, has_swappiness;
	bool has_disable_oom_killer, has_use_hierarchy;
};

/* Times in microseconds; a quota of -1 = none. */
struct oci_cpu {
	uint64_t shares, burst, period, realtime_period;
	int64_t quota, realtime_runtime, idle;
	const char *cpus, *mems;
	bool has_shares, has_quota, has_burst, has_period, has_realtime_runtime,
		has_realtime_period;
	bool has_idle;
};

/* 0 = not given; else 10 to 1000. */
struct oci_weight_device {
	uint32_t major, minor;
	uint16_t weight, leaf_weight;
};

struct oci_throttle_device {
	uint32_t major, minor;
	uint64_t rate; /* bytes or operations per second, 0 = no limit */
};

typedef OCI_LIST_OF(struct oci_throttle_device) oci_throttle_list;

/* A weight of 0 is as if absent: engines that always send the section send it. */
struct oci_block_io {
	uint16_t weight, leaf_weight;
	OCI_LIST_OF(struct oci_weight_device) weight_devices;
	oci_throttle_list read_bps, write_bps, read_iops, write_iops;
};

struct oci_hugepage_limit {
	const char *page_size; /* "2MB", "1GB", "64KB" */
	uint64_t limit;
};

struct oci_net_priority {
	const char *name;
	uint32_t priority;
};

/* net_cls and net_prio of cgroup v1 */
struct oci_net_class {
	uint32_t class_id;
	bool has_class_id;
	OCI_LIST_OF(struct oci_net_priority) priorities;
};

struct oci_rdma {
	const char *device;
	uint32_t hca_handles, hca_objects;
	bool has_hca_handles, has_hca_objects;
};

/**
 * struct oci_resources
 * @pids_limit: -1 = none; 0 is what engines send for "not limited", too
 * @unified:	files of cgroup v2 and what to write, names without '/'
 */
struct oci_resources {
	OCI_LIST_OF(struct oci_device_rule) devices;
	struct oci_memory memory;
	struct oci_cpu cpu;
	struct oci_block_io block_io;
	int64_t pids_limit;
	bool has_pids_limit;
	OCI_LIST_OF(struct oci_hugepage_limit) hugepages;
	struct oci_net_class network;
	OCI_LIST_OF(struct oci_rdma) rdma;
	struct oci_map unified;
};

/* -- linux: the rest ------------------------------------------------------------------------ */

/* A kernel parameter of a namespace that the container has: "net/ipv4/ip_forward" below /proc/sys. */
struct oci_sysctl {
	const char *name; /* as written: "net.ipv4.ip_forward" */
	const char *path, *value;
	uint64_t ns; /* the CLONE_NEW* that owns it */
};

/* @enable_cmt and @enable_mbm are of 1.1 and 1.2; 1.3 has @enable_monitoring for both. */
struct oci_intel_rdt {
	const char *clos_id, *l3_cache_schema, *mem_bw_schema;
	struct oci_strv schemata;
	bool enable_monitoring, enable_cmt, enable_mbm;
};

/* For set_mempolicy(2). */
struct oci_memory_policy {
	uint32_t mode; /* MPOL_* */
	uint64_t flags; /* MPOL_F_* */
	const char *nodes; /* "0-3,8" or NULL */
};

/**
 * struct oci_linux
 * @mono, @boot:     timeOffsets
 * @cgroups_path:    absolute, relative, or "slice:prefix:name" for systemd; never with a ".." part
 * @propagation:     rootfsPropagation: MS_SHARED, MS_SLAVE, MS_PRIVATE or MS_UNBINDABLE, perhaps
 *		     | MS_REC; 0 = not given
 * @personality:     PER_LINUX or PER_LINUX32
 * @seccomp:	     empty unless @has_seccomp
 */
struct oci_linux {
	struct oci_namespace namespaces[OCI_NS_COUNT];
	struct oci_id_maps uid_map, gid_map;
	struct oci_time_offset mono, boot;
	OCI_LIST_OF(struct oci_device) devices;
	OCI_LIST_OF(struct oci_net_device) net_devices;
	const char *cgroups_path;
	struct oci_resources resources;
	OCI_LIST_OF(struct oci_sysctl) sysctls;
	struct oci_strv masked_paths, readonly_paths;
	const char *mount_label;
	uint32_t propagation;
	uint64_t personality;
	struct oci_intel_rdt intel_rdt;
	struct oci_memory_policy memory_policy;
	struct seccomp_profile seccomp;
	bool has_resources, has_personality, has_intel_rdt, has_memory_policy, has_seccomp;
};

/* oci_linux_namespaces() - CLONE_NEW* of the namespaces that the container does not inherit: it gets or enters them */
uint64_t oci_linux_namespaces(const struct oci_linux *l);

/* oci_linux_new_namespaces() - CLONE_NEW* of the namespaces that the container gets new ones of */
uint64_t oci_linux_new_namespaces(const struct oci_linux *l);

/* -- documents ------------------------------------------------------------------------------ */

/**
 * struct oci_config - config.json
 * @has_process: "process" is there; `start` needs it, `create` does not
 * @hostname, @domainname: NULL or at most 64 bytes; only with a listed UTS namespace
 * @root_path: as written: absolute or relative to the bundle
 */
struct oci_config {
	struct oci_doc doc;
	const char *oci_version;
	const char *root_path;
	bool root_readonly;
	const char *hostname, *domainname;
	struct oci_map annotations;
	bool has_process;
	struct oci_process process;
	OCI_LIST_OF(struct oci_mount) mounts;
	struct oci_hooks hooks;
	struct oci_linux linux_; /* "linux" is a macro of the compiler's */
};

/**
 * oci_config_parse() - read a config.json
 * @what: its name in messages ("config.json")
 *
 * Return: 0, the caller calls oci_config_done(), which frees all of it; -EFBIG, -EBADMSG (no JSON, a
 * wrong type, something missing), -EINVAL, -ERANGE, -E2BIG, with @e naming the property.
 */
int oci_config_parse(const char *text, size_t n, const char *what, struct oci_config *ret,
		     struct err *e);
void oci_config_done(struct oci_config *c);

/* oci_process_parse() - the document of `exec --process`; @ret lives until oci_doc_done(@doc) */
int oci_process_parse(const char *text, size_t n, const char *what, struct oci_doc *doc,
		      struct oci_process *ret, struct err *e);

/* oci_resources_parse() - the document of `update --resources`: linux.resources alone */
int oci_resources_parse(const char *text, size_t n, const char *what, struct oci_doc *doc,
			struct oci_resources *ret, struct err *e);

/**
 * oci_spec_default() - the document that `spec` prints: a shell on a terminal, a read-only "rootfs",
 * three capabilities
 * @is_rootless: with a user namespace of one id, no network namespace of its own, the host's /sys
 * @uid, @gid:	 … and these are the ids outside
 *
 * Return: text with a newline at its end, caller frees; NULL when out of memory.
 */
char *oci_spec_default(bool is_rootless, uid_t uid, gid_t gid);

#endif
