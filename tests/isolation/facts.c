// SPDX-License-Identifier: Apache-2.0
/* Lines of KEY=VALUE. */
#include "facts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int facts_init(struct facts *f)
{
	memset(f, 0, sizeof(*f));
	f->text = malloc(FACTS_FILE_MAX);
	if (!f->text)
		return -ENOMEM;
	f->size = FACTS_FILE_MAX;
	return 0;
}

void facts_done(struct facts *f)
{
	free(f->text);
	memset(f, 0, sizeof(*f));
}

static int facts_add(struct facts *f, const char *key, size_t key_len, const char *value,
		     size_t value_len)
{
	if (f->count == FACTS_MAX || f->used + key_len + value_len + 2 > f->size)
		return -ENOSPC;
	if (!key_len || memchr(key, '\n', key_len) || memchr(value, '\n', value_len))
		return -EINVAL;

	f->rows[f->count].key = (uint32_t)f->used;
	memcpy(f->text + f->used, key, key_len);
	f->text[f->used + key_len] = '\0';
	f->used += key_len + 1;
	f->rows[f->count].value = (uint32_t)f->used;
	memcpy(f->text + f->used, value, value_len);
	f->text[f->used + value_len] = '\0';
	f->used += value_len + 1;
	f->count++;
	return 0;
}

int facts_set(struct facts *f, const char *key, const char *fmt, ...)
{
	char value[4096];
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(value, sizeof(value), fmt, args);
	va_end(args);
	if (len < 0 || (size_t)len >= sizeof(value))
		return -ENOSPC;
	if (strchr(key, '='))
		return -EINVAL;
	return facts_add(f, key, strlen(key), value, (size_t)len);
}

int facts_load(struct facts *f, const char *path)
{
	char *buf = malloc(FACTS_FILE_MAX);
	size_t len = 0;
	ssize_t n = -1;
	int fd, r = 0;

	if (!buf)
		return -ENOMEM;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		r = -errno;
		goto out;
	}
	while (len < FACTS_FILE_MAX && (n = read(fd, buf + len, FACTS_FILE_MAX - len)) > 0)
		len += (size_t)n;
	if (n < 0)
		r = -errno;
	else if (len == FACTS_FILE_MAX)
		r = -EFBIG;
	(void)close(fd);

	for (char *line = buf; !r && line < buf + len;) {
		size_t rest = (size_t)(buf + len - line);
		char *end = memchr(line, '\n', rest), *eq;
		size_t size = end ? (size_t)(end - line) : rest;

		eq = memchr(line, '=', size);
		if (!eq)
			r = -EINVAL;
		else
			r = facts_add(f, line, (size_t)(eq - line), eq + 1,
				      size - (size_t)(eq + 1 - line));
		line += size + 1;
	}
out:
	free(buf);
	return r;
}

int facts_save(const struct facts *f, const char *path)
{
	FILE *file = fopen(path, "we");
	int r = 0;

	if (!file)
		return -errno;
	for (size_t i = 0; i < f->count; i++)
		if (fprintf(file, "%s=%s\n", f->text + f->rows[i].key, f->text + f->rows[i].value) <
		    0)
			r = -EIO;
	if (fclose(file) != 0 && !r)
		r = -errno;
	return r;
}

const char *facts_get(const struct facts *f, const char *key)
{
	for (size_t i = f->count; i-- > 0;)
		if (strcmp(f->text + f->rows[i].key, key) == 0)
			return f->text + f->rows[i].value;
	return NULL;
}

int64_t facts_num(const struct facts *f, const char *key, int64_t fallback)
{
	const char *value = facts_get(f, key);
	char *end;
	long long num;

	if (!value || !*value)
		return fallback;
	errno = 0;
	num = strtoll(value, &end, 0);
	return errno || *end ? fallback : num;
}
