// SPDX-License-Identifier: Apache-2.0
/* mounts: what the words of fstab(5) mean to mount_setattr(2), and what is left for the file system. */
#include <errno.h>
#include <string.h>
#include <sys/mount.h>

#include "base/cleanup.h"
#include "base/fmt.h"
#include "kern/mount.h"
#include "spec/oci_reader.h"

/* the kernel's, not in all headers */
#ifndef MS_LAZYTIME
#define MS_LAZYTIME (1 << 25)
#endif

enum word_kind {
	WORD_NONE, /* accepted, changes nothing */
	WORD_ATTR, /* .set, .clear: MOUNT_ATTR_* */
	WORD_REC, /* … of the mounts below, too */
	WORD_SUPER, /* .set, .clear: MS_* of the super block */
	WORD_FLAG, /* .set: OCI_MOUNT_* */
	WORD_PROPAGATION, /* .set: MS_* */
};

struct word {
	const char *name;
	enum word_kind kind;
	uint64_t set, clear;
};

/* clang-format off */
#define ATIME MOUNT_ATTR__ATIME
/* Sorted by name. "norelatime" is not "strictatime": the kernel's default is relatime anyway. */
static const struct word words[] = {
	{ "acl",            WORD_SUPER, MS_POSIXACL, 0 },
	{ "async",          WORD_SUPER, 0, MS_SYNCHRONOUS },
	{ "atime",          WORD_ATTR,  MOUNT_ATTR_RELATIME, ATIME },
	{ "bind",           WORD_FLAG,  OCI_MOUNT_BIND, 0 },
	{ "copy-symlink",   WORD_FLAG,  OCI_MOUNT_COPY_SYMLINK, 0 },
	{ "defaults",       WORD_NONE,  0, 0 },
	{ "dest-nofollow",  WORD_FLAG,  OCI_MOUNT_DST_NOFOLLOW, 0 },
	{ "dev",            WORD_ATTR,  0, MOUNT_ATTR_NODEV },
	{ "diratime",       WORD_ATTR,  0, MOUNT_ATTR_NODIRATIME },
	{ "dirsync",        WORD_SUPER, MS_DIRSYNC, 0 },
	{ "exec",           WORD_ATTR,  0, MOUNT_ATTR_NOEXEC },
	{ "idmap",          WORD_FLAG,  OCI_MOUNT_IDMAP, 0 },
	{ "iversion",       WORD_SUPER, MS_I_VERSION, 0 },
	{ "lazytime",       WORD_SUPER, MS_LAZYTIME, 0 },
	{ "loud",           WORD_SUPER, 0, MS_SILENT },
	{ "mand",           WORD_SUPER, MS_MANDLOCK, 0 },
	{ "noacl",          WORD_SUPER, 0, MS_POSIXACL },
	{ "noatime",        WORD_ATTR,  MOUNT_ATTR_NOATIME, ATIME },
	{ "nodev",          WORD_ATTR,  MOUNT_ATTR_NODEV, 0 },
	{ "nodiratime",     WORD_ATTR,  MOUNT_ATTR_NODIRATIME, 0 },
	{ "noexec",         WORD_ATTR,  MOUNT_ATTR_NOEXEC, 0 },
	{ "noiversion",     WORD_SUPER, 0, MS_I_VERSION },
	{ "nolazytime",     WORD_SUPER, 0, MS_LAZYTIME },
	{ "nomand",         WORD_SUPER, 0, MS_MANDLOCK },
	{ "norelatime",     WORD_NONE,  0, 0 },
	{ "nostrictatime",  WORD_ATTR,  MOUNT_ATTR_RELATIME, ATIME },
	{ "nosuid",         WORD_ATTR,  MOUNT_ATTR_NOSUID, 0 },
	{ "nosymfollow",    WORD_ATTR,  MOUNT_ATTR_NOSYMFOLLOW, 0 },
	{ "private",        WORD_PROPAGATION, MS_PRIVATE, 0 },
	{ "ratime",         WORD_REC,   MOUNT_ATTR_RELATIME, ATIME },
	{ "rbind",          WORD_FLAG,  OCI_MOUNT_BIND | OCI_MOUNT_RECURSIVE, 0 },
	{ "rdev",           WORD_REC,   0, MOUNT_ATTR_NODEV },
	{ "rdiratime",      WORD_REC,   0, MOUNT_ATTR_NODIRATIME },
	{ "relatime",       WORD_ATTR,  MOUNT_ATTR_RELATIME, ATIME },
	{ "remount",        WORD_FLAG,  OCI_MOUNT_REMOUNT, 0 },
	{ "rexec",          WORD_REC,   0, MOUNT_ATTR_NOEXEC },
	{ "ridmap",         WORD_FLAG,  OCI_MOUNT_IDMAP | OCI_MOUNT_RIDMAP, 0 },
	{ "rnoatime",       WORD_REC,   MOUNT_ATTR_NOATIME, ATIME },
	{ "rnodev",         WORD_REC,   MOUNT_ATTR_NODEV, 0 },
	{ "rnodiratime",    WORD_REC,   MOUNT_ATTR_NODIRATIME, 0 },
	{ "rnoexec",        WORD_REC,   MOUNT_ATTR_NOEXEC, 0 },
	{ "rnorelatime",    WORD_NONE,  0, 0 },
	{ "rnostrictatime", WORD_REC,   MOUNT_ATTR_RELATIME, ATIME },
	{ "rnosuid",        WORD_REC,   MOUNT_ATTR_NOSUID, 0 },
	{ "rnosymfollow",   WORD_REC,   MOUNT_ATTR_NOSYMFOLLOW, 0 },
	{ "ro",             WORD_ATTR,  MOUNT_ATTR_RDONLY, 0 },
	{ "rprivate",       WORD_PROPAGATION, MS_PRIVATE | MS_REC, 0 },
	{ "rrelatime",      WORD_REC,   MOUNT_ATTR_RELATIME, ATIME },
	{ "rro",            WORD_REC,   MOUNT_ATTR_RDONLY, 0 },
	{ "rrw",            WORD_REC,   0, MOUNT_ATTR_RDONLY },
	{ "rshared",        WORD_PROPAGATION, MS_SHARED | MS_REC, 0 },
	{ "rslave",         WORD_PROPAGATION, MS_SLAVE | MS_REC, 0 },
	{ "rstrictatime",   WORD_REC,   MOUNT_ATTR_STRICTATIME, ATIME },
	{ "rsuid",          WORD_REC,   0, MOUNT_ATTR_NOSUID },
	{ "rsymfollow",     WORD_REC,   0, MOUNT_ATTR_NOSYMFOLLOW },
	{ "runbindable",    WORD_PROPAGATION, MS_UNBINDABLE | MS_REC, 0 },
	{ "rw",             WORD_ATTR,  0, MOUNT_ATTR_RDONLY },
	{ "shared",         WORD_PROPAGATION, MS_SHARED, 0 },
	{ "silent",         WORD_SUPER, MS_SILENT, 0 },
	{ "slave",          WORD_PROPAGATION, MS_SLAVE, 0 },
	{ "src-nofollow",   WORD_FLAG,  OCI_MOUNT_SRC_NOFOLLOW, 0 },
	{ "strictatime",    WORD_ATTR,  MOUNT_ATTR_STRICTATIME, ATIME },
	{ "suid",           WORD_ATTR,  0, MOUNT_ATTR_NOSUID },
	{ "symfollow",      WORD_ATTR,  0, MOUNT_ATTR_NOSYMFOLLOW },
	{ "sync",           WORD_SUPER, MS_SYNCHRONOUS, 0 },
	{ "tmpcopyup",      WORD_FLAG,  OCI_MOUNT_COPY_UP, 0 },
	{ "unbindable",     WORD_PROPAGATION, MS_UNBINDABLE, 0 },
};
/* clang-format on */

const char *oci_mount_option_name(size_t i)
{
	return i < ARRAY_SIZE(words) ? words[i].name : NULL;
}

static const struct word *find_word(const char *name)
{
	size_t lo = 0, hi = ARRAY_SIZE(words);

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		int cmp = strcmp(name, words[mid].name);

		if (cmp == 0)
			return &words[mid];
		if (cmp < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return NULL;
}

/* The last word about a bit wins. */
static void change(uint64_t *set, uint64_t *clear, const struct word *w)
{
	*set = (*set & ~w->clear) | w->set;
	*clear = (*clear & ~w->set) | w->clear;
}

static int apply(struct oci_reader *r, const struct oci_at *at, struct oci_mount *m,
		 const struct word *w)
{
	switch (w->kind) {
	case WORD_NONE:
		break;
	case WORD_ATTR:
		change(&m->set, &m->clear, w);
		break;
	case WORD_REC:
		change(&m->rec_set, &m->rec_clear, w);
		break;
	case WORD_SUPER:
		change(&m->sb_set, &m->sb_clear, w);
		break;
	case WORD_FLAG:
		m->flags |= (uint32_t)w->set;
		break;
	case WORD_PROPAGATION:
		if (m->n_propagation == OCI_PROPAGATIONS_MAX)
			return oci_fail(r, at, -E2BIG, "more than %u propagations are given",
					OCI_PROPAGATIONS_MAX);
		m->propagation[m->n_propagation++] = (uint32_t)w->set;
		break;
	}
	return 0;
}

/* -- idmap=uids=0-1000-1#1-2000-10;gids=@0-0-1 -- */

/* One number of a range, up to @stop. Return: what is behind it, NULL if it is none. */
static const char *parse_id(const char *at, char stop, uint32_t *ret)
{
	char digits[16];
	size_t n = strspn(at, "0123456789");

	if (n == 0 || n >= sizeof(digits) || (stop && at[n] != stop))
		return NULL;
	memcpy(digits, at, n);
	digits[n] = 0;
	if (fmt_parse_u32(digits, ret) < 0)
		return NULL;
	return at + n + (stop != 0);
}

static const char *parse_range(const char *at, struct oci_id_map *ret, bool *ret_relative)
{
	*ret_relative = *at == '@';
	at = parse_id(at + *ret_relative, '-', &ret->inside);
	if (at)
		at = parse_id(at, '-', &ret->outside);
	if (at)
		at = parse_id(at, 0, &ret->count);
	return at && ret->count && (!*at || *at == '#' || *at == ';') ? at : NULL;
}

static int parse_ranges(struct oci_reader *r, const struct oci_at *at, const char **text,
			struct oci_mount *m, struct oci_id_maps *ret)
{
	size_t n = 1;

	if (ret->n)
		return oci_fail(r, at, -EINVAL, "its ids are given twice");
	for (const char *c = *text; *c && *c != ';'; c++)
		n += *c == '#';
	if (n > OCI_ID_MAPS_MAX)
		return oci_fail(r, at, -E2BIG, "it has more than %u ranges", OCI_ID_MAPS_MAX);
	ret->v = oci_alloc(r, n, sizeof(*ret->v));
	if (!ret->v)
		return -ENOMEM;
	for (;;) {
		bool is_relative, is_first = !m->uid_map.n && !m->gid_map.n;

		*text = parse_range(*text, &ret->v[ret->n], &is_relative);
		if (!*text || (!is_first && is_relative != m->is_map_relative))
			return oci_fail(r, at, -EINVAL,
					"it is not idmap=uids=FROM-TO-COUNT#…;gids=…");
		m->is_map_relative = is_relative;
		ret->n++;
		if (**text != '#')
			return oci_id_maps_check(r, at, ret);
		(*text)++;
	}
}

/* Return: 1 if @text is an idmap with ranges, 0 if it is something else. */
static int parse_idmap(struct oci_reader *r, const struct oci_at *at, const char *text,
		       struct oci_mount *m)
{
	const char *equals = strchr(text, '=');
	int rc = 0;

	if (!equals || (strncmp(text, "idmap=", 6) != 0 && strncmp(text, "ridmap=", 7) != 0))
		return 0;
	m->flags |= OCI_MOUNT_IDMAP | (text[0] == 'r' ? OCI_MOUNT_RIDMAP : 0);
	for (text = equals + 1;; text++) {
		bool is_uids = strncmp(text, "uids=", 5) == 0;

		if (!is_uids && strncmp(text, "gids=", 5) != 0)
			return oci_fail(r, at, -EINVAL,
					"it is not idmap=uids=FROM-TO-COUNT#…;gids=…");
		text += 5;
		rc = parse_ranges(r, at, &text, m, is_uids ? &m->uid_map : &m->gid_map);
		if (rc < 0)
			return rc;
		if (!*text)
			return 1;
	}
}

/* -- options -- */

/* Length up to a comma that separates: outside of double quotes, not behind a backslash. */
static size_t parameter_length(const char *text)
{
	bool is_quoted = false;
	size_t n = 0;

	for (; text[n] && (is_quoted || text[n] != ','); n++) {
		if (text[n] == '"')
			is_quoted = !is_quoted;
		else if (text[n] == '\\' && text[n + 1])
			n++;
	}
	return n;
}

/* Add one option, or several with commas between, to the list, which has room for all. */
static int add_data(struct oci_reader *r, const struct oci_at *at, struct oci_mount *m,
		    const char *text)
{
	for (size_t n;; text += n + 1) {
		char *copy = (char *)text;

		n = parameter_length(text);
		if (m->data.n == OCI_OPTIONS_MAX)
			return oci_fail(r, at, -E2BIG, "more than %u options are given",
					OCI_OPTIONS_MAX);
		if (text[n]) { /* else borrowed */
			copy = oci_alloc(r, 1, n + 1);
			if (!copy)
				return -ENOMEM;
			memcpy(copy, text, n);
		}
		if (n)
			m->data.v[m->data.n++] = copy;
		if (!text[n])
			return 0;
	}
}

static int read_option(struct oci_reader *r, const struct oci_at *at, const json_t *v,
		       struct oci_mount *m)
{
	const struct word *w;
	const char *text = NULL;
	int rc = oci_read_text(r, at, v, OCI_PATH_MAX, 0, &text);

	if (rc < 0 || !*text)
		return rc;
	w = find_word(text);
	if (w)
		return apply(r, at, m, w);
	rc = parse_idmap(r, at, text, m);
	if (rc)
		return rc < 0 ? rc : 0;
	return add_data(r, at, m, text);
}

/* Most parameters that @v can make: one each, and one more per comma. */
static size_t count_parameters(const json_t *v)
{
	size_t n = json_array_size(v);

	for (size_t i = 0; i < json_array_size(v); i++) {
		const char *text = json_string_value(json_array_get(v, i));

		for (const char *c = text ? strchr(text, ',') : NULL; c; c = strchr(c + 1, ','))
			n++;
	}
	return n < OCI_OPTIONS_MAX ? n : OCI_OPTIONS_MAX;
}

static int read_options(struct oci_reader *r, const struct oci_at *at, const json_t *v, void *ret)
{
	struct oci_mount *m = (void *)((char *)ret - offsetof(struct oci_mount, data));
	size_t n;
	int rc = oci_read_array(r, at, v, OCI_OPTIONS_MAX, &n);

	if (rc < 0)
		return rc;
	m->data.v = oci_alloc(r, count_parameters(v) + 1, sizeof(*m->data.v));
	if (!m->data.v)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		const struct oci_at here = { .up = at, .index = i };

		rc = read_option(r, &here, json_array_get(v, i), m);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* -- one mount -- */

static int check_mappings(struct oci_reader *r, const struct oci_at *at, struct oci_mount *m)
{
	if (m->uid_map.n && !m->gid_map.n)
		return oci_fail_in(r, at, "gidMappings", -EBADMSG,
				   "it is missing, but there are uidMappings");
	if (m->gid_map.n && !m->uid_map.n)
		return oci_fail_in(r, at, "uidMappings", -EBADMSG,
				   "it is missing, but there are gidMappings");
	if (m->uid_map.n)
		m->flags |= OCI_MOUNT_IDMAP;
	return 0;
}

static int check_mount(struct oci_reader *r, const struct oci_at *at, const json_t *v, void *ret)
{
	struct oci_mount *m = ret;

	(void)v;
	if (m->type && strcmp(m->type, "bind") == 0)
		m->flags |= OCI_MOUNT_BIND;
	if (m->flags & OCI_MOUNT_BIND && !(m->flags & OCI_MOUNT_REMOUNT) && !m->source)
		return oci_fail_in(r, at, "source", -EBADMSG, "it is missing");
	if (!(m->flags & (OCI_MOUNT_BIND | OCI_MOUNT_REMOUNT)) && !m->type)
		return oci_fail_in(r, at, "type", -EBADMSG, "it is missing");
	if (m->flags & OCI_MOUNT_BIND && m->data.n)
		return oci_fail_in(r, at, "options", -EINVAL, "'%.*s' is no option of a bind mount",
				   64, m->data.v[0]);
	if (m->flags & OCI_MOUNT_COPY_UP && !(m->type && strcmp(m->type, "tmpfs") == 0))
		return oci_fail_in(r, at, "options", -EINVAL, "'tmpcopyup' is only for a tmpfs");
	return check_mappings(r, at, m);
}

/* clang-format off */
static const struct oci_field mount_fields[] = {
	OCI_F_TEXT("destination", struct oci_mount, destination, OCI_PATH_MAX, .flags = OCI_REQUIRED),
	OCI_F_TEXT("type", struct oci_mount, type, OCI_NAME_MAX),
	OCI_F_TEXT("source", struct oci_mount, source, OCI_PATH_MAX),
	OCI_F_OWN("options", struct oci_mount, data, read_options),
	OCI_F_OWN("uidMappings", struct oci_mount, uid_map, oci_read_id_maps),
	OCI_F_OWN("gidMappings", struct oci_mount, gid_map, oci_read_id_maps),
};
/* clang-format on */

const struct oci_table oci_mount_table = OCI_TABLE(mount_fields, struct oci_mount, check_mount);
