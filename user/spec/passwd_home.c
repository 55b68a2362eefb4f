// SPDX-License-Identifier: Apache-2.0
/* The home directory of a user id. */
#include "spec/passwd_home.h"

enum field { FIELD_UID = 2, FIELD_HOME = 5 };

static void begin_line(struct passwd_home *p)
{
	p->field = 0;
	p->len = 0;
	p->number = 0;
	p->n_digits = 0;
	p->is_no_number = false;
	p->is_unfit = false;
}

static void end_home(struct passwd_home *p, size_t len)
{
	p->home[len] = '\0';
	if (len)
		return;
	p->home[0] = PASSWD_HOME_FALLBACK[0];
	p->home[1] = '\0';
}

void passwd_home_begin(struct passwd_home *p, uint32_t uid, char *home, size_t size)
{
	*p = (struct passwd_home){ .uid = uid, .home = home, .size = size };
	begin_line(p);
	end_home(p, 0);
}

static bool is_ours(const struct passwd_home *p)
{
	return p->n_digits && !p->is_no_number && p->number == p->uid;
}

static void add_digit(struct passwd_home *p, char c)
{
	if (c < '0' || c > '9' || p->number > UINT32_MAX) {
		p->is_no_number = true;
		return;
	}
	p->number = p->number * 10 + (uint64_t)(c - '0');
	p->n_digits++;
}

static void add_home(struct passwd_home *p, char c)
{
	if (c && p->len + 1 < p->size)
		p->home[p->len++] = c;
	else
		p->is_unfit = true;
}

/* Return: the entry is the one. */
static bool end_line(struct passwd_home *p)
{
	bool is_found = p->field >= FIELD_HOME && is_ours(p);

	if (is_found)
		end_home(p, p->is_unfit ? 0 : p->len);
	begin_line(p);
	return is_found;
}

bool passwd_home_feed(struct passwd_home *p, const char *bytes, size_t n)
{
	if (!n) {
		(void)end_line(p);
		return true;
	}
	for (size_t i = 0; i < n; i++) {
		char c = bytes[i];

		if (c == '\n') {
			if (end_line(p))
				return true;
		} else if (c == ':') {
			p->field++;
		} else if (p->field == FIELD_UID) {
			add_digit(p, c);
		} else if (p->field == FIELD_HOME && is_ours(p)) {
			add_home(p, c);
		}
	}
	return false;
}
