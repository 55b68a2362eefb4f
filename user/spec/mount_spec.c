// SPDX-License-Identifier: Apache-2.0
/* What -v, --mount and --tmpfs ask for. */
#include "spec/mount_spec.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/fmt.h"
#include "base/str.h"
#include "spec/clean_path.h"

#define TMPFS_ATTR (MS_NOSUID | MS_NODEV | MS_NOEXEC) /* Docker's default for a tmpfs */
#define TMPFS_MODE 01777

#define ON_BIND (1u << MOUNT_SPEC_BIND)
#define ON_TMPFS (1u << MOUNT_SPEC_TMPFS)
#define ON_ANY (ON_BIND | ON_TMPFS)

/* Which words exclude each other: only one of a kind may be given. */
enum kind { KIND_NONE, KIND_ACCESS, KIND_LABEL, KIND_PROPAGATION, KIND_CONSISTENCY, KIND_COUNT };

/* One word of a comma list. @set and @clear are MS_*; MS_RDONLY and propagation included. */
struct word {
	const char *name;
	unsigned int types;
	enum kind kind;
	unsigned long set, clear;
};

/* clang-format off */
static const struct word words[] = {
	{ "ro",          ON_ANY,   KIND_ACCESS,      MS_RDONLY, 0 },
	{ "rw",          ON_ANY,   KIND_ACCESS,      0, 0 },
	{ "private",     ON_BIND,  KIND_PROPAGATION, MS_PRIVATE, 0 },
	{ "rprivate",    ON_BIND,  KIND_PROPAGATION, MS_PRIVATE | MS_REC, 0 },
	{ "shared",      ON_BIND,  KIND_PROPAGATION, MS_SHARED, 0 },
	{ "rshared",     ON_BIND,  KIND_PROPAGATION, MS_SHARED | MS_REC, 0 },
	{ "slave",       ON_BIND,  KIND_PROPAGATION, MS_SLAVE, 0 },
	{ "rslave",      ON_BIND,  KIND_PROPAGATION, MS_SLAVE | MS_REC, 0 },
	{ "z",           ON_BIND,  KIND_LABEL,       0, 0 },
	{ "Z",           ON_BIND,  KIND_LABEL,       0, 0 },
	/* file sharing of Docker Desktop: without meaning on Linux, accepted there too */
	{ "consistent",  ON_BIND,  KIND_CONSISTENCY, 0, 0 },
	{ "cached",      ON_BIND,  KIND_CONSISTENCY, 0, 0 },
	{ "delegated",   ON_BIND,  KIND_CONSISTENCY, 0, 0 },
	{ "default",     ON_BIND,  KIND_CONSISTENCY, 0, 0 },
	{ "exec",        ON_TMPFS, KIND_NONE,        0, MS_NOEXEC },
	{ "noexec",      ON_TMPFS, KIND_NONE,        MS_NOEXEC, 0 },
	{ "suid",        ON_TMPFS, KIND_NONE,        0, MS_NOSUID },
	{ "nosuid",      ON_TMPFS, KIND_NONE,        MS_NOSUID, 0 },
	{ "dev",         ON_TMPFS, KIND_NONE,        0, MS_NODEV },
	{ "nodev",       ON_TMPFS, KIND_NONE,        MS_NODEV, 0 },
	{ "noatime",     ON_TMPFS, KIND_NONE,        MS_NOATIME, MS_RELATIME },
	{ "relatime",    ON_TMPFS, KIND_NONE,        MS_RELATIME, MS_NOATIME },
	{ "nodiratime",  ON_TMPFS, KIND_NONE,        MS_NODIRATIME, 0 },
};
/* clang-format on */

#define PROPAGATION_MASK (MS_PRIVATE | MS_SHARED | MS_SLAVE | MS_UNBINDABLE | MS_REC)

static const struct word *find_word(const char *name, enum mount_spec_type type)
{
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcmp(words[i].name, name) == 0 && words[i].types & 1u << type)
			return &words[i];
	return NULL;
}

static void apply_word(struct mount_spec *m, const struct word *w)
{
	switch (w->kind) {
	case KIND_ACCESS:
		m->is_readonly = w->set & MS_RDONLY;
		break;
	case KIND_PROPAGATION:
		m->propagation = w->set & PROPAGATION_MASK;
		break;
	case KIND_LABEL:
		m->is_relabel = true;
		break;
	case KIND_NONE:
		m->attr = (m->attr & ~w->clear) | w->set;
		break;
	case KIND_CONSISTENCY:
	case KIND_COUNT:
		break;
	}
}

static int parse_mode(const char *text, mode_t *ret, struct err *e)
{
	uint64_t mode;

	if (fmt_parse_u64_base(text, 8, &mode) < 0 || mode > 07777)
		return err_plain(e, -EINVAL, "mode '%s' is not octal, from 0 to 7777", text);
	*ret = (mode_t)mode;
	return 0;
}

static int parse_bytes(const char *text, uint64_t *ret, struct err *e)
{
	int r = fmt_parse_size(text, ret);

	if (r < 0)
		return err_plain(e, r, "size '%s' is not a number of bytes, like 64m", text);
	return 0;
}

static int parse_id(const char *what, const char *text, uint32_t *ret, struct err *e)
{
	uint32_t id;

	if (fmt_parse_u32(text, &id) < 0 || id == UINT32_MAX)
		return err_plain(e, -EINVAL, "%s '%s' is not a number from 0 to %u", what, text,
				 UINT32_MAX - 1);
	*ret = id;
	return 0;
}

/* KEY=VALUE of --tmpfs. Return: 1 if it is none of ours. */
static int tmpfs_value(struct mount_spec *m, const char *key, const char *value, struct err *e)
{
	uint64_t n;

	if (strcmp(key, "size") == 0)
		return parse_bytes(value, &m->size, e);
	if (strcmp(key, "mode") == 0)
		return parse_mode(value, &m->mode, e);
	if (strcmp(key, "uid") == 0)
		return parse_id(key, value, &m->uid, e);
	if (strcmp(key, "gid") == 0)
		return parse_id(key, value, &m->gid, e);
	if (strcmp(key, "nr_inodes") == 0) {
		if (fmt_parse_size(value, &n) < 0)
			return err_plain(e, -EINVAL, "nr_inodes '%s' is not a number", value);
		m->inodes = n;
		return 0;
	}
	return 1;
}

/* The comma list behind the paths of -v and --tmpfs. */
static int parse_words(struct mount_spec *m, char *list, struct err *e)
{
	bool seen[KIND_COUNT] = { false };
	char *next;

	for (char *at = list; at; at = next) {
		const struct word *w;
		char *value;
		int r;

		next = strchr(at, ',');
		if (next)
			*next++ = 0;
		w = find_word(at, m->type);
		if (w) {
			if (w->kind != KIND_NONE && seen[w->kind])
				return err_plain(e, -EINVAL,
						 "option '%s' contradicts an earlier one", at);
			seen[w->kind] = true;
			apply_word(m, w);
			continue;
		}
		value = strchr(at, '=');
		if (m->type == MOUNT_SPEC_TMPFS && value) {
			*value++ = 0;
			r = tmpfs_value(m, at, value, e);
			if (r <= 0) {
				if (r < 0)
					return r;
				continue;
			}
		}
		if (strcmp(at, "nocopy") == 0)
			return err_plain(e, -EINVAL, "option 'nocopy' is only for named volumes");
		r = err_plain(e, -EINVAL, "unknown option '%s'", at);
		err_hint(e, m->type == MOUNT_SPEC_BIND ?
				    "there are ro, rw, z, Z and the propagations, like rslave" :
				    "there are ro, size=, mode=, uid=, gid=, exec, suid, dev");
		return r;
	}
	return 0;
}

static int set_target(struct mount_spec *m, const char *text, size_t n, struct err *e)
{
	int r = clean_path(text, n, true, &m->target, e);

	if (r < 0)
		return err_wrap(e, r, "target in the container");
	if (strcmp(m->target, "/") == 0)
		return err_plain(e, -EINVAL, "the target cannot be '/'");
	return 0;
}

static int refuse_volume(const char *name, size_t n, struct err *e)
{
	int r = err_plain(e, -EOPNOTSUPP, "named volume '%.*s': volumes are not supported yet",
			  (int)n, name);

	err_hint(e, "give an absolute path on the host, or --mount type=tmpfs");
	return r;
}

static int set_source(struct mount_spec *m, const char *text, size_t n, bool may_be_name,
		      struct err *e)
{
	int r;

	if (n > 0 && text[0] != '/' && text[0] != '.' && may_be_name && !memchr(text, '/', n))
		return refuse_volume(text, n, e);
	r = clean_path(text, n, false, &m->source, e);
	if (r == -EINVAL)
		err_hint(e, "start it with \"$PWD/\"");
	return r < 0 ? err_wrap(e, r, "source on the host") : 0;
}

static void init(struct mount_spec *m, enum mount_spec_type type)
{
	*m = (struct mount_spec){ .type = type };
	if (type == MOUNT_SPEC_TMPFS) {
		m->attr = TMPFS_ATTR;
		m->mode = TMPFS_MODE;
	}
	m->propagation = MS_PRIVATE | MS_REC;
	m->is_recursive = type == MOUNT_SPEC_BIND;
}

/* The common end: keep @m or free it, name the option and its text. */
static int finish(struct mount_spec *m, int r, const char *option, const char *text,
		  struct mount_spec *ret, struct err *e)
{
	if (r < 0) {
		mount_spec_done(m);
		return err_wrap(e, r, "option '%s %s'", option, text);
	}
	*ret = *m;
	return 0;
}

static int check_length(const char *text, struct err *e)
{
	if (strlen(text) > MOUNT_SPEC_TEXT_MAX)
		return err_plain(e, -E2BIG, "mount option is longer than %u bytes",
				 MOUNT_SPEC_TEXT_MAX);
	return 0;
}

static int parse_volume(struct mount_spec *m, const char *text, struct err *e)
{
	const char *target = strchr(text, ':'), *words_at;
	_cleanup_free_ char *list = NULL;
	int r;

	if (!target) {
		r = err_plain(e, -EOPNOTSUPP, "anonymous volumes are not supported yet");
		err_hint(e, "for an empty directory use --tmpfs %s", text);
		return r;
	}
	r = set_source(m, text, (size_t)(target++ - text), true, e);
	if (r < 0)
		return r;
	words_at = strchr(target, ':');
	r = set_target(m, target, words_at ? (size_t)(words_at - target) : strlen(target), e);
	if (r < 0 || !words_at)
		return r;
	if (strchr(++words_at, ':'))
		return err_plain(e, -EINVAL, "it has more than three parts");
	list = strdup(words_at);
	return list ? parse_words(m, list, e) : err_set(e, ENOMEM, "parse options");
}

int mount_spec_parse_volume(const char *text, struct mount_spec *ret, struct err *e)
{
	struct mount_spec m;
	int r = check_length(text, e);

	if (r < 0)
		return r;
	init(&m, MOUNT_SPEC_BIND);
	m.create_source = true;
	return finish(&m, parse_volume(&m, text, e), "-v", text, ret, e);
}

static int parse_tmpfs(struct mount_spec *m, const char *text, struct err *e)
{
	const char *colon = strchr(text, ':');
	_cleanup_free_ char *list = NULL;
	int r = set_target(m, text, colon ? (size_t)(colon - text) : strlen(text), e);

	if (r < 0 || !colon)
		return r;
	list = strdup(colon + 1);
	return list ? parse_words(m, list, e) : err_set(e, ENOMEM, "parse options");
}

int mount_spec_parse_tmpfs(const char *text, struct mount_spec *ret, struct err *e)
{
	struct mount_spec m;
	int r = check_length(text, e);

	if (r < 0)
		return r;
	init(&m, MOUNT_SPEC_TMPFS);
	return finish(&m, parse_tmpfs(&m, text, e), "--tmpfs", text, ret, e);
}

/* The fields of --mount: CSV, so that a field in quotes may hold commas. */
static int split_fields(const char *text, struct strv *ret, struct err *e)
{
	for (const char *at = text;; at++) {
		_cleanup_str_ struct str field = STR_INIT;

		if (*at == '"') {
			for (at++; *at && (*at != '"' || at[1] == '"'); at++) {
				str_add_char(&field, *at);
				at += *at == '"';
			}
			if (!*at || (at[1] && at[1] != ','))
				return err_plain(e, -EINVAL, "a quote is not closed");
			at++;
		} else {
			size_t n = strcspn(at, ",");

			str_add_mem(&field, at, n);
			at += n;
		}
		if (str_failed(&field) || strv_add(ret, str_text(&field)) < 0)
			return err_set(e, ENOMEM, "parse options");
		if (!*at)
			return 0;
	}
}

/* What --mount says, before it is known to fit the type. */
struct mount_fields {
	const char *type, *source, *target, *propagation, *recursive;
	const char *size, *mode;
	bool is_readonly, create_source, has_source;
};

static int parse_flag(const char *key, const char *value, bool *ret, struct err *e)
{
	static const struct {
		const char *text;
		bool is_on;
	} texts[] = { { "true", true }, { "1", true }, { "false", false }, { "0", false } };

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		if (!value || strcmp(texts[i].text, value) == 0) {
			*ret = texts[i].is_on;
			return 0;
		}
	}
	return err_plain(e, -EINVAL, "'%s=%s' is not true or false", key, value);
}

static int parse_field(struct mount_fields *f, const char *key, const char *value, struct err *e)
{
	/* clang-format off */
	const struct {
		const char *key;
		const char **value;
		bool *flag;
	} table[] = {
		{ "type",             &f->type,        NULL },
		{ "source",           &f->source,      NULL },
		{ "src",              &f->source,      NULL },
		{ "target",           &f->target,      NULL },
		{ "destination",      &f->target,      NULL },
		{ "dst",              &f->target,      NULL },
		{ "readonly",         NULL,            &f->is_readonly },
		{ "ro",               NULL,            &f->is_readonly },
		{ "bind-propagation", &f->propagation, NULL },
		{ "bind-recursive",   &f->recursive,   NULL },
		{ "bind-create-src",  NULL,            &f->create_source },
		{ "tmpfs-size",       &f->size,        NULL },
		{ "tmpfs-mode",       &f->mode,        NULL },
	};
	/* clang-format on */
	bool is_off = false;
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		if (strcmp(table[i].key, key) != 0)
			continue;
		if (table[i].flag)
			return parse_flag(key, value, table[i].flag, e);
		if (!value || !*value)
			return err_plain(e, -EINVAL, "'%s' needs a value", key);
		if (*table[i].value)
			return err_plain(e, -EINVAL, "'%s' is given twice", key);
		*table[i].value = value;
		return 0;
	}
	if (strcmp(key, "consistency") == 0)
		return 0; /* Docker Desktop's, as with -v */
	if (strcmp(key, "bind-nonrecursive") == 0) {
		r = parse_flag(key, value, &is_off, e);
		if (r == 0 && is_off)
			f->recursive = "disabled";
		return r;
	}
	if (str_starts(key, "volume-"))
		return err_plain(e, -EOPNOTSUPP, "'%s': volumes are not supported yet", key);
	r = err_plain(e, -EINVAL, "unknown key '%s'", key);
	err_hint(e, "there are type, source, target, readonly, bind-propagation, bind-recursive, "
		    "tmpfs-size, tmpfs-mode");
	return r;
}

static int set_recursive(struct mount_spec *m, const char *text, struct err *e)
{
	if (strcmp(text, "disabled") == 0) {
		m->is_recursive = false;
	} else if (strcmp(text, "writable") == 0) {
		m->is_ro_top_only = true;
	} else if (strcmp(text, "readonly") == 0) {
		if (!m->is_readonly)
			return err_plain(e, -EINVAL, "'bind-recursive=readonly' needs 'readonly'");
	} else if (strcmp(text, "enabled") != 0) {
		return err_plain(
			e, -EINVAL,
			"'bind-recursive=%s' is not enabled, disabled, writable or readonly", text);
	}
	return 0;
}

static int build_bind(struct mount_spec *m, const struct mount_fields *f, struct err *e)
{
	int r;

	if (!f->source)
		return err_plain(e, -EINVAL, "'source' is missing");
	if (f->size || f->mode)
		return err_plain(e, -EINVAL, "'tmpfs-%s' is not for type=bind",
				 f->size ? "size" : "mode");
	r = set_source(m, f->source, strlen(f->source), false, e);
	m->create_source = f->create_source;
	if (r == 0 && f->propagation) {
		const struct word *w = find_word(f->propagation, MOUNT_SPEC_BIND);

		if (!w || w->kind != KIND_PROPAGATION)
			return err_plain(e, -EINVAL, "unknown propagation '%s'", f->propagation);
		apply_word(m, w);
	}
	return r == 0 && f->recursive ? set_recursive(m, f->recursive, e) : r;
}

static int build_tmpfs(struct mount_spec *m, const struct mount_fields *f, struct err *e)
{
	int r = 0;

	if (f->source)
		return err_plain(e, -EINVAL, "'source' is not for type=tmpfs");
	if (f->propagation || f->recursive || f->create_source)
		return err_plain(e, -EINVAL, "'bind-%s' is not for type=tmpfs",
				 f->propagation ? "propagation" :
				 f->recursive	? "recursive" :
						  "create-src");
	if (f->size)
		r = parse_bytes(f->size, &m->size, e);
	if (r == 0 && f->mode)
		r = parse_mode(f->mode, &m->mode, e);
	return r;
}

static int parse_mount(struct mount_spec *m, const struct strv *fields, struct err *e)
{
	struct mount_fields f = { .type = NULL };
	bool is_bind;
	int r;

	for (size_t i = 0; i < fields->n; i++) {
		char *value = strchr(fields->v[i], '=');

		if (value)
			*value++ = 0;
		r = parse_field(&f, fields->v[i], value, e);
		if (r < 0)
			return r;
	}
	if (!f.type || strcmp(f.type, "volume") == 0)
		return refuse_volume(f.source ? f.source : "", f.source ? strlen(f.source) : 0, e);
	is_bind = strcmp(f.type, "bind") == 0;
	if (!is_bind && strcmp(f.type, "tmpfs") != 0)
		return err_plain(e, -EINVAL, "'type=%s' is not bind or tmpfs", f.type);
	if (!f.target)
		return err_plain(e, -EINVAL, "'target' is missing");
	init(m, is_bind ? MOUNT_SPEC_BIND : MOUNT_SPEC_TMPFS);
	m->is_readonly = f.is_readonly;
	r = set_target(m, f.target, strlen(f.target), e);
	if (r < 0)
		return r;
	return is_bind ? build_bind(m, &f, e) : build_tmpfs(m, &f, e);
}

int mount_spec_parse_mount(const char *text, struct mount_spec *ret, struct err *e)
{
	_cleanup_strv_ struct strv fields = { NULL, 0 };
	struct mount_spec m;
	int r = check_length(text, e);

	if (r < 0)
		return r;
	init(&m, MOUNT_SPEC_BIND);
	r = split_fields(text, &fields, e);
	if (r == 0)
		r = parse_mount(&m, &fields, e);
	return finish(&m, r, "--mount", text, ret, e);
}

int mount_spec_check_host(const struct mount_spec *m, struct err *e)
{
	if (!m->is_relabel || access("/sys/fs/selinux/enforce", F_OK) < 0)
		return 0;
	return err_plain(e, -EOPNOTSUPP,
			 "mount on '%s': options z and Z are not supported on a host with SELinux",
			 m->target);
}

void mount_spec_done(struct mount_spec *m)
{
	free(m->source);
	free(m->target);
	m->source = m->target = NULL;
}
