// SPDX-License-Identifier: Apache-2.0
/* Why a program could not be executed, in the words that callers of OCI runtimes look for. */
#include "runtime/exec_error.h"

#include <ctype.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "base/err.h"

#define TEXT_MAX 80u /* the longest of err_text() */

/* strerror(3)'s texts begin in upper case, and have it elsewhere in names alone */
static const char *lower_text(int r, char text[static TEXT_MAX])
{
	(void)err_format(text, TEXT_MAX, "%s", err_text(r));
	text[0] = (char)tolower((unsigned char)text[0]);
	return text;
}

int exec_error_reword(const char *command, int r, struct err *e)
{
	char text[TEXT_MAX], hint[ERR_HINT_MAX];
	int exit_code;

	/* only davit-init's errors ask for an exit status */
	if (r >= 0 || !e || !e->exit_code)
		return r;
	exit_code = e->exit_code;
	(void)err_format(hint, sizeof(hint), "%s", r == -ENOENT ? "" : e->hint);
	err_clear(e);
	if (!command)
		(void)err_plain(e, r, "exec container process: %s", lower_text(r, text));
	else if (r == -ENOENT && !strchr(command, '/'))
		(void)err_plain(e, r, "exec: \"%s\": executable file not found in $PATH", command);
	else if (r == -ENOENT)
		(void)err_plain(e, r, "exec: \"%s\": stat %s: no such file or directory", command,
				command);
	else
		(void)err_plain(e, r, "exec: \"%s\": %s", command, lower_text(r, text));
	if (hint[0])
		err_hint(e, "%s", hint);
	return err_exit(e, r, exit_code);
}
