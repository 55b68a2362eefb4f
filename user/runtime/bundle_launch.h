/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The launch of a bundle: what struct launch has, and what only config.json can ask for. Flat data and
 * open descriptors, walked by the child (bundle_steps.c).
 */
#ifndef DAVIT_RUNTIME_BUNDLE_LAUNCH_H
#define DAVIT_RUNTIME_BUNDLE_LAUNCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>

#include "runtime/launch.h"

enum bundle_mount_kind {
	BUNDLE_MOUNT_FD, /* .fd: detached mount made by the parent */
	BUNDLE_MOUNT_NEW, /* .fstype, .source, .params: made by the child, in its namespaces */
	BUNDLE_MOUNT_LINK, /* no mount: a symlink to .source */
	BUNDLE_MOUNT_REMOUNT, /* change the attributes of what is mounted there */
};

/**
 * struct bundle_mount - one mount below the root, in the order of the document
 * @target:	 below the root, with or without a leading '/'; made when missing
 * @is_file:	 the target to make is a file
 * @data:	 of BUNDLE_MOUNT_NEW: @params for mount(2), which takes longer values; NULL = not needed
 * @params:	 of BUNDLE_MOUNT_REMOUNT: what to change of the file system; NULL = nothing
 * @set, @clear: MOUNT_ATTR_* of the mount itself; the parent sets those of BUNDLE_MOUNT_FD
 * @rec_set, @rec_clear: … of it and all below it, once attached
 * @propagation: MS_SHARED …, perhaps | MS_REC, once attached
 * @is_entry:	 the target is the entry itself, also where that is a symlink
 * @is_sealed:	 read-only is for when all is made that goes into it (bundle_seal_mounts())
 * @index:	 in mounts[] of config.json, for messages
 */
struct bundle_mount {
	enum bundle_mount_kind kind;
	int fd;
	const char *fstype, *source, *target, *data;
	const struct mount_param *params;
	uint64_t set, clear, rec_set, rec_clear;
	const uint32_t *propagation;
	size_t n_propagation;
	bool is_file, is_optional, is_entry, is_sealed;
	unsigned int index;
};

#define BUNDLE_PARAM_MAX 255u /* bytes that fsconfig(2) takes of a value */
#define BUNDLE_DATA_MAX 4095u /* bytes that mount(2) takes of all */

/* A node below the root: @mode with its type. One that is there already must be the same device. */
struct bundle_node {
	const char *path;
	uint32_t mode;
	uint64_t dev;
	uint32_t uid, gid;
};

struct bundle_link {
	const char *target, *path;
};

/* For sched_setattr(2), as the kernel has it (linux/sched/types.h clashes with libc's sched.h). */
struct bundle_sched_attr {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
	uint32_t util_min, util_max;
};

/**
 * struct bundle_launch
 * @common:	     the first member: steps that both kinds share get it
 *		     (root_fd -1: the mount namespace is another container's, nothing is mounted)
 * @mount_ns_fd:     that one, or a pidfd of a process in it; -1 = a new one
 * @bare_ns_fd:      to begin the new one with, instead of the host's mounts (kern/bare_ns.h); -1 = with those
 * @waits_for_maps:  of a new user namespace: its first byte on sync_fd says that they are written
 * @becomes_root:    in a user namespace that was entered, as in a new one whose maps are written
 * @tells_namespaces, @tells_root: hooks run at these points: say so and wait
 * @keeps_files:    files and terminals among 0 to 2 keep their owner
 * @console_fd:	     socket to send the terminal's master to; -1 = no terminal
 * @no_pivot:	     chroot(2) instead of pivot_root(2), for an initial ramdisk
 * @propagation:     of the container's root in the end
 * @host_writes:     through the host's proc, which the paths are relative to, before the root changes
 * @label:	     text for the exec attribute of the security module; @label_file is its path in proc
 * @rlimits:	     those that a user namespace may not set: by the parent when davit-init waits
 * @nodemask:	     for set_mempolicy(2), @nodemask_bits of them
 * @cpus:	     bytes of a mask for sched_setaffinity(2); NULL = none
 */
struct bundle_launch {
	struct launch common;
	int mount_ns_fd, bare_ns_fd;
	bool waits_for_maps, becomes_root, tells_namespaces, tells_root, no_pivot;

	const struct bundle_mount *mounts;
	size_t n_mounts;
	const struct bundle_node *nodes;
	size_t n_nodes;
	const struct bundle_link *links;
	size_t n_links;
	uint32_t propagation;

	int console_fd;
	struct winsize console_size;
	bool has_plain_newlines, keeps_files;
	const struct launch_write *host_writes;
	size_t n_host_writes;
	const char *label, *label_file;

	const struct launch_rlimit *rlimits;
	size_t n_rlimits;
	bool has_sched, has_io_priority, has_personality, has_memory_policy;
	struct bundle_sched_attr sched;
	int io_priority;
	unsigned long personality;
	int memory_mode;
	const unsigned long *nodemask;
	unsigned long nodemask_bits;
	const void *cpus;
	size_t cpus_size;
};

/* What the child reports on its way beside an error: struct init_report with code 0 and one of these
 * for stage; it then waits for a byte on launch.sync_fd. */
enum bundle_stage {
	BUNDLE_AT_NAMESPACES = 16, /* all namespaces exist, the root is the host's */
	BUNDLE_AT_ROOT, /* all is mounted below the root, which has not changed yet */
};

/* bundle_mount_all() - a part of it: the mounts, below the working directory (bundle_mount_steps.c) */
int bundle_mount_all(const struct bundle_launch *b, struct err *e);

/* bundle_seal_mounts() - make those read-only that were left writable for what is made in them */
int bundle_seal_mounts(const struct bundle_launch *b, struct err *e);

/* bundle_child() - the child's side: @arg is a struct bundle_launch. Returns only on failure (126). */
int bundle_child(void *arg);

#endif
