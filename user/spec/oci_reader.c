// SPDX-License-Identifier: Apache-2.0
/* Tables that read JSON objects into structs, with errors that name the property. */
#include "spec/oci_reader.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/fmt.h"
#include "base/json.h"

#define PATH_TEXT_MAX 512u /* bytes of a path in a message */
#define KEY_SHOWN_MAX 64 /* of a key that the document chose */
#define TEXT_SHOWN_MAX 200 /* of a value */
#define CHUNK_SIZE 4096u

/* Memory of a document: nothing is freed before all is. */
struct oci_chunk {
	struct oci_chunk *next;
	size_t size, used;
	_Alignas(max_align_t) char bytes[];
};

/* A list whatever its type: OCI_LIST_OF(), struct oci_strv, struct oci_map. */
struct any_list {
	void *v;
	size_t n;
};

void oci_doc_done(struct oci_doc *doc)
{
	json_decref(doc->json);
	while (doc->chunks) {
		struct oci_chunk *c = doc->chunks;

		doc->chunks = c->next;
		free(c);
	}
	doc->json = NULL;
}

int oci_load(struct oci_doc *doc, const char *text, size_t n, size_t max, const char *what,
	     struct err *e)
{
	*doc = (struct oci_doc){ .json = NULL };
	if (n > max)
		return err_plain(e, -EFBIG, "%s is larger than %zu bytes", what, max);
	doc->json = json_parse_wide(text, n, what, e);
	return doc->json ? 0 : -EBADMSG;
}

void *oci_alloc(struct oci_reader *r, size_t n, size_t size)
{
	const size_t align = _Alignof(max_align_t);
	struct oci_chunk *c = r->doc->chunks;
	void *p;

	if (__builtin_mul_overflow(n, size, &size) || size > SIZE_MAX / 2)
		return (void)err_set(r->e, ENOMEM, "read %s", r->what), NULL;
	size = (size + align - 1) & ~(align - 1);
	if (!c || c->size - c->used < size) {
		size_t room = size > CHUNK_SIZE ? size : CHUNK_SIZE;

		c = calloc(1, sizeof(*c) + room);
		if (!c)
			return (void)err_set(r->e, ENOMEM, "read %s", r->what), NULL;
		c->size = room;
		c->next = r->doc->chunks;
		r->doc->chunks = c;
	}
	p = c->bytes + c->used;
	c->used += size;
	return p;
}

/* Append the path to @buf. Return: bytes used. */
static unsigned int add_path(const struct oci_at *at, char *buf, unsigned int size)
{
	unsigned int n = at->up ? add_path(at->up, buf, size) : 0;

	if (!at->key)
		return n + err_format(buf + n, size - n, "[%zu]", at->index);
	if (at->is_entry)
		return n + err_format(buf + n, size - n, "[\"%.*s\"]", KEY_SHOWN_MAX, at->key);
	return n + err_format(buf + n, size - n, "%s%s", n ? "." : "", at->key);
}

/* What the document chose is in the message: no control characters on a terminal or in a log. */
static void clean(struct err *e)
{
	for (char *c = e->msg; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
}

static int fail(struct oci_reader *r, const struct oci_at *at, int code, const char *text)
{
	char path[PATH_TEXT_MAX] = "";

	if (at)
		(void)add_path(at, path, sizeof(path));
	if (*path)
		code = err_plain(r->e, code, "%s: %s: %s", r->what, path, text);
	else
		code = err_plain(r->e, code, "%s: %s", r->what, text);
	if (r->e)
		clean(r->e);
	return code;
}

int oci_fail(struct oci_reader *r, const struct oci_at *at, int code, const char *fmt, ...)
{
	char text[ERR_MSG_MAX];
	va_list args;

	if (!r->e)
		return code;
	va_start(args, fmt);
	(void)err_vformat(text, sizeof(text), fmt, args);
	va_end(args);
	return fail(r, at, code, text);
}

int oci_fail_in(struct oci_reader *r, const struct oci_at *at, const char *key, int code,
		const char *fmt, ...)
{
	const struct oci_at here = { .up = at, .key = key };
	char text[ERR_MSG_MAX];
	va_list args;

	if (!r->e)
		return code;
	va_start(args, fmt);
	(void)err_vformat(text, sizeof(text), fmt, args);
	va_end(args);
	return fail(r, &here, code, text);
}

int oci_fail_under(struct oci_reader *r, const struct oci_at *at, int code)
{
	char text[ERR_MSG_MAX];

	if (!r->e)
		return code;
	memcpy(text, r->e->msg, sizeof(text));
	return fail(r, at, code, text);
}

int oci_name_find(const struct oci_name *v, const char *name, uint64_t *ret)
{
	for (; v->name; v++) {
		if (strcmp(v->name, name) == 0) {
			*ret = v->value;
			return 0;
		}
	}
	return -ENOENT;
}

int oci_read_text(struct oci_reader *r, const struct oci_at *at, const json_t *v, size_t max,
		  unsigned int flags, const char **ret)
{
	const char *text = json_string_value(v);

	if (!text || json_wide(v))
		return oci_fail(r, at, -EBADMSG, "it is not a string");
	if (json_string_length(v) > max)
		return oci_fail(r, at, -E2BIG, "it is longer than %zu bytes", max);
	if (!*text && flags & OCI_REQUIRED)
		return oci_fail(r, at, -EINVAL, "it is empty");
	if (*text && *text != '/' && flags & OCI_ABSOLUTE)
		return oci_fail(r, at, -EINVAL, "'%.*s' is not an absolute path", TEXT_SHOWN_MAX,
				text);
	*ret = text;
	return 0;
}

static int out_of_range(struct oci_reader *r, const struct oci_at *at, const char *text,
			int64_t min, uint64_t max)
{
	return oci_fail(r, at, -ERANGE, "%.*s is not a number from %lld to %llu", KEY_SHOWN_MAX,
			text, (long long)min, (unsigned long long)max);
}

int oci_read_number(struct oci_reader *r, const struct oci_at *at, const json_t *v, int64_t min,
		    uint64_t max, uint64_t *ret)
{
	const char *wide = json_wide(v);
	char text[FMT_BUF];
	int64_t value;

	if (wide) {
		if (fmt_parse_u64(wide, ret) < 0 || *ret > max)
			return out_of_range(r, at, wide, min, max);
		return 0;
	}
	if (!json_is_integer(v))
		return oci_fail(r, at, -EBADMSG, "it is not a whole number");
	value = json_integer_value(v);
	if (value < min || (value > 0 && (uint64_t)value > max)) {
		(void)err_format(text, sizeof(text), "%lld", (long long)value);
		return out_of_range(r, at, text, min, max);
	}
	*ret = (uint64_t)value;
	return 0;
}

static int read_name(struct oci_reader *r, const struct oci_at *at, const json_t *v,
		     const struct oci_names *names, uint64_t *ret)
{
	const char *text = NULL;
	int rc = oci_read_text(r, at, v, SIZE_MAX, 0, &text);

	if (rc < 0)
		return rc;
	if (oci_name_find(names->v, text, ret) < 0)
		return oci_fail(r, at, -EINVAL, "'%.*s' is no %s", TEXT_SHOWN_MAX, text,
				names->what);
	return 0;
}

static int check_count(struct oci_reader *r, const struct oci_at *at, size_t count, size_t max)
{
	return count > max ? oci_fail(r, at, -E2BIG, "it has %zu entries, at most %zu are allowed",
				      count, max) :
			     0;
}

int oci_read_array(struct oci_reader *r, const struct oci_at *at, const json_t *v, size_t max,
		   size_t *ret)
{
	if (!json_is_array(v))
		return oci_fail(r, at, -EBADMSG, "it is not an array");
	*ret = json_array_size(v);
	return check_count(r, at, *ret, max);
}

int oci_read_entries(struct oci_reader *r, const struct oci_at *at, const json_t *v, size_t max,
		     size_t *ret)
{
	int rc;

	if (!json_is_object(v))
		return oci_fail(r, at, -EBADMSG, "it is not an object");
	*ret = json_object_size(v);
	rc = check_count(r, at, *ret, max);
	if (rc == 0 && json_object_get(v, ""))
		return oci_fail(r, at, -EINVAL, "it has an entry without a name");
	return rc;
}

static void store(void *to, size_t width, uint64_t value)
{
	const uint8_t u8 = (uint8_t)value;
	const uint16_t u16 = (uint16_t)value;
	const uint32_t u32 = (uint32_t)value;

	switch (width) {
	case 1:
		memcpy(to, &u8, sizeof(u8));
		break;
	case 2:
		memcpy(to, &u16, sizeof(u16));
		break;
	case 4:
		memcpy(to, &u32, sizeof(u32));
		break;
	default:
		memcpy(to, &value, sizeof(value));
		break;
	}
}

static int read_texts(struct oci_reader *r, const struct oci_at *at, const struct oci_field *f,
		      const json_t *v, struct oci_strv *ret)
{
	unsigned int flags = f->flags & OCI_ABSOLUTE ? OCI_ABSOLUTE | OCI_REQUIRED : 0;
	size_t n;
	char **list;
	int rc = oci_read_array(r, at, v, f->max, &n);

	if (rc < 0)
		return rc;
	list = oci_alloc(r, n + 1, sizeof(*list));
	if (!list)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		const struct oci_at here = { .up = at, .index = i };
		const char *text = NULL;

		rc = oci_read_text(r, &here, json_array_get(v, i), f->each, flags, &text);
		if (rc < 0)
			return rc;
		list[i] = (char *)text; /* never written to: as argv wants it */
	}
	*ret = (struct oci_strv){ list, n };
	return 0;
}

static int read_map(struct oci_reader *r, const struct oci_at *at, const struct oci_field *f,
		    const json_t *v, struct oci_map *ret)
{
	struct oci_pair *list;
	const char *key;
	json_t *member;
	size_t n;
	int rc = oci_read_entries(r, at, v, f->max, &n);

	if (rc < 0)
		return rc;
	list = oci_alloc(r, n, sizeof(*list));
	if (!list)
		return -ENOMEM;
	n = 0;
	json_object_foreach((json_t *)v, key, member) {
		const struct oci_at here = { .up = at, .key = key, .is_entry = true };

		if (strlen(key) > OCI_PATH_MAX)
			return oci_fail(r, &here, -E2BIG, "its name is longer than %u bytes",
					OCI_PATH_MAX);
		rc = oci_read_text(r, &here, member, f->each, 0, &list[n].value);
		if (rc < 0)
			return rc;
		list[n++].key = key;
	}
	*ret = (struct oci_map){ list, n };
	return 0;
}

static int read_flags(struct oci_reader *r, const struct oci_at *at, const struct oci_field *f,
		      const json_t *v, uint64_t *ret)
{
	uint64_t flag = 0;
	size_t n;
	int rc = oci_read_array(r, at, v, OCI_NAME_MAX, &n);

	for (size_t i = 0; rc == 0 && i < n; i++) {
		const struct oci_at here = { .up = at, .index = i };

		rc = read_name(r, &here, json_array_get(v, i), f->names, &flag);
		*ret |= flag;
	}
	return rc;
}

static int read_list(struct oci_reader *r, const struct oci_at *at, const struct oci_field *f,
		     const json_t *v, struct any_list *ret)
{
	size_t n;
	char *list;
	int rc = oci_read_array(r, at, v, f->max, &n);

	if (rc < 0)
		return rc;
	list = oci_alloc(r, n, f->table->size);
	if (!list)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		const struct oci_at here = { .up = at, .index = i };

		rc = oci_read_object(r, &here, json_array_get(v, i), f->table,
				     list + i * f->table->size);
		if (rc < 0)
			return rc;
	}
	*ret = (struct any_list){ list, n };
	return 0;
}

/* Return: 1 if it was read, 0 if it counts as missing (an empty string). */
static int read_field(struct oci_reader *r, const struct oci_at *at, const struct oci_field *f,
		      const json_t *v, void *base)
{
	void *member = (char *)base + f->offset;
	const char *text = NULL;
	uint64_t value = 0;
	int rc = 0;

	switch (f->type) {
	case OCI_BOOL:
		if (!json_is_boolean(v))
			return oci_fail(r, at, -EBADMSG, "it is not true or false");
		*(bool *)member = json_is_true(v);
		break;
	case OCI_NUMBER:
		rc = oci_read_number(r, at, v, f->min, f->max, &value);
		if (rc == 0)
			store(member, f->width, value);
		break;
	case OCI_NAME:
		rc = read_name(r, at, v, f->names, &value);
		if (rc == 0)
			store(member, f->width, value);
		break;
	case OCI_FLAGS:
		rc = read_flags(r, at, f, v, member);
		break;
	case OCI_TEXT:
		rc = oci_read_text(r, at, v, f->max, f->flags, &text);
		if (rc < 0 || !*text)
			return rc;
		*(const char **)member = text;
		break;
	case OCI_TEXTS:
		rc = read_texts(r, at, f, v, member);
		break;
	case OCI_MAP:
		rc = read_map(r, at, f, v, member);
		break;
	case OCI_OBJECT:
		rc = oci_read_object(r, at, v, f->table, member);
		break;
	case OCI_LIST:
		rc = read_list(r, at, f, v, member);
		break;
	case OCI_OWN:
		rc = f->read(r, at, v, member);
		break;
	}
	return rc < 0 ? rc : 1;
}

/* The row of @key. Documents mostly keep the order of the table: look behind the last one first. */
static unsigned int find_field(const struct oci_table *t, const char *key, unsigned int from)
{
	for (unsigned int i = from; i < t->n; i++)
		if (strcmp(t->fields[i].key, key) == 0)
			return i;
	for (unsigned int i = 0; i < from; i++)
		if (strcmp(t->fields[i].key, key) == 0)
			return i;
	return t->n;
}

int oci_read_object(struct oci_reader *r, const struct oci_at *at, const json_t *v,
		    const struct oci_table *t, void *ret)
{
	uint64_t seen = 0;
	unsigned int next = 0;
	const char *key;
	json_t *member;

	if (!json_is_object(v))
		return oci_fail(r, at, -EBADMSG, "it is not an object");
	json_object_foreach((json_t *)v, key, member) {
		unsigned int i = find_field(t, key, next);
		const struct oci_at here = { .up = at, .key = key };
		int rc;

		if (i == t->n || json_is_null(member))
			continue;
		next = i + 1;
		rc = read_field(r, &here, &t->fields[i], member, ret);
		if (rc < 0)
			return rc;
		if (rc == 0)
			continue;
		seen |= UINT64_C(1) << i;
		if (t->fields[i].has)
			*((char *)ret + t->fields[i].has - 1) = true;
	}
	for (unsigned int i = 0; i < t->n; i++)
		if (t->fields[i].flags & OCI_REQUIRED && !(seen & UINT64_C(1) << i))
			return oci_fail_in(r, at, t->fields[i].key, -EBADMSG, "it is missing");
	return t->check ? t->check(r, at, v, ret) : 0;
}

bool oci_is_number_list(const char *text)
{
	uint64_t last;

	for (const char *at = text;; at++) {
		for (int part = 0;; part++) {
			char digits[16];
			size_t n = strspn(at, "0123456789");
			uint64_t value;

			if (n == 0 || n >= sizeof(digits))
				return false;
			memcpy(digits, at, n);
			digits[n] = 0;
			if (fmt_parse_u64(digits, &value) < 0 || (part && value < last))
				return false;
			last = value;
			at += n;
			if (*at != '-' || part)
				break;
			at++;
		}
		if (!*at)
			return true;
		if (*at != ',')
			return false;
	}
}

bool oci_is_file_name(const char *text)
{
	return *text && !strchr(text, '/') && strcmp(text, ".") != 0 && strcmp(text, "..") != 0;
}
