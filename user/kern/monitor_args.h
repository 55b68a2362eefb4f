/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of davit-monitor: built by the engine, parsed by the monitor, one table. */
#ifndef DAVIT_KERN_MONITOR_ARGS_H
#define DAVIT_KERN_MONITOR_ARGS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/opt.h"
#include "base/str.h"

struct err;

#define MONITOR_LOG_MAX_DEFAULT	  (16u << 20) /* bytes of one log file */
#define MONITOR_LOG_MAX_MIN	  65536u
#define MONITOR_LOG_FILES_DEFAULT 2
#define MONITOR_LOG_FILES_MAX	  64

/**
 * struct monitor_args - what a monitor is told
 * @id:      container, for messages and `ps`
 * @dir:     <root>/containers/<id>: the log is written there
 * @run_dir: <state>/containers/<id>: attach.sock and the exit record
 * @pidfd:   of the container's init, a child of the process that becomes the monitor
 * @pid:     its pid
 * @stdin_fd, @stdout_fd, @stderr_fd: our ends of the pipes (read end of stdout and stderr)
 * @pty_fd:  master of its terminal, instead of the three
 * @listen_fd: from attach_listen(); not given: the monitor binds it itself, and a client that comes
 *	     before that finds nothing
 * @client_fd: socket of the initial client (attach_pair())
 * @lock_fd: held open, also by @reap, which finds it under the same number: the owner's lock
 * @open_stdin: keep stdin open without a client
 * @stdin_once: close stdin when a client ends its input or leaves
 * @no_log:  no log is kept
 * @log_max: bytes after which a log file is rotated
 * @log_files: log files kept, the current one included
 * @reap:    program and arguments to exec when the container has ended; may be empty
 *
 * Descriptors are >= 3, 0 = not given. The engine clears their close-on-exec flag; the monitor
 * closes whatever else it inherits and puts /dev/null on 0, 1, 2.
 */
struct monitor_args {
	char *id, *dir, *run_dir;
	int64_t pidfd, pid;
	int64_t stdin_fd, stdout_fd, stderr_fd, pty_fd, listen_fd, client_fd, lock_fd;
	bool open_stdin, stdin_once, no_log;
	uint64_t log_max;
	int64_t log_files;
	struct strv reap;
};

/* monitor_args_parse() - from a command line without argv[0]; checks it. monitor_args_done() frees,
 * also after a failure. */
int monitor_args_parse(int argc, char *const argv[], struct monitor_args *ret, struct err *e);
void monitor_args_done(struct monitor_args *a);

/* monitor_args_argv() - the command line that says @a, with "davit-monitor" as argv[0]. The strings
 * of @a may be borrowed ones. */
int monitor_args_argv(const struct monitor_args *a, struct strv *ret, struct err *e);

#endif
