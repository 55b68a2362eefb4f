// SPDX-License-Identifier: Apache-2.0
/* Names of systemd's units in linux.cgroupsPath. */
#include "spec/systemd_unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/str.h"

#define PROPERTY "linux.cgroupsPath"
#define SLICE ".slice"

/* What systemd takes in the names of units. */
static bool is_name(const char *name)
{
	size_t n = strlen(name);

	return n <= SYSTEMD_NAME_MAX &&
	       strspn(name,
		      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:-_.\\@") == n;
}

/* "a-b.slice" is below "a.slice", so that each part has a name. */
static bool is_slice(const char *slice)
{
	size_t n = strlen(slice);

	if (str_eq(slice, "-" SLICE))
		return true;
	return is_name(slice) && n > strlen(SLICE) && str_ends(slice, SLICE) && slice[0] != '-' &&
	       slice[n - strlen(SLICE) - 1] != '-' && !strstr(slice, "--");
}

static int refuse(const char *path, struct err *e)
{
	int r = err_plain(e, -EINVAL, PROPERTY ": '%.300s' is not SLICE:PREFIX:NAME", path);

	err_hint(e,
		 "with the systemd cgroup driver it is, for example, 'machine.slice:davit:NAME'");
	return r;
}

static int check(const char *slice, const char *scope, struct err *e)
{
	if (!is_slice(slice))
		return err_plain(e, -EINVAL, PROPERTY ": '%.300s' is no slice of systemd", slice);
	if (!is_name(scope))
		return err_plain(e, -EINVAL, PROPERTY ": '%.300s' is no unit of systemd", scope);
	return 0;
}

int systemd_scope_parse(const char *path, const char *id, char **ret_slice, char **ret_scope,
			struct err *e)
{
	_cleanup_free_ char *slice = NULL, *scope = NULL;
	const char *prefix = "davit", *name = id;
	size_t n_slice = 0, n_prefix = strlen(prefix);
	int r;

	if (path && *path) {
		n_slice = strcspn(path, ":");
		prefix = path + n_slice + (path[n_slice] == ':');
		n_prefix = strcspn(prefix, ":");
		name = prefix + n_prefix + (prefix[n_prefix] == ':');
		if (prefix == path + n_slice || name == prefix + n_prefix || !*name ||
		    strchr(name, ':'))
			return refuse(path, e);
	}
	slice = n_slice ? strndup(path, n_slice) : strdup(SYSTEMD_SLICE_DEFAULT);
	scope = str_printf("%.*s%s%s.scope", (int)n_prefix, prefix, n_prefix ? "-" : "", name);
	if (!slice || !scope)
		return err_set(e, ENOMEM, PROPERTY);
	r = check(slice, scope, e);
	if (r < 0)
		return r;
	*ret_slice = TAKE_PTR(slice);
	*ret_scope = TAKE_PTR(scope);
	return 0;
}

char *systemd_slice_path(const char *slice)
{
	_cleanup_str_ struct str s = STR_INIT;
	size_t n = strlen(slice) - strlen(SLICE);

	str_add(&s, "");
	if (str_eq(slice, "-" SLICE))
		return str_take(&s);
	for (size_t i = 1; i <= n; i++)
		if (i == n || slice[i] == '-')
			str_addf(&s, "/%.*s" SLICE, (int)i, slice);
	return str_take(&s);
}
