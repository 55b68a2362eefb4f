// SPDX-License-Identifier: Apache-2.0
/* Help of a program and of its commands, and what to say of a command that does not exist. */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/command.h"
#include "base/err.h"
#include "base/near.h"

const struct command *command_find(const struct program *p, const char *name)
{
	for (size_t i = 0; p->commands[i]; i++)
		if (strcmp(p->commands[i]->name, name) == 0)
			return p->commands[i];
	return NULL;
}

int command_unknown(const struct program *p, const char *name, struct err *e)
{
	struct near near = NEAR_INIT(name, strlen(name));
	int r = err_plain(e, -EINVAL, "unknown command '%s'", name);

	for (size_t i = 0; p->commands[i]; i++)
		if (!p->commands[i]->is_hidden)
			near_try(&near, p->commands[i]->name, strlen(p->commands[i]->name));
	if (near.best)
		err_hint(e, "the nearest is '%s'; '%s --help' lists the commands", near.best,
			 p->name);
	err_hint(e, "'%s --help' lists the commands", p->name);
	return r;
}

void program_help(const struct program *p, struct str *out)
{
	str_addf(out, "usage: %s %s\n\n", p->name, p->usage);
	for (size_t i = 0; p->commands[i]; i++)
		if (!p->commands[i]->is_hidden)
			str_addf(out, "  %-10s %s\n", p->commands[i]->name,
				 p->commands[i]->summary);
	str_add(out, "\nOptions:\n");
	opt_help(p->options, out);
	if (p->details)
		str_addf(out, "\n%s\n", p->details);
	str_addf(out, "\n'%s COMMAND --help' tells more of a command.\n", p->name);
}

void command_help(const struct program *p, const struct command *c, struct str *out)
{
	str_addf(out, "usage: %s %s%s%s%s\n\n%c%s\n", p->name, c->name,
		 c->options ? " [OPTIONS]" : "", *c->usage ? " " : "", c->usage,
		 c->summary[0] - ('a' <= c->summary[0] && c->summary[0] <= 'z' ? 32 : 0),
		 c->summary + 1);
	if (c->details)
		str_addf(out, "\n%s\n", c->details);
	if (c->options) {
		str_add(out, "\nOptions:\n");
		opt_help(c->options, out);
	}
	str_addf(out, "\nExit status: %s\n", command_exit_status(p, c));
}

const char *command_exit_status(const struct program *p, const struct command *c)
{
	return c->exit_status ? c->exit_status : p->exit_status;
}
