/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of the cgroup files of this part; nobody else includes it. */
#ifndef DAVIT_KERN_CGROUP_IMPL_H
#define DAVIT_KERN_CGROUP_IMPL_H

#include "kern/cgroup.h"

#define CGROUP_ROOT "/sys/fs/cgroup"
#define CGROUP_UNIFIED CGROUP_ROOT "/unified"
#define CGROUP_NAMED CGROUP_ROOT "/systemd" /* "name=systemd" of v1 */
#define CGROUP_SLICE_MAX 64u
#define CGROUP_PATH_MAX 1024u /* longest: root, controller, slice, id and the name of a file */
#define CGROUP_DEPTH_MAX 64u /* sub-cgroups that a container nests; deeper ones are not entered */
#define CGROUP_STAT_MAX (1u << 20) /* longest statistics file: one line per block device */

/* v1 controllers that are joined on pure v1 only: where there is v2, it does their work */
#define CGROUP_V1_ALONE (1u << CGROUP_CPUACCT | 1u << CGROUP_FREEZER | 1u << CGROUP_DEVICES)

/**
 * struct cgroup - handle
 * @fd:		v2 directory or -1
 * @v1:		1u << controller for each v1 directory known to exist
 * @is_opened:	from cgroup_open(): may have members, and @v1 is found out when needed
 * @join:	`tasks` of the directories in @v1
 */
struct cgroup {
	const char *slice, *id;
	int fd;
	uint64_t inode;
	unsigned int v1;
	bool is_opened, is_v1_known;
	size_t n_join;
	int join[CGROUP_JOIN_MAX];
	char text[];
};

/* Limits in the order they are applied; the options behind each are in cgroup_limit.c. */
enum cgroup_limit {
	CGROUP_LIMIT_MEMORY, /* and swap: one order of writes */
	CGROUP_LIMIT_RESERVATION,
	CGROUP_LIMIT_CPUS,
	CGROUP_LIMIT_SHARES,
	CGROUP_LIMIT_CPUSET,
	CGROUP_LIMIT_PIDS,
	CGROUP_LIMIT_WEIGHT,
	CGROUP_LIMIT_IO,
	CGROUP_LIMIT_COUNT
};

typedef int cgroup_set_fn(struct cgroup *cg, const struct cgroup_limits *l, struct err *e);
typedef int cgroup_stat_fn(struct cgroup *cg, struct cgroup_stats *ret);

/**
 * struct cgroup_driver - one version of the interface files
 * @set:  write one limit; messages name file and value, the caller adds the option
 * @stat: fill what concerns one controller and set its has_*; NULL = this version has it not
 *
 * Which driver serves a controller is cgroup_controller_where(): on hybrid hosts both are in use.
 */
struct cgroup_driver {
	cgroup_set_fn *set[CGROUP_LIMIT_COUNT];
	cgroup_stat_fn *stat[CGROUP_CONTROLLER_COUNT];
	int (*oom_count)(struct cgroup *cg, uint64_t *ret, struct err *e);
};

extern const struct cgroup_driver cgroup_v1_driver, cgroup_v2_driver;

/* Driver of @c on this host, NULL when no hierarchy has it. */
const struct cgroup_driver *cgroup_driver_of(enum cgroup_controller c);

/* Where the v2 hierarchy is mounted; NULL on pure v1. */
const char *cgroup_v2_root(void);
/* Where there is one: opened once, kept for our life. From here the kernel walks half as many names, which `list` of
 * a thousand containers feels. Return: O_PATH descriptor, not the caller's; -errno. */
int cgroup_v2_rootfd(void);
const char *cgroup_v1_name(enum cgroup_controller c);
bool cgroup_v1_is_mounted(enum cgroup_controller c);
/* Is @name a controller that the v2 root offers? */
bool cgroup_v2_offers(const char *name);
/* Message and hint for a controller that is nowhere. Return: -EOPNOTSUPP. */
int cgroup_controller_missing(const char *name, struct err *e);

/* A slice that starts with '/' is the path of a parent, used as it is in all hierarchies. */
static inline bool cgroup_is_path(const char *slice)
{
	return slice[0] == '/';
}

/* A handle without any directory yet. Return: 0; -EINVAL for what cannot name a cgroup. */
int cgroup_new_handle(const char *slice, const char *id, struct cgroup **ret, struct err *e);
int cgroup_open_handle(struct cgroup *cg, struct err *e);
int cgroup_open_v2(struct cgroup *cg, const char *path, struct err *e);

/* "<root>/<slice>.slice[/<id>]" and "<root>/<controller>/<slice>[/<id>[/<file>]]"; NULL = no */
const char *cgroup_v2_path(char buf[static CGROUP_PATH_MAX], const char *slice, const char *id);
const char *cgroup_v1_path(char buf[static CGROUP_PATH_MAX], enum cgroup_controller c,
			   const char *slice, const char *id, const char *file);

/* Make the slice directory and turn on memory and pids below it where v2 offers them. */
int cgroup_v2_make_slice(const char *slice, struct err *e);
/* Write @text to @file of the v2 directory, turning on @controller when the file is missing. */
int cgroup_v2_write(struct cgroup *cg, const char *controller, const char *file, const char *text,
		    struct err *e);

#define CGROUP_V1_EXCLUSIVE (1u << 0) /* -EEXIST when the directory is there already */

/* Make the directory in the hierarchy of @c and open its `tasks`; no-op when joined already.
 * Return: 0; -EOPNOTSUPP when @c has no v1 hierarchy. */
int cgroup_v1_join(struct cgroup *cg, enum cgroup_controller c, unsigned int flags, struct err *e);
/* Find the v1 directories of an opened handle and open their `tasks`. */
int cgroup_v1_find(struct cgroup *cg, struct err *e);
/* Controllers whose hierarchies a cgroup of @slice may be in. */
enum cgroup_controller cgroup_v1_count(const char *slice);
/* Open `tasks` of "name=systemd", for processes to join it, too; where it is not there, nothing. */
int cgroup_v1_join_named(struct cgroup *cg, struct err *e);
/* Write @text to @file in the hierarchy of @c, joining it when @cg has not. */
int cgroup_v1_write(struct cgroup *cg, enum cgroup_controller c, const char *file, const char *text,
		    struct err *e);
/* Write a line of @d to devices.allow or devices.deny. */
int cgroup_v1_write_device(struct cgroup *cg, const struct device_rule *d, struct err *e);
/* Move the members that @cg has into the v1 directories of @mask, which are new. */
int cgroup_v1_attach(struct cgroup *cg, unsigned int mask, struct err *e);
/* The v1 hierarchy that lists, freezes and kills on a pure v1 host. */
enum cgroup_controller cgroup_v1_tracker(void);

/* Does a block device of this host share by the weights of bfq, by those of io.cost? */
bool cgroup_uses_bfq(void);
bool cgroup_uses_iocost(void);

/* Write what @l asks for. -EOPNOTSUPP when the host has no controller for it, naming the option. */
int cgroup_limits_apply(struct cgroup *cg, const struct cgroup_limits *l, struct err *e);
/* Docker's rule: what --memory-swap is when not given. 0 = leave alone. */
int64_t cgroup_limits_swap(const struct cgroup_limits *l);

/* New descriptor of the directory that lists the members. */
int cgroup_track_fd(const struct cgroup *cg, struct err *e);
/* Call @visit for the directory @fd (consumed) and all below it, parents first. Vanished
 * directories are skipped. Return: 0, or the first negative value of @visit. */
int cgroup_walk(int fd, int (*visit)(int fd, void *data), void *data, unsigned int depth);
/* rmdir all directories below @fd (consumed), any depth. 0; -EBUSY while one has members. */
int cgroup_remove_below(int fd);

/* Value behind "KEY " (v1, v2 flat-keyed files) at the start of a line. */
bool cgroup_flat_value(const char *text, const char *key, uint64_t *ret);
/* Number in a file of its own; "max" and v1's page counter maximum are CGROUP_UNLIMITED. */
int cgroup_read_u64(int dirfd, const char *path, uint64_t *ret);

#endif
