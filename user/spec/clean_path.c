// SPDX-License-Identifier: Apache-2.0
/* Absolute paths as users type them. */
#include "spec/clean_path.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"

static bool is_part(const char *part, size_t n, const char *want)
{
	return n == strlen(want) && memcmp(part, want, n) == 0;
}

int clean_path(const char *text, size_t n, bool is_inside, char **ret, struct err *e)
{
	size_t len = 0;
	char *path;

	if (n == 0 || text[0] != '/')
		return err_plain(e, -EINVAL, "path '%.*s' is not absolute", (int)n, text);
	if (n > CLEAN_PATH_MAX)
		return err_plain(e, -ENAMETOOLONG, "path '%.*s...' is longer than %u bytes", 64,
				 text, CLEAN_PATH_MAX);
	path = malloc(n + 2);
	if (!path)
		return err_set(e, ENOMEM, "parse path");
	for (size_t at = 0, end; at < n; at = end) {
		for (end = ++at; end < n && text[end] != '/'; end++)
			;
		if (end == at || is_part(text + at, end - at, "."))
			continue;
		if (is_inside && is_part(text + at, end - at, "..")) {
			while (len > 0 && path[--len] != '/')
				;
			continue;
		}
		path[len++] = '/';
		memcpy(path + len, text + at, end - at);
		len += end - at;
	}
	if (len == 0)
		path[len++] = '/';
	path[len] = 0;
	*ret = path;
	return 0;
}
