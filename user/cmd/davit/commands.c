// SPDX-License-Identifier: Apache-2.0
/* All commands, in the order of help. */
#include "commands.h"

#include <stddef.h>

const struct command *const commands[] = {
	&cmd_logs,
	&cmd_attach,
	NULL,
};
