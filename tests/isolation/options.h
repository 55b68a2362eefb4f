/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of `davit-probe host`. */
#ifndef DAVIT_ISOLATION_OPTIONS_H
#define DAVIT_ISOLATION_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#define OPTIONS_NAMES_MAX 64

/**
 * struct options - strings are those of argv
 * @names: groups and probes that were chosen
 * @with:  ASK_* of --with
 */
struct options {
	const char *runtime, *engine, *program, *image;
	const char *names[OPTIONS_NAMES_MAX];
	size_t n_names;
	unsigned int with;
	int timeout_s;
	bool is_json, is_list;
};

/* options_parse() - Return: 0; 1 after --help; -1, complained */
int options_parse(int argc, char *argv[], struct options *ret);

#endif
