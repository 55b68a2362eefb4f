// SPDX-License-Identifier: Apache-2.0
/* All commands, in the order of help. */
#include "commands.h"

#include <stddef.h>

static const struct command man = COMMAND_MAN, completion = COMMAND_COMPLETION("davit");

const struct command *const commands[] = {
	&cmd_run,   &cmd_create, &cmd_start,  &cmd_stop,   &cmd_kill,	 &cmd_pause,  &cmd_unpause,
	&cmd_wait,  &cmd_rm,	 &cmd_logs,   &cmd_attach, &cmd_ps,	 &cmd_exec,   &cmd_images,
	&cmd_load,  &cmd_import, &cmd_tag,    &cmd_rmi,	   &cmd_inspect, &cmd_system, &cmd_reap,
	&cmd_stats, &cmd_policy, &cmd_doctor, &cmd_probe,  &completion,	 &man,	      NULL,
};
