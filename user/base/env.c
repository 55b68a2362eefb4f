// SPDX-License-Identifier: Apache-2.0
/* Where this instance of davit keeps its things. */
#include "base/env.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/str.h"

/* sun_path holds 108 bytes and an id takes 64 of a socket's path: keep prefixes short */
#define ENV_PATH_MAX 512u

static int pick(const char *var, const char *fallback, const char **ret, struct err *e)
{
	const char *v = getenv(var);

	*ret = v && *v ? v : fallback;
	if (!*ret)
		return 0;
	if ((*ret)[0] != '/')
		return err_plain(e, -EINVAL, "%s '%s' is not an absolute path", var, *ret);
	if (strlen(*ret) > ENV_PATH_MAX)
		return err_plain(e, -EINVAL, "%s is longer than %u bytes", var, ENV_PATH_MAX);
	return 0;
}

int env_init(struct env *env, struct err *e)
{
	int r = pick("DAVIT_ROOT", "/var/lib/davit", &env->root, e);

	if (r == 0)
		r = pick("DAVIT_STATE", "/run/davit", &env->state, e);
	if (r == 0)
		r = pick("DAVIT_BPFFS", "/sys/fs/bpf", &env->bpffs, e);
	if (r == 0)
		r = pick("DAVIT_LIBDIR", NULL, &env->libdir, e);
	if (r < 0)
		return r;
	env->slice = getenv("DAVIT_SLICE");
	if (!env->slice || !*env->slice)
		env->slice = "davit";
	if (strlen(env->slice) > 32 ||
	    env->slice[strspn(env->slice, "abcdefghijklmnopqrstuvwxyz0123456789-")])
		return err_plain(e, -EINVAL,
				 "DAVIT_SLICE '%s' is not 1 to 32 of a-z, 0-9 and '-'", env->slice);
	return 0;
}

int env_helper(const struct env *env, const char *program, char **ret, struct err *e)
{
	_cleanup_free_ char *self = NULL;
	char *slash;
	int r;

	if (env->libdir) {
		_cleanup_free_ char *path = str_printf("%s/%s", env->libdir, program);

		if (!path)
			return err_set(e, ENOMEM, "find '%s'", program);
		if (access(path, X_OK) < 0) {
			r = err_set(e, errno, "find program '%s'", path);
			err_hint(e, "DAVIT_LIBDIR is the directory that holds davit's helpers");
			return r;
		}
		*ret = TAKE_PTR(path);
		return 0;
	}
	self = fs_read_link(AT_FDCWD, "/proc/self/exe");
	if (!self)
		return err_set(e, errno, "read '/proc/self/exe'");
	slash = strrchr(self, '/');
	if (slash)
		*slash = '\0';
	for (int i = 0; i < 2; i++) {
		char *path = str_printf(i ? "%s/../lib/davit/%s" : "%s/%s", self, program);

		if (!path)
			return err_set(e, ENOMEM, "find '%s'", program);
		if (access(path, X_OK) == 0) {
			*ret = path;
			return 0;
		}
		free(path);
	}
	r = err_plain(e, -ENOENT, "program '%s' is not installed beside '%s'", program, self);
	err_hint(e, "run 'make install', or set DAVIT_LIBDIR to the directory that holds it");
	return r;
}
