// SPDX-License-Identifier: Apache-2.0
/* Manual pages, made of the tables that parse. */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/command.h"
#include "base/err.h"

/* Text as roff prints it. */
static void add_text(struct str *s, const char *text)
{
	bool is_line_start = true;

	for (; *text; text++) {
		if (is_line_start && (*text == '.' || *text == '\''))
			str_add(s, "\\&");
		if (*text == '\\')
			str_add(s, "\\e");
		else if (*text == '-')
			str_add(s, "\\-");
		else
			str_add_char(s, *text);
		is_line_start = *text == '\n';
	}
}

static void add_font(struct str *s, char font, const char *text)
{
	str_addf(s, "\\f%c", font);
	add_text(s, text);
	str_add(s, "\\fR");
}

static void add_options(struct str *s, const struct opt *o)
{
	for (; o->type != OPT_TYPE_END; o++) {
		char letter[] = { '-', o->letter, '\0' };
		_cleanup_free_ char *name = NULL;

		if (o->type == OPT_TYPE_INCLUDE) {
			add_options(s, o->include);
			continue;
		}
		if (o->flags & OPT_HIDDEN)
			continue;
		name = str_printf("--%.*s", (int)strcspn(o->name, "|"), o->name);
		str_add(s, ".TP\n");
		if (o->letter) {
			add_font(s, 'B', letter);
			str_add(s, ", ");
		}
		add_font(s, 'B', name ? name : "");
		if (o->arg) {
			str_add(s, " ");
			add_font(s, 'I', o->arg);
		}
		str_add(s, "\n");
		add_text(s, o->help);
		str_add(s, "\n");
	}
}

static void add_upper(struct str *s, const char *text)
{
	for (; *text; text++)
		if (*text == '-')
			str_add(s, "\\-");
		else
			str_add_char(s, (char)toupper((unsigned char)*text));
}

/* @c: the page's own command, or NULL */
static void add_title(const struct program *p, const struct command *c, struct str *s)
{
	str_add(s, ".TH ");
	add_upper(s, p->name);
	if (c) {
		str_add(s, "\\-");
		add_upper(s, c->name);
	}
	str_addf(s, " %c \"\" \"davit " DAVIT_VERSION "\" \"davit manual\"\n.SH NAME\n",
		 p->man_section);
	add_text(s, p->name);
	if (c)
		str_addf(s, "\\-%s", c->name);
	str_add(s, " \\- ");
	add_text(s, c ? c->summary : p->summary);
	str_add(s, "\n.SH SYNOPSIS\n");
}

static void add_synopsis(const struct program *p, const struct command *c, struct str *s)
{
	str_add(s, "\\fB");
	add_text(s, p->name);
	str_addf(s, " %s\\fR%s ", c->name, c->options ? " [\\fIOPTIONS\\fR]" : "");
	add_text(s, c->usage);
}

static void page_command(const struct program *p, const struct command *c, struct str *s)
{
	add_title(p, c, s);
	add_synopsis(p, c, s);
	if (c->details) {
		str_add(s, "\n.SH DESCRIPTION\n");
		add_text(s, c->details);
	}
	if (c->options) {
		str_add(s, "\n.SH OPTIONS\n");
		add_options(s, c->options);
	}
	str_add(s, "\n.SH EXIT STATUS\n");
	add_text(s, command_exit_status(p, c));
	str_add(s, "\n.SH SEE ALSO\n.BR ");
	add_text(s, p->name);
	str_addf(s, " (%c)\n", p->man_section);
}

/* In the one page of all commands. */
static void section_command(const struct program *p, const struct command *c, struct str *s)
{
	str_addf(s, ".SS %s\n", c->name);
	add_synopsis(p, c, s);
	str_add(s, "\n.PP\n");
	str_add_char(s, (char)toupper((unsigned char)c->summary[0]));
	add_text(s, c->summary + 1);
	str_add(s, ".\n");
	if (c->details) {
		str_add(s, ".PP\n");
		add_text(s, c->details);
		str_add(s, "\n");
	}
	if (c->options)
		add_options(s, c->options);
	if (c->exit_status) {
		str_add(s, ".PP\nExit status: ");
		add_text(s, c->exit_status);
		str_add(s, "\n");
	}
}

/* Where the command has its own page. */
static void entry_command(const struct program *p, const struct command *c, struct str *s)
{
	str_add(s, ".TP\n.BR ");
	add_text(s, p->name);
	str_addf(s, "\\-%s (%c)\n", c->name, p->man_section);
	add_text(s, c->summary);
	str_add(s, "\n");
}

static bool is_one_page(const struct program *p)
{
	return p->man_section == '8';
}

static void page_program(const struct program *p, struct str *s)
{
	add_title(p, NULL, s);
	str_add(s, "\\fB");
	add_text(s, p->name);
	str_add(s, "\\fR [\\fIOPTIONS\\fR] COMMAND [ARG...]\n");
	if (p->details) {
		str_add(s, ".SH DESCRIPTION\n");
		add_text(s, p->details);
		str_add(s, "\n");
	}
	if (is_one_page(p)) {
		str_add(s, ".SH OPTIONS\n");
		add_options(s, p->options);
	}
	str_add(s, ".SH COMMANDS\n");
	for (size_t i = 0; p->commands[i]; i++) {
		if (p->commands[i]->is_hidden)
			continue;
		if (is_one_page(p))
			section_command(p, p->commands[i], s);
		else
			entry_command(p, p->commands[i], s);
	}
	if (!is_one_page(p)) {
		str_add(s, ".SH OPTIONS\n");
		add_options(s, p->options);
	}
	if (p->environment)
		str_add(s, ".SH ENVIRONMENT\n");
	for (const struct command_text *v = p->environment; v && v->name; v++) {
		str_addf(s, ".TP\n.B %s\n", v->name);
		add_text(s, v->text);
		str_add(s, "\n");
	}
	str_addf(s, ".SH EXIT STATUS\n%s\n", p->exit_statuses);
}

int program_man(const struct program *p, const char *page, struct str *s, struct err *e)
{
	size_t start = s->len, n = strlen(p->name);

	if (!page)
		str_addf(s, "%s\n", p->name);
	else if (str_eq(page, p->name))
		page_program(p, s);
	for (size_t i = 0; !is_one_page(p) && p->commands[i]; i++) {
		const struct command *c = p->commands[i];

		if (!page && !c->is_hidden)
			str_addf(s, "%s-%s\n", p->name, c->name);
		else if (page && str_starts(page, p->name) && page[n] == '-' &&
			 strcmp(page + n + 1, c->name) == 0)
			page_command(p, c, s);
	}
	return s->len > start || str_failed(s) ?
		       0 :
		       err_plain(e, -ENOENT, "there is no page '%s'", page);
}
