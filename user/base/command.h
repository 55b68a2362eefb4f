/* SPDX-License-Identifier: Apache-2.0 */
/* Programs made of commands: one table is dispatch, help, manual pages and completion. */
#ifndef DAVIT_BASE_COMMAND_H
#define DAVIT_BASE_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include "base/opt.h"
#include "base/str.h"

struct err;
struct program;

/**
 * struct command - one row per command: dispatch, help, completion, man page
 * @usage:     what follows the options: "IMAGE [COMMAND [ARG...]]"
 * @main:      @env is what the program's begin() has made; @opts a zeroed struct of @opts_size filled
 *	       from @options; @argv holds the arguments behind the options. Return: exit status >= 0, or
 *	       -errno with @e filled, which is told; -ECANCELED alone asks for the help.
 * @print:     instead of @main: append to @out what the program's tables say, which is printed; @arg is the
 *	       first argument or NULL
 * @min_args, @max_args: number of arguments; max -1 = any
 * @details:   further paragraphs of help and man page, may be NULL
 * @failed_status: exit status of an error of @main that asks for none; 0 = EXIT_FAILURE
 * @exit_status:   text of help and man page, NULL = what the program says of most
 * @is_hidden: for our own programs and the build: not in help
 * @has_foreign_args: what follows the first argument is another program's, options and all; of others of a program with
 *	       @has_go_flags options may stand behind arguments
 * @is_for_all: also users without root can have it done
 */
struct command {
	const char *name, *summary, *usage;
	int (*main)(const void *env, void *opts, int argc, char *argv[], struct err *e);
	int (*print)(const struct program *p, const char *arg, struct str *out, struct err *e);
	const struct opt *options;
	unsigned int opts_size;
	int min_args, max_args;
	const char *details;
	int failed_status;
	const char *exit_status;
	bool is_hidden, is_for_all, has_foreign_args;
};

#define COMMAND_OPTS(type) .opts_size = sizeof(type)

/* struct command_text - a name and what is said of it */
struct command_text {
	const char *name, *text;
};

/**
 * struct program - what its commands have in common
 * @summary:  of its man page: "container engine"
 * @usage:    of its help, what follows the name
 * @details:  a paragraph of help and man page; may be NULL
 * @version:  all that --version prints
 * @options:  those before the command
 * @version_at: place of a bool in the options' struct: print @version and end
 * @commands: NULL-terminated, in the order of help
 * @environment: variables, the last one with the name NULL; may be NULL
 * @words:    what an argument can be, by how usages begin ("CONTAINER"), as shell commands that print
 *	      a word a line; the last one with the name NULL
 * @exit_status: of most commands; @exit_statuses: of the program, for its man page, as roff
 * @wrong_status: exit status when the command line is wrong, before a command began; 0 = the command's
 *	      failed_status
 * @man_section: '1': a page for each command, '8': one for all
 * @has_go_flags: long options may have one dash, as callers written in Go have them: "-no-subreaper"; they may stand behind
 *	      arguments
 * @has_own_status: errors cannot ask for an exit status: callers expect that of the command
 * @places:   where it writes, for the hint when there is no space: "images in --root (DIR)"; may be NULL
 * @begin:    after the options, before the command; @c is NULL for one that does not exist
 * @log:      a second place where errors are told, in one line; may be NULL
 */
struct program {
	const char *name, *summary, *usage, *details, *version;
	const struct opt *options;
	size_t version_at;
	const struct command *const *commands;
	const struct command_text *environment, *words;
	const char *exit_status, *exit_statuses, *places;
	int wrong_status;
	char man_section;
	bool has_go_flags, has_own_status;
	int (*begin)(void *globals, const struct command *c, const void **ret_env, struct err *e);
	void (*log)(const char *message);
};

/**
 * program_main() - all of main(): signals, descriptors 0 to 2, options, dispatch, help, errors
 * @globals: zeroed struct of p->options; what they own in it is freed
 * Return: exit status.
 */
int program_main(const struct program *p, void *globals, int argc, char *argv[]);

/* program_tell() - "NAME: msg: errno text" and the hint to stderr. Return: exit status. */
int program_tell(const struct program *p, const struct err *e);

/* command_find() - row of the command table, NULL = there is none of this name */
const struct command *command_find(const struct program *p, const char *name);

/* command_unknown() - the error for a name that is none, with the nearest as hint. Return: -EINVAL. */
int command_unknown(const struct program *p, const char *name, struct err *e);

/* command_help(), program_help() - append the help of one command, of the program */
void command_help(const struct program *p, const struct command *c, struct str *out);
void program_help(const struct program *p, struct str *out);

/* command_exit_status() - what help and man page say of a command's exit status */
const char *command_exit_status(const struct program *p, const struct command *c);

/**
 * program_man() - append a manual page to @s
 * @page: NULL = the names of all, a line each
 * Return: 0; -ENOENT with @e.
 */
int program_man(const struct program *p, const char *page, struct str *s, struct err *e);

/* program_completion() - append to @s a script that completes for @shell. Return: 0; -EOPNOTSUPP, -ENOMEM. */
int program_completion(const struct program *p, const char *shell, struct str *s, struct err *e);

/* COMMAND_MAN, COMMAND_COMPLETION() - the rows of both; @program is its name, a literal */
#define COMMAND_MAN                                                                        \
	{                                                                                  \
		.name = "man", .summary = "print a manual page, or the names of all",      \
		.usage = "[PAGE]", .print = program_man, .max_args = 1, .is_hidden = true, \
		.is_for_all = true,                                                        \
	}
#define COMMAND_COMPLETION(program)                                                         \
	{                                                                                   \
		.name = "completion", .summary = "print a completion script for a shell",   \
		.usage = "bash", .print = program_completion, .min_args = 1, .max_args = 1, \
		.is_for_all = true,                                                         \
		.details = "To use it at once: source <(" program " completion bash)",      \
	}

/* print_str() - write all of @s to stdout. Return: 0 or -errno (EPIPE, ENOSPC, EBADF where it was closed …) with @e. */
int print_str(const struct str *s, struct err *e);

/* print_str_to() - the same to STDOUT_FILENO or STDERR_FILENO */
int print_str_to(int fd, const struct str *s, struct err *e);

#endif
