// SPDX-License-Identifier: Apache-2.0
/* OCI image configuration: JSON to struct and back. */
#include "spec/image_config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/fmt.h"
#include "base/json.h"
#include "spec/image_ref.h"

enum field_type {
	FIELD_STRING,  /* char * */
	FIELD_STRV,    /* array of strings */
	FIELD_SET,     /* object whose keys count */
	FIELD_MAP,     /* object of strings, kept as "KEY=VALUE" */
};

struct field {
	const char *key;
	enum field_type type;
	size_t offset;
};

/* clang-format off */
#define FIELD(k, t, m) { .key = k, .type = t, .offset = offsetof(struct image_config, m) }
static const struct field top_fields[] = {
	FIELD("architecture", FIELD_STRING, architecture),
	FIELD("os",           FIELD_STRING, os),
	FIELD("variant",      FIELD_STRING, variant),
};
static const struct field config_fields[] = {
	FIELD("User",         FIELD_STRING, user),
	FIELD("WorkingDir",   FIELD_STRING, working_dir),
	FIELD("StopSignal",   FIELD_STRING, stop_signal),
	FIELD("Env",          FIELD_STRV,   env),
	FIELD("Cmd",          FIELD_STRV,   cmd),
	FIELD("Entrypoint",   FIELD_STRV,   entrypoint),
	FIELD("Volumes",      FIELD_SET,    volumes),
	FIELD("ExposedPorts", FIELD_SET,    exposed_ports),
	FIELD("Labels",       FIELD_MAP,    labels),
};
/* clang-format on */

static int get_set(const json_t *object, const char *key, bool with_values, struct strv *ret,
		   struct err *e)
{
	json_t *o = NULL, *v;
	const char *k;
	int r = json_get_object(object, key, &o, e);

	if (r < 0 || !o)
		return r;
	if (json_object_size(o) > IMAGE_CONFIG_LIST_MAX)
		return err_plain(e, -E2BIG, "field '%s' has more than %u entries", key,
				 IMAGE_CONFIG_LIST_MAX);
	json_object_foreach(o, k, v) {
		if (with_values && !json_is_string(v))
			return err_plain(e, -EBADMSG, "field '%s' is not an object of strings", key);
		r = with_values ? strv_addf(ret, "%s=%s", k, json_string_value(v)) : strv_add(ret, k);
		if (r < 0)
			return err_set(e, r, "read '%s'", key);
	}
	return 0;
}

static int get_field(const json_t *object, const struct field *f, void *base, struct err *e)
{
	void *member = (char *)base + f->offset;
	const char *text = "";
	int r;

	switch (f->type) {
	case FIELD_STRV:
		return json_get_strv(object, f->key, IMAGE_CONFIG_LIST_MAX, member, e);
	case FIELD_SET:
	case FIELD_MAP:
		return get_set(object, f->key, f->type == FIELD_MAP, member, e);
	case FIELD_STRING:
		break;
	}
	r = json_get_string(object, f->key, &text, e);
	if (r < 0)
		return r;
	*(char **)member = strdup(text);
	return *(char **)member ? 0 : err_set(e, ENOMEM, "read '%s'", f->key);
}

static int get_diff_ids(const json_t *json, struct image_config *c, struct err *e)
{
	_cleanup_strv_ struct strv ids = { .n = 0 };
	json_t *rootfs = NULL;
	int r = json_get_object(json, "rootfs", &rootfs, e);

	if (r < 0 || !rootfs)
		return r;
	r = json_get_strv(rootfs, "diff_ids", IMAGE_CONFIG_LIST_MAX, &ids, e);
	if (r < 0)
		return r;
	for (size_t i = 0; i < ids.n; i++) {
		const char *hex = digest_hex(ids.v[i]);

		if (!hex)
			return err_plain(e, -EBADMSG, "field 'diff_ids': '%s' is not a sha256 digest",
					 ids.v[i]);
		r = strv_add(&c->diff_ids, hex);
		if (r < 0)
			return err_set(e, r, "read 'diff_ids'");
	}
	return 0;
}

static int parse_all(const json_t *json, struct image_config *c, struct err *e)
{
	static const char empty[] = "";
	_cleanup_json_ json_t *none = json_object();
	json_t *config = NULL;
	const char *created = empty;
	int r = json_get_object(json, "config", &config, e);

	if (r < 0)
		return r;
	if (!none)
		return err_set(e, ENOMEM, "read image configuration");
	for (size_t i = 0; i < ARRAY_SIZE(top_fields); i++) {
		r = get_field(json, &top_fields[i], c, e);
		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < ARRAY_SIZE(config_fields); i++) {
		r = get_field(config ? config : none, &config_fields[i], c, e);
		if (r < 0)
			return r;
	}
	r = json_get_string(json, "created", &created, e);
	if (r < 0)
		return r;
	if (*created && image_time_parse(created, &c->created_ns) < 0)
		return err_plain(e, -EBADMSG, "field 'created': '%s' is not an RFC 3339 time", created);
	if (c->created_ns < 0) /* before there were images */
		c->created_ns = 0;
	return get_diff_ids(json, c, e);
}

int image_config_parse(const struct json_t *json, struct image_config *ret, struct err *e)
{
	_cleanup_(image_config_done) struct image_config c = { .created_ns = 0 };
	int r;

	if (!json_is_object(json))
		return err_plain(e, -EBADMSG, "the image configuration is not an object");
	r = parse_all(json, &c, e);
	if (r < 0)
		return r;
	*ret = c;
	c = (struct image_config){ .created_ns = 0 };
	return 0;
}

void image_config_done(struct image_config *c)
{
	const struct field *tables[] = { top_fields, config_fields };
	const size_t sizes[] = { ARRAY_SIZE(top_fields), ARRAY_SIZE(config_fields) };

	for (size_t t = 0; t < ARRAY_SIZE(tables); t++) {
		for (size_t i = 0; i < sizes[t]; i++) {
			void *member = (char *)c + tables[t][i].offset;

			if (tables[t][i].type == FIELD_STRING)
				freep(member);
			else
				strv_done(member);
		}
	}
	strv_done(&c->diff_ids);
	*c = (struct image_config){ .created_ns = 0 };
}

static json_t *list_to_json(const struct strv *l, enum field_type type)
{
	json_t *j = type == FIELD_STRV ? json_array() : json_object();

	for (size_t i = 0; j && i < l->n; i++) {
		const char *eq = strchr(l->v[i], '=');
		int r;

		if (type == FIELD_STRV) {
			r = json_array_append_new(j, json_string(l->v[i]));
		} else if (type == FIELD_SET || !eq) {
			r = json_object_set_new(j, l->v[i], json_object());
		} else {
			_cleanup_free_ char *key = strndup(l->v[i], (size_t)(eq - l->v[i]));

			r = key ? json_object_set_new(j, key, json_string(eq + 1)) : -1;
		}
		if (r < 0) {
			json_decref(j);
			j = NULL;
		}
	}
	return j;
}

static int add_fields(json_t *to, const struct field *fields, size_t n, const void *base)
{
	for (size_t i = 0; i < n; i++) {
		const void *member = (const char *)base + fields[i].offset;
		json_t *v;

		if (fields[i].type == FIELD_STRING) {
			const char *s = *(char *const *)member;

			if (!s || !*s)
				continue;
			v = json_string(s);
		} else {
			const struct strv *l = member;

			if (l->n == 0)
				continue;
			v = list_to_json(l, fields[i].type);
		}
		if (json_object_set_new(to, fields[i].key, v) < 0)
			return -ENOMEM;
	}
	return 0;
}

struct json_t *image_config_to_json(const struct image_config *c)
{
	_cleanup_json_ json_t *top = json_object();
	_cleanup_json_ json_t *config = json_object();
	char created[FMT_TIME_BUF];

	if (!top || !config || add_fields(top, top_fields, ARRAY_SIZE(top_fields), c) < 0 ||
	    add_fields(config, config_fields, ARRAY_SIZE(config_fields), c) < 0 ||
	    json_object_set(top, "config", config) < 0)
		return NULL;
	if (c->created_ns &&
	    json_object_set_new(top, "created", json_string(fmt_time(c->created_ns, created))) < 0)
		return NULL;
	if (c->diff_ids.n) {
		json_t *rootfs = json_pack("{s:s,s:[]}", "type", "layers", "diff_ids");
		json_t *ids = json_object_get(rootfs, "diff_ids");

		for (size_t i = 0; ids && i < c->diff_ids.n; i++)
			if (json_array_append_new(ids, json_sprintf("sha256:%s",
								    c->diff_ids.v[i])) < 0)
				ids = NULL;
		if (!ids) {
			json_decref(rootfs);
			return NULL;
		}
		if (json_object_set_new(top, "rootfs", rootfs) < 0)
			return NULL;
	}
	return TAKE_PTR(top);
}

/* @n decimal digits at *@s, advancing it. Return: value or -1. */
static int digits(const char **s, int n)
{
	int v = 0;

	for (int i = 0; i < n; i++, (*s)++) {
		if (**s < '0' || **s > '9')
			return -1;
		v = v * 10 + (**s - '0');
	}
	return v;
}

/* "Z" or "+hh:mm". Return: false if it is neither. */
static bool zone(const char *s, int *ret_minutes)
{
	int sign, h, m;

	*ret_minutes = 0;
	if ((*s == 'Z' || *s == 'z') && s[1] == '\0')
		return true;
	if (*s != '+' && *s != '-')
		return false;
	sign = *s++ == '-' ? -1 : 1;
	h = digits(&s, 2);
	if (h < 0 || h > 23 || *s++ != ':')
		return false;
	m = digits(&s, 2);
	*ret_minutes = sign * (h * 60 + m);
	return m >= 0 && m < 60 && *s == '\0';
}

int image_time_parse(const char *s, int64_t *ret_ns)
{
	struct tm tm = { .tm_sec = 0 };
	int64_t ns = 0, scale = 100000000, seconds;
	int minutes;

	tm.tm_year = digits(&s, 4) - 1900;
	if (tm.tm_year < -1900 || *s++ != '-')
		return -EINVAL;
	tm.tm_mon = digits(&s, 2) - 1;
	if (tm.tm_mon < 0 || tm.tm_mon > 11 || *s++ != '-')
		return -EINVAL;
	tm.tm_mday = digits(&s, 2);
	if (tm.tm_mday < 1 || tm.tm_mday > 31 || (*s != 'T' && *s != 't' && *s != ' '))
		return -EINVAL;
	s++;
	tm.tm_hour = digits(&s, 2);
	if (tm.tm_hour < 0 || tm.tm_hour > 23 || *s++ != ':')
		return -EINVAL;
	tm.tm_min = digits(&s, 2);
	if (tm.tm_min < 0 || tm.tm_min > 59 || *s++ != ':')
		return -EINVAL;
	tm.tm_sec = digits(&s, 2);
	if (tm.tm_sec < 0 || tm.tm_sec > 60)
		return -EINVAL;
	if (*s == '.') {
		for (s++; *s >= '0' && *s <= '9'; s++, scale /= 10)
			ns += (*s - '0') * scale;
	}
	if (!zone(s, &minutes))
		return -EINVAL;
	seconds = timegm(&tm) - (int64_t)minutes * 60;
	/* year 1 is how Go writes "no time"; out of range of 64-bit nanoseconds */
	if (seconds < -9000000000 || seconds > 9000000000)
		seconds = ns = 0;
	*ret_ns = seconds * 1000000000 + ns;
	return 0;
}
