// SPDX-License-Identifier: Apache-2.0
/* --security-opt */
#include "spec/security_opt.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/str.h"

static int set_no_new_privileges(struct security_opts *o, const char *value, struct err *e)
{
	if (!value || strcmp(value, "true") == 0)
		o->no_new_privileges = true;
	else if (strcmp(value, "false") == 0)
		o->no_new_privileges = false;
	else
		return err_plain(e, -EINVAL, "'%s' is not true or false", value);
	return 0;
}

static int set_seccomp(struct security_opts *o, const char *value, struct err *e)
{
	if (!value || !*value)
		return err_plain(e, -EINVAL, "the profile is missing");
	if (strcmp(value, "unconfined") == 0)
		o->seccomp = NULL;
	else
		o->seccomp = strcmp(value, "builtin") == 0 ? "" : value;
	return 0;
}

static int set_apparmor(struct security_opts *o, const char *value, struct err *e)
{
	int r;

	(void)o;
	if (str_eq(value, "unconfined"))
		return 0;
	r = err_plain(e, -EOPNOTSUPP, "AppArmor profiles are not supported yet");
	err_hint(e, "only apparmor=unconfined is");
	return r;
}

static int set_label(struct security_opts *o, const char *value, struct err *e)
{
	int r;

	(void)o;
	if (str_eq(value, "disable"))
		return 0;
	r = err_plain(e, -EOPNOTSUPP, "SELinux labels are not supported yet");
	err_hint(e, "only label=disable is");
	return r;
}

static int set_systempaths(struct security_opts *o, const char *value, struct err *e)
{
	if (!str_eq(value, "unconfined"))
		return err_plain(e, -EINVAL, "systempaths can only be unconfined");
	o->has_unconfined_paths = true;
	return 0;
}

static const struct {
	const char *key;
	int (*set)(struct security_opts *o, const char *value, struct err *e);
} options[] = {
	{ "no-new-privileges", set_no_new_privileges },
	{ "seccomp", set_seccomp },
	{ "apparmor", set_apparmor },
	{ "label", set_label },
	{ "systempaths", set_systempaths },
};

static int parse_one(const char *text, struct security_opts *o, struct err *e)
{
	size_t n = strcspn(text, "=:"); /* ':' is Docker's old form */
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		if (strlen(options[i].key) == n && memcmp(options[i].key, text, n) == 0)
			return options[i].set(o, text[n] ? text + n + 1 : NULL, e);
	r = err_plain(e, -EINVAL, "unknown security option '%.*s'", (int)n, text);
	err_hint(e, "there are no-new-privileges, seccomp=FILE|unconfined, systempaths=unconfined, "
		    "apparmor=unconfined, label=disable");
	return r;
}

int security_opts_parse(const struct strv *list, struct security_opts *ret, struct err *e)
{
	struct security_opts o = { .seccomp = "" };

	for (size_t i = 0; i < list->n; i++) {
		int r = parse_one(list->v[i], &o, e);

		if (r < 0)
			return err_wrap(e, r, "option '--security-opt %s'", list->v[i]);
	}
	*ret = o;
	return 0;
}
