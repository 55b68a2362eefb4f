/* SPDX-License-Identifier: Apache-2.0 */
/* A container taken apart into files by criu, and put together from them again. */
#ifndef DAVIT_RUNTIME_CHECKPOINT_H
#define DAVIT_RUNTIME_CHECKPOINT_H

#include <stdbool.h>

#include "base/str.h"
#include "runtime/create.h"

struct err;
struct record;

/**
 * struct criu_options - what both ways take
 * @program:	NULL = criu of $PATH
 * @image_path: directory of the image
 * @work_path:	directory of criu's logs; NULL = the same
 * @network_lock: how criu holds connections up, in its words; NULL = as it likes
 */
struct criu_options {
	const char *program, *image_path, *work_path, *network_lock;
	bool tcp_established, tcp_close, ext_unix_sk, shell_job, file_locks, auto_dedup,
		empty_network;
};

/**
 * struct checkpoint_options
 * @parent_path: image of an earlier pre-dump, relative to @image_path; NULL = none
 * @page_server: "ADDRESS:PORT" that gets the pages of memory; NULL = they are files, too
 * @status_fd:	 criu writes a NUL there when it is ready for requests; -1 = none
 * @pre_dump:	 only memory, while the container runs on
 */
struct checkpoint_options {
	struct criu_options common;
	const char *parent_path, *page_server;
	int status_fd;
	bool pre_dump, leave_running, tcp_skip_in_flight, link_remap;
};

/**
 * container_checkpoint() - of a container that runs or is paused
 * @r: its record, locked
 *
 * Without @leave_running and @pre_dump it has stopped when this returns. On failure it runs on.
 */
int container_checkpoint(const struct record *r, const char *root,
			 const struct checkpoint_options *o, struct err *e);

/**
 * struct restore_options
 * @create: as for container_create(); .console_socket is refused
 * @lsm_profile, @lsm_mount_context: as criu has them; NULL = those of the image
 */
struct restore_options {
	struct criu_options common;
	struct create_options create;
	const char *lsm_profile, *lsm_mount_context;
};

/**
 * container_restore() - a new container from a bundle, with the processes of an image
 *
 * Limits, device rules and sources of binds are the bundle's, all else is the image's. On failure nothing is left.
 * Return: 0 with .child.pid and .pidfd in *@ret: it runs, and is our child; created_done() it.
 */
int container_restore(const struct restore_options *o, struct created *ret, struct err *e);

/* criu_common_args() - the options of struct criu_options */
int criu_common_args(const struct criu_options *o, struct strv *args, struct err *e);

#endif
