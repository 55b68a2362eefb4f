/* SPDX-License-Identifier: Apache-2.0 */
/* USER[:GROUP] of -u and of an image's config. */
#ifndef DAVIT_SPEC_USER_SPEC_H
#define DAVIT_SPEC_USER_SPEC_H

#include <stdbool.h>
#include <stdint.h>

struct err;

#define USER_SPEC_NAME_MAX 256u
/* -1 means "no change" to setuid(2) and its kin, so the last id is one below */
#define USER_SPEC_ID_MAX (UINT32_MAX - 1)

/**
 * struct user_spec - user and group, by name or by number
 * @user, @group: text as given; "" = not given
 * @is_uid, @is_gid: the text is a number, in @uid, @gid
 *
 * A number that is also a name in /etc/passwd means the number, always: what runs as root must
 * not depend on the image (CVE-2024-40635: a number that does not fit must never become 0).
 */
struct user_spec {
	char user[USER_SPEC_NAME_MAX + 1], group[USER_SPEC_NAME_MAX + 1];
	bool has_group, is_uid, is_gid;
	uint32_t uid, gid;
};

/* user_spec_parse() - "" is root (0 with the groups of passwd). Return: 0 or -EINVAL with @e. */
int user_spec_parse(const char *text, struct user_spec *ret, struct err *e);

#endif
