/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The launch plan: everything the child between clone3(2) and execve(2) needs, as flat data and
 * open descriptors. All parsing, allocation and path resolution on the host happens before; the
 * child only walks a table of steps (init_steps.c).
 */
#ifndef DAVIT_RUNTIME_LAUNCH_H
#define DAVIT_RUNTIME_LAUNCH_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <time.h>

#include "base/err.h"
#include "kern/cap.h"
#include "kern/mount.h"

#define LAUNCH_MOUNTS_MAX 256u

struct kernel_files;

/* Where a mount of the plan comes from. */
enum launch_source {
	LAUNCH_FD,     /* .fd: detached mount made by the parent */
	LAUNCH_INSIDE, /* .inside: a path that an earlier mount of the plan has brought */
	LAUNCH_FSTYPE, /* .fstype: belongs to a namespace of the child, made there */
};

/**
 * struct launch_mount - one mount below the new root, in order
 * @target:    path inside the container; made when missing
 * @is_file:   the target to make is a file, not a directory
 * @is_users:  asked for by a user: follow symlinks inside, refuse those that lead elsewhere
 * @optional:  a kernel without this file system is fine (mqueue)
 * @attrs:     MOUNT_ATTR_* for LAUNCH_FSTYPE (the parent sets those of a LAUNCH_FD itself)
 */
struct launch_mount {
	enum launch_source source;
	int fd;
	const char *fstype, *inside;
	const struct mount_param *params;
	uint64_t attrs;
	const char *target;
	bool is_file, is_users, optional;
};

struct launch_path {
	const char *path;
	bool is_dir;
};

struct launch_write {
	const char *path, *text; /* relative to proc */
};

struct launch_rlimit {
	int resource;
	struct rlimit64 limit;
};

/**
 * struct launch - the plan; strings and arrays stay owned by who filled it in
 * @join_fds:	v1 `tasks` files: the child writes "0" to each
 * @join_ns:	descriptors of namespaces to enter, each with its CLONE_NEW* flag
 * @sync_fd:	-1, or read end of a pipe: wait for one byte (the parent has written the id maps)
 * @sync_write_fd: its other end, for the child to close
 * @err_fd:	write end of a pipe: one struct err on failure; closed by a successful exec
 * @root_fd:	detached mount of the root file system
 * @pivot_dir:	a directory of the host to mount the root on, in the child's namespace only (but without CLONE_NEWNS
 *		in @new_ns, where it stays for who ends the container to unmount); the working directory from when
 *		the child has to become root of a user namespace
 * @is_at_pivot: … so it is: the path may lead through directories that are only the host's root's
 * @chroot_fd:	-1, or the root of a running container without a mount namespace of its own, to go to (@root_fd is -1)
 * @kernel:	never NULL; the child fills it in when it mounts
 * @null_fd:	detached clone of the host's /dev/null, for masked files
 * @empty_fd:	detached read-only clone of an empty directory, for masked directories
 * @failed:	NULL, or where the child writes that error as well, in shared memory: a pipe takes memory, which the
 *		limits may not grant, and a system call, which the seccomp filter may deny
 * @entered:	NULL, or where the child writes when it began (CLOCK_MONOTONIC), in shared memory
 * @init_fd:	davit-init on a read-only detached mount: last hop before the workload, so that
 *		/proc/self/exe never names a writable file of the host (CVE-2019-5736)
 * @stdio:	descriptors to become 0, 1 and 2; -1 = leave as is
 * @has_listener: of the filter: runtime/listener.h
 * @wait_fd:	-1, or what davit-init waits at before the workload
 * @new_keyring: the process gets a session keyring of its own, called @keyring (NULL = without a name)
 * @keep_fds:	descriptors 3 … 2 + N are the workload's, too
 */
struct launch {
	const int *join_fds;
	size_t n_join_fds;
	struct {
		int fd;
		uint64_t flag;
	} join_ns[8];
	size_t n_join_ns;
	int sync_fd, sync_write_fd, err_fd;
	struct err *failed;
	struct timespec *entered;
	uint64_t new_ns; /* CLONE_NEW* that the child is the first process of */

	const char *hostname, *domainname;
	bool bring_up_lo;

	int root_fd, chroot_fd;
	const char *pivot_dir;
	bool is_at_pivot;
	bool root_readonly;
	const struct launch_mount *mounts;
	size_t n_mounts;
	char *const *volumes; /* bound on themselves: writable below a read-only root */
	size_t n_volumes;
	struct kernel_files *kernel;
	int null_fd, empty_fd;
	const struct launch_path *masked;
	size_t n_masked;
	const char *const *readonly;
	size_t n_readonly;
	const struct launch_write *sysctls;
	size_t n_sysctls;

	int stdio[3];
	bool is_tty; /* @stdio is a terminal of a devpts among @mounts: shown as /dev/console */
	const struct launch_rlimit *rlimits;
	size_t n_rlimits;
	mode_t umask;
	bool has_umask;
	const char *cwd;
	bool make_cwd;
	uid_t uid;
	gid_t gid;
	const gid_t *groups;
	size_t n_groups;
	bool is_plain_root; /* all user and group ids of the child are 0 */
	bool keep_groups; /* setgroups is denied in this user namespace */
	struct cap_sets caps;
	unsigned int cap_end; /* behind the kernel's last capability, 0 = not known */
	bool no_new_privs;
	const struct sock_filter *seccomp;
	size_t n_seccomp;
	unsigned int seccomp_flags;
	bool has_listener;

	int init_fd, wait_fd;
	unsigned int keep_fds;
	const char *keyring;
	bool new_keyring;
	char *const *argv; /* argv[0] is a slot for davit-init's own argument; the workload's follow */
	char *const *envp;
	char *home; /* where the directory of uid goes, in one of envp; NULL = HOME is set */
	size_t home_size;
};

/* launch_child() - the child's side: @arg is a struct launch. Returns only on failure (126). */
int launch_child(void *arg);

/* launch_exec() - descriptors, ids, capabilities, seccomp, exec: the last steps. Returns only on
 * failure. */
int launch_exec(const struct launch *l, struct err *e);

#endif
