// SPDX-License-Identifier: Apache-2.0
/* davit man: manual pages, made of the tables that parse. For the build. */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "cli.h"
#include "commands.h"

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

static void add_title(struct str *s, const char *command, const char *summary)
{
	str_add(s, ".TH DAVIT");
	if (command)
		str_add(s, "\\-");
	for (const char *p = command; p && *p; p++)
		str_add_char(s, (char)toupper((unsigned char)*p));
	str_addf(s, " 1 \"\" \"davit " DAVIT_VERSION "\" \"davit manual\"\n.SH NAME\ndavit%s%s \\- ",
		 command ? "\\-" : "", command ? command : "");
	add_text(s, summary);
	str_add(s, "\n.SH SYNOPSIS\n\\fBdavit");
}

static void page_command(const struct command *c, struct str *s)
{
	add_title(s, c->name, c->summary);
	str_addf(s, " %s\\fR%s ", c->name, c->options ? " [\\fIOPTIONS\\fR]" : "");
	add_text(s, c->usage);
	if (c->details) {
		str_add(s, "\n.SH DESCRIPTION\n");
		add_text(s, c->details);
	}
	if (c->options) {
		str_add(s, "\n.SH OPTIONS\n");
		add_options(s, c->options);
	}
	str_add(s, "\n.SH EXIT STATUS\n");
	add_text(s, cli_exit_status(c));
	str_add(s, "\n.SH SEE ALSO\n.BR davit (1)\n");
}

/* clang-format off */
static const struct { const char *name, *text; } environment[] = {
	{ "DAVIT_ROOT",   "images and container records (default /var/lib/davit)" },
	{ "DAVIT_STATE",  "running state (default /run/davit)" },
	{ "DAVIT_SLICE",  "name of the cgroup that holds all containers (default davit)" },
	{ "DAVIT_BPFFS",  "where the BPF programs and maps are pinned (default /sys/fs/bpf)" },
	{ "DAVIT_LIBDIR", "directory of davit-monitor, davit-image, davit-bpf and davit-init" },
};
/* clang-format on */

static void page_davit(struct str *s)
{
	add_title(s, NULL, "container engine");
	str_add(s, "\\fR [\\fIOPTIONS\\fR] COMMAND [ARG...]\n.SH COMMANDS\n");
	for (size_t i = 0; commands[i]; i++) {
		if (commands[i]->is_hidden)
			continue;
		str_addf(s, ".TP\n.BR davit\\-%s (1)\n", commands[i]->name);
		add_text(s, commands[i]->summary);
		str_add(s, "\n");
	}
	str_add(s, ".SH OPTIONS\n");
	add_options(s, cli_global_options);
	str_add(s, ".SH ENVIRONMENT\n");
	for (size_t i = 0; i < ARRAY_SIZE(environment); i++) {
		str_addf(s, ".TP\n.B %s\n", environment[i].name);
		add_text(s, environment[i].text);
		str_add(s, "\n");
	}
	str_add(s,
		".SH EXIT STATUS\n0; 1 if a command failed; 125 if the command line is wrong (unknown command or "
		"option, number of arguments). \\fBdavit run\\fR, \\fBcreate\\fR and \\fBexec\\fR end with "
		"125 whenever davit failed, otherwise \\fBrun\\fR and \\fBexec\\fR with the status of the "
		"container's command.\n");
}

static int man_main(const struct env *env, void *opts, int argc, char *argv[], struct err *e)
{
	_cleanup_str_ struct str s = STR_INIT;

	(void)env;
	(void)opts;
	if (!argc) /* what there is */
		str_add(&s, "davit\n");
	else if (str_eq(argv[0], "davit"))
		page_davit(&s);
	for (size_t i = 0; commands[i]; i++) {
		if (!argc && !commands[i]->is_hidden)
			str_addf(&s, "davit-%s\n", commands[i]->name);
		else if (argc && str_starts(argv[0], "davit-") &&
			 strcmp(argv[0] + strlen("davit-"), commands[i]->name) == 0)
			page_command(commands[i], &s);
	}
	return s.len ? cli_print(&s, e) : err_plain(e, -ENOENT, "there is no page '%s'", argv[0]);
}

const struct command cmd_man = {
	.name = "man",
	.summary = "print a manual page, or the names of all",
	.usage = "[PAGE]",
	.main = man_main,
	.max_args = 1,
	.is_hidden = true,
};
