// SPDX-License-Identifier: Apache-2.0
/* A completion script for bash, made of the tables that parse. */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/command.h"
#include "base/err.h"

static const char at_command[] =
	"\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} i cmd= at=0 n=0\n"
	"\tlocal flags= valued= args= choices=\n"
	"\tCOMPREPLY=()\n"
	"\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	"\t\tcase ${COMP_WORDS[i]} in\n"
	"\t\t";

static const char find_command[] = ") ((i++)) ;;\n"
				   "\t\t-*) ;;\n"
				   "\t\t*) cmd=${COMP_WORDS[i]} at=$i; break ;;\n"
				   "\t\tesac\n"
				   "\tdone\n"
				   "\tcase $cmd in\n";

static const char choose[] =
	"\tesac\n"
	"\t# past the first argument of run and exec the words are the command's\n"
	"\tfor ((i = at + 1; at && i < COMP_CWORD; i++)); do\n"
	"\t\tcase ${COMP_WORDS[i]} in\n"
	"\t\t-*) [[ \" $valued \" != *\" ${COMP_WORDS[i]} \"* ]] || ((i++)) ;;\n"
	"\t\t*) ((n++)) ;;\n"
	"\t\tesac\n"
	"\tdone\n"
	"\tif [[ \" $valued \" == *\" $prev \"* ]]; then\n"
	"\t\tfor i in $choices; do\n"
	"\t\t\t[[ ${i%%=*} != \"$prev\" ]] || COMPREPLY=($(compgen -W \"$(tr '|' ' ' <<<\"${i#*=}\")\" -- \"$cur\"))\n"
	"\t\tdone\n"
	"\t\t[[ ${#COMPREPLY[@]} -gt 0 ]] || COMPREPLY=($(compgen -f -- \"$cur\"))\n"
	"\telif [[ $cur == -* && ( $n = 0 || $args != *ARG...* ) ]]; then\n"
	"\t\tCOMPREPLY=($(compgen -W \"$flags $valued\" -- \"$cur\"))\n"
	"\telif [[ -z $cmd ]]; then\n"
	"\t\tCOMPREPLY=($(compgen -W \"$args\" -- \"$cur\"))\n";

static const char otherwise[] = "\telse\n"
				"\t\tCOMPREPLY=($(compgen -f -- \"$cur\"))\n"
				"\tfi\n"
				"}\n";

/* One word for each spelling: "-m --memory". */
static void add_names(const struct opt *o, struct str *s)
{
	if (o->letter)
		str_addf(s, "-%c ", o->letter);
	str_addf(s, "--%.*s ", (int)strcspn(o->name, "|"), o->name);
}

static void add_options(const struct opt *o, bool with_value, struct str *s)
{
	for (; o && o->type != OPT_TYPE_END; o++) {
		if (o->type == OPT_TYPE_INCLUDE)
			add_options(o->include, with_value, s);
		else if (!(o->flags & OPT_HIDDEN) && (o->type != OPT_TYPE_BOOL) == with_value)
			add_names(o, s);
	}
}

/* "host|private" of a table is a choice; what has capitals stands for something else. */
static bool is_choice(const char *arg)
{
	return arg && strchr(arg, '|') && arg[strcspn(arg, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")] == '\0';
}

static void add_choices(const struct opt *o, struct str *s)
{
	for (; o && o->type != OPT_TYPE_END; o++) {
		if (o->type == OPT_TYPE_INCLUDE) {
			add_choices(o->include, s);
		} else if (is_choice(o->arg)) {
			str_addf(s, "--%.*s=", (int)strcspn(o->name, "|"), o->name);
			str_add(s, o->arg);
			str_add(s, " ");
		}
	}
}

static void add_case(const char *pattern, const struct opt *options, const char *args,
		     struct str *s)
{
	str_addf(s, "\t%s)\n\t\tflags='", pattern);
	add_options(options, false, s);
	str_add(s, "--help'\n\t\tvalued='");
	add_options(options, true, s);
	str_add(s, "'\n\t\tchoices='");
	add_choices(options, s);
	str_addf(s, "'\n\t\targs='%s' ;;\n", args);
}

/* A name that can be one of a function: "davit-oci" has a '-'. */
static void add_function(const struct program *p, struct str *s)
{
	str_add_char(s, '_');
	for (const char *c = p->name; *c; c++)
		str_add_char(s, (char)(*c == '-' ? '_' : *c));
}

/* Options before the command whose value is no command: "--root|--state". */
static void add_valued_globals(const struct opt *o, struct str *s)
{
	const char *separator = "";

	for (; o->type != OPT_TYPE_END; o++) {
		if (o->type == OPT_TYPE_BOOL)
			continue;
		str_addf(s, "%s--%.*s", separator, (int)strcspn(o->name, "|"), o->name);
		separator = "|";
	}
}

static void add_words(const struct program *p, struct str *s)
{
	for (const struct command_text *w = p->words; w && w->name; w++)
		str_addf(s,
			 "\telif [[ $args == %s* && ( $n = 0 || $args == %s... ) ]]; then\n"
			 "\t\tCOMPREPLY=($(compgen -W \"$(%s)\" -- \"$cur\"))\n",
			 w->name, w->name, w->text);
}

static void add_commands(const struct program *p, struct str *s)
{
	_cleanup_str_ struct str names = STR_INIT;

	for (size_t i = 0; p->commands[i]; i++) {
		const struct command *c = p->commands[i];

		if (c->is_hidden)
			continue;
		str_addf(&names, "%s ", c->name);
		add_case(c->name, c->options, c->usage, s);
	}
	add_case("''", p->options, str_text(&names), s);
}

int program_completion(const struct program *p, const char *shell, struct str *s, struct err *e)
{
	if (!str_eq(shell, "bash"))
		return err_plain(e, -EOPNOTSUPP, "there is no completion for '%s', only for bash",
				 shell);
	str_addf(s, "# bash completion of %s " DAVIT_VERSION ", made by '%s completion bash'\n",
		 p->name, p->name);
	add_function(p, s);
	str_add(s, "() {\n");
	str_add(s, at_command);
	add_valued_globals(p->options, s);
	str_add(s, find_command);
	add_commands(p, s);
	str_add(s, choose);
	add_words(p, s);
	str_add(s, otherwise);
	str_add(s, "complete -o bashdefault -F ");
	add_function(p, s);
	str_addf(s, " %s\n", p->name);
	return str_failed(s) ? err_set(e, ENOMEM, "completion") : 0;
}
