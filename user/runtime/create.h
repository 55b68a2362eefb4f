/* SPDX-License-Identifier: Apache-2.0 */
/* A container from a bundle: made, started, waited for, deleted (docs/design/oci-runtime.md). */
#ifndef DAVIT_RUNTIME_CREATE_H
#define DAVIT_RUNTIME_CREATE_H

#include <stdbool.h>

#include "runtime/bundle.h"
#include "runtime/bundle_spawn.h"
#include "runtime/record.h"

struct cgroup_hold;
struct cgroup_manager;
struct err;
struct oci_config;

/**
 * struct create_options - what `create` and `run` are told beside the bundle
 * @root:	    where containers are recorded
 * @cgroups:	    who makes the cgroup
 * @console_socket: path of a UNIX socket for the terminal's master; NULL = none
 * @open_console:   makes one when there is a terminal and no path, and may set its size; NULL = that is an
 *		    error. Return: a descriptor to consume, or -errno. @console_data is its @data
 * @pidfd_socket:   … for a pidfd of the container's process; NULL = none
 * @pid_file:	    NULL = none
 * @init_path:	    davit-init
 * @keeps_files:    as oci_process.keeps_files
 * @at_once:	    the caller will call container_start_child(): no need to wait for that
 * @bpffs:	    where device programs are kept for the next container; NULL = nowhere
 */
struct create_options {
	const char *root, *id, *bundle;
	const struct cgroup_manager *cgroups;
	const char *console_socket, *pidfd_socket, *pid_file;
	int (*open_console)(struct oci_process *process, void *data, struct err *e);
	void *console_data;
	const char *init_path, *bpffs;
	unsigned int preserve_fds;
	bool no_pivot, no_new_keyring, keeps_files, at_once;
};

/**
 * struct created - a container that waits to be started
 * @dirfd: its record, locked
 * @child: its process
 */
struct created {
	struct bundle bundle;
	struct record record;
	int dirfd;
	struct bundle_child child;
};

void created_done(struct created *c);

/**
 * container_create() - all of docs/design/oci-runtime.md, 'Order of a create'
 *
 * On failure nothing is left. Return: 0, then created_done(); -errno.
 */
int container_create(const struct create_options *o, struct created *ret, struct err *e);

/* container_start_child() - the same as container_start(), of what this process has just created */
int container_start_child(struct created *c, struct err *e);

/* container_cgroup() - its cgroup, if that is there and its own; NULL = not. cgroup_free() it. */
struct cgroup *container_cgroup(const struct record *r);

/* container_open_root() - the root of a container that has no mount namespace of its own, of others @ret is left as it
 * is. Whose it is, is to be checked by the caller's pidfd afterwards. Return: 0; -errno. */
int container_open_root(const struct record *r, int *ret, struct err *e);

/* container_look() - status as the kernel has it now */
enum record_status container_look(const struct record *r);

/**
 * container_kill() - send a signal to its first process
 * @is_all: … to every process; also done for SIGKILL when the container has no pid namespace of its own
 * Return: 0; -ESRCH "container not running".
 */
int container_kill(const struct record *r, int sig, bool is_all, struct err *e);

/* container_start() - startContainer hooks, the workload, poststart hooks. @dirfd: its locked record. Where a hook fails, the
 * container is stopped. */
int container_start(const struct record *r, int dirfd, struct err *e);

/**
 * container_delete() - processes, cgroup, poststop hooks, record of a container
 * @is_forced: also one that runs or was never created whole
 *
 * Return: 0; 1: it is gone, but a poststop hook failed, @e tells which; -EBUSY "is running" unless forced.
 */
int container_delete(const char *root, const char *id, bool is_forced, struct err *e);

/* container_delete_child() - the same, forced, of what this process has created. Others may have deleted it
 * since record_unlock(): that is success. */
int container_delete_child(struct created *c, const char *root, struct err *e);

/* container_fill_record() - what is known of a container before anything of it is made */
int container_fill_record(const struct bundle *b, const char *id, struct record *r, struct err *e);

/* container_make_cgroup() - … and recorded, after the driver's place(). On failure nothing is left. */
int container_make_cgroup(const struct cgroup_manager *by, const struct oci_config *c,
			  struct record *r, struct cgroup_hold *h, struct err *e);

/* console_connect() - to the socket at @path, of any length. Return: descriptor; -errno with @e. */
int console_connect(const char *path, struct err *e);

/* send_pidfd() - to the socket at @path; NULL = nothing to do. Return: 0; -errno with @e. */
int send_pidfd(const char *path, int pidfd, struct err *e);

/* write_pid_file() - by rename; @path NULL = nothing to do */
int write_pid_file(const char *path, pid_t pid, struct err *e);

#endif
