/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A container's cgroup: one name, <slice>.slice/<id> on cgroup v2 and <slice>/<id> on v1, whatever
 * mixture of hierarchies the host has mounted below /sys/fs/cgroup.
 *
 *   pure v2   everything is in the one v2 directory
 *   hybrid    v2 (/sys/fs/cgroup/unified) tracks, kills, freezes, counts CPU time and carries the
 *             BPF programs; a limit is written where its controller is, which is mostly v1
 *   pure v1   the freezer hierarchy (else pids, else memory) tracks and kills; no CLONE_INTO_CGROUP
 *
 * A v1 hierarchy is joined when a limit asks for its controller, and not otherwise: of a container
 * that starts and exits, memory costs 70 to 110 us of CPU time and pids 35 to 60 (v2 alone: 40),
 * most of it outside of mkdir, join and rmdir (29 and 12 us), in charging and in freeing the group.
 * Pure v1 adds freezer, to track and kill, and cpuacct. So without limits on a hybrid host,
 * cgroup_stats() knows CPU time and processes but neither memory nor I/O: has_memory and has_io are
 * false, to be shown as "-" and never as 0. `--memory -1` joins memory without a limit.
 */
#ifndef DAVIT_KERN_CGROUP_H
#define DAVIT_KERN_CGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct cgroup;
struct device_policy;
struct device_rule;
struct pollfd;
struct err;
struct strv;

#define CGROUP_ID_MAX 128u /* longest <id> */
#define CGROUP_PLACE_MAX 768u /* longest path for cgroup_create_path() */
#define CGROUP_MEMORY_MIN (512u << 10) /* least --memory: below, not even a static program starts */
#define CGROUP_CPU_MIN 10000000u /* least --cpus, 0.01: the kernel's least quota of 1 ms */
#define CGROUP_JOIN_MAX 13u /* most descriptors from cgroup_join_fds() */
#define CGROUP_IO_MAX 64u /* most rows of struct cgroup_limits.io */
#define CGROUP_CONF_MAX 64u /* most rows of struct cgroup_limits.conf */
#define CGROUP_UNLIMITED UINT64_MAX

enum cgroup_io_kind { CGROUP_IO_RBPS, CGROUP_IO_WBPS, CGROUP_IO_RIOPS, CGROUP_IO_WIOPS };

struct cgroup_io_limit {
	unsigned int major, minor;
	enum cgroup_io_kind kind;
	uint64_t value; /* bytes or operations per second */
};

/**
 * struct cgroup_limits - what the options ask for; zero-initialised is "no limit"; all borrowed
 * @memory:	     --memory, bytes; 0 = unset, -1 = none
 * @memory_swap:     --memory-swap, bytes of memory and swap together; -1 = none. 0 = unset: twice
 *		     @memory where the host accounts swap (as Docker has it), nothing where not
 * @memory_reservation: --memory-reservation; 0 = unset, -1 = none
 * @cpu_nano:	     --cpus times 1e9; 0 = unset
 * @cpu_shares:	     --cpu-shares, 2 to 262144; 0 = unset
 * @pids:	     --pids-limit; 0 = unset, -1 = none
 * @blkio_weight:    --blkio-weight, 10 to 1000; 0 = unset
 * @cpuset_cpus, @cpuset_mems: lists as the kernel takes them ("0-2,7"); NULL = unset
 * @io:		     --device-{read,write}-{bps,iops}
 * @conf:	     --cgroup-conf, raw KEY=VALUE for v2 files; NULL = none
 */
struct cgroup_limits {
	int64_t memory, memory_swap, memory_reservation;
	uint64_t cpu_nano;
	int64_t cpu_shares, pids, blkio_weight;
	const char *cpuset_cpus, *cpuset_mems;
	const struct cgroup_io_limit *io;
	size_t n_io;
	const struct strv *conf;
};

/**
 * cgroup_limits_check() - refuse values that no host can enforce: too small, contradicting
 *
 * Looks at no file. cgroup_create() and cgroup_update() do this too; called alone it lets a command
 * refuse before it has made anything. Return: 0; -EINVAL naming the option.
 */
int cgroup_limits_check(const struct cgroup_limits *l, struct err *e);

/**
 * cgroup_create() - make the container's cgroup with its limits in force; nothing is in it yet
 * @slice: env->slice
 * @id:    container id, at most CGROUP_ID_MAX bytes of [A-Za-z0-9_.-], not starting with '.'
 * @l:     limits or NULL
 *
 * The slice is made on the way, with the controllers that the limits need. On failure nothing of
 * <id> is left. Without limits: 5 system calls on hybrid, 4 on v2, and 2 to close and remove.
 *
 * The child is placed by clone3(CLONE_INTO_CGROUP) with cgroup_fd() and then, before it does
 * anything else, by cgroup_join_self(). A cgroup namespace must be made after that, by unshare(2):
 * the one made by clone3(CLONE_NEWCGROUP) is rooted at the parent's cgroup.
 *
 * Return: 0, free with cgroup_free(); -EEXIST if the cgroup is there; -EOPNOTSUPP, -EINVAL, … with
 * the option named when a limit cannot be enforced on this host.
 */
int cgroup_create(const char *slice, const char *id, const struct cgroup_limits *l,
		  struct cgroup **ret, struct err *e);

/* cgroup_open() - handle on an existing cgroup. Return: 0; -ENOENT when it is gone. */
int cgroup_open(const char *slice, const char *id, struct cgroup **ret, struct err *e);

/**
 * cgroup_create_path() - the cgroup of a container that others place: one path in all hierarchies
 * @path: absolute, below the mount point of each; parents are made and get all controllers
 *
 * One that is there already is used if it is empty. On hybrid and v1 hosts the eight controllers of
 * enum cgroup_controller are joined, as OCI runtimes do: their callers read the files themselves.
 * Limits are written by cgroup_write().
 * Return: 0; -EBUSY for one with processes; -EINVAL.
 */
int cgroup_create_path(const char *path, struct cgroup **ret, struct err *e);
int cgroup_open_path(const char *path, struct cgroup **ret, struct err *e);

/**
 * cgroup_adopt_path() - the same of one that systemd has made, or of a new one below it
 * @pid: a process that is in systemd's; it is moved to @path, which may be that very place
 *
 * Also joined is the hierarchy "name=systemd" of hybrid and v1 hosts, by which systemd knows its own.
 */
int cgroup_adopt_path(const char *path, pid_t pid, struct cgroup **ret, struct err *e);

/* cgroup_free() - close the handle; the cgroup stays */
void cgroup_free(struct cgroup *cg);
void cgroup_freep(struct cgroup **cg);

/* cgroup_fd() - v2 directory for CLONE_INTO_CGROUP and bpf(2), owned by @cg; -1 on pure v1 */
int cgroup_fd(const struct cgroup *cg);

/**
 * cgroup_member_fd() - where a process that joins a running container is to be born
 * @pid: of a process of the container
 *
 * A container that turned on controllers for cgroups that it made may have no process beside them:
 * then it is the one that @pid is in.
 *
 * Return: 0 with @ret to close, or -1 there: cgroup_fd() will do.
 */
int cgroup_member_fd(struct cgroup *cg, pid_t pid, int *ret, struct err *e);

/* cgroup_inode() - id that BPF programs see (bpf_get_current_cgroup_id()); 0 on a pure v1 host */
uint64_t cgroup_inode(const struct cgroup *cg);

/**
 * cgroup_join_fds() - v1 `tasks` files that a new member writes itself into; owned by @cg
 *
 * Opened by cgroup_create(); after cgroup_open(), opened by the first call. None on pure v2.
 * Return: number of descriptors, at most CGROUP_JOIN_MAX, or -errno.
 */
int cgroup_join_fds(struct cgroup *cg, const int **ret, struct err *e);

/**
 * cgroup_join_self() - move the calling thread into the v1 hierarchies, between clone and exec
 *
 * Must run while the process has one thread: it writes "0" to `tasks`, which, unlike a pid in
 * cgroup.procs, does not take the lock that holds up every fork and exit on the host
 * (cgroup_threadgroup_rwsem; kernel/cgroup/cgroup.c:cgroup_procs_write_start()).
 */
int cgroup_join_self(const int *fds, size_t n, struct err *e);

/**
 * cgroup_set_devices() - device policy on a pure v1 host, where no BPF program can be linked
 * @p: NULL = the default list, as bpf_set_insert() has it
 *
 * For a cgroup just made, before anything is in it. The controller cannot say every list: a base of
 * none or of the default takes no rules that take away; on a base of all devices, a rule that
 * grants undoes one before it that names the same device, no wider or narrower one.
 *
 * Return: 0; -EOPNOTSUPP for a list that it cannot say, or without the controller, unless all
 * devices are allowed.
 */
int cgroup_set_devices(struct cgroup *cg, const struct device_policy *p, struct err *e);

/**
 * cgroup_set_device_list() - the same of a list as OCI documents have it: rules count in order, nothing is granted before the
 * first
 *
 * Return: 0; -EOPNOTSUPP: a rule takes away a part of what one before it grants at once, or the other way round, which
 * cgroup v1 has no words for.
 */
int cgroup_set_device_list(struct cgroup *cg, const struct device_rule *rules, size_t n,
			   struct err *e);

/* cgroup_check_type() - for a start that failed with -EOPNOTSUPP: can @slice have containers?
 * Return: 0; -EOPNOTSUPP with what is wrong with it, when it is in a threaded part of cgroup v2. */
int cgroup_check_type(const char *slice, struct err *e);

/* cgroup_slice_fd() - descriptor of the v2 directory <slice>.slice, made when missing; the caller
 * closes it.
 * Return: fd; -EOPNOTSUPP on a pure v1 host. */
int cgroup_slice_fd(const char *slice, struct err *e);

/**
 * cgroup_update() - change limits of a running container; what is unset in @l stays as it is
 *
 * On v1, a controller that the container has not joined yet is joined with all its processes.
 * Return: 0; -EBUSY when a v1 memory limit is below what is in use (v2 reclaims, then kills).
 */
int cgroup_update(struct cgroup *cg, const struct cgroup_limits *l, struct err *e);

/* cgroup_kill() - SIGKILL to every process, racing forks included (cgroup.kill, v1: freeze and
 * signal). They die soon after, not before the return. */
int cgroup_kill(struct cgroup *cg, struct err *e);

/* cgroup_signal() - @sig to every process there is now */
int cgroup_signal(struct cgroup *cg, int sig, struct err *e);

/* cgroup_freeze() - pause or continue all processes; returns when they have stopped, at most
 * 5 s later (-ETIMEDOUT, thawed again). -EOPNOTSUPP on a pure v1 host without the freezer. */
int cgroup_freeze(struct cgroup *cg, bool freeze, struct err *e);

enum cgroup_activity { CGROUP_EMPTY, CGROUP_ACTIVE, CGROUP_FROZEN };

/* cgroup_activity() - has it processes, and do they run? What the kernel says now: frozen as a whole,
 * by cgroup_freeze() or by somebody's freeze of a cgroup above. Return: one of the enum or -errno. */
int cgroup_activity(struct cgroup *cg, struct err *e);

/* cgroup_is_frozen() - the same of the cgroup at @path, as cgroup_open_path() takes it, for who looks at thousands */
bool cgroup_is_frozen(const char *path);

/* cgroup_frozen_can_die() - does SIGKILL end a frozen process? With cgroup v1 it is thawed first. */
bool cgroup_frozen_can_die(void);

/* cgroup_is_freezing() - has somebody asked for a freeze of this very cgroup, whether or not all have
 * stopped yet? Return: 0 no, 1 yes, -errno. */
int cgroup_is_freezing(struct cgroup *cg, struct err *e);

/* cgroup_is_populated() - any process in it or below? Return: 0 no, 1 yes, -errno. */
int cgroup_is_populated(struct cgroup *cg, struct err *e);

/* cgroup_pids() - processes in it and below, in this process' pid namespace, in no order; caller
 * frees *@ret. */
int cgroup_pids(struct cgroup *cg, pid_t **ret, size_t *ret_n, struct err *e);

/* cgroup_oom_count() - processes of the container that the OOM killer has killed. Return: 0;
 * -ENODATA when it is in no memory controller (v1 without --memory: nothing limits, nobody is killed
 * for it). */
int cgroup_oom_count(struct cgroup *cg, uint64_t *ret, struct err *e);

/**
 * cgroup_oom_watch() - what to poll(2) for a change of cgroup_oom_count()
 * @ret: .fd is the caller's, -1 on failure, which poll(2) leaves out
 *
 * It is ready at once the first time, and on cgroup v1 before the process that will be killed is counted. Each time
 * cgroup_oom_rearm() goes before the next poll(2). Return: 0; -errno.
 */
int cgroup_oom_watch(struct cgroup *cg, struct pollfd *ret);
void cgroup_oom_rearm(const struct pollfd *p);

/**
 * cgroup_remove() - rmdir it in every hierarchy, sub-cgroups that the container made first
 *
 * Waits up to a second for processes on their way out. Missing is success.
 * Return: 0; -EBUSY while processes are left.
 */
int cgroup_remove(const char *slice, const char *id, struct err *e);

/* cgroup_destroy() - the same through the handle, which stays to be freed. After cgroup_create() it
 * knows which hierarchies were joined: 1 system call on hybrid instead of 6. */
int cgroup_destroy(struct cgroup *cg, struct err *e);

/* cgroup_slice_remove() - rmdir the slice itself in every hierarchy; missing is success.
 * Return: 0; -EBUSY while containers are left. */
int cgroup_slice_remove(const char *slice, struct err *e);

/* cgroup_list() - ids with a cgroup in any hierarchy, each once, appended to @ret */
int cgroup_list(const char *slice, struct strv *ret, struct err *e);

/**
 * struct cgroup_stats - use of resources; a group counts only where its has_* is true
 * @memory_limit, @pids_limit: CGROUP_UNLIMITED = none
 * @pids_current: threads, as the pids controller counts; without it, counted one by one
 * @memory_usage: page cache included; what Docker shows is @memory_usage - @memory_inactive_file
 */
struct cgroup_stats {
	bool has_cpu, has_throttle, has_memory, has_swap, has_pids, has_io;
	uint64_t cpu_usage_ns, cpu_user_ns, cpu_system_ns;
	uint64_t cpu_throttled_ns, cpu_throttled_periods, cpu_periods;
	uint64_t memory_usage, memory_limit, memory_peak, memory_swap;
	uint64_t memory_anon, memory_file, memory_inactive_file;
	uint64_t pids_current, pids_limit;
	uint64_t io_read_bytes, io_write_bytes, io_read_ops, io_write_ops;
};

/* cgroup_stats() - read them. What the host cannot tell is left out, not an error; -ENOENT when the
 * cgroup is gone. */
int cgroup_stats(struct cgroup *cg, struct cgroup_stats *ret, struct err *e);

/* Controllers that limits and statistics use. */
enum cgroup_controller {
	CGROUP_MEMORY,
	CGROUP_PIDS,
	CGROUP_CPU,
	CGROUP_CPUSET,
	CGROUP_IO, /* "blkio" on v1 */
	CGROUP_CPUACCT, /* v1 only */
	CGROUP_FREEZER, /* v1 only */
	CGROUP_DEVICES, /* v1 only */
	CGROUP_CONTROLLER_COUNT,
	/* only of cgroup_create_path(), whose v1 hierarchies are joined when a setting asks for one */
	CGROUP_HUGETLB = CGROUP_CONTROLLER_COUNT,
	CGROUP_RDMA,
	CGROUP_NET_CLS, /* v1 only */
	CGROUP_NET_PRIO, /* v1 only */
	CGROUP_ALL_COUNT
};

enum cgroup_where { CGROUP_NOWHERE, CGROUP_ON_V1, CGROUP_ON_V2 };

/* cgroup_controller_where() - which hierarchy has @c on this host; for `davit doctor` */
enum cgroup_where cgroup_controller_where(enum cgroup_controller c);
const char *cgroup_controller_name(enum cgroup_controller c);

/**
 * cgroup_write() - write one setting where @c is on this host
 * @v1_file, @v2_file: its name there; NULL = that version has it not
 *
 * Return: 0; -EOPNOTSUPP without the controller, the file, or the setting; -errno of the write.
 */
int cgroup_write(struct cgroup *cg, enum cgroup_controller c, const char *v1_file, const char *v2_file, const char *text,
		 struct err *e);

/**
 * cgroup_read() - text of a file where @c is on this host, for what struct cgroup_stats has not
 * @v1_file, @v2_file: its name there; NULL = that version has it not
 *
 * Return: 0, *@ret is the caller's; -ENOENT without the controller or the file; -errno.
 */
int cgroup_read(struct cgroup *cg, enum cgroup_controller c, const char *v1_file, const char *v2_file, char **ret);

/* cgroup_write_v2() - the same for any file of v2, by the name of its controller ("cgroup" = the core) */
int cgroup_write_v2(struct cgroup *cg, const char *controller, const char *file, const char *text, struct err *e);

/* cgroup_mode() - "v2", "hybrid", "v1"; NULL when no cgroup file system is mounted */
const char *cgroup_mode(void);

/* cgroup_has_swap() - can --memory-swap be enforced? */
bool cgroup_has_swap(void);

/* cgroup_has_weights() - is there a block device that obeys --blkio-weight? */
bool cgroup_has_weights(void);

/* cgroup_weight_of_shares() - v2 cpu.weight (1 to 10000) of v1 cpu shares (2 to 262144) by the
 * formula of the OCI runtimes since 2025: 2 -> 1, 1024 -> 100, 262144 -> 10000 */
unsigned int cgroup_weight_of_shares(uint64_t shares);

#endif
