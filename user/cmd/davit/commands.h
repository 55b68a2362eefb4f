/* SPDX-License-Identifier: Apache-2.0 */
/* All commands; a new one is a file cmd_<name>.c and a line in both lists. */
#ifndef DAVIT_CMD_COMMANDS_H
#define DAVIT_CMD_COMMANDS_H

#include "cli.h"

extern const struct command cmd_attach, cmd_logs;

extern const struct command *const commands[]; /* NULL-terminated, in the order of help */

extern const struct command cmd_run, cmd_create, cmd_start, cmd_stop, cmd_kill, cmd_wait, cmd_rm, cmd_reap;
extern const struct command cmd_pause, cmd_unpause;
extern const struct command cmd_ps, cmd_exec, cmd_inspect, cmd_system;

extern const struct command cmd_images, cmd_load, cmd_import, cmd_tag, cmd_rmi;

extern const struct command cmd_stats, cmd_policy, cmd_doctor, cmd_probe;

#endif
