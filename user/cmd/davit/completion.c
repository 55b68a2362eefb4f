// SPDX-License-Identifier: Apache-2.0
/* davit completion: a script for bash, made of the tables that parse. */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "cli.h"
#include "commands.h"

/* What the script asks davit while it completes. */
static const char head[] =
	"# bash completion of davit " DAVIT_VERSION ", made by 'davit completion bash'\n"
	"_davit_containers() { davit ps -a --format json 2>/dev/null | sed -n 's/.*\"Names\":\"\\([^\"]*\\)\".*/\\1/p'; }\n"
	"_davit_images() { davit images 2>/dev/null | awk 'NR > 1 { print $1 \":\" $2 }'; }\n"
	"_davit() {\n"
	"\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} i cmd= at=0 n=0\n"
	"\tlocal flags= valued= args= choices=\n"
	"\tCOMPREPLY=()\n"
	"\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	"\t\tcase ${COMP_WORDS[i]} in\n"
	"\t\t--root|--state) ((i++)) ;;\n"
	"\t\t-*) ;;\n"
	"\t\t*) cmd=${COMP_WORDS[i]} at=$i; break ;;\n"
	"\t\tesac\n"
	"\tdone\n"
	"\tcase $cmd in\n";

static const char tail[] =
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
	"\t\tCOMPREPLY=($(compgen -W \"$args\" -- \"$cur\"))\n"
	"\telif [[ $args == CONTAINER* && ( $n = 0 || $args == CONTAINER... ) ]]; then\n"
	"\t\tCOMPREPLY=($(compgen -W \"$(_davit_containers)\" -- \"$cur\"))\n"
	"\telif [[ $args == IMAGE* && $n = 0 ]]; then\n"
	"\t\tCOMPREPLY=($(compgen -W \"$(_davit_images)\" -- \"$cur\"))\n"
	"\telif [[ $args == NAME* ]]; then\n"
	"\t\tCOMPREPLY=($(compgen -W \"$(_davit_containers) $(_davit_images)\" -- \"$cur\"))\n"
	"\telse\n"
	"\t\tCOMPREPLY=($(compgen -f -- \"$cur\"))\n"
	"\tfi\n"
	"}\n"
	"complete -o bashdefault -F _davit davit\n";

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

static void add_case(const char *pattern, const struct opt *options, const char *args, struct str *s)
{
	str_addf(s, "\t%s)\n\t\tflags='", pattern);
	add_options(options, false, s);
	str_add(s, "--help'\n\t\tvalued='");
	add_options(options, true, s);
	str_add(s, "'\n\t\tchoices='");
	add_choices(options, s);
	str_addf(s, "'\n\t\targs='%s' ;;\n", args);
}

static int completion_main(const struct env *env, void *opts, int argc, char *argv[], struct err *e)
{
	_cleanup_str_ struct str s = STR_INIT, names = STR_INIT;

	(void)env;
	(void)opts;
	(void)argc;
	if (!str_eq(argv[0], "bash"))
		return err_plain(e, -EOPNOTSUPP, "there is no completion for '%s', only for bash", argv[0]);
	str_add(&s, head);
	for (size_t i = 0; commands[i]; i++) {
		const struct command *c = commands[i];

		if (c->is_hidden)
			continue;
		str_addf(&names, "%s ", c->name);
		add_case(c->name, c->options, c->usage, &s);
	}
	add_case("''", cli_global_options, str_text(&names), &s);
	str_add(&s, tail);
	return str_failed(&names) ? err_set(e, ENOMEM, "completion") : cli_print(&s, e);
}

const struct command cmd_completion = {
	.name = "completion",
	.summary = "print a completion script for a shell",
	.usage = "bash",
	.main = completion_main,
	.min_args = 1,
	.max_args = 1,
	.details = "To use it at once: source <(davit completion bash)",
};
