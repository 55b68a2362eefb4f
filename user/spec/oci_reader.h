/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tables that read JSON objects into structs: one row is one property. Shared by the files that
 * parse OCI documents; what they make is in oci_config.h.
 *
 * Strings are borrowed from the JSON tree and arrays come from the document's memory, so that a
 * struct read by a table has nothing to be freed by itself.
 */
#ifndef DAVIT_SPEC_OCI_READER_H
#define DAVIT_SPEC_OCI_READER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spec/oci_config.h"

struct err;

/* Where a value is: members from the inside out; NULL is the document itself. */
struct oci_at {
	const struct oci_at *up;
	const char *key; /* NULL: .index of an array */
	size_t index;
	bool is_entry; /* .key is one that the document chose: written ["key"] */
};

struct oci_reader {
	struct oci_doc *doc;
	const char *what; /* name of the document in messages */
	struct err *e;
};

/* Names that stand for numbers; { NULL } ends the list. */
struct oci_name {
	const char *name;
	uint64_t value;
};

struct oci_names {
	const char *what; /* "resource limit", for messages */
	const struct oci_name *v;
};

/* clang-format off */
enum oci_type {
	OCI_BOOL,   /* bool */
	OCI_NUMBER, /* integer of .width bytes, from .min to .max */
	OCI_NAME,   /* one of .names: integer of .width bytes */
	OCI_FLAGS,  /* array of .names: uint64_t, or-ed */
	OCI_TEXT,   /* const char *, at most .max bytes; "" counts as missing */
	OCI_TEXTS,  /* struct oci_strv of at most .max strings of at most .each bytes */
	OCI_MAP,    /* object of strings: struct oci_map of at most .max, values of at most .each bytes */
	OCI_OBJECT, /* struct, by .table */
	OCI_LIST,   /* OCI_LIST_OF() of at most .max structs, by .table */
	OCI_OWN,    /* whatever .read() makes of it */
};
/* clang-format on */

#define OCI_REQUIRED (1u << 0)
#define OCI_ABSOLUTE (1u << 1) /* OCI_TEXT, OCI_TEXTS: paths that start with '/' */

typedef int oci_read_fn(struct oci_reader *r, const struct oci_at *at, const json_t *v, void *ret);

struct oci_field {
	const char *key;
	enum oci_type type;
	unsigned int flags;
	uint16_t offset, width;
	uint16_t has; /* offset of a bool to set, plus 1; 0 = none */
	int64_t min;
	uint64_t max;
	uint32_t each;
	union {
		const struct oci_names *names;
		const struct oci_table *table;
		oci_read_fn *read;
	};
};

/**
 * struct oci_table - how an object is read
 * @size:  of the struct
 * @check: NULL, or judges the members together when all are read; @v is the object
 */
struct oci_table {
	const struct oci_field *fields;
	unsigned int n;
	size_t size;
	oci_read_fn *check;
};

#define OCI_FIELDS_MAX 64u /* rows of a table */

/* clang-format off */
#define OCI_TABLE(f, s, c) { .fields = (f), .n = ARRAY_SIZE(f), .size = sizeof(s), .check = (c) }

#define OCI_HAS(s, m) .has = offsetof(s, m) + 1
#define OCI_MEMBER_(k, t, s, m) \
	.key = (k), .type = (t), .offset = offsetof(s, m), .width = sizeof(((s *)NULL)->m)

#define OCI_F_BOOL(k, s, m, ...) { OCI_MEMBER_(k, OCI_BOOL, s, m), __VA_ARGS__ }
#define OCI_F_NUMBER(k, s, m, lo, hi, ...) \
	{ OCI_MEMBER_(k, OCI_NUMBER, s, m), .min = (lo), .max = (hi), __VA_ARGS__ }
#define OCI_F_NAME(k, s, m, t, ...) { OCI_MEMBER_(k, OCI_NAME, s, m), .names = (t), __VA_ARGS__ }
#define OCI_F_FLAGS(k, s, m, t, ...) { OCI_MEMBER_(k, OCI_FLAGS, s, m), .names = (t), __VA_ARGS__ }
#define OCI_F_TEXT(k, s, m, hi, ...) { OCI_MEMBER_(k, OCI_TEXT, s, m), .max = (hi), __VA_ARGS__ }
#define OCI_F_TEXTS(k, s, m, hi, each_, ...) \
	{ OCI_MEMBER_(k, OCI_TEXTS, s, m), .max = (hi), .each = (each_), __VA_ARGS__ }
#define OCI_F_MAP(k, s, m, hi, each_, ...) \
	{ OCI_MEMBER_(k, OCI_MAP, s, m), .max = (hi), .each = (each_), __VA_ARGS__ }
#define OCI_F_OBJECT(k, s, m, t, ...) { OCI_MEMBER_(k, OCI_OBJECT, s, m), .table = (t), __VA_ARGS__ }
#define OCI_F_LIST(k, s, m, hi, t, ...) \
	{ OCI_MEMBER_(k, OCI_LIST, s, m), .max = (hi), .table = (t), __VA_ARGS__ }
#define OCI_F_OWN(k, s, m, fn, ...) { OCI_MEMBER_(k, OCI_OWN, s, m), .read = (fn), __VA_ARGS__ }
/* clang-format on */

/* oci_load() - JSON of at most @max bytes into an empty @doc. Return: 0; -EFBIG, -EBADMSG. */
int oci_load(struct oci_doc *doc, const char *text, size_t n, size_t max, const char *what,
	     struct err *e);

/* oci_alloc() - @n zeroed structs of @size bytes that live as long as the document; NULL with the
 * reader's error when out of memory. */
void *oci_alloc(struct oci_reader *r, size_t n, size_t size);

/* oci_fail() - "WHAT: PATH: message"; @code is -errno and returned */
int oci_fail(struct oci_reader *r, const struct oci_at *at, int code, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* oci_fail_in() - the same for the member @key of @at */
int oci_fail_in(struct oci_reader *r, const struct oci_at *at, const char *key, int code,
		const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/* oci_fail_under() - put "WHAT: PATH" before a message that another parser has left in .e */
int oci_fail_under(struct oci_reader *r, const struct oci_at *at, int code);

/* oci_read_object() - @v by @t into the zeroed struct @ret. Members that @t does not know and members
 * that are null are passed over. */
int oci_read_object(struct oci_reader *r, const struct oci_at *at, const json_t *v,
		    const struct oci_table *t, void *ret);

/* Single values, for read functions. Texts longer than @max are errors. */
int oci_read_text(struct oci_reader *r, const struct oci_at *at, const json_t *v, size_t max,
		  unsigned int flags, const char **ret);
int oci_read_number(struct oci_reader *r, const struct oci_at *at, const json_t *v, int64_t min,
		    uint64_t max, uint64_t *ret);
/* An array of at most @max. Return: 0 with its length. */
int oci_read_array(struct oci_reader *r, const struct oci_at *at, const json_t *v, size_t max,
		   size_t *ret);
/* An object of at most @max members of the document's choice, their names not empty. */
int oci_read_entries(struct oci_reader *r, const struct oci_at *at, const json_t *v, size_t max,
		     size_t *ret);

/* oci_name_find() - 0 and the value, -ENOENT */
int oci_name_find(const struct oci_name *v, const char *name, uint64_t *ret);

/* Tables and read functions that more than one file uses. */
extern const struct oci_table oci_process_table, oci_resources_table, oci_mount_table,
	oci_hooks_table, oci_linux_table, oci_device_table, oci_device_rule_table;
oci_read_fn oci_read_namespaces, oci_read_id_maps, oci_read_time_offsets, oci_read_net_devices;

/* oci_id_maps_check() - neither the ids inside nor those outside may overlap or wrap around */
int oci_id_maps_check(struct oci_reader *r, const struct oci_at *at, const struct oci_id_maps *m);

/* oci_is_number_list() - is @text a list of processors or nodes, as "0-3,8"? */
bool oci_is_number_list(const char *text);

/* oci_is_file_name() - can @text be the name of a file in a directory of the kernel's? */
bool oci_is_file_name(const char *text);

#endif
