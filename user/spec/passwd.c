// SPDX-License-Identifier: Apache-2.0
/* Users and groups of a container's own files, read as a stream with limits. */
#include "spec/passwd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/fmt.h"
#include "base/fs.h"
#include "base/str.h"
#include "spec/user_spec.h"

#define FIELDS_MAX 8u

/* Open a regular file of the container. The image chose what lies there, so it is looked at
 * before it is opened: opening a device can do something. */
static int open_regular(int rootfd, const char *path, struct err *e)
{
	_cleanup_fd_ int look = fs_open_beneath(rootfd, path, O_PATH, 0);
	char self[64];
	struct stat st;
	int fd;

	if (look < 0)
		return look == -ENOENT || look == -ENOTDIR ?
			       -ENOENT :
			       err_set(e, look, "open '%s' in the container", path);
	if (fstat(look, &st) < 0)
		return err_set(e, errno, "look at '%s' in the container", path);
	if (!S_ISREG(st.st_mode))
		return err_plain(e, -EINVAL, "'%s' in the container is not a regular file", path);
	(void)snprintf(self, sizeof(self), "/proc/self/fd/%d", look);
	fd = open(self, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	return fd < 0 ? err_set(e, errno, "open '%s' in the container", path) : fd;
}

/* Lines of a file; @buf holds what is read and not yet handed out. */
struct lines {
	int fd;
	const char *path;
	char *buf;
	size_t start, end, total;
	bool is_eof;
};

static int refill(struct lines *l, struct err *e)
{
	ssize_t n;

	memmove(l->buf, l->buf + l->start, l->end - l->start);
	l->end -= l->start;
	l->start = 0;
	if (l->end == PASSWD_LINE_MAX)
		return err_plain(e, -E2BIG, "'%s' in the container has a line above %u bytes",
				 l->path, PASSWD_LINE_MAX);
	do {
		n = read(l->fd, l->buf + l->end, PASSWD_LINE_MAX - l->end);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_set(e, errno, "read '%s' in the container", l->path);
	l->total += (size_t)n;
	if (l->total > PASSWD_FILE_MAX)
		return err_plain(e, -EFBIG, "'%s' in the container is larger than %u bytes",
				 l->path, PASSWD_FILE_MAX);
	l->end += (size_t)n;
	l->is_eof = n == 0;
	return 0;
}

/* Return: 1 with the next line, NUL instead of newline; 0 at the end; -errno. */
static int next_line(struct lines *l, char **ret, struct err *e)
{
	size_t scanned = 0;

	for (;;) {
		char *line = l->buf + l->start;
		size_t n = l->end - l->start;
		char *newline = memchr(line + scanned, '\n', n - scanned);
		int r;

		if (newline || (l->is_eof && n > 0)) {
			size_t len = newline ? (size_t)(newline - line) : n;

			line[len] = 0; /* the buffer has one byte more */
			l->start += len + (newline != NULL);
			*ret = line;
			return 1;
		}
		if (l->is_eof)
			return 0;
		scanned = n;
		r = refill(l, e);
		if (r < 0)
			return r;
	}
}

/* Call @fn with the fields of each line until it returns other than 0. A missing file is empty. */
static int each_entry(int rootfd, const char *path, unsigned int min_fields,
		      int (*fn)(char *fields[FIELDS_MAX], void *data, struct err *e), void *data,
		      struct err *e)
{
	_cleanup_fd_ int fd = open_regular(rootfd, path, e);
	static char buf[PASSWD_LINE_MAX +
			1]; /* from the heap it would be a mapping, made and removed */
	struct lines l = { .fd = fd, .path = path, .buf = buf };
	char *line;
	int r;

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	while ((r = next_line(&l, &line, e)) > 0) {
		char *fields[FIELDS_MAX] = { NULL };
		unsigned int n = 0;

		for (char *at = line; at && n < FIELDS_MAX; n++) {
			fields[n] = at;
			at = strchr(at, ':');
			if (at)
				*at++ = 0;
		}
		if (n < min_fields || !*fields[0])
			continue;
		r = fn(fields, data, e);
		if (r != 0)
			return r < 0 ? r : 0;
	}
	return r;
}

/* Return: true for a number that can be an id. */
static bool parse_id(const char *text, uint32_t *ret)
{
	return fmt_parse_u32(text, ret) == 0 && *ret <= USER_SPEC_ID_MAX;
}

struct search {
	const struct user_spec *spec;
	const struct strv *add;
	struct passwd_user *user;
	char *name; /* of the user, NULL if passwd does not know the number */
	bool has_user, has_group;
	bool *has_added; /* per name of @add */
};

enum { PASSWD_NAME, PASSWD_PASSWORD, PASSWD_UID, PASSWD_GID, PASSWD_GECOS, PASSWD_HOME };
enum { GROUP_NAME, GROUP_PASSWORD, GROUP_GID, GROUP_MEMBERS };

static int match_passwd(char *fields[FIELDS_MAX], void *data, struct err *e)
{
	struct search *s = data;
	uint32_t uid, gid;
	const char *home = fields[PASSWD_HOME];

	if (!s->spec->is_uid && strcmp(fields[PASSWD_NAME], s->spec->user) != 0)
		return 0;
	if (!parse_id(fields[PASSWD_UID], &uid) || !parse_id(fields[PASSWD_GID], &gid)) {
		/* a user that was asked for by name must not be looked over */
		if (s->spec->is_uid)
			return 0;
		return err_plain(e, -EINVAL,
				 "user '%s' has no valid ids in /etc/passwd of the container",
				 s->spec->user);
	}
	if (s->spec->is_uid && uid != s->spec->uid)
		return 0;
	s->has_user = true;
	s->user->uid = uid;
	s->user->gid = gid;
	s->name = strdup(fields[PASSWD_NAME]);
	if (home && *home == '/' && strlen(home) <= PASSWD_HOME_MAX)
		s->user->home = strdup(home);
	return s->name ? 1 : err_set(e, ENOMEM, "read /etc/passwd of the container");
}

static int add_group(struct passwd_user *u, uint32_t gid, struct err *e)
{
	uint32_t *groups;

	if (gid == u->gid)
		return 0;
	for (size_t i = 0; i < u->n_groups; i++)
		if (u->groups[i] == gid)
			return 0;
	if (u->n_groups == PASSWD_GROUPS_MAX)
		return err_plain(e, -E2BIG, "the user is in more than %u groups",
				 PASSWD_GROUPS_MAX);
	groups = reallocarray(u->groups, u->n_groups + 1, sizeof(*groups));
	if (!groups)
		return err_set(e, ENOMEM, "read /etc/group of the container");
	groups[u->n_groups++] = gid;
	u->groups = groups;
	return 0;
}

static bool is_member(const char *members, const char *name)
{
	size_t n = strlen(name);

	for (const char *at = members; at; at = strchr(at, ',')) {
		at += *at == ',';
		if (strncmp(at, name, n) == 0 && (at[n] == 0 || at[n] == ','))
			return true;
	}
	return false;
}

/* The primary group must be known before the others are compared with it: first pass. */
static int match_group(char *fields[FIELDS_MAX], void *data, struct err *e)
{
	struct search *s = data;
	uint32_t gid;

	if (strcmp(fields[GROUP_NAME], s->spec->group) != 0)
		return 0;
	if (!parse_id(fields[GROUP_GID], &gid))
		return err_plain(e, -EINVAL,
				 "group '%s' has no valid id in /etc/group of the container",
				 s->spec->group);
	s->user->gid = gid;
	s->has_group = true;
	return 1;
}

static int match_others(char *fields[FIELDS_MAX], void *data, struct err *e)
{
	struct search *s = data;
	uint32_t gid;
	int r = 0;

	if (!parse_id(fields[GROUP_GID], &gid))
		return 0;
	if (!s->spec->has_group && s->name && fields[GROUP_MEMBERS] &&
	    is_member(fields[GROUP_MEMBERS], s->name))
		r = add_group(s->user, gid, e);
	for (size_t i = 0; r == 0 && s->add && i < s->add->n; i++) {
		if (s->has_added[i] || strcmp(s->add->v[i], fields[GROUP_NAME]) != 0)
			continue;
		s->has_added[i] = true;
		r = add_group(s->user, gid, e);
	}
	return r;
}

static int find_user(int rootfd, struct search *s, struct err *e)
{
	int r = each_entry(rootfd, "/etc/passwd", PASSWD_GID + 1, match_passwd, s, e);

	if (r < 0 || s->has_user)
		return r;
	if (!s->spec->is_uid)
		return err_plain(e, -ENOENT, "no user '%s' in /etc/passwd of the container",
				 s->spec->user);
	s->user->uid = s->spec->uid;
	return 0;
}

static int find_group(int rootfd, struct search *s, struct err *e)
{
	int r;

	if (!s->spec->has_group)
		return 0;
	if (s->spec->is_gid) {
		s->user->gid = s->spec->gid;
		return 0;
	}
	r = each_entry(rootfd, "/etc/group", GROUP_GID + 1, match_group, s, e);
	if (r < 0 || s->has_group)
		return r;
	return err_plain(e, -ENOENT, "no group '%s' in /etc/group of the container",
			 s->spec->group);
}

/* --group-add: numbers count as they are, names must be there. */
static int find_others(int rootfd, struct search *s, struct err *e)
{
	size_t n = s->add ? s->add->n : 0;
	_cleanup_free_ bool *has_added = calloc(n + 1, sizeof(*has_added));
	int r = 0;

	if (!has_added)
		return err_set(e, ENOMEM, "read /etc/group of the container");
	s->has_added = has_added;
	for (size_t i = 0; r == 0 && i < n; i++) {
		struct user_spec group;

		r = user_spec_parse(s->add->v[i], &group, NULL);
		if (r < 0 || !*s->add->v[i] || group.has_group)
			return err_plain(e, -EINVAL,
					 "group '%s' to add is neither a name nor a number",
					 s->add->v[i]);
		has_added[i] = group.is_uid;
		if (group.is_uid)
			r = add_group(s->user, group.uid, e);
	}
	if (r == 0)
		r = each_entry(rootfd, "/etc/group", GROUP_GID + 1, match_others, s, e);
	for (size_t i = 0; r == 0 && i < n; i++)
		if (!has_added[i])
			r = err_plain(e, -ENOENT, "no group '%s' in /etc/group of the container",
				      s->add->v[i]);
	s->has_added = NULL;
	return r;
}

int passwd_lookup(int rootfd, const struct user_spec *spec, const struct strv *add,
		  struct passwd_user *ret, struct err *e)
{
	struct passwd_user u = { .home = NULL };
	struct search s = { .spec = spec, .add = add, .user = &u };
	int r = find_user(rootfd, &s, e);

	if (r == 0)
		r = find_group(rootfd, &s, e);
	if (r == 0)
		r = find_others(rootfd, &s, e);
	if (r == 0 && !u.home) {
		u.home = strdup("/");
		r = u.home ? 0 : err_set(e, ENOMEM, "find user");
	}
	free(s.name);
	if (r < 0) {
		passwd_user_done(&u);
		return r;
	}
	*ret = u;
	return 0;
}

void passwd_user_done(struct passwd_user *u)
{
	free(u->groups);
	free(u->home);
	*u = (struct passwd_user){ .home = NULL };
}
