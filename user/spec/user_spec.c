// SPDX-License-Identifier: Apache-2.0
/* USER[:GROUP] */
#include "spec/user_spec.h"

#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "base/fmt.h"

static bool is_number(const char *s)
{
	return *s && s[strspn(s, "0123456789")] == 0;
}

static int parse_part(const char *what, const char *text, size_t n, char *ret_text, bool *ret_is_id,
		      uint32_t *ret_id, struct err *e)
{
	uint64_t id;
	int r;

	if (n == 0)
		return err_plain(e, -EINVAL, "the %s is empty", what);
	if (n > USER_SPEC_NAME_MAX)
		return err_plain(e, -EINVAL, "the %s is longer than %u bytes", what,
				 USER_SPEC_NAME_MAX);
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)text[i] <= ' ' || text[i] == 0x7f)
			return err_plain(e, -EINVAL, "the %s has a blank or control character",
					 what);
	memcpy(ret_text, text, n);
	ret_text[n] = 0;
	*ret_is_id = is_number(ret_text);
	if (!*ret_is_id) {
		/* not a name anywhere, but a number to other parsers */
		if (*text != '-' && *text != '+')
			return 0;
		return err_plain(e, -EINVAL, "the %s starts with '%c'", what, *text);
	}
	r = fmt_parse_u64(ret_text, &id);
	if (r < 0 || id > USER_SPEC_ID_MAX)
		return err_plain(e, -ERANGE, "%s id %s is not from 0 to %u", what, ret_text,
				 USER_SPEC_ID_MAX);
	*ret_id = (uint32_t)id;
	return 0;
}

int user_spec_parse(const char *text, struct user_spec *ret, struct err *e)
{
	const char *colon = strchr(text, ':');
	struct user_spec u = { .has_group = colon != NULL };
	size_t n = colon ? (size_t)(colon - text) : strlen(text);
	int r;

	if (*text == 0) {
		*ret = (struct user_spec){ .is_uid = true };
		return 0;
	}
	r = parse_part("user", text, n, u.user, &u.is_uid, &u.uid, e);
	if (r == 0 && colon && strchr(colon + 1, ':'))
		r = err_plain(e, -EINVAL, "it has more than two parts");
	if (r == 0 && colon)
		r = parse_part("group", colon + 1, strlen(colon + 1), u.group, &u.is_gid, &u.gid,
			       e);
	if (r < 0) {
		err_hint(e, "a user is NAME or UID, or NAME:GROUP, UID:GID and so on");
		return err_wrap(e, r, "user '%s'", text);
	}
	*ret = u;
	return 0;
}
