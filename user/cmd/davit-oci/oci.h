/* SPDX-License-Identifier: Apache-2.0 */
/* What the commands of `davit-oci` share; their main() gets the struct oci_env. */
#ifndef DAVIT_CMD_OCI_H
#define DAVIT_CMD_OCI_H

#include <stdbool.h>

#include "base/command.h"
#include "base/err.h"
#include "base/opt.h"
#include "base/str.h"

#define OCI_ROOT_DEFAULT "/run/davit-oci"
#define OCI_SPEC_VERSION "1.3.0"

extern const struct program davit_oci;

struct cgroup_manager;

/**
 * struct oci_env - options before the command, and what they lead to
 * @init_path: davit-init; owned
 * @bpffs: $DAVIT_BPFFS
 * @cgroups: of new containers
 */
struct oci_env {
	char *root, *log, *log_format, *log_level, *cgroup_manager, *rootless, *criu, *init_path;
	const char *bpffs;
	const struct cgroup_manager *cgroups;
	bool debug, systemd_cgroup, version;
};

extern const struct command cmd_create, cmd_run; /* create.c */
extern const struct command cmd_start, cmd_kill, cmd_delete; /* life.c */
extern const struct command cmd_state, cmd_list, cmd_ps; /* show.c */
extern const struct command cmd_exec; /* exec.c */
extern const struct command cmd_pause, cmd_resume, cmd_update; /* change.c */
extern const struct command cmd_events; /* events.c */
extern const struct command cmd_spec; /* spec.c */
extern const struct command cmd_features; /* features.c */
extern const struct command cmd_checkpoint, cmd_restore; /* criu.c */

/* oci_log_open() - where errors are told beside stderr; keeps @env. Return: 0; -errno with @e. */
int oci_log_open(const struct oci_env *env, struct err *e);
void oci_log_error(const char *message);
void oci_log_warning(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* oci_warn() - what failed, and what can be done, as a warning */
void oci_warn(const struct err *e);

/* oci_deleted() - @r is what container_delete() returned: a poststop hook that failed is a warning. Return: 0; -errno, with @e. */
int oci_deleted(int r, struct err *e);

/* oci_check_preserved() - can descriptors 3 to 2+@n be passed on? A gap would be filled by ours, which no container may get. */
int oci_check_preserved(int64_t n, struct err *e);

/* oci_hold_signals() - those that would end us wait from here on, for oci_wait() or terminal_wait() to pass on: a start that is
 * cut off would leave a container, or a process in it, that nobody waits for */
void oci_hold_signals(void);

/* oci_wait() - wait for a child, passing signals on to it. Return: its exit status, 128 + N. */
int oci_wait(int pidfd, struct err *e);

#endif
