// SPDX-License-Identifier: Apache-2.0
/* Option tables: storing options as JSON and reading them back. */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/json.h"
#include "base/opt.h"

static json_t *list_to_json(const struct strv *l)
{
	json_t *a = json_array();

	for (size_t i = 0; a && i < l->n; i++) {
		if (json_array_append_new(a, json_bytes(l->v[i])) < 0) {
			json_decref(a);
			return NULL;
		}
	}
	return a;
}

/* Return: false when out of memory; *@ret is NULL for an option that is not set. */
static bool value_to_json(const struct opt *o, const void *p, json_t **ret)
{
	*ret = NULL;
	switch (o->type) {
	case OPT_TYPE_BOOL:
		return !*(const bool *)p || (*ret = json_true());
	case OPT_TYPE_STR:
		return !*(char *const *)p || (*ret = json_bytes(*(char *const *)p));
	case OPT_TYPE_LIST:
		return !((const struct strv *)p)->n || (*ret = list_to_json(p));
	case OPT_TYPE_SIZE:
	case OPT_TYPE_NANO:
	case OPT_TYPE_DURATION:
	case OPT_TYPE_SSIZE:
	case OPT_TYPE_INT:
		return !*(const int64_t *)p || (*ret = json_integer(*(const int64_t *)p));
	case OPT_TYPE_END:
	case OPT_TYPE_INCLUDE:
	case OPT_TYPE_COUNT:
		break;
	}
	return true;
}

static bool add_all(const struct opt *o, const void *base, json_t *object)
{
	for (; o->type != OPT_TYPE_END; o++) {
		const void *p = (const char *)base + o->offset;
		char key[64];
		json_t *v;

		if (o->type == OPT_TYPE_INCLUDE) {
			if (!add_all(o->include, p, object))
				return false;
			continue;
		}
		if (!value_to_json(o, p, &v))
			return false;
		(void)err_format(key, sizeof(key), "%.*s", (int)strcspn(o->name, "|"), o->name);
		if (v && json_object_set_new_nocheck(object, key, v) < 0)
			return false;
	}
	return true;
}

json_t *opt_to_json(const struct opt *options, const void *base)
{
	json_t *object = json_object();

	if (object && !add_all(options, base, object)) {
		json_decref(object);
		return NULL;
	}
	return object;
}

static const struct opt *find_offset(const struct opt *o, const char *key, size_t *offset)
{
	for (; o->type != OPT_TYPE_END; o++) {
		if (o->type == OPT_TYPE_INCLUDE) {
			size_t inner = *offset + o->offset;
			const struct opt *hit = find_offset(o->include, key, &inner);

			if (hit) {
				*offset = inner;
				return hit;
			}
		} else if (strlen(key) == strcspn(o->name, "|") &&
			   strncmp(o->name, key, strlen(key)) == 0) {
			*offset += o->offset;
			return o;
		}
	}
	return NULL;
}

static int from_value(const struct opt *o, const char *key, json_t *v, void *p, struct err *e)
{
	size_t i;
	json_t *item;
	char *copy;

	switch (o->type) {
	case OPT_TYPE_BOOL:
		if (!json_is_boolean(v))
			break;
		*(bool *)p = json_is_true(v);
		return 0;
	case OPT_TYPE_STR:
		copy = json_bytes_value(v);
		if (!copy)
			break;
		free(*(char **)p);
		*(char **)p = copy;
		return 0;
	case OPT_TYPE_LIST:
		if (!json_is_array(v))
			break;
		strv_done(p);
		json_array_foreach(v, i, item) {
			copy = json_bytes_value(item);
			if (!copy)
				return err_plain(e, -EBADMSG, "field '%s' has a wrong type", key);
			if (strv_take(p, copy) < 0)
				return err_set(e, ENOMEM, "read '%s'", key);
		}
		return 0;
	default:
		if (!json_is_integer(v))
			break;
		*(int64_t *)p = json_integer_value(v);
		return 0;
	}
	return err_plain(e, -EBADMSG, "field '%s' has a wrong type", key);
}

int opt_from_json(const struct opt *options, const json_t *object, void *base, struct err *e)
{
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)object, key, v) {
		size_t offset = 0;
		const struct opt *o = find_offset(options, key, &offset);
		int r = o ? from_value(o, key, v, (char *)base + offset, e) :
			    err_plain(e, -EBADMSG, "unknown field '%s'", key);

		if (r < 0)
			return r;
	}
	return 0;
}
