/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Option tables: one row is the parser, the help line, the completion, the man page entry and the
 * stored JSON field of an option.
 */
#ifndef DAVIT_BASE_OPT_H
#define DAVIT_BASE_OPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct err;
struct json_t;

enum opt_type {
	OPT_TYPE_END,
	OPT_TYPE_INCLUDE,  /* rows of another table, for a struct at .offset */
	OPT_TYPE_BOOL,	   /* bool; --x, --x=true, --x=false */
	OPT_TYPE_STR,	   /* char *, owned, NULL = not given */
	OPT_TYPE_LIST,	   /* struct strv, one entry per occurrence */
	OPT_TYPE_SIZE,	   /* uint64_t bytes; 0 = not given */
	OPT_TYPE_SSIZE,	   /* int64_t bytes or -1 (no limit); 0 = not given */
	OPT_TYPE_INT,	   /* int64_t; 0 = not given */
	OPT_TYPE_NANO,	   /* uint64_t, decimal times 1e9; 0 = not given */
	OPT_TYPE_DURATION, /* uint64_t milliseconds; 0 = not given */
	OPT_TYPE_COUNT
};

#define OPT_HIDDEN (1u << 0) /* not in help: for our own programs */
#define OPT_EMPTY_IS_UNSET (1u << 1) /* of OPT_TYPE_STR: an empty value is as none */

/**
 * struct opt - one option
 * @letter: short form or 0
 * @name:   long form without dashes; "x|y" = two spellings, the first is shown and stored
 * @arg:    name of the value in help, NULL for OPT_TYPE_BOOL
 */
struct opt {
	enum opt_type type;
	char letter;
	unsigned char flags;
	const char *name;
	size_t offset;
	const char *arg;
	const char *help;
	const struct opt *include;
	int64_t min; /* OPT_TYPE_INT, SIZE: smallest value that makes sense */
};

/* clang-format off */
#define OPT_(t, l, n, s, m, a, h) \
	{ .type = t, .letter = l, .name = n, .offset = offsetof(s, m), .arg = a, .help = h }
#define OPT_BOOL(l, n, s, m, h)        OPT_(OPT_TYPE_BOOL, l, n, s, m, NULL, h)
#define OPT_STR(l, n, s, m, a, h)      OPT_(OPT_TYPE_STR, l, n, s, m, a, h)
#define OPT_WORD(l, n, s, m, a, h) /* a string that is not empty, or unset */ \
	{ .type = OPT_TYPE_STR, .flags = OPT_EMPTY_IS_UNSET, .letter = l, .name = n, \
	  .offset = offsetof(s, m), .arg = a, .help = h }
#define OPT_LIST(l, n, s, m, a, h)     OPT_(OPT_TYPE_LIST, l, n, s, m, a, h)
#define OPT_SIZE(l, n, s, m, a, h)     OPT_(OPT_TYPE_SIZE, l, n, s, m, a, h)
#define OPT_SSIZE(l, n, s, m, a, h)    OPT_(OPT_TYPE_SSIZE, l, n, s, m, a, h)
#define OPT_INT(l, n, s, m, a, h)      OPT_(OPT_TYPE_INT, l, n, s, m, a, h)
#define OPT_NANO(l, n, s, m, a, h)     OPT_(OPT_TYPE_NANO, l, n, s, m, a, h)
#define OPT_DURATION(l, n, s, m, a, h) OPT_(OPT_TYPE_DURATION, l, n, s, m, a, h)
#define OPT_INCLUDE(table, s, m) { .type = OPT_TYPE_INCLUDE, .offset = offsetof(s, m), .include = table }
#define OPT_END { .type = OPT_TYPE_END }
/* clang-format on */

/**
 * opt_parse() - parse options up to the first argument that is none, or "--"
 * @base: struct that the rows' offsets count from, zero-initialised by the caller
 *
 * Clusters of letters (-it), attached values (-m64m, -m=64m, --memory=64m) and separate ones work.
 *
 * Return: number of @argv entries consumed (options only, argv[0] not counted as an option: parse
 * starts at argv[0]); -EINVAL with @e filled and a hint. -ECANCELED when --help (or -h where no
 * option has that letter) was given.
 */
int opt_parse(const struct opt *options, int argc, char *const argv[], void *base, struct err *e);

/**
 * opt_permute() - options first, then "--" if there is one, then the arguments; the order among each stays
 * @argv: of which nothing has been parsed; behind "--" all are arguments
 *
 * So that options may stand behind arguments. One that is not known has no value.
 */
int opt_permute(const struct opt *options, int argc, char *argv[]);

/* opt_help() - the option lines of a help text, aligned */
void opt_help(const struct opt *options, struct str *out);

/* opt_find() - row by long name, for messages and tests; NULL if there is none */
const struct opt *opt_find(const struct opt *options, const char *name);

/* opt_done() - free what the rows own inside @base and zero those members */
void opt_done(const struct opt *options, void *base);

/* opt_set() - give option @name the value @value as the command line would */
int opt_set(const struct opt *options, const char *name, const char *value, void *base,
	    struct err *e);

/* opt_to_json() - object of all options that are set, keyed by long name; NULL = out of memory.
 * The caller owns the reference. */
struct json_t *opt_to_json(const struct opt *options, const void *base);

/* opt_from_json() - the reverse; an unknown key or a wrong type is -EBADMSG naming the key */
int opt_from_json(const struct opt *options, const struct json_t *object, void *base,
		  struct err *e);

#endif
