// SPDX-License-Identifier: Apache-2.0
/* Mounts of a process, as /proc/PID/mountinfo tells them. */
#include "mountinfo.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "probe.h"

#define MOUNTINFO_FIRST (1 << 16)
#define MOUNTINFO_MAX (1 << 26) /* some 300,000 mounts; the kernel's limit is 100,000 a namespace */

/* "\040" is a space; in place */
static void unescape(char *s)
{
	char *to = s;

	for (; *s; s++) {
		if (s[0] == '\\' && s[1] >= '0' && s[1] <= '3' && s[2] >= '0' && s[2] <= '7' &&
		    s[3] >= '0' && s[3] <= '7') {
			*to++ = (char)((s[1] - '0') << 6 | (s[2] - '0') << 3 | (s[3] - '0'));
			s += 3;
		} else {
			*to++ = *s;
		}
	}
	*to = '\0';
}

static bool parse_device(const char *text, dev_t *ret_dev)
{
	char *end;
	unsigned long maj = strtoul(text, &end, 10), min;

	if (end == text || *end != ':')
		return false;
	text = end + 1;
	min = strtoul(text, &end, 10);
	*ret_dev = makedev((unsigned int)maj, (unsigned int)min);
	return end != text && !*end;
}

/* "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue" */
static bool parse_line(char *line, struct mount *ret_mount)
{
	char *rest = strstr(line, " - "), *field[6];
	struct mount m = { 0 };

	if (!rest)
		return false;
	*rest = '\0';
	rest += 3;
	for (size_t i = 0; i < 6; i++) {
		field[i] = strsep(&line, " ");
		if (!field[i])
			return false;
	}
	m.id = (int)strtol(field[0], NULL, 10);
	m.parent = (int)strtol(field[1], NULL, 10);
	if (!parse_device(field[2], &m.dev))
		return false;
	m.root = field[3];
	m.point = field[4];
	m.options = field[5];
	m.tags = line ? line : field[5] + strlen(field[5]);
	m.type = strsep(&rest, " ");
	m.source = strsep(&rest, " "); /* may be empty */
	m.super_options = rest;
	if (!m.super_options)
		return false;
	unescape(m.root);
	unescape(m.point);
	unescape(m.source);
	*ret_mount = m;
	return true;
}

/* the whole of it: half a line is none. Return: 0; -errno */
static int read_all(const char *path, char **ret_text)
{
	for (size_t size = MOUNTINFO_FIRST; size <= MOUNTINFO_MAX; size *= 4) {
		char *text = malloc(size);
		int r = text ? read_text(path, text, size) : -ENOMEM;

		if (r >= 0 && (size_t)r + 1 < size) {
			*ret_text = text;
			return 0;
		}
		free(text);
		if (r < 0)
			return r;
	}
	return -EFBIG;
}

int mounts_read(struct mounts *m, const char *path)
{
	char *text = NULL;
	int r = read_all(path, &text);
	size_t lines = 1;

	if (r < 0)
		return r;
	for (const char *c = text; *c; c++)
		lines += *c == '\n';
	*m = (struct mounts){ .v = calloc(lines, sizeof(*m->v)) };
	r = -ENOMEM;
	if (!m->v)
		goto fail;
	for (char *line = text, *next; *line; line = next) {
		next = line + strcspn(line, "\n");
		if (*next)
			*next++ = '\0';
		if (!parse_line(line, &m->v[m->count++])) {
			free(m->v);
			*m = (struct mounts){ 0 };
			r = -EINVAL;
			goto fail;
		}
	}
	return 0; /* the rows point into text */
fail:
	free(text);
	return r;
}

const struct mount *mounts_at(const struct mounts *m, const char *point)
{
	for (size_t i = m->count; i-- > 0;)
		if (strcmp(m->v[i].point, point) == 0)
			return &m->v[i];
	return NULL;
}

bool path_is_below(const char *path, const char *dir)
{
	size_t len = strlen(dir);

	if (len == 1)
		return true;
	return strncmp(path, dir, len) == 0 && (!path[len] || path[len] == '/');
}

bool is_dev_ino(const struct stat *st, const char *dev_ino)
{
	char text[64];

	(void)snprintf(text, sizeof(text), "%llu:%llu", (unsigned long long)st->st_dev,
		       (unsigned long long)st->st_ino);
	return dev_ino && strcmp(text, dev_ino) == 0;
}
