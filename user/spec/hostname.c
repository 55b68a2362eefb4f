// SPDX-License-Identifier: Apache-2.0
/* --hostname and --domainname */
#include "spec/hostname.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/err.h"

#define LABEL_MAX 63u /* RFC 1035 */

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_';
}

static bool is_label(const char *text, size_t n)
{
	if (n == 0 || n > LABEL_MAX || text[0] == '-' || text[n - 1] == '-')
		return false;
	for (size_t i = 0; i < n; i++)
		if (!is_letter(text[i]) && text[i] != '-')
			return false;
	return true;
}

int hostname_check(const char *text, struct err *e)
{
	int r;

	if (strlen(text) > HOSTNAME_MAX)
		return err_plain(e, -EINVAL, "host name '%s' is longer than %u bytes", text,
				 HOSTNAME_MAX);
	for (const char *at = text;; at++) {
		size_t n = strcspn(at, ".");

		if (!is_label(at, n)) {
			r = err_plain(e, -EINVAL, "host name '%s' is not valid", text);
			err_hint(
				e,
				"parts with dots between them, each of 1 to %u letters, digits, _ and -, the last not at its ends",
				LABEL_MAX);
			return r;
		}
		at += n;
		if (!*at)
			return 0;
	}
}
