/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What davit-oci knows of a container between two commands: <root>/<id>/, a directory that is locked
 * while a command changes it, with state.json in it. After create only one digit of it changes, at the start, twice.
 */
#ifndef DAVIT_RUNTIME_RECORD_H
#define DAVIT_RUNTIME_RECORD_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "runtime/proc_id.h"

struct err;
struct str;
struct strv;

#define RECORD_OCI_VERSION "1.3.0" /* of the states that we print */
#define RECORD_FILE "state.json"
#define RECORD_ID_MAX 255u /* bytes of an id: a file name */
#define RECORD_FILE_MAX \
	(4u << 20) /* bytes of state.json: annotations and hooks are copied into it */

/* record_check_id() - [A-Za-z0-9_+.-]+, not "." or "..". Return: 0; -EINVAL with @e */
int record_check_id(const char *id, struct err *e);

/**
 * struct record - a container that has been created; strings owned
 * @pipes:	    davit-init's descriptors until it is started: where it reports, where it waits
 * @is_started:	    it does not wait any more
 * @is_starting:    its start is under way, or was killed: it may wait still, or not (waiting.h)
 * @wait_dev, @wait_inode: of the pipe it waits at: tell the descriptor from one the workload opened;
 *		    a @wait_dev of 0 is not known
 * @created:	    RFC 3339 with nanoseconds
 * @cgroup:	    path below the mount of each hierarchy, with its first '/'; NULL or "" = it has none
 * @scope:	    unit of systemd that it is in; NULL or "" = none
 * @cgroup_inode:   of the v2 directory; 0 = none: tells our cgroup from another of its path
 * @has_own_pids:   its pid namespace ends with its first process
 * @has_userns:	    the container is in another user namespace than we are
 * @has_host_root:  its root is mounted in the mount namespace that it was made in (host_root.h)
 * @resctrl:	    group of the resctrl file system to remove with it; "" = none
 * @annotations, @hooks: objects of config.json; NULL = none
 */
struct record {
	char *id, *bundle, *rootfs, *created, *cgroup, *scope, *owner, *resctrl;
	struct proc_id init;
	struct {
		int report, wait;
	} pipes;
	bool is_started, is_starting;
	uint64_t wait_dev, wait_inode, cgroup_inode;
	bool has_own_cgroup, has_own_pids, has_userns, has_host_root;
	json_t *annotations, *hooks;
};

void record_done(struct record *r);

/**
 * record_make() - the directory of a new container, locked
 * @root: `davit-oci --root`; made with its parents
 *
 * Return: descriptor of the directory, which holds the lock; -EEXIST "already exists"; -errno.
 */
int record_make(const char *root, const char *id, struct err *e);

/* record_open() - the directory of a container there is, locked. Return: descriptor; -ENOENT "does not
 * exist". */
int record_open(const char *root, const char *id, struct err *e);

/**
 * record_look() - a record as it is just now, without its lock: while a create runs, too, whose hooks may ask
 * @rootfd: directory of the records
 *
 * Return: 0; -ENOENT "does not exist"; as record_read().
 */
int record_look(int rootfd, const char *id, struct record *ret, struct err *e);

/* record_is_whole() - is there a record of @id, which record_list() gave? It may be damaged. */
bool record_is_whole(int rootfd, const char *id);

/* record_open_root() - the directory of the records. Return: descriptor; -errno with @e. */
int record_open_root(const char *root, struct err *e);

/* record_unlock() - let others work on the container; @dirfd stays open */
void record_unlock(int dirfd);

/* record_relock() - after record_unlock(). Return: 0; -ENOENT when it was deleted meanwhile. */
int record_relock(int dirfd, struct err *e);

/* record_write() - state.json, by rename; no fsync: it is about processes of this boot */
int record_write(int dirfd, const struct record *r, struct err *e);

/* record_set_starting() - in the file, before the process is told: from here on only a look at the process tells whether it waits.
 * Return: 0; -errno with @e. */
int record_set_starting(int dirfd, struct err *e);

/* record_set_started() - in the file. Nobody needs it: without, every look at the container takes longer. */
void record_set_started(int dirfd);

/* record_parse() - the bytes of a state.json. @ret->id stays NULL. Return: 0; -EBADMSG, -EPROTO (another
 * version of davit-oci), then @ret is as it was */
int record_parse(const char *text, size_t n, struct record *ret, struct err *e);

/* record_read() - Return: 0; -ENODATA when create was killed before it wrote one; -EBADMSG, -EPROTO */
int record_read(int dirfd, const char *id, struct record *ret, struct err *e);

/* record_remove() - the directory with all in it; @dirfd stays the caller's */
int record_remove(const char *root, const char *id, struct err *e);

/* record_list() - ids below @root, in no order; a missing @root is an empty list */
int record_list(const char *root, struct strv *ret, struct err *e);

enum record_status {
	RECORD_CREATING, /* its create is under way, or was killed */
	RECORD_CREATED,
	RECORD_RUNNING,
	RECORD_PAUSED,
	RECORD_STOPPED,
};

/* record_status() - as the kernel has it now; never RECORD_PAUSED, which container_look() asks the cgroup for */
enum record_status record_status(const struct record *r);
const char *record_status_name(enum record_status s);

/* record_state_json() - the state as the runtime specification has it, for state(8) and hooks */
void record_state_json(const struct record *r, enum record_status status, struct str *out);

#endif
