// SPDX-License-Identifier: Apache-2.0
/* Any text as USER[:GROUP]: a number is never out of range, never root unless it says 0. */
#include "spec/user_spec.h"

#include <stdlib.h>
#include <string.h>

static bool is_zero(const char *text)
{
	return text[strspn(text, "0")] == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size);
	struct user_spec u;

	if (text && user_spec_parse(text, &u, NULL) == 0) {
		if (u.uid > USER_SPEC_ID_MAX || u.gid > USER_SPEC_ID_MAX)
			abort();
		if ((u.is_uid && u.uid == 0 && !is_zero(u.user)) ||
		    (u.is_gid && u.gid == 0 && !is_zero(u.group)))
			abort();
		if (*text && (!*u.user || (u.has_group && !*u.group)))
			abort();
	}
	free(text);
	return 0;
}
