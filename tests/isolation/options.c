// SPDX-License-Identifier: Apache-2.0
/* The command line of `davit-probe host`. */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "process.h"
#include "want.h"

#define TIMEOUT_DEFAULT_S 120
#define TIMEOUT_MAX_S 86400

static int set_name(struct options *o, const char *value)
{
	if (o->n_names == OPTIONS_NAMES_MAX)
		return complain("more than %d of --group and --probe", OPTIONS_NAMES_MAX);
	o->names[o->n_names++] = value;
	return 0;
}

static int set_group(struct options *o, const char *value)
{
	if (strchr(value, '/'))
		return complain("option '--group': '%s' is a probe, not a group", value);
	return set_name(o, value);
}

static int set_probe(struct options *o, const char *value)
{
	if (!strchr(value, '/'))
		return complain("option '--probe': '%s' is not GROUP/NAME", value);
	return set_name(o, value);
}

static int set_runtime(struct options *o, const char *value)
{
	o->runtime = value;
	return *value ? 0 : complain("option '--runtime' is empty");
}

static int set_engine(struct options *o, const char *value)
{
	o->engine = value;
	return 0;
}

static int set_program(struct options *o, const char *value)
{
	o->program = value;
	return *value ? 0 : complain("option '--program' is empty");
}

static int set_image(struct options *o, const char *value)
{
	o->image = value;
	/* it is an argument of another program */
	return *value && *value != '-' ? 0 : complain("option '--image': '%s' is no image", value);
}

static int set_format(struct options *o, const char *value)
{
	o->is_json = strcmp(value, "json") == 0;
	return o->is_json || strcmp(value, "tap") == 0 ?
		       0 :
		       complain("option '--format': '%s' is not tap or json", value);
}

static int set_with(struct options *o, const char *value)
{
	const char *p = value;

	do {
		size_t n = strcspn(p, ",");
		char word[16] = "";
		unsigned int bit;

		if (n < sizeof(word))
			memcpy(word, p, n);
		bit = ask_find(word);
		if (!bit)
			return complain("option '--with': '%.*s' is not user or time", (int)n, p);
		o->with |= bit;
		if (p[n] == ',' && !p[n + 1])
			return complain("option '--with': '%s' ends with a comma", value);
		p += n + (p[n] == ',');
	} while (*p);
	return 0;
}

static int set_timeout(struct options *o, const char *value)
{
	char *end;
	long n;

	errno = 0;
	n = strtol(value, &end, 10);
	if (errno || end == value || *end || n < 1 || n > TIMEOUT_MAX_S)
		return complain("option '--timeout': '%s' is not 1 to %d seconds", value,
				TIMEOUT_MAX_S);
	o->timeout_s = (int)n;
	return 0;
}

static int set_list(struct options *o, const char *value)
{
	(void)value;
	o->is_list = true;
	return 0;
}

/* clang-format off */
static const struct row {
	const char *name, *arg;
	int (*set)(struct options *o, const char *value);
	const char *help;
} rows[] = {
	{ "engine",  "NAME",  set_engine,  "engine that makes the container: davit, docker, podman, nspawn or bwrap (default davit)" },
	{ "runtime", "PATH",  set_runtime, "OCI runtime that makes it from a bundle, instead of an engine" },
	{ "program", "PATH",  set_program, "the engine's program (default: the one in PATH)" },
	{ "image",   "REF",   set_image,   "image of the engine (default: an empty one, made and removed again)" },
	{ "format",  "tap|json", set_format, "output format (default tap)" },
	{ "group",   "NAME",  set_group,   "only this group; can be repeated" },
	{ "probe",   "NAME",  set_probe,   "only this probe; can be repeated" },
	{ "with",    "user,time", set_with, "ask for these namespaces, too" },
	{ "timeout", "SECONDS", set_timeout, "end after this time (default 120)" },
	{ "list",    NULL,    set_list,    "print the probes instead of running them" },
	{ "help",    NULL,    NULL,        "print this help" },
};
/* clang-format on */
#define ROWS (sizeof(rows) / sizeof(rows[0]))

static void help(void)
{
	printf("usage: davit-probe host [OPTIONS]\n\n"
	       "Make a container and try whether it is isolated\n\nOptions:\n");
	for (size_t i = 0; i < ROWS; i++) {
		char left[64];

		(void)snprintf(left, sizeof(left), "--%s %s", rows[i].name,
			       rows[i].arg ? rows[i].arg : "");
		printf("  %-20s %s\n", left, rows[i].help);
	}
}

static int check(const struct options *o)
{
	if (o->runtime && o->engine)
		return complain("options '--runtime' and '--engine' exclude each other");
	if (o->runtime && o->image)
		return complain("option '--image' needs an engine: a runtime gets a bundle");
	if (o->runtime && o->program)
		return complain("option '--program' is the engine's; '--runtime' takes a path");
	return 0;
}

int options_parse(int argc, char *argv[], struct options *ret)
{
	struct option longs[ROWS + 1] = { 0 };
	int i, c;

	memset(ret, 0, sizeof(*ret));
	ret->timeout_s = TIMEOUT_DEFAULT_S;
	for (size_t k = 0; k < ROWS; k++)
		longs[k] = (struct option){ rows[k].name,
					    rows[k].arg ? required_argument : no_argument, NULL,
					    0 };
	opterr = 0;
	while ((c = getopt_long(argc, argv, "+:", longs, &i)) != -1) {
		if (c != 0) {
			(void)complain(c == ':' ? "option '%s' needs a value" :
						  "unknown option '%s'",
				       argv[optind - 1]);
			hint("'davit-probe host --help' lists the options");
			return -1;
		}
		if (!rows[i].set) {
			help();
			return 1;
		}
		if (rows[i].set(ret, optarg) < 0)
			return -1;
	}
	if (optind < argc)
		return complain("unexpected argument '%s'", argv[optind]);
	return check(ret);
}
