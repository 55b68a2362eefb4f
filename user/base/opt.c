// SPDX-License-Identifier: Apache-2.0
/* Option tables: parsing and help. */
#include "base/opt.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/fmt.h"
#include "base/near.h"

static bool name_matches(const char *names, const char *name, size_t n)
{
	while (*names) {
		size_t m = strcspn(names, "|");

		if (m == n && memcmp(names, name, n) == 0)
			return true;
		names += m + (names[m] == '|');
	}
	return false;
}

static const struct opt *find(const struct opt *o, const char *name, size_t n, char letter,
			      size_t *offset)
{
	for (; o->type != OPT_TYPE_END; o++) {
		if (o->type == OPT_TYPE_INCLUDE) {
			size_t inner = *offset + o->offset;
			const struct opt *hit = find(o->include, name, n, letter, &inner);

			if (hit) {
				*offset = inner;
				return hit;
			}
		} else if (name ? name_matches(o->name, name, n) : o->letter == letter) {
			*offset += o->offset;
			return o;
		}
	}
	return NULL;
}

const struct opt *opt_find(const struct opt *options, const char *name)
{
	size_t offset = 0;

	return find(options, name, strlen(name), 0, &offset);
}

static int first_name_len(const struct opt *o)
{
	return (int)strcspn(o->name, "|");
}

static int bad_value(const struct opt *o, const char *value, const char *want, struct err *e)
{
	return err_plain(e, -EINVAL, "option '--%.*s': '%s' is not %s", first_name_len(o), o->name,
			 value, want);
}

static int bad_size(const struct opt *o, const char *value, int r, const char *want, struct err *e)
{
	return bad_value(o, value, r == -ERANGE ? "below 8 EiB" : want, e);
}

static int store(const struct opt *o, const char *value, void *p, struct err *e)
{
	int r;

	if ((o->flags & OPT_EMPTY_IS_UNSET) && !*value) {
		free(*(char **)p);
		*(char **)p = NULL;
		return 0;
	}
	switch (o->type) {
	case OPT_TYPE_BOOL:
		if (!value || str_eq(value, "true") || str_eq(value, "1"))
			*(bool *)p = true;
		else if (str_eq(value, "false") || str_eq(value, "0"))
			*(bool *)p = false;
		else
			return bad_value(o, value, "true or false", e);
		return 0;
	case OPT_TYPE_STR: {
		char *copy = strdup(value);

		if (!copy)
			return err_set(e, ENOMEM, "option '--%s'", o->name);
		free(*(char **)p);
		*(char **)p = copy;
		return 0;
	}
	case OPT_TYPE_LIST:
		r = strv_add(p, value);
		return r < 0 ? err_set(e, r, "option '--%s'", o->name) : 0;
	case OPT_TYPE_SIZE:
		r = fmt_parse_size(value, p);
		if (r < 0)
			return bad_size(o, value, r, "a size like 64m or 1g", e);
		if (o->min && *(uint64_t *)p < (uint64_t)o->min)
			return err_plain(e, -EINVAL, "option '--%.*s': '%s' is below the minimum of %lld bytes",
					 first_name_len(o), o->name, value, (long long)o->min);
		return 0;
	case OPT_TYPE_SSIZE:
		r = str_eq(value, "-1") ? 0 : fmt_parse_size(value, p);
		if (r < 0)
			return bad_size(o, value, r, "a size like 64m or 1g, or -1", e);
		if (str_eq(value, "-1"))
			*(int64_t *)p = -1;
		return 0;
	case OPT_TYPE_INT:
		if (fmt_parse_i64(value, p) < 0)
			return bad_value(o, value, "a whole number", e);
		if (*(int64_t *)p < o->min)
			return err_plain(e, -EINVAL, "option '--%.*s': '%s' is below the minimum of %lld",
					 first_name_len(o), o->name, value, (long long)o->min);
		return 0;
	case OPT_TYPE_NANO:
		if (fmt_parse_decimal_nano(value, p) < 0)
			return bad_value(o, value, "a number like 1.5", e);
		return 0;
	case OPT_TYPE_DURATION:
		if (fmt_parse_duration_ms(value, p) < 0)
			return bad_value(o, value, "a duration like 10, 1m30s or 500ms", e);
		return 0;
	case OPT_TYPE_END:
	case OPT_TYPE_INCLUDE:
	case OPT_TYPE_COUNT:
		break;
	}
	return err_set(e, EINVAL, "option '--%s'", o->name);
}

static void try_names(const struct opt *o, struct near *near)
{
	for (; o->type != OPT_TYPE_END; o++) {
		if (o->type == OPT_TYPE_INCLUDE)
			try_names(o->include, near);
		else if (!(o->flags & OPT_HIDDEN))
			near_try(near, o->name, (size_t)first_name_len(o));
	}
}

/* @what: with the dashes; a letter has no near ones */
static int unknown(const struct opt *options, const char *what, struct err *e)
{
	struct near near = NEAR_INIT(what + 2, strcspn(what + 2, "="));
	int r = err_plain(e, -EINVAL, "unknown option '%s'", what);

	if (what[1] == '-')
		try_names(options, &near);
	if (near.best)
		err_hint(e, "the nearest is '--%.*s'; --help lists the options", (int)near.best_len,
			 near.best);
	err_hint(e, "--help lists the options; those behind an image or a container belong to the "
		    "command that runs in it");
	return r;
}

int opt_set(const struct opt *options, const char *name, const char *value, void *base,
	    struct err *e)
{
	size_t offset = 0;
	const struct opt *o = find(options, name, strlen(name), 0, &offset);

	return o ? store(o, value, (char *)base + offset, e) :
		   err_plain(e, -EINVAL, "unknown option '--%s'", name);
}

static int parse_long(const struct opt *options, int i, int argc, char *const argv[], void *base,
		      struct err *e)
{
	const char *name = argv[i] + 2, *eq = strchr(name, '=');
	size_t n = eq ? (size_t)(eq - name) : strlen(name), offset = 0;
	const struct opt *o = find(options, name, n, 0, &offset);
	const char *value = eq ? eq + 1 : NULL;
	int r, used = 1;

	if (!o) {
		if (!eq && strcmp(name, "help") == 0)
			return -ECANCELED;
		return unknown(options, argv[i], e);
	}
	if (!value && o->type != OPT_TYPE_BOOL) {
		if (i + 1 >= argc)
			return err_plain(e, -EINVAL, "option '%s' requires an argument", argv[i]);
		value = argv[i + 1];
		used = 2;
	}
	r = store(o, value, (char *)base + offset, e);
	return r < 0 ? r : used;
}

static int parse_letters(const struct opt *options, int i, int argc, char *const argv[], void *base,
			 struct err *e)
{
	for (const char *p = argv[i] + 1; *p; p++) {
		size_t offset = 0;
		const struct opt *o = find(options, NULL, 0, *p, &offset);
		const char *value = NULL;
		int r, used = 1;

		if (!o) {
			const char letter[] = { '-', *p, '\0' };

			if (*p == 'h' && !p[1])
				return -ECANCELED;
			return unknown(options, letter, e);
		}
		if (o->type != OPT_TYPE_BOOL) {
			if (p[1])
				value = p[1] == '=' ? p + 2 : p + 1;
			else if (i + 1 < argc) {
				value = argv[i + 1];
				used = 2;
			} else
				return err_plain(e, -EINVAL, "option '-%c' requires an argument",
						 *p);
		} else if (p[1] == '=') {
			value = p + 2;
		}
		r = store(o, value, (char *)base + offset, e);
		if (r < 0)
			return r;
		if (value)
			return used;
	}
	return 1;
}

int opt_parse(const struct opt *options, int argc, char *const argv[], void *base, struct err *e)
{
	int i = 0;

	while (i < argc && argv[i][0] == '-' && argv[i][1]) {
		int r;

		if (strcmp(argv[i], "--") == 0)
			return i + 1;
		r = argv[i][1] == '-' ? parse_long(options, i, argc, argv, base, e) :
					parse_letters(options, i, argc, argv, base, e);
		if (r < 0)
			return r;
		i += r;
	}
	return i;
}

/* Entries that the option at argv[0] is made of. */
static int width(const struct opt *options, const char *arg)
{
	size_t offset = 0;
	const struct opt *o;

	if (arg[1] == '-') {
		o = find(options, arg + 2, strcspn(arg + 2, "="), 0, &offset);
		return o && o->type != OPT_TYPE_BOOL && !strchr(arg, '=') ? 2 : 1;
	}
	for (const char *p = arg + 1; *p; p++) {
		o = find(options, NULL, 0, *p, &offset);
		if (!o || o->type != OPT_TYPE_BOOL)
			return o && !p[1] ? 2 : 1;
	}
	return 1;
}

int opt_permute(const struct opt *options, int argc, char *argv[])
{
	_cleanup_free_ char **args = calloc((size_t)argc + 1, sizeof(*args));
	int n_args = 0, n = 0;

	if (!args)
		return -ENOMEM;
	for (int i = 0; i < argc; i++) {
		int w = 1;

		if (argv[i][0] != '-' || !argv[i][1]) {
			args[n_args++] = argv[i];
			continue;
		}
		if (strcmp(argv[i], "--") == 0) {
			/* those behind it stay behind those before it, which need it just as little */
			char *mark = argv[i];

			memmove(args + n_args, argv + i + 1,
				(size_t)(argc - i - 1) * sizeof(*args));
			n_args += argc - i - 1;
			argv[n++] = mark;
			break;
		}
		for (w = width(options, argv[i]); w > 0 && i < argc; w--, i++)
			argv[n++] = argv[i];
		i--;
	}
	memcpy(argv + n, args, (size_t)n_args * sizeof(*args));
	return 0;
}

#define HELP_COLUMN 32

void opt_help(const struct opt *o, struct str *out)
{
	for (; o->type != OPT_TYPE_END; o++) {
		size_t start = out->len;

		if (o->type == OPT_TYPE_INCLUDE) {
			opt_help(o->include, out);
			continue;
		}
		if (o->flags & OPT_HIDDEN)
			continue;
		if (o->letter)
			str_addf(out, "  -%c, --%.*s", o->letter, first_name_len(o), o->name);
		else
			str_addf(out, "      --%.*s", first_name_len(o), o->name);
		if (o->arg)
			str_addf(out, " %s", o->arg);
		if (out->len - start >= HELP_COLUMN - 1)
			str_addf(out, "\n%*s", HELP_COLUMN, "");
		else
			str_addf(out, "%*s", (int)(HELP_COLUMN - (out->len - start)), "");
		str_addf(out, "%s\n", o->help);
	}
}

void opt_done(const struct opt *o, void *base)
{
	for (; o->type != OPT_TYPE_END; o++) {
		void *p = (char *)base + o->offset;

		if (o->type == OPT_TYPE_INCLUDE) {
			opt_done(o->include, p);
		} else if (o->type == OPT_TYPE_STR) {
			free(*(char **)p);
			*(char **)p = NULL;
		} else if (o->type == OPT_TYPE_LIST) {
			strv_done(p);
		}
	}
}
