// SPDX-License-Identifier: Apache-2.0
/*
 * state.json and what is printed of it. `list` reads one for each container and most fields are short: the members are
 * found without jansson, which makes a node of each and takes five times as long.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/fmt.h"
#include "base/io.h"
#include "base/json.h"
#include "base/json_span.h"
#include "base/str.h"
#include "runtime/record.h"

#define VERSION "2"
#define HEAD                         \
	"{\n  \"version\": " VERSION \
	",\n  \"started\": " /* then a digit, which set_digit() changes */

enum { WAITS = '0', STARTED = '1', STARTING = '2' };

enum kind { TEXT, U64, INT, FLAG, OBJECT };

/* clang-format off */
#define KIND(member) \
	_Generic(((struct record *)NULL)->member, char *: TEXT, uint64_t: U64, int: INT, bool: FLAG, json_t *: OBJECT)
#define FIELD(key, member) { key, sizeof(key) - 1, KIND(member), offsetof(struct record, member) }
static const struct field {
	const char *key;
	size_t len;
	enum kind kind;
	size_t at;
} fields[] = {
	FIELD("pid",          init.pid),
	FIELD("report",       pipes.report),
	FIELD("wait",         pipes.wait),
	FIELD("start",        init.start),
	FIELD("pidInode",     init.inode),
	FIELD("waitDev",      wait_dev),
	FIELD("waitInode",    wait_inode),
	FIELD("cgroupInode",  cgroup_inode),
	FIELD("ownCgroup",    has_own_cgroup),
	FIELD("userns",       has_userns),
	FIELD("ownPids",      has_own_pids),
	FIELD("hostRoot",     has_host_root),
	FIELD("bundle",       bundle),
	FIELD("rootfs",       rootfs),
	FIELD("created",      created),
	FIELD("cgroup",       cgroup),
	FIELD("scope",        scope),
	FIELD("owner",        owner),
	FIELD("resctrl",      resctrl),
	FIELD("annotations",  annotations),
	FIELD("hooks",        hooks),
};
/* clang-format on */

static void add_string(struct str *s, const char *key, const char *value)
{
	str_addf(s, ",\n  \"%s\": ", key);
	str_add_json(s, value ? value : "");
}

static int add_object(struct str *s, const char *key, const json_t *value)
{
	_cleanup_free_ char *text = value ? json_text(value) : NULL;

	if (!value)
		return 0;
	if (!text)
		return -ENOMEM;
	str_addf(s, ",\n  \"%s\": ", key);
	str_add(s, text);
	return 0;
}

static void *member(const struct record *r, const struct field *f)
{
	return (char *)r + f->at;
}

/* What is empty, zero or false is left out; a descriptor is always told, as 0 is one. */
static int add_field(struct str *s, const struct record *r, const struct field *f)
{
	const char *const *text = member(r, f);
	const uint64_t *number = member(r, f);
	const bool *flag = member(r, f);
	const int *small = member(r, f);
	json_t *const *object = member(r, f);

	switch (f->kind) {
	case TEXT:
		if (*text && **text)
			add_string(s, f->key, *text);
		break;
	case U64:
		if (*number)
			str_addf(s, ",\n  \"%s\": %llu", f->key, (unsigned long long)*number);
		break;
	case INT:
		str_addf(s, ",\n  \"%s\": %d", f->key, *small);
		break;
	case FLAG:
		if (*flag)
			str_addf(s, ",\n  \"%s\": true", f->key);
		break;
	case OBJECT:
		return add_object(s, f->key, *object);
	}
	return 0;
}

int record_write(int dirfd, const struct record *r, struct err *e)
{
	_cleanup_str_ struct str s = STR_INIT;
	int status = 0;

	str_addf(&s, HEAD "%c", r->is_started ? STARTED : r->is_starting ? STARTING : WAITS);
	for (size_t i = 0; i < ARRAY_SIZE(fields) && status == 0; i++)
		status = add_field(&s, r, &fields[i]);
	str_add(&s, "\n}\n");
	if (status < 0 || str_failed(&s))
		return err_set(e, ENOMEM, "write the state of container '%s'", r->id);
	return io_replace_file(dirfd, RECORD_FILE, str_text(&s), s.len, 0600, 0, e);
}

/* A file of another form stays as it is. Return: 0; -errno. */
static int set_digit(int dirfd, char from, char to)
{
	_cleanup_fd_ int fd = openat(dirfd, RECORD_FILE, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	char head[sizeof(HEAD)];

	if (fd < 0)
		return -errno;
	if (pread(fd, head, sizeof(head), 0) != sizeof(head) ||
	    memcmp(head, HEAD, sizeof(head) - 1) != 0 || head[sizeof(head) - 1] != from)
		return -EBADMSG;
	return pwrite(fd, &to, 1, sizeof(head) - 1) == 1 ? 0 : -errno;
}

int record_set_starting(int dirfd, struct err *e)
{
	int r = set_digit(dirfd, WAITS, STARTING);

	/* a start before this one was killed */
	return r < 0 && r != -EBADMSG ? err_set(e, r, "write to '" RECORD_FILE "'") : 0;
}

void record_set_started(int dirfd)
{
	(void)set_digit(dirfd, STARTING, STARTED);
}

static int bad_value(const char *key, struct err *e)
{
	return err_plain(e, -EBADMSG,
			 "'" RECORD_FILE "': '%s' has a value of another kind, or out of range",
			 key);
}

static json_t *parse_value(const struct json_member *m, const struct field *f, struct err *e)
{
	char what[64];

	(void)err_format(what, sizeof(what), "'" RECORD_FILE "': '%s'", f->key);
	return json_parse(m->value, m->value_len, what, e);
}

static bool is_plain(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)p[i] < ' ' || (unsigned char)p[i] >= 0x7f || p[i] == '\\')
			return false;
	return true;
}

/* With its quotes. */
static int get_text(const struct json_member *m, const struct field *f, char **ret, struct err *e)
{
	_cleanup_json_ json_t *j = NULL;

	if (*m->value == '"' && is_plain(m->value + 1, m->value_len - 2)) {
		*ret = strndup(m->value + 1, m->value_len - 2);
	} else {
		j = parse_value(m, f, e);
		if (!j)
			return -EBADMSG;
		if (!json_is_string(j))
			return bad_value(f->key, e);
		*ret = strdup(json_string_value(j));
	}
	return *ret ? 0 : err_set(e, ENOMEM, "read '%s'", f->key);
}

static int get_number(const struct json_member *m, int64_t *ret)
{
	char digits[FMT_BUF];

	if (m->value_len >= sizeof(digits) ||
	    (*m->value != '-' && (*m->value < '0' || *m->value > '9')))
		return -EBADMSG;
	memcpy(digits, m->value, m->value_len);
	digits[m->value_len] = '\0';
	return fmt_parse_i64(digits, ret);
}

static int get_object(const struct json_member *m, const struct field *f, json_t **ret,
		      struct err *e)
{
	json_t *j = parse_value(m, f, e);

	if (!j)
		return -EBADMSG;
	if (!json_is_object(j)) {
		json_decref(j);
		return bad_value(f->key, e);
	}
	*ret = j;
	return 0;
}

static bool is_value(const struct json_member *m, const char *text)
{
	return m->value_len == strlen(text) && memcmp(m->value, text, m->value_len) == 0;
}

static int get_field(const struct json_member *m, const struct field *f, struct record *r,
		     struct err *e)
{
	bool *flag = member(r, f);
	int64_t number;

	if (is_value(m, "null"))
		return 0;
	switch (f->kind) {
	case TEXT:
		return get_text(m, f, member(r, f), e);
	case OBJECT:
		return get_object(m, f, member(r, f), e);
	case U64:
		if (get_number(m, &number) < 0 || number < 0)
			return bad_value(f->key, e);
		*(uint64_t *)member(r, f) = (uint64_t)number;
		return 0;
	case INT:
		if (get_number(m, &number) < 0 || number < -1 || number > INT32_MAX)
			return bad_value(f->key, e);
		*(int *)member(r, f) = (int)number;
		return 0;
	case FLAG:
		*flag = is_value(m, "true");
		return *flag || is_value(m, "false") ? 0 : bad_value(f->key, e);
	}
	return 0;
}

/* A name that we do not know says nothing to us. */
static int find_field(const struct json_member *m, size_t *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		if (m->key_len == fields[i].len && memcmp(m->key, fields[i].key, m->key_len) == 0) {
			*ret = i;
			return 0;
		}
	}
	return -ENOENT;
}

static bool is_key(const struct json_member *m, const char *key)
{
	return m->key_len == strlen(key) && memcmp(m->key, key, m->key_len) == 0;
}

/* Those of HEAD, which are no fields. */
enum head { VERSION_SEEN = 1, STARTED_SEEN = 2 };

static int get_head(const struct json_member *m, struct record *r, unsigned int *seen,
		    struct err *e)
{
	bool is_version = is_key(m, "version");
	unsigned int bit = is_version ? VERSION_SEEN : STARTED_SEEN;

	if (is_version && !is_value(m, VERSION)) {
		int s = err_plain(e, -EPROTO, "written by another version of davit-oci (%.*s)",
				  m->value_len < NAME_MAX ? (int)m->value_len : NAME_MAX, m->value);

		err_hint(e, "use the davit-oci that wrote it");
		return s;
	}
	if (*seen & bit ||
	    (!is_version && (m->value_len != 1 || *m->value < WAITS || *m->value > STARTING)))
		return bad_value(is_version ? "version" : "started", e);
	if (!is_version) {
		r->is_started = *m->value == STARTED;
		r->is_starting = *m->value == STARTING;
	}
	*seen |= bit;
	return 0;
}

static int parse_members(const char *text, size_t n, struct record *r, struct err *e)
{
	struct json_members members = { .p = text, .end = text + n };
	struct json_member m;
	unsigned int head = 0;
	uint32_t seen = 0;
	size_t i;
	int s;

	_Static_assert(ARRAY_SIZE(fields) <= 32, "a bit for each");
	while ((s = json_span_next(&members, &m)) > 0) {
		if (is_key(&m, "version") || is_key(&m, "started")) {
			s = get_head(&m, r, &head, e);
		} else if (find_field(&m, &i) == 0) {
			s = seen & 1u << i ? bad_value(fields[i].key, e) :
					     get_field(&m, &fields[i], r, e);
			seen |= 1u << i;
		}
		if (s < 0)
			return s;
	}
	if (s < 0)
		return err_plain(e, s, "'" RECORD_FILE "' is not valid JSON");
	return head & VERSION_SEEN ? 0 : err_plain(e, -EBADMSG, "'" RECORD_FILE "' has no version");
}

/* Readers of a record need not ask whether a text is there. */
static int fill_texts(struct record *r, struct err *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		char **text = member(r, &fields[i]);

		if (fields[i].kind == TEXT && !*text && !(*text = strdup("")))
			return err_set(e, ENOMEM, "read '%s'", fields[i].key);
	}
	return 0;
}

int record_parse(const char *text, size_t n, struct record *ret, struct err *e)
{
	_cleanup_(record_done) struct record record = { .pipes = { -1, -1 } };
	int r = parse_members(text, n, &record, e);

	if (r == 0)
		r = fill_texts(&record, e);
	if (r < 0)
		return r;
	*ret = record;
	record = (struct record){ .pipes = { -1, -1 } };
	return 0;
}

void record_state_json(const struct record *r, enum record_status status, struct str *out)
{
	str_add(out, "{\n  \"ociVersion\": \"" RECORD_OCI_VERSION "\"");
	add_string(out, "id", r->id);
	str_addf(out, ",\n  \"pid\": %d", status == RECORD_STOPPED ? 0 : r->init.pid);
	add_string(out, "status", record_status_name(status));
	add_string(out, "bundle", r->bundle);
	add_string(out, "rootfs", r->rootfs);
	if (r->created)
		add_string(out, "created", r->created);
	if (add_object(out, "annotations", r->annotations) < 0)
		out->failed = true;
	if (r->scope && *r->scope)
		add_string(out, "systemd-scope", r->scope); /* as crun has it */
	add_string(out, "owner", r->owner);
	str_add(out, "\n}");
}
