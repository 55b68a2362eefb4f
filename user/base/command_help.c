// SPDX-License-Identifier: Apache-2.0
/* Help of a program and of its commands, and what to say of a command that does not exist. */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/command.h"
#include "base/err.h"

#define WORD_MAX 16u /* no command is longer */
#define NEAR_MAX 2u /* typing errors in a word that still is meant to be another */

const struct command *command_find(const struct program *p, const char *name)
{
	for (size_t i = 0; p->commands[i]; i++)
		if (strcmp(p->commands[i]->name, name) == 0)
			return p->commands[i];
	return NULL;
}

static unsigned int min3(unsigned int a, unsigned int b, unsigned int c)
{
	unsigned int m = a < b ? a : b;

	return m < c ? m : c;
}

/* Letters to add, drop, replace or swap with the next one until @a is @b (optimal string alignment). */
static unsigned int distance(const char *a, const char *b)
{
	size_t n = strlen(b);
	unsigned int row[WORD_MAX + 1], before[WORD_MAX + 1];

	if (strlen(a) > WORD_MAX || n > WORD_MAX)
		return WORD_MAX;
	for (unsigned int j = 0; j <= n; j++)
		before[j] = row[j] = j;
	for (unsigned int i = 1; a[i - 1]; i++) {
		unsigned int diagonal = row[0], swapped = 0;

		row[0] = i;
		for (size_t j = 1; j <= n; j++) {
			unsigned int above = row[j], two_back = swapped;

			row[j] = min3(above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    two_back + 1 < row[j])
				row[j] = two_back + 1;
			/* of the row before the last, one column back */
			swapped = before[j - 1];
			before[j - 1] = diagonal;
			diagonal = above;
		}
	}
	return row[n];
}

/* The command that is meant, or NULL: what @name begins, else the nearest. */
static const struct command *nearest(const struct program *p, const char *name)
{
	const struct command *best = NULL;
	unsigned int best_distance = NEAR_MAX + 1;

	for (size_t i = 0; p->commands[i]; i++) {
		const struct command *c = p->commands[i];
		unsigned int d = *name && str_starts(c->name, name) ? 0 : distance(name, c->name);

		/* with more than half of the letters wrong it is another word */
		if (c->is_hidden || d >= best_distance || 2 * d > strlen(name))
			continue;
		best = c;
		best_distance = d;
	}
	return best;
}

int command_unknown(const struct program *p, const char *name, struct err *e)
{
	const struct command *c = nearest(p, name);
	int r = err_plain(e, -EINVAL, "unknown command '%s'", name);

	if (c)
		err_hint(e, "the nearest is '%s'; '%s --help' lists the commands", c->name,
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
