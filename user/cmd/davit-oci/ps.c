// SPDX-License-Identifier: Apache-2.0
/* What ps(1) says of the processes of a container. */
#include "ps.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/spawn.h"
#include "base/str.h"

#define PS_PATH "/bin/ps"
#define PS_MAX (64u << 20) /* bytes of its output */

/* Word number @column of a line, NULL = it has fewer. */
static const char *word_at(const char *line, size_t column)
{
	line += strspn(line, " ");
	for (; column; column--) {
		line += strcspn(line, " \n");
		line += strspn(line, " ");
	}
	return *line && *line != '\n' ? line : NULL;
}

static int find_column(const char *head, size_t *ret, struct err *e)
{
	const char *word;

	for (size_t i = 0; (word = word_at(head, i)); i++)
		if (strncmp(word, "PID", 3) == 0 && strchr(" \n", word[3])) {
			*ret = i;
			return 0;
		}
	return err_plain(e, -EINVAL, "the table of ps(1) with these options has no column PID");
}

static bool has_pid(const pid_t *pids, size_t n, const char *word)
{
	long pid = word ? strtol(word, NULL, 10) : 0;

	for (size_t i = 0; i < n; i++)
		if (pids[i] == pid)
			return true;
	return false;
}

static int run_ps(char *const options[], char **ret, struct err *e)
{
	_cleanup_strv_ struct strv argv = { .v = NULL };
	struct spawn s = { .path = PS_PATH, .stdio = { SPAWN_NULL, SPAWN_NULL, SPAWN_INHERIT } };
	size_t len;
	int r = strv_add(&argv, "ps");

	for (; r == 0 && *options; options++)
		r = strv_add(&argv, *options);
	if (r < 0)
		return err_set(e, r, "run ps(1)");
	s.argv = argv.v;
	r = spawn_capture(&s, PS_MAX, ret, &len, e);
	if (r < 0)
		return err_wrap(e, r, "run ps(1)");
	return r == 0 ? 0 :
			err_plain(e, -EINVAL, "ps(1) with these options ends with status %d", r);
}

int ps_table(char *const options[], const pid_t *pids, size_t n, struct str *out, struct err *e)
{
	_cleanup_free_ char *text = NULL;
	size_t column = 0;
	int r = run_ps(options, &text, e);

	if (r == 0)
		r = find_column(text, &column, e);
	for (const char *line = text; r == 0 && *line;) {
		size_t length = strcspn(line, "\n");

		length += line[length] == '\n';
		if (line == text || has_pid(pids, n, word_at(line, column)))
			str_add_mem(out, line, length);
		line += length;
	}
	return r;
}
