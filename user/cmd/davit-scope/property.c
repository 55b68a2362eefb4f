// SPDX-License-Identifier: Apache-2.0
/* Properties of units, from words to D-Bus. */
#include "property.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/str.h"

#define SIGNATURE_MAX 32u

/* @words moves on */
struct work {
	sd_bus_message *m;
	char *const *words;
	const char *name;
	struct err *e;
};

/* clang-format off */
static const struct { char type; int64_t min; uint64_t max; } numbers[] = {
	{ 'y', 0,         UINT8_MAX },
	{ 'n', INT16_MIN, INT16_MAX },
	{ 'q', 0,         UINT16_MAX },
	{ 'i', INT32_MIN, INT32_MAX },
	{ 'u', 0,         UINT32_MAX },
	{ 'x', INT64_MIN, INT64_MAX },
	{ 't', 0,         UINT64_MAX },
};
/* clang-format on */

static int refuse(struct work *w, const char *what)
{
	return err_plain(w->e, -EINVAL, "property '%s': %s", w->name, what);
}

static int done(struct work *w, int r)
{
	return r < 0 ? err_set(w->e, r, "property '%s'", w->name) : 0;
}

static const char *next(struct work *w)
{
	return *w->words ? *w->words++ : NULL;
}

static bool parse_number(const char *word, int64_t min, uint64_t max, uint64_t *ret)
{
	char *end;

	errno = 0;
	if (*word == '-') {
		long long v = strtoll(word, &end, 10);

		*ret = (uint64_t)v;
		return !errno && end != word && !*end && v >= min;
	}
	*ret = strtoull(word, &end, 10);
	return !errno && end != word && !*end && *ret <= max;
}

/* The value's low bytes are the number of each type: all are two's complement. */
static int append_number(struct work *w, char type, uint64_t v)
{
	uint8_t y = (uint8_t)v;
	uint16_t q = (uint16_t)v;
	uint32_t u = (uint32_t)v;
	const void *p = type == 'y'		   ? (const void *)&y :
			type == 'n' || type == 'q' ? (const void *)&q :
			type == 'i' || type == 'u' ? (const void *)&u :
						     (const void *)&v;

	return done(w, sd_bus_message_append_basic(w->m, type, p));
}

static int append_basic(struct work *w, char type)
{
	const char *word = next(w);
	uint64_t v;
	int b;

	if (!word)
		return refuse(w, "a value is missing");
	if (type == 's')
		return done(w, sd_bus_message_append_basic(w->m, 's', word));
	if (type == 'b') {
		b = str_eq(word, "true");
		if (!b && !str_eq(word, "false"))
			return refuse(w, "is neither true nor false");
		return done(w, sd_bus_message_append_basic(w->m, 'b', &b));
	}
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		if (numbers[i].type == type)
			return parse_number(word, numbers[i].min, numbers[i].max, &v) ?
				       append_number(w, type, v) :
				       refuse(w, "is no number of its type");
	return refuse(w, "is of an unknown type");
}

/* Length of the complete type at @sig: "a(ss)" of "a(ss)u"; 0 when it is none of ours. */
static size_t type_length(const char *sig)
{
	size_t n;

	if (*sig == 'a') {
		n = type_length(sig + 1);
		return n ? n + 1 : 0;
	}
	if (*sig != '(')
		return *sig && strchr("sbynqiuxt", *sig) ? 1 : 0;
	n = strspn(sig + 1, "sbynqiuxt"); /* a struct of structs is nobody's property */
	return n && sig[n + 1] == ')' ? n + 2 : 0;
}

static int append_struct(struct work *w, const char *members, size_t n)
{
	char sig[SIGNATURE_MAX];
	int r;

	(void)err_format(sig, sizeof(sig), "%.*s", (int)n, members);
	r = done(w, sd_bus_message_open_container(w->m, 'r', sig));
	for (size_t i = 0; r == 0 && i < n; i++)
		r = append_basic(w, sig[i]);
	return r < 0 ? r : done(w, sd_bus_message_close_container(w->m));
}

static int append_value(struct work *w, const char *sig);

static int append_array(struct work *w, const char *element)
{
	const char *word = next(w);
	uint64_t n;
	int r;

	if (!word || !parse_number(word, 0, UINT16_MAX, &n))
		return refuse(w, "the length of an array is missing");
	r = done(w, sd_bus_message_open_container(w->m, 'a', element));
	for (uint64_t i = 0; r == 0 && i < n; i++)
		r = append_value(w, element);
	return r < 0 ? r : done(w, sd_bus_message_close_container(w->m));
}

/* depth is bounded by SIGNATURE_MAX */
static int append_value(struct work *w, const char *sig)
{
	if (*sig == 'a')
		return append_array(w, sig + 1);
	if (*sig == '(')
		return append_struct(w, sig + 1, strlen(sig) - 2);
	return append_basic(w, *sig);
}

static int append_one(struct work *w)
{
	const char *sig;
	int r;

	w->name = next(w);
	sig = next(w);
	if (!sig || strlen(sig) >= SIGNATURE_MAX || type_length(sig) != strlen(sig))
		return refuse(w, "is of an unknown type");
	r = done(w, sd_bus_message_open_container(w->m, 'r', "sv"));
	if (r == 0)
		r = done(w, sd_bus_message_append_basic(w->m, 's', w->name));
	if (r == 0)
		r = done(w, sd_bus_message_open_container(w->m, 'v', sig));
	if (r == 0)
		r = append_value(w, sig);
	if (r == 0)
		r = done(w, sd_bus_message_close_container(w->m));
	return r < 0 ? r : done(w, sd_bus_message_close_container(w->m));
}

int property_append_all(sd_bus_message *m, char *const *words, struct err *e)
{
	struct work w = { .m = m, .words = words, .name = "", .e = e };
	int r = 0;

	while (r == 0 && *w.words)
		r = append_one(&w);
	return r;
}
