// SPDX-License-Identifier: Apache-2.0
/* Container ids and names. */
#include "base/id.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

int id_new(char ret[static ID_LEN + 1])
{
	unsigned char raw[ID_LEN / 2];

	if (getrandom(raw, sizeof(raw), 0) != (ssize_t)sizeof(raw))
		return errno ? -errno : -EIO;
	for (unsigned int i = 0; i < sizeof(raw); i++) {
		ret[2 * i] = "0123456789abcdef"[raw[i] >> 4];
		ret[2 * i + 1] = "0123456789abcdef"[raw[i] & 15];
	}
	ret[ID_LEN] = '\0';
	return 0;
}

bool id_is_valid(const char *s)
{
	return strspn(s, "0123456789abcdef") == ID_LEN && s[ID_LEN] == '\0';
}

static bool is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool name_is_valid(const char *s)
{
	size_t n = strlen(s);

	if (n < 2 || n > NAME_MAX_LEN || !is_alnum(s[0]))
		return false;
	for (; *s; s++)
		if (!is_alnum(*s) && *s != '_' && *s != '.' && *s != '-')
			return false;
	return true;
}
