// SPDX-License-Identifier: Apache-2.0
/* Environment: -e KEY[=VALUE] and --env-file. */
#include "spec/env_file.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/str.h"

static const char byte_order_mark[] = "\xef\xbb\xbf";

static const char *find_in(char *const environ_[], const char *key)
{
	size_t n = strlen(key);

	for (; environ_ && *environ_; environ_++)
		if (strncmp(*environ_, key, n) == 0 && (*environ_)[n] == '=')
			return *environ_;
	return NULL;
}

int env_file_add(const char *text, char *const environ_[], struct strv *env, struct err *e)
{
	size_t n = strcspn(text, "=");
	const char *entry = text;

	if (n == 0)
		return err_plain(e, -EINVAL, "variable '%s' has no name", text);
	if (!text[n]) {
		entry = find_in(environ_, text);
		if (!entry)
			return 0;
	}
	if (env->n >= ENV_FILE_COUNT_MAX && strv_get_env(env, text) == NULL)
		return err_plain(e, -E2BIG, "more than %u variables", ENV_FILE_COUNT_MAX);
	return strv_set_env(env, entry) < 0 ? err_set(e, ENOMEM, "set variable") : 0;
}

/* Stricter than -e: a blank in a name is a sign of a file of another format. */
static int add_line(const char *line, char *const environ_[], struct strv *env, struct err *e)
{
	size_t n = strcspn(line, "=");

	for (size_t i = 0; i < n; i++)
		if (strchr(" \t\v\f\r", line[i]))
			return err_plain(e, -EINVAL, "name '%.*s' has a blank", (int)n, line);
	return env_file_add(line, environ_, env, e);
}

/* One line of @n bytes, without its newline. */
static int parse_line(const char *line, size_t n, char *const environ_[], struct strv *env,
		      struct err *e)
{
	_cleanup_free_ char *copy = NULL;

	if (n > ENV_FILE_LINE_MAX)
		return err_plain(e, -E2BIG, "it is longer than %u bytes", ENV_FILE_LINE_MAX);
	if (memchr(line, 0, n))
		return err_plain(e, -EINVAL, "it has a NUL byte");
	while (n > 0 && line[n - 1] == '\r')
		n--;
	for (; n > 0 && strchr(" \t\v\f\r", *line); n--)
		line++;
	if (n == 0 || *line == '#')
		return 0;
	copy = strndup(line, n);
	return copy ? add_line(copy, environ_, env, e) : err_set(e, ENOMEM, "parse line");
}

int env_file_parse(const char *text, size_t n, const char *what, char *const environ_[],
		   struct strv *env, struct err *e)
{
	const char *end = text + n;

	if (n > ENV_FILE_SIZE_MAX)
		return err_plain(e, -EFBIG, "'%s' is larger than %u bytes", what,
				 ENV_FILE_SIZE_MAX);
	if (n >= strlen(byte_order_mark) &&
	    memcmp(text, byte_order_mark, strlen(byte_order_mark)) == 0)
		text += strlen(byte_order_mark);
	for (unsigned int number = 1; text < end; number++) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		size_t len = (size_t)((newline ? newline : end) - text);
		int r = parse_line(text, len, environ_, env, e);

		if (r < 0)
			return err_wrap(e, r, "line %u of '%s'", number, what);
		text += len + 1;
	}
	return 0;
}
